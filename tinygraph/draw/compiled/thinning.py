"""Reduces a band with too many boxes: in each group the ops with least work become one box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ..picture import Part
from .items import Block, Item, ItemGroup, LoopCard, Side


def thin(side: Side, most: int) -> Side:
    """Returns the band with about ``most`` boxes, at least one per group."""
    thinning = _Thinning(side, most / len(side.items))
    thinning.result.parts = [thinning.block(part) for part in side.parts]
    for at, item in enumerate(thinning.result.items):
        item.before, item.late = thinning.links(at, item.before), thinning.links(at, item.late)
    return thinning.result


class _Thinning:
    """A reduced copy of a band under construction.

    Attributes:
        stands: maps each item to its new number.
        groups: the group of each new item.
        joints: the numbers of the boxes that stand for several items.
    """

    def __init__(self, side: Side, share: float) -> None:
        self.items, self.share, self.result = side.items, share, Side()
        self.stands: dict[int, int] = {}
        self.groups: list[ItemGroup] = []
        self.joints: set[int] = set()

    def block(self, block: Block) -> Block:
        if isinstance(block, LoopCard):
            return replace(block, parts=[self.block(part) for part in block.parts])
        kept_count = max(int(self.share * len(block.items)) - 1, 0)
        rank = {i: (self.items[i].mark == 0, -self.items[i].flops, -self.items[i].bytes) for i in block.items}
        kept = {*sorted(rank, key=rank.__getitem__)[:kept_count]}
        group = ItemGroup([])
        for i in (i for i in block.items if i in kept):
            self.stands[i] = self.result.add([group], replace(self.items[i]))
        others = [i for i in block.items if i not in kept]
        if others:
            joint = self.result.add([group], _joined([self.items[i] for i in others]))
            self.joints.add(joint)
            self.stands |= dict.fromkeys(others, joint)
        self.groups += [group] * len(group.items)
        return group

    def links(self, at: int, sources: list[int]) -> list[int]:
        """Renumber arrows; a box for several items has none in its own group, because it has no one place there."""
        numbers = dict.fromkeys(self.stands[k] for k in sources)
        return [k for k in numbers if self.groups[k] is not self.groups[at] or self.joints.isdisjoint((at, k))]


def _joined(items: Sequence[Item]) -> Item:
    flops, bytes_moved = sum(i.flops for i in items), sum(i.bytes for i in items)
    kinds = Counter(i.kind for i in items)
    tip = [", ".join(f"{n} {kind}" for kind, n in kinds.items())]
    joined = Item([Part(f"{len(items)} more")], "with less work", tip, "", items[0].loop, flops, bytes_moved)
    joined.before = [k for i in items for k in i.before]
    return joined
