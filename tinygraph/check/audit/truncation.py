"""Truncation: gradients that are right but for the steps that they reach back, and how many those are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from operator import is_
from typing import Any

import numpy as np

from ...core.graph import ancestors
from ...core.node import Node
from ...engine.grad import grad
from ...ops import stop_gradient
from .book import NEAR, same
from .clipped import Clipping, clipping_in
from .lines import key_of
from .right import steps_of
from .subject import Outcome
from .table import right_gradients

StepEdge = tuple[int, int]
"""The steps from which and to which a state goes."""


def truncation(outcome: Outcome, hand: Mapping[str, np.ndarray | None]) -> str:
    """A sentence if the gradients are those of a truncated pass; empty if not, or if nothing can be told.

    A pass that goes back no step at all is not truncated: it carries nothing, which is a fault.

    Args:
        outcome: a run on nodes of at least 3 steps.
        hand: the hand-written gradients at the same numbers.
    """
    graph = _Graph(outcome)
    if graph.last < 2 or any(g is None or not np.isfinite(g).all() for g in hand.values()):
        return ""
    if graph.fits(hand, graph.full):
        return ""
    reach = next((k for k in range(1, graph.last) if graph.fits(hand, graph.reaching(k))), None)
    if reach is not None:
        return f"truncated after {reach} step{'s' * (reach != 1)} back"
    for length in range(2, graph.last + 1):
        if graph.fits(hand, graph.cut(lambda edge, n=length: edge[1] % n == 0)):  # type: ignore[misc]
            return f"truncated in pieces of {length} step{'s' * (length != 1)}"
    return ""


class _Graph:
    """The forward pass with the edges on which a state goes from one step to the next."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._order = ancestors([outcome.loss])
        self._near = max(NEAR, *(float(np.finfo(x.dtype).eps) ** 0.5 for x in outcome.leaves.values()))
        self._read: dict[Node, list[Node]] = defaultdict(list)
        for x in self._order:
            for y in x.inputs:
                self._read[y].append(x)
        self._at = steps_of([x for x in self._order if x.dtype.kind == "f"])
        self.last = max(self._at.values(), default=0)
        self._move_short_lines()
        self.full = right_gradients(outcome)
        self._coefficients: dict[str, np.ndarray] | None = None

    def fits(self, hand: Mapping[str, np.ndarray | None], right: Mapping[str, np.ndarray]) -> bool:
        """Whether all are right, perhaps clipped."""
        if any(g is None or g.shape != right[name].shape for name, g in hand.items()):
            return False
        wrong = [name for name, due in right.items() if not same(hand.get(name), due, self._near)]
        clipping = clipping_in([(hand, right)], self._near) if wrong else Clipping()
        return all(clipping.words(0, name) for name in wrong)

    def _move_short_lines(self) -> None:
        """Of a line that makes no node at the first step, as a product with zeros, the first node is of the second."""
        ends: dict[Any, int] = {}
        for x, step in self._at.items():
            ends[key_of(x)] = max(step, ends.get(key_of(x), 0))
        for x in reversed(self._order):
            late = self.last - ends.get(key_of(x), self.last)
            readers = [self._at[y] for y in self._read[x] if y in self._at] if late else []
            if readers and min(readers) == self._at.get(x, -1) + late:
                self._at[x] += late

    def reaching(self, back: int) -> dict[str, np.ndarray]:
        """The gradients over paths that go back at most so many steps.

        With the gradient times z wherever a state goes back a step, they are polynomials in z, of which the first
        ``back + 1`` coefficients are added.
        """
        if self._coefficients is None:
            points = np.arange(self.last + 1) / self.last
            values = [*(self.cut(lambda _: True, float(z)) for z in points[:-1]), self.full]
            inverse = np.linalg.inv(np.vander(points, increasing=True))
            self._coefficients = {n: np.tensordot(inverse, [v[n] for v in values], 1) for n in values[0]}
        return {name: c[: back + 1].sum(axis=0) for name, c in self._coefficients.items()}

    def cut(self, where: Callable[[StepEdge], bool], factor: float = 0.0) -> dict[str, np.ndarray]:
        """The gradients with those that go back over some edges times a factor."""
        new: dict[Node, Node] = {}
        for x in self._order:
            inputs = [self._crossed(y, x, new[y], where, factor) for y in x.inputs]
            new[x] = x if x.op is None or all(map(is_, inputs, x.inputs)) else x.op(*inputs, **x.attributes)
        leaves = self._outcome.leaves
        return {name: g.value for name, g in grad(new[self._outcome.loss], leaves).items()}

    def _crossed(self, y: Node, x: Node, new: Node, where: Callable[[StepEdge], bool], factor: float) -> Node:
        edge = self._at.get(y), self._at.get(x)
        if x.size == 1 or None in edge or edge[1] != edge[0] + 1 or not where(edge):  # type: ignore[operator, arg-type]
            return new
        cut = stop_gradient(new)
        return cut if not factor else factor * new + (1 - factor) * cut
