"""Ways of gradients that spread or gather over time: from a bar's gradient to all columns, and on to a parameter's."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

from ...core.node import Node
from ..layout.pairs import Paired, top_of, turned
from ..layout.place import HEIGHT, Placed, Spot
from ..layout.routes import Route, climb, routes, straight, turn
from ..picture import Point
from ..shown.folding import Folded, Link
from ..shown.regions import OVER, UNDER, Regions
from .mirror import Mirror

BEND, STEP = 14.0, 8.0
"""Size of a rail's turns, and distance of rails that run side by side."""
CHANNELS = 2
"""So many rails have room between the boxes of a column and its right end."""
CLOSE = 7.0
"""How far over or under a box the gradient's ways through time run."""
NEAR, SIDE = 13.0, 20.0
"""How far from a bar's gradient a rail runs along, and from its middle it starts."""


class Return(NamedTuple):
    """The way of a gradient to ``node``, its box, along ``back``, the counterpart of ``link``."""

    back: Link
    node: Node
    link: Link
    points: list[Point]


def channels(placed: Placed, folded: Folded) -> dict[Node, int]:
    """Boxes whose share of a parameter's gradient runs down at the right end of their column, and the place there.

    Those that stand last in their row and use one parameter; the highest, which would pass most boxes, first.
    """
    rows: dict[tuple[int, int], tuple[float, Node]] = {}
    for node in folded.nodes:
        spot = placed.spots[node]
        if spot.column is not None:
            key = (spot.column, -spot.row)
            rows[key] = max(rows.get(key, (spot.x, node)), (spot.x, node), key=lambda x: x[0])
    count: Counter[int] = Counter()
    found = {}
    for (column, _), (_, node) in sorted(rows.items(), key=lambda x: x[0]):
        uses = sum(link.source in folded.names for link in folded.arrows[node])
        if uses == 1 and count[column] < CHANNELS:
            found[node] = count[column]
            count[column] += 1
    return found


def without_rails(folded: Folded, taken: dict[Node, int]) -> Folded:
    """The graph without the arrows from parameters for which there is a channel."""
    names = folded.names
    arrows = {x: [y for y in ys if x not in taken or y.source not in names] for x, ys in folded.arrows.items()}
    return replace(folded, arrows=arrows)


def gradient_ways(
    found: Mirror, folded: Folded, where: Regions, paired: Paired, taken: dict[Node, int]
) -> list[Return]:
    """The ways of all gradients, in the order of the boxes that they are for."""
    plain = _plain_ways(found, where, paired)
    rails = _Rails(found, folded, where, paired, taken)
    return [
        Return(back, node, link, plain[back] if back in plain else rails.way(back, node, link))
        for node, links in found.arrows.items()
        for back, link in links
    ]


def _plain_ways(found: Mirror, where: Regions, paired: Paired) -> dict[Link, list[Point]]:
    """The gradients that run like a forward arrow, in the plane turned by half a circle."""
    spots = paired.placed.spots
    arrows = {
        node: [
            back for back, link in links if where.place[link.source] != UNDER and _near(spots[back.source], spots[node])
        ]
        for node, links in found.arrows.items()
    }
    run = Folded(nodes=list(arrows), arrows=arrows)
    level, upright = routes(run, turned(paired.placed)), routes(run, turned(paired.ports))
    ways = [a if a.through else b for a, b in zip(level, upright, strict=True)]
    return {way.link: [(-x, -y) for x, y in _own_lanes(way, paired.placed)] for way in ways}


def _own_lanes(way: Route, placed: Placed) -> list[Point]:
    """Where a way through time runs along over or under a box, nearer to it than forward arrows do."""
    if not way.through:
        return way.points
    a, b = placed.spots[way.link.source], placed.spots[way.node]
    lanes = {-a.y + HEIGHT / 2 + 14: -a.y + HEIGHT / 2 + CLOSE, -b.y - HEIGHT / 2 - 14: -b.y - HEIGHT / 2 - CLOSE}
    return [(x, lanes.get(y, y)) for x, y in way.points]


def _near(a: Spot, b: Spot) -> bool:
    """Whether both stand in columns, or both over them with no bar between."""
    return (a.column is None) == (b.column is None) and (a.column is not None or abs(a.row - b.row) == 1)


