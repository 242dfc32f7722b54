"""Reorders sums inside a loop: terms that do not depend on the state come first and can be hoisted."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.node import Node
from ..ops import add
from .hoisting import Ranks
from .rewriting import Pass


class GatherSums(Pass):
    """a + b + c + d = ((loop-invariant terms) + (terms that vary with the step)) + (terms that depend on the state)

    Then biases and input projections are hoisted as one sum. Another order of the additions changes the rounding.
    """

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[Ranks | None] = []

    def enter(self, order: Sequence[Node], roots: Sequence[Node]) -> None:
        body = self.bodies[-1]
        self.levels.append(Ranks(body, order, roots) if body else None)

    def leave(self) -> None:
        self.levels.pop()

    def node(self, node: Node, was: Node) -> Node | None:
        level = self.levels[-1]
        if level is None or node._op is not add or level.is_part_of_sum(was):
            return None
        terms = level.terms(was)
        ranks = [level.rank(t) for t in terms]
        if len(terms) < 3 or ranks == sorted(ranks):
            return None
        new = self.rewritten[-1]
        ordered = sorted(range(len(terms)), key=ranks.__getitem__)
        total = new[terms[ordered[0]]]
        for k in ordered[1:]:
            total = add(total, new[terms[k]])
        self.also(total, level.additions(was))
        return total
