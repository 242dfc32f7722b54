"""The dtype of a cell's weights rules its inputs and states; a state keeps its dtype from the first step on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from ..core.errors import GraphError, users_line
from ..core.leaves import Constant, array_of
from ..core.node import Node
from ..core.op import Spec
from ..core.scope import Kept
from ..core.structure import dict_like, leaves, map_leaves, rebuild
from ..core.traced import Slot, Tracing
from ..core.widening import FIX, Widening, noting
from ..ops import astype


def in_dtype_of(cell: Any, inputs: Any) -> Any:
    """The inputs in the cell's dtype, if it has one, as all of `tg.cells` have; class indices stay integers."""
    dtype = getattr(cell, "dtype", None)
    if dtype is None or all(_dtype(x) == dtype for x in leaves(inputs)) or not _has_weights(cell):
        return inputs
    size = getattr(cell, "input_size", None)
    return map_leaves(lambda x: _cast(x, np.dtype(dtype)) if _are_vectors(x, size) else x, inputs)


def _are_vectors(x: Any, size: Any) -> bool:
    """Whether these are floating numbers, or integers (T, B, I) such as one-hot vectors; (T, B) may be indices."""
    kind, shape = _dtype(x).kind, np.shape(x) if not isinstance(x, Node) else x.shape
    return kind == "f" or (kind in "iub" and len(shape) > 2 and shape[-1] == size)


def _has_weights(cell: Any) -> bool:
    """Whether the cell's dtype, where it says one, is that of weights."""
    dtype, parameters = getattr(cell, "dtype", None), getattr(cell, "named_state", getattr(cell, "parameters", None))
    with suppress(TypeError):  # a dtype that is not numpy's
        return dtype is not None and np.dtype(dtype).kind == "f" and (parameters is None or bool(parameters()))
    return False


def _cast(x: Any, dtype: np.dtype) -> Any:
    if isinstance(x, Node):
        return x if x.dtype == dtype else astype(x, dtype=dtype)
    return array_of(x).astype(dtype, copy=False)


def in_dtypes_of(cell: Any, state: Any, default: Any) -> Any:
    """The state in the dtypes of ``default``, the cell's own initial state, of the same nesting."""
    same = [_dtype(s) for s in leaves(state)] == [_dtype(s) for s in leaves(default)]
    return state if same or not _has_weights(cell) else _state_like(state, default)


def _state_like(state: Any, default: Any) -> Any:
    if isinstance(default, dict):
        return dict_like(state, {key: _state_like(part, default[key]) for key, part in state.items()})
    if isinstance(default, (tuple, list)):
        parts = [_state_like(s, d) for s, d in zip(state, default, strict=True)]
        return type(state)(*parts) if hasattr(state, "_fields") else type(state)(parts)
    return state if default is None or default.dtype.kind != "f" else _cast(state, default.dtype)


def check_first_step(cell: Any, xs: Any, before: Any, after: Any) -> None:
    """Raises if the first step changed the dtype of a state: all steps after it would run in another one.

    Args:
        cell, xs: the cell and the inputs (T, ...), to find the line that did it.
        before, after: the state before and after the first step.
    """
    old, new = leaves(before), leaves(after)
    if len(old) == len(new) and any(_dtype(a) != _dtype(b) for a, b in zip(old, new, strict=True)):
        raise refusal(before, new, _widenings(cell, xs, before))


def _dtype(x: Any) -> np.dtype:
    return x.dtype if isinstance(x, Node) else array_of(x).dtype


class StateDtypeError(GraphError):
    """A state changes its dtype; ``state`` is its array before the first step, ``dtype`` what it has after it."""

    state: Any
    dtype: np.dtype


def refusal(before: Any, after: list[Any], widenings: list[Widening]) -> StateDtypeError:
    """The error that names the first state whose dtype changes."""
    states = zip(_places(before, "state"), leaves(before), after, strict=True)
    place, old, new = next((p, a, b) for p, a, b in states if _dtype(a) != _dtype(b))
    name = getattr(old, "name", None)
    error = StateDtypeError(
        f"unroll: {place}{f' {name!r}' if name else ''} changes its dtype at the first step",
        expected=f"{_dtype(old)}, as before the first step",
        got=f"{_dtype(new)}, {f'from {widenings[0]}' if widenings else users_line()}",
        fix=f"{FIX}; or begin with a state in {_dtype(new)}",
    )
    error.state, error.dtype = old, _dtype(new)
    return error


def with_numbers(run: Callable[[Any], Any], initial: Any, state: Any) -> Any:
    """``run(initial)``; a Python number in ``state`` widens to the dtype that it has after the first step, as in numpy.

    Args:
        initial: the state as nodes.
        state: as the user passed it, of the same nesting.
    """
    try:
        return run(initial)
    except StateDtypeError as change:
        pairs = [*zip(leaves(initial), leaves(state), strict=True)] if state is not None else []
        wide = [s is change.state and isinstance(x, (int, float)) for s, x in pairs]
        if not any(wide) or np.result_type(change.state.dtype, change.dtype) != change.dtype:
            raise
        numbers = [Constant(np.asarray(x, change.dtype)) if w else s for (s, x), w in zip(pairs, wide, strict=True)]
        return with_numbers(run, rebuild(initial, numbers), state)


def _places(state: Any, place: str) -> list[str]:
    """Each leaf's place, such as ``state[1]['h']``."""
    if state is None:
        return []
    if isinstance(state, dict):
        return [p for key, part in state.items() for p in _places(part, f"{place}[{key!r}]")]
    if isinstance(state, (list, tuple)):
        return [p for k, part in enumerate(state) for p in _places(part, f"{place}[{k}]")]
    return [place]


def _widenings(cell: Any, xs: Any, state: Any) -> list[Widening]:
    """What a traced call of the cell notes; nothing if it cannot be traced."""
    x_slots = map_leaves(lambda x: Slot(Spec(x.shape[1:], x.dtype), x.name), xs)
    s_slots = map_leaves(lambda s: Slot(Spec(s.shape if isinstance(s, Node) else np.shape(s), _dtype(s))), state)
    with Kept(), Tracing(), noting() as widenings, suppress(Exception):
        cell(x_slots, s_slots)
    return widenings
