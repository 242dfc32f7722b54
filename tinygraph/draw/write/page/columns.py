"""Columns of a page: which boxes and arrows a time step owns, so that it can be folded away as one."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...picture import Arrow, Box, Picture

LOOSE = -1
"""The column of what belongs to no step or to all."""


@dataclass
class Column:
    """A time step, ``left`` to ``right``; bands above one another are one. ``short``: the title without the token."""

    left: float
    right: float
    foot: float
    top: float
    title: str
    short: str
    bands: list[int] = field(default_factory=list)


def columns(picture: Picture) -> list[Column]:
    """From left to right. A cell run many times is no time step and has none, and so a ground with its title on top."""
    found: list[Column] = []
    order = sorted((b.left, i) for i, b in enumerate(picture.bands) if not b.times and not b.headed)
    for _, i in order:
        band = picture.bands[i]
        last = found[-1] if found else None
        if last is not None and band.left < last.right:
            last.right, last.foot = max(last.right, band.right), min(last.foot, band.foot)
            last.top = max(last.top, band.top)
            last.bands.append(i)
        else:
            title = f"{band.title} {band.token}".strip()
            found.append(Column(band.left, band.right, band.foot, band.top, title, band.title, [i]))
    return found


def within(steps: list[Column], x0: float, x1: float, y: float) -> int:
    """The column that holds what reaches from x0 to x1 at height y, or LOOSE."""
    c = before(steps, (x0 + x1) / 2)
    if c < 0:
        return LOOSE
    at = steps[c]
    held = at.left - 1 <= x0 and x1 <= at.right + 1 and at.foot - 1 <= y <= at.top + 1
    return c if held else LOOSE


def before(steps: list[Column], x: float) -> int:
    """The last column that begins left of x; -1 left of all."""
    low, high = 0, len(steps)
    while low < high:
        middle = (low + high) // 2
        if steps[middle].left <= x:
            low = middle + 1
        else:
            high = middle
    return low - 1


def owners(steps: list[Column], boxes: list[Box]) -> list[int]:
    """The column of each box."""
    return [within(steps, b.x - b.width / 2, b.x + b.width / 2, b.y) for b in boxes]


def lane(steps: list[Column], owner: list[int], arrow: Arrow) -> tuple[str, int]:
    """Where an arrow is drawn: ``("in", c)`` inside a column, ``("gap", c)`` from it to the next or to what stands
    over it, ``("far", -1)`` further."""
    a, b = sorted((owner[arrow.tail], owner[arrow.head]))
    if a == b:
        return ("in", a) if a != LOOSE else ("far", LOOSE)
    if a == LOOSE:
        reach = [x for x, _ in arrow.points]
        near = steps[b].left - 150 <= min(reach) and max(reach) <= steps[b].right + 150
        return ("gap", b) if near else ("far", LOOSE)
    return ("gap", a) if b == a + 1 else ("far", LOOSE)
