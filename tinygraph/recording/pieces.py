"""Pieces of an array: which node was written in which region."""

from __future__ import annotations

from collections.abc import Callable

from ..core.node import Node
from .region import Region, overlap


class Pieces:
    """Maps regions of one array, no two of which overlap, to the nodes that were written there.

    While all of them are one place along the same axis, as in ``h[t] = v``, looking for what a region meets takes the
    same time for any number of them.
    """

    def __init__(self) -> None:
        self.nodes: dict[Region, Node] = {}
        self.lane: int | None = None

    def met_by(self, region: Region, lane: int | None) -> list[Region]:
        """The regions that share a place with ``region``, which has this `lane_of`."""
        if not self.nodes or (lane is not None and lane == self.lane):
            return [region] if region in self.nodes else []
        return [other for other in self.nodes if overlap(region, other)]

    def put(self, region: Region, lane: int | None, node: Node) -> None:
        """Notes what is written in a region that meets no other."""
        self.lane = lane if not self.nodes or lane == self.lane else None
        self.nodes[region] = node

    def exchange(self, new: Callable[[Node], Node]) -> None:
        for region, node in self.nodes.items():
            self.nodes[region] = new(node)
