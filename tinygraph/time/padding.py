"""Sequences of different lengths in one batch: which steps are real, and what the others may do, which is nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.leaves import Constant, as_nodes
from ..core.node import Node
from ..core.structure import leaves, map_leaves, rebuild
from ..core.traced import Traced
from ..ops import astype, greater_equal, less, less_equal, maximum, minimum, not_equal, pick, stop_gradient, where
from ..ops import max as largest
from ..ops import min as smallest
from ..ops.lookup import ARRAY
from .cell_contract import Step


def as_lengths(lengths: Any, xs: Any) -> Node:
    """The number of real steps of each sequence as a node: (B,), or () without a batch.

    Raises:
        GraphError: no integers, another shape than the batch's, or a number that is negative or above T; while a
            function is compiled such numbers are taken for 0 and T.
    """
    (node,) = as_nodes((lengths,))
    if node.dtype != np.int64 and (node.dtype.kind in "iu" or not node.size):
        node = astype(node, np.int64)  # smaller ones do not hold T, unsigned ones no T - 1 below 0
    for x in leaves(xs):
        if node.dtype.kind not in "iu" or node.ndim > 1 or x.shape[1 : 1 + node.ndim] != node.shape:
            raise GraphError(
                "unroll: lengths do not fit the inputs",
                got=f"{node.dtype} {node.shape}",
                expected=f"integers, one for each sequence of inputs {x.shape}",
            )
        if not isinstance(node, Traced) and node.size and not 0 <= node.value.min() <= node.value.max() <= x.shape[0]:
            raise GraphError(
                "unroll: a length is no number of steps",
                expected=f"0 to {x.shape[0]}",
                got=f"{node.value.min()} to {node.value.max()}",
            )
    # What a compiled function is given has no value yet that could be refused.
    return maximum(minimum(node, leaves(xs)[0].shape[0]), 0) if isinstance(node, Traced) else node


def as_mask(mask: Any, xs: Any) -> Node:
    """The mask as booleans, with the leading axes of every input: (T, B), or (T,) without a batch.

    Raises:
        GraphError: floating-point numbers, or other axes than the inputs'.
    """
    (node,) = as_nodes((mask,))
    for x in leaves(xs):
        if node.dtype.kind not in "iub" or not node.ndim >= 1 or x.shape[: node.ndim] != node.shape:
            raise GraphError(
                "unroll: the mask does not fit the inputs",
                got=f"{node.dtype} {node.shape}",
                expected=f"booleans of the leading axes, time and batch, of inputs {x.shape}",
            )
    return node if node.dtype.kind == "b" else not_equal(node, 0)


def real_steps(lengths: Node | None, mask: Node | None, T: int) -> Node | None:
    """Where a step is real, by lengths and mask both: booleans (T, B); None if all are."""
    real = _real_steps(lengths, mask, T)
    if real is None or isinstance(real, Traced):
        return real
    return None if real.value.all() else Constant(real.value, "real")


def _real_steps(lengths: Node | None, mask: Node | None, T: int) -> Node | None:
    if lengths is None:
        return mask
    within = less(np.arange(T).reshape((T,) + (1,) * lengths.ndim), lengths)
    if mask is None:
        return within
    return where(_rows(within, mask, "the mask"), mask, False)


def filled(xs: Any, real: Node, given: Any) -> Any:
    """The inputs with zeros in the padding, so that nothing which lies there can be met, not even NaN times 0.

    What was ``given`` as an array, and not as a node whose gradient may be asked for, stays one constant.
    """

    def without_padding(x: Node, is_node: bool) -> Node:
        kept, zero = _rows(real, x, "an input"), np.zeros((), x.dtype)
        if isinstance(x, Constant) and isinstance(real, Constant) and not is_node:
            return Constant(np.where(kept.value, x.value, zero), x.name)
        return where(kept, x, zero)

    pairs = zip(leaves(xs), leaves(given), strict=True)
    return rebuild(xs, [without_padding(x, isinstance(origin, Node)) for x, origin in pairs])


def emptied(outputs: Any, real: Node) -> Any:
    """The outputs (T, B, ...) with zeros in the padding."""
    return map_leaves(lambda y: where(_rows(real, y, "an output"), y, np.zeros((), y.dtype)), outputs)


def held(given: tuple[Any, Node], before: Any) -> tuple[Any, Any]:
    """A cell over outputs: those of padding are the last real ones      given: y_t and where it is real"""
    y, real = given
    kept = _chosen(real, y, before, "an output")
    return kept, kept


def waiting(cell: Step) -> Step:
    """The cell on inputs and where they are real, ``(x_t, real_t)``: in padding its state stays as it was."""

    def step(given: tuple[Any, Node], state: Any) -> tuple[Any, Any]:
        x, real = given
        y, new = cell(x, state)
        return y, _chosen(real, new, state, "a state")

    return step


def awaited(real: Node, reverse: bool) -> Node:
    """Where some real step is still to come, this one or a later one of the walk: booleans (T, B)."""
    steps = _steps(real)
    if reverse:
        return greater_equal(steps, smallest(where(real, steps, real.shape[0]), axis=0))
    return less_equal(steps, largest(where(real, steps, -1), axis=0))


def cut(state: Any, awaits: Node | None = None) -> Any:
    """The state without its gradient.

    Args:
        awaits: booleans (B,): the sequences that have a real step to come; the others' last states stay as they are,
            for they are still to be used. None for all.
    """
    if awaits is None or (not isinstance(awaits, Traced) and awaits.value.all()):
        return map_leaves(stop_gradient, state)
    return map_leaves(lambda s: where(_rows(awaits, s, "a state"), stop_gradient(s), s), state)


def last_of(states: Node, real: Node) -> Node:
    """Each sequence's state after its last real step      states: before the first and after each (T + 1, B, ...)"""
    ends = largest(where(real, _steps(real) + 1, 0), axis=0)
    if not ends.ndim:
        return pick(states, ends, index=(ARRAY,))
    return pick(states, ends, np.arange(ends.shape[0]), index=(ARRAY, ARRAY))


