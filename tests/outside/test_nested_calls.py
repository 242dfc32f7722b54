"""A compiled function that another one calls, or is made of, is a part of it: values, gradients, parameters."""

import functools

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend
from tests.each import each

X = np.array([1.0, -2.0])


@each_backend
def test_values_gradients_and_parameters_go_through(backend):
    w = tg.parameter([2.0, 3.0])
    inner = tg.compile(lambda x: {"y": x * w, "c": np.ones(2)}, backend=backend)
    outer = tg.compile(tg.value_and_grad(lambda x: tg.sum(inner(x)["y"] * inner(x)["y"] + inner(x)["c"]), w),
                       backend=backend)  # fmt: skip
    for value in (np.array([2.0, 3.0]), np.array([-1.0, 4.0])):
        w.value = value
        for x in (X, 3 * X):
            y, gw = outer(x)
            assert_near(y, np.sum((x * value) ** 2) + 2)
            assert_near(gw, 2 * x * x * value)
            assert_near(inner(x)["y"], x * value)
            with tg.nonfinite("raise"):
                watched = outer(x)
            assert_near(watched[0], y)
            assert_near(watched[1], gw)


@each_backend
def test_an_array_that_the_outer_function_hands_on(backend):
    """It reads the parameters at each call, and its arrays are looked at."""
    w, table = tg.parameter([2.0, 3.0]), np.ones(2)
    inner = tg.compile(lambda x: x * w, backend=backend)
    outer = tg.compile(lambda x: x + inner(table), backend=backend)
    for value in ([2.0, 3.0], [5.0, 7.0]):
        w.value = np.array(value)
        assert_near(outer(X), X + value)
    table[:] = 3
    with pytest.raises(tg.GraphError, match="has changed"):
        outer(X)


def twice(fn):
    return tg.compile(fn)


def in_a_partial(fn):
    return functools.partial(tg.compile(fn))


def made_in_the_function(fn):
    return lambda x, s: tg.compile(fn)(x, s)


def in_a_cell(fn):
    inner = tg.compile(fn)
    return lambda x, s: tg.unroll(lambda x_t, h: (inner(x_t, s), h), tg.stack([x]), 0.0)[0][0]


@each_backend
@each("nest", [twice, in_a_partial, made_in_the_function, in_a_cell])
def test_however_it_is_nested(nest, backend):
    compiled = tg.compile(nest(lambda x, s: tg.tanh(x) * s + (1.0 if x.ndim == 1 else 0.0)), backend=backend)
    for s in (2.0, -3.0):
        assert_near(compiled(X, s), np.tanh(X) * s + 1)


@each_backend
def test_state_of_the_inner_function_is_refused_as_its_own(backend):
    counts = [0.0]

    def counting(x):
        counts[0] += 1
        return x * counts[0]

    inner = tg.compile(counting, backend=backend)
    with pytest.raises(tg.GraphError, match=r"function changes counts\[0\]"):
        tg.compile(lambda x: inner(x) + 1, backend=backend)(X)


@each_backend
def test_a_look_at_values_that_raises_leaves_the_next_call_as_it_was(backend):
    compiled = tg.compile(lambda x: tg.log(x), backend=backend)
    with tg.nonfinite("raise"), np.errstate(all="ignore"):
        for _ in range(2):
            with pytest.raises(tg.NonFiniteError):
                compiled(-np.ones(2))
        assert isinstance(compiled(np.ones(2)), np.ndarray)
