"""Layout of the rolled view: a card per cell, and rows of boxes outside of time below and above."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from ..picture import Point
from ..shown.cells import CellGroup, starts, upwards
from ..shown.repetition import Edge, Repetition
from .layers import FOOT, TOP, Ordering, Rows, lay_out
from .spots import HEIGHT, PITCH

MARGIN, LANE, CAPTION, APART = 22.0, 30.0, 40.0, 66.0
"""Padding of a card, width of a lane, height of the name; gap between rows."""
WORDS = 62.0
"""Width of ``t−1 → t`` beside the lanes."""


@dataclass
class Card:
    """A cell with its position: edges of the front card, rows of its boxes, side and lane of each recurrent state.

    ``bends``: as in `layers.Ordering`, but keyed by group (TOP or FOOT if the arrow leaves the card), as points.
    """

    cell: CellGroup
    layout: Ordering
    rows: dict[int, int]
    returning: dict[int, int]
    left: float = 0.0
    right: float = 0.0
    foot: float = 0.0
    top: float = 0.0
    lanes: dict[int, float] = field(default_factory=dict)
    bends: dict[tuple[int, int], list[Point]] = field(default_factory=dict)

    def room(self, side: int) -> float:
        lanes = sum(s == side for s in self.returning.values())
        return MARGIN + (LANE * lanes + 8 + WORDS if lanes else 0)

    @property
    def width(self) -> float:
        return max(2 * self.layout.half + self.room(-1) + self.room(1), 170.0)

    @property
    def height(self) -> float:
        return max(self.rows.values()) * PITCH + HEIGHT + CAPTION + 2 * MARGIN


@dataclass
class Stage:
    """The layout of a rolled picture.

    Attributes:
        cards: the cards, in order of computation.
        card_of: maps each group in a card to the card's number.
        joined: maps edges from an initial state into a lane to the state of this lane; None for edges not drawn.
        x, y, width: maps each group to the position and width of its box.
        passing: maps each pair of items to the places where its arrow passes rows, (x, foot, top).
        aside: the edges that start a cell; they do not count for the order of rows.
        tangled: whether cards depend on each other in both directions, so that no order of rows exists.
        links: maps each pair of different items to the edges between them.
    """

    cards: list[Card] = field(default_factory=list)
    card_of: dict[int, int] = field(default_factory=dict)
    joined: dict[Edge, int | None] = field(default_factory=dict)
    x: dict[int, float] = field(default_factory=dict)
    y: dict[int, float] = field(default_factory=dict)
    width: dict[int, float] = field(default_factory=dict)
    passing: dict[tuple[int, int], list[tuple[float, float, float]]] = field(default_factory=dict)
    aside: set[Edge] = field(default_factory=set)
    tangled: bool = False
    links: dict[tuple[int, int], list[Edge]] = field(default_factory=dict)

    def card(self, group: int) -> Card:
        """Returns the card of a group that is in one."""
        return self.cards[self.card_of[group]]

    def item(self, group: int) -> int:
        """Returns -1 - card number for a group in a card, else the group itself."""
        return -1 - self.card_of[group] if group in self.card_of else group


def place_cards(repetition: Repetition, cell_groups: list[CellGroup], widths: dict[int, float]) -> Stage:
    """Place the cards and boxes, in time linear in groups and edges."""
    stage = Stage(width=widths)
    stage.card_of = {g: i for i, cell in enumerate(cell_groups) for g in cell.groups}
    late = set(stage.card_of)  # what is computed from no card stands below them, as data does
    for edge in sorted(repetition.edges, key=lambda e: e.target):
        late |= {edge.target} if edge.source in late else set()
    stage.aside = {e for e in starts(repetition, cell_groups) if e.source in late}
    stage.cards = [_card(repetition, cell, stage, widths) for cell in cell_groups]
    stage.joined = _joined(repetition, stage)
    below: dict[int, list[int]] = {stage.item(g): [] for g in range(len(repetition.groups))}
    for edge in repetition.edges:
        low, high = stage.item(edge.source), stage.item(edge.target)
        if low != high and edge not in stage.aside:
            stage.links.setdefault((low, high), []).append(edge)
            below[high].append(low)
    rows = _rows(below)
    stage.tangled = any(rows[low] >= rows[high] for low, high in stage.links)
    foot = min(rows.values())
    _place(stage, {item: rows[item] - foot for item in below})
    return stage


def _card(repetition: Repetition, cell: CellGroup, stage: Stage, widths: dict[int, float]) -> Card:
    groups = sorted(cell.groups, key=lambda g: repetition.groups[g][-1].serial)
    index = {g: i for i, g in enumerate(groups)}
    inner = [e for e in repetition.edges if not e.lag and e.source in index and e.target in index]
    below: dict[int, list[int]] = {g: [] for g in groups}
    for edge in inner:
        below[edge.target].append(edge.source)
    rows = _rows(below)
    inner = [e for e in inner if rows[e.source] < rows[e.target]]
    back = [e for e in repetition.edges if e.lag and e.source in index and e.target in index]
    sides: dict[int, int] = {}
    for edge in sorted(back, key=lambda e: rows[e.target]):
        sides.setdefault(edge.source, -1 if len(sides) % 2 == 0 else 1)
    plan = Rows([rows[g] for g in groups], [], [], [], [0] * len(groups), [widths[g] for g in groups])
    plan.arrows = [(index[e.source], index[e.target]) for e in inner]
    for edge in repetition.edges:
        if edge.source in index and edge.target not in index:
            plan.up.append(index[edge.source])
        elif edge.target in index and edge.source not in index and edge not in stage.aside:
            plan.down.append(index[edge.target])
    for edge in back:
        plan.pulls[index[edge.target]] = sides[edge.source]
    layout = lay_out(plan)
    ends = {FOOT: FOOT, TOP: TOP} | dict(enumerate(groups))
    layout.bends = {(ends[a], ends[b]): points for (a, b), points in layout.bends.items()}
    cell.groups = groups
    return Card(cell, layout, rows, sides)


def _joined(repetition: Repetition, stage: Stage) -> dict[Edge, int | None]:
    """Maps edges that replace a recurrent state at several ops, or high in the card, to the lane that one arrow joins.

    The source is an initial state, or a state of another card.
    """
    takes: dict[int, dict[int, None]] = {}
    for e in repetition.edges:
        if e.lag and stage.item(e.source) == stage.item(e.target):
            takes.setdefault(e.source, {})[e.target] = None
    starts: dict[tuple[int, int], list[Edge]] = {}
    for e in repetition.edges:
        handed = e in stage.aside and e.source in stage.card_of and _stands_on(repetition, stage, e)
        initial = e.source not in stage.card_of and e not in stage.aside
        if e.only is not None and (handed or initial):
            starts.setdefault((e.source, e.only), []).append(e)
    joined: dict[Edge, int | None] = {}
    for edges in starts.values():
        state_targets = {e.target for e in edges}
        state = next((s for s, targets in takes.items() if state_targets <= targets.keys()), None)
        high = state is not None and max(stage.card(state).rows[t] for t in state_targets) > 1
        if state is not None and (len(state_targets) > 1 or high):
            joined.update(dict.fromkeys(edges, None))
            joined[min(edges, key=lambda e: stage.card(e.target).rows[e.target])] = state
    return joined


def _stands_on(repetition: Repetition, stage: Stage, edge: Edge) -> bool:
    """Whether the edge's target card must be above its source card, because it also depends on it at every step."""
    after: dict[int, list[int]] = {}
    for e in repetition.edges:
        if e not in stage.aside:
            after.setdefault(e.source, []).append(e.target)
    reached = dict.fromkeys(stage.card(edge.source).cell.groups)
    queue = list(reached)
    for g in queue:
        fresh = [t for t in after.get(g, ()) if t not in reached]
        reached |= dict.fromkeys(fresh)
        queue += fresh
    return edge.target in reached


