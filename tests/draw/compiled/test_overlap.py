"""Which writes of a buffer a view meets, against the sets of its elements, counted one by one."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.draw.compiled.kernels import DRAWERS, WIDE, Write, WrittenParts, same_step
from tinygraph.plan.actions import Buffer, View

SIZE, STEPS = 720, (3, 4)


def view(draw: Random, size: int = SIZE) -> View:
    """One of a single row, of some columns of all rows, or of every second element, that moves in some of the loops."""
    kind = draw.choice(("row", "columns", "strided"))
    shape, strides = {
        "row": ((draw.choice((1, 4, 12)),), (1,)),
        "columns": ((3, draw.choice((2, 5, 6))), (12, 1)),
        "strided": ((5,), (draw.choice((2, -2)),)),
    }[kind]
    moves = tuple(draw.choice((0, 0, 12, -12, 36)) for _ in range(draw.choice((0, 1, 2))))
    v = View(Buffer("scratch", size, np.dtype(float)), 0, shape, strides, moves)
    low, high = min(elements(v)), max(elements(v))
    near = (
        draw.randrange(-low, size - high) if draw.random() < 0.3 else draw.randrange(-low, min(130 - low, size - high))
    )
    return View(v.buffer, near, shape, strides, moves)


def elements(v: View, steps: Any = STEPS, still: int = 0) -> set[int]:
    """The places that a view reaches at any steps; at the first of the ``still`` outermost loops alone."""
    loops = [range(1 if k < still else n) for k, n in enumerate(steps)]
    at = product(*map(range, v.shape), *loops)
    moves = *v.strides, *v.per_step[: len(steps)], *[0] * (len(steps) - len(v.per_step))
    return {v.offset + sum(i * m for i, m in zip(places, moves, strict=True)) for places in at}


def apart(a: set[int], b: set[int]) -> bool:
    """Whether all of one comes before all of the other."""
    return max(a) < min(b) or max(b) < min(a)


def columns(v: View) -> set[int]:
    """Those of a view that stays in them; of one that goes over the end of a row all, as for one of a single row."""
    first = v.offset % 12
    return {*range(first, first + v.shape[1])} if len(v.shape) == 2 and first + v.shape[1] <= 12 else {*range(12)}


@each("seed", range(60))
def test_all_writes_that_a_view_meets_are_told_and_none_that_is_elsewhere(seed: int) -> None:
    draw = Random(seed)
    written = WrittenParts(SIZE)
    writes = [view(draw) for _ in range(12)]
    writes.append(writes[0])
    for at, v in enumerate(writes):
        written.add(v, at, STEPS)
    for _ in range(12):
        v = view(draw)
        own = elements(v)
        told = [w.at for w in written.meeting(v, STEPS)]
        assert told == sorted(told) and 0 not in told, "of equal writes the last"
        meets = {at for at, w in enumerate(writes) if at and elements(w) & own}
        assert meets <= {*told}
        for at in told:
            # Columns of the same rows lie among each other without a meeting.
            assert not apart(elements(writes[at]), own) and columns(writes[at]) & columns(v)


@each("seed", range(60))
def test_what_meets_at_the_first_step_meets_at_the_same_step(seed: int) -> None:
    draw = Random(seed)
    for _ in range(12):
        v, w = view(draw), view(draw)
        for steps in (STEPS, STEPS[:1]):
            write = Write(w, 0, STEPS, min(elements(w)), max(elements(w)))
            a, b = elements(v, steps, len(steps)), elements(w, STEPS, len(steps))
            told = same_step(v, steps, write)
            assert told or not a & b
            assert not told or not (apart(a, b) or columns(v).isdisjoint(columns(w)))


def test_columns_that_go_over_the_end_of_a_row_may_meet_any() -> None:
    buffer = Buffer("scratch", SIZE, np.dtype(float))
    around, first = View(buffer, 10, (3, 5), (12, 1)), View(buffer, 12, (3, 2), (12, 1))
    written = WrittenParts(SIZE)
    written.add(first, 7, ())
    assert elements(around, ()) & elements(first, ()) and [w.at for w in written.meeting(around, ())] == [7]
    assert same_step(around, (), Write(first, 7, (), 12, 37)) and same_step(first, (), Write(around, 7, (), 10, 38))
    whole = View(buffer, 0, (3, 12), (12, 1))
    assert same_step(whole, (), Write(first, 7, (), 12, 37)), "a row as long as the stride"
    beside, left = View(buffer, 2, (3, 10), (12, 1)), View(buffer, 0, (3, 2), (12, 1))
    assert not same_step(beside, (), Write(left, 7, (), 0, 25))


@each("size", [1, 40, 256, 100_000])
def test_a_lookup_tries_the_writes_near_it_alone(size: int) -> None:
    buffer = Buffer("scratch", size, np.dtype(float))
    written = WrittenParts(size)
    for at in range(size):
        if at % max(size // 500, 1) == 0:
            written.add(View(buffer, at, (1,), (1,)), at, ())
    assert not written.wide and len(written.drawers) <= DRAWERS + 1
    assert max(map(len, written.drawers.values())) <= 4
    part = size // DRAWERS or 1
    for n, is_wide in ((WIDE * part + 1, False), ((WIDE + 1) * part + 1, True)):
        if n <= size:
            before = sum(map(len, written.drawers.values())), len(written.wide)
            written.add(View(buffer, 0, (n,), (1,)), size, ())
            after = sum(map(len, written.drawers.values())), len(written.wide)
            assert (after[0] - before[0], after[1] - before[1]) == ((0, 1) if is_wide else (WIDE + 1, 0))
            assert written.meeting(View(buffer, n - 1, (1,), (1,)), ())[-1].at == size
