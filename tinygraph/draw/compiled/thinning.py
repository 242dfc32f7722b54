"""Reduces a band with too many boxes: in each group the ops with least work become one box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ..picture import Part
from .items import Block, Item, ItemGroup, LoopCard, Side


def thin(side: Side, most: int) -> Side:
    """Returns the band with about ``most`` boxes, at least one per group."""
    return _Thinning(side, most).result


class _Thinning:
    """A reduced copy of a band under construction.

    Attributes:
        stands: maps each item to its new number.
        held: the numbers of the boxes that stand for several items.
    """

    def __init__(self, side: Side, most: int) -> None:
        self.side, self.share = side, most / len(side.items)
        self.result = Side(loops=side.loops)
        self.stands: dict[int, int] = {}
        self.held: set[int] = set()
        self.result.parts = [self._block(part) for part in side.parts]
        for group in _groups(self.result.parts):
            self._link(group)

    def _block(self, block: Block) -> Block:
        if isinstance(block, LoopCard):
            return replace(block, parts=[self._block(part) for part in block.parts])
        kept_count = max(int(self.share * len(block.items)) - 1, 0)
        items = self.side.items
        rank = {i: (items[i].mark == 0, -items[i].flops, -items[i].bytes) for i in block.items}
        kept = {*sorted(rank, key=rank.__getitem__)[:kept_count]}
        parts: list[Block] = []
        for i in block.items:
            if i in kept:
                self.stands[i] = self.result.add(parts, replace(items[i]))
        others = [i for i in block.items if i not in kept]
        if others:
            at = self.result.add(parts, _joined([items[i] for i in others]))
            self.held.add(at)
            self.stands.update(dict.fromkeys(others, at))
        return parts[0]

    def _link(self, group: ItemGroup) -> None:
        """Renumber the arrows; a box for several items has none in its own group, because it has no one place there."""
        group_items = {*group.items}
        for i in group.items:
            item = self.result.items[i]
            for links in ("before", "late"):
                sources = dict.fromkeys(self.stands[k] for k in getattr(item, links))
                setattr(item, links, [k for k in sources if k not in group_items or not self.held & {i, k}])


def _joined(items: Sequence[Item]) -> Item:
    flops, bytes_moved = sum(i.flops for i in items), sum(i.bytes for i in items)
    kinds = Counter(i.kind for i in items)
    tip = [", ".join(f"{n} {kind}" for kind, n in kinds.items())]
    joined = Item([Part(f"{len(items)} more")], "with less work", tip, "", items[0].loop, flops, bytes_moved)
    joined.before = [k for i in items for k in i.before]
    return joined


def _groups(parts: Sequence[Block]) -> list[ItemGroup]:
    groups: list[ItemGroup] = []
    for part in parts:
        groups += _groups(part.parts) if isinstance(part, LoopCard) else [part]
    return groups
