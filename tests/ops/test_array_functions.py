"""numpy's array functions on nodes: value, shape, dtype, gradients of both orders, eager and compiled."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each

from .array_calls import ALONG, REDUCTIONS, Form
from .curve_calls import BY_VALUES, CURVES, ORDERED, WINDOWS
from .shape_calls import CHOICES, COPIES, JOINS, MOVES
from .slopes import along, directions, inner

FORMS = REDUCTIONS | ALONG | COPIES | MOVES | JOINS | CHOICES | ORDERED | WINDOWS | CURVES
ROWS = [(f"{name} {k}", form) for name, forms in (FORMS | BY_VALUES).items() for k, form in enumerate(forms)]
every_form = each("label, form", ROWS, [label for label, _ in ROWS], by=lambda row: row[0].split()[0])


def parts(z: Any) -> list[Any]:
    return list(z) if isinstance(z, (list, tuple)) else [z]


def weighed(z: Any, seed: int = 5) -> Any:
    """One number of all results, to which each element contributes in a way of its own, and not only linearly."""
    total: Any = 0.0
    for k, y in enumerate(parts(z)):
        if y.dtype.kind == "f":
            weights = np.cos(np.arange(y.size) * (k + 1) + seed).reshape(y.shape)
            total = total + np.sum(y * weights) + 0.1 * np.sum(y * y * weights)
    return total


@every_form
def test_values_shapes_and_dtypes(label: str, form: Form) -> None:
    for dtype in (np.float64, np.float32):
        arrays = [a.astype(dtype) for a in form.arrays]
        z, right = form.call(*map(tg.parameter, arrays)), form.call(*arrays)
        assert type(z) is type(right) or isinstance(z, tg.Node)
        for got, expected in zip(parts(z), parts(right), strict=True):
            assert (got.shape, got.dtype) == (np.shape(expected), expected.dtype)
            tolerance = 1e-13 if dtype == np.float64 else 2e-5
            values = got.value if isinstance(got, tg.Node) else got
            np.testing.assert_allclose(values, expected, tolerance, tolerance)


@every_form
def test_gradients_of_both_orders(label: str, form: Form) -> None:
    arrays, moves, turns = [*form.arrays], directions([*form.arrays], 2), directions([*form.arrays], 3)
    nodes = [tg.parameter(x) for x in arrays]
    y = weighed(form.call(*nodes))
    found = tg.grad(y, nodes)
    slope = along(lambda *xs: weighed(form.call(*xs)), arrays, moves)
    assert inner([g.value for g in found], moves) == pytest.approx(slope, rel=1e-7, abs=1e-7)
    y.backward()
    for x, g in zip(nodes, found, strict=True):
        np.testing.assert_allclose(np.zeros(x.shape) if x.grad is None else x.grad, g.value, 1e-11, 1e-11)

    def first(xs: list[tg.Node]) -> Any:
        gs = tg.grad(weighed(form.call(*xs)), xs)
        return sum((np.sum(g * v) for g, v in zip(gs, moves, strict=True)), start=tg.constant(0.0))

    second = tg.grad(first(nodes), nodes)
    slope = along(lambda *xs: first([tg.parameter(x) for x in xs]).item(), arrays, turns)
    assert inner([g.value for g in second], turns) == pytest.approx(slope, rel=1e-6, abs=1e-6)


@each_backend
@pytest.mark.parametrize("name", FORMS)
def test_compiled_they_are_the_same(name: str, backend: str) -> None:
    def everything(inputs: Any) -> Any:
        results = []
        for form, arrays in zip(FORMS[name], inputs, strict=True):
            z = form.call(*arrays)
            results.append([*parts(z), *tg.grad(weighed(z), [*arrays])])
        return results

    inputs = [[*form.arrays] for form in FORMS[name]]
    got = tg.compile(everything, backend=backend)(inputs)
    right = everything([[tg.parameter(x) for x in arrays] for arrays in inputs])
    for k, (mine, yours) in enumerate(zip(got, right, strict=True)):
        for a, b in zip(mine, yours, strict=True):
            b = np.asarray(b.value if isinstance(b, tg.Node) else b)
            assert (a.shape, a.dtype) == (b.shape, b.dtype), f"{name} {k}"
            np.testing.assert_allclose(a, b, 1e-11, 1e-11, err_msg=f"{name} {k}")


DISCRETE = [np.bool_, np.int8, np.uint8, np.int64, np.float16]
NOT_OF_INTEGERS = {"average", "linspace", "gradient"}
"""What divides integers agrees with numpy in value; here it is only asked of floats."""


def small(x: np.ndarray, dtype: Any) -> np.ndarray:
    return np.asarray(np.round(x) % 5 if dtype is np.uint8 else np.round(x) % 5 - 2).astype(dtype)


@each("dtype", DISCRETE)
@every_form
def test_other_dtypes_are_numpys_or_refused(label: str, form: Form, dtype: Any) -> None:
    arrays = [small(x, dtype) for x in form.arrays]
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        try:
            right = form.call(*arrays)
        except Exception:
            with pytest.raises((tg.GraphError, TypeError)):
                form.call(*map(tg.constant, arrays))
            return
        try:
            z = form.call(*map(tg.constant, arrays))
        except tg.GraphError:
            return
    for got, expected in zip(parts(z), parts(right), strict=True):
        got = got.value if isinstance(got, tg.Node) else np.asarray(got)
        assert (got.shape, got.dtype) == (np.shape(expected), np.asarray(expected).dtype)
        tolerance = 4e-3 if got.dtype == np.float16 else 1e-12
        np.testing.assert_allclose(got, expected, tolerance, tolerance)


@pytest.mark.parametrize("name", FORMS)
def test_within_a_loop_over_time_too(name: str) -> None:
    """The first array differs from step to step, the others stay."""

    def run(inputs: Any, factors: Any) -> Any:
        results = []
        for form, arrays in zip(FORMS[name], inputs, strict=True):

            def cell(k: Any, total: Any, call: Any = form.call, xs: Any = arrays) -> Any:
                y = weighed(call(xs[0] * k, *xs[1:])) + 0 * k
                return y, total + y * k

            outputs, total = tg.unroll(cell, factors, 0.0)
            results.append([outputs, total, *tg.grad(total, [*arrays])])
        return results

    inputs, factors = [[*form.arrays] for form in FORMS[name]], np.array([1.0, 1.1, 0.9])
    got = tg.compile(run, backend="numpy")(inputs, factors)
    right = run([[tg.parameter(x) for x in arrays] for arrays in inputs], tg.constant(factors))
    for k, (mine, yours) in enumerate(zip(got, right, strict=True)):
        for a, b in zip(mine, yours, strict=True):
            np.testing.assert_allclose(a, b.value, 1e-9, 1e-9, err_msg=f"{name} {k}")
