"""Places of pairs: each box with its gradient's on its right, and the plane turned so that gradients run upwards."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from ...core.node import Node
from ..picture import Point
from ..shown.regions import OVER, UNDER, Regions
from .place import GUTTER, HEIGHT, Placed, Spot

SEAM, PORT = 24.0, 45.0
"""Points between a box and its gradient's, and from the middle of both to where upright arrows start, if they can."""
ROOM = 14.0
"""Least distance of an upright arrow from the end of its box."""
APART = 5.0
"""Half the distance of an upright arrow and the gradient's beside it where they pass other boxes."""

Bends = dict[tuple[Node | None, Node | None], list[Point]]


@dataclass
class Paired:
    """Places of boxes and twins; ``ports``: the same with each box where its upright arrows start.

    ``side``: the right end of all.
    """

    placed: Placed
    ports: Placed
    side: float


def pair_width(forward: float, gradient: float) -> float:
    """Room for a box and its gradient's; 0 where there is none."""
    return forward + (SEAM if forward and gradient else 0) + gradient


def split(placed: Placed, widths: dict[Node, float], twins: dict[Node, Node], where: Regions) -> Paired:
    """Stand a box and its twin side by side in the room of a pair; a bar's twin at the end of time, or before it."""
    real, ports = replace(placed, spots={}, bends={}), replace(placed, spots={}, bends={})
    level: Counter[float] = Counter()
    for node, spot in placed.spots.items():
        twin = twins.get(node)
        if where.place[node] in (OVER, UNDER):
            _beside(placed, real, (node, twin), spot, widths, level)
            ports.spots.update((x, real.spots[x]) for x in (node, twin) if x is not None)
            continue
        if twin is None:
            real.spots[node] = ports.spots[node] = spot._replace(width=widths[node])
            continue
        seam = spot.x + (widths[node] - widths[twin]) / 2
        for x, way in ((node, -1), (twin, 1)):
            real.spots[x] = spot._replace(x=seam + way * (SEAM + widths[x]) / 2, width=widths[x])
            ports.spots[x] = _port(real.spots[x], spot.x + way * PORT)
    for paired in (real, ports):
        paired.bends = _bends(placed, ports, twins)
    return Paired(real, ports, max(s.x + s.width / 2 for s in real.spots.values()))


def _port(spot: Spot, wanted: float) -> Spot:
    """A box as upright arrows see it: its middle where they start, and no wider than the box is there."""
    reach = spot.width / 2 - ROOM
    x = min(max(wanted, spot.x - reach), spot.x + reach)
    return spot._replace(x=x, width=min(spot.width - 2 * abs(x - spot.x), 2 * PORT))


def _beside(
    placed: Placed,
    real: Placed,
    pair: tuple[Node, Node | None],
    spot: Spot,
    widths: dict[Node, float],
    level: Counter[float],
) -> None:
    """A bar keeps its place; its twin stands to the right of all bars, or to the left of all if it is under them."""
    node, twin = pair
    real.spots[node] = spot
    if twin is not None:
        wide = widths[twin]
        if spot.y < 0:
            # What stands before time is no wider than the room that is there anyway.
            x = min(x for c, (x, _) in placed.edges.items() if c >= 0) - GUTTER / 2 - wide / 2
        else:
            right = max(s.x + s.width / 2 for s in placed.spots.values() if s.column is None)
            x = right + SEAM + wide / 2 + level[spot.y] * (wide + SEAM)
            level[spot.y] += 1
        real.spots[twin] = Spot(x, spot.y, wide, spot.row, None)


def _bends(placed: Placed, ports: Placed, twins: dict[Node, Node]) -> Bends:
    """The forward arrow's bends moved to the left, and for the gradient's the same on the right."""
    found = {}
    for (lower, upper), way in placed.bends.items():
        # Straight up from its port, where nothing is in the way.
        aside = PORT if upper is None and len(way) == 1 and lower in twins else APART
        found[lower, upper] = [(x - aside, y) for x, y in way]
        if (lower is None or lower in twins) and (upper is None or upper in twins):
            ends = (None if lower is None else twins[lower], None if upper is None else twins[upper])
            found[ends] = [(x + aside, y) for x, y in way]
    return found


def turned(placed: Placed) -> Placed:
    """The plane turned by half a circle: what ran down and to the left runs up and to the right."""
    return Placed(
        {
            x: Spot(-s.x, -s.y, s.width, -s.row, None if s.column is None else -s.column)
            for x, s in placed.spots.items()
        },
        {(b, a): [(-x, -y) for x, y in reversed(way)] for (a, b), way in placed.bends.items()},
        {-c: (-right, -left) for c, (left, right) in placed.edges.items()},
        -placed.top,
        -placed.foot,
    )


def top_of(spot: Spot, up: int) -> float:
    """The height of a box's upper edge, or with ``up`` of -1 of its lower."""
    return spot.y + up * HEIGHT / 2
