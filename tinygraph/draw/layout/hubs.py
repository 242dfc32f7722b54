"""Positions of parameters outside of columns: on rails under the columns, and beside bars."""

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
"""Thickness of the line under the columns that leads to a parameter."""
ASIDE = 44.0
"""Width for the arrow from a parameter to the bar beside it."""


def move_beside(folded: Folded, where: Regions, role: dict[Node, str], heat_map: Heat | None) -> Folded:
    """Give each use of a parameter by a bar over the columns a box of its own beside the bar.

    Otherwise the arrow from under the columns would cross all of them. A parameter that only the bar uses moves there.
    """
    users: dict[Node, int] = {}
    for links in folded.arrows.values():
        for source in {x.source for x in links if role[x.source] == "parameter"}:
            users[source] = users.get(source, 0) + 1
    if not users:
        return folded
    result = replace(folded, arrows=dict(folded.arrows), operands=dict(folded.operands))
    twins: list[Node] = []
    for node in folded.nodes:
        if where.place[node] == OVER:
            result.arrows[node] = [
                _beside(result, node, x, heat_map, twins) if users.get(x.source, 0) > 1 else x
                for x in folded.arrows[node]
            ]
    role.update(dict.fromkeys(twins, "parameter"))
    where.place.update(dict.fromkeys(twins, OVER))
    result.arrows.update((x, []) for x in twins)
    result.operands.update((x, []) for x in twins)
    used = {x.source for links in result.arrows.values() for x in links}
    result.nodes = [*twins, *(x for x in folded.nodes if x in used or x not in users)]
    return result


def _beside(folded: Folded, user: Node, link: Link, heat_map: Heat | None, twins: list[Node]) -> Link:
    twins.append(twin_of(folded, link.source, user))
    return moved(link, twins[-1], heat_map)


def beside(folded: Folded, where: Regions, role: dict[Node, str]) -> set[Node]:
    """Returns the parameters beside bars."""
    candidates = [x for x in folded.nodes if role[x] == "parameter" and where.place[x] == OVER]
    used = {link.source for links in folded.arrows.values() for link in links} if candidates else set()
    return used.intersection(candidates)


def without_beside(folded: Folded, aside: set[Node]) -> Folded:
    """Returns the graph without parameters beside bars, as `place` and `routes` need it."""
    if not aside:
        return folded
    arrows = {x: [y for y in links if y.source not in aside] for x, links in folded.arrows.items()}
    return replace(folded, nodes=[x for x in folded.nodes if x not in aside], arrows=arrows)


def widened(folded: Folded, aside: set[Node], widths: dict[Node, float]) -> dict[Node, float]:
    """Returns widths for the layout, in which a bar includes the parameters beside it."""
    total = dict(widths)
    for node, source in _pairs(folded, aside):
        total[node] += ASIDE + widths[source]
    return total


def _pairs(folded: Folded, aside: set[Node]) -> dict[tuple[Node, Node], list[Link]]:
    """Maps each pair of a bar and a parameter beside it to the links between them."""
    links_of: dict[tuple[Node, Node], list[Link]] = {}
    for node in folded.nodes if aside else ():
        for link in folded.arrows[node]:
            if link.source in aside:
                links_of.setdefault((node, link.source), []).append(link)
    return links_of


def place_beside(folded: Folded, aside: set[Node], placed: Placed, widths: dict[Node, float]) -> None:
    """Place parameters at the left of their bars; a bar that shares its row gives up some of its width."""
    rows = Counter(x.y for x in placed.spots.values() if x.column is None) if aside else {}
    edges: dict[Node, float] = {}
    for node, source in _pairs(folded, aside):
        bar = placed.spots[node]
        edge = edges.get(node, bar.x - bar.width / 2)
        if rows[bar.y] > 1:
            room = ASIDE + widths[source]
            placed.spots[node] = bar._replace(x=bar.x + room / 2, width=bar.width - room)
            x = edge + widths[source] / 2
            edges[node] = edge + room
        else:
            x = edge - ASIDE - widths[source] / 2
            edges[node] = edge - ASIDE - widths[source]
        placed.spots[source] = Spot(x, bar.y, widths[source], bar.row, None)


def routes_from_beside(folded: Folded, aside: set[Node], placed: Placed) -> list[Route]:
    """Returns the routes from parameters to the bars beside them."""
    routes: list[Route] = []
    for (node, source), links in _pairs(folded, aside).items():
        spot, bar = placed.spots[source], placed.spots[node]
        for k, link in enumerate(links):
            y = bar.y + (k - (len(links) - 1) / 2) * 20
            points = [(spot.x + spot.width / 2, y)]
            straight(points, (bar.x - bar.width / 2, y))
            routes.append(Route(link, node, points, True))
    return routes


def lay_rails(picture: Picture, placed: Placed, widths: dict[Node, float]) -> None:
    """Move a parameter under the columns to their left, and draw a rail from it under all its users.

    Arrows cross a thin rail without covering any text; they would cover text of a bar as wide as all columns.
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
