"""Positions of all boxes, in points: columns in time order, bars over and under them, time linear in the boxes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ...core.node import Node
from ..picture import Point
from ..shown.folding import Folded
from ..shown.regions import AFTER, BEFORE, OVER, UNDER, Regions, later
from .layers import FOOT, TOP, Ordering, Rows, lay_out

HEIGHT, PITCH, GUTTER = 40.0, 84.0, 100.0
"""Height of a box, distance of rows, room between columns (arrows through time turn in it)."""
HEAD = 46.0
"""Room at a band's foot for its time step and token."""


class Spot(NamedTuple):
    """A box's centre, width, row (in its column) and column (None for a bar)."""

    x: float
    y: float
    width: float
    row: int
    column: int | None


@dataclass
class Placed:
    """Where everything stands.

    Attributes:
        spots: of each box.
        bends: (lower, upper) -> the points through which the arrow between them passes, upwards;
            None stands for a bar.
        edges: left and right of each column; number -1 is the one before time, the last may be the one after.
        foot, top: of the columns' bands.
    """

    spots: dict[Node, Spot] = field(default_factory=dict)
    bends: dict[tuple[Node | None, Node | None], list[Point]] = field(default_factory=dict)
    edges: dict[int, Point] = field(default_factory=dict)
    foot: float = 0.0
    top: float = 0.0


def place(folded: Folded, where: Regions, widths: dict[Node, float], headings: list[float]) -> Placed:
    """Stand the boxes; ``headings`` are the widths of the texts under the columns."""
    columns = _columns(folded, where)
    rows = _rows(folded, where, columns)
    plans = {c: _plan(folded, where, members, rows, widths) for c, members in columns.items()}
    layouts = _layouts(plans)
    placed = Placed()
    high = max((rows[x] for members in columns.values() for x in members), default=0)
    placed.foot, placed.top = -HEIGHT / 2 - HEAD, high * PITCH + HEIGHT / 2 + 20
    at = 0.0
    for c, members in columns.items():
        half = max(layouts[c].half + 18, headings[c] / 2 + 14 if 0 <= c < len(headings) else 0)
        at += half
        placed.edges[c] = (at - half, at + half)
        for x, node in zip(layouts[c].x, members, strict=True):
            placed.spots[node] = Spot(at + x, rows[node] * PITCH, widths[node], rows[node], c)
        for (a, b), way in layouts[c].bends.items():
            ends = (None if a == FOOT else members[a], None if b == TOP else members[b])
            placed.bends[ends] = [(at + x, row * PITCH) for x, row in way]
        at += half + GUTTER
    _bars(placed, folded, where, widths, columns)
    return placed


def _columns(folded: Folded, where: Regions) -> dict[int, list[Node]]:
    """The boxes of every column, those before time first, in the order of computation."""
    number = {BEFORE: -1, AFTER: max(len(where.steps), 1)}
    found: dict[int, list[Node]] = {c: [] for c in range(-1, number[AFTER] + 1)}
    for node in folded.nodes:
        spot = where.place[node]
        if spot not in (OVER, UNDER):
            found[number.get(spot, spot)].append(node)  # type: ignore[arg-type]
    return {c: members for c, members in found.items() if members}


def _rows(folded: Folded, where: Regions, columns: dict[int, list[Node]]) -> dict[Node, int]:
    """Row of each box: an op above what it uses within its column, data right below its user."""
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
    """Data and lookups stand at the foot, an op that starts from a parameter one row above."""
    return -1 if node.op is None or node.op.name in ("take", "getitem", "one_hot") else 0


def _level_states(folded: Folded, where: Regions, rows: dict[Node, int]) -> None:
    """Initial states stand level with their users, each in a row of its own."""
    wanted: dict[Node, int] = {}
    for node in folded.nodes:
        for link in folded.arrows[node]:
            if link.source in where.states and node in rows:
                wanted[link.source] = min(rows[node], wanted.get(link.source, rows[node]))
    taken: set[tuple[int | str, int]] = set()
    for node, row in wanted.items():
        while (where.place[node], row) in taken:
            row += 1
        taken.add((where.place[node], row))
        rows[node] = row


def _plan(
    folded: Folded, where: Regions, members: list[Node], rows: dict[Node, int], widths: dict[Node, float]
) -> Rows:
    """A column as numbers for the layout."""
    index = {x: i for i, x in enumerate(members)}
    plan = Rows([rows[x] for x in members], [], [], [], [0] * len(members), [widths[x] for x in members])
    mine = where.place[members[0]]
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
                plan.pulls[index[node]] = 1 if later(other, mine) else -1
    plan.up.extend(index[x] for x in members if x in where.rising)
    for node in members:
        if node in where.leaving and not plan.pulls[index[node]]:
            plan.pulls[index[node]] = where.leaving[node]
    return plan


def _layouts(plans: dict[int, Rows]) -> dict[int, Ordering]:
    """One layout for all columns of one form, with the widest of their boxes: equal steps look equal."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for c, plan in plans.items():
        groups.setdefault(plan.form(), []).append(c)
    found: dict[int, Ordering] = {}
    for group in groups.values():
        plan = plans[group[0]]
        plan.widths = [max(w) for w in zip(*(plans[c].widths for c in group), strict=True)]
        plan.pulls = [next((p for p in peers if p), 0) for peers in zip(*(plans[c].pulls for c in group), strict=True)]
        found |= dict.fromkeys(group, lay_out(plan))
    return {c: found[c] for c in plans}


def _bars(
    placed: Placed, folded: Folded, where: Regions, widths: dict[Node, float], columns: dict[int, list[Node]]
) -> None:
    """Boxes that belong to all steps, as wide as time; several of one level share the width."""
    timed = [edge for c, edge in placed.edges.items() if 0 <= c < max(len(where.steps), 1)]
    left, right = (timed[0][0], timed[-1][1]) if timed else (0.0, 0.0)
    for region in (OVER, UNDER):
        levels: dict[int, list[Node]] = {}
        for node, level in _levels(folded, where, region).items():
            levels.setdefault(level, []).append(node)
        for level, nodes in sorted(levels.items()):
            # Under the columns hang the badges of cuts.
            far = (62.0 if region == OVER else 88.0) + level * (HEIGHT + 40)
            y = placed.top + far if region == OVER else placed.foot - far
            span = max(right - left, sum(widths[x] + 20 for x in nodes))
            each = span / len(nodes)
            middle = (left + right) / 2 - span / 2
            for i, node in enumerate(nodes):
                placed.spots[node] = Spot(middle + (i + 0.5) * each, y, each - 20 * (len(nodes) > 1), level, None)


def _levels(folded: Folded, where: Regions, region: str) -> dict[Node, int]:
    """Distance of each bar from the columns.

    A bar that columns lead to has its level for itself, and so spans all of them.
    """
    mine = [x for x in folded.nodes if where.place[x] == region]
    near: dict[Node, list[Node]] = {x: [] for x in mine}
    linked: set[Node] = set()
    for node in folded.nodes:
        for link in folded.arrows[node]:
            ends = (link.source, node) if region == OVER else (node, link.source)
            if ends[0] in near and ends[1] in near:
                near[ends[1]].append(ends[0])
            elif ends[1] in near:
                linked.add(ends[1])
    levels: dict[Node, int] = {}
    alone: set[int] = set()
    shared: set[int] = set()
    for node in mine if region == OVER else reversed(mine):
        level = 1 + max((levels[x] for x in near[node]), default=-1)
        while level in alone or (node in linked and level in shared):
            level += 1
        (alone if node in linked else shared).add(level)
        levels[node] = level
    return levels
