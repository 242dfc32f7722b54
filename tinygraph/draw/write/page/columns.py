"""Columns of a page: the boxes and arrows of each time step, which the page folds together."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from ...picture import Arrow, Picture, Rectangle

LOOSE = -1
"""The column number of what belongs to no step or to all steps."""


@dataclass
class Column:
    """A time step, one column of overlapping bands; ``short``: title without token; ``side``: 1 in a second network."""

    left: float
    right: float
    foot: float
    top: float
    title: str
    short: str
    side: int
    bands: list[int] = field(default_factory=list)


class Columns(list[Column]):
    """The columns of each network from left to right; a rolled cell and a band with its title on top are no columns."""

    def __init__(self, picture: Picture) -> None:
        self._side = picture.side
        bands = [(self._side(b.left, b.top), b.left, i, b) for i, b in enumerate(picture.bands)]
        for side, left, i, band in sorted(x for x in bands if not x[3].times and not x[3].headed):
            if not self or side != self[-1].side or left >= self[-1].right:
                title = f"{band.title} {band.token}".strip()
                self.append(Column(left, band.right, band.foot, band.top, title, band.title, side))
            last = self[-1]
            last.right, last.top = max(last.right, band.right), max(last.top, band.top)
            last.foot = min(last.foot, band.foot)
            last.bands.append(i)
        self._lefts = [[x.left for x in self if x.side == side] for side in (0, 1)]

    def before(self, x: float, y: float) -> int:
        """Returns the last column of its network that starts left of a place; LOOSE if there is none."""
        side = self._side(x, y)
        c = bisect_right(self._lefts[side], x) - 1
        return c + side * len(self._lefts[0]) if c >= 0 else LOOSE

    def within(self, part: Rectangle) -> int:
        """Returns the column that contains a part at the height of its middle, or LOOSE."""
        c, x0, x1, y = self.before(part.x, part.y), part.x - part.width / 2, part.x + part.width / 2, part.y
        x = self[c] if c != LOOSE else None
        is_inside = x and x.left - 1 <= x0 and x1 <= x.right + 1 and x.foot - 1 <= y <= x.top + 1
        return c if is_inside else LOOSE

    def lane(self, owner: list[int], arrow: Arrow) -> tuple[str, int]:
        """Returns the group of an arrow.

        ``("in", c)`` if it stays in a column, ``("gap", c)`` if it leads to the next column or to a bar near column c,
        ``("gap", LOOSE)`` if it leads further.
        """
        a, b = sorted((owner[arrow.tail], owner[arrow.head]))
        if a == b:
            return "in" if a != LOOSE else "gap", a
        if a == LOOSE:
            reach = [x for x, _ in arrow.points]
            near = self[b].left - 150 <= min(reach) and max(reach) <= self[b].right + 150
            return "gap", b if near else LOOSE
        return "gap", a if b == a + 1 else LOOSE
