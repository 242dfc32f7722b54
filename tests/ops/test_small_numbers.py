"""Small dtypes: integers that wrap around, float16 that ends at 65,504: ops compute beyond them, as np.mean does."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each

MANY = 70_000
INTEGERS = [
    np.array([-100, 100, 27], np.int8),
    np.array([200, 1, 0], np.uint8),
    np.array([True, False, True]),
    np.array([-30_000, 30_000, 29_999], np.int16),
    np.array([5, -2, 3]),
]
FORMULAS: dict[str, Callable[[list[float]], list[float]]] = {
    "logsumexp": lambda x: [max(x) + math.log(sum(math.exp(a - max(x)) for a in x))],
    "softmax": lambda x: [math.exp(a - max(x)) / sum(math.exp(b - max(x)) for b in x) for a in x],
    "log_softmax": lambda x: [a - max(x) - math.log(sum(math.exp(b - max(x)) for b in x)) for a in x],
    "sigmoid": lambda x: [1 / (1 + math.exp(-a)) if a > -700 else 0.0 for a in x],
    "softplus": lambda x: [max(a, 0.0) + math.log1p(math.exp(-abs(a))) for a in x],
    "mean": lambda x: [math.fsum(x) / len(x)],
}
DTYPES = {"b": np.float16, "i1": np.float16, "u1": np.float16, "i2": np.float32, "i8": np.float64}
TOLERANCE = {np.float16: 2e-3, np.float32: 1e-6, np.float64: 1e-12}


def both_ways(call: Any, *arrays: Any, backend: str) -> Any:
    """Eager, then compiled: the same shape and dtype."""
    eager = call(*[tg.constant(x) for x in arrays]).value
    compiled = tg.compile(call, backend=backend)(*arrays)
    assert (compiled.dtype, compiled.shape) == (eager.dtype, eager.shape)
    return eager, compiled


@each_backend
@each("name, x", [(name, x) for name in FORMULAS for x in INTEGERS])
def test_integers_do_not_wrap_around(name: str, x: np.ndarray, backend: str) -> None:
    right = FORMULAS[name]([float(a) for a in x])
    for z in both_ways(getattr(tg, name), x, backend=backend):
        dtype = np.float64 if name == "mean" else DTYPES[x.dtype.str[1:].replace("b1", "b")]
        assert z.dtype == dtype
        tolerance = TOLERANCE[dtype]
        np.testing.assert_allclose(np.ravel(z).astype(float), right, tolerance, tolerance)


@each_backend
@each("x", INTEGERS)
def test_losses_of_integers(x: np.ndarray, backend: str) -> None:
    wide = x.astype(float)
    share = FORMULAS["log_softmax"]([float(a) for a in x])
    for z in both_ways(lambda x: tg.softmax_cross_entropy(x, 1), x, backend=backend):
        np.testing.assert_allclose(float(z), -share[1], 2e-3)
    targets = np.array([1.0, 0.0, 0.25])
    right = np.maximum(wide, 0) - wide * targets + np.log1p(np.exp(-np.abs(wide)))
    for z in both_ways(tg.sigmoid_cross_entropy, x, targets, backend=backend):
        np.testing.assert_allclose(z.astype(float), right, 2e-3, 2e-3)


@each_backend
def test_the_mean_of_large_integers(backend: str) -> None:
    for z in both_ways(tg.mean, np.array([2**62, 2**62, 2**62]), backend=backend):
        assert z == 2.0**62


@each_backend
@each("kind", [np.float16, np.float32, np.int8, np.uint16, np.bool_])
def test_the_average_of_integers_is_in_float64(kind: Any, backend: str) -> None:
    for x in (np.full(1000, 200, np.uint8), np.arange(1000, dtype=np.int16), np.arange(1000) % 3 > 0):
        w = (np.arange(1000) % 5 + 1).astype(kind)
        right = math.fsum(int(a) * int(b) for a, b in zip(x, w, strict=True)) / math.fsum(int(b) for b in w)
        for z in both_ways(lambda x, w: np.average(x, weights=w), x, w, backend=backend):
            assert z.dtype == np.float64 and math.isclose(z, right, rel_tol=1e-13)


HALF = np.full(MANY, 1.5, np.float16)
OF_HALF: dict[str, tuple[Callable[[Any], Any], float, float]] = {
    "mean": (tg.mean, 1.5, 1 / MANY),
    "mean over an axis": (lambda x: tg.mean(tg.reshape(x, (1, MANY)), axis=1)[0], 1.5, 1 / MANY),
    "max": (tg.max, 1.5, 1 / MANY),
    "min": (tg.min, 1.5, 1 / MANY),
    "logsumexp": (tg.logsumexp, 1.5 + math.log(MANY), 1 / MANY),
    "softmax": (lambda x: tg.softmax(x)[0], 1 / MANY, 0.0),
    "log_softmax": (lambda x: tg.sum(tg.log_softmax(x) * np.float16(1 / 64)), -math.log(MANY) * MANY / 64, 0.0),
    "cross-entropy": (lambda x: tg.softmax_cross_entropy(x, 0), math.log(MANY), 1 / MANY),
}


@each_backend
@each("name", OF_HALF)
def test_float16_of_many_numbers(name: str, backend: str) -> None:
    call, right, slope = OF_HALF[name]

    def both(x: Any) -> Any:
        z = call(x)
        return z, tg.grad(z, x)

    eager, compiled = [y.value for y in both(tg.parameter(HALF))], tg.compile(both, backend=backend)(HALF)
    for z, g in (eager, compiled):
        assert z.dtype == g.dtype == np.float16
        np.testing.assert_allclose(float(z), right, 2e-2)
        np.testing.assert_allclose(g[1:].astype(float), slope, rtol=5e-3, atol=3e-5 if not slope else 0)


def test_gradients_beside_small_integers() -> None:
    x = tg.parameter([1.25, -1.5])
    g = tg.grad(tg.sum(x ** np.array([-128, -128], np.int8)), x)
    np.testing.assert_allclose(g.value, -128 * x.value**-129.0, 1e-12)
    p = tg.parameter([0.5, 1.5, 2.0])
    for base in (np.array([2, 3, 100], np.int8), np.uint8(7)):
        z = base**p
        first = tg.grad(tg.sum(z), p)
        np.testing.assert_allclose(first.value, np.log(np.float64(base)) * np.float64(base) ** p.value, 1e-12)
        second = tg.grad(tg.sum(first), p)
        np.testing.assert_allclose(second.value, np.log(np.float64(base)) ** 2 * np.float64(base) ** p.value, 1e-12)


@pytest.mark.parametrize("axis", [0, -1])
def test_softmax_and_logsumexp_of_one_number(axis: int) -> None:
    x = tg.parameter(1.7)
    for call, slope, curve in (
        (lambda x: tg.logsumexp(x, axis=axis) ** 2, 2 * 1.7, 2.0),
        (lambda x: tg.softmax(x, axis=axis) * x**2, 2 * 1.7, 2.0),
        (lambda x: tg.log_softmax(x, axis=axis) + x**2, 2 * 1.7, 2.0),
        (lambda x: tg.sum(x, axis=axis) ** 3, 3 * 1.7**2, 6 * 1.7),
    ):
        g = tg.grad(call(x), x)
        assert g.item() == pytest.approx(slope) and tg.grad(g, x).item() == pytest.approx(curve)