class _Rails:
    """Ways along lanes: over the columns one for each bar, at their right side one for each box that needs it."""

    def __init__(self, found: Mirror, folded: Folded, where: Regions, paired: Paired, taken: dict[Node, int]) -> None:
        self.channels = {found.twins[x]: k for x, k in taken.items() if x in found.twins}
        self.folded, self.where, self.paired = folded, where, paired
        bars = [found.twins[x] for x in folded.nodes if where.place[x] == OVER and x in found.twins]
        self.over = {x: paired.placed.top + BEND + i * STEP for i, x in enumerate(bars)}
        self.beside: dict[tuple[Node, bool], int] = {}
        self.leaving: Counter[Node] = Counter()

    def way(self, back: Link, node: Node, link: Link) -> list[Point]:
        if self.where.place[link.source] == UNDER:
            return self._gathered(back.source, node, link.source in self.folded.names)
        if back.source not in self.over:
            return self._spread(node, back.source)[::-1]
        return self._past(back.source, node) if node in self.over else self._spread(back.source, node)

    def _gathered(self, user: Node, into: Node, parameter: bool) -> list[Point]:
        """Down from the gradient of a box, then along under the columns to the left, into a box that stands there."""
        end = self.paired.placed.spots[into]
        if user in self.over:
            points = self._out(user, parameter)
        elif self.paired.placed.spots[user].column is None:
            return _piled(self.paired.placed.spots[user], end)
        elif parameter and user in self.channels:
            points = _aside(self.paired.placed, user, self.channels[user])
        else:
            points = _drop(self.paired.ports, user, -self.leaving[user] * STEP)
            self.leaving[user] += 1
        lane = end.y if parameter else top_of(end, 1) + STEP
        _along(points, lane, -1)
        if parameter:
            straight(points, (end.x + end.width / 2, lane))
        else:
            straight(points, (end.x + BEND, lane))
            turn(points, (end.x, top_of(end, 1)), level=True)
        return points

    def _spread(self, bar: Node, node: Node) -> list[Point]:
        """From the gradient of a bar along over the columns to the left, then down to the gradient of a box."""
        start, lane = self.paired.placed.spots[bar], self.over[bar]
        points = _climb(self.paired.ports, node)
        _along(points, lane, 1)
        if start.row:
            way = self._out(bar, False)
            straight(points, (way[-1][0] - BEND, lane))
            turn(points, (way[-1][0], lane + BEND), level=True)
            straight(points, way[-1])
            return [*way, *points[-2::-1]]
        straight(points, (start.x - BEND, lane))
        turn(points, (start.x, lane + BEND), level=True)
        straight(points, (start.x, top_of(start, -1)))
        return points[::-1]

    def _past(self, user: Node, node: Node) -> list[Point]:
        """From bar to bar, past those between."""
        end = self.paired.placed.spots[node]
        points = self._out(user, False)
        x, foot = points[-1][0], top_of(end, 1)
        straight(points, (x, foot + NEAR + BEND))
        turn(points, (x - BEND, foot + NEAR), level=False)
        straight(points, (end.x + SIDE + BEND, foot + NEAR))
        turn(points, (end.x + SIDE, foot), level=True)
        return points

    def _out(self, bar: Node, aside: bool) -> list[Point]:
        """From the gradient of a bar to a lane of its own at the right of all."""
        spot = self.paired.placed.spots[bar]
        x = self.paired.side + BEND + STEP * self.beside.setdefault((bar, aside), len(self.beside))
        start, lane = spot.x + SIDE + STEP * aside, top_of(spot, -1) - NEAR + 5 * aside
        points = [(start, top_of(spot, -1))]
        turn(points, (start + STEP, lane), level=False)
        straight(points, (x - BEND, lane))
        turn(points, (x, lane - BEND), level=True)
        return points


def _along(points: list[Point], lane: float, way: int) -> None:
    """On to a lane, upright, and the turn into it: from above to the left, or from below to the right."""
    x, _ = points[-1]
    straight(points, (x, lane - way * BEND))
    turn(points, (x + way * BEND, lane), level=False)


def _drop(ports: Placed, node: Node, aside: float) -> list[Point]:
    spot = ports.spots[node]
    bends = ports.bends.get((None, node), [])
    # Beside the arrow to the box below, on the side to which it is going to part from it.
    way = 1 if len(bends) > 1 and bends[-1][0] > spot.x else -1
    points = [(spot.x + way * min(BEND, spot.width / 2) + aside, top_of(spot, -1))]
    for x, y in bends[:0:-1]:
        climb(points, (x + aside, y + 20))
        straight(points, (x + aside, y - 20))
    straight(points, (points[-1][0], ports.foot))
    return points


def _aside(placed: Placed, node: Node, channel: int) -> list[Point]:
    """Out under a box to the right end of its column, and down there."""
    spot = placed.spots[node]
    assert spot.column is not None
    x, lane = placed.edges[spot.column][1] - 5.0 - 7.0 * channel, top_of(spot, -1) - NEAR
    start = spot.x + spot.width / 2 - BEND
    points = [(start, top_of(spot, -1))]
    turn(points, (start + STEP, lane), level=False)
    straight(points, (x - STEP, lane))
    turn(points, (x, lane - STEP), level=True)
    straight(points, (x, placed.foot))
    return points


def _climb(ports: Placed, node: Node) -> list[Point]:
    spot = ports.spots[node]
    points = [(spot.x, top_of(spot, 1))]
    for x, y in ports.bends.get((node, None), [])[:-1]:
        climb(points, (x, y - 20))
        straight(points, (x, y + 20))
    straight(points, (points[-1][0], ports.top))
    return points


def _piled(start: Spot, end: Spot) -> list[Point]:
    """Between two boxes of the pile at the left, on their far side."""
    x = min(start.x - start.width / 2, end.x - end.width / 2) - BEND
    points = [(start.x - start.width / 2, start.y)]
    straight(points, (x + BEND, start.y))
    turn(points, (x, start.y - BEND), level=True)
    straight(points, (x, end.y + BEND))
    turn(points, (x + BEND, end.y), level=False)
    straight(points, (end.x - end.width / 2, end.y))
    return points
