"""Checks of unroll's arguments: settings, inputs and their time axis, the initial state."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.checks import one_of
from ..core.errors import GraphError, shown, users_line
from ..core.leaves import as_nodes, node_of
from ..core.node import Node
from ..core.structure import dict_like, leaves, map_leaves
from ..ops import transpose
from .precision import in_dtypes_of


def check_settings(owner: str, truncate: Any, window: Any, axis: Any) -> None:
    one_of(f"{owner}: unknown window", window, ("chunk", "sliding"))
    if truncate is not None and (not _is_integer(truncate) or truncate < 1):
        raise GraphError(f"{owner}: invalid truncate", expected="a number of steps >= 1, or None", got=shown(truncate))
    if window == "sliding" and truncate is None:
        raise GraphError(f"{owner}: a sliding window needs truncate, its reach in steps", fix="truncate=2, for example")
    if not _is_integer(axis):
        raise GraphError(f"{owner}: invalid time axis", expected="an integer", got=f"axis={shown(axis)}")


def _is_integer(x: Any) -> bool:
    return isinstance(x, (int, np.integer)) and not isinstance(x, bool)


class _Inputs(tuple[Any, ...]):
    """Several inputs of one step. numpy would join them along a new axis, and so swap time steps and features."""

    def __array__(self, *args: Any, **settings: Any) -> Any:
        problem = "unroll: a tuple is several inputs of every step, and the cell takes it as one array"
        fix = "np.stack(inputs), or tg.stack, if its arrays are the time steps"
        raise GraphError(problem, got=users_line(), fix=fix)


def side_by_side(owner: str, inputs: Any) -> Any:
    """The inputs with tuples that numpy does not make arrays of.

    Raises:
        GraphError: a list is among them: it may mean time steps as well as several inputs of every step.
    """
    if isinstance(inputs, list):
        problem = f"{owner}: a list as inputs may mean time steps or several inputs of every step"
        expected = "an array (T, ...), or a tuple or dict of such arrays for several inputs of every step"
        fix = "np.stack(list) for time steps, np.asarray(list) of numbers; tuple(list) for several inputs"
        raise GraphError(problem, expected=expected, got=f"a list of {len(inputs)}; {users_line()}", fix=fix)
    if isinstance(inputs, dict):
        return dict_like(inputs, {key: side_by_side(owner, x) for key, x in inputs.items()})
    if isinstance(inputs, tuple):
        parts = [side_by_side(owner, x) for x in inputs]
        return type(inputs)(*parts) if hasattr(inputs, "_fields") else _Inputs(parts)
    return inputs


def time_first(inputs: Any, axis: int) -> tuple[Any, int]:
    """Returns the inputs as nodes with time as their first axis, and the non-negative index of their time axis."""
    xs = map_leaves(node_of, inputs)
    times = {axis % x.ndim for x in leaves(xs) if -x.ndim <= axis < x.ndim}
    if axis and (len(times) != 1 or any(not -x.ndim <= axis < x.ndim for x in leaves(xs))):
        expected = f"one axis that all inputs have, of shapes {[x.shape for x in leaves(xs)]}"
        raise GraphError("unroll: the inputs have no such axis", got=f"axis={shown(axis)}", expected=expected)
    time = times.pop() if axis else 0
    if time:
        xs = map_leaves(lambda x: transpose(x, axes=(time, *(a for a in range(x.ndim) if a != time))), xs)
    return xs, time


def time_at(y: Node, time: int) -> Node:
    """Moves the first axis of an output, time, back to the axis that it has in the inputs."""
    if not time:
        return y
    if time >= y.ndim:
        raise GraphError("unroll: the outputs have no such axis", expected=f"{time + 1} axes", got=f"shape {y.shape}")
    return transpose(y, axes=(*range(1, time + 1), 0, *range(time + 1, y.ndim)))


def steps_of(cell: Any, xs: Any) -> int:
    """Returns T of the inputs ``xs``, nodes with time first; raises a GraphError if they do not fit the cell."""
    lengths = [x.shape[0] if x.shape else None for x in leaves(xs)]
    if not lengths or len(set(lengths)) > 1 or not lengths[0]:
        got = str([x.shape for x in leaves(xs)]) or "nothing"
        expected = "arrays (T, B, ...)"
        raise GraphError("unroll: all inputs need the same number of steps, >= 1", expected=expected, got=got)
    size = getattr(cell, "input_size", None)
    if size is None:
        return lengths[0]
    if isinstance(xs, Node) and xs.dtype.kind == "f" and (xs.ndim < 2 or xs.shape[-1] != size):
        problem = f"{type(cell).__name__}: the inputs do not match input_size={size}"
        raise GraphError(problem, got=f"shape {xs.shape}, time first", expected=f"(T, B, {size}) or (T, {size})")
    return lengths[0]


def first_state(cell: Any, state: Any, xs: Any, real: Node | None) -> Any:
    """Returns the state before the first step as nodes: the argument ``state``, or the cell's ``initial_state``."""
    initial_state = getattr(cell, "initial_state", None)
    default = None if initial_state is None else initial_state(_batch_size(cell, leaves(xs)[0], real))
    if state is None:
        state = default
    elif default is not None and not _is_like(state, default):
        problem = f"{type(cell).__name__}: the state has the wrong structure or shapes"
        fix = "state=None for the default, or cell.initial_state(batch_size)"
        raise GraphError(problem, got=_shapes(state), expected=_shapes(default), fix=fix)
    if default is None:
        # A number takes the dtype of the inputs, as it would beside them in an op.
        return map_leaves(lambda s: as_nodes((s, *leaves(xs)))[0], state)
    return in_dtypes_of(cell, map_leaves(node_of, state), default)


def _batch_size(cell: Any, x: Node, real: Node | None) -> int | None:
    """Returns B of inputs (T, B, I), or of class indices (T, B); None for a single sequence (T, I)."""
    vectors = x.dtype.kind == "f" or x.shape[-1] == getattr(cell, "input_size", None)
    batched = x.ndim > 1 + vectors or (real is not None and real.ndim > 1)
    return x.shape[1] if batched else None


def _is_like(state: Any, default: Any) -> bool:
    """Whether the state has the nesting and shapes of the default; its arrays may lack the batch axis."""
    if isinstance(default, dict):
        same_keys = isinstance(state, dict) and state.keys() == default.keys()
        return same_keys and all(_is_like(state[k], default[k]) for k in default)
    if isinstance(default, (tuple, list)):
        same_length = isinstance(state, (tuple, list)) and len(state) == len(default)
        return same_length and all(_is_like(s, d) for s, d in zip(state, default, strict=True))
    if default is None or isinstance(state, (tuple, list, dict)):
        return default is None
    shape = state.shape if isinstance(state, Node) else np.shape(state)
    sizes = default.shape[1:]  # without the batch
    batches = {*shape[: -len(sizes)], *default.shape[: -len(sizes)]} - {1}  # those of 1 are stretched
    return shape == default.shape or (
        bool(sizes) and shape[-len(sizes) :] == sizes and len(shape) <= len(default.shape) and len(batches) < 2
    )


def _shapes(state: Any) -> str:
    """The shapes of the state's arrays, in the state's nesting."""
    return str(map_leaves(lambda s: s.shape if isinstance(s, Node) else np.shape(s), state))
