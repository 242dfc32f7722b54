"""Python's operators on nodes: those that nodes lack are refused with what to write; powers in the right dtype."""

from __future__ import annotations

import math
import re
from itertools import product
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend, eager
from tests.each import each

LACKING: dict[str, Any] = {
    "<<": lambda x, y: x << y,
    ">>": lambda x, y: x >> y,
}
ALONE: dict[str, Any] = {
    "math.trunc": math.trunc,
}


@each("sign", LACKING)
@each("x", [tg.parameter(1.5), tg.parameter([1.5, 2.0]), tg.constant(3), tg.constant(True)])
def test_operators_that_nodes_lack(sign: str, x: tg.Node) -> None:
    for sides in ((x, 1), (1, x), (x, 0.5), (x, x)):  # arrays go to numpy's ufuncs, which are refused by their names
        with pytest.raises(tg.GraphError, match=rf"(?s)^{re.escape(sign)} of .*fix"):
            LACKING[sign](*sides)


@each("sign", ALONE)
def test_functions_that_nodes_lack(sign: str) -> None:
    for x in (tg.parameter(1.5), tg.constant(3)):
        with pytest.raises(tg.GraphError, match=rf"(?s)^{sign} of .*fix"):
            ALONE[sign](x)
    with pytest.raises(tg.GraphError, match=r"math\.trunc"):
        tg.compile(lambda x: math.trunc(x), backend="numpy")(np.float64(2.5))


@each("p", [0, 1, 2, 3, True, 2.0, 0.5, np.int8(2), np.int64(2), np.uint8(2)])
@each("x", [np.array([True, False]), np.array([3], np.int8), np.array([7], np.uint8), np.array([5, 4])])
def test_powers_of_integers_and_booleans_have_numpys_dtype(x: np.ndarray, p: Any) -> None:
    for call in (lambda x: x**p, lambda x: np.power(x, p), lambda x: x**p * np.int8(100) + np.int8(100)):
        right, z = call(x), call(tg.constant(x))
        compiled = tg.compile(call, backend="numpy")(x)
        assert z.dtype == compiled.dtype == right.dtype
        np.testing.assert_array_equal(z.value, right)
        np.testing.assert_array_equal(compiled, right)


FLOATS = (np.float16, np.float32, np.float64)


@each_backend
@pytest.mark.filterwarnings("ignore::tinygraph.WideningWarning")
@each("base, exponent", [pair for pair in product(FLOATS, FLOATS) if pair[0] != pair[1]])
def test_slopes_of_powers_are_computed_in_the_dtype_of_the_result(base: Any, exponent: Any, backend: str) -> None:
    x, p = np.array([2.0, 0.3, 1.7], base), np.array([1.3, 2.7, 0.1], exponent)
    x64, p64 = x.astype(float), p.astype(float)
    log = np.log(x64)
    right = [p64 * x64 ** (p64 - 1), log * x64**p64, x64 ** (p64 - 1) * (1 + p64 * log), log * log * x64**p64]

    def slopes(x: Any, p: Any) -> Any:
        gx, gp = tg.grad(tg.sum(x**p), [x, p])
        return gx, gp, tg.grad(tg.sum(gx.astype(np.float64)), p), tg.grad(tg.sum(gp.astype(np.float64)), p)

    for results in (eager(slopes, x, p), tg.compile(slopes, backend=backend)(x, p)):
        for got, wanted, first in zip(results, right, (x, p, x, p), strict=True):
            rough = max(np.finfo(got.dtype).eps, np.finfo(first.dtype).eps, np.finfo(np.result_type(x, p)).eps)
            np.testing.assert_allclose(got, wanted, rtol=4 * rough)
    wide = tg.parameter(p64)
    (gp,) = tg.grad(tg.sum(np.power(base(2), wide)), [wide])
    np.testing.assert_allclose(gp.value, math.log(2) * 2**p64, 1e-14)


@each_backend
def test_the_slope_of_a_power_that_is_nan_is_nan(backend: str) -> None:
    base, exponent = np.array([-2.0, -2.0, 0.0, 3.0, -1.5]), np.array([2.5, 2.0, 2.0, 1.5, 0.5])
    right = [np.nan, 0, 0, math.log(3) * 3**1.5, np.nan]  # 0 where the value is a number and the logarithm is not

    def slopes(p: Any) -> Any:
        (first,) = tg.grad(tg.sum(base**p), [p])
        chosen = tg.sum(tg.where(base > 0, base**p, p * p))
        return first, tg.grad(first[1:4].sum(), p), tg.grad(chosen, p)

    with np.errstate(all="ignore"):
        for first, second, chosen in (eager(slopes, exponent), tg.compile(slopes, backend=backend)(exponent)):
            np.testing.assert_allclose(first, right, 1e-14)
            np.testing.assert_allclose(second[1:4], [0, 0, math.log(3) ** 2 * 3**1.5], 1e-14)
            np.testing.assert_allclose(chosen, np.where(base > 0, right, 2 * exponent), 1e-14)
