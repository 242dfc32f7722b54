"""Code that waits for an error of Python's or numpy's goes on, and what numpy does by way of memory is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

import tinygraph as tg
from tests.each import each

X = np.arange(1, 7.0).reshape(2, 3) / 5


def until_the_end(x: Any) -> Any:
    total, k = 0.0, 0
    while True:
        try:
            total = total + x[0, k] * (k + 1.0)
        except IndexError:
            return total
        k += 1


def beyond_the_end(x: Any) -> Any:
    z = x * 1.0
    for place in (5, [0, 9], (0, 0, 0), ([0], [9])):
        try:
            z[place] = 1.0
        except IndexError:
            z[1] = z[1] * 2.0
        try:
            z = z[place]
        except IndexError:
            z += 1.0
    try:
        return np.take(z, 9)
    except IndexError:
        return z.sum()


def added_until_it_is_positive(x: Any) -> Any:
    matrix = x.T @ x
    for k in range(9):
        try:
            return np.linalg.cholesky(matrix - 1.0 + k * np.eye(3)).sum()
        except np.linalg.LinAlgError:
            continue
    return None


def solved_or_not(x: Any) -> Any:
    try:
        return np.linalg.inv(x[:1].T @ x[:1] * 0.0).sum()
    except np.linalg.LinAlgError:
        return x[0].sum()


def of_one_or_of_many(x: Any) -> Any:
    def total(v: Any) -> Any:
        try:
            return sum(len(v) * part for part in v)
        except TypeError:
            return v * v

    return total(x[0]) + total(x[0, 1]) + x.sum() * np.iterable(x[0, 0])


@each("fn", [until_the_end, beyond_the_end, added_until_it_is_positive, solved_or_not, of_one_or_of_many])
def test_code_that_waits_for_an_error_goes_on_as_with_numpy(fn: Callable[[Any], Any]) -> None:
    w = tg.parameter(X)
    z = tg.recorded(fn)(w)
    assert z.item() == pytest.approx(float(fn(X)), rel=1e-12)
    step = 1e-6 * np.sin(np.arange(6.0)).reshape(2, 3)
    slope = float(fn(X + step) - fn(X - step)) / 2e-6
    assert np.sum(tg.grad(z, w).value * step) * 1e6 == pytest.approx(slope, rel=1e-6)


@each("dtype", [np.float64, np.float32])
def test_memory_by_strides_is_refused_also_of_data_that_may_be_written(dtype: Any) -> None:
    """The elements are objects there, of another size: it would end the process."""

    def of_nodes(x: Any) -> Any:
        return as_strided(x * 2.0, (2, 2), (x.dtype.itemsize, x.dtype.itemsize)).sum()

    def of_data(x: Any) -> Any:
        data = np.zeros(4)
        windows = as_strided(data, (3, 2), (8, 8))
        data[1] = 5.0
        return windows.sum() * x[0, 0]

    fix = r"as_strided is not supported(?s:.*)test_numpys_errors\.py(?s:.*)sliding_window_view"
    w = tg.parameter(X.astype(dtype))
    for call in (of_nodes, tg.recorded(of_nodes), tg.recorded(of_data)):
        with pytest.raises(tg.GraphError, match=fix):
            call(w)
    assert of_data(w).item() == pytest.approx(10.0 * X[0, 0])


@each("make", [np.random.default_rng, np.random.RandomState])
def test_shuffling_rows_in_place_is_refused_since_some_would_be_lost(make: Any) -> None:
    """numpy exchanges rows that are views, and warns of it."""

    def rows(x: Any) -> Any:
        data = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        make(0).shuffle(data)
        return data * x[0, 0]

    def numbers(x: Any) -> Any:
        data = x[0] * 2.0
        make(0).shuffle(data)
        return data

    with pytest.raises(tg.MutationError, match=r"x\[rng\.permutation"):
        tg.recorded(rows)(tg.parameter(X))
    with pytest.warns(UserWarning, match="shuffling"):
        shuffled = tg.recorded(numbers)(tg.parameter(X))
    np.testing.assert_array_equal(shuffled.value, numbers(X))


def test_generators_and_coroutines_are_refused_as_they_run_later() -> None:
    def steps(x: Any) -> Any:
        yield x

    async def later(x: Any) -> Any:
        return x

    for fn in (steps, later):
        with pytest.raises(tg.GraphError, match=r"(?s)body runs after the call.*record the function that goes through"):
            tg.recorded(fn)
    assert tg.recorded(lambda x: sum(steps(x)))(tg.parameter(2.0)).item() == 2.0


def test_a_plain_array_says_what_may_hold_nodes() -> None:
    def into_whole_numbers(x: Any) -> Any:
        counts = np.full(3, 0)
        counts[:] = x[0]

    def into_a_default(x: Any, total: Any = X[0] * 0.0) -> Any:
        total += x[0]

    cases = {into_whole_numbers: r"whole numbers(?s:.*)np\.full\(n, 0\.0\)", into_a_default: r"np\.copy\(a\) of that"}
    for fn, words in cases.items():
        with pytest.raises(tg.MutationError, match=words) as caught:
            tg.recorded(fn)(tg.parameter(X))
        assert "call the function by tg.recorded" not in str(caught.value)


def test_nested_iterators_of_a_node_say_what_to_write() -> None:
    for call in (lambda x: np.nested_iters(x, [[0], [1]]), lambda x: np.nested_iters([x, X], [[0], [1]])):
        with pytest.raises(tg.GraphError, match=r"over numbers alone(?s:.*)np\.ndindex"):
            call(tg.parameter(X))


@each("make", [np.require, np.asarray_chkfinite, np.ma.asarray])
def test_what_numpy_would_write_through_its_own_ways_to_the_array_is_refused(make: Any) -> None:
    """It is an array of nodes, a copy: the write would be lost."""

    def run(x: Any) -> Any:
        z = x * 1.0
        make(z)[0] = 5.0
        return z

    with pytest.raises(ValueError, match="read-only"):
        tg.recorded(run)(tg.parameter(X))
