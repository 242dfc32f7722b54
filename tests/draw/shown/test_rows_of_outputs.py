"""Slices of time between two loops: each step of the upper one has its arrow from the step that it reads."""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tests.each import each

T = 6
PARTS = {
    "reversed": lambda a: a[::-1],
    "flipped": lambda a: np.flip(a, 0),
    "even": lambda a: a[::2],
    "odd": lambda a: a[1::2],
    "later": lambda a: a[1:],
    "later, reversed": lambda a: a[2:][::-1],
    "some features": lambda a: a[::-1, :, :2],
    "all": lambda a: a[:],
}


@each("level", ["op", "cell"])
@each("name", PARTS)
def test_a_step_reads_the_step_that_its_slice_tells(name: str, level: str) -> None:
    xs = np.random.default_rng(0).normal(size=(T, 2, 3))
    below, _ = tg.unroll(tg.cells.RNN(3, 4, rng=0, dtype=np.float64), xs)
    part = PARTS[name](below)
    outputs, _ = tg.unroll(tg.cells.RNN(part.shape[-1], 4, rng=1, dtype=np.float64), part)
    picture = tg.draw(tg.mean(outputs**2), level=level, steps=[*range(T)] if len(part) == T else None).picture
    places = [PARTS[name](np.arange(T).reshape(T, 1, 1) + np.zeros((1, 1, 4)))[t, 0, 0] for t in range(len(part))]
    seen = set()
    for arrow in picture.arrows:
        tail, head = (picture.boxes[i].node for i in (arrow.tail, arrow.head))
        if tail is None or head is None or not tail.serial < part.serial < head.serial or tail.size == 1:
            continue
        if tail.step is not None and head.step is not None:
            seen.add((tail.step, head.step))
    right = {(int(s), t) for t, s in enumerate(places)}
    assert seen and seen <= right and (seen == right or len(part) < T)
