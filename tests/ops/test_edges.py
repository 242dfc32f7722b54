"""numpy's functions on nodes where a condition just holds or just does not: numpy's numbers, or the right words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.scope import _Now
from tinygraph.ops.numpy_functions import joined

V, X, ONE = np.arange(3.0) + 1, np.arange(6.0).reshape(2, 3) + 0.5, np.array(1.3)


def p(array: Any) -> tg.Node:
    return tg.parameter(array)


SAME: dict[str, tuple[Callable[[Any], Any], np.ndarray]] = {
    "repeat of one number": (lambda x: np.repeat(x, 2, axis=0), ONE),
    "repeat of one number from the end": (lambda x: np.repeat(x, 2, axis=-1), ONE),
    "repeat of all": (lambda x: np.repeat(x, 2), X),
    "repeat along axis 1": (lambda x: np.repeat(x, 2, axis=1), X),
    "reduce without settings": (lambda x: np.add.reduce(x, dtype=None), X),
    "reduce of all": (lambda x: np.add.reduce(x, axis=None), X),
    "reduce of what has no function": (lambda x: np.hypot.reduce(x), X),
    "accumulate along axis 1": (lambda x: np.hypot.accumulate(x, axis=1), X),
    "outer of what has no function": (lambda x: np.hypot.outer(x, x), V),
    "the whole": (lambda x: x[()] * x[...], V),
    "astype in an order": (lambda x: x.astype(np.float32, order="C", copy=False), V),
    "astype in Fortran's order": (lambda x: x.astype(np.float32, order="F"), X),
    "each number by a function": (lambda x: np.frompyfunc(lambda a, b: a * b, 2, 1)(x, 2.0).astype(float), V),
    "a power of a known number less one that is trained": (lambda x: 1.7 ** (2.0 - x), V),
    "a power of one that is trained less a known number": (lambda x: x ** (x - 2.0), V),
    "average over an axis by its weights": (lambda x: np.average(x, 1, V), X),
    "interp beyond both ends": (lambda x: np.interp([0.0, 1.5, 9.0], V, x, left=-1.0, right=7.0), V),
    "norm of matrices": (lambda x: np.linalg.norm(x, -1, (1, 0)), X),
}


@pytest.fixture(autouse=True)
def nobody_elses_recorder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file of the session imports `tinygraph.numpy`, more calls give arrays that may be written."""
    monkeypatch.setattr(_Now, "recorder", None)
    monkeypatch.setattr(_Now, "plain", True)


@each("name", SAME)
def test_numbers_are_numpys(name: str) -> None:
    fn, array = SAME[name]
    z, right = fn(p(array)), fn(array)
    assert z.shape == np.shape(right) and z.dtype == np.asarray(right).dtype
    np.testing.assert_allclose(z.value, right, 1e-7 if z.dtype == np.float32 else 1e-14)


REFUSED: dict[str, Callable[[], Any]] = {
    r"np.repeat: axis 1 is out of bounds": lambda: np.repeat(p(ONE), 2, axis=1),
    r"np.gcd.reduce is not supported on nodes": lambda: np.gcd.reduce(p(V)),
    r"np.gcd.outer is not supported on nodes": lambda: np.gcd.outer(p(V), V),
    r"np.add.outer is not supported on nodes": lambda: np.add.outer(p(V), V, dtype=float),
    r"np.hypot.reduce is not supported on nodes": lambda: np.hypot.reduce(p(X), keepdims=True),
    r"vectorized\).outer is not supported on nodes": lambda: np.frompyfunc(lambda a, b: a * b, 2, 1).outer(p(V), V),
    r"np.spacing is not supported on nodes": lambda: np.spacing(p(V)),
    r"np.tensordot: no such axis\n  expected  -2 to 1, each once\n.*axes=\(\(0, 0\), \(0, 1\)\)": lambda: np.tensordot(
        p(X), X, axes=((0, 0), (0, 1))
    ),
    r"np.tensordot: no such axis\n  expected  -2 to 1, each once\n.*axes=\(\(0, -2\), \(0, 1\)\)": lambda: np.tensordot(
        p(X), X, axes=((0, -2), (0, 1))
    ),
    r"this ord is not supported on nodes\n  got       ord=1, axis=\(0, 1, 2\)": lambda: np.linalg.norm(
        p(X[None]), 1, (0, 1, 2)
    ),
    r"this ord is not supported on nodes\n  got       ord=2, axis=None": lambda: np.linalg.norm(p(X), 2),
    r"np.average: weights have the wrong shape\n.*\n  got       \(\), axis None": lambda: np.average(p(X), weights=1.0),
    r"too many indices\n  expected  at most 0, for shape \(\)": lambda: p(ONE)[np.array([0])],
    r"too many indices\n  expected  at most 0, for shape \(\)\n": lambda: p(ONE)[np.array(0)],
    r"reshape: a node has no order in memory": lambda: p(X).reshape(3, 2, order=np.array("C")),
    r"reshape: a node has no order in memory that one can rely on\n  got       order='A'": lambda: p(X).reshape(
        3, 2, order="A"
    ),
    r"reshape: a node is never a view that one can rely on\n  got       copy=False": lambda: p(X).reshape(
        3, 2, copy=False
    ),
    r"the result does not fit into the array\n  expected  \(3,\)\n  got       \(2,\)": lambda: _added(V[:2], V),
    r"the result does not fit into the array\n  expected  \(2,\)\n  got       \(3, 2\)": lambda: _added(X.T, V[:2]),
    r"astype: nodes hold real numbers or booleans\n  got       dtype complex128": lambda: tg.compile(
        lambda x: x.astype(complex), backend="numpy"
    )(V),
    r"^a list of nodes came where an array is needed": lambda: joined(_endless()),
}


