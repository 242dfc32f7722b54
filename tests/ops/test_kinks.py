"""Where a function has a corner, a tie or a base of 0: the gradient that is promised there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tinygraph as tg


def slope(fn: Any, *numbers: Any) -> list[list[float]]:
    nodes = [tg.parameter(np.asarray(x, float)) for x in numbers]
    z = fn(*nodes)
    return [g.value.tolist() for g in tg.grad(z, nodes, np.ones(z.shape))]


@pytest.mark.parametrize("op", [tg.maximum, tg.minimum])
def test_equal_numbers_share_the_gradient_in_halves(op: tg.Op) -> None:
    lower, upper = ([0, 1], [1, 0])
    right = [0.5, *(upper if op is tg.maximum else lower)]
    assert slope(op, [2, 5, 1], [2, 1, 5]) == [right, [0.5, *right[:0:-1]]]
    assert slope(op, 0.0, -0.0) == [0.5, 0.5]


@pytest.mark.parametrize("op", [tg.max, tg.min])
def test_equal_extremes_of_a_row_share_the_gradient_evenly(op: tg.Op) -> None:
    sign = 1 if op is tg.max else -1
    x = sign * np.array([[3, 1, 3, 3], [2, 2, 1, 0]])
    assert slope(lambda a: op(a, axis=1), x) == [[[1 / 3, 0, 1 / 3, 1 / 3], [0.5, 0.5, 0, 0]]]
    assert slope(lambda a: op(a), x) == [[[1 / 3, 0, 1 / 3, 1 / 3], [0, 0, 0, 0]]]
    assert slope(lambda a: op(a, axis=0, keepdims=True), sign * np.array([[1, 2], [1, 0]])) == [[[0.5, 1], [0.5, 0]]]


def test_corners() -> None:
    assert slope(tg.relu, [-1, 0, 1]) == [[0, 0, 1]]
    assert slope(tg.abs, [-2, 0, 2]) == [[-1, 0, 1]]
    assert slope(lambda x: tg.clip(x, -1, 1), [-2, -1, 0, 1, 2]) == [[0, 1, 1, 1, 0]]
    assert slope(lambda x: tg.clip(x, None, 1), [-9, 1, 2]) == [[1, 1, 0]]
    assert slope(lambda x: tg.clip(x, a_min=0), [-9, 0, 2]) == [[0, 1, 1]]
    assert slope(tg.sign, [-2, 0, 2]) == [[0, 0, 0]]


def test_powers_of_zero() -> None:
    z = tg.power(np.zeros(3), np.array([0.0, 1.0, 2.0])).value
    np.testing.assert_array_equal(z, [1, 0, 0])
    for p, orders in ((0.0, (0, 0, 0)), (1.0, (1, 0, 0)), (2.0, (0, 2, 0)), (3.0, (0, 0, 6))):
        x = tg.parameter(0.0)
        y = tg.power(x, p)
        for order in orders:
            y = tg.grad(y, x)
            assert y.item() == order, (p, orders)


def test_a_polynomial_at_zero() -> None:
    """Powers 0 to 3 at once, as ``x ** np.arange(4)``, and its derivatives by the coefficients."""
    c, x = tg.parameter([2.0, 3.0, 5.0, 7.0]), tg.parameter(0.0)
    y = tg.sum(c * x ** np.arange(4.0))
    g = tg.grad(y, x)
    assert (y.item(), g.item(), tg.grad(g, x).item()) == (2, 3, 10)
    np.testing.assert_array_equal(tg.grad(g, c).value, [0, 1, 0, 0])


def test_powers_of_negative_numbers() -> None:
    assert slope(lambda x: x**2, [-3, 3]) == [[-6, 6]]
    assert slope(lambda x: x**-1, [-2]) == [[-0.25]]
    exponent = tg.parameter([2.0, 2.0])
    np.testing.assert_array_equal(tg.grad(tg.sum(tg.power(np.array([-3.0, 0.0]), exponent)), exponent).value, [0, 0])


def test_the_exponents_second_order_at_exponent_zero() -> None:
    """d/dp d/dx x^p = x^(p-1) (1 + p ln x) = 1 / x at p = 0."""
    x, p = tg.parameter(4.0), tg.parameter(0.0)
    assert tg.grad(tg.grad(tg.power(x, p), x), p).item() == pytest.approx(0.25)
    assert tg.grad(tg.grad(tg.power(x, p), p), x).item() == pytest.approx(0.25)


def test_comparisons_of_nodes_give_no_gradient_and_booleans() -> None:
    x = tg.parameter([1.0, 2.0, 3.0])
    for z, expected in (
        (x > 2, [0, 0, 1]),
        (x >= 2, [0, 1, 1]),
        (x < 2, [1, 0, 0]),
        (x <= 2, [1, 1, 0]),
        (x == 2, [0, 1, 0]),
        (x != 2, [1, 0, 1]),
        (np.array(2) < x, [0, 0, 1]),
    ):
        assert z.dtype == bool
        np.testing.assert_array_equal(z.value, np.array(expected, bool))
    np.testing.assert_array_equal(tg.grad(tg.sum((x > 2) * x), x).value, [0, 0, 1])


@pytest.mark.parametrize("x", [0.0, 1e-9, -1e-4, 0.05, -0.159, 0.16, 0.5, 1.0])
def test_derivatives_of_sinc_near_zero(x: float) -> None:
    """sinc(x) = the integral of cos(pi x t) from 0 to 1, and so are its derivatives."""
    t, weights = np.polynomial.legendre.leggauss(40)
    angle = np.pi * x * (t + 1) / 2
    p = tg.parameter(np.asarray(x))
    z: Any = np.sinc(p)
    for order in range(5):
        right = np.sum(weights * (np.pi * (t + 1) / 2) ** order * np.cos(angle + order * np.pi / 2)) / 2
        np.testing.assert_allclose(z.value, right, rtol=1e-9, atol=1e-12)
        z = tg.grad(z, p)


@pytest.mark.parametrize("power", [1, 2, 3, 2.0, np.array(2), np.array([3.0])])
def test_all_orders_of_a_power_times_something_at_zero(power: Any) -> None:
    """The k-th derivative of exp(x) x**n at 0 is k! / (k - n)!."""
    x = tg.parameter(np.zeros(np.shape(power)))
    z: Any = np.exp(x) * x**power
    for order in range(1, 7):
        z, n = tg.grad(tg.sum(z), x), int(np.max(power))
        right = math.factorial(order) / math.factorial(order - n) if order >= n else 0
        np.testing.assert_allclose(z.value, np.full(np.shape(power), right))
