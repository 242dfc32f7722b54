"""The band ``before``: the traced ops, each once, loops with their bodies, and what became of each op."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.graph import ancestors
from ...core.leaves import Constant, Parameter
from ...core.node import Node
from ..labels import clean, shape
from ..picture import Part
from ..shown.folding import Chip, Inline, Link, Operand
from ..shown.letters import known, letters
from ..shown.padding import is_zero
from ..summary import kind_of, picked
from ..views.terms import formula
from .items import Block, Item, LoopCard, Side

VIEWS = frozenset(
    ("transpose", "swapaxes", "reshape", "getitem", "broadcast_to", "stop_gradient", "put", "concatenate", "stack")
)
"""Ops that become views of memory in the plan."""


def traced(roots: Sequence[Node]) -> Side:
    """Returns the ops behind the results, in the order in which they were traced."""
    walk = _Tracing()
    walk.level(ancestors(roots), walk.side.parts, None, 1)
    return walk.side


class _Tracing:
    """One walk over a graph and the bodies of its loops.

    Attributes:
        stands: maps each visited node to the operand that it is for its users.
        number: maps each node to the item with its value; of a body that two loops run, the latest one.
        carried: maps each slot of a state to the node of its next value, and the item of its first value.
        letters: maps nodes to the names in the lines that made them.
    """

    def __init__(self) -> None:
        self.side = Side()
        self.stands: dict[Node, Operand] = {}
        self.number: dict[Node, int] = {}
        self.carried: dict[Node, tuple[Node, int | None]] = {}
        self.letters: dict[Node, str] = {}

    def level(self, order: list[Node], parts: list[Block], loop: Node | None, times: int) -> None:
        """Add the nodes outside of all loops, or those of one loop's body, which is run so many times."""
        selected = picked(order)
        self.letters |= letters(order)
        self.side.names.update(known(x, self.letters) for x in order)
        for node in order:
            if node.op is None:
                if node not in self.stands:
                    self.stands[node] = self._leaf(node)
            elif "body" in node.attributes:
                self._loop(node, selected.get(node, []), parts, times)
            elif node.op.selects:
                self._select(node)
            else:
                item = self.side.add(parts, self._item(node, loop, times))
                self._stand(node, self._alias(node) or Link(node, False, node, 0), item)

    def _stand(self, node: Node, operand: Operand, number: int | None) -> None:
        """Record the operand of a node, and the item where arrows to its users start."""
        self.stands[node] = operand
        self.number.pop(node, None)
        if number is not None and isinstance(operand, Link):
            self.number[node] = number

    def _leaf(self, node: Node) -> Operand:
        if isinstance(node, Parameter):
            return Chip(node, self.side.name(node))
        if isinstance(node, Constant):
            text = f"{node.item():.3g}" if node.size == 1 else "zeros" if is_zero(node) else "data"
            return Inline(text, False)
        return Inline(clean((node.name or "").strip() or "data"), False)

    def _alias(self, node: Node) -> Operand | None:
        """Returns the chip of a transposed parameter, which is still that parameter."""
        source = self.stands[node.inputs[0]] if node.inputs else None
        turned = node.op is not None and node.op.name in ("transpose", "swapaxes")
        if isinstance(source, Chip) and turned and node.ndim == 2:
            name = source.text
            return Chip(source.parameter, name.removesuffix(".T") if name.endswith(".T") else f"{name}.T")
        return None

    def _loop(self, node: Node, picks: list[Node], parts: list[Block], times: int) -> None:
        body = node.attributes["body"]
        bound = [(slot, self.stands[x], self.number.get(x)) for slot, x in zip(body.slots, node.inputs, strict=True)]
        for slot, operand, number in bound:
            self._stand(slot, operand, number)
        for slot, after in zip(body.carries, body.nexts, strict=True):
            self.carried[slot] = after, self.number.get(slot)
            self._stand(slot, Inline("state", False), None)
        card = LoopCard("loop" + " backwards" * body.reverse, body.steps, [])
        parts.append(card)
        order = ancestors([*body.nexts, *picks])
        self.level(order, card.parts, node, times * body.steps)
        for user in order:
            for slot in dict.fromkeys(x for x in user.inputs if x in self.carried):
                if user in self.number and user.op is not None and not user.op.selects:
                    item, (after, first) = self.side.items[self.number[user]], self.carried[slot]
                    item.late += [self.number[after]] if after in self.number else []
                    item.before += [] if first is None else [first]

    def _select(self, node: Node) -> None:
        """Record for a result of a loop the op of the body that computes it; for a state, the op of its next value."""
        of = node.attributes["of"]
        inner = node.inputs[0].attributes["body"].nexts[of] if isinstance(of, int) else of
        while inner in self.carried:
            inner = self.carried[inner][0]
        self._stand(node, self.stands.get(inner, Inline("data", False)), self.number.get(inner))

    def _item(self, node: Node, loop: Node | None, times: int) -> Item:
        assert node.op is not None
        operands = [self.stands[x] for x in node.inputs]
        title = formula(node, operands)
        name = known(node, self.letters)
        if name:
            title.insert(0, Part(f"{clean(name)} ="))
        name, _, flops, size = kind_of(node, node.op)
        facts = [f"{name} {shape(node.shape)} {node.dtype}", f"{flops:,} FLOP" + f" × {times} steps" * (times > 1)]
        item = Item(title, shape(node.shape), facts, node.op.name, loop, flops * times, nodes=[node])
        item.before = list(dict.fromkeys(self.number[x] for x in node.inputs if x in self.number))
        item.bytes, item.is_view = 0 if flops else size * times, node.op.name in VIEWS
        return item


