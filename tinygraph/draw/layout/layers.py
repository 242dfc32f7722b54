"""Layered (Sugiyama) layout of one column: orders rows for few crossings, then straightens arrows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
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
class _Item:
    """A box, or a bend of a long arrow, in its row; linked items attract each other."""

    row: int
    width: float = THREAD
    pull: int = 0
    below: list[int] = field(default_factory=list)
    above: list[int] = field(default_factory=list)


TOP, FOOT = -1, -2
"""Replace the upper or lower box in the keys of `Ordering.bends` for arrows that leave the column."""


def lay_out(plan: Rows, gap: float = GAP) -> Ordering:
    """Returns the centres of a column's boxes and the bends of its long arrows, in time linear in boxes and bends."""
    n = len(plan.rows)
    items = [_Item(*own) for own in zip(plan.rows, plan.widths, plan.pulls, strict=True)]
    top = max(plan.rows, default=0) + 1
    chains = {(a, b): _chain(items, a, b) for a, b in dict.fromkeys(plan.arrows)}
    chains |= {(a, TOP): _chain(items, a, _add(items, top), end=True) for a in dict.fromkeys(plan.up)}
    chains |= {(FOOT, b): _chain(items, _add(items, -1), b, start=True, lanes=n) for b, n in Counter(plan.down).items()}
    x = _spread(items, _ordered(items), gap)
    left = min((at - item.width / 2 for at, item in zip(x, items, strict=True)), default=0.0)
    right = max((at + item.width / 2 for at, item in zip(x, items, strict=True)), default=0.0)
    middle = (left + right) / 2
    bends = {key: [(x[i] - middle, items[i].row) for i in chain] for key, chain in chains.items()}
    return Ordering([v - middle for v in x[:n]], bends, (right - left) / 2)


def _add(items: list[_Item], row: int) -> int:
    items.append(_Item(row))
    return len(items) - 1


def _chain(
    items: list[_Item], lower: int, upper: int, *, start: bool = False, end: bool = False, lanes: int = 1
) -> list[int]:
    """Returns the items of an arrow (or of ``lanes`` parallel arrows) in the rows that it passes.

    ``start``, ``end``: the lower or upper end is an item without a box, and is returned too.
    """
    rows = range(items[lower].row + 1, items[upper].row)
    between = [_add(items, row) for row in rows] if len(rows) <= LONG else []
    for i in [lower] * start + between:
        items[i].width = THREAD * lanes
    for a, b in pairwise([lower, *between, upper]):
        items[a].above.append(b)
        items[b].below.append(a)
    return [lower] * start + between + [upper] * end


def _ordered(items: list[_Item]) -> list[list[int]]:
    """Returns the rows as lists of items from left to right, sorted by the barycentre of their neighbours in sweeps."""
    rows: dict[int, list[int]] = {}
    for i, item in enumerate(items):
        rows.setdefault(item.row, []).append(i)
    order = [rows[r] for r in sorted(rows)]
    place = [0.0] * len(items)
    for row in order:
        row.sort(key=lambda i: (items[i].pull, i))
        _number(row, place)
    for row, near in _sweeps(items, order):
        keys = {i: (items[i].pull, _mean([place[j] for j in js], place[i])) for i, js in zip(row, near, strict=True)}
        row.sort(key=keys.__getitem__)
        _number(row, place)
    return order


def _sweeps(items: list[_Item], order: list[list[int]]) -> Iterator[tuple[list[int], list[list[int]]]]:
    """Yields the rows from the top down with what is above their items, then upward with what is below, and so on.

    The last sweep goes up, so that a chain of ops is straight above its start.
    """
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for row in reversed(order) if down else order:
            yield row, [items[i].above if down else items[i].below for i in row]


def _number(row: list[int], place: list[float]) -> None:
    for k, i in enumerate(row):
        place[i] = k - (len(row) - 1) / 2


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _spread(items: list[_Item], order: list[list[int]], gap: float) -> list[float]:
    """Returns the centres: each row moves towards its neighbours' centres, but keeps its order and distances."""
    x, widths = [0.0] * len(items), [item.width for item in items]
    for row in order:
        _settle(row, [0.0] * len(row), widths, gap, x)
    for row, near in _sweeps(items, order):
        _settle(row, [_mean([x[j] for j in js], x[i]) for i, js in zip(row, near, strict=True)], widths, gap, x)
    return x


def _settle(row: list[int], targets: list[float], widths: list[float], gap: float, x: list[float]) -> None:
    """Place a row as near to its targets as possible (least squares), keeping order and distances.

    Pool adjacent violators (Ayer et al. 1955): after each item's offset from the first is subtracted, the places only
    need to be ascending, and groups that are not are set to their mean.
    """
    offsets = [0.0]
    for a, b in pairwise(row):
        offsets.append(offsets[-1] + (widths[a] + widths[b]) / 2 + gap)
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
