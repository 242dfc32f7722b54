"""What numpy asks of nodes where arrays may be written: ``x.flat``, ``a += node``, where= with out=, data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

X = np.arange(6.0).reshape(2, 3) / 4 + 0.25


def flat(a: Any) -> Any:
    b = a * 2.0
    b.flat[1] = a[1, 2] ** 2
    b.flat[-1] *= 3.0
    b.flat[2:4] = [a[0, 0], 0.5]
    b.flat[[0, 4]] += a.flat[3]
    b.flat[3:5] = a.flat[:2]
    c = np.zeros_like(a)
    c.flat = b.flat[1] * 2
    return b.sum() + sum((k + 1) * v * v for k, v in enumerate(b.flat)) + len(b.flat) * c.sum()


def in_place(a: Any) -> Any:
    b = X * 1
    b += a
    b -= 0.5
    b *= a[0]
    narrow = X.astype(np.float32)
    narrow /= a
    return (b * b).sum() + narrow.astype(float).sum()


def where_out(a: Any) -> Any:
    out = a * 3.0
    np.log(a - 0.6, out=out, where=X > 0.7)
    np.multiply(a, out, out=out, where=X < 0.5)
    return (out * np.arange(6.0).reshape(2, 3)).sum()


CALLS: dict[str, Callable[[Any], Any]] = {"flat": flat, "in place": in_place, "where and out": where_out}


@each("name", CALLS)
def test_value_and_gradient_are_numpys(name: str) -> None:
    fn = CALLS[name]
    w, move = tg.parameter(X), np.cos(np.arange(6.0)).reshape(2, 3)
    z = tg.recorded(fn)(w)
    with np.errstate(invalid="ignore"):
        right, slope = fn(X), (fn(X + 1e-3 * move) - fn(X - 1e-3 * move)) / 2e-3
    assert z.item() == pytest.approx(right, rel=1e-6)
    assert np.sum(tg.grad(z, w).value * move) == pytest.approx(slope, rel=1e-3)


def another_name(a: Any) -> Any:
    b = X[0] * 1
    c = b
    b += a
    return c


def a_view(a: Any) -> Any:
    b = X[0]
    b += a
    return b


def whole_numbers(a: Any) -> Any:
    b = np.int64(X[0])
    b += a
    return b


def too_large(a: Any) -> Any:
    b = X[0] * 1
    b += np.stack([a, a])
    return b


@each("fn", [another_name, a_view, whole_numbers])
def test_an_array_that_others_see_is_not_bound_to_a_node(fn: Any) -> None:
    with pytest.raises(tg.GraphError):
        tg.recorded(fn)(tg.parameter(np.ones(3)))
    np.testing.assert_array_equal(X[0], [0.25, 0.5, 0.75])


def test_what_does_not_fit_into_the_array_is_refused() -> None:
    with pytest.raises(tg.GraphError, match=r"expected  \(3,\)[\s\S]*\(2, 3\)"):
        tg.recorded(too_large)(tg.parameter(np.ones(3)))


def test_functions_that_are_numpys_alone_see_data_but_no_parameter() -> None:
    def of_data(x: Any) -> Any:
        return np.unwrap(x), np.spacing(x), np.union1d(x, x)

    x = np.array([0.5, -2.0, 3.0])
    for got, right in zip(tg.recorded(of_data)(tg.constant(x)), of_data(x), strict=True):
        np.testing.assert_array_equal(got.value if isinstance(got, tg.Node) else got, right)
    for fn in (lambda x: np.unwrap(x), lambda x: np.spacing(x), lambda x: np.union1d(x, x)):
        for call in (tg.recorded(fn), fn):
            with pytest.raises(tg.GraphError, match=r"np\.(unwrap|spacing|union1d) is not supported"):
                call(tg.parameter(x))
        with pytest.raises(tg.GraphError, match=r"np\.(unwrap|spacing|union1d) is not supported"):
            fn(tg.constant(x))


def test_a_ufunc_of_the_users_sees_each_number_as_a_node() -> None:
    twice_or_less = np.frompyfunc(lambda v: v * 2 if v > 1 else v - 1, 1, 1)
    w = tg.parameter([0.5, 2.0, 3.0])
    z = np.stack(list(twice_or_less(w)))
    np.testing.assert_array_equal(z.value, [-0.5, 4.0, 6.0])
    np.testing.assert_array_equal(tg.grad(tg.sum(z), w).value, [1.0, 2.0, 2.0])


def test_masked_and_matrix_indices_are_refused() -> None:
    for index in (np.ma.array([0, 1], mask=[False, True]), np.ma.array([True, False], mask=[True, False])):
        with pytest.raises(tg.GraphError, match="masked array"):
            tg.parameter([1.0, 2.0])[index]
    with pytest.raises(tg.GraphError, match=r"np\.matrix"):
        tg.parameter(np.ones((2, 2)))[np.array([[0, 1]]).view(np.matrix)]
