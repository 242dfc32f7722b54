"""Places of the boxes outside of time: bars over and under the columns that they are linked to, in levels."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from ...core.node import Node
from ..picture import Point
from ..shown.folding import Folded
from ..shown.regions import OVER, UNDER, Regions
from .spots import Grid, Placed, Spot

ROOM, BESIDE, END = 14.0, 24.0, 20.0
"""Least distance of an arrow, beside which its gradient's may run, from a box or a text that it passes; its distance
from the left end of a bar, and the least one."""
ASIDE = 10.0
"""Distance of arrows that pass between two columns, from one another and from the columns."""
TIGHT = 3.0
"""How much nearer arrows pass a text if there is no other room."""
PADDING = 6.0
"""Room beside the texts of a box, within it."""
BETWEEN, FAR = 20.0, 300.0
"""Distance of boxes of one level; how far a box steps aside at most."""
RAILS, CHANNELS = 110.0, 14.0
"""How far at the right of an arrow from under the columns gradients run back, and before the end of the column."""
Interval = tuple[float, float]
"""From left to right."""


@dataclass
class Storeys:
    """The boxes over the columns, or under them.

    Attributes:
        levels: the distance of each box from the columns.
        beside: maps each box to those that it reads, or under the columns to those that read it.
        linked: the boxes with an arrow from or to columns.
        passing: for each such arrow between which x it runs, and the level of its bar: it passes all that is nearer.
        spans: the edges of the columns that a box is linked to.
        widths: the room that each box needs.
    """

    levels: dict[Node, int]
    beside: dict[Node, list[Node]]
    linked: set[Node]
    passing: list[tuple[Interval, int]]
    spans: dict[Node, Interval]
    widths: dict[Node, float]

    def rows(self) -> dict[int, list[Node]]:
        """Returns the boxes of each level."""
        rows: dict[int, list[Node]] = {level: [] for level in sorted({*self.levels.values()})}
        for node, level in self.levels.items():
            rows[level].append(node)
        return rows

    def past(self, level: int) -> list[Interval]:
        """Returns where arrows from columns pass a level."""
        return [span for span, end in self.passing if end > level]


def place_bars(placed: Placed, folded: Folded, where: Regions, widths: dict[Node, float]) -> None:
    """Place the boxes outside of time: a bar over or under the columns that it is linked to, else a box of its size."""
    grid, spans = placed.grid, _spans(placed, folded, where)
    timed = [edge for c, edge in placed.edges.items() if 0 <= c < len(where.steps)]
    left, right = (timed[0][0], timed[-1][1]) if timed else (0.0, 0.0)
    regions: list[Storeys] = []
    for region in (OVER, UNDER):
        storeys = _storeys(placed, folded, where, region, spans, widths)
        lanes = max(len(storeys.linked) - 3, 0)  # three have room
        for level, nodes in storeys.rows().items():
            # Under the columns is room for the badges of cuts.
            distance = (grid.half + 33.0 + lanes * grid.lane if region == OVER else 88.0) + level * grid.pitch
            y = placed.over + distance if region == OVER else placed.foot - distance
            rooms = [spans.get(x) or _over_neighbours(placed, storeys.beside[x], (left + right) / 2) for x in nodes]
            _place_row(placed, nodes, rooms, y, storeys)
            _step_aside(placed, nodes, storeys)
        regions.append(storeys)
    _pass_columns(placed, folded, *regions)
    for storeys in regions:  # the texts of bars step aside for these arrows, too
        for nodes in storeys.rows().values():
            _step_aside(placed, nodes, storeys)
        _pass_by(placed, storeys)


def _place_row(placed: Placed, nodes: list[Node], rooms: list[Interval], y: float, storeys: Storeys) -> None:
    """Place the boxes of a level, which share the room."""
    gaps = BETWEEN * (len(nodes) - 1)
    lefts, rights = min(x for x, _ in rooms), max(x for _, x in rooms)
    need = [max(storeys.widths[x], b - a if len(nodes) == 1 else 0.0) for x, (a, b) in zip(nodes, rooms, strict=True)]
    share = max(sum(need) + gaps, (rights - lefts) * any(x in storeys.spans for x in nodes))
    share = (share - sum(need) - gaps) / len(nodes)
    x = (lefts + rights - sum(need) - gaps) / 2 - share * len(nodes) / 2
    for node, wide in zip(nodes, need, strict=True):
        placed.spots[node] = Spot(x + (wide + share) / 2, y, wide + share, storeys.levels[node], None)
        x += wide + share + BETWEEN


def _step_aside(placed: Placed, nodes: list[Node], storeys: Storeys) -> None:
    """Move the boxes of a level so that no arrow runs through their texts; a bar still reaches all its arrows."""
    level, spot = storeys.levels[nodes[0]], placed.spots[nodes[0]]
    own = [end for span, other in storeys.passing if other == level for end in span]
    if len(nodes) > 1 or not (own or spot.width > storeys.widths[nodes[0]] + 1):
        ways = [_aside(placed, nodes, storeys, side) for side in (1, -1)]
        for node, x in min(ways, key=lambda way: way[0])[1].items():
            placed.spots[node] = placed.spots[node]._replace(x=x)
        return
    half, past = storeys.widths[nodes[0]] / 2 + ROOM - PADDING, storeys.past(level)
    for near in (0.0, TIGHT):
        rooms = [(a - half + near, b + half - near) for a, b in past]
        x = free(spot.x, rooms)
        x = x if abs(x - spot.x) <= FAR else spot.x
        if not any(a + 0.01 < x < b - 0.01 for a, b in rooms):
            break
    else:
        placed.crowded.add(nodes[0])
    ends = [abs(end - x) + END for end in own if abs(end - spot.x) < spot.width / 2]  # others leave at its side
    wide = max([*ends, spot.width / 2 - abs(x - spot.x)]) if x != spot.x else spot.width / 2
    passed = (abs(end - x) + END for span in past for end in span)
    wide = max([wide, *(end for end in passed if end - 2 * END < wide)])
    placed.spots[nodes[0]] = spot._replace(x=x, width=2 * wide)


def _aside(
    placed: Placed, nodes: list[Node], storeys: Storeys, side: int
) -> tuple[tuple[int, float], dict[Node, float]]:
    """Returns the places of the boxes of a level, set from left to right, or with side -1 from right to left; and how
    many of them arrows still run through, and how far they move."""
    past = storeys.past(storeys.levels[nodes[0]])
    edge, moved, struck, places = -math.inf, 0.0, 0, dict[Node, float]()
    for node in nodes[::side]:
        spot = placed.spots[node]
        half = storeys.widths[node] / 2 + ROOM - PADDING * (spot.width > storeys.widths[node] + 1)
        rooms = [(min(side * a, side * b) - half, max(side * a, side * b) + half) for a, b in past]
        first, least = side * spot.x, edge + spot.width / 2
        near = [room for room in rooms if room[0] < first + FAR and first - FAR < room[1]]
        x = free(first, [*near, (-math.inf, least)])
        x = x if abs(x - first) <= FAR else max(first, least)
        struck += any(a < x < b for a, b in rooms)
        moved += abs(x - first)
        places[node], edge = side * x, x + spot.width / 2 + BETWEEN
    return (struck, moved), places


def _pass_by(placed: Placed, storeys: Storeys) -> None:
    """Bend the arrows between boxes of distant levels past the texts between, and past other arrows."""
    taken: list[tuple[float, int, int]] = []
    for node, others in storeys.beside.items():
        for other in others:
            near, far = sorted((storeys.levels[other], storeys.levels[node]))
            between = [x for x, level in storeys.levels.items() if near < level < far]
            if between:
                ends = [_around(spot.x, spot.width / 2) for spot in (placed.spots[other], placed.spots[node])]
                rooms = _obstacles(placed, storeys, between) + [(a - ROOM, b + ROOM) for a, b in storeys.past(near)]
                rooms += [_around(x, ROOM) for x, a, b in taken if a < far and near < b]
                first = max(left for left, _ in ends) + BESIDE
                x = free(first, rooms)
                taken.append((x, near, far))
                if x != first or x > min(right for _, right in ends) - END:
                    low, high = sorted((other, node), key=lambda end: placed.spots[end].y)
                    placed.bends[low, high] = [(x, y) for y in sorted({placed.spots[k].y for k in between})]


def _pass_columns(placed: Placed, folded: Folded, over: Storeys, under: Storeys) -> None:
    """Bend the arrows from boxes under the columns to those over them into gaps between columns."""
    taken = list[tuple[float, Node, Node]]()
    lefts, rights = zip(*[edge for c, edge in placed.edges.items() if c >= 0] or [(0.0, 0.0)], strict=True)
    # Norms stand after the column whose state they belong to, without boxes of gradients: arrows before the next one.
    sides = [(x, -1) for x in lefts[1:]] + [(rights[-1], 1)] if placed.grid.banded else [(x, 1) for x in rights]
    gaps = [x + side * ASIDE * k for x, side in sides for k in (1, 2, 3)]
    if not placed.grid.lane:  # else gradients stand at the right
        right = max((x.x + x.width / 2 for x in placed.spots.values()), default=0.0)
        gaps += [right + ASIDE * k for k in range(2, 2 + len(under.levels) * len(over.levels))]
    for node in over.levels:
        for low in [x.source for x in folded.arrows[node] if x.source in under.levels]:
            rooms: list[Interval] = []
            between: list[Node] = []
            for storeys, end in ((under, low), (over, node)):
                nearer = [x for x, level in storeys.levels.items() if level < storeys.levels[end]]
                rooms += _obstacles(placed, storeys, nearer) + [(a - ROOM, b + ROOM) for a, b in storeys.past(-1)]
                between += nearer
            middle = (placed.spots[low].x + placed.spots[node].x) / 2
            nearest = sorted(gaps, key=lambda gap: abs(gap - middle))
            passes = [x for x in nearest if not any(a < x < b for a, b in rooms)]
            x = [*passes, *nearest][0]
            taken.append((x, low, node))
            gaps = [gap for gap in gaps if gap != x] or gaps
            heights = {placed.foot + placed.grid.half, placed.top - placed.grid.half}
            heights |= {placed.spots[k].y for k in between}
            placed.bends[low, node] = [(x, y) for y in sorted(heights)]
    over.passing += [((x, x), over.levels[node]) for x, _, node in taken]
    under.passing += [((x, x), under.levels[low]) for x, low, _ in taken]


def _obstacles(placed: Placed, storeys: Storeys, nodes: list[Node]) -> list[Interval]:
    """Returns where no arrow passes boxes: over their texts, and over the ends of bars."""
    spots = [(placed.spots[x], storeys.widths[x] / 2) for x in nodes]
    bars = [spot for spot, half in spots if spot.width > 2 * half + 1]
    ends = [_around(spot.x + side * spot.width / 2, END) for spot in bars for side in (-1, 1)]
    return [_around(spot.x, half + ROOM) for spot, half in spots] + ends


def _around(x: float, half: float) -> Interval:
    return x - half, x + half


def free(first: float, rooms: list[Interval]) -> float:
    """Returns the x nearest to the first that is within none of the rooms."""
    ends = [x for room in rooms for x in room if math.isfinite(x)]
    nearest = sorted([first, *ends], key=lambda x: abs(x - first))
    return next((x for x in nearest if not any(a + 0.01 < x < b - 0.01 for a, b in rooms)), first)


def _over_neighbours(placed: Placed, neighbours: list[Node], middle: float) -> Interval:
    """Returns the middle of the boxes of its region that a box stands over, as a span without a width."""
    places = [placed.spots[x].x for x in neighbours if x in placed.spots]
    x = sum(places) / len(places) if places else middle
    return x, x


def _storeys(
    placed: Placed, folded: Folded, where: Regions, region: str, spans: dict[Node, Interval], widths: dict[Node, float]
) -> Storeys:
    """Returns the boxes of a region, each with its level."""
    beside: dict[Node, list[Node]] = {x: [] for x in folded.nodes if where.place[x] == region}
    links: list[tuple[Node, Node]] = []
    for node in folded.nodes:
        for link in folded.arrows[node]:
            low, high = (link.source, node) if region == OVER else (node, link.source)
            if high in beside and low in beside:
                beside[high].append(low)
            elif high in beside or low in beside:
                links.append((low, high))
    linked = {bar for link in links for bar in link if bar in beside}
    is_pile = placed.grid.lane > 0 and region == UNDER  # of gradients, at the left
    levels = _levels(beside, {*beside} if is_pile else linked, region)
    passing: list[tuple[Interval, int]] = []
    count = Counter(low if high in beside else high for low, high in links)
    for low, high in links:
        bar, box = (high, low) if high in beside else (low, high)
        spot = placed.spots.get(box)
        if spot is not None and spot.column is not None:
            bends = placed.bends.get((box, None) if region == OVER else (None, box), [])
            ways = [_way(placed.grid, spot, bends[:: -1 if region == OVER else 1], count[box])]
            if is_pile:
                right = placed.edges[spot.column][1]
                ways = [(ways[0][0], ways[0][1] + RAILS), (right - CHANNELS, right)]
            passing += [(way, levels[bar]) for way in ways]
    return Storeys(levels, beside, linked, passing, spans, widths)


def _way(grid: Grid, spot: Spot, bends: list[Point], count: int) -> Interval:
    """Returns where the arrows between a box of a column and bars run; the first bend is the one next to a bar."""
    straight, bent = grid.ports
    if len(bends) > 1:  # else it is not used
        return _around(bends[0][0] + bent, 0.0)
    return _around(spot.x + straight, min(BESIDE, (spot.width - 16) / count) * (count - 1) / 2)


def _spans(placed: Placed, folded: Folded, where: Regions) -> dict[Node, Interval]:
    """Maps the boxes outside of time to the outer edges of the columns that they read, or else of those that read them.

    A bar over an encoder that a decoder reads does not span the decoder.
    """
    spans: dict[bool, dict[Node, Interval]] = {True: {}, False: {}}
    for node in folded.nodes:
        for link in folded.arrows[node]:
            for bar, other, reads in ((node, link.source, True), (link.source, node, False)):
                if where.place[bar] not in (OVER, UNDER):
                    continue
                column = placed.spots[other].column if other in placed.spots else None
                if column is not None:
                    left, right = placed.edges[column]
                    known = spans[reads].get(bar, (left, right))
                    spans[reads][bar] = min(left, known[0]), max(right, known[1])
    return spans[False] | spans[True]


def _levels(neighbours: dict[Node, list[Node]], linked: set[Node], region: str) -> dict[Node, int]:
    """Returns the distance of each bar from the columns, as a level.

    A bar with an arrow from columns has a level of its own, so it spans all columns.
    """
    levels: dict[Node, int] = {}
    is_own: dict[int, bool] = {}
    for node in neighbours if region == OVER else reversed(neighbours):
        level = 1 + max((levels[x] for x in neighbours[node]), default=-1)
        while level in is_own and (is_own[level] or node in linked):
            level += 1
        levels[node], is_own[level] = level, node in linked
    return levels