def _rows(below: dict[int, list[int]]) -> dict[int, int]:
    """Returns the row of each item, by what it reads: it is above that; what reads nothing is right below its user.

    Items on a cycle come last.
    """
    users: dict[int, list[int]] = {}
    rows: dict[int, int] = {}
    for item in dict.fromkeys([*upwards(below), *below]):
        for x in below[item]:
            users.setdefault(x, []).append(item)
        # Cards are above the row of data even without data, so that a decoder is beside its encoder.
        rows[item] = 1 + max((rows.get(x, -1) for x in below[item]), default=0 if item < 0 else -1)
    for item, above in users.items():
        if not below[item]:
            rows[item] = max(rows[item], min(rows[x] for x in above) - 1)
    return rows


def _place(stage: Stage, levels: dict[int, int]) -> None:
    """Place the items in rows with the layered layout of columns."""
    items = sorted(levels, key=lambda i: (levels[i], abs(i)))
    index = {item: k for k, item in enumerate(items)}
    wide = [stage.cards[-1 - i].width + 84 if i < 0 else stage.width[i] for i in items]
    plan = Rows([levels[i] for i in items], [], [], [], [0] * len(items), wide)
    plan.arrows = [(index[a], index[b]) for a, b in stage.links if levels[a] < levels[b]]
    layout = lay_out(plan)
    tall: dict[int, float] = {}
    for i in items:
        tall[levels[i]] = max(tall.get(levels[i], 0.0), stage.cards[-1 - i].height if i < 0 else HEIGHT)
    foot = {0: 0.0}
    for low, high in pairwise(sorted(tall)):
        foot[high] = foot[low] + tall[low] + (APART if max(tall[low], tall[high]) > HEIGHT else APART - 22)
    with_input = {b for _, b in stage.links}
    for item, x in zip(items, layout.x, strict=True):
        row = levels[item]
        if item < 0:
            _place_card(stage, stage.cards[-1 - item], x, foot[row])
        else:
            stage.x[item] = x
            stage.y[item] = foot[row] + HEIGHT / 2 if item in with_input else foot[row] + tall[row] - HEIGHT / 2
    for (a, b), bends in layout.bends.items():
        stage.passing[items[a], items[b]] = [(x, foot[row], foot[row] + tall[row]) for x, row in bends]
    busy = {levels[i] for i in items if i < 0}.union(row for bends in layout.bends.values() for _, row in bends)
    rows = sorted(tall.keys() - busy)
    for row in [*rows, *reversed(rows)]:
        _straighten(stage, [i for i in items if levels[i] == row], with_input)


