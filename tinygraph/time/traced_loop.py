"""Time in a function that is compiled: the cell is traced once, whatever the number of steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import GraphError, users_line
from ..core.graph import ancestors
from ..core.leaves import as_nodes
from ..core.node import Node, next_serial
from ..core.op import Spec
from ..core.structure import leaves, map_leaves, rebuild
from ..core.traced import Slot
from ..loops.loop import Body, close, each, last, loop
from ..ops import astype, broadcast_to, concatenate, stop_gradient, where
from .border import open_cell
from .cell_contract import Step
from .noise import Draw, drawing, noise

MOST_APART = 8
"""Steps that are taken one by one, at most, for a cell that makes or extends its own first state."""

ATTEMPTS = 3
"""How often the shapes of the state are widened to what the cell makes of them, before it is an error."""


def roll(
    cell: Step,
    xs: Any,
    state: Any,
    *,
    reverse: bool = False,
    cuts: Node | None = None,
    recompute: bool = False,
    apart: int = 0,
) -> tuple[Any, Any]:
    """`unroll` as one `Loop` node.

    Args:
        cell: ``(x_t, state) -> (y_t, new_state)``.
        xs: structure of nodes (T, ...).
        state: structure of nodes.
        reverse: from the last step to the first.
        cuts: booleans (T,) or (T, B): where the state is cut before the step.
        recompute: see `Body`.
        apart: how many steps have been taken one by one, for the structure of the state.

    Returns:
        the outputs (T, ...) and the last state, structures of nodes.
    """
    traced = trace(cell, xs, state, cuts)
    if traced is None:
        if apart == MOST_APART:
            raise GraphError(
                "unroll: the state gains or loses entries at every step",
                got=users_line(),
                expected="a new state of the structure of the old one",
            )
        return _after_first(cell, xs, state, reverse, cuts, apart)
    over, ys = traced.close(leaves(xs)[0].shape[0], reverse, recompute)
    outputs = rebuild(traced.y, [each(over, y) for y in ys])
    return outputs, rebuild(traced.new_state, [last(over, k) for k in range(len(leaves(state)))])


def trace(cell: Step, xs: Any, state: Any, cuts: Node | None = None) -> Trace | None:
    """The cell traced on a state that keeps its shapes; None if it makes a state of another structure.

    Raises:
        GraphError: the state has another shape at every step.
    """
    for _ in range(ATTEMPTS):
        traced = Trace(cell, xs, state, cuts)
        if len(leaves(traced.new_state)) != len(leaves(state)):
            return None
        try:
            fitted = _fit(state, traced.new_state)
        except ValueError:  # no shape or dtype can hold both
            break
        if fitted is None:
            return traced
        state = fitted
    got = ", ".join(f"{s.shape} {s.dtype}" for s in leaves(traced.new_state))
    raise GraphError(
        "unroll: the state changes its shape or dtype at every step",
        expected=", ".join(f"{s.shape} {s.dtype}" for s in leaves(state)) + ", as the old state",
        got=f"{got}; {users_line()}",
        fix="give out a state of one shape; tg.unroll's outputs already gather every step",
    )


class Trace:
    """One call of the cell on slots.

    Attributes:
        y, new_state: what the cell gave, structures of nodes.
        drawn: of each slot of numbers that are drawn anew at every step, how.
    """

    def __init__(self, cell: Step, xs: Any, state: Any, cuts: Node | None) -> None:
        self.start = next_serial()
        self.xs, self.state = xs, state
        self.x_slots = map_leaves(lambda x: Slot(Spec(x.shape[1:], x.dtype), x.name), xs)
        self.s_slots = map_leaves(lambda s: Slot(Spec(s.shape, s.dtype), s.name), state)
        self.cuts = cuts
        self.cut = Slot(Spec(() if cuts is None else cuts.shape[1:], np.dtype(bool)), "cut")
        before = self.s_slots if cuts is None else map_leaves(self._cut, self.s_slots)
        slices = dict(zip(leaves(self.x_slots), leaves(xs), strict=True))
        self.drawn: dict[Node, Draw] = {}
        with open_cell(self.start, self.s_slots, slices), drawing(steps=self.drawn):
            self.y, new = cell(self.x_slots, before)
        self.new_state = map_leaves(lambda s: as_nodes((s,))[0], new)

    def _cut(self, s: Slot) -> Node:
        cut = self.cut.reshape(self.cut.shape + (1,) * (s.ndim - self.cut.ndim))
        return where(cut, stop_gradient(s), s) if s.dtype.kind == "f" else s

    def close(self, steps: int, reverse: bool = False, recompute: bool = False) -> tuple[Node, list[Node]]:
        """The loop over ``steps``, and the nodes of its body that are the leaves of y."""
        ys, nexts = [as_nodes((y,))[0] for y in leaves(self.y)], leaves(self.new_state)
        own = self._own([*ys, *nexts])
        outer: dict[Node, Slot] = {}
        closed = close([*nexts, *ys], own, outer)
        slices = dict(zip(leaves(self.x_slots), leaves(self.xs), strict=True))
        if self.cuts is not None:
            slices[self.cut] = self.cuts
        for slot, draw in self.drawn.items():
            numbers = noise(draw, (steps, *slot.shape), slot.dtype)
            slices[slot] = numbers[::-1] if reverse else numbers  # drawn in the order of the walk
        body = Body(
            tuple(slices),
            tuple(leaves(self.s_slots)),
            tuple(outer.values()),
            tuple(closed[: len(nexts)]),
            steps,
            reverse,
            recompute,
        )
        over = loop(*slices.values(), *leaves(self.state), *outer, body=body)
        return over, closed[len(nexts) :]

    def _own(self, results: list[Node]) -> set[Node]:
        """The slots and what depends on them; what the cell made of other things is the same at every step."""
        own: set[Node] = {*leaves(self.x_slots), *leaves(self.s_slots), self.cut, *self.drawn}
        for n in ancestors(results, lambda n: n.serial > self.start):
            if not own.isdisjoint(n.inputs):
                own.add(n)
        return own


def _fit(state: Any, new: Any) -> Any:
    """The state in the shapes and dtypes that the cell gives it, or None if it has them."""
    old, made = leaves(state), leaves(new)
    if all(a.shape == b.shape and a.dtype == b.dtype for a, b in zip(old, made, strict=True)):
        return None
    fitted = []
    for a, b in zip(old, made, strict=True):
        a = a if a.dtype == b.dtype else astype(a, np.result_type(a.dtype, b.dtype))
        shape = np.broadcast_shapes(a.shape, b.shape)
        fitted.append(a if a.shape == shape else broadcast_to(a, shape))
    return rebuild(state, fitted)


def _after_first(cell: Step, xs: Any, state: Any, reverse: bool, cuts: Node | None, apart: int) -> tuple[Any, Any]:
    """The first step by itself, for a cell that makes its own first state, and the others as a loop."""
    T = leaves(xs)[0].shape[0]
    y, state = cell(map_leaves(lambda x: x[T - 1 if reverse else 0], xs), state)
    first = [as_nodes((v,))[0] for v in leaves(y)]
    first = [v.reshape((1, *v.shape)) for v in first]
    state = map_leaves(lambda s: as_nodes((s,))[0], state)
    if T == 1:
        return rebuild(y, first), state
    rest = map_leaves(lambda x: x[:-1] if reverse else x[1:], xs)
    if cuts is not None:
        cuts = cuts[:-1] if reverse else cuts[1:]
    others, state = roll(cell, rest, state, reverse=reverse, cuts=cuts, apart=apart + 1)
    pairs = zip(first, leaves(others), strict=True)
    return rebuild(y, [concatenate([b, a] if reverse else [a, b], axis=0) for a, b in pairs]), state
