"""Columns of a page: the boxes and arrows of each time step, which the page folds together."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from ...picture import Arrow, Box, Picture

LOOSE = -1
"""The column number of what belongs to no step or to all steps."""


@dataclass
class Column:
    """A time step, one column of overlapping bands; ``short``: title without token; ``spans``: bands' feet and tops."""

    left: float
    right: float
    foot: float
    top: float
    title: str
    short: str
    bands: list[int] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)


def columns(picture: Picture) -> list[Column]:
    """Returns the columns from left to right; a rolled cell and a band with its title on top are no columns."""
    result: list[Column] = []
    order = sorted((b.left, i) for i, b in enumerate(picture.bands) if not b.times and not b.headed)
    for _, i in order:
        band = picture.bands[i]
        if not result or band.left >= result[-1].right:
            title = f"{band.title} {band.token}".strip()
            result.append(Column(band.left, band.right, band.foot, band.top, title, band.title))
        last = result[-1]
        if any(picture.bands[k].right <= band.left for k in last.bands):
            return []  # networks one over the other, with other widths: no step would fold by itself
        last.right, last.top = max(last.right, band.right), max(last.top, band.top)
        last.foot = min(last.foot, band.foot)
        last.bands.append(i)
        last.spans.append((band.foot, band.top))
    return result


def within(steps: list[Column], x0: float, x1: float, y: float) -> int:
    """Returns the column that contains the range x0 to x1 at height y, or LOOSE."""
    c = before(steps, (x0 + x1) / 2)
    if c < 0:
        return LOOSE
    column = steps[c]
    is_inside = column.left - 1 <= x0 and x1 <= column.right + 1
    return c if is_inside and any(foot - 1 <= y <= top + 1 for foot, top in column.spans) else LOOSE


def before(steps: list[Column], x: float) -> int:
    """Returns the last column that starts left of x; -1 if there is none."""
    return bisect_right(steps, x, key=lambda step: step.left) - 1


def owners(steps: list[Column], boxes: list[Box]) -> list[int]:
    """Returns the column of each box."""
    return [within(steps, b.x - b.width / 2, b.x + b.width / 2, b.y) for b in boxes]


def lane(steps: list[Column], owner: list[int], arrow: Arrow) -> tuple[str, int]:
    """Returns the group of an arrow.

    ``("in", c)`` if it stays in a column, ``("gap", c)`` if it leads to the next column or to a bar near column c,
    ``("far", -1)`` if it leads further.
    """
    a, b = sorted((owner[arrow.tail], owner[arrow.head]))
    if a == b:
        return ("in", a) if a != LOOSE else ("far", LOOSE)
    if a == LOOSE:
        reach = [x for x, _ in arrow.points]
        near = steps[b].left - 150 <= min(reach) and max(reach) <= steps[b].right + 150
        return ("gap", b) if near else ("far", LOOSE)
    return ("gap", a) if b == a + 1 else ("far", LOOSE)
