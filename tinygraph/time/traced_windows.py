"""The sliding window in a function that is compiled: all T windows at once, one step of each at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.graph import ancestors, copy_onto
from ..core.leaves import Constant
from ..core.node import Node
from ..core.structure import leaves, map_leaves, rebuild
from ..loops.lifting import lift
from ..loops.loop import Body, each
from ..ops import broadcast_to, concatenate, stack, stop_gradient, where
from .cell_contract import Step
from .padding import last_of
from .traced_loop import roll, trace


def roll_windows(
    cell: Step, xs: Any, state: Any, reach: int, reverse: bool, real: Node | None = None
) -> tuple[Any, Any] | None:
    """`unroll` with ``window="sliding"``: each y_t looks back at ``reach`` cells before its own.

    A plain loop gives the states. Then every window starts from the state, cut, before its first step, and a loop
    over the ``reach`` steps before the last moves all of them on together, as rows along a leading axis T.
    The windows of the first steps start later: until then their state stays the first one.

    Args:
        real: booleans (T, B): the steps that move a sequence's state; None for all.

    Returns:
        outputs (T, ...) and the last state; None if some op of the cell cannot be done for all windows at once.
    """
    T = leaves(xs)[0].shape[0]
    reach = min(reach, T)
    if reverse:
        xs = map_leaves(lambda x: x[::-1], xs)
    traced = trace(cell, xs, state)
    if traced is None:
        return None
    over, ys = traced.close(T)
    body: Body = over.attributes["body"]
    windows = _Windows(over, body, ys, T)
    starts = [_starts(x, each(over, c), reach) for x, c in zip(leaves(traced.state), body.carries, strict=True)]
    before = [_before(x, reach) for x in windows.sequences]
    begun = Constant(np.arange(T) + np.arange(reach)[:, None] >= reach)
    try:
        _, starts = roll(windows.advance, (before, begun), starts)
        found = windows.apply(windows.sequences, starts)
    except _NoRuleError:
        return None
    outputs = found[len(body.nexts) :]
    if reverse:
        outputs = [y[::-1] for y in outputs]
    states = found[: len(body.nexts)]
    if real is None:
        return rebuild(traced.y, outputs), rebuild(traced.new_state, [s[T - 1] for s in states])
    walked = real[::-1] if reverse else real
    ends = [
        last_of(concatenate([s.reshape((1, *s.shape)), after], axis=0), walked)
        for s, after in zip(leaves(traced.state), states, strict=True)
    ]
    return rebuild(traced.y, outputs), rebuild(traced.new_state, ends)


class _NoRuleError(Exception):
    """An op of the cell cannot be done for all windows at once."""


class _Windows:
    """One step of the cell in all windows."""

    def __init__(self, over: Node, body: Body, ys: Sequence[Node], T: int) -> None:
        self.body, self.T = body, T
        self.results = [*body.nexts, *ys]
        inputs = over.inputs
        self.sequences = list(inputs[: len(body.slices)])
        self.fixed: dict[Node, Node] = dict(
            zip(body.fixed, inputs[len(body.slices) + len(body.carries) :], strict=True)
        )

    def apply(self, xs: Sequence[Node], states: Sequence[Node]) -> list[Node]:
        """The results, each with a leading axis T, from the inputs (T, ...) and states (T, ...)."""
        moving: dict[Node, Node] = dict(zip(self.body.slices + self.body.carries, [*xs, *states], strict=True))
        made = self.fixed | moving
        varying = {*moving}
        for node in ancestors(self.results):
            if node in made or isinstance(node, Constant):
                continue
            inputs = [made.get(x, x) for x in node.inputs]
            moves = [x in varying for x in node.inputs]
            assert node.op is not None
            if not any(moves):
                made[node] = copy_onto(node, tuple(inputs))
                continue
            lifted = None if node.op.selects else lift(node.op, inputs, node.attributes, moves, self.T)
            if lifted is None:
                raise _NoRuleError
            made[node] = lifted
            varying.add(node)
        return [self._everywhere(n, made, varying) for n in self.results]

    def _everywhere(self, node: Node, made: dict[Node, Node], varying: set[Node]) -> Node:
        found = made.get(node, node)
        return found if node in varying else broadcast_to(found, (self.T, *node.shape))

    def advance(self, given: Any, states: list[Node]) -> tuple[None, list[Node]]:
        """The cell of the loop over a window's steps: windows that have not begun keep their state."""
        xs, begun = given
        new = self.apply(xs, states)[: len(states)]
        return None, [
            where(begun.reshape((self.T,) + (1,) * (s.ndim - 1)), n, s) for n, s in zip(new, states, strict=True)
        ]


def _starts(first: Node, states: Node, reach: int) -> Node:
    """The state from which each window starts: (T, ...)      first: before step 0  states: before each step"""
    same = broadcast_to(first, (reach, *first.shape))
    T = states.shape[0]
    return same if reach == T else concatenate([same, stop_gradient(states[: T - reach])], axis=0)


def _before(x: Node, reach: int) -> Node:
    """x[n - reach + j] for step j of window n: (reach, T, ...); x[0] where there is none."""
    T = x.shape[0]
    padded = concatenate([broadcast_to(x[:1], (reach, *x.shape[1:])), x], axis=0)
    return stack([padded[j : j + T] for j in range(reach)])
