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
HEAD = 40.0
"""Height at a band's foot for its time step and token."""


class Grid(NamedTuple):
    """How near things stand, in points.

    Attributes:
        pitch: the least distance of two rows.
        gutter: the gap between columns, in which arrows through time turn.
        gap: that between two boxes of a row.
        banded: whether layers and directions have rows of their own, and a state runs on a straight rail.
    """

    pitch: float = 66.0
    gutter: float = 60.0
    gap: float = GAP
    banded: bool = True


CLOSE, PAIRS = Grid(), Grid(PITCH, 100.0, 20.0, banded=False)
"""For boxes alone, and for boxes beside which those of their gradients stand."""


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
        foot, top: lower and upper edge of the columns' bands.
    """

    grid: Grid = CLOSE
    spots: dict[Node, Spot] = field(default_factory=dict)
    bends: dict[tuple[Node | None, Node | None], list[Point]] = field(default_factory=dict)
    edges: dict[int, Point] = field(default_factory=dict)
    foot: float = 0.0
    top: float = 0.0


def place(
    folded: Folded, where: Regions, widths: dict[Node, float], headings: list[float], grid: Grid = CLOSE
) -> Placed:
    """Place the boxes; ``headings`` are the widths of the texts under the columns."""
    columns = _columns(folded, where)
    row_of = rows(folded, where, columns, banded=grid.banded)
    plans = {c: _plan(folded, where, members, row_of, widths) for c, members in columns.items()}
    layouts = _layouts(plans, grid)
    placed = Placed(grid)
    height = _heights(plans, layouts, grid)
    placed.foot, placed.top = -HEIGHT / 2 - HEAD, height[-2] + HEIGHT / 2 + 20
    x_position = 0.0
    for c, members in columns.items():
        half = max(layouts[c].half + 18, headings[c] / 2 + 14 if 0 <= c < len(headings) else 0)
        x_position += half
        placed.edges[c] = (x_position - half, x_position + half)
        for x, node in zip(layouts[c].x, members, strict=True):
            placed.spots[node] = Spot(x_position + x, height[row_of[node]], widths[node], row_of[node], c)
        for (a, b), points in layouts[c].bends.items():
            ends = (None if a == FOOT else members[a], None if b == TOP else members[b])
            placed.bends[ends] = [(x_position + x, height[row]) for x, row in points]
        x_position += half + grid.gutter
    _bars(placed, folded, where, widths, columns)
    return placed


def _heights(plans: dict[int, Rows], layouts: dict[int, Ordering], grid: Grid) -> list[float]:
    """Returns the height of each row, and of one above the last; rows between which arrows are flat are further apart.

    An arrow and that of its gradient beside it would else lie on one another.
    """
    count = max((max(plan.rows) for plan in plans.values()), default=0) + 1
    wide = [0.0] * count
    known: set[int] = set()
    for c, layout in layouts.items():
        if id(layout) in known:
            continue
        known.add(id(layout))
        for (a, b), bends in layout.bends.items():
            ends = [(layout.x[i], plans[c].rows[i]) for i in (a, b) if i >= 0]
            way = [*ends[: a >= 0], *bends, *ends[len(ends) - (b >= 0) :]]
            for (x0, low), (x1, high) in pairwise(way):
                if high == low + 1 and 0 <= low < count:
                    wide[low] = max(wide[low], abs(x1 - x0))
    heights = [0.0]
    for x in wide:
        heights.append(heights[-1] + max(grid.pitch, min(HEIGHT + 0.32 * x, PITCH)))
    return heights


def _columns(folded: Folded, where: Regions) -> dict[int, list[Node]]:
    """Maps each column to its boxes in order of computation; column -1 (before time) comes first."""
    number = {BEFORE: -1, AFTER: max(len(where.steps), 1)}
    members_of: dict[int, list[Node]] = {c: [] for c in range(-1, number[AFTER] + 1)}
    for node in folded.nodes:
        spot = where.place[node]
        if spot not in (OVER, UNDER):
            members_of[number.get(spot, spot)].append(node)  # type: ignore[arg-type]
    return {c: members for c, members in members_of.items() if members}


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
        if node in where.leaving and not plan.pulls[index[node]]:
            plan.pulls[index[node]] = where.leaving[node]
    return plan


def _layouts(plans: dict[int, Rows], grid: Grid) -> dict[int, Ordering]:
    """Compute one layout for all columns of the same form, with the widest boxes, so that equal steps look equal."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for c, plan in plans.items():
        groups.setdefault(plan.form(), []).append(c)
    layouts: dict[int, Ordering] = {}
    for group in groups.values():
        plan = plans[group[0]]
        plan.widths = [max(w) for w in zip(*(plans[c].widths for c in group), strict=True)]
        plan.pulls = [next((p for p in peers if p), 0) for peers in zip(*(plans[c].pulls for c in group), strict=True)]
        layouts |= dict.fromkeys(group, lay_out(plan, grid.gap))
    return {c: layouts[c] for c in plans}


def _bars(
    placed: Placed, folded: Folded, where: Regions, widths: dict[Node, float], columns: dict[int, list[Node]]
) -> None:
    """Place the boxes of all steps as bars as wide as all columns; several bars of one level share this width."""
    timed = [edge for c, edge in placed.edges.items() if 0 <= c < max(len(where.steps), 1)]
    left, right = (timed[0][0], timed[-1][1]) if timed else (0.0, 0.0)
    for region in (OVER, UNDER):
        levels: dict[int, list[Node]] = {}
        for node, level in _levels(folded, where, region).items():
            levels.setdefault(level, []).append(node)
        for level, nodes in sorted(levels.items()):
            # Under the columns is room for the badges of cuts.
            distance = (62.0 if region == OVER else 88.0) + level * (HEIGHT + 40)
            y = placed.top + distance if region == OVER else placed.foot - distance
            span = max(right - left, sum(widths[x] + 20 for x in nodes))
            share = span / len(nodes)
            middle = (left + right) / 2 - span / 2
            for i, node in enumerate(nodes):
                placed.spots[node] = Spot(middle + (i + 0.5) * share, y, share - 20 * (len(nodes) > 1), level, None)


def _levels(folded: Folded, where: Regions, region: str) -> dict[Node, int]:
    """Returns the distance of each bar from the columns, as a level.

    A bar with an arrow from columns has a level of its own, so it spans all columns.
    """
    bars = [x for x in folded.nodes if where.place[x] == region]
    neighbours: dict[Node, list[Node]] = {x: [] for x in bars}
    linked: set[Node] = set()
    for node in folded.nodes:
        for link in folded.arrows[node]:
            ends = (link.source, node) if region == OVER else (node, link.source)
            if ends[0] in neighbours and ends[1] in neighbours:
                neighbours[ends[1]].append(ends[0])
            elif ends[1] in neighbours:
                linked.add(ends[1])
    levels: dict[Node, int] = {}
    exclusive: set[int] = set()
    shared: set[int] = set()
    for node in bars if region == OVER else reversed(bars):
        level = 1 + max((levels[x] for x in neighbours[node]), default=-1)
        while level in exclusive or (node in linked and level in shared):
            level += 1
        (exclusive if node in linked else shared).add(level)
        levels[node] = level
    return levels
