"""Routes of arrows in the compiled view: within a group, around it to the next step, between blocks."""

from __future__ import annotations

from collections.abc import Sequence

from ..layout.layers import FOOT, TOP
from ..layout.routes import along, rise, straight, turn
from ..picture import Point
from .frames import LANE, TRACK
from .items import Block, Item, ItemGroup

PORT = 16.0
"""Largest distance between two ports at one side of a box."""
BEND, SLACK = 8.0, 1.0
"""Radius of a turn; how far an upright line may lean."""

Ends = tuple[int, int]


class GroupRoutes:
    """The arrows of one group."""

    def __init__(self, group: ItemGroup, items: Sequence[Item]) -> None:
        self.group, self.items = group, {i: items[i] for i in group.items}

    def upward(self) -> dict[Ends, list[Point]]:
        """Returns the routes from op to op of the same step."""
        pairs = [(a, b) for b, x in self.items.items() for a in x.before if a in self.items]
        ports = self._ports(pairs)
        routes: dict[Ends, list[Point]] = {}
        for a, b in pairs:
            points: list[Point] = [(ports[a, b, True], self._top(a))]
            self._thread(points, self._bends(a, b))
            rise(points, (ports[a, b, False], self._foot(b)), SLACK)
            routes[a, b] = points
        return routes

    def round(self) -> dict[Ends, list[Point]]:
        """Returns the routes to the next step: over the group's top, down beside it, and from below into the user."""
        pairs = [(a, b) for b, x in self.items.items() for a in x.late if a in self.items]
        group, routes = self.group, {}
        for a, b in pairs:
            side, lane = group.lanes[a]
            x = group.middle + side * (group.half + LANE * (lane + 0.5))
            up, down = self._bends(a, TOP), self._bends(FOOT, b)
            points: list[Point] = [(self.items[a].x, self._top(a))]
            self._thread(points, up[:-1])
            high, low = group.foot + group.height - 10 + 5 * lane, group.foot + 8 - 5 * lane
            leave = up[-1][0] + group.middle if len(up) > 1 else points[0][0]
            port = self.items[b].x + side * min(self.items[b].width / 2 - 10, 24)
            enter = down[0][0] + group.middle if len(down) > 1 else port
            rise(points, (leave, high - BEND), SLACK)
            turn(points, (leave + side * BEND, high), level=False)
            along(points, [(x, high), (x, low), (enter + side * BEND, low)], BEND)
            turn(points, (enter, low + BEND), level=True)
            self._thread(points, down[1:])
            rise(points, (port, self._foot(b)), SLACK)
            routes[a, b] = points
        return routes

    def _top(self, i: int) -> float:
        return self.items[i].y + self.items[i].height / 2

    def _foot(self, i: int) -> float:
        return self.items[i].y - self.items[i].height / 2

    def _bends(self, a: int, b: int) -> list[tuple[float, int]]:
        return self.group.bends.get((a, b), [])

    def _thread(self, points: list[Point], bends: list[tuple[float, int]]) -> None:
        """Extend the route past the boxes of the rows between."""
        for x, row in bends:
            rise(points, (x + self.group.middle, self.group.foot + self.group.feet[row]), SLACK)
            straight(points, (points[-1][0], self.group.foot + self.group.tops[row]))

    def _ports(self, pairs: list[Ends]) -> dict[tuple[int, int, bool], float]:
        """Returns the ports of each arrow: (source, target, True) at the lower box, False at the upper box."""
        sides: dict[tuple[int, bool], list[tuple[float, Ends]]] = {}
        for a, b in pairs:
            ends = [x for x, _ in self._bends(a, b)] or [self.items[i].x - self.group.middle for i in (b, a)]
            sides.setdefault((a, True), []).append((ends[0], (a, b)))
            sides.setdefault((b, False), []).append((ends[-1], (a, b)))
        ports: dict[tuple[int, int, bool], float] = {}
        for (i, leaves), arrows in sides.items():
            room = min(PORT, (self.items[i].width - 16) / len(arrows))
            for k, (_, (a, b)) in enumerate(sorted(arrows)):
                ports[a, b, leaves] = self.items[i].x + (k - (len(arrows) - 1) / 2) * room
        return ports


def across(parts: Sequence[Block], pairs: Sequence[Ends]) -> dict[Ends, list[Point]]:
    """Returns the routes between blocks of a row: straight to a neighbour, else on a track of its own under all.

    Tracks leave a block's foot at its right, and enter one at its left, those of near blocks outside.
    """
    routes: dict[Ends, list[Point]] = {}
    floor = min((part.foot for part in parts), default=0.0)
    far = sorted((p for p in pairs if p[1] - p[0] > 1), key=lambda p: (p[1] - p[0], p))
    for a, b in pairs:
        first, second = parts[a], parts[b]
        if b - a == 1:
            low = min(first, second, key=lambda p: p.height)
            y = low.foot + low.height / 2
            routes[a, b] = [(first.left + first.width + first.behind, y)]
            straight(routes[a, b], (second.left, y))
            continue
        x = first.left + first.width - 14 - 12 * sum(p[0] == a and p[1] < b for p in far)
        end = second.left + 14 + 12 * sum(p[1] == b and p[0] > a for p in far)
        y = floor - 16 - TRACK * far.index((a, b))
        routes[a, b] = [(x, first.foot)]
        along(routes[a, b], [(x, y), (end, y), (end, second.foot)], BEND, level=False)
    return routes
