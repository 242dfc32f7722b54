"""Arrays that objects hold from one recording to the next, by what kind of method and of array they are written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

W = np.array([0.5, -1.0, 0.25])


class Box:
    """Its methods write into the attribute h of a box."""

    def __init__(self, h: Any = None) -> None:
        self.h, self.itself, self.among = h, self, [self]

    def part(self, v: Any) -> None:
        self.h[0] = v

    def whole(self, v: Any) -> None:
        self.h[...] = v

    @staticmethod
    def still(box: Box, v: Any) -> None:
        box.fixed[1] = v

    @classmethod
    def of_class(cls, box: Box, v: Any) -> None:
        box.classed[1] = v

    @property
    def read(self) -> Any:
        self.seen[2] = self.itself.h[0]
        return self.seen

    def made_here(self, w: Any) -> None:
        self.h, self.positive = np.zeros(3), w > 0

    def positives(self) -> None:
        self.positive[0] = False


def part_then_whole(w: Any, call: Any) -> Any:
    box = Box(np.zeros(3))
    call(box.part)(w[0] * 2.0)
    call(box.whole)(w * w)
    return box.h * w


def whole_of_one_number(w: Any, call: Any) -> Any:
    """What is written whole in the second call has the number that was there, by another way."""
    box = Box(np.zeros(1))
    call(box.part)(w[0] * 2.0)
    call(box.whole)(w[1:2] * w[1:2])  # 1.0, as 0.5 * 2
    return box.h * 3.0


def read_alone_in_the_second(w: Any, call: Any) -> Any:
    box = Box(np.zeros(3))
    call(box.part)(w[0] * 2.0)
    before = box.h
    total = call(lambda b: b.h * b.h)(box)
    assert box.h is before
    return total


def three_times(w: Any, call: Any) -> Any:
    box = Box(np.zeros(3))
    for k in range(3):
        call(box.part)(w[k] * (k + 1.0))
        call(box.whole)(box.h + w)
    return box.h


def by_a_static_method(w: Any, call: Any) -> Any:
    box = Box()
    box.fixed = np.ones(3)
    call(lambda b, v: b.still(b, v))(box, w[0] * 2.0)
    return box.fixed


def by_a_class_method(w: Any, call: Any) -> Any:
    box = Box()
    box.classed = np.ones(3)
    call(lambda b, v: b.of_class(b, v))(box, w[0] * 2.0)
    return box.classed


def by_a_property(w: Any, call: Any) -> Any:
    box = Box(w * 2.0)
    box.seen = np.ones(3)
    return call(lambda b: b.read * 2.0)(box) + box.seen


CALLS = [part_then_whole, whole_of_one_number, read_alone_in_the_second, three_times]
CALLS += [by_a_static_method, by_a_class_method, by_a_property]


@each("run", CALLS)
def test_the_values_and_slopes_are_numpys(run: Any) -> None:
    w = tg.parameter(W)
    z = run(w, tg.recorded)
    np.testing.assert_allclose(z.value, run(W, lambda fn: fn), 1e-14)
    plain = lambda x: np.sum(np.sin(run(x, lambda fn: fn)))  # noqa: E731
    slopes = [(plain(W + d) - plain(W - d)) / 2e-6 for d in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(tg.grad(tg.sum(tg.sin(z)), w).value, slopes, 1e-6, 1e-8)


def test_what_is_no_array_of_the_objects_own_is_left_to_numpy_or_refused() -> None:
    w = tg.parameter(W)
    for node, why in [(w, "it is a parameter"), (w * 2.0, "it was made outside of the recording")]:
        with pytest.raises(tg.MutationError, match=why):
            tg.recorded(Box(node).part)(w[0])
    box = Box()
    tg.recorded(box.made_here)(w)
    for write, values in [(box.part, [1.0]), (box.positives, [])]:
        with pytest.raises(tg.MutationError, match="made outside of the recording"):
            tg.recorded(write)(*values)
    fixed = np.zeros(3)
    fixed.flags.writeable = False
    box = Box(fixed)
    del fixed
    with pytest.raises(ValueError, match="read-only"):
        tg.recorded(box.part)(w[0])
    rows = np.zeros((2, 3))
    tg.recorded(Box(rows[1]).part)(1.0)
    assert rows.tolist() == [[0, 0, 0], [1, 0, 0]]
    with pytest.raises(tg.MutationError, match="plain array"):
        tg.recorded(Box(rows[1]).whole)(w)
    box = Box()
    box.positive = np.ones(2, bool)
    tg.recorded(box.positives)()
    assert box.h is None and box.positive.tolist() == [False, True]
