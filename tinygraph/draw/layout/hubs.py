"""Where parameters stand outside of columns: on rails under those that they serve, and beside bars over time."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

from ...core.node import Node
from ..norms.ghosts import moved, twin_of
from ..norms.heat import Heat
from ..picture import Box, Picture, Tile
from ..shown.folding import Folded, Link
from ..shown.params import HUB
from ..shown.regions import OVER, Regions
from .place import Placed, Spot
from .routes import Route, straight

RAIL = 5.0
"""Thickness of the line that carries a parameter under the columns."""
ASIDE = 44.0
"""Room for the arrow from a parameter to the bar that it stands beside."""


def set_beside(folded: Folded, where: Regions, role: dict[Node, str], warmth: Heat | None) -> Folded:
    """Give each use by a bar over time a box of its own: from under the columns an arrow would run through all of them.

    A parameter that only that bar uses goes there itself.
    """
    users: dict[Node, int] = {}
    for links in folded.arrows.values():
        for source in {x.source for x in links if role[x.source] == "parameter"}:
            users[source] = users.get(source, 0) + 1
    if not users:
        return folded
    found = replace(folded, arrows=dict(folded.arrows), operands=dict(folded.operands))
    twins: list[Node] = []
    for node in folded.nodes:
        if where.place[node] == OVER:
            found.arrows[node] = [
                _beside(found, node, x, warmth, twins) if users.get(x.source, 0) > 1 else x for x in folded.arrows[node]
            ]
    role.update(dict.fromkeys(twins, "parameter"))
    where.place.update(dict.fromkeys(twins, OVER))
    found.arrows.update((x, []) for x in twins)
    found.operands.update((x, []) for x in twins)
    still = {x.source for links in found.arrows.values() for x in links}
    found.nodes = [*twins, *(x for x in folded.nodes if x in still or x not in users)]
    return found


def _beside(folded: Folded, user: Node, link: Link, warmth: Heat | None, twins: list[Node]) -> Link:
    twins.append(twin_of(folded, link.source, user))
    return moved(link, twins[-1], warmth)


def beside(folded: Folded, where: Regions, role: dict[Node, str]) -> set[Node]:
    """The parameters that stand beside bars."""
    found = [x for x in folded.nodes if role[x] == "parameter" and where.place[x] == OVER]
    used = {link.source for links in folded.arrows.values() for link in links} if found else set()
    return used.intersection(found)


def inner(folded: Folded, aside: set[Node]) -> Folded:
    """All that `place` and `routes` see to."""
    if not aside:
        return folded
    arrows = {x: [y for y in links if y.source not in aside] for x, links in folded.arrows.items()}
    return replace(folded, nodes=[x for x in folded.nodes if x not in aside], arrows=arrows)


def with_room(folded: Folded, aside: set[Node], widths: dict[Node, float]) -> dict[Node, float]:
    """Widths to place boxes by: a bar's with what stands beside it."""
    found = dict(widths)
    for node, source in _pairs(folded, aside):
        found[node] += ASIDE + widths[source]
    return found


def _pairs(folded: Folded, aside: set[Node]) -> dict[tuple[Node, Node], list[Link]]:
    """Of each bar and each parameter beside it the links between them."""
    found: dict[tuple[Node, Node], list[Link]] = {}
    for node in folded.nodes if aside else ():
        for link in folded.arrows[node]:
            if link.source in aside:
                found.setdefault((node, link.source), []).append(link)
    return found


def stand_beside(folded: Folded, aside: set[Node], placed: Placed, widths: dict[Node, float]) -> None:
    """Stand parameters left of their bars; where bars share a row, the bar gives them some of its place."""
    rows = Counter(x.y for x in placed.spots.values() if x.column is None) if aside else {}
    edges: dict[Node, float] = {}
    for node, source in _pairs(folded, aside):
        bar = placed.spots[node]
        edge = edges.get(node, bar.x - bar.width / 2)
        if rows[bar.y] > 1:
            taken = ASIDE + widths[source]
            placed.spots[node] = bar._replace(x=bar.x + taken / 2, width=bar.width - taken)
            x = edge + widths[source] / 2
            edges[node] = edge + taken
        else:
            x = edge - ASIDE - widths[source] / 2
            edges[node] = edge - ASIDE - widths[source]
        placed.spots[source] = Spot(x, bar.y, widths[source], bar.row, None)


def ways_from_beside(folded: Folded, aside: set[Node], placed: Placed) -> list[Route]:
    """An arrow from each such parameter to its bar."""
    ways: list[Route] = []
    for (node, source), links in _pairs(folded, aside).items():
        spot, bar = placed.spots[source], placed.spots[node]
        for k, link in enumerate(links):
            y = bar.y + (k - (len(links) - 1) / 2) * 20
            points = [(spot.x + spot.width / 2, y)]
            straight(points, (bar.x - bar.width / 2, y))
            ways.append(Route(link, node, points, True))
    return ways


def lay_rails(picture: Picture, placed: Placed, widths: dict[Node, float]) -> None:
    """A parameter that serves several columns stands left of them, on a rail under all that use it.

    Arrows cross a rail without hiding anything, which over a bar as wide as time they would.
    """
    hubs = {i: x for i, x in enumerate(picture.boxes) if x.role == "parameter" and _is_under(placed, x)}
    reach = dict.fromkeys(hubs, -math.inf)
    for arrow in picture.arrows:
        for i, (x, _) in ((arrow.tail, arrow.points[0]), (arrow.head, arrow.points[-1])):
            if i in reach:
                reach[i] = max(reach[i], x)
    for i, box in hubs.items():
        assert box.node is not None
        left, right, y = box.x - box.width / 2 - 16, reach[i] + 8, box.y + box.height / 2 - RAIL / 2
        box.x, box.y, box.width = left - widths[box.node] / 2, y, widths[box.node]
        picture.tiles.append(Tile((left + right) / 2, y, right - left, RAIL, HUB, box.title[0].text))


def _is_under(placed: Placed, box: Box) -> bool:
    return box.node is not None and placed.spots[box.node].column is None and box.y < placed.foot
