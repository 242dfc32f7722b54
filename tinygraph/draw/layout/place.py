"""Positions of all boxes, in points: columns in time order, bars over and under them; linear time."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from ...core.node import Node
from ..picture import Point
from ..shown.folding import Folded
from ..shown.regions import AFTER, BEFORE, OVER, UNDER, Regions, later
from .layers import FOOT, GAP, TOP, Ordering, Rows, lay_out
from .rows import rows

HEIGHT, PITCH = 40.0, 84.0
"""Height of a box; distance of rows on a card, and of those with many arrows."""
HEAD, HALF = 40.0, 22.0
"""Height at a band's foot for its time step and token, and of the lane over it if arrows pass there."""
NAMES = 18.0
"""Room over the columns for the names of phases, under lanes of gradients."""


class Grid(NamedTuple):
    """How near things stand, in points.

    Attributes:
        pitch: the least distance of two rows.
        gutter: the gap between columns, in which arrows through time turn.
        gap: that between two boxes of a row.
        height: that of a box.
        margin: the least distance of a box from the edge of its column.
        banded: whether layers and directions have rows of their own, and a state runs on a straight rail.
        lane: the distance of lanes under the bars over the columns, one for each bar; 0 without lanes.
    """

    pitch: float = 58.0
    gutter: float = 44.0
    gap: float = GAP
    height: float = HEIGHT
    margin: float = 14.0
    banded: bool = True
    lane: float = 0.0

    @property
    def half(self) -> float:
        return self.height / 2


CLOSE, TERSE, PAIRS = Grid(), Grid(44.0, 32.0, 8.0, 26.0, 8.0), Grid(PITCH, 100.0, 20.0, HEIGHT, 18.0, False, 8.0)
"""For boxes, for boxes of one line, and for boxes beside which those of their gradients stand."""


class Spot(NamedTuple):
    """The bounding box of a box: centre and width, its row in the column, and the column (None for a bar)."""

    x: float
    y: float
    width: float
    row: int
    column: int | None


@dataclass
class Placed:
    """The layout of a picture.

    Attributes:
        spots: maps each box to its position.
        bends: maps (lower box, upper box) to the points through which the arrow between them passes, upward;
            None stands for a bar.
        edges: maps each column to its left and right edge; -1 is the column before the first step, the last may be
            the one after the last step.
        foot, top: lower and upper edge of the columns' bands; ``over``: where lanes and bars over them begin.
    """

    grid: Grid = CLOSE
    spots: dict[Node, Spot] = field(default_factory=dict)
    bends: dict[tuple[Node | None, Node | None], list[Point]] = field(default_factory=dict)
    edges: dict[int, Point] = field(default_factory=dict)
    foot: float = 0.0
    top: float = 0.0
    over: float = 0.0


Layouts = dict[tuple[object, ...], Ordering]
"""Layouts of columns, by all that they depend on."""


def place(
    folded: Folded,
    where: Regions,
    widths: dict[Node, float],
    headings: list[float],
    grid: Grid = CLOSE,
    known: Layouts | None = None,
) -> Placed:
    """Place the boxes; ``headings`` are the widths of the texts under the columns, ``known`` gains their layouts."""
    columns = _columns(folded, where)
    row_of = rows(folded, where, columns, banded=grid.banded)
    plans = {c: _plan(folded, where, members, row_of, widths) for c, members in columns.items()}
    dotted = {c for c, members in columns.items() if not folded.dots.isdisjoint(members)}
    layouts = _layouts(plans, grid, dotted, {} if known is None else known)
    placed = Placed(grid)
    height = _heights(plans, layouts, grid)
    placed.foot, placed.top = -grid.half - HEAD, height[-2] + grid.half + 20
    placed.over = placed.top + NAMES * (not grid.banded and len(folded.phases.names) > 1)
    x_position = 0.0
    for c, members in columns.items():
        half = max(layouts[c].half + grid.margin, headings[c] / 2 + 6 if 0 <= c < len(headings) else 0)
        x_position += half
        placed.edges[c] = (x_position - half, x_position + half)
        for x, node in zip(layouts[c].x, members, strict=True):
            placed.spots[node] = Spot(x_position + x, height[row_of[node]], widths[node], row_of[node], c)
        for (a, b), points in layouts[c].bends.items():
            ends = (None if a == FOOT else members[a], None if b == TOP else members[b])
            placed.bends[ends] = [(x_position + x, height[row]) for x, row in points]
        x_position += half + grid.gutter
    if _entered_from_below(placed, folded):
        placed.foot -= HALF
    _bars(placed, folded, where, widths)
    return placed


