"""Padding: sequences of different lengths in one batch, whose padding changes no state and no gradient."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.leaves import Constant, as_nodes, node_of
from ..core.node import Node
from ..core.nonfinite import look_at, nonfinite
from ..core.scope import now
from ..core.structure import leaves, map_leaves, rebuild
from ..core.traced import Traced
from ..ops import astype, greater_equal, less, less_equal, not_equal, pick, stop_gradient, where, within
from ..ops import max as largest
from ..ops import min as smallest
from ..ops.lookup import ARRAY
from .cell_contract import Step


def as_lengths(lengths: Any, xs: Any) -> Node:
    """The number of real steps of each sequence as a node: (B,), or () without a batch.

    Raises:
        GraphError: not integers, another shape than the batch's, or a number outside of 0 to T, in a compiled
            function at the call that has it.
    """
    node = node_of(lengths)
    if node.dtype != np.int64 and (node.dtype.kind in "iu" or not node.size):
        node = astype(node, np.int64)  # small integers cannot hold T, unsigned ones cannot go below 0
    for x in leaves(xs):
        if node.dtype.kind not in "iu" or node.ndim > 1 or x.shape[1 : 1 + node.ndim] != node.shape:
            expected = f"integers, one for each sequence of inputs {x.shape}"
            got = f"{node.dtype} {node.shape}"
            raise GraphError("unroll: lengths do not match the inputs", got=got, expected=expected)
        limits = {"low": 0, "high": x.shape[0], "what": "unroll: a length"}
        if isinstance(node, Traced):
            node = within(node, **limits)
        else:
            within.forward(node.value, **limits)
    return node


def as_mask(mask: Any, xs: Any, what: str = "the mask") -> Node:
    """The mask, or ``what`` else, as booleans with the leading axes of every input: (T, B), or (T,) without a batch.

    Raises:
        GraphError: floating-point numbers, or axes other than the inputs'.
    """
    node = node_of(mask)
    for x in leaves(xs):
        if node.dtype.kind not in "iub" or not node.ndim >= 1 or x.shape[: node.ndim] != node.shape:
            expected = f"booleans of the leading axes, time and batch, of inputs {x.shape}"
            got = f"{node.dtype} {node.shape}"
            raise GraphError(f"unroll: {what} does not match the inputs", got=got, expected=expected)
    return node if node.dtype.kind == "b" else not_equal(node, 0)


def real_steps(lengths: Node | None, mask: Node | None, T: int) -> Node | None:
    """Booleans (T, B), True where a step is within the length and the mask; None if all are True."""
    real = _real_steps(lengths, mask, T)
    if real is None or isinstance(real, Traced):
        return real
    return None if real.value.all() else Constant(real.value, "real")


def _real_steps(lengths: Node | None, mask: Node | None, T: int) -> Node | None:
    if lengths is None:
        return mask
    within = less(np.arange(T).reshape((T,) + (1,) * lengths.ndim), lengths)
    return within if mask is None else where(_aligned(within, mask, "the mask"), mask, False)


def real_inputs(xs: Any, real: Node, inputs: Any) -> Any:
    """The inputs ``xs`` with the batch's first real one in the padding, whatever it held.

    What a cell makes of it counts nowhere, but it must be finite, since 0 times infinity is NaN: with zeros there the
    gradient of W in ``log(x) @ W`` would be NaN.

    Args:
        inputs: as the user passed them. An array among them stays one constant, a node keeps its gradient.
    """

    at, there = _first_place(real)

    def without_padding(x: Node, is_node: bool) -> Node:
        keep, first = _aligned(real, x, "an input"), _input_at(x, at, there)
        if isinstance(x, Constant) and isinstance(real, Constant) and not is_node:
            return Constant(np.where(keep.value, x.value, first.value), x.name)
        return where(keep, x, first)

    pairs = zip(leaves(xs), leaves(inputs), strict=True)
    return rebuild(xs, [without_padding(x, isinstance(origin, Node)) for x, origin in pairs])


def _first_place(real: Node) -> tuple[list[Node], Node]:
    """The step and the sequence of the batch's first real input, and whether there is one."""
    at, there = list[Node](), real
    for size in real.shape if 0 not in real.shape else ():
        least = smallest(where(there, _steps(there), size))
        at.append(where(less(least, size), least, 0))
        there = pick(there, at[-1], index=(ARRAY,))
    return at, there


