"""np.median of nodes: numpy's number and dtype, to the bit, also of infinities; the gradient of the middle two."""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tests.each import each

INF = np.inf


@each("row", [[INF, INF], [1, INF], [INF, 1, INF], [-INF, INF], [-INF, -INF, 2, 1], [np.nan, INF], [1, 2, 3, INF], [5]])
def test_of_infinities_it_is_numpys(row: list[float]) -> None:
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(np.median(tg.constant(np.array(row, float))).value, np.median(row))


@each("dtype", [np.float64, np.float32, np.float16])
def test_it_is_numpys_to_the_bit(dtype: type) -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        x = (rng.normal(size=rng.integers(1, 7, 2)) * 100).astype(dtype)
        for axis in (None, 0, 1, (0, 1)):
            z, right = np.median(tg.constant(x), axis=axis).value, np.median(x, axis=axis)
            assert z.dtype == right.dtype
            np.testing.assert_array_equal(z, right)


def test_the_middle_two_share_the_gradient() -> None:
    x = tg.parameter([3.0, -1.0, 7.0, 0.5])
    np.median(x).backward()
    np.testing.assert_array_equal(x.grad, [0.5, 0, 0, 0.5])
