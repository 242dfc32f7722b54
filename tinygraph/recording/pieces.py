"""Pieces of an array: which node was written in which region."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.node import Node
from .region import ALL, Region, overlap


class Pieces:
    """Maps regions of one array, no two of which overlap, to the nodes that were written there.

    While all of them are one place along the same axis, as in ``h[t] = v``, looking for what a region meets takes the
    same time for any number of them.
    """

    def __init__(self) -> None:
        self.nodes: dict[Region, Node] = {}
        self.lane: int | None = None
        self.others: tuple[Region, Region] = ((), ())

    def along(self, key: Any) -> tuple[tuple[Any, ...], Region] | None:
        """For a key like ``t`` or ``:, t``, one place in the lane: its index and its region; else None."""
        lane, index = self.lane, key if type(key) is tuple else (key,)
        if lane is None or len(index) <= lane or type(index[lane]) is not int or index[lane] < 0:
            return None
        for k, part in enumerate(index):
            if k != lane and not (type(part) is slice and part == ALL):
                return None
        before, after = self.others
        return None if len(index) > 1 + len(before) + len(after) else (index, (*before, index[lane], *after))

    def met_by(self, region: Region, lane: int | None) -> list[Region]:
        """The regions that share a place with ``region``, which has this `lane_of`."""
        if not self.nodes or (lane is not None and lane == self.lane):
            return [region] if region in self.nodes else []
        return [other for other in self.nodes if overlap(region, other)]

    def put(self, region: Region, lane: int | None, node: Node) -> None:
        """Notes what is written in a region that meets no other."""
        self.lane = lane if not self.nodes or lane == self.lane else None
        if self.lane is not None:
            self.others = region[: self.lane], region[self.lane + 1 :]
        self.nodes[region] = node

    def exchange(self, new: Callable[[Node], Node]) -> None:
        for region, node in self.nodes.items():
            self.nodes[region] = new(node)
