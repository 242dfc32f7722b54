"""Layered (Sugiyama) layout of one column: orders rows for few crossings, then straightens arrows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

GAP, THREAD = 14.0, 14.0
"""Points between boxes of a row, and width of a lane for an arrow that passes through a row."""
LONG = 60
"""An arrow over more rows than this has no bends, because their cost is rows times arrows."""
_SWEEPS = 6


@dataclass
class Rows:
    """The input of the layout: a column whose boxes are numbered from 0.

    Attributes:
        rows: the row of each box, 0 at the foot.
        arrows: pairs (lower box, upper box).
        up, down: boxes with an arrow that leaves the column at the top or at the foot.
        pulls: for each box -1 or 1 if an arrow leads to the column on its left or right, else 0.
        widths: the width of each box, in points.
    """

    rows: list[int]
    arrows: list[tuple[int, int]]
    up: list[int]
    down: list[int]
    pulls: list[int]
    widths: list[float]

    def form(self) -> tuple[object, ...]:
        """Returns a key that is equal for columns with the same layout; it contains neither widths nor pulls."""
        return (tuple(self.rows), tuple(self.arrows), tuple(self.up), tuple(self.down))


@dataclass
class Ordering:
    """The result of the layout, in points from the column's middle.

    ``x``: the centres of the boxes; ``bends``: maps each arrow to its bends (x, row); ``half``: half the width.
    """

    x: list[float]
    bends: dict[tuple[int, int], list[tuple[float, int]]]
    half: float


@dataclass
class _Mesh:
    """Boxes and bends of long arrows as items in rows; linked items attract each other."""

    row: list[int]
    width: list[float]
    pull: list[int]
    gap: float
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
"""Replace the upper or lower box in the keys of `Ordering.bends` for arrows that leave the column."""


def lay_out(plan: Rows, gap: float = GAP) -> Ordering:
    """Returns the centres of a column's boxes and the bends of its long arrows, in time linear in boxes and bends."""
    n = len(plan.rows)
    mesh = _Mesh(
        list(plan.rows), list(plan.widths), list(plan.pulls), gap, [[] for _ in range(n)], [[] for _ in range(n)]
    )
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
    """Returns the items of an arrow (or of ``lanes`` parallel arrows) in the rows that it passes.

    ``start``, ``end``: the lower or upper end is an item without a box, and is returned too.
    """
    between = range(mesh.row[lower] + 1, mesh.row[upper])
    items = [mesh.add(row) for row in between] if len(between) <= LONG else []
    for item in [lower] * start + items:
        mesh.width[item] = THREAD * lanes
    chain = [lower, *items, upper]
    for a, b in pairwise(chain):
        mesh.tie(a, b)
    return [lower] * start + items + [upper] * end


def _ordered(mesh: _Mesh) -> list[list[int]]:
    """Returns the rows as lists of items from left to right, sorted by the barycentre of their neighbours in sweeps."""
    rows: dict[int, list[int]] = {}
    for item, row in enumerate(mesh.row):
        rows.setdefault(row, []).append(item)
    order = [rows[r] for r in sorted(rows)]
    place = [0.0] * len(mesh.row)
    for items in order:
        items.sort(key=lambda i: (mesh.pull[i], i))
        _number(items, place)
    for sweep in range(_SWEEPS):
        near = mesh.above if sweep % 2 == 0 else mesh.below
        for items in reversed(order) if sweep % 2 == 0 else order:
            keys = {i: (mesh.pull[i], _mean([place[j] for j in near[i]], place[i])) for i in items}
            items.sort(key=keys.__getitem__)
            _number(items, place)
    return order


def _number(row: list[int], place: list[float]) -> None:
    for k, i in enumerate(row):
        place[i] = k - (len(row) - 1) / 2


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _spread(mesh: _Mesh, order: list[list[int]]) -> list[float]:
    """Returns the centres: each row moves towards its neighbours' centres, but keeps its order and distances."""
    x = [0.0] * len(mesh.row)
    for row in order:
        _settle(row, [0.0] * len(row), mesh, x)
    for sweep in range(_SWEEPS):
        # The last sweep goes up and uses the row below, so that a chain of ops is straight above its start.
        near = mesh.above if sweep % 2 == 0 else mesh.below
        for row in reversed(order) if sweep % 2 == 0 else order:
            _settle(row, [_mean([x[j] for j in near[i]], x[i]) for i in row], mesh, x)
    return x


def _settle(row: list[int], targets: list[float], mesh: _Mesh, x: list[float]) -> None:
    """Place a row as near to its targets as possible (least squares), keeping order and distances.

    Pool adjacent violators (Ayer et al. 1955): after each item's offset from the first is subtracted, the places only
    need to be ascending, and groups that are not are set to their mean.
    """
    offsets = [0.0]
    for a, b in pairwise(row):
        offsets.append(offsets[-1] + (mesh.width[a] + mesh.width[b]) / 2 + mesh.gap)
    groups: list[tuple[float, int]] = []
    for target, offset in zip(targets, offsets, strict=True):
        total, count = target - offset, 1
        while groups and groups[-1][0] / groups[-1][1] > total / count:
            previous = groups.pop()
            total, count = total + previous[0], count + previous[1]
        groups.append((total, count))
    places = (total / count for total, count in groups for _ in range(count))
    for item, place, offset in zip(row, places, offsets, strict=True):
        x[item] = place + offset