def _input_at(x: Node, at: list[Node], there: Node) -> Node:
    """One of the inputs x, (T, B, ...), without a gradient; 0 if there is none."""
    zero = np.zeros((), x.dtype)
    if not at:
        return node_of(zero)
    with nonfinite("allow") if now.watching else nullcontext():  # padding may hold anything
        row = pick(x, *at, index=(ARRAY,) * len(at))
    return where(there, stop_gradient(row), zero)


def zero_outputs(outputs: Any, real: Node) -> Any:
    """The outputs (T, B, ...) with zeros in the padding."""
    return map_leaves(lambda y: where(_aligned(real, y, "an output"), y, np.zeros((), y.dtype)), outputs)


def repeat_output(inputs: tuple[Any, Node], before: Any) -> tuple[Any, Any]:
    """A cell with inputs ``(y_t, real_t)`` that repeats the last real output in the padding."""
    y, real = inputs
    output = selected(real, y, before, "an output")
    return output, output


def keeping_state(cell: Step) -> Step:
    """The cell with inputs ``(x_t, real_t)``; padding leaves its state as it was."""

    def step(inputs: tuple[Any, Node], state: Any) -> tuple[Any, Any]:
        x, real = inputs
        if now.watching:
            look_at(real.value)
            y, new = cell(x, state)
            return zero_outputs(y, real), selected(real, new, state, "a state")
        y, new = cell(x, state)
        return y, selected(real, new, state, "a state")

    return step


def awaited(real: Node, reverse: bool) -> Node:
    """Booleans (T, B): whether this step or a later one, in the driver's direction, is real."""
    steps = _steps(real)
    if reverse:
        return greater_equal(steps, smallest(where(real, steps, real.shape[0]), axis=0))
    return less_equal(steps, largest(where(real, steps, -1), axis=0))


def cut(state: Any, awaits: Node | None = None) -> Any:
    """The state with its gradient stopped.

    Args:
        awaits: booleans (B,): which sequences have a real step to come. The state of the others is final, so its
            gradient is kept. None for all sequences.
    """
    if awaits is None or (not isinstance(awaits, Traced) and awaits.value.all()):
        return map_leaves(stop_gradient, state)
    return map_leaves(lambda s: where(_aligned(awaits, s, "a state"), stop_gradient(s), s), state)


def last_of(states: Node, real: Node) -> Node:
    """Each sequence's state after its last real step      states: (T + 1, B, ...), the initial one first"""
    ends = largest(where(real, _steps(real) + 1, 0), axis=0)
    if not ends.ndim:
        return pick(states, ends, index=(ARRAY,))
    return pick(states, ends, np.arange(len(ends)), index=(ARRAY, ARRAY))


def _steps(real: Node) -> np.ndarray:
    """0, 1, ... T - 1 along the first axis of ``real``."""
    return np.arange(len(real)).reshape((-1,) + (1,) * (real.ndim - 1))


def flipped(x: Node, lengths: Node) -> Node:
    """Each sequence's real steps in reverse order, its padding where it was      x: (T, B, ...)"""
    steps = np.arange(len(x)).reshape((-1,) + (1,) * lengths.ndim)
    order = where(less(steps, lengths), lengths - 1 - steps, steps)
    if not lengths.ndim:
        return pick(x, order, index=(ARRAY,))
    return pick(x, order, np.arange(len(lengths)), index=(ARRAY, ARRAY))


def selected(real: Node, new: Any, old: Any, what: str, name: str = "real") -> Any:
    """The new arrays where the step is real, the old ones elsewhere; the mask has a name by which pictures know it."""
    after, before = leaves(new), leaves(old)
    if len(after) != len(before):
        problem, got = "unroll: lengths or a mask need the state before the first step", f"{len(before)} arrays"
        fix = "state=cell.initial_state(batch_size), or arrays of zeros"
        raise GraphError(problem, expected=f"{len(after)} arrays, as the cell returns", got=got, fix=fix)
    pairs = zip(as_nodes(tuple(after)), before, strict=True)
    return rebuild(new, [where(_aligned(real, a, what, name), a, b) for a, b in pairs])


def _aligned(real: Node, like: Any, what: str, name: str = "real") -> Node:
    """``real`` with trailing axes of size 1, as many axes as ``like``."""
    if like.shape[: real.ndim] != real.shape:
        problem, got = f"unroll: the leading axes of {what} do not match lengths, mask or reset", f"shape {like.shape}"
        raise GraphError(problem, expected=f"leading axes {real.shape}", got=got, fix="make the batch its first axis")
    shape = real.shape + (1,) * (like.ndim - real.ndim)
    if not isinstance(real, Traced):
        return Constant(real.value.reshape(shape), name)
    return real if like.ndim == real.ndim else real.reshape(shape)
