"""The sliding window in a compiled function: a loop over the steps of a window, all T windows at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.graph import ancestors
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
    """`unroll` with ``window="sliding"``: the gradient of each y_t reaches ``reach`` steps back.

    A plain loop computes the states. Each window starts from the state before its first step, with its gradient
    stopped. A loop over ``reach`` steps advances all windows together, along a leading axis T. The windows of the
    first steps are shorter: they keep the initial state until they start.

    Args:
        real: booleans (T, B), False in the padding, which keeps a sequence's state; None without padding.

    Returns:
        the outputs (T, ...) and the final state; None if `lift` has no rule for an op of the cell.
    """
    T = leaves(xs)[0].shape[0]
    reach = min(reach, T)
    if reverse:
        xs = map_leaves(lambda x: x[::-1], xs)
    traced = trace(cell, xs, state)
    if traced is None:
        return None
    loop_node, ys = traced.close(T)
    body: Body = loop_node.attributes["body"]
    windows = _Windows(loop_node, body, ys, T)
    starts = [_starts(x, each(loop_node, c), reach) for x, c in zip(leaves(traced.state), body.carries, strict=True)]
    before = [_before(x, reach) for x in windows.sequences]
    started = Constant(np.arange(T) + np.arange(reach)[:, None] >= reach)
    try:
        _, starts = roll(windows.advance, (before, started), starts)
        results = windows.apply(windows.sequences, starts)
    except _NoRuleError:
        return None
    states, outputs = results[: len(body.nexts)], results[len(body.nexts) :]
    if reverse:
        outputs = [y[::-1] for y in outputs]
    if real is None:
        return rebuild(traced.y, outputs), rebuild(traced.new_state, [s[T - 1] for s in states])
    real = real[::-1] if reverse else real
    ends = [
        last_of(concatenate([s.reshape((1, *s.shape)), after], axis=0), real)
        for s, after in zip(leaves(traced.state), states, strict=True)
    ]
    return rebuild(traced.y, outputs), rebuild(traced.new_state, ends)


class _NoRuleError(Exception):
    """`lift` has no rule for an op of the cell."""


class _Windows:
    """One time step of the cell in all windows at once."""

    def __init__(self, loop_node: Node, body: Body, ys: Sequence[Node], T: int) -> None:
        self.body, self.T = body, T
        self.results = [*body.nexts, *ys]
        self.sequences = list(loop_node.inputs[: len(body.slices)])
        fixed = loop_node.inputs[len(body.slices) + len(body.carries) :]
        self.fixed: dict[Node, Node] = dict(zip(body.fixed, fixed, strict=True))

    def apply(self, xs: Sequence[Node], states: Sequence[Node]) -> list[Node]:
        """The next states and outputs, each (T, ...), from the inputs (T, ...) and states (T, ...)."""
        moving: dict[Node, Node] = dict(zip(self.body.slices + self.body.carries, [*xs, *states], strict=True))
        new = self.fixed | moving
        varying = {*moving}
        for node in ancestors(self.results):
            if node in new or isinstance(node, Constant):
                continue
            inputs = [new.get(x, x) for x in node.inputs]
            moves = [x in varying for x in node.inputs]  # a body has no node that does not
            assert node.op is not None
            lifted = None if node.op.selects else lift(node.op, inputs, node._attributes, moves, self.T)
            if lifted is None:
                raise _NoRuleError
            new[node] = lifted
            varying.add(node)
        return [new.get(n, n) if n in varying else self._repeated(new.get(n, n)) for n in self.results]

    def _repeated(self, x: Node) -> Node:
        return broadcast_to(x, (self.T, *x.shape))

    def advance(self, inputs: Any, states: list[Node]) -> tuple[None, list[Node]]:
        """The cell of the loop over a window's steps: windows that have not started keep their state."""
        xs, started = inputs
        pairs = zip(self.apply(xs, states)[: len(states)], states, strict=True)
        return None, [where(started.reshape((self.T,) + (1,) * (s.ndim - 1)), new, s) for new, s in pairs]


def _starts(first: Node, states: Node, reach: int) -> Node:
    """The initial state of each window: (T, ...)      first: before step 0  states: before each step"""
    same = broadcast_to(first, (reach, *first.shape))
    T = states.shape[0]
    return same if reach == T else concatenate([same, stop_gradient(states[: T - reach])], axis=0)


def _before(x: Node, reach: int) -> Node:
    """The input x[n - reach + j] of step j of window n: (reach, T, ...); x[0] where the index is negative."""
    T = x.shape[0]
    padded = concatenate([broadcast_to(x[:1], (reach, *x.shape[1:])), x], axis=0)
    return stack([padded[j : j + T] for j in range(reach)])
