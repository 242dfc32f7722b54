"""Inputs at the edge of the number range: stable values and gradients, and not one warning."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest

import tinygraph as tg

every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
_SIZES = [1e-30, 1e-3, 17.0, 50.0, 88.0, 104.0, 745.0, 1000.0]
LARGE = [*(-x for x in _SIZES[::-1]), 0.0, *_SIZES]


def precisely(formula: Callable[[Decimal], Decimal], x: Any) -> float:
    """A formula of one number, in 400 digits."""
    with localcontext() as context:
        context.prec = 400
        return float(formula(Decimal(float(x))))


def sigmoid(x: Decimal) -> Decimal:
    return 1 / (1 + (-x).exp())


def softplus(x: Decimal) -> Decimal:
    return (1 + x.exp()).ln()


def sharp(got: Any, expected: Any, dtype: Any, ulps: float = 8) -> None:
    """Equal to a few units in the last place, and to the smallest numbers that the dtype holds fully."""
    info = np.finfo(dtype)
    np.testing.assert_allclose(got, np.asarray(expected), rtol=ulps * info.eps, atol=info.tiny)


def value_and_slope(op: Any, numbers: Any, dtype: Any, **settings: Any) -> tuple[np.ndarray, np.ndarray]:
    x = tg.parameter(np.array(numbers, dtype))
    z = op(x, **settings)
    slope = tg.grad(tg.sum(z), x)
    assert z.dtype == slope.dtype == dtype
    return z.value, slope.value


@every_dtype
def test_sigmoid_keeps_its_digits_in_both_tails(dtype: Any) -> None:
    x = np.array(LARGE, dtype)
    z, slope = value_and_slope(tg.sigmoid, x, dtype)
    sharp(z, [precisely(sigmoid, v) for v in x], dtype)
    exact = np.array([precisely(lambda d: sigmoid(d) * sigmoid(-d), v) for v in x])
    np.testing.assert_allclose(slope, exact, rtol=1e-5, atol=np.finfo(dtype).eps)
    assert z[0] == 0 or z[0] == pytest.approx(math.exp(-1000))
    assert z[-1] == 1


@every_dtype
def test_softplus_keeps_its_digits_in_both_tails(dtype: Any) -> None:
    x = np.array(LARGE, dtype)
    z, slope = value_and_slope(tg.softplus, x, dtype)
    sharp(z, [precisely(softplus, v) for v in x], dtype)
    sharp(slope, [precisely(sigmoid, v) for v in x], dtype)


@every_dtype
def test_tanh_and_exp(dtype: Any) -> None:
    z, slope = value_and_slope(tg.tanh, [-1e30, -1000, 0, 1000, np.inf], dtype)
    np.testing.assert_array_equal(z, [-1, -1, 0, 1, 1])
    np.testing.assert_array_equal(slope, [0, 0, 1, 0, 0])
    z, slope = value_and_slope(tg.exp, [-np.inf, -1e4, 0], dtype)
    np.testing.assert_array_equal(z, [0, 0, 1])
    np.testing.assert_array_equal(slope, [0, 0, 1])


ROWS = [[1e4, 1e4, -1e4], [1e4, 9995.0, 1e4 - 20], [-1e4, -1e4 + 3, -1e4 + 1], [0.0, 0.0, 0.0], [700.0, -700.0, 710.0]]


def shares(row: Any, formula: Callable[[Decimal, list[Decimal]], Decimal]) -> list[float]:
    """A formula of one exponential among all of its row, in 400 digits."""
    return [precisely(lambda x: formula(x, [(Decimal(float(v)) - x).exp() for v in row]), x) for x in row]


@every_dtype
def test_softmax_and_log_softmax_of_large_numbers(dtype: Any) -> None:
    x = np.array(ROWS, dtype)
    p = [shares(row, lambda _, others: 1 / sum(others)) for row in x]
    logs = [shares(row, lambda _, others: -sum(others).ln()) for row in x]
    sharp(tg.softmax(x).value, p, dtype, ulps=40)
    np.testing.assert_allclose(
        tg.log_softmax(x).value, logs, rtol=8 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).eps
    )
    weights = np.arange(15.0).reshape(5, 3).astype(dtype)
    node = tg.parameter(x)
    g = tg.grad(tg.sum(tg.softmax(node) * weights), node).value
    exact = np.array(p) * (weights - (np.array(p) * weights).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(g, exact, rtol=1e-4, atol=40 * np.finfo(dtype).eps)
    g = tg.grad(tg.sum(tg.log_softmax(node) * weights), node).value
    np.testing.assert_allclose(g, weights - np.array(p) * weights.sum(axis=1, keepdims=True), rtol=1e-4, atol=1e-4)


@every_dtype
def test_logsumexp_of_large_numbers(dtype: Any) -> None:
    x = np.array([*ROWS, [np.finfo(dtype).max / 2, np.finfo(dtype).max, 0]], dtype)
    exact = [
        precisely(lambda v, row=row: v + sum((Decimal(float(o)) - v).exp() for o in row).ln(), max(row)) for row in x
    ]
    node = tg.parameter(x)
    z = tg.logsumexp(node, axis=1)
    sharp(z.value, exact, dtype)
    g = tg.grad(tg.sum(z), node).value
    np.testing.assert_allclose(
        g[:5],
        [shares(row, lambda _, others: 1 / sum(others)) for row in x[:5]],
        rtol=3e3 * np.finfo(dtype).eps * 10,
        atol=1e-30,
    )
    np.testing.assert_array_equal(g[5], [0, 1, 0])


@every_dtype
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp_of_rows_of_minus_infinity(dtype: Any, keepdims: bool) -> None:
    inf = np.inf
    x = tg.parameter(np.array([[-inf, -inf], [0, -inf], [-inf, 5]], dtype))
    z = tg.logsumexp(x, axis=1, keepdims=keepdims)
    np.testing.assert_array_equal(z.value.ravel(), [-inf, 0, 5])
    g = tg.grad(tg.sum(z), x)
    np.testing.assert_array_equal(g.value, [[0, 0], [1, 0], [0, 1]])
    assert tg.logsumexp(np.full(3, -inf, dtype)).value == -inf
    assert tg.logsumexp(np.array([inf, 1.0], dtype)).value == inf
    second = tg.grad(tg.sum(g * np.array([[1, 2], [3, 4], [5, 6]], dtype)), x).value
    np.testing.assert_array_equal(second, np.zeros((3, 2)))


@every_dtype
def test_softmax_of_masked_places(dtype: Any) -> None:
    x = tg.parameter(np.array([[-np.inf, 0, 0], [1e4, -np.inf, -np.inf]], dtype))
    np.testing.assert_array_equal(tg.softmax(x).value, [[0, 0.5, 0.5], [1, 0, 0]])
    losses = tg.softmax_cross_entropy(x, np.array([1, 0]))
    np.testing.assert_allclose(losses.value, [math.log(2), 0], rtol=1e-6)
    np.testing.assert_allclose(tg.grad(tg.sum(losses), x).value, [[0, -0.5, 0.5], [0, 0, 0]], atol=1e-7)


@every_dtype
@pytest.mark.parametrize("label", [0, 1, 2])
def test_softmax_cross_entropy_of_large_numbers(dtype: Any, label: int) -> None:
    x, eps = np.array(ROWS, dtype), np.finfo(dtype).eps
    exact = [shares(row, lambda _, others: sum(others).ln())[label] for row in x]
    p = np.array([shares(row, lambda _, others: 1 / sum(others)) for row in x])
    hot = np.eye(3)[label]
    for labels in (np.full(5, label), np.tile(hot, (5, 1)).astype(dtype)):
        node = tg.parameter(x)
        losses = tg.softmax_cross_entropy(node, labels)
        np.testing.assert_allclose(losses.value, exact, rtol=8 * eps, atol=4 * eps)
        near = np.array(exact) < 100
        g = tg.grad(tg.sum(losses), node).value
        np.testing.assert_allclose(g[near], (p - hot)[near], rtol=200 * eps, atol=8 * eps)
        np.testing.assert_allclose(g, p - hot, atol=2e4 * eps)


@every_dtype
@pytest.mark.parametrize("target", [0.0, 1.0, 0.25])
def test_sigmoid_cross_entropy_in_both_tails(dtype: Any, target: float) -> None:
    x, t = np.array(LARGE, dtype), Decimal(target)
    exact = [precisely(lambda d: t * softplus(-d) + (1 - t) * softplus(d), v) for v in x]
    node = tg.parameter(x)
    losses = tg.sigmoid_cross_entropy(node, np.full(x.shape, target, dtype))
    sharp(losses.value, exact, dtype)
    slopes = [precisely(lambda d: sigmoid(d) - t, v) for v in x]
    np.testing.assert_allclose(tg.grad(tg.sum(losses), node).value, slopes, rtol=1e-5, atol=np.finfo(dtype).eps)


HIDDEN: dict[str, tuple[Callable[[Any], tg.Node], list[float], list[float]]] = {
    "log": (tg.log, [0.0, -1.0], [0.5, 0.5]),
    "sqrt": (tg.sqrt, [0.0, -1.0], [1 / math.sqrt(8), 1 / math.sqrt(8)]),
    "divide": (lambda x: tg.divide(1.0, x), [0.0, -0.0], [-0.25, -0.25]),
    "divide by itself": (lambda x: tg.divide(x, x), [0.0, 0.0], [0.0, 0.0]),
    "power -1": (lambda x: x**-1.0, [0.0, 0.0], [-0.25, -0.25]),
    "power -0.5": (lambda x: x**-0.5, [0.0, -1.0], [-0.5 * 2**-1.5] * 2),
    "power 0.5": (lambda x: x**0.5, [0.0, -3.0], [1 / math.sqrt(8)] * 2),
    "power x": (lambda x: tg.power(x, x), [-0.5, -1.5], [4 * (math.log(2) + 1)] * 2),
    "log of log": (lambda x: tg.log(tg.log(x)), [0.0, 0.5], [0.5 / math.log(2)] * 2),
}


TWICE = {"log", "sqrt", "power -1", "power -0.5", "power 0.5"}
"""Hidden branches whose gradient can be differentiated again; the others would need 0 * inf to be 0 in `multiply`."""


@pytest.mark.parametrize("name", HIDDEN)
@every_dtype
def test_where_hides_a_branch_without_value(name: str, dtype: Any) -> None:
    fn, bad, slope = HIDDEN[name]
    x = tg.parameter(np.array([bad[0], 2.0, bad[1], 2.0], dtype))
    good = np.array([False, True, False, True])
    for condition, flip in ((good, False), (~good, True)):
        with np.errstate(all="ignore"):
            branch = fn(x)
        z = tg.where(condition, tg.square(x), branch) if flip else tg.where(condition, branch, tg.square(x))
        assert np.isfinite(z.value).all()
        g = tg.grad(tg.sum(z), x)
        np.testing.assert_allclose(g.value, [2 * bad[0], slope[0], 2 * bad[1], slope[1]], rtol=1e-5)
        tg.zero_grad(x)
        tg.sum(z).backward()  # type: ignore[attr-defined]
        np.testing.assert_array_equal(x.grad, g.value)
        if name in TWICE:
            np.testing.assert_array_equal(tg.grad(tg.sum(g), x).value[~good], [2, 2])


def test_the_hidden_branch_leaves_the_second_order_of_a_zero_gradient_right() -> None:
    """At a minimum the arriving gradient is exactly 0; the curvature is not."""
    for fn, at, curvature in (
        (lambda x: x**3.0 - 8.0, 2.0, 2 * 12.0**2),
        (lambda x: tg.log(x), 1.0, 2.0),
        (lambda x: 1.0 / x - 0.5, 2.0, 2 * 0.25**2),
        (lambda x: tg.sqrt(x) - 2.0, 4.0, 2 * 0.25**2),
    ):
        x = tg.parameter(at)
        g = tg.grad(tg.square(fn(x)), x)
        assert g.item() == 0
        assert tg.grad(g, x).item() == pytest.approx(curvature)


@every_dtype
def test_squared_error_of_numbers_that_almost_cancel(dtype: Any) -> None:
    y, t = np.array([4096.0, 1.0], dtype), np.array([4095.5, 1.0], dtype)
    np.testing.assert_array_equal(tg.squared_error(y, t).value, [0.25, 0.0])
