"""The activations by name: values, slopes and curvatures by formulas, the ends, the kinks, the backends."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_same, each_backend
from tests.each import each

from .slopes import STEP
from .test_every_op import ACTIVATIONS


def _phi(a: float) -> float:
    return math.exp(-a * a / 2) / math.sqrt(2 * math.pi)


def _share(a: float) -> float:
    """The normal distribution below a."""
    return 0.5 + 0.5 * math.erf(a / math.sqrt(2))


def _share_by_tanh(a: float) -> float:
    return 0.5 * (1 + math.tanh(math.sqrt(2 / math.pi) * (a + 0.044715 * a**3)))


def _logistic(a: float) -> float:
    return 1 / (1 + math.exp(-a)) if a > 0 else math.exp(a) / (1 + math.exp(a))


def _mish(a: float) -> float:
    e = (1 + math.exp(min(a, 300.0))) ** 2
    return a * (e - 1) / (e + 1)


FORMULAS: dict[str, tuple[Callable[[float], float], dict[str, Any]]] = {
    "silu": (lambda a: a * _logistic(a), {}),
    "gelu": (lambda a: a * _share(a), {}),
    "gelu tanh": (lambda a: a * _share_by_tanh(a), {"approximate": "tanh"}),
    "elu": (lambda a: a if a > 0 else math.exp(a) - 1, {}),
    "elu alpha": (lambda a: a if a > 0 else 0.3 * (math.exp(a) - 1), {"alpha": 0.3}),
    "selu": (lambda a: 1.0507009873554805 * (a if a > 0 else 1.6732632423543772 * (math.exp(a) - 1)), {}),
    "leaky_relu": (lambda a: a if a > 0 else 0.01 * a, {}),
    "leaky_relu slope": (lambda a: a if a > 0 else 0.2 * a, {"negative_slope": 0.2}),
    "hardtanh": (lambda a: sorted([-1.0, a, 1.0])[1], {}),
    "hardtanh range": (lambda a: sorted([-2.0, a, 0.5])[1], {"min_val": -2.0, "max_val": 0.5}),
    "hardsigmoid": (lambda a: sorted([0.0, a + 3, 6.0])[1] / 6, {}),
    "hardswish": (lambda a: a * sorted([0.0, a + 3, 6.0])[1] / 6, {}),
    "mish": (_mish, {}),
    "softsign": (lambda a: a / (1 + abs(a)), {}),
}
SMOOTH = np.array([-4.0, -2.3, -1.2, -0.4, 0.3, 0.8, 1.7, 2.2, 3.6])


def activated(case: str) -> tuple[Callable[[Any], tg.Node], Callable[[float], float]]:
    formula, settings = FORMULAS[case]
    return lambda x: getattr(tg, case.partition(" ")[0])(x, **settings), formula


def test_every_activation_has_a_formula() -> None:
    assert {case.partition(" ")[0] for case in FORMULAS} == {*ACTIVATIONS}


def differences(fn: Callable[[float], float], a: float) -> tuple[float, float]:
    """Slope and curvature by five points."""
    y = [fn(a + k * STEP) for k in (-2, -1, 0, 1, 2)]
    slope = (y[0] - 8 * y[1] + 8 * y[3] - y[4]) / (12 * STEP)
    return slope, (-y[0] + 16 * y[1] - 30 * y[2] + 16 * y[3] - y[4]) / (12 * STEP**2)


@each("case", FORMULAS)
def test_value_slope_and_curvature(case: str) -> None:
    fn, formula = activated(case)
    x = tg.parameter(SMOOTH)
    z = fn(x)
    slope = tg.grad(tg.sum(z), x)
    np.testing.assert_allclose(z.value, [*map(formula, SMOOTH)], 1e-13, 1e-15)
    right = np.array([differences(formula, a) for a in SMOOTH])
    np.testing.assert_allclose(slope.value, right[:, 0], 1e-8, 1e-8)
    np.testing.assert_allclose(tg.grad(tg.sum(slope), x).value, right[:, 1], 1e-6, 1e-7)


@each_backend
@each("dtype", [np.float32, np.float64])
@each("case", FORMULAS)
def test_compiled_with_two_orders(case: str, dtype: Any, backend: str) -> None:
    fn, _ = activated(case)

    def orders(x: Any) -> Any:
        slope = tg.grad(tg.sum(fn(x)), x)
        return fn(x), slope, tg.grad(tg.sum(slope * slope), x)

    x = np.concatenate([SMOOTH, [-1000, 1000, 0]]).astype(dtype)
    tolerance = 1e-12 if dtype == np.float64 else 3e-5
    step = assert_same(orders, x, backend=backend, tolerance=tolerance)
    assert step is not None


@each("dtype", [np.float16, np.float32, np.float64])
@each("case", FORMULAS)
def test_far_from_zero_without_a_warning(case: str, dtype: Any) -> None:
    fn, formula = activated(case)
    ends = [-1000.0, 1000.0]
    x = tg.parameter(np.array(ends, dtype))
    with warnings.catch_warnings():
        if dtype == np.float16 and case in ("gelu", "softsign"):  # their slopes square 1000, beyond float16's range
            warnings.simplefilter("ignore")
        z = fn(x)
        slope = tg.grad(tg.sum(z), x)
    assert z.dtype == slope.dtype == dtype
    right = [*map(formula, ends)]
    np.testing.assert_allclose(z.value.astype(float), right, 2 * np.finfo(dtype).eps)
    steps = [formula(a + 1) - formula(a) if a > 0 else formula(a) - formula(a - 1) for a in ends]
    np.testing.assert_allclose(slope.value.astype(float), steps, 2 * np.finfo(dtype).eps, 2e-6)


KINKS: dict[str, tuple[list[float], list[float]]] = {
    "elu": ([0], [1]),
    "elu alpha": ([0], [0.3]),
    "selu": ([0], [1.0507009873554805 * 1.6732632423543772]),
    "leaky_relu": ([0], [0.01]),
    "hardtanh": ([-1, 1], [1, 1]),
    "hardtanh range": ([-2, 0.5], [1, 1]),
    "hardsigmoid": ([-3, 3], [1 / 6, 1 / 6]),
    "hardswish": ([-3, 3], [-0.5, 1.5]),
    "softsign": ([0], [1]),
}


@each("case", KINKS)
def test_slopes_at_kinks_are_those_that_are_promised(case: str) -> None:
    x = tg.parameter(np.array(KINKS[case][0], float))
    np.testing.assert_allclose(tg.grad(tg.sum(activated(case)[0](x)), x).value, KINKS[case][1], 1e-15)


@each("case", FORMULAS)
def test_numbers_integers_and_what_is_not_a_number(case: str) -> None:
    fn, formula = activated(case)
    assert fn(2).item() == pytest.approx(formula(2.0))
    np.testing.assert_allclose(fn([1, -2]).value, [formula(1.0), formula(-2.0)], 1e-13)
    assert math.isnan(fn(math.nan).item())


def test_gelu_keeps_its_digits_where_it_is_small() -> None:
    x = -10.0
    series = _phi(x) * (
        1 - 1 / x**2 + 3 / x**4 - 15 / x**6 + 105 / x**8 - 945 / x**10
    )  # of x times the tail's integral
    assert tg.gelu(x).item() == pytest.approx(-series, rel=2e-7)


def test_a_learned_slope_has_a_gradient() -> None:
    alpha = tg.parameter(0.25)
    loss = tg.sum(tg.leaky_relu(np.array([-2.0, 3.0]), alpha)) + tg.sum(tg.elu(np.array([-1.0, 3.0]), alpha))
    assert tg.grad(loss, alpha).item() == pytest.approx(-2.0 + math.exp(-1) - 1)


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(tg.GraphError, match=r"approximation(?s:.*)'none' or 'tanh'"):
        tg.gelu(1.0, approximate="erf")
    with pytest.raises(tg.GraphError, match="real numbers"):
        tg.leaky_relu(1.0, negative_slope="a")
