"""Pieces of an array: which node was written in which region."""

from __future__ import annotations

from typing import Any

from ..core.node import Node
from .region import ALL, Region, overlap


class Pieces:
    """Maps places of one array, no two of which overlap, to the nodes that were written there.

    While all of them are one place along the same axis, as in ``h[t] = v``, that place stands for the region, and
    looking for what a region meets takes the same time for any number of them.
    """

    def __init__(self) -> None:
        self.nodes: dict[Any, Node] = {}
        self.lane: int | None = None
        self.others: tuple[Region, Region] = ((), ())

    def along(self, key: Any) -> tuple[tuple[Any, ...], int] | None:
        """For a key like ``t`` or ``:, t``, one place in the lane: its index and that place; else None."""
        lane, index = self.lane, key if type(key) is tuple else (key,)
        if lane is None or len(index) <= lane or type(index[lane]) is not int or index[lane] < 0:
            return None
        for part in index[:lane] + index[lane + 1 :]:
            if not (type(part) is slice and part == ALL):
                return None
        return None if len(index) > 1 + len(self.others[0]) + len(self.others[1]) else (index, index[lane])

    def region(self, place: int | Region) -> Region:
        """The region of a place."""
        return (*self.others[0], place, *self.others[1]) if isinstance(place, int) else place

    def at(self, region: Region) -> Node | None:
        """The node that was written in exactly this region."""
        lane = self.lane
        if lane is None:
            return self.nodes.get(region)
        place = region[lane]
        return self.nodes.get(place) if isinstance(place, int) and self.region(place) == region else None

    def met_by(self, region: Region, lane: int | None) -> list[int | Region]:
        """The places that share one with ``region``, which has this `lane_of`."""
        if lane is not None and lane == self.lane:
            return [region[lane]] if region[lane] in self.nodes else []  # type: ignore[list-item]  # an int
        return [place for place in self.nodes if overlap(region, self.region(place))]

    def put(self, region: Region, lane: int | None, node: Node) -> None:
        """Notes what is written in a region that meets no other."""
        if self.lane is not None and lane != self.lane:
            self.nodes = {self.region(place): piece for place, piece in self.nodes.items()}
        self.lane = lane if not self.nodes or lane == self.lane else None
        if self.lane is not None:
            self.others = region[: self.lane], region[self.lane + 1 :]
        self.nodes[region if self.lane is None else region[self.lane]] = node

    def exchange(self, node: Node, other: Node) -> None:
        self.nodes.update({place: other for place, x in self.nodes.items() if x is node})
