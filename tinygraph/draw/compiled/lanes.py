"""Ways of a compiled picture's arrows: up within a group, round it to the next step, and from block to block."""

from __future__ import annotations

from collections.abc import Sequence

from ..layout.layers import FOOT, TOP
from ..layout.routes import climb, straight, turn
from ..picture import Point
from .frames import LANE, TRACK, Frame, centres, height_of
from .items import Item

PORT = 16.0
"""Most room between two arrows at one side of a box."""

Ends = tuple[int, int]


class GroupRoutes:
    """The arrows of one group.

    Attributes:
        at: where its items stand.
        number: of each item its number in the group's layout.
    """

    def __init__(self, found: Frame, items: Sequence[Item], widths: Sequence[float]) -> None:
        self.found, self.items, self.widths = found, items, widths
        self.at = centres(found)
        self.number = {i: k for k, i in enumerate(self.at)} | {TOP: TOP, FOOT: FOOT}

    def upward(self) -> dict[Ends, list[Point]]:
        """From op to op of the same step."""
        pairs = [(a, b) for b in self.at for a in self.items[b].before if a in self.at]
        ports = self._ports(pairs)
        ways: dict[Ends, list[Point]] = {}
        for a, b in pairs:
            points: list[Point] = [(ports[a, b, True], self._top(a))]
            self._thread(points, self._bends(a, b))
            self._reach(points, (ports[a, b, False], self._foot(b)))
            ways[a, b] = points
        return ways

    def round(self) -> dict[Ends, list[Point]]:
        """From an op over the top, beside the group and under its foot to the op that takes it at the next step."""
        pairs = [(a, b) for b in self.at for a in self.items[b].late if a in self.at]
        found, ways = self.found, {}
        for a, b in pairs:
            side, lane = found.lanes[a]
            x = found.middle + side * (found.layout.half + LANE * (lane + 0.5))
            up, down = self._bends(a, TOP), self._bends(FOOT, b)
            points: list[Point] = [(self.at[a][0], self._top(a))]
            self._thread(points, up[:-1])
            high, low = found.foot + found.height - 10 + 5 * lane, found.foot + 8 - 5 * lane
            leave = up[-1][0] + found.middle if len(up) > 1 else points[0][0]
            port = self.at[b][0] + side * min(self.widths[b] / 2 - 10, 24)
            enter = down[0][0] + found.middle if len(down) > 1 else port
            self._reach(points, (leave, high - 8))
            turn(points, (points[-1][0] + side * 8, high), level=False)
            straight(points, (x - side * 8, high))
            turn(points, (x, high - 8), level=True)
            straight(points, (x, low + 8))
            turn(points, (x - side * 8, low), level=False)
            straight(points, (enter + side * 8, low))
            turn(points, (enter, low + 8), level=True)
            self._thread(points, down[1:])
            self._reach(points, (port, self._foot(b)))
            ways[a, b] = points
        return ways

    def _top(self, i: int) -> float:
        return self.at[i][1] + height_of(self.items[i]) / 2

    def _foot(self, i: int) -> float:
        return self.at[i][1] - height_of(self.items[i]) / 2

    def _bends(self, a: int, b: int) -> list[tuple[float, int]]:
        return self.found.layout.bends.get((self.number[a], self.number[b]), [])

    def _thread(self, points: list[Point], bends: list[tuple[float, int]]) -> None:
        """Past the boxes of the rows between."""
        for x, row in bends:
            self._reach(points, (x + self.found.middle, self.found.foot + self.found.feet[row]))
            straight(points, (points[-1][0], self.found.foot + self.found.tops[row]))

    def _reach(self, points: list[Point], end: Point) -> None:
        (climb if abs(end[0] - points[-1][0]) > 1 else straight)(points, end)

    def _ports(self, pairs: list[Ends]) -> dict[tuple[int, int, bool], float]:
        """Where each arrow leaves its lower box (True) and enters its upper one, in the order of the other ends."""
        sides: dict[tuple[int, bool], list[tuple[float, Ends]]] = {}
        for a, b in pairs:
            bends = self._bends(a, b)
            first, last = (
                (bends[0][0], bends[-1][0])
                if bends
                else (self.at[b][0] - self.found.middle, self.at[a][0] - self.found.middle)
            )
            sides.setdefault((a, True), []).append((first, (a, b)))
            sides.setdefault((b, False), []).append((last, (a, b)))
        found: dict[tuple[int, int, bool], float] = {}
        for (i, leaves), ends in sides.items():
            room = min(PORT, (self.widths[i] - 16) / len(ends))
            for k, (_, (a, b)) in enumerate(sorted(ends)):
                found[a, b, leaves] = self.at[i][0] + (k - (len(ends) - 1) / 2) * room
        return found


def across(parts: Sequence[Frame], pairs: Sequence[Ends], floor: float) -> dict[Ends, list[Point]]:
    """From block to block of a row: straight between neighbours, else on a track of its own under all of them."""
    ways: dict[Ends, list[Point]] = {}
    leaving, entering = _stations(parts, pairs)
    far = sorted((p for p in pairs if p[1] - p[0] > 1), key=lambda p: (p[1] - p[0], p))
    tracks = {p: floor - 16 - TRACK * k for k, p in enumerate(far)}
    for a, b in pairs:
        if (a, b) not in tracks:
            low = min(parts[a], parts[b], key=lambda p: p.height)
            y = low.foot + low.height / 2
            ways[a, b] = [(parts[a].left + parts[a].width + parts[a].behind, y)]
            straight(ways[a, b], (parts[b].left, y))
            continue
        x, end, y = leaving[a, b], entering[a, b], tracks[a, b]
        points: list[Point] = [(x, parts[a].foot)]
        straight(points, (x, y + 8))
        turn(points, (x + 8, y), level=False)
        straight(points, (end - 8, y))
        turn(points, (end, y + 8), level=True)
        straight(points, (end, parts[b].foot))
        ways[a, b] = points
    return ways


def _stations(parts: Sequence[Frame], pairs: Sequence[Ends]) -> tuple[dict[Ends, float], dict[Ends, float]]:
    """Where the arrows of the tracks leave a block's foot, on its right, and where they enter one, on its left."""
    leaving: dict[Ends, float] = {}
    entering: dict[Ends, float] = {}
    for k, part in enumerate(parts):
        out = sorted((p for p in pairs if p[0] == k and p[1] > k + 1), key=lambda p: p[1])
        into = sorted((p for p in pairs if p[1] == k and p[0] < k - 1), key=lambda p: p[0])
        for n, p in enumerate(out):
            leaving[p] = part.left + part.width - 14 - 12 * n
        for n, p in enumerate(reversed(into)):
            entering[p] = part.left + 14 + 12 * n
    return leaving, entering
