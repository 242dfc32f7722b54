"""What an unroll is given, looked at before it starts: settings, inputs and their axis of time, the first state."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.leaves import as_nodes
from ..core.node import Node
from ..core.structure import leaves, map_leaves
from ..ops import transpose


def check_settings(owner: str, truncate: Any, window: Any, axis: Any) -> None:
    """Refuse settings that mean nothing."""
    if window not in ("chunk", "sliding"):
        raise GraphError(f"{owner}: unknown window", expected="'chunk' or 'sliding'", got=repr(window))
    if truncate is not None and (not _is_integer(truncate) or truncate < 1):
        raise GraphError(
            f"{owner}: truncate is a number of steps", expected="an integer from 1, or None", got=repr(truncate)
        )
    if window == "sliding" and truncate is None:
        raise GraphError(f"{owner}: a sliding window needs its reach", fix="truncate=2, say, for two cells back")
    if not _is_integer(axis):
        raise GraphError(f"{owner}: axis says which axis is time", expected="an integer", got=repr(axis))


def _is_integer(x: Any) -> bool:
    return isinstance(x, (int, np.integer)) and not isinstance(x, bool)


def time_first(inputs: Any, axis: int) -> tuple[Any, int]:
    """The inputs as nodes with time as their first axis, and which axis it was, counted from the front."""
    xs = map_leaves(lambda x: as_nodes((x,))[0], inputs)
    times = {axis % x.ndim for x in leaves(xs) if -x.ndim <= axis < x.ndim}
    if axis and (len(times) != 1 or any(not -x.ndim <= axis < x.ndim for x in leaves(xs))):
        raise GraphError(
            "unroll: no such axis",
            got=f"axis={axis}",
            expected=f"one axis of all shapes {[x.shape for x in leaves(xs)]}",
        )
    time = times.pop() if axis else 0
    return map_leaves(lambda x: _moved(x, time), xs), time


def _moved(x: Node, time: int) -> Node:
    return transpose(x, axes=(time, *(a for a in range(x.ndim) if a != time))) if time else x


def time_at(y: Node, time: int) -> Node:
    """The node with its first axis, time, moved to where it is in the inputs."""
    if not time:
        return y
    if time >= y.ndim:
        raise GraphError("unroll: the outputs have no such axis", expected=f"{time + 1} axes", got=f"shape {y.shape}")
    return transpose(y, axes=(*range(1, time + 1), 0, *range(time + 1, y.ndim)))


def steps_of(cell: Any, inputs: Any, xs: Any) -> int:
    """T, of inputs that fit the cell.

    Args:
        inputs: as they were given.
        xs: nodes, time first.
    """
    lengths = [x.shape[0] if x.shape else None for x in leaves(xs)]
    if not lengths or len(set(lengths)) > 1 or not lengths[0]:
        raise GraphError(
            "unroll: inputs need one number of steps, 1 or more",
            expected="arrays (T, B, ...)",
            got=str([x.shape for x in leaves(xs)]) or "nothing",
        )
    size = getattr(cell, "input_size", None)
    if size is None:
        return lengths[0]
    if isinstance(inputs, list):
        raise GraphError(
            f"{type(cell).__name__}: a list is an input of several arrays, not of several steps",
            expected=f"an array (T, B, {size})",
            got=f"a list of {len(inputs)}",
            fix="np.stack(list), or tg.stack",
        )
    if isinstance(xs, Node) and xs.dtype.kind == "f" and (xs.ndim < 2 or xs.shape[-1] != size):
        raise GraphError(
            f"{type(cell).__name__}: inputs of another size",
            got=f"shape {xs.shape}, time first",
            expected=f"(T, B, {size}) or (T, {size}), for input_size={size}",
        )
    return lengths[0]


def first_state(cell: Any, state: Any, xs: Any, real: Node | None) -> Any:
    """The state before the first step as nodes: the one given, or the cell's own where it has one."""
    initial_state = getattr(cell, "initial_state", None)
    own = None if initial_state is None else initial_state(_batch_size(cell, leaves(xs)[0], real))
    if state is None:
        state = own
    elif own is not None and not _is_like(state, own):
        raise GraphError(
            f"{type(cell).__name__}: a state of another form",
            got=_form(state),
            expected=_form(own),
            fix="state=None for the cell's own, cell.initial_state(batch_size)",
        )
    return map_leaves(lambda s: as_nodes((s,))[0], state)


def _batch_size(cell: Any, x: Node, real: Node | None) -> int | None:
    """B, of inputs (T, B, I), or of (T, B) that are numbers of something; None of a single sequence (T, I)."""
    vectors = x.dtype.kind == "f" or x.shape[-1] == getattr(cell, "input_size", None)
    batched = x.ndim > 1 + vectors or (real is not None and real.ndim > 1)
    return x.shape[1] if batched else None


def _is_like(state: Any, own: Any) -> bool:
    """Whether a state is nested as another, each array of its sizes but for the batch, which may be left out."""
    if isinstance(own, dict):
        return isinstance(state, dict) and state.keys() == own.keys() and all(_is_like(state[k], own[k]) for k in own)
    if isinstance(own, (tuple, list)):
        fits = isinstance(state, (tuple, list)) and len(state) == len(own)
        return fits and all(_is_like(s, o) for s, o in zip(state, own, strict=True))
    if own is None or isinstance(state, (tuple, list, dict)):
        return own is None
    shape = state.shape if isinstance(state, Node) else np.shape(state)
    sizes = own.shape[1:]  # without the batch
    return shape == own.shape or (bool(sizes) and shape[-len(sizes) :] == sizes and len(shape) <= len(own.shape))


def _form(state: Any) -> str:
    """Shapes, nested as the state is."""
    return str(map_leaves(lambda s: s.shape if isinstance(s, Node) else np.shape(s), state))
