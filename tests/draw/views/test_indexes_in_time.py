"""How a rolled picture tells an index: by t where it moves with time, as it is where it stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each

MOVING: dict[str, tuple[Callable[[int], Any], str]] = {
    "t": (lambda t: t, "X[t]"),
    "t + 1": (lambda t: t + 1, "X[t+1]"),
    "t - 1": (lambda t: t - 1, "X[t−1]"),
    "always 2": (lambda t: 2, "X[2]"),
    "backwards": (lambda t: 3 - t, "X[t …]"),
    "a jump": (lambda t: t * t % 5, "X[t …]"),
}


@each("in_tuple", [True, False])
@each("first", [0, 1])
@each("name", MOVING)
def test_an_index_by_itself_or_in_a_tuple_is_told_alike(name: str, first: int, in_tuple: bool) -> None:
    index, title = MOVING[name]
    xs, h = tg.constant(np.ones((6, 3)), name="X"), tg.constant(np.zeros(3))
    w = tg.parameter(np.eye(3), name="W")
    for t in range(first, first + 4):
        with tg.step(t):
            at = index(t)
            h = tg.tanh(tg.ops.getitem(xs, index=(at,) if in_tuple else at) + h @ w)
    titles = [" ".join(part.text for part in box.title) for box in tg.draw(h, "rolled").picture.boxes]
    assert title in titles


def test_of_several_indexes_each_is_told() -> None:
    xs, h = tg.constant(np.ones((6, 4, 3)), name="X"), tg.constant(np.zeros(3))
    w = tg.parameter(np.eye(3), name="W")
    for t in range(4):
        with tg.step(t):
            h = tg.tanh(xs[t + 1, 3] + xs[2, t] + h @ w)
    titles = {" ".join(part.text for part in box.title) for box in tg.draw(h, "rolled").picture.boxes}
    assert {"X[t+1, 3]", "X[2, t]"} <= titles
