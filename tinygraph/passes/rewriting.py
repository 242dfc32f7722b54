"""How a pass goes over a graph: node by node, inputs first, into the bodies of loops and out again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any, ClassVar

from ..core.graph import ancestors, copy_onto, replace
from ..core.leaves import Constant
from ..core.node import Node
from ..core.traced import Slot
from ..loops.loop import Body, each, last, loop
from ..ops import broadcast_to

Selection = Node | int
"""What is selected from a loop: a node of its body (at every step) or the number of a carry (its last value)."""

Rule = Callable[[Node], Node | None]
"""Another node of the same value, or None."""


class Pass:
    """One way of rewriting a graph; subclasses say what to do with a node, with a loop.

    Attributes:
        changed: after a run, whether anything is different.
        notes: what was done, in words.
        bodies: of the loops around the node at hand, the innermost last; first comes None, for outside.
        rewritten: for each of these levels, what stands for its nodes so far.
    """

    hoists: ClassVar[bool] = False
    """Whether `loop` does more than select."""

    def __init__(self) -> None:
        self.changed = False
        self.notes: list[str] = []
        self.bodies: list[Body | None] = [None]
        self.rewritten: list[dict[Node, Node]] = []

    def enter(self, order: Sequence[Node], roots: Sequence[Node]) -> None:
        """Called at the start of a graph, and of each loop's body in it, with its nodes in order."""

    def leave(self) -> None:
        """Called at the end of what `enter` began."""

    def node(self, node: Node, was: Node) -> Node | None:
        """What stands for ``node``, which is ``was`` with its inputs rewritten; None for itself."""
        return None

    def loop(self, over: Node, picks: list[Selection]) -> dict[Selection, Node]:
        """What stands outside for each pick of a loop whose body has been rewritten."""
        return {pick: select(over, pick) for pick in picks}

    def run(self, results: Sequence[Node]) -> list[Node]:
        """The results rewritten."""
        order = ancestors(results)
        picks = _picks(order)
        new: dict[Node, Node] = {}
        chosen: dict[Node, dict[Selection, Node]] = {}
        self.rewritten.append(new)
        self.enter(order, results)
        for node in order:
            op = node._op
            if op is None:
                new[node] = node
                continue
            if op is loop:
                chosen[node] = self._loop(node, [new[x] for x in node._inputs], picks[node])
                continue
            if op.selects:
                new[node] = chosen[node._inputs[0]][node._attributes["of"]]
                continue
            inputs = tuple([new[x] for x in node._inputs])
            kept = node if all(map(is_, inputs, node._inputs)) else copy_onto(node, inputs)
            made = self.node(kept, node)
            if made is not None and made is not kept:
                self.changed = True
                kept = made
            new[node] = kept
        self.leave()
        self.rewritten.pop()
        return [new[r] for r in results]

    def _loop(self, node: Node, inputs: list[Node], picks: dict[Selection, Node]) -> dict[Selection, Node]:
        body: Body = node._attributes["body"]
        kept = needed_carries(body, [*picks])
        nodes = [p for p in picks if not isinstance(p, int)]
        old = [*(body.nexts[k] for k in kept), *nodes]
        self.bodies.append(body)
        made = self.run(old)
        self.bodies.pop()
        carries = {k: n for n, k in enumerate(kept)}
        over = rebuilt(node, inputs, kept, made)
        places: dict[Selection, Selection] = dict(zip(nodes, made[len(kept) :], strict=True))
        places |= {p: carries[p] for p in picks if isinstance(p, int)}
        if over is node and same_nodes([*places], [*places.values()]) and not self.hoists:
            return picks
        found = self.loop(over, [*dict.fromkeys(places.values())])
        return {p: found[places[p]] for p in picks}


