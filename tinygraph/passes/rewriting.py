"""The base class of passes: rewrites nodes in topological order, and recursively the bodies of loops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any, ClassVar

from ..core.graph import ancestors, copy_onto, replace
from ..core.leaves import Constant
from ..core.node import Node
from ..core.scope import now
from ..core.traced import Slot
from ..loops.loop import Body, each, last, loop
from ..ops import broadcast_to
from .journal import Journal, also

Selection = Node | int
"""A result selected from a loop: a node of its body (at every step) or the index of a carry (its last value)."""

Rule = Callable[[Node], Node | None]
"""A rewrite rule: returns another node of the same value, or None."""


class Pass:
    """Rewrites a graph; subclasses override `node` or `loop`.

    Attributes:
        changed: whether the latest run changed anything.
        notes: the changes as text.
        bodies: the bodies of the loops around the current node, the innermost last; the first is None, for no loop.
        rewritten: for each of these levels, maps the nodes so far to their replacements.
    """

    hoists: ClassVar[bool] = False
    """Whether `loop` does more than select results."""
    journal: Journal | None = None
    """Where to note what is replaced, and for which node others are made."""

    def __init__(self) -> None:
        self.changed = False
        self.notes: list[str] = []
        self.bodies: list[Body | None] = [None]
        self.rewritten: list[dict[Node, Node]] = []

    def enter(self, order: Sequence[Node], roots: Sequence[Node]) -> None:
        """Called at the start of the graph and of each loop body, with its nodes in topological order."""

    def leave(self) -> None:
        """Called at the end of the graph or loop body."""

    def node(self, node: Node, was: Node) -> Node | None:
        """The replacement of ``node``, which is ``was`` with rewritten inputs; None to keep it."""
        return None

    def loop(self, over: Node, picks: list[Selection]) -> dict[Selection, Node]:
        """Maps each result picked from a loop, whose body is rewritten already, to a node outside of the loop."""
        return {pick: select(over, pick) for pick in picks}

    def also(self, node: Node, others: Sequence[Node]) -> None:
        """Note that a node does the work of others, too."""
        if self.journal is not None:
            also(node, others)

    def run(self, results: Sequence[Node]) -> list[Node]:
        """Returns the rewritten results."""
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
            if self.journal is not None:
                now.place = node._place
            replacement = self.node(kept, node)
            if replacement is not None and replacement is not kept:
                self.changed = True
                if self.journal is not None:
                    self.journal.replaced(kept, replacement)
                kept = replacement
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
        rewritten = self.run(old)
        self.bodies.pop()
        carries = {k: n for n, k in enumerate(kept)}
        over = rebuilt(node, inputs, kept, rewritten)
        new_picks: dict[Selection, Selection] = dict(zip(nodes, rewritten[len(kept) :], strict=True))
        new_picks |= {p: carries[p] for p in picks if isinstance(p, int)}
        if over is node and same_nodes([*new_picks], [*new_picks.values()]) and not self.hoists:
            return picks
        selected = self.loop(over, [*dict.fromkeys(new_picks.values())])
        return {p: selected[new_picks[p]] for p in picks}


def select(over: Node, pick: Selection) -> Node:
    """Selects a result by `each` or `last`; a slice, a fixed input or a constant is taken from outside of the loop."""
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
    """Maps each loop to its selected results, each with the node that selects it."""
    picks: dict[Node, dict[Selection, Node]] = {n: {} for n in order if n._op is loop}
    for n in order:
        if n._op is not None and n._op.selects:
            picks[n._inputs[0]][n._attributes["of"]] = n
    return picks


def needed_carries(body: Body, picks: Sequence[Selection]) -> list[int]:
    """The indices of the carries on which the picks depend, over any number of steps."""
    number = {c: k for k, c in enumerate(body.carries)}
    needed = {p for p in picks if isinstance(p, int)}
    roots = [p for p in picks if not isinstance(p, int)]
    while len(needed) < len(body.carries):
        indices = {number[n] for n in ancestors([*roots, *(body.nexts[k] for k in needed)]) if n in number}  # type: ignore[index]
        if indices <= needed:
            break
        needed |= indices
    return sorted(needed)


def rebuilt(node: Node, inputs: Sequence[Node], kept: Sequence[int], nodes: list[Node]) -> Node:
    """The loop with new inputs, the carries ``kept`` alone, and ``nodes``: their next values, then the picked nodes.

    Unused slots are removed, and slots with the same input are merged; ``nodes`` that use a merged slot are replaced in
    the list.
    """
    body: Body = node._attributes["body"]
    a, b = len(body.slices), len(body.slices) + len(body.carries)
    used = {n for n in ancestors(nodes) if n._op is None}
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
    nodes[:] = replace(nodes, double) if double else nodes
    new_slots = tuple(slots[True]), tuple(body.carries[k] for k in kept), tuple(slots[False])
    new = Body(*new_slots, tuple(nodes[: len(kept)]), body.steps, body.reverse, body.recompute)
    parts = [*slots[True].values(), *(inputs[a + k] for k in kept), *slots[False].values()]
    if same_nodes(new.nexts, body.nexts) and same_nodes(parts, node._inputs):
        return node
    return loop(*parts, body=new).placed_as(node)  # type: ignore[attr-defined]


def _unrepeated(slot: Slot, x: Node) -> tuple[Slot, Node, bool]:
    """A slot, its input, and whether this moves with the steps; an input broadcast along time becomes a fixed input."""
    if x._op is broadcast_to and x._inputs[0].shape == slot.shape:
        return slot, x._inputs[0], False
    return slot, x, True


def same_nodes(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """Whether two sequences hold identical nodes (``==`` on nodes would create a node)."""
    return len(a) == len(b) and all(map(is_, a, b))


class Rules(Pass):
    """Applies rewrite rules, which look at one node and its inputs, in order until none applies.

    Args:
        rules: functions that return another node of the same value, or None.
    """

    def __init__(self, *rules: Rule) -> None:
        super().__init__()
        self.rules = rules

    def node(self, node: Node, was: Node) -> Node | None:
        changed = True
        while changed and node._op is not None:
            changed = False
            for rule in self.rules:
                new = rule(node)
                if new is not None:
                    node, changed = new, True
                    break
        return node
