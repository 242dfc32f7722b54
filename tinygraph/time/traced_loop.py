"""Unrolls a cell in a compiled function as one loop node: the cell is traced once, whatever the number of steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import GraphError, users_line
from ..core.graph import ancestors
from ..core.leaves import node_of
from ..core.node import Node
from ..core.op import Spec
from ..core.scope import next_serial, now
from ..core.structure import leaves, map_leaves, rebuild
from ..core.traced import Slot
from ..loops.loop import Body, close, each, last, loop
from ..ops import broadcast_to, concatenate, stop_gradient, where
from .border import open_cell
from .cell_contract import Step
from .noise import Draw, drawing, noise
from .precision import refusal

MOST_UNROLLED = 8
"""The most steps that are unrolled before the loop, for a cell that makes or extends its own initial state."""

ATTEMPTS = 3
"""How often the initial state is broadcast to what the cell returns, besides once for each array handed on."""


def roll(
    cell: Step,
    xs: Any,
    state: Any,
    *,
    reverse: bool = False,
    cuts: Node | None = None,
    recompute: bool = False,
    unrolled: int = 0,
) -> tuple[Any, Any]:
    """`unroll` as one `Loop` node.

    Args:
        cell: ``(x_t, state) -> (y_t, new_state)``.
        xs: structure of nodes (T, ...).
        state: structure of nodes.
        reverse: whether it goes from the last step to the first.
        cuts: booleans (T,) or (T, B): whether the state's gradient is stopped before the step.
        recompute: see `Body`.
        unrolled: the number of steps that are already unrolled before the loop.

    Returns:
        the outputs (T, ...) and the final state, structures of nodes.
    """
    traced = trace(cell, xs, state, cuts)
    if traced is None:
        if unrolled == MOST_UNROLLED:
            problem = "unroll: the cell returns a state with more or fewer arrays at every step"
            raise GraphError(problem, got=users_line(), expected="a new state with the structure of the old one")
        return _unroll_first(cell, xs, state, reverse, cuts, unrolled)
    loop_node, ys = traced.close(leaves(xs)[0].shape[0], reverse, recompute)
    outputs = rebuild(traced.y, [each(loop_node, y) for y in ys])
    return outputs, rebuild(traced.new_state, [last(loop_node, k) for k in range(len(leaves(state)))])


def trace(cell: Step, xs: Any, state: Any, cuts: Node | None = None) -> Trace | None:
    """Traces the cell on a state whose shapes do not change; None if the new state has another structure.

    Raises:
        GraphError: the state's shape changes at every step, or its dtype at the first.
    """
    for _ in range(ATTEMPTS + len(leaves(state))):
        traced = Trace(cell, xs, state, cuts)
        if len(leaves(traced.new_state)) != len(leaves(state)):
            return None
        _check_dtypes(state, traced)
        try:
            fitted = _fit(state, traced.new_state)
        except ValueError:  # they have no common shape
            break
        if fitted is None:
            return traced
        state = fitted
    expected, got = f"{_specs(traced.state)}, as the old state", f"{_specs(traced.new_state)}; {users_line()}"
    fix = "return a state of the same shape; tg.unroll's outputs already collect every step"
    raise GraphError("unroll: the state changes its shape at every step", expected=expected, got=got, fix=fix)


def _check_dtypes(state: Any, traced: Trace) -> None:
    new = leaves(traced.new_state)
    if any(a.dtype != b.dtype for a, b in zip(leaves(state), new, strict=True)):
        inner = {*ancestors(new, lambda n: n.serial > traced.start)}
        raise refusal(state, new, [w for w in now.widenings or () if w.node in inner])


def _specs(state: Any) -> str:
    return ", ".join(f"{s.shape} {s.dtype}" for s in leaves(state))


class Trace:
    """One call of the cell on slots, which stand for the input and the state of any step.

    Attributes:
        y, new_state: what the cell returned, structures of nodes.
        drawn: maps each slot of random numbers, drawn at every step, to its draw function.
    """

    def __init__(self, cell: Step, xs: Any, state: Any, cuts: Node | None) -> None:
        self.start = next_serial()
        self.xs, self.state = xs, state
        self.x_slots = map_leaves(lambda x: Slot(Spec(x.shape[1:], x.dtype), x.name), xs)
        self.s_slots = map_leaves(lambda s: Slot(Spec(s.shape, s.dtype), s.name), state)
        self.cuts = cuts
        self.cut = Slot(Spec(() if cuts is None else cuts.shape[1:], np.dtype(bool)), "cut")
        before = self.s_slots if cuts is None else map_leaves(lambda s: _cut(s, self.cut), self.s_slots)
        slices = dict(zip(leaves(self.x_slots), leaves(xs), strict=True))
        self.drawn: dict[Node, Draw] = {}
        with open_cell(self.start, self.s_slots, slices), drawing(steps=self.drawn):
            self.y, new = cell(self.x_slots, before)
        self.new_state = map_leaves(node_of, new)

    def close(self, steps: int, reverse: bool = False, recompute: bool = False) -> tuple[Node, list[Node]]:
        """Returns the loop over ``steps``, and the nodes of its body that are the leaves of y."""
        ys, nexts = [node_of(y) for y in leaves(self.y)], leaves(self.new_state)
        own = self._own([*ys, *nexts])
        outer: dict[Node, Slot] = {}
        closed = close([*nexts, *ys], own, outer)
        slices = dict(zip(leaves(self.x_slots), leaves(self.xs), strict=True))
        if self.cuts is not None:
            slices[self.cut] = self.cuts
        for slot, draw in self.drawn.items():
            numbers = noise(draw, (steps, *slot.shape), slot.dtype)
            slices[slot] = numbers[::-1] if reverse else numbers  # drawn in the order in which the steps run
        slots = tuple(slices), tuple(leaves(self.s_slots)), tuple(outer.values())
        body = Body(*slots, tuple(closed[: len(nexts)]), steps, reverse, recompute)
        loop_node = loop(*slices.values(), *leaves(self.state), *outer, body=body)
        return loop_node, closed[len(nexts) :]

    def _own(self, results: list[Node]) -> set[Node]:
        """The slots and the nodes that depend on them; the cell's other nodes are the same at every step."""
        own: set[Node] = {*leaves(self.x_slots), *leaves(self.s_slots), self.cut, *self.drawn}
        for n in ancestors(results, lambda n: n.serial > self.start):
            if not own.isdisjoint(n.inputs):
                own.add(n)
        return own