def select(over: Node, pick: Selection) -> Node:
    """`each` or `last`; a value that came from outside is taken from there."""
    if isinstance(pick, int):
        return last(over, pick)
    body: Body = over._attributes["body"]
    if isinstance(pick, Constant):
        return broadcast_to(pick, (body.steps, *pick.shape))
    if pick.op is None:
        outer = dict(zip(body.slots, over._inputs, strict=True))
        if pick in {*body.slices}:
            return outer[pick]  # type: ignore[index]
        if pick in {*body.fixed}:
            return broadcast_to(outer[pick], (body.steps, *pick.shape))  # type: ignore[index]
    return each(over, pick)


def _picks(order: Sequence[Node]) -> dict[Node, dict[Selection, Node]]:
    """Of each loop what is selected from it, and the node that selects it."""
    picks: dict[Node, dict[Selection, Node]] = {n: {} for n in order if n._op is loop}
    for n in order:
        if n._op is not None and n._op.selects:
            picks[n._inputs[0]][n._attributes["of"]] = n
    return picks


def needed_carries(body: Body, picks: Sequence[Selection]) -> list[int]:
    """The numbers of the carries on which the picks depend, over any number of steps."""
    number = {c: k for k, c in enumerate(body.carries)}
    needed = {p for p in picks if isinstance(p, int)}
    roots = [p for p in picks if not isinstance(p, int)]
    while True:
        met = {number[n] for n in ancestors([*roots, *(body.nexts[k] for k in needed)]) if n in number}  # type: ignore[index]
        if met <= needed:
            return sorted(needed)
        needed |= met


def rebuilt(node: Node, inputs: Sequence[Node], kept: Sequence[int], made: list[Node]) -> Node:
    """The loop with other inputs, with the carries ``kept`` alone and their next values ``made``.

    Slots that nothing uses are dropped, and slots that are fed by the same node become one. The picked
    nodes of ``made``, which follow the next values, are rewritten in place where they used such a slot.
    """
    body: Body = node._attributes["body"]
    a, b = len(body.slices), len(body.slices) + len(body.carries)
    used = {n for n in ancestors(made) if n._op is None}
    first: dict[tuple[int, bool], Slot] = {}
    double: dict[Node, Node] = {}
    pairs = [_unrepeated(s, x) for s, x in zip(body.slices, inputs[:a], strict=True) if s in used]
    pairs += [(s, x, False) for s, x in zip(body.fixed, inputs[b:], strict=True) if s in used]
    slots: dict[bool, dict[Slot, Node]] = {True: {}, False: {}}
    for slot, x, moves in pairs:
        same = first.setdefault((id(x), moves), slot)
        if same is not slot:
            double[slot] = same
        else:
            slots[moves][slot] = x
    made[:] = replace(made, double) if double else made
    carries = tuple(body.carries[k] for k in kept)
    new = Body(
        tuple(slots[True]),
        carries,
        tuple(slots[False]),
        tuple(made[: len(kept)]),
        body.steps,
        body.reverse,
        body.recompute,
    )
    parts = [*slots[True].values(), *(inputs[a + k] for k in kept), *slots[False].values()]
    if same_nodes(new.slots, body.slots) and same_nodes(new.nexts, body.nexts) and same_nodes(parts, node._inputs):
        return node
    return loop(*parts, body=new).placed_as(node)  # type: ignore[attr-defined]


def _unrepeated(slot: Slot, x: Node) -> tuple[Slot, Node, bool]:
    """A slot, what feeds it, and whether that moves with the steps: a repetition along time is the same at each."""
    if x._op is broadcast_to and x._inputs[0].shape == slot.shape:
        return slot, x._inputs[0], False
    return slot, x, True


def same_nodes(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """Whether two sequences hold the very same nodes (``==`` on nodes would make a node)."""
    return len(a) == len(b) and all(map(is_, a, b))


class Rules(Pass):
    """A pass of rules that look at one node and its inputs alone, tried in order until none applies.

    Args:
        rules: each gives another node, or None.
    """

    def __init__(self, *rules: Rule) -> None:
        super().__init__()
        self.rules = rules

    def node(self, node: Node, was: Node) -> Node | None:
        found, again = node, True
        while again and found._op is not None:
            again = False
            for rule in self.rules:
                made = rule(found)
                if made is not None and made is not found:
                    found, again = made, True
                    break
        return found
