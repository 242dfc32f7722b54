"""Routes of gradients that spread or sum over time: from bars to all columns, and to parameters."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from ...core.node import Node
from ..layout.pairs import Paired, paired_routes, top_of, turned
from ..layout.routes import Route, along, climb, straight, turn
from ..layout.spots import HEIGHT, Placed, Spot
from ..picture import Point
from ..shown.folding import Folded, Link
from ..shown.regions import OVER, UNDER, Regions
from .mirror import Mirror

BEND, STEP = 14.0, 8.0
"""Radius of a rail's turns, and distance between parallel rails."""
CHANNELS = 2
"""Most rails between the boxes of a column and its right edge."""
CLOSE = 7.0
"""Distance over or under a box at which gradients through time pass."""
NEAR, SIDE = 13.0, 20.0
"""Distance of a rail from the edge of a bar's gradient, and of its start from the bar's middle."""


def channels(placed: Placed, folded: Folded) -> dict[Node, int]:
    """Maps boxes whose share of a parameter's gradient runs down at the right end of the column to their channel.

    A box gets a channel if it is the last in its row and uses one parameter; the highest boxes, whose route would pass
    most boxes, come first.
    """
    rows: dict[tuple[int, int], tuple[float, Node]] = {}
    for node in folded.nodes:
        spot = placed.spots[node]
        if spot.column is not None:
            key = (spot.column, -spot.row)
            rows[key] = max(rows.get(key, (spot.x, node)), (spot.x, node), key=lambda x: x[0])
    count: Counter[int] = Counter()
    channel_of = {}
    for (column, _), (_, node) in sorted(rows.items(), key=lambda x: x[0]):
        uses = sum(link.source in folded.names for link in folded.arrows[node])
        if uses == 1 and count[column] < CHANNELS:
            channel_of[node] = count[column]
            count[column] += 1
    return channel_of


def without_rails(folded: Folded, taken: dict[Node, int]) -> Folded:
    """Returns the graph without the links from parameters for which there is a channel."""
    names = folded.names
    arrows = {x: [y for y in ys if x not in taken or y.source not in names] for x, ys in folded.arrows.items()}
    return replace(folded, arrows=arrows)


def gradient_routes(
    mirror: Mirror, where: Regions, paired: Paired, channel_of: dict[Node, int]
) -> Iterator[tuple[Link, Link, list[Point]]]:
    """Yields for each gradient its link, the forward link that it follows, and its route, in the order of the boxes."""
    direct = _direct_routes(mirror, where, paired)
    rails = _Rails(mirror, where, paired, channel_of)
    for back, link in chain.from_iterable(mirror.arrows.values()):
        yield back, link, direct[back] if back in direct else rails.way(back, link)


def reading(placed: Placed, node: Node, twin: Node) -> list[Point]:
    """Returns the route from a box to its gradient: straight, or over the boxes between."""
    a, b = placed.spots[node], placed.spots[twin]
    side = math.copysign(0.5, b.x - a.x)
    row = [x for x in placed.spots.values() if x.y == a.y and x.column is None] if a.column is None else []
    between = sum(min(a.x, b.x) < x.x < max(a.x, b.x) for x in row)
    start, end = a.x + side * a.width, b.x - side * b.width
    if not between:
        points = [(start, a.y)]
        straight(points, (end, b.y))
        return points
    lane, down = top_of(a, 1) + NEAR + CLOSE * (between - 1), end - 2 * side * BEND
    points = [(start - 2 * side * BEND, top_of(a, 1))]
    along(points, [(points[0][0], lane), (down, lane), (down, b.y), (end, b.y)], CLOSE, level=False)
    return points


def _direct_routes(mirror: Mirror, where: Regions, paired: Paired) -> dict[Link, list[Point]]:
    """Maps links to the routes of gradients that run like a forward arrow, in the plane rotated by 180 degrees."""
    spots = paired.placed.spots
    arrows: dict[Node, list[Link]] = {node: [] for node in mirror.arrows}
    for back, link in chain.from_iterable(mirror.arrows.values()):
        a, b = spots[back.source], spots[back.user]
        is_near = abs(a.row - b.row) == 1 if a.column is b.column is None else None not in (a.column, b.column)
        if is_near and where.place[link.source] != UNDER:  # both in columns, or over them with no bar between
            arrows[back.user].append(back)
    links_only = Folded(nodes=[*arrows], arrows=arrows)
    combined = paired_routes(links_only, turned(paired.placed), turned(paired.ports))
    return {route.link: [(-x, -y) for x, y in _own_lanes(route, paired.placed)] for route in combined}


def _own_lanes(route: Route, placed: Placed) -> list[Point]:
    """Returns the route with its lanes over and under boxes moved nearer to the boxes than forward arrows run."""
    if not route.through:
        return route.points
    a, b = placed.spots[route.link.source], placed.spots[route.node]
    lanes = {-a.y + HEIGHT / 2 + 14: -a.y + HEIGHT / 2 + CLOSE, -b.y - HEIGHT / 2 - 14: -b.y - HEIGHT / 2 - CLOSE}
    return [(x, lanes.get(y, y)) for x, y in route.points]


