"""A band of too many boxes: of each group the costly ones and what left a loop stay, the others become one box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ..picture import Part
from .items import Block, Item, ItemGroup, LoopCard, Side


def thin(side: Side, most: int) -> Side:
    """The band with about ``most`` boxes, at least one a group."""
    return _Thinning(side, most).made


class _Thinning:
    """A copy of a band in the making.

    Attributes:
        stands: of each item its new number.
        held: the numbers of the boxes that stand for many.
    """

    def __init__(self, side: Side, most: int) -> None:
        self.side, self.share = side, most / len(side.items)
        self.made = Side(loops=side.loops)
        self.stands: dict[int, int] = {}
        self.held: set[int] = set()
        self.made.parts = [self._block(part) for part in side.parts]
        for group in _groups(self.made.parts):
            self._link(group)

    def _block(self, block: Block) -> Block:
        if isinstance(block, LoopCard):
            return replace(block, parts=[self._block(part) for part in block.parts])
        room = max(int(self.share * len(block.items)) - 1, 0)
        items = self.side.items
        kept = {*sorted(block.items, key=lambda i: _rank(items[i]))[:room]}
        parts: list[Block] = []
        for i in block.items:
            if i in kept:
                self.stands[i] = self.made.add(parts, replace(items[i]))
        rest = [i for i in block.items if i not in kept]
        if rest:
            at = self.made.add(parts, _many([items[i] for i in rest]))
            self.held.add(at)
            self.stands.update(dict.fromkeys(rest, at))
        return parts[0]

    def _link(self, group: ItemGroup) -> None:
        """Arrows anew; the box for many has none in its own group, where it stands for no one place."""
        own = {*group.items}
        for i in group.items:
            for links in ("before", "late"):
                new = dict.fromkeys(self.stands[k] for k in getattr(self.made.items[i], links))
                alone = i in self.held
                setattr(self.made.items[i], links, [k for k in new if k not in own or not (alone or k in self.held)])


def _many(items: Sequence[Item]) -> Item:
    """One box for several."""
    flops, moved = sum(i.flops for i in items), sum(i.bytes for i in items)
    kinds = Counter(i.pieces[0].kind if len(i.pieces) == 1 else "fused pass" for i in items)
    tip = [", ".join(f"{n} {kind}" for kind, n in kinds.items())]
    many = Item([Part(f"{len(items)} more")], "with less work", tip, [], items[0].loop, flops, moved)
    many.before = [k for i in items for k in i.before]
    return many


def _groups(parts: Sequence[Block]) -> list[ItemGroup]:
    found: list[ItemGroup] = []
    for part in parts:
        found += _groups(part.parts) if isinstance(part, LoopCard) else [part]
    return found


def _rank(item: Item) -> tuple[bool, int, int]:
    return (item.mark == 0, -item.flops, -item.bytes)