def _cut(s: Node, cut: Node) -> Node:
    cut = cut.reshape(cut.shape + (1,) * (s.ndim - cut.ndim))
    return where(cut, stop_gradient(s), s) if s.dtype.kind == "f" else s


def _fit(state: Any, new: Any) -> Any:
    """The state broadcast to the shapes of the new state; None if it has them."""
    pairs = list(zip(leaves(state), leaves(new), strict=True))
    if all(a.shape == b.shape for a, b in pairs):
        return None
    fitted = []
    for a, b in pairs:
        shape = np.broadcast_shapes(a.shape, b.shape)
        fitted.append(a if a.shape == shape else broadcast_to(a, shape))
    return rebuild(state, fitted)


def _unroll_first(cell: Step, xs: Any, state: Any, reverse: bool, cuts: Node | None, unrolled: int) -> tuple[Any, Any]:
    """Unrolls the first step, for a cell that makes its own initial state, and rolls the others into a loop."""
    T = leaves(xs)[0].shape[0]
    at = T - 1 if reverse else 0
    if cuts is not None and unrolled:  # no state is cut before the first step of all
        cut = cuts[at]
        state = map_leaves(lambda s: _cut(s, cut), state)
    y, state = cell(map_leaves(lambda x: x[at], xs), state)
    first = [node_of(v) for v in leaves(y)]
    first = [v.reshape((1, *v.shape)) for v in first]
    state = map_leaves(node_of, state)
    if T == 1:
        return rebuild(y, first), state
    rest = map_leaves(lambda x: x[:-1] if reverse else x[1:], xs)
    if cuts is not None:
        cuts = cuts[:-1] if reverse else cuts[1:]
    others, state = roll(cell, rest, state, reverse=reverse, cuts=cuts, unrolled=unrolled + 1)
    pairs = zip(first, leaves(others), strict=True)
    return rebuild(y, [concatenate([b, a] if reverse else [a, b], axis=0) for a, b in pairs]), state
