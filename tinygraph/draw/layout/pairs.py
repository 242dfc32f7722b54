"""Layout of pairs: each box with its gradient's box at its right; and the rotated plane."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from ...core.node import Node
from ..picture import Point
from ..shown.folding import Folded
from ..shown.regions import OVER, UNDER, Regions
from .routes import Route, routes
from .spots import APART, HEIGHT, PORT, Placed, Spot

ROOM = 14.0
"""Least distance of a vertical arrow's port from the end of its box."""


@dataclass
class Paired:
    """Positions of boxes and twins; ``ports``: the same, but each box is where its vertical arrows start.

    ``side``: the right end of all boxes.
    """

    placed: Placed
    ports: Placed
    side: float


def pair_width(forward: float, gradient: float, seam: float) -> float:
    """Returns the width for a box and its gradient's box; a width of 0 means no box."""
    return forward + (seam if forward and gradient else 0) + gradient


def split(placed: Placed, widths: dict[Node, float], twins: dict[Node, Node], where: Regions) -> Paired:
    """Place a box and its twin side by side; the twin of a bar is after the last column, or before the first."""
    real, ports = replace(placed, spots={}, bends={}), replace(placed, spots={}, bends={})
    level: Counter[float] = Counter()
    drawn = [spot for node, spot in placed.spots.items() if spot.column is None and node in widths]
    for node, spot in placed.spots.items():
        twin = twins.get(node)
        if where.place[node] in (OVER, UNDER):
            real.spots[node] = spot
            if twin is not None:
                real.spots[twin] = _beside(placed, drawn, spot, widths[twin], level)
            ports.spots.update((x, real.spots[x]) for x in (node, twin) if x is not None)
            continue
        if twin is None:
            real.spots[node] = ports.spots[node] = spot._replace(width=widths[node])
            continue
        seam = spot.x + (widths[node] - widths[twin]) / 2
        for x, side in ((node, -1), (twin, 1)):
            x_of_box = seam + side * (placed.grid.seam + widths[x]) / 2
            real.spots[x] = box = spot._replace(x=x_of_box, width=widths[x])
            reach = box.width / 2 - ROOM
            port = min(max(spot.x + side * PORT, box.x - reach), box.x + reach)  # for vertical arrows
            ports.spots[x] = box._replace(x=port, width=min(box.width - 2 * abs(port - box.x), 2 * PORT))
    real.bends = ports.bends = _bends(placed, twins)
    return Paired(real, ports, max(s.x + s.width / 2 for s in real.spots.values()))


def _beside(placed: Placed, bars: list[Spot], spot: Spot, wide: float, level: Counter[float]) -> Spot:
    """Returns the place of a bar's twin: at the right of all bars over the columns, or at the left of those under them.

    The region before the first step is at least as wide as the boxes under it.
    """
    if spot.y < 0:
        lefts = [s.x - s.width / 2 for s in bars if s.y < 0] + [x for c, (x, _) in placed.edges.items() if c >= 0]
        x = min(lefts) - placed.grid.gutter / 2 - wide / 2
    else:
        right = max(s.x + s.width / 2 for s in bars if s.y > 0)
        x = right + placed.grid.seam + wide / 2 + level[spot.y] * (wide + placed.grid.seam)
        level[spot.y] += 1
    return Spot(x, spot.y, wide, spot.row, None)


def _bends(placed: Placed, twins: dict[Node, Node]) -> dict[tuple[Node | None, Node | None], list[Point]]:
    """Returns the bends of forward arrows moved to the left, and those of gradient arrows moved to the right."""
    bends = {}
    for (lower, upper), points in placed.bends.items():
        # Straight up from the port if no box is between.
        offset = PORT if upper is None and len(points) == 1 and lower in twins else APART
        bends[lower, upper] = [(x - offset, y) for x, y in points]
        if (lower is None or lower in twins) and (upper is None or upper in twins):
            ends = (None if lower is None else twins[lower], None if upper is None else twins[upper])
            bends[ends] = [(x + offset, y) for x, y in points]
    return bends


def turned(placed: Placed) -> Placed:
    """Rotate the plane by 180 degrees: what ran down and to the left runs up and to the right."""
    spots = {x: Spot(-s.x, -s.y, s.width, -s.row, s.column and -s.column) for x, s in placed.spots.items()}
    bends = {(b, a): [(-x, -y) for x, y in reversed(points)] for (a, b), points in placed.bends.items()}
    edges = {-c: (-right, -left) for c, (left, right) in placed.edges.items()}
    return Placed(placed.grid, spots, bends, edges, -placed.top, -placed.foot)


def paired_routes(folded: Folded, placed: Placed, ports: Placed) -> list[Route]:
    """Returns the routes of arrows: horizontal ones from side to side of the boxes, vertical ones from port to port."""
    return [a if a.through else b for a, b in zip(routes(folded, placed), routes(folded, ports), strict=True)]


def top_of(spot: Spot, up: int) -> float:
    """Returns the y of a box's upper edge, or with ``up = -1`` of its lower edge."""
    return spot.y + up * HEIGHT / 2