def settle(before: Side, after: Side, dropped: Mapping[Node, str]) -> dict[int, list[int]]:
    """Set role and mark of each item; returns a dict from each op to the actions that do it.

    ``dropped``: why passes did away with nodes.
    """
    actions: dict[Node, list[int]] = {}
    for at, action in enumerate(after.items):
        for node in dict.fromkeys(action.nodes):
            actions.setdefault(node, []).append(at)
    done_by: dict[int, list[int]] = {}
    for i, item in enumerate(before.items):
        every = [] if item.is_view else [at for node in item.nodes for at in actions.get(node, [])]
        # Of several actions those count that do as much as the op, since others may only read what was placed for it;
        # else those that do most: a product whose weights are joined before its loop stays in it.
        work = [after.items[at].flops for at in every]
        own_work = item.flops if item.flops in work else max(work, default=0)
        most_work = [at for at in every if after.items[at].flops == own_work]
        own = [at for at in most_work if after.items[at].loop is item.loop]
        if every:
            done_by[i] = own or most_work
    _mark(before, after, done_by, dropped)
    return done_by


def _mark(before: Side, after: Side, done_by: dict[int, list[int]], dropped: Mapping[Node, str]) -> None:
    """Set the roles, and the same number for an op that left its loop and the action that does it now."""
    for side in (before, after):
        for source in {k for item in side.items for k in item.late}:
            side.items[source].role = "state"
    moved: dict[int, list[Item]] = {}
    for i, item in enumerate(before.items):
        if i not in done_by:
            _remove(item, dropped)
        elif after.items[done_by[i][0]].loop is not item.loop:
            item.role, item.gone = "moved", True
            for at in done_by[i]:
                after.items[at].role = "moved"
            moved.setdefault(done_by[i][0], []).append(item)
    for number, at in enumerate(sorted(moved), 1):
        for item in (after.items[at], *moved[at]):
            item.mark = number


def _remove(item: Item, dropped: Mapping[Node, str]) -> None:
    item.role, item.gone, item.below, item.bytes = "removed", True, "", 0
    why = "none of the actions does it: written another way, or a part of another"
    if item.is_view:
        why = "places in memory alone: no number is computed"
    item.tip.append(next((dropped[x] for x in item.nodes if x in dropped), why))
