"""Mean, deviation and range of arrays, and their first numbers, against numpy; small arrays take a way of their own."""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.draw.labels import number
from tinygraph.draw.views.figures import TINY, figures, statistics

SEEDED = np.random.default_rng(0)


@each("dtype", ["float64", "float32", "float16"])
@each("size", [2, 3, TINY - 1, TINY, TINY + 1, 40])
def test_mean_deviation_and_range_are_those_of_numpy(size: int, dtype: str) -> None:
    for odd in ((), (np.nan,), (np.inf,), (-np.inf,), (np.inf, -np.inf)):
        x = SEEDED.normal(size=size).round(2).astype(dtype)
        x[: len(odd)] = odd
        exact = x.astype(float)
        with np.errstate(all="ignore"):
            right = exact.mean(), exact.std(), exact.min(), exact.max()
        told = statistics(x.reshape(1, -1))
        words = [part.split() for part in told.split(", ")]
        assert [word for word, _ in words] == ["mean", "std", "min", "max"]
        for (_, text), value in zip(words, right, strict=True):
            if np.isfinite(value):
                np.testing.assert_allclose(float(text), value, rtol=6e-3, atol=2e-3)
            else:
                assert text == number(value)
    assert statistics(np.array([[0.125]], dtype)) == "value 0.125000"


@each("dtype", ["float64", "float32", "float16", "int64", "bool"])
def test_the_first_four_numbers_of_the_first_row_stand_in_brackets(dtype: str) -> None:
    for shape in ((), (1,), (4,), (5,), (2, 3), (1, 5), (2, 2, 6), (3, 1), (0,), (2, 0)):
        x = (SEEDED.normal(size=shape) * 900).astype(dtype)
        told = figures(tg.constant(x))
        row = x.reshape(-1)[: min(4, shape[-1])] if shape and x.size else x.reshape(-1)
        numbers = [number(float(v)) if x.dtype.kind == "f" else str(v) for v in row]
        inner = " ".join(numbers) + " …" * bool(shape and shape[-1] > 4)
        more = " …" if shape and x.size > shape[-1] else ""
        nested = f"[{inner}]" if len(shape) < 2 else "[" * len(shape) + inner + "]" + more + "]" * (len(shape) - 1)
        assert told == ("" if not x.size else nested if shape else inner), shape
