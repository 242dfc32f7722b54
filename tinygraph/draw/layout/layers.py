"""One column's layout: boxes in rows, ordered so that few arrows cross, moved so that arrows run straight."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

GAP, THREAD = 20.0, 16.0
"""Points between boxes of a row, and the room that an arrow passing through a row takes."""
LONG = 24
"""An arrow over more rows than this is drawn straight: bends would cost rows times arrows."""
_SWEEPS = 6


@dataclass
class Rows:
    """A column as numbers, its boxes counted from 0.

    Attributes:
        rows: of each box, 0 at the foot.
        arrows: (lower, upper) boxes.
        up, down: boxes with an arrow that leaves over the top or under the foot.
        pulls: of each box -1 or 1 where an arrow crosses to the column on its left or right.
        widths: of each box, in points.
    """

    rows: list[int]
    arrows: list[tuple[int, int]]
    up: list[int]
    down: list[int]
    pulls: list[int]
    widths: list[float]

    def form(self) -> tuple[object, ...]:
        """What columns laid out as one share; widths may differ, and pulls, of which the last column has fewer."""
        return (tuple(self.rows), tuple(self.arrows), tuple(self.up), tuple(self.down))


@dataclass
class Ordering:
    """Centres ``x`` of boxes, in points from the column's middle; the ``bends`` of arrows, (x, row) each."""

    x: list[float]
    bends: dict[tuple[int, int], list[tuple[float, int]]]
    half: float


@dataclass
class _Mesh:
    """Boxes and the bends of long arrows, all as items that sit in rows and pull at their neighbours."""

    row: list[int]
    width: list[float]
    pull: list[int]
    below: list[list[int]] = field(default_factory=list)
    above: list[list[int]] = field(default_factory=list)

    def add(self, row: int) -> int:
        self.row.append(row)
        self.width.append(THREAD)
        self.pull.append(0)
        self.below.append([])
        self.above.append([])
        return len(self.row) - 1

    def tie(self, lower: int, upper: int) -> None:
        self.above[lower].append(upper)
        self.below[upper].append(lower)


TOP, FOOT = -1, -2
"""Stand for the upper or lower end in `Ordering.bends` keys of arrows that leave the column."""


def lay_out(plan: Rows) -> Ordering:
    """Centres of a column's boxes and the way of its long arrows; time linear in boxes and bends."""
    n = len(plan.rows)
    mesh = _Mesh(list(plan.rows), list(plan.widths), list(plan.pulls), [[] for _ in range(n)], [[] for _ in range(n)])
    top = max(plan.rows, default=0) + 1
    chains = {(a, b): _chain(mesh, a, b) for a, b in dict.fromkeys(plan.arrows)}
    chains |= {(a, TOP): _chain(mesh, a, mesh.add(top), end=True) for a in dict.fromkeys(plan.up)}
    chains |= {(FOOT, b): _chain(mesh, mesh.add(-1), b, start=True, lanes=n) for b, n in Counter(plan.down).items()}
    order = _ordered(mesh)
    x = _spread(mesh, order)
    left = min((x[i] - mesh.width[i] / 2 for i in range(len(x))), default=0.0)
    right = max((x[i] + mesh.width[i] / 2 for i in range(len(x))), default=0.0)
    middle = (left + right) / 2
    bends = {key: [(x[i] - middle, mesh.row[i]) for i in chain] for key, chain in chains.items()}
    return Ordering([v - middle for v in x[:n]], bends, (right - left) / 2)


def _chain(mesh: _Mesh, lower: int, upper: int, *, start: bool = False, end: bool = False, lanes: int = 1) -> list[int]:
    """Items for an arrow, or so many side by side, in the rows that it passes; the ends too where they are no boxes."""
    between = range(mesh.row[lower] + 1, mesh.row[upper])
    items = [mesh.add(row) for row in between] if len(between) <= LONG else []
    for item in [lower] * start + items:
        mesh.width[item] = THREAD * lanes
    way = [lower, *items, upper]
    for a, b in pairwise(way):
        mesh.tie(a, b)
    return [lower] * start + items + [upper] * end


def _ordered(mesh: _Mesh) -> list[list[int]]:
    """Rows of items from left to right, by the mean place of their neighbours, swept up and down."""
    rows: dict[int, list[int]] = {}
    for item, row in enumerate(mesh.row):
        rows.setdefault(row, []).append(item)
    order = [rows[r] for r in sorted(rows)]
    place = [0.0] * len(mesh.row)
    for items in order:
        items.sort(key=lambda i: (mesh.pull[i], i))
        _count(items, place)
    for sweep in range(_SWEEPS):
        near = mesh.above if sweep % 2 == 0 else mesh.below
        for items in reversed(order) if sweep % 2 == 0 else order:
            keys = {i: (mesh.pull[i], _mean([place[j] for j in near[i]], place[i])) for i in items}
            items.sort(key=keys.__getitem__)
            _count(items, place)
    return order


def _count(row: list[int], place: list[float]) -> None:
    for k, i in enumerate(row):
        place[i] = k - (len(row) - 1) / 2


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _spread(mesh: _Mesh, order: list[list[int]]) -> list[float]:
    """Centres: each row is drawn to its neighbours' centres, kept in order and apart."""
    x = [0.0] * len(mesh.row)
    for row in order:
        _settle(row, [0.0] * len(row), mesh, x)
    for sweep in range(_SWEEPS):
        # The last sweep goes up and looks down, so that a chain of ops stands straight on what it starts from.
        near = mesh.above if sweep % 2 == 0 else mesh.below
        for row in reversed(order) if sweep % 2 == 0 else order:
            _settle(row, [_mean([x[j] for j in near[i]], x[i]) for i in row], mesh, x)
    return x


def _settle(row: list[int], wanted: list[float], mesh: _Mesh, x: list[float]) -> None:
    """The places nearest to the wanted ones, in squares, that keep order and distance.

    Pool adjacent violators (Ayer et al. 1955): with each item's offset from the row's first
    taken off, the places need only be ascending, and groups that are not are set to their mean.
    """
    offsets = [0.0]
    for a, b in pairwise(row):
        offsets.append(offsets[-1] + (mesh.width[a] + mesh.width[b]) / 2 + GAP)
    groups: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        total, count = want - offset, 1
        while groups and groups[-1][0] / groups[-1][1] > total / count:
            before = groups.pop()
            total, count = total + before[0], count + before[1]
        groups.append((total, count))
    places = (total / count for total, count in groups for _ in range(count))
    for item, place, offset in zip(row, places, offsets, strict=True):
        x[item] = place + offset
