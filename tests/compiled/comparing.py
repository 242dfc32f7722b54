"""What the tests of `tg.compile` share: a function run uncompiled and compiled, and how near the numbers must be."""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.arrays import assert_close
from tinygraph.core.structure import leaves, map_leaves
from tinygraph.run.backends import BACKENDS as ROWS
from tinygraph.run.backends import Backend

HAS_NATIVE = importlib.util.find_spec("llvmlite") is not None
needs_native = pytest.mark.skipif(not HAS_NATIVE, reason="needs llvmlite")


def _skipped_without(backend: Backend) -> pytest.MarkDecorator:
    if backend.graphs is not None:
        return pytest.mark.skip(reason=f"tests/targets runs every cell by {backend.name}")
    missing = bool(backend.needs) and importlib.util.find_spec(backend.needs) is None
    return pytest.mark.skipif(missing, reason=f"needs {backend.needs}")


BACKENDS = [pytest.param(b.name, marks=_skipped_without(b)) for b in sorted(ROWS.values(), key=lambda b: b.fuses)]
"""Every backend that there is, numpy first."""
each_backend = pytest.mark.parametrize("backend", BACKENDS)

TOLERANCE = {"f8": 1e-12, "f4": 2e-5}
"""Relative to the largest element of each result.

float64: sums in another order. float32: a sum of n terms of one size errs by up to n * 6e-8 of it, and here up to
some hundred terms are summed, at up to seven steps through each of which the errors before it pass: 2e-5 is 340 units
in the last place.
"""


def as_given(args: Any) -> Any:
    """The arguments as nodes, so that an uncompiled function may differentiate with respect to them."""
    return map_leaves(lambda a: tg.constant(a) if isinstance(a, np.ndarray) else a, args)


def numbers(structure: Any) -> Any:
    """Arrays in place of nodes."""
    return map_leaves(lambda y: np.asarray(y.value if isinstance(y, tg.Node) else y), structure)


def eager(fn: Any, *args: Any) -> Any:
    """What ``fn`` gives when it is not compiled, arrays in its nesting."""
    return numbers(fn(*as_given(args)))


def shape_of(structure: Any) -> Any:
    """The nesting, and of each leaf its shape and dtype."""
    return map_leaves(lambda a: f"{a.shape} {a.dtype}", structure)


def assert_near(got: Any, expected: Any, tolerance: float = 1e-12) -> None:
    """Each leaf of the same shape and dtype, its elements within ``tolerance`` of the largest of the expected."""
    assert shape_of(got) == shape_of(expected)
    for k, (a, b) in enumerate(zip(leaves(got), leaves(expected), strict=True)):
        if b.dtype.kind != "f":
            np.testing.assert_array_equal(a, b, err_msg=f"leaf {k}")
        else:
            assert isinstance(a, np.ndarray)
            assert_close(a, b, 0, tolerance * max(np.abs(b).max(initial=0), 1e-30), f"leaf {k}")


def quiet() -> Any:
    """Functions that mix float32 and float64 warn of it at their first call; here it is meant."""
    return warnings.catch_warnings(action="ignore", category=tg.WideningWarning)


def assert_same(
    fn: Any, *args: Any, backend: str, tolerance: float = 1e-12, expected: Any = None
) -> tg.compiled.Compiled:
    """The compiled function equals the uncompiled one at the first call and the second, and keeps its hands off.

    ``expected``: what it gives uncompiled, where that is known.
    """
    expected, before = eager(fn, *args) if expected is None else expected, numbers(args)
    compiled = tg.compile(fn, backend=backend)
    with quiet():
        first = compiled(*args)
    assert_near(first, expected, tolerance)
    kept = map_leaves(np.copy, first)
    compiled.plan._runner.memory.view(np.uint8)[:] = 0xFF  # NaN: nothing may be read that this call did not write
    assert_near(compiled(*args), expected, tolerance)
    assert_near(first, kept, 0.0)
    assert_near(numbers(args), before, 0.0)
    return compiled


def total(structure: Any) -> tg.Node:
    """One number of all floating-point leaves, to which each element contributes with a weight of its own."""
    terms = []
    for k, y in enumerate(leaves(structure)):
        if isinstance(y, tg.Node) and y.dtype.kind == "f":
            weights = np.cos(np.arange(y.size) + k).reshape(y.shape).astype(y.dtype)
            terms.append(tg.sum(y * weights))
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def with_gradients(fn: Any, weights: Any) -> Any:
    """``fn`` and the gradients of the `total` of its results for the weights and all floating-point arguments."""

    def call(*args: Any) -> Any:
        results = fn(*args)
        floats = [a for a in leaves(args) if isinstance(a, tg.Node) and a.dtype.kind == "f"]
        wrt = [*leaves(weights), *floats]
        return (results, tg.grad(total(results), wrt)) if wrt else results

    return call