def _steps(real: Node) -> np.ndarray:
    """0, 1, ... T - 1 along the first axis of ``real``."""
    return np.arange(real.shape[0]).reshape((-1,) + (1,) * (real.ndim - 1))


def flipped(x: Node, lengths: Node) -> Node:
    """Each sequence's real steps from its last to its first, its padding where it was      x: (T, B, ...)"""
    steps = np.arange(x.shape[0]).reshape((-1,) + (1,) * lengths.ndim)
    order = where(less(steps, lengths), lengths - 1 - steps, steps)
    if not lengths.ndim:
        return pick(x, order, index=(ARRAY,))
    return pick(x, order, np.arange(lengths.shape[0]), index=(ARRAY, ARRAY))


def _chosen(real: Node, new: Any, old: Any, what: str) -> Any:
    """Leaf by leaf the new value where the step is real, else the old one."""
    made, before = leaves(new), leaves(old)
    if len(made) != len(before):
        raise GraphError(
            "unroll: with lengths or a mask the state before the first step is needed",
            expected=f"{len(made)} arrays, as the cell gives out",
            got=f"{len(before)} arrays",
            fix="state=cell.initial_state(batch_size), or arrays of zeros",
        )
    made = list(as_nodes(tuple(made)))
    return rebuild(new, [where(_rows(real, a, what), a, b) for a, b in zip(made, before, strict=True)])


def _rows(real: Node, like: Any, what: str) -> Node:
    """``real`` with further axes of one place, up to those of ``like``."""
    if like.shape[: real.ndim] != real.shape:
        raise GraphError(
            f"unroll: {what} has no row for each sequence, which lengths or a mask need",
            expected=f"leading axes {real.shape}",
            got=f"shape {like.shape}",
            fix="give it the batch axis first",
        )
    shape = real.shape + (1,) * (like.ndim - real.ndim)
    if not isinstance(real, Traced):
        return Constant(real.value.reshape(shape), "real")
    return real if like.ndim == real.ndim else real.reshape(shape)
