"""Hoisting before the loop: work that does not depend on the state is done once, for all steps."""

from __future__ import annotations

from ..core.graph import ancestors, replace
from ..core.node import Node
from ..core.op import Spec
from ..core.traced import Slot
from ..loops.loop import Body, loop
from .hoisting import Lifting, is_heavy, made_from, waiting, with_ancestors
from .rewriting import Pass, Selection, select


class HoistBefore(Pass):
    """Moves nodes that depend on no carry before the loop (loop-invariant code motion, and lifting over time).

    Input projections over T steps of B rows become one product of T*B rows.

    Args:
        light: element-wise nodes of up to so many elements are moved for their own sake, not only where a product
            needs them. This saves calls if each op is a call of its own; for large or fused nodes it costs memory
            traffic.
    """

    hoists = True

    def __init__(self, light: int = 0) -> None:
        super().__init__()
        self.light = light

    def loop(self, over: Node, picks: list[Selection]) -> dict[Selection, Node]:
        body: Body = over._attributes["body"]
        roots = [*body.nexts, *(p for p in picks if not isinstance(p, int))]
        order = ancestors(roots)
        wait = waiting(body, order)
        free = {n for n in order if n not in wait and n._inputs}
        lifting, varying = Lifting(over), made_from(body.slices, order)
        if body.recompute:
            free -= varying  # values for all steps would be stored for all steps
        moves = [n for n in order if n in free and (n.size <= self.light or is_heavy(n) or n not in varying)]
        with_inputs = with_ancestors(moves, free)
        moved = {n for n in order if n in with_inputs and lifting.move(n)}
        if not moved:
            return super().loop(over, picks)
        self.changed = True
        self.notes += [
            f"{n.label()} {n.shape} is done once for all {body.steps} steps"
            for n in order
            if n in moved and is_heavy(n)
        ]
        return self._rebuild(over, picks, roots, lifting, moved)

    def _rebuild(
        self, over: Node, picks: list[Selection], roots: list[Node], lifting: Lifting, moved: set[Node]
    ) -> dict[Selection, Node]:
        body: Body = over._attributes["body"]
        new: dict[Node, Node] = {}
        slices: dict[Slot, Node] = {}
        fixed: dict[Slot, Node] = {}
        for n in ancestors(roots, lambda n: n not in moved):
            if n in moved:
                new[n] = slot = Slot(Spec(n.shape, n.dtype), n.name)
                (slices if n in lifting.varying else fixed)[slot] = lifting.outer[n]
        nodes = replace(roots, new)
        a, b = len(body.slices), len(body.slices) + len(body.carries)
        inputs = [*over._inputs[:a], *slices.values(), *over._inputs[a:b], *over._inputs[b:], *fixed.values()]
        slots = (*body.slices, *slices), body.carries, (*body.fixed, *fixed)
        new_body = Body(*slots, tuple(nodes[: len(body.nexts)]), body.steps, body.reverse, body.recompute)
        new_loop = loop(*inputs, body=new_body).placed_as(over)  # type: ignore[attr-defined]
        return {p: select(new_loop, p if isinstance(p, int) else new[p]) for p in picks}