def _entered_from_below(placed: Placed, folded: Folded) -> bool:
    """Whether an arrow through time runs under a box of the lowest row to the one behind, where titles would stand."""
    lowest: dict[int, list[float]] = {}
    for spot in placed.spots.values():
        if spot.column is not None and not spot.row:
            lowest.setdefault(spot.column, []).append(spot.x)
    for node, spot in placed.spots.items():
        for link in folded.arrows[node] if spot.column is not None and not spot.row else ():
            other = placed.spots[link.source].column if link.source in placed.spots else None
            if other is not None and other != spot.column:
                ahead = min if other < spot.column else max  # type: ignore[operator]
                if ahead(lowest[spot.column]) != spot.x:  # type: ignore[index]
                    return True
    return False


def _heights(plans: dict[int, Rows], layouts: dict[int, Ordering], grid: Grid) -> list[float]:
    """Returns the height of each row, and of one above the last; between flat arrows rows are further apart."""
    count = max((max(plan.rows) for plan in plans.values()), default=0) + 1
    wide = [0.0] * count
    for c, layout in {id(layout): (c, layout) for c, layout in layouts.items()}.values():
        for (a, b), bends in layout.bends.items():
            ends = [(layout.x[i], plans[c].rows[i]) for i in (a, b) if i >= 0]
            way = [*ends[: a >= 0], *bends, *ends[len(ends) - (b >= 0) :]]
            for (x0, low), (x1, high) in pairwise(way):
                if high == low + 1 and 0 <= low < count:
                    wide[low] = max(wide[low], abs(x1 - x0))
    heights = [0.0]
    for x in wide:
        heights.append(heights[-1] + max(grid.pitch, min(grid.height + 0.32 * x, PITCH)))
    return heights


def _columns(folded: Folded, where: Regions) -> dict[int, list[Node]]:
    """Maps each column to its boxes in order of computation; column -1 (before time) comes first."""
    number = {BEFORE: -1, AFTER: len(where.steps)}
    members_of: dict[int, list[Node]] = {}
    for node in folded.nodes:
        spot = where.place[node]
        if spot not in (OVER, UNDER):
            members_of.setdefault(number.get(spot, spot), []).append(node)  # type: ignore[arg-type]
    return dict(sorted(members_of.items()))


def _plan(
    folded: Folded, where: Regions, members: list[Node], row_of: dict[Node, int], widths: dict[Node, float]
) -> Rows:
    """Returns a column as numbers for the layout."""
    index = {x: i for i, x in enumerate(members)}
    plan = Rows([row_of[x] for x in members], [], [], [], [0] * len(members), [widths[x] for x in members])
    region = where.place[members[0]]
    for node in members:
        for link in folded.arrows[node]:
            other = where.place[link.source]
            if link.source in index and row_of[link.source] != row_of[node]:
                low, high = sorted((link.source, node), key=row_of.__getitem__)
                plan.arrows.append((index[low], index[high]))
            elif other == OVER:
                plan.up.append(index[node])
            elif other == UNDER:
                plan.down.append(index[node])
            elif link.source not in index:
                plan.pulls[index[node]] = 1 if later(other, region) else -1
    plan.up.extend(index[x] for x in members if x in where.rising)
    for node in members:
        ends_rail = any(x.source in index and row_of[x.source] == row_of[node] for x in folded.arrows[node])
        if node in where.leaving and (ends_rail or not plan.pulls[index[node]]):
            plan.pulls[index[node]] = where.leaving[node]
    return plan


