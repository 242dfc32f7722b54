"""Hoisting behind the loop: work that no later step needs is done once after the loop, over all steps."""

from __future__ import annotations

from ..core.graph import ancestors
from ..core.leaves import Constant
from ..core.node import Node
from ..loops.loop import Body
from ..ops import broadcast_to
from .hoisting import Lifting, is_heavy, with_ancestors
from .rewriting import Pass, Selection, select


class HoistAfter(Pass):
    """Moves nodes on which no carry depends behind the loop.

    Output layers, losses and sums of bias gradients then run over all T*B rows.

    Args:
        light: element-wise nodes of up to so many elements are moved for their own sake too (see `HoistBefore`).
    """

    hoists = True

    def __init__(self, light: int = 0) -> None:
        super().__init__()
        self.light = light

    def loop(self, over: Node, picks: list[Selection]) -> dict[Selection, Node]:
        body: Body = over._attributes["body"]
        roots = [p for p in picks if not isinstance(p, int)]
        order = ancestors(roots)
        core = {*ancestors(body.nexts)}
        free = {n for n in order if n not in core and n._inputs}
        lifting = self._lifted(over, order, free)
        if lifting is None or body.recompute:
            return super().loop(over, picks)
        self.changed = True
        self.notes += [
            f"{n.label()} {n.shape} is done once after all {body.steps} steps"
            for n in order
            if n in lifting.outer and n in free and is_heavy(n)
        ]
        selected: dict[Selection, Node] = {}
        for p in picks:
            if isinstance(p, int) or p not in lifting.outer:
                selected[p] = select(over, p)
            else:
                outer = lifting.outer[p]
                selected[p] = outer if p in lifting.varying else broadcast_to(outer, (body.steps, *p.shape))
        return selected

    def _moves(self, n: Node, moves: set[Node]) -> bool:
        return n.size <= self.light or is_heavy(n) or not moves.isdisjoint(n._inputs)

    def _lifted(self, over: Node, order: list[Node], free: set[Node]) -> Lifting | None:
        """Moves the free nodes; nodes without a lifting rule, and their ancestors, stay in the loop."""
        stay: set[Node] = set()
        while True:
            moves: set[Node] = set()
            for n in order:
                if n in free and n not in stay and self._moves(n, moves):
                    moves.add(n)
            if not moves:
                return None
            lifting = Lifting(over)
            failed = None
            for n in order:
                if n in moves:
                    for x in n._inputs:
                        if x not in lifting.outer and type(x) is not Constant:
                            lifting.set_outer(x, select(over, x))
                    if not lifting.move(n):
                        failed = n
                        break
            if failed is None:
                return lifting
            stay |= with_ancestors([failed], free)
