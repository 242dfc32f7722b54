"""Every form of an index, outside of loops and in them, natively: numpy's numbers, and its refusal beyond the ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import tinygraph as tg
from tests.each import each

X = np.random.default_rng(0).normal(size=(4, 3, 5)) * 20
I, J = np.array([1, -1, 0]), np.array([[2, -2, 0]])  # noqa: E741

FORMS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "first": lambda x, i, j: x[i],
    "and a number": lambda x, i, j: x[i, 0],
    "after a number": lambda x, i, j: x[0, i],
    "a number between": lambda x, i, j: x[i, 1, j],
    "a slice between": lambda x, i, j: x[i, :, j],
    "two together": lambda x, i, j: x[:, i, j],
    "two together first": lambda x, i, j: x[j, i],
    "all but the last": lambda x, i, j: x[..., i],
    "between all": lambda x, i, j: x[1:, ..., i, :2],
    "a new axis": lambda x, i, j: x[None, i],
    "a new axis after": lambda x, i, j: x[:, i, None, ::2],
    "backwards": lambda x, i, j: x[::-1, j, ::-2],
    "of what is turned": lambda x, i, j: x.T[i],
    "of a part": lambda x, i, j: x[:, ::2, 1:][:, :, i],
    "take": lambda x, i, j: np.take(x, i, axis=1),
    "take from the end": lambda x, i, j: np.take(x, j, axis=-2),
    "take flat": lambda x, i, j: np.take(x, i),
    "take flat of what is turned": lambda x, i, j: np.take(x.T, j),
    "take flat of a part": lambda x, i, j: np.take(x[:, 1:, ::2], i),
    "rounded": lambda x, i, j: np.round(x, -1) + np.round(x, 2) * 7 - np.round(x),
}


def gradient(fn: Callable[..., Any], x: Any, i: Any, j: Any) -> Any:
    z = fn(x, i, j)
    return z, tg.grad(tg.sum(tg.square(z)), x)


@each("name", FORMS)
def test_outside_of_loops_and_in_them(name: str) -> None:
    fn = FORMS[name]

    def run(x: Any, i: Any, j: Any) -> Any:
        def cell(at: Any, h: Any) -> Any:
            z = fn(h, at, j)
            return z, h * 1.5

        return *gradient(fn, x, i, j), tg.unroll(cell, tg.stack([i, i[::-1]]), x)[0]

    z, g, steps = tg.compile(run, backend="native")(X, I, J)
    right, expected = gradient(fn, tg.parameter(X), I, J)
    np.testing.assert_allclose(z, fn(X, I, J), 1e-15)
    np.testing.assert_allclose(right.value, z, 1e-15)
    np.testing.assert_allclose(g, expected.value, 1e-14)
    for step, index, h in zip(steps, (I, I[::-1]), (X, X * 1.5), strict=True):
        np.testing.assert_allclose(step, fn(h, index, J), 1e-15, 1e-13)


SIZES = {"first": 4, "and a number": 4, "after a number": 3, "all but the last": 5, "of what is turned": 5, "take": 3}


@each("name", [*SIZES, "take flat", "of a part"])
def test_beyond_the_ends_is_refused(name: str) -> None:
    fn, n = FORMS[name], SIZES.get(name, {"take flat": 60, "of a part": 4}.get(name, 0))
    step = tg.compile(lambda x, i: fn(x, i, None), backend="native")
    for right in (n - 1, -n):
        index = np.array([0, right, 0])
        np.testing.assert_array_equal(step(X, index), fn(X, index, None))
    for wrong in (n, -n - 1):
        with pytest.raises(tg.GraphError, match=r"out of (range|bounds)"):
            step(X, np.array([0, wrong, 0]))