class _Rails:
    """Routes along lanes: one lane over the columns per bar, and one at their right side per box that needs it."""

    def __init__(self, mirror: Mirror, where: Regions, paired: Paired, channel_of: dict[Node, int]) -> None:
        self.channels = {mirror.twins[x]: k for x, k in channel_of.items() if x in mirror.twins}
        self.folded, self.where, self.paired = mirror.folded, where, paired
        bars = [mirror.twins[x] for x in mirror.folded.nodes if where.place[x] == OVER and x in mirror.twins]
        ends = [{back.source, back.user} for links in mirror.arrows.values() for back, _ in links]
        level = {x for pair in ends if any(paired.placed.spots[y].column is not None for y in pair) for x in pair}
        lanes = {x: i for i, x in enumerate(x for x in bars if x in level)}
        step = paired.placed.grid.lane
        self.over = {x: paired.placed.over + BEND + lanes.get(x, 0) * step for x in bars}
        self.beside: dict[tuple[Node, bool], int] = {}
        self.leaving: Counter[Node] = Counter()

    def way(self, back: Link, link: Link) -> list[Point]:
        node = back.user
        if self.where.place[link.source] == UNDER:
            return self._gathered(back.source, node, link.source in self.folded.names)
        if back.source not in self.over:
            return self._spread(node, back.source)[::-1]
        return self._past(back.source, node) if node in self.over else self._spread(back.source, node)

    def _gathered(self, user: Node, into: Node, parameter: bool) -> list[Point]:
        """Route from the gradient of a box down and then left under the columns, into a box there."""
        end = self.paired.placed.spots[into]
        if user in self.over:
            points = self._out(user, parameter)
        elif self.paired.placed.spots[user].column is None:
            return _piled(self.paired.placed, self.paired.placed.spots[user], end)
        elif parameter and user in self.channels:
            points = _aside(self.paired.placed, user, self.channels[user])
        else:
            points = _drop(self.paired.ports, user, -self.leaving[user] * STEP)
            self.leaving[user] += 1
        lane = end.y if parameter else top_of(end, 1) + STEP
        reach = end.width / 2 if parameter else BEND
        along(points, [(points[-1][0], lane), (end.x + reach, lane)], BEND, level=False)
        if not parameter:
            turn(points, (end.x, top_of(end, 1)), level=True)
        return points

    def _spread(self, bar: Node, node: Node) -> list[Point]:
        """Route from the gradient of a bar left over the columns, then down to the gradient of a box."""
        start, lane = self.paired.placed.spots[bar], self.over[bar]
        points = _climb(self.paired.ports, node)
        way_out = self._out(bar, False) if start.row else [(start.x, top_of(start, -1))]
        x, y = way_out[-1]
        along(points, [(points[-1][0], lane), (x, lane), (x, y)], BEND, level=False)
        return [*way_out, *points[-2::-1]]

    def _past(self, user: Node, node: Node) -> list[Point]:
        """Route from bar to bar, past the bars between."""
        end = self.paired.placed.spots[node]
        points = self._out(user, False)
        x, foot = points[-1][0], top_of(end, 1)
        along(points, [(x, foot + NEAR), (end.x + SIDE + BEND, foot + NEAR)], BEND, level=False)
        turn(points, (end.x + SIDE, foot), level=True)
        return points

    def _out(self, bar: Node, aside: bool) -> list[Point]:
        """Route from the gradient of a bar to a lane of its own at the right of everything."""
        spot = self.paired.placed.spots[bar]
        x = self.paired.side + BEND + STEP * self.beside.setdefault((bar, aside), len(self.beside))
        start, lane = spot.x + SIDE + STEP * aside, top_of(spot, -1) - NEAR + 5 * aside
        points = [(start, top_of(spot, -1))]
        turn(points, (start + STEP, lane), level=False)
        straight(points, (x - BEND, lane))
        turn(points, (x, lane - BEND), level=True)
        return points


def _drop(ports: Placed, node: Node, aside: float) -> list[Point]:
    spot = ports.spots[node]
    bends = ports.bends.get((None, node), [])
    # Start beside the arrow to the box below, on the side where the two routes separate.
    side = 1 if len(bends) > 1 and bends[-1][0] > spot.x else -1
    points = [(spot.x + side * min(BEND, spot.width / 2) + aside, top_of(spot, -1))]
    for x, y in bends[:0:-1]:
        climb(points, (x + aside, y + 20))
        straight(points, (x + aside, y - 20))
    straight(points, (points[-1][0], ports.foot))
    return points


def _aside(placed: Placed, node: Node, channel: int) -> list[Point]:
    """Route that leaves under a box to the right end of its column and runs down there."""
    spot = placed.spots[node]
    assert spot.column is not None
    x, lane = placed.edges[spot.column][1] - 5.0 - 7.0 * channel, top_of(spot, -1) - NEAR
    start = spot.x + spot.width / 2 - BEND
    points = [(start, top_of(spot, -1))]
    turn(points, (start + STEP, lane), level=False)
    along(points, [(x, lane), (x, placed.foot)], STEP)
    return points


def _climb(ports: Placed, node: Node) -> list[Point]:
    spot = ports.spots[node]
    points = [(spot.x, top_of(spot, 1))]
    for x, y in ports.bends.get((node, None), [])[:-1]:
        climb(points, (x, y - 20))
        straight(points, (x, y + 20))
    straight(points, (points[-1][0], ports.top))
    return points


def _piled(placed: Placed, start: Spot, end: Spot) -> list[Point]:
    """Route between two boxes of the pile at the left, on the far side of the pile."""
    right = end.x + end.width / 2
    pile = [x for x in placed.spots.values() if x.x + x.width / 2 == right and end.y <= x.y <= start.y]
    x = min(x.x - x.width / 2 for x in pile) - BEND
    points = [(start.x - start.width / 2, start.y)]
    along(points, [(x, start.y), (x, end.y), (end.x - end.width / 2, end.y)], BEND)
    return points