def _added(x: np.ndarray, target: np.ndarray) -> Any:
    return tg.recorded(lambda: np.add(p(x), 1.0, out=np.zeros(target.shape) * p(1.0)))()


def _endless() -> list[Any]:
    parts: list[Any] = [p(1.0)]
    parts.append(parts)
    return parts


@each("problem", REFUSED)
def test_what_is_refused_is_told(problem: str) -> None:
    with pytest.raises(tg.GraphError, match=problem):
        REFUSED[problem]()


def test_a_smaller_result_fills_a_larger_array() -> None:
    for x, target in ((V, X), (V[None], X), (ONE, X), (X, X)):
        np.testing.assert_array_equal(_added(x, target).value, np.broadcast_to(x + 1, target.shape))


def test_parts_of_several_numbers_stay_an_array_of_nodes() -> None:
    z = np.frompyfunc(lambda a: a * V, 1, 1)(p(V[:2]))
    assert isinstance(z, np.ndarray) and [part.value.tolist() for part in z] == [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]]


def test_the_whole_of_an_array_has_a_gradient_whatever_it_is_called() -> None:
    for array in (V, ONE):
        x = p(array)
        np.testing.assert_allclose(tg.grad(tg.sum(x[()] * x[()] + x[...]), x).value, 2 * array + 1)


def test_the_first_number_of_a_maximum_may_be_trained() -> None:
    first, x = p(5.0), p(V)
    z = np.max(x, initial=first)
    assert z.value == 5.0 and [g.value.tolist() for g in tg.grad(z, [first, x])] == [1.0, [0.0] * 3]


def test_settings_of_a_sum_by_place() -> None:
    x = p(X)
    assert x.sum(0, True).shape == (1, 3) and x.sum(0, False).shape == (3,)
    assert x.sum(0, np.float32).dtype == np.float32 and x.sum(0, None, None).shape == (3,)


def test_numbers_alone_are_an_array_to_numpy() -> None:
    c = tg.constant(V)
    assert type(np.ones((2, 3)).dot(c)) is np.ndarray
    np.testing.assert_array_equal(np.lib.stride_tricks.as_strided(c, (2,), (8,)), V[:2])
    assert c.astype(complex).tolist() == V.tolist() and np.asarray(p(V)).flags.writeable


def test_what_was_written_to_is_a_node_like_others_afterwards() -> None:
    def rows(x: Any) -> Any:
        a = np.zeros((2, 3))
        a[0] = x
        return a

    x = p(V)
    z = tg.recorded(rows)(x)
    np.testing.assert_array_equal(z[0].value, V)
    assert z[1:].shape == (1, 3) and z[0, 1:].value.tolist() == [2.0, 3.0]
    np.testing.assert_array_equal(tg.grad(tg.sum(z[0] * V), x).value, V)


def test_places_are_numpys_where_they_are_asked_for_and_compiled() -> None:
    def places(x: Any) -> Any:
        axes: list[Any] = [None, 0, -1]
        return [fn(x, axis=axis, keepdims=kept) for fn in (np.argmax, np.argmin) for axis in axes for kept in (0, 1)]

    for array in (ONE, V, X):
        for z, right in zip(tg.compile(places, backend="numpy")(array), places(array), strict=True):
            np.testing.assert_array_equal(z, right, strict=True)
        for answer, right in zip(places(p(array)), places(array), strict=True):
            np.testing.assert_array_equal(answer, right)


@each("name", ["known - trained", "trained - known", "trained - trained"])
def test_powers_by_a_difference_have_gradients_of_two_orders(name: str) -> None:
    x, q, other = p(ONE), p(0.7), p(2.0)
    e = {"known - trained": tg.constant(2.0) - q, "trained - known": q - 2.0, "trained - trained": other - q}[name]
    number, log = e.value, np.log(ONE)
    slope = tg.grad(x**e, x)
    np.testing.assert_allclose(slope.value, number * ONE ** (number - 1), 1e-13)
    np.testing.assert_allclose(tg.grad(slope, x).value, number * (number - 1) * ONE ** (number - 2), 1e-13)
    right = (1 + number * log) * ONE ** (number - 1) * (1 if name == "trained - known" else -1)
    np.testing.assert_allclose(tg.grad(slope, q).value, right, 1e-13)


def test_a_mean_of_nothing_that_counts_is_nan() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(np.nanmean(p(V), where=False).value) and np.nanmean(p(V), where=True).value == V.mean()
