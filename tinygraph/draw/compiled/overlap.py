"""Finds which action wrote the numbers that a view reads, at the same step of a loop or at any step."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ...plan.actions import View

DRAWERS, WIDE = 256, 8
"""Number of parts of a buffer's index; a view over more than WIDE of them is kept separately."""

Steps = tuple[int, ...]
"""The lengths of the enclosing loops, outermost first."""


class Write(NamedTuple):
    """Item ``at`` wrote ``view`` in loops of lengths ``steps``; ``low`` to ``high`` is the range of elements."""

    view: View
    at: int
    steps: Steps
    low: int
    high: int


class WrittenParts:
    """All writes to one buffer, indexed by position, so that a lookup checks only few of them."""

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
        """Returns the writes that share an element with the view at any steps, in order; of equal ones the last."""
        low, high = _span(view, steps)
        near = [w for k in range(low // self.part, high // self.part + 1) for w in self.drawers.get(k, ())]
        latest: dict[object, Write] = {}
        for w in sorted([*near, *self.wide], key=lambda w: w.at):
            if w.low <= high and low <= w.high and _columns_meet(view, w.view):
                latest[w.view.offset, w.view.shape, w.view.strides, w.view.per_step] = w
        return sorted(latest.values(), key=lambda w: w.at)


def same_step(view: View, steps: Steps, write: Write) -> bool:
    """Whether a write and a view share an element at every step of the view's loops; their first step is compared."""
    low, high = _span(_still(view, len(steps)), steps)
    lower, higher = _span(_still(write.view, len(steps)), write.steps)
    return low <= higher and lower <= high and _columns_meet(view, write.view)


def _still(v: View, depth: int) -> View:
    """Returns the view at the first step of the ``depth`` outermost loops."""
    return replace(v, per_step=(*(0,) * depth, *v.per_step[depth:]))


def _span(v: View, steps: Steps) -> tuple[int, int]:
    """Returns the first and the last element that the view reaches at any steps."""
    low = high = v.offset
    for n, stride in (*zip(v.shape, v.strides, strict=True), *zip(steps, v.per_step, strict=False)):
        reach = (n - 1) * stride
        low, high = low + min(reach, 0), high + max(reach, 0)
    return low, high


def _columns_meet(a: View, b: View) -> bool:
    """Returns False for disjoint column ranges of the same rows, whose spans interleave without sharing an element."""
    row = _row(a)
    if row <= 1 or row != _row(b):
        return True
    (first, length), (second, other_length) = ((v.offset % row, v.shape[-1]) for v in (a, b))
    if first + length > row or second + other_length > row:
        return True
    return first < second + other_length and second < first + length


def _row(v: View) -> int:
    """Returns the row stride of a view whose last axis is contiguous, else 0."""
    dense = len(v.shape) > 1 and v.strides[-1] == 1 and v.shape[-1] <= abs(v.strides[-2])
    return abs(v.strides[-2]) if dense else 0
