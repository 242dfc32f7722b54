"""Routes of arrows as Bezier curves: between rows, past boxes, and through the gutters."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

from ...core.node import Node
from ..picture import Point
from ..shown.folding import Folded, Link
from .layers import THREAD
from .spots import Placed, Spot

PORT = 24.0
"""Largest distance between two ports at one side of a box."""
BEND = 14.0
"""Radius of the turn of an arrow from the side of a bar, and its distance from boxes over which it runs."""


class Route(NamedTuple):
    """A chain of cubic Bezier curves from ``link.source`` to ``node``; ``through``: it runs sideways, through time."""

    link: Link
    node: Node
    points: list[Point]
    through: bool


def routes(folded: Folded, placed: Placed) -> list[Route]:
    """Returns the route of every arrow, in the order of their target boxes."""
    pairs = [(link, node) for node in folded.nodes for link in folded.arrows[node]]
    level = {i for i, (link, node) in enumerate(pairs) if _crosses(placed, link, node)}
    rows = _in_rows(placed)
    lanes = _lanes(placed, pairs)
    ports = _ports(placed, pairs, level, lanes)
    result = []
    for i, (link, node) in enumerate(pairs):
        a, b = placed.spots[link.source], placed.spots[node]
        # A box may stand in a column that the bar over columns which it reads does not span.
        aside = a.column is None is not b.column and a.y >= b.y
        aside = aside and abs(placed.bends[node, None][-1][0] - a.x) > a.width / 2 - 10
        if i in level:
            points = _sideways(placed, a, b, rows)
        elif aside:
            points = _from_side(placed, a, (node, b), ports[i, 1])
        else:
            points = _upwards(placed, (link.source, a), (node, b), (ports[i, 0], ports[i, 1]), lanes.get(i, 0.0))
        result.append(Route(link, node, points, i in level or aside))
    return result


def _crosses(placed: Placed, link: Link, node: Node) -> bool:
    a, b = placed.spots[link.source], placed.spots[node]
    return a.column is not None and b.column is not None and (a.column != b.column or a.row == b.row)


def _in_rows(placed: Placed) -> dict[tuple[int | None, int], list[Spot]]:
    """Maps column and row to the boxes there, from left to right."""
    rows: dict[tuple[int | None, int], list[Spot]] = {}
    for spot in sorted(placed.spots.values(), key=lambda x: x.x):
        rows.setdefault((spot.column, spot.row), []).append(spot)
    return rows


def _lanes(placed: Placed, pairs: list[tuple[Link, Node]]) -> dict[int, float]:
    """Returns sideways offsets of arrows that share their bends: from several bars under a box, the lowest is left."""
    sharing: dict[Node, list[int]] = {}
    for i, (link, node) in enumerate(pairs):
        a, b = placed.spots[link.source], placed.spots[node]
        if a.column is None and b.column is not None and a.y < b.y:
            sharing.setdefault(node, []).append(i)
    offsets: dict[int, float] = {}
    for arrows in sharing.values():
        arrows.sort(key=lambda i: (placed.spots[pairs[i][0].source].y, i))
        offsets |= {i: (k - (len(arrows) - 1) / 2) * THREAD for k, i in enumerate(arrows)}
    return offsets


def _ports(
    placed: Placed, pairs: list[tuple[Link, Node]], level: set[int], lanes: dict[int, float]
) -> dict[tuple[int, int], float]:
    """Maps each upward arrow and end (0, 1) to the x of its port; at each side they are in the order of other ends."""
    sides: dict[tuple[Node, int], list[tuple[float, int, int]]] = {}
    for i, (link, node) in enumerate(pairs):
        if i not in level:
            a, b = placed.spots[link.source], placed.spots[node]
            up, offset = 1 if b.y >= a.y else -1, lanes.get(i, 0.0)
            bends = placed.bends.get(_bend_key(link.source, a, node, b))
            start, end = (bends[0][0] + offset, bends[-1][0] + offset)[::up] if bends else (b.x, a.x)
            if not bends and a.column is None and b.column is None and abs(a.row - b.row) > 1:
                # Past the bars between, away from the texts in the middle of the bars.
                start = end = max(a.x - a.width / 2, b.x - b.width / 2) + PORT
            sides.setdefault((link.source, up), []).append((start, i, 0))
            sides.setdefault((node, -up), []).append((end, i, 1))
    ports: dict[tuple[int, int], float] = {}
    for (node, _), ends in sides.items():
        spot = placed.spots[node]
        ends.sort()
        room = min(PORT, (spot.width - 16) / len(ends))
        for k, (other, i, index) in enumerate(ends):
            x = spot.x + (k - (len(ends) - 1) / 2) * room
            if spot.column is None:
                # The port on a bar is vertically below or above the other end, if the bar is wide enough.
                x = min(max(other, spot.x - spot.width / 2 + 10), spot.x + spot.width / 2 - 10)
            ports[i, index] = x
    return ports


def _bend_key(source: Node, a: Spot, node: Node, b: Spot) -> tuple[Node | None, Node | None]:
    """Returns the key of an arrow in `Placed.bends`: the lower end first, None for a bar and a box in a column."""
    low, high = ((source, a), (node, b)) if a.y < b.y else ((node, b), (source, a))
    if a.column is None and b.column is None:
        return low[0], high[0]
    return (None if low[1].column is None else low[0], None if high[1].column is None else high[0])


def _upwards(
    placed: Placed, source: tuple[Node, Spot], target: tuple[Node, Spot], ports: Point, offset: float
) -> list[Point]:
    """Returns the route from the top of one box to the foot of another, past boxes between; downward is mirrored."""
    (node, a), (other, b) = source, target
    up = 1 if b.y >= a.y else -1
    bends = [(x + offset, y) for x, y in placed.bends.get(_bend_key(node, a, other, b), [])]
    if (a.column is None) != (b.column is None):
        # The bend next to the bar is dropped: the port on the bar has the same place.
        bends = bends[:-1] if max(a, b, key=lambda s: s.y).column is None else bends[1:]
        if not bends:
            ports = (ports[a.column is None],) * 2  # upright from the box
    if up < 0:
        bends = bends[::-1]
    points: list[Point] = [(ports[0], a.y + up * placed.grid.half)]
    for x, y in bends:
        climb(points, (x, y - up * placed.grid.half))
        straight(points, (x, y + up * placed.grid.half))
    (climb if bends else straight)(points, (ports[1], b.y - up * placed.grid.half))
    return points


def _from_side(placed: Placed, a: Spot, target: tuple[Node, Spot], port: float) -> list[Point]:
    """Returns the route from the side of a bar, along over the columns, and down to a box."""
    node, b = target
    (x, _), *bends = placed.bends[node, None][::-1]
    side = 1 if x > a.x else -1
    points = [(a.x + side * a.width / 2, a.y)]
    straight(points, (x - side * BEND, a.y))
    turn(points, (x, a.y - BEND), level=True)
    for bend, y in bends:
        rise(points, (bend, y + placed.grid.half))
        straight(points, (bend, y - placed.grid.half))
    rise(points, (port, b.y + placed.grid.half))
    return points


def straight(points: list[Point], end: Point) -> None:
    (x0, y0), (x1, y1) = points[-1], end
    points += [((2 * x0 + x1) / 3, (2 * y0 + y1) / 3), ((x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3), end]


def climb(points: list[Point], end: Point) -> None:
    """Append a curve that is vertical at both ends."""
    (x0, y0), (x1, y1) = points[-1], end
    bow = (y1 - y0) * 0.5
    points += [(x0, y0 + bow), (x1, y1 - bow), end]


def rise(points: list[Point], end: Point, slack: float = 0.1) -> None:
    """Append a climb, or a straight line if it is upright but for the slack."""
    (climb if abs(end[0] - points[-1][0]) > slack else straight)(points, end)


def swing(points: list[Point], end: Point) -> None:
    """Append a curve that is horizontal at both ends."""
    (x0, y0), (x1, y1) = points[-1], end
    bow = (x1 - x0) * 0.55
    points += [(x0 + bow, y0), (x1 - bow, y1), end]


def turn(points: list[Point], end: Point, *, level: bool) -> None:
    """Append a quarter turn; ``level``: it starts horizontally."""
    (x0, y0), (x1, y1) = points[-1], end
    corner = (x1, y0) if level else (x0, y1)
    points += [((x0 + corner[0]) / 2, (y0 + corner[1]) / 2), ((x1 + corner[0]) / 2, (y1 + corner[1]) / 2), end]


def along(points: list[Point], corners: list[Point], bend: float, *, level: bool = True) -> None:
    """Append a route round corners, in turns level and upright, to the last point; ``level``: how it starts."""
    for (x, y), (after_x, after_y) in pairwise(corners):
        before_x, before_y = points[-1]
        if level:
            straight(points, (x - math.copysign(bend, x - before_x), y))
            turn(points, (x, y + math.copysign(bend, after_y - y)), level=True)
        else:
            straight(points, (x, y - math.copysign(bend, y - before_y)))
            turn(points, (x + math.copysign(bend, after_x - x), y), level=False)
        level = not level
    straight(points, corners[-1])


def leave(box: Spot, side: int, half: float, *, is_free: bool, past: float = BEND) -> list[Point]:
    """Returns the start of a route at the side of a box, or from its top over the boxes there; ``half`` its height."""
    if is_free:
        return [(box.x + side * box.width / 2, box.y)]
    points = [(box.x + side * box.width / 4, box.y + half)]
    turn(points, (box.x + side * (box.width / 4 + 8), box.y + half + past), level=False)
    return points


def enter(points: list[Point], box: Spot, side: int, half: float, *, is_free: bool, past: float = BEND) -> None:
    """Append the end of a route, straight to the side of a box, or under the boxes there and up to its foot."""
    if is_free:
        straight(points, (box.x + side * box.width / 2, box.y))
    else:
        straight(points, (box.x + side * (box.width / 4 + 8), box.y - half - past))
        turn(points, (box.x + side * box.width / 4, box.y - half), level=True)


def _sideways(placed: Placed, a: Spot, b: Spot, rows: dict[tuple[int | None, int], list[Spot]]) -> list[Point]:
    """Returns the route from the side of one box to the side of another in its row, or in another column.

    If another box of the row is in between, the arrow leaves over the box, or enters from under it.
    """
    assert a.column is not None and b.column is not None
    direction, half, past = 1 if b.x > a.x else -1, placed.grid.half, placed.grid.past
    if a.column == b.column:
        is_free = not any(min(a.x, b.x) < x.x < max(a.x, b.x) for x in rows[a.column, a.row])
        points = leave(a, direction, half, is_free=is_free, past=past)
        if is_free:
            enter(points, b, -direction, half, is_free=True)
        else:  # down to its top, over the boxes between
            straight(points, (b.x - direction * (b.width / 4 + 8), points[-1][1]))
            turn(points, (b.x - direction * b.width / 4, b.y + half), level=True)
        return points
    out, into = placed.edges[a.column][direction > 0], placed.edges[b.column][direction < 0]
    points = leave(a, direction, half, is_free=rows[a.column, a.row][-(direction > 0)] == a, past=past)
    straight(points, (out, points[-1][1]))
    is_free = rows[b.column, b.row][-(direction < 0)] == b
    end = (into, b.y if is_free else b.y - half - past)
    if abs(b.column - a.column) > 1:
        _over(placed, points, end, direction)
    else:
        swing(points, end)
    enter(points, b, -direction, half, is_free=is_free, past=past)
    return points


def _over(placed: Placed, points: list[Point], end: Point, direction: int) -> None:
    """Route over the columns between: up in one gutter, sideways over the bands, down in another gutter.

    The lane depends on the gutter where the arrow starts, so that neighbouring arrows do not overlap.
    """
    start = points[-1][0]
    lane = placed.top + 6 + 6 * (int(abs(start) / placed.grid.gutter) % 4)
    up, down = start + direction * placed.grid.gutter / 2, end[0] - direction * placed.grid.gutter / 2
    turn(points, (up, points[-1][1] + 20), level=True)
    straight(points, (up, lane - 12))
    turn(points, (up + direction * 12, lane), level=False)
    straight(points, (down - direction * 12, lane))
    turn(points, (down, lane - 12), level=True)
    straight(points, (down, end[1] + 20))
    turn(points, end, level=False)
