"""Positions in the rolled view: a card per cell with its boxes, what lies outside of time in rows below and above."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from ..picture import Point
from ..shown.cells import CellGroup, starts
from ..shown.repetition import Edge, Repetition
from .layers import FOOT, TOP, Ordering, Rows, lay_out
from .place import HEIGHT, PITCH

MARGIN, LANE, CAPTION, APART, STACK = 22.0, 30.0, 40.0, 66.0, 9.0
"""Room inside a card, per lane of a returning state, over the boxes for the name; between rows; from card to card."""
WORDS = 62.0
"""Room for ``t−1 → t`` beside the lanes."""


@dataclass
class Card:
    """A cell with a place: edges of the front card, rows of its boxes, the side and lane of each state that returns.

    ``bends``: as in `layers.Layout`, by group (TOP, FOOT where an arrow leaves the card), as points.
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
    """Where everything of a rolled picture stands.

    Attributes:
        cards: in the order of computation.
        card_of: of each group in a card its number.
        joined: of arrows of an initial state into a lane the state whose lane it is; None for those left out.
        x, y, width: of each group's box.
        passing: of each arrow between items the points at which it passes rows, (x, foot, top).
        aside: the edges that run back to the first step of a cell, beside the order of rows.
        tangled: whether cards feed each other both ways, so that no order of rows shows it.
        links: of each pair of different items the edges between them.
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

    def item(self, group: int) -> int:
        """A card as -1, -2, ..., a box outside of the cards as its group."""
        return -1 - self.card_of[group] if group in self.card_of else group


def stage(found: Repetition, made: list[CellGroup], widths: dict[int, float]) -> Stage:
    """Stand the cards and boxes; time linear in groups and edges."""
    here = Stage(width=widths)
    here.card_of = {g: i for i, cell in enumerate(made) for g in cell.groups}
    here.aside = starts(found, made)
    here.cards = [_card(found, cell, here, widths) for cell in made]
    here.joined = _joined(found, here)
    for edge in found.edges:
        ends = here.item(edge.source), here.item(edge.target)
        if ends[0] != ends[1] and edge not in here.aside:
            here.links.setdefault(ends, []).append(edge)
    arrows = list(here.links)
    _stand(here, arrows, _levels(found, here, arrows))
    return here


def _card(found: Repetition, cell: CellGroup, here: Stage, widths: dict[int, float]) -> Card:
    groups = sorted(cell.groups, key=lambda g: found.groups[g][-1].serial)
    index = {g: i for i, g in enumerate(groups)}
    inner = [e for e in found.edges if not e.lag and e.source in index and e.target in index]
    rows = _rows(groups, inner)
    inner = [e for e in inner if rows[e.source] < rows[e.target]]
    back = [e for e in found.edges if e.lag and e.source in index and e.target in index]
    sides: dict[int, int] = {}
    for edge in sorted(back, key=lambda e: rows[e.target]):
        sides.setdefault(edge.source, -1 if len(sides) % 2 == 0 else 1)
    plan = Rows([rows[g] for g in groups], [], [], [], [0] * len(groups), [widths[g] for g in groups])
    plan.arrows = [(index[e.source], index[e.target]) for e in inner]
    for edge in found.edges:
        if edge.source in index and edge.target not in index:
            plan.up.append(index[edge.source])
        elif edge.target in index and edge.source not in index and edge not in here.aside:
            plan.down.append(index[edge.target])
    for edge in back:
        plan.pulls[index[edge.target]] = sides[edge.source]
    layout = lay_out(plan)
    ends = {FOOT: FOOT, TOP: TOP} | dict(enumerate(groups))
    layout.bends = {(ends[a], ends[b]): way for (a, b), way in layout.bends.items()}
    cell.groups = groups
    return Card(cell, layout, rows, sides)


def _joined(found: Repetition, here: Stage) -> dict[Edge, int | None]:
    """What stands in for a returning state at several ops, or high up: one arrow into its lane.

    That is an initial state, or what another card hands over.
    """
    takes: dict[int, dict[int, None]] = {}
    for e in found.edges:
        if e.lag and here.item(e.source) == here.item(e.target):
            takes.setdefault(e.source, {})[e.target] = None
    starts: dict[int, list[Edge]] = {}
    for e in found.edges:
        handed = e in here.aside and e.source in here.card_of and _stands_on(found, here, e)
        if e.only is not None and e.target in here.card_of and (handed or _is_initial(here, e)):
            starts.setdefault(e.source, []).append(e)
    joined: dict[Edge, int | None] = {}
    for edges in starts.values():
        targets = {e.target for e in edges}
        state = next((s for s, to in takes.items() if targets <= to.keys()), None)
        high = state is not None and max(here.cards[here.card_of[state]].rows[t] for t in targets) > 1
        if state is not None and (len(targets) > 1 or high):
            joined.update(dict.fromkeys(edges, None))
            joined[min(edges, key=lambda e: here.cards[here.card_of[e.target]].rows[e.target])] = state
    return joined


def _is_initial(here: Stage, edge: Edge) -> bool:
    return edge.source not in here.card_of and edge not in here.aside


def _stands_on(found: Repetition, here: Stage, edge: Edge) -> bool:
    """Whether the card that an edge leads to stands over the one that it comes from, for it needs it at every step."""
    after: dict[int, list[int]] = {}
    for e in found.edges:
        if e not in here.aside:
            after.setdefault(e.source, []).append(e.target)
    seen = dict.fromkeys(here.cards[here.card_of[edge.source]].cell.groups)
    queue = list(seen)
    for g in queue:
        fresh = [t for t in after.get(g, ()) if t not in seen]
        seen |= dict.fromkeys(fresh)
        queue += fresh
    return edge.target in seen


def _rows(groups: list[int], inner: list[Edge]) -> dict[int, int]:
    """An op above what it uses at its step, what starts from outside right below its user."""
    below: dict[int, list[int]] = {}
    users: dict[int, list[int]] = {}
    for edge in inner:
        below.setdefault(edge.target, []).append(edge.source)
        users.setdefault(edge.source, []).append(edge.target)
    rows: dict[int, int] = {}
    for g in _upwards(groups, below, users):
        rows[g] = 1 + max((rows.get(s, -1) for s in below.get(g, ())), default=-1)
    for g in reversed(groups):
        if g in users and g not in below:
            rows[g] = max(rows[g], min(rows[u] for u in users[g]) - 1)
    return rows


def _upwards(items: Iterable[int], below: dict[int, list[int]], users: dict[int, list[int]]) -> list[int]:
    """Items with all that they are made from before them; any that feed each other last."""
    missing = {i: len(below.get(i, ())) for i in items}
    order = [i for i in missing if not missing[i]]
    for i in order:
        for b in users.get(i, ()):
            missing[b] -= 1
            if not missing[b]:
                order.append(b)
    return order + [i for i in missing if missing[i] > 0]


def _levels(found: Repetition, here: Stage, arrows: list[tuple[int, int]]) -> dict[int, int]:
    """Row of each card and outer box: over all that it is made from; data right below its user."""
    items = dict.fromkeys(here.item(g) for g in range(len(found.groups)))
    into: dict[int, list[int]] = {i: [] for i in items}
    users: dict[int, list[int]] = {i: [] for i in items}
    for a, b in arrows:
        into[b].append(a)
        users[a].append(b)
    levels: dict[int, int] = {}
    order = _upwards(items, into, users)
    at = {i: k for k, i in enumerate(order)}
    here.tangled = any(at[a] > at[b] for a, b in arrows)
    for i in order:
        # Cards stand in a row above the data even without any, so that a decoder stands beside its encoder.
        levels[i] = 1 + max((levels.get(a, 0) for a in into[i]), default=0 if i < 0 else -1)
    for i in reversed(order):
        if users[i] and not into[i]:
            levels[i] = min(levels[b] for b in users[i]) - 1
    foot = min(levels.values())
    return {i: levels[i] - foot for i in items}


def _stand(here: Stage, arrows: list[tuple[int, int]], levels: dict[int, int]) -> None:
    """Rows of items, ordered and straightened by the layout that columns have."""
    items = sorted(levels, key=lambda i: (levels[i], -i if i < 0 else i))
    index = {item: k for k, item in enumerate(items)}
    wide = [here.cards[-1 - i].width + 84 if i < 0 else here.width[i] for i in items]
    plan = Rows([levels[i] for i in items], [], [], [], [0] * len(items), wide)
    plan.arrows = [(index[a], index[b]) for a, b in arrows if levels[a] < levels[b]]
    layout = lay_out(plan)
    tall: dict[int, float] = {}
    for i in items:
        tall[levels[i]] = max(tall.get(levels[i], 0.0), here.cards[-1 - i].height if i < 0 else HEIGHT)
    foot = {0: 0.0}
    for low, high in pairwise(sorted(tall)):
        foot[high] = foot[low] + tall[low] + (APART if max(tall[low], tall[high]) > HEIGHT else APART - 22)
    fed = {b for _, b in arrows}
    for item, x in zip(items, layout.x, strict=True):
        row = levels[item]
        if item < 0:
            _stand_card(here, here.cards[-1 - item], x, foot[row])
        else:
            here.x[item] = x
            here.y[item] = foot[row] + HEIGHT / 2 if item in fed else foot[row] + tall[row] - HEIGHT / 2
    for (a, b), bends in layout.bends.items():
        passed = [(x, foot[row], foot[row] + tall[row]) for x, row in bends]
        here.passing[items[a], items[b]] = passed
    busy = {levels[i] for i in items if i < 0} | {row for way in layout.bends.values() for _, row in way}
    rows = sorted(set(tall) - busy)
    for row in [*rows, *reversed(rows)]:
        _straighten(here, [i for i in items if levels[i] == row], arrows)


def _stand_card(here: Stage, card: Card, x: float, foot: float) -> None:
    card.left, card.right, card.foot, card.top = x - card.width / 2, x + card.width / 2, foot, foot + card.height
    inside = x + (card.room(-1) - card.room(1)) / 2
    base = foot + MARGIN + HEIGHT / 2
    for g, dx in zip(card.cell.groups, card.layout.x, strict=True):
        here.x[g], here.y[g] = inside + dx, base + card.rows[g] * PITCH
    for key, way in card.layout.bends.items():
        card.bends[key] = [(inside + dx, base + row * PITCH) for dx, row in way]
    seen = {-1: 0, 1: 0}
    for g, side in card.returning.items():
        seen[side] += 1
        card.lanes[g] = inside + side * (card.layout.half + LANE * seen[side] + 8)


def _straighten(here: Stage, row: list[int], arrows: list[tuple[int, int]]) -> None:
    """Boxes below and above a card stand where their arrows enter and leave it, side by side."""
    fed = {b for _, b in arrows}
    wanted: dict[int, list[float]] = {i: [] for i in row}
    for a, b in arrows:
        for mine, other, end in ((a, b, FOOT), (b, a, TOP)):
            if mine in wanted and (mine in fed) == (end == TOP):
                wanted[mine] += _ports(here, other, end, mine) if other < 0 else [here.x[other]]
    goal = {i: sum(w) / len(w) if w else here.x[i] for i, w in wanted.items()}
    row = sorted(row, key=lambda i: goal[i])
    at: list[float] = []
    for k, i in enumerate(row):
        least = at[-1] + (here.width[row[k - 1]] + here.width[i]) / 2 + 24 if k else goal[i]
        at.append(max(goal[i], least))
    shift = sum(goal[i] - x for i, x in zip(row, at, strict=True)) / len(row)
    for i, x in zip(row, at, strict=True):
        here.x[i] = x + shift


def _ports(here: Stage, item: int, end: int, mine: int) -> list[float]:
    """Where the arrows between a card and a box outside of it pass the card's edge."""
    card = here.cards[-1 - item]
    if end == FOOT:
        edges = [e for e in here.links[mine, item] if here.joined.get(e, 0) is not None]
        states = [here.joined.get(e) for e in edges]
        return [
            card.bends[FOOT, e.target][0][0] if s is None else card.lanes[s] for e, s in zip(edges, states, strict=True)
        ]
    return [card.bends[e.source, TOP][-1][0] for e in here.links[item, mine]]
