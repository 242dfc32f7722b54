"""Positions of all boxes, in points: columns in time order, then the bars; linear time."""

from __future__ import annotations

from itertools import pairwise

from ...core.node import Node
from ..shown.folding import Folded
from ..shown.regions import AFTER, BEFORE, OVER, UNDER, Regions, later
from .bars import place_bars
from .layers import FOOT, TOP, Ordering, Rows, lay_out
from .rows import rows
from .spots import CLOSE, PITCH, Grid, Placed, Spot

HEAD, HALF = 40.0, 22.0
"""Height at a band's foot for its time step and token, and of the lane over it if arrows pass there."""
NAMES = 18.0
"""Room over the columns for the names of phases, under lanes of gradients."""
BESIDE, PASS = 10.0, 10.0
"""Room between columns beside their numbers, where arrows pass from under the columns to over them, and for each."""
ROOM = 20.0
"""Room beside a title that arrows pass, of gradients too."""

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
    if grid.banded and UNDER in where.place.values():  # boxes of gradients leave room
        links = ((where.place[link.source], where.place[x]) for x in folded.nodes for link in folded.arrows[x])
        passing = sum(link == (UNDER, OVER) for link in links)
        grid = grid._replace(gutter=grid.gutter + PASS * min(passing, 3) + BESIDE * (passing > 0))
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
        head = _head_room(layouts[c], headings[c], grid) if 0 <= c < len(headings) else 0.0
        half = max(layouts[c].half + grid.margin, head)
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
    place_bars(placed, folded, where, widths)
    return placed


def _head_room(layout: Ordering, wide: float, grid: Grid) -> float:
    """Returns half the width of a column for its title, which stands at one side of the arrows from below.

    Where boxes of gradients are beside boxes there are wide gaps.
    """
    lanes = [points[0][0] for (low, _), points in layout.bends.items() if low == FOOT and grid.banded]
    return min(max(lanes), -min(lanes)) + wide + ROOM if lanes else wide / 2 + 6


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
