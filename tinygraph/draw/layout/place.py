"""Positions of all boxes, in points: columns in time order, bars over and under them; linear time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ...core.node import Node
from ..picture import Point
from ..shown.folding import Folded
from ..shown.regions import AFTER, BEFORE, OVER, UNDER, Regions, later
from .layers import FOOT, TOP, Ordering, Rows, lay_out

HEIGHT, PITCH, GUTTER = 40.0, 84.0, 100.0
"""Height of a box, distance of rows, gap between columns (where arrows through time turn)."""
HEAD = 46.0
"""Height at a band's foot for its time step and token."""


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

    spots: dict[Node, Spot] = field(default_factory=dict)
    bends: dict[tuple[Node | None, Node | None], list[Point]] = field(default_factory=dict)
    edges: dict[int, Point] = field(default_factory=dict)
    foot: float = 0.0
    top: float = 0.0


def place(folded: Folded, where: Regions, widths: dict[Node, float], headings: list[float]) -> Placed:
    """Place the boxes; ``headings`` are the widths of the texts under the columns."""
    columns = _columns(folded, where)
    rows = _rows(folded, where, columns)
    plans = {c: _plan(folded, where, members, rows, widths) for c, members in columns.items()}
    layouts = _layouts(plans)
    placed = Placed()
    last_row = max((rows[x] for members in columns.values() for x in members), default=0)
    placed.foot, placed.top = -HEIGHT / 2 - HEAD, last_row * PITCH + HEIGHT / 2 + 20
    x_position = 0.0
    for c, members in columns.items():
        half = max(layouts[c].half + 18, headings[c] / 2 + 14 if 0 <= c < len(headings) else 0)
        x_position += half
        placed.edges[c] = (x_position - half, x_position + half)
        for x, node in zip(layouts[c].x, members, strict=True):
            placed.spots[node] = Spot(x_position + x, rows[node] * PITCH, widths[node], rows[node], c)
        for (a, b), points in layouts[c].bends.items():
            ends = (None if a == FOOT else members[a], None if b == TOP else members[b])
            placed.bends[ends] = [(x_position + x, row * PITCH) for x, row in points]
        x_position += half + GUTTER
    _bars(placed, folded, where, widths, columns)
    return placed


def _columns(folded: Folded, where: Regions) -> dict[int, list[Node]]:
    """Maps each column to its boxes in order of computation; column -1 (before time) comes first."""
    number = {BEFORE: -1, AFTER: max(len(where.steps), 1)}
    members_of: dict[int, list[Node]] = {c: [] for c in range(-1, number[AFTER] + 1)}
    for node in folded.nodes:
        spot = where.place[node]
        if spot not in (OVER, UNDER):
            members_of[number.get(spot, spot)].append(node)  # type: ignore[arg-type]
    return {c: members for c, members in members_of.items() if members}


def _rows(folded: Folded, where: Regions, columns: dict[int, list[Node]]) -> dict[Node, int]:
    """Returns the row of each box: an op is above its inputs in the column, data is right below its user."""
    rows: dict[Node, int] = {}
    for members in columns.values():
        inside = set(members)
        users: dict[Node, list[Node]] = {}
        for node in members:
            below = [x.source for x in folded.arrows[node] if x.source in inside]
            for x in below:
                users.setdefault(x, []).append(node)
            rows[node] = 1 + max((rows[x] for x in below), default=0 if folded.arrows[node] else _foot(node))
        for node in reversed(members):
            if node in users and not any(x.source in inside for x in folded.arrows[node]):
                rows[node] = max(rows[node], min(rows[x] for x in users[node]) - 1)
    _level_states(folded, where, rows)
    foot = min(rows.values(), default=0)
    return {x: row - foot for x, row in rows.items()}


def _foot(node: Node) -> int:
    """Data and lookups start one row below an op that starts from a parameter."""
    return -1 if node.op is None or node.op.name in ("take", "getitem", "one_hot") else 0


def _level_states(folded: Folded, where: Regions, rows: dict[Node, int]) -> None:
    """Move initial states to the row of their users, one state per row."""
    row_of: dict[Node, int] = {}
    for node in folded.nodes:
        for link in folded.arrows[node]:
            if link.source in where.states and node in rows:
                row_of[link.source] = min(rows[node], row_of.get(link.source, rows[node]))
    occupied: set[tuple[int | str, int]] = set()
    for node, row in row_of.items():
        while (where.place[node], row) in occupied:
            row += 1
        occupied.add((where.place[node], row))
        rows[node] = row


def _plan(
    folded: Folded, where: Regions, members: list[Node], rows: dict[Node, int], widths: dict[Node, float]
) -> Rows:
    """Returns a column as numbers for the layout."""
    index = {x: i for i, x in enumerate(members)}
    plan = Rows([rows[x] for x in members], [], [], [], [0] * len(members), [widths[x] for x in members])
    region = where.place[members[0]]
    for node in members:
        for link in folded.arrows[node]:
            other = where.place[link.source]
            if link.source in index and rows[link.source] < rows[node]:
                plan.arrows.append((index[link.source], index[node]))
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


def _layouts(plans: dict[int, Rows]) -> dict[int, Ordering]:
    """Compute one layout for all columns of the same form, with the widest boxes, so that equal steps look equal."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for c, plan in plans.items():
        groups.setdefault(plan.form(), []).append(c)
    layouts: dict[int, Ordering] = {}
    for group in groups.values():
        plan = plans[group[0]]
        plan.widths = [max(w) for w in zip(*(plans[c].widths for c in group), strict=True)]
        plan.pulls = [next((p for p in peers if p), 0) for peers in zip(*(plans[c].pulls for c in group), strict=True)]
        layouts |= dict.fromkeys(group, lay_out(plan))
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
