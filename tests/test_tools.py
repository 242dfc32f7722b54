"""The tests' own tools: a loop tells of each case that failed, and what is wrong is noticed."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pytest

import tinygraph as tg

from .arrays import assert_close
from .derivatives import assert_derivatives
from .each import each
from .interrupts import interrupted


def test_all_cases_are_tried_and_all_failures_told() -> None:
    tried = []

    @each("b", ["x", "y"])
    @each("a", [1, 2, 3], lambda a: f"<{a}>")
    def odd_alone(a: int, b: str) -> None:
        tried.append((a, b))
        assert a % 2 or b == "y", "even"

    with pytest.raises(AssertionError, match="even") as caught:
        odd_alone()
    assert tried == [(a, b) for b in "xy" for a in (1, 2, 3)]
    assert [note.splitlines() for note in caught.value.__notes__] == [
        ["1 of 3 cases failed:", "  a=<2>: AssertionError: even"],
        [
            "1 of 2 cases failed:",
            "  b=x: AssertionError: even",
            "    1 of 3 cases failed:",
            "      a=<2>: AssertionError: even",
        ],
    ]


def test_what_does_not_raise_is_a_failure_too() -> None:
    @each("a", [1])
    def raises(a: int) -> None:
        with pytest.raises(ValueError, match="never"):
            pass

    with pytest.raises(pytest.fail.Exception):
        raises()


@each("a", range(6), by=lambda a: "odd" if a % 2 else "even")
def test_groups(a: int, tmp_path: Path) -> None:
    """There is a test for each group; fixtures are given to all cases."""
    assert tmp_path.is_dir()


class Cube(tg.Op):
    """z = x**3, whose gradient is off by ``first``, and the gradient's own by ``second``."""

    def __init__(self, first: float = 0.0, second: float = 0.0) -> None:
        self.first, self.second = first, second

    def forward(self, x: Any) -> Any:
        return x**3

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        still = tg.stop_gradient(x)
        return gz * ((3 + self.first) * x * x + self.second * (x - still))


@each("first, second, right", [(0, 0, True), (1e-4, 0, False), (0, 1e-4, False)])
def test_a_wrong_derivative_of_any_parameter_is_noticed(first: float, second: float, right: bool) -> None:
    large, small = tg.parameter(np.array([1.5, -0.7])), tg.parameter(np.array([0.4, 0.3]))

    def fn() -> tg.Node:
        return tg.sum(large * large * large * tg.sum(large)) + 1e-4 * tg.sum(Cube(first, second)(small))

    if right:
        assert_derivatives(fn, [large, small])
    else:
        with pytest.raises(AssertionError, match=f"order {1 if first else 2} of 1"):
            assert_derivatives(fn, [large, small])
    np.testing.assert_array_equal(small.value, [0.4, 0.3])


@each("got", [[1.0, 2.1], [1.0, np.nan], [np.inf, 2.0], [1.0], [[1.0, 2.0]]])
def test_other_numbers_are_told(got: Any) -> None:
    with pytest.raises(AssertionError, match="the third"):
        assert_close(np.array(got), np.array([1.0, 2.0]), 1e-3, 1e-3, "the third")


def test_equal_numbers_are_close_whatever_they_are() -> None:
    odd = np.array([1.0, np.nan, np.inf, -np.inf])
    assert_close(odd, odd.copy(), 1e-12, 0)
    assert_close(np.array([True, False]), np.array([True, False]), 0, 0)
    with pytest.raises(AssertionError):
        assert_close(odd, np.array([1.0, np.nan, np.inf, np.inf]), 1e-12, 0)


class Cycle:
    def __init__(self) -> None:
        self.itself = self


def test_an_interrupt_does_not_fall_into_what_the_collector_frees() -> None:
    """Python prints what is raised in a callback of a weak reference, and goes on."""
    kept = WeakKeyDictionary[Cycle, int]()

    def call() -> list[list[int]]:
        kept[Cycle()] = 1
        return [[] for _ in range(100)]

    before = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        assert list(interrupted(call))
    finally:
        gc.set_threshold(*before)
