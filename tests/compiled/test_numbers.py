"""Compiled functions give the uncompiled ones' numbers: values and gradients, float64 and float32, both backends."""

from functools import cache

import numpy as np

from tests.each import each

from . import cells, derivatives, programs, states
from .comparing import HAS_NATIVE, TOLERANCE, assert_same, each_backend, eager, with_gradients

CASES = cells.CASES | states.CASES | programs.CASES | derivatives.CASES
EXTRA = {"third_derivative_without_a_loop": 10}
"""How much wider the bound is where slopes of slopes enlarge what was rounded."""


def built(name, dtype):
    rng = np.random.default_rng(len(name))
    fn, weights, args = CASES[name](lambda *shape: np.asarray(rng.normal(size=shape), dtype))
    return fn, weights, args


@cache
def uncompiled(name, dtype):
    """Values and gradients."""
    fn, weights, args = built(name, dtype)
    return eager(with_gradients(fn, weights), *args)


WAYS = [("numpy", "f8"), *([("native", "f8"), ("native", "f4")] if HAS_NATIVE else [("numpy", "f4")])]
"""float32 by one of them: graphs and plans are made alike for both, tests/run has random plans of float32 by numpy."""


@each("backend, dtype", WAYS)
@each("name", CASES)
def test_values_and_gradients(name, dtype, backend):
    fn, weights, args = built(name, dtype)
    tolerance, expected = TOLERANCE[dtype] * EXTRA.get(name, 1), uncompiled(name, dtype)
    assert_same(with_gradients(fn, weights), *args, backend=backend, tolerance=tolerance, expected=expected)


@each_backend
@each("name", CASES)
def test_values_alone(name, backend):
    fn, _, args = built(name, "f8")
    assert_same(fn, *args, backend=backend)
