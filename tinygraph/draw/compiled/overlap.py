"""Who wrote the numbers that a view reads, at one step of the loops around or at any."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ...plan.actions import View

DRAWERS, WIDE = 256, 8
"""A buffer is looked up in so many parts; a view over more than so many of them is kept apart."""

Steps = tuple[int, ...]
"""How often the loops around run, the outermost first."""


class Write(NamedTuple):
    """Item ``at`` wrote ``view`` within loops of so many ``steps``, from its first element to its last one."""

    view: View
    at: int
    steps: Steps
    low: int
    high: int


class Written:
    """All that was written to one buffer, in drawers, so that of many small parts few are looked at."""

    def __init__(self, size: int) -> None:
        self.part = max(size // DRAWERS, 1)
        self.drawers: dict[int, list[Write]] = {}
        self.wide: list[Write] = []

    def add(self, view: View, at: int, steps: Steps) -> None:
        write = Write(view, at, steps, *_span(view, steps))
        first, last = write.low // self.part, write.high // self.part
        if last - first > WIDE:
            self.wide.append(write)
            return
        for k in range(first, last + 1):
            self.drawers.setdefault(k, []).append(write)

    def meeting(self, view: View, steps: Steps) -> list[Write]:
        """The writes that share an element with the view at any steps, in order; of equal ones the last."""
        low, high = _span(view, steps)
        near = [w for k in range(low // self.part, high // self.part + 1) for w in self.drawers.get(k, ())]
        found: dict[object, Write] = {}
        for w in sorted([*near, *self.wide], key=lambda w: w.at):
            if w.low <= high and low <= w.high and _columns_meet(view, w.view):
                found[w.view.offset, w.view.shape, w.view.strides, w.view.per_step] = w
        return sorted(found.values(), key=lambda w: w.at)


def same_step(view: View, steps: Steps, write: Write) -> bool:
    """Whether they share an element at each step of the loops around the view: as they lie at the first."""
    low, high = _span(_still(view, len(steps)), steps)
    lower, higher = _span(_still(write.view, len(steps)), write.steps)
    return low <= higher and lower <= high and _columns_meet(view, write.view)


def _still(v: View, depth: int) -> View:
    """The view as it lies at the first step of so many loops around."""
    return replace(v, per_step=(*(0,) * depth, *v.per_step[depth:]))


def _span(v: View, steps: Steps) -> tuple[int, int]:
    """First and last element that the view reaches at any steps."""
    low = high = v.offset
    for n, stride in (*zip(v.shape, v.strides, strict=True), *zip(steps, v.per_step, strict=False)):
        way = (n - 1) * stride
        low, high = low + min(way, 0), high + max(way, 0)
    return low, high


def _columns_meet(a: View, b: View) -> bool:
    """False for parts of rows side by side, whose spans are interlaced and which share nothing."""
    row = _row(a)
    if row <= 1 or row != _row(b):
        return True
    (first, many), (second, more) = ((v.offset % row, v.shape[-1]) for v in (a, b))
    if first + many > row or second + more > row:
        return True
    return first < second + more and second < first + many


def _row(v: View) -> int:
    """Distance of the rows of a view whose last axis is dense; 0 of any other."""
    dense = len(v.shape) > 1 and v.strides[-1] == 1 and v.shape[-1] <= abs(v.strides[-2])
    return abs(v.strides[-2]) if dense else 0