def _layouts(plans: dict[int, Rows], grid: Grid, dotted: set[int], known: Layouts) -> dict[int, Ordering]:
    """Compute one layout for all columns of the same form, with the widest boxes, so that equal steps look equal."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for c, plan in plans.items():
        groups.setdefault((c in dotted, *plan.form()), []).append(c)
    layouts: dict[int, Ordering] = {}
    for group in groups.values():
        plan = plans[group[0]]
        plan.widths = [max(w) for w in zip(*(plans[c].widths for c in group), strict=True)]
        plan.pulls = [next((p for p in peers if p), 0) for peers in zip(*(plans[c].pulls for c in group), strict=True)]
        key = (*plan.form(), *plan.widths, *plan.pulls, grid.gap)
        if key not in known:
            known[key] = lay_out(plan, grid.gap)
        layouts |= dict.fromkeys(group, known[key])
    return {c: layouts[c] for c in plans}


def _bars(placed: Placed, folded: Folded, where: Regions, widths: dict[Node, float]) -> None:
    """Place the boxes outside of time: a bar over or under the columns that it is linked to, else a box of its size.

    Several of one level share the room.
    """
    grid, spans = placed.grid, _spans(placed, folded, where)
    timed = [edge for c, edge in placed.edges.items() if 0 <= c < len(where.steps)]
    left, right = (timed[0][0], timed[-1][1]) if timed else (0.0, 0.0)
    for region in (OVER, UNDER):
        beside, linked = _neighbours(folded, where, region)
        lanes = max(len(linked) - 3, 0)  # three have room
        levels: dict[int, list[Node]] = {}
        for node, level in _levels(beside, linked, region).items():
            levels.setdefault(level, []).append(node)
        for level, nodes in sorted(levels.items()):
            # Under the columns is room for the badges of cuts.
            distance = (grid.half + 33.0 + lanes * grid.lane if region == OVER else 88.0) + level * grid.pitch
            y = placed.over + distance if region == OVER else placed.foot - distance
            rooms = [spans.get(x) or _over_neighbours(placed, beside[x], (left + right) / 2) for x in nodes]
            lefts, rights = min(x for x, _ in rooms), max(x for _, x in rooms)
            need = [max(widths[x], b - a if len(nodes) == 1 else 0.0) for x, (a, b) in zip(nodes, rooms, strict=True)]
            share = max(sum(need) + 20 * (len(nodes) - 1), (rights - lefts) * any(x in spans for x in nodes))
            share = (share - sum(need) - 20 * (len(nodes) - 1)) / len(nodes)
            x = (lefts + rights - sum(need) - 20 * (len(nodes) - 1)) / 2 - share * len(nodes) / 2
            for node, wide in zip(nodes, need, strict=True):
                placed.spots[node] = Spot(x + (wide + share) / 2, y, wide + share, level, None)
                x += wide + share + 20


def _over_neighbours(placed: Placed, neighbours: list[Node], middle: float) -> Point:
    """Returns the middle of the boxes of its region that a box stands over, as a span without a width."""
    places = [placed.spots[x].x for x in neighbours if x in placed.spots]
    x = sum(places) / len(places) if places else middle
    return x, x


def _neighbours(folded: Folded, where: Regions, region: str) -> tuple[dict[Node, list[Node]], set[Node]]:
    """Maps the boxes of a region to those of it that they read, or under the columns to those that read them.

    The second result are the boxes with an arrow from or to columns.
    """
    neighbours: dict[Node, list[Node]] = {x: [] for x in folded.nodes if where.place[x] == region}
    linked: set[Node] = set()
    for node in folded.nodes:
        for link in folded.arrows[node]:
            low, high = (link.source, node) if region == OVER else (node, link.source)
            if high in neighbours and low in neighbours:
                neighbours[high].append(low)
            elif high in neighbours:
                linked.add(high)
    return neighbours, linked


def _spans(placed: Placed, folded: Folded, where: Regions) -> dict[Node, Point]:
    """Maps the boxes outside of time to the outer edges of the columns that they read, or else of those that read them.

    A bar over an encoder that a decoder reads does not span the decoder.
    """
    spans: dict[bool, dict[Node, Point]] = {True: {}, False: {}}
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
    exclusive: set[int] = set()
    shared: set[int] = set()
    for node in neighbours if region == OVER else reversed(neighbours):
        level = 1 + max((levels[x] for x in neighbours[node]), default=-1)
        while level in exclusive or (node in linked and level in shared):
            level += 1
        (exclusive if node in linked else shared).add(level)
        levels[node] = level
    return levels