def _place_card(stage: Stage, card: Card, x: float, foot: float) -> None:
    card.left, card.right, card.foot, card.top = x - card.width / 2, x + card.width / 2, foot, foot + card.height
    inside = x + (card.room(-1) - card.room(1)) / 2
    base = foot + MARGIN + HEIGHT / 2
    for g, dx in zip(card.cell.groups, card.layout.x, strict=True):
        stage.x[g], stage.y[g] = inside + dx, base + card.rows[g] * PITCH
    for key, points in card.layout.bends.items():
        card.bends[key] = [(inside + dx, base + row * PITCH) for dx, row in points]
    lane_count = {-1: 0, 1: 0}
    for g, side in card.returning.items():
        lane_count[side] += 1
        card.lanes[g] = inside + side * (card.layout.half + LANE * lane_count[side] + 8)


def _straighten(stage: Stage, row: list[int], with_input: set[int]) -> None:
    """Move boxes below and above a card to where their arrows enter and leave it, side by side."""
    targets: dict[int, list[float]] = {i: [] for i in row}
    for a, b in stage.links:
        for item, other, end in ((a, b, FOOT), (b, a, TOP)):
            if item in targets and (item in with_input) == (end == TOP):
                targets[item] += _ports(stage, other, end, item) if other < 0 else [stage.x[other]]
    goal = {i: sum(w) / len(w) if w else stage.x[i] for i, w in targets.items()}
    row = sorted(row, key=lambda i: goal[i])
    positions: list[float] = []
    for k, i in enumerate(row):
        least = positions[-1] + (stage.width[row[k - 1]] + stage.width[i]) / 2 + 24 if k else goal[i]
        positions.append(max(goal[i], least))
    shift = sum(goal[i] - x for i, x in zip(row, positions, strict=True)) / len(row)
    for i, x in zip(row, positions, strict=True):
        stage.x[i] = x + shift


def _ports(stage: Stage, item: int, end: int, box: int) -> list[float]:
    """Returns the x positions at which the arrows between a card and a box outside of it cross the card's edge."""
    card = stage.cards[-1 - item]
    if end == FOOT:
        edges = [e for e in stage.links[box, item] if stage.joined.get(e, 0) is not None]
        states = [stage.joined.get(e) for e in edges]
        return [
            card.bends[FOOT, e.target][0][0] if s is None else card.lanes[s] for e, s in zip(edges, states, strict=True)
        ]
    return [card.bends[e.source, TOP][-1][0] for e in stage.links[item, box]]
