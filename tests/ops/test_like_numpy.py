"""A seeded sweep: what numpy accepts gives numpy's value and dtype or is refused, what numpy refuses is refused."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend, quiet

from .numpy_calls import Call, calls

COMPARED, COMPILED, DIFFERENTIATED = 8_000, 300, 150


@cache
def sample(count: int, seed: int) -> list[Call]:
    everything = [*calls()]
    order = np.random.default_rng(seed).permutation(len(everything))
    return [everything[k] for k in order[:count]]


def outcome(call: Call, arrays: Any) -> Any:
    """The results as a list, or the error."""
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        try:
            z = call.function(*arrays)
        except Exception as error:
            return error
    return z if isinstance(z, list) else [z]


def told(call: Call) -> str:
    return f"{call.name} of {', '.join(f'{x.shape} {x.dtype}' for x in call.arrays)}"


def near(got: Any, right: Any) -> bool:
    if isinstance(right, tuple):
        return bool(got == right)
    got, right = np.asarray(got.value if isinstance(got, tg.Node) else got), np.asarray(right)
    if (got.shape, got.dtype) != (right.shape, right.dtype):
        return False
    if right.dtype.kind != "f":
        return np.array_equal(got, right)
    tolerance = {2: 2e-3, 4: 2e-6, 8: 1e-12}[right.dtype.itemsize]
    return np.allclose(got, right, tolerance, tolerance, equal_nan=True)


def differs(call: Call) -> str:
    right = outcome(call, [x.copy() for x in call.arrays])
    got = outcome(call, [tg.constant(x) for x in call.arrays])
    if isinstance(got, tg.GraphError) or (isinstance(got, Exception) and isinstance(right, Exception)):
        return ""
    if isinstance(got, Exception) or isinstance(right, Exception):
        return f"{told(call)}: {got!r} for {right!r}"
    same = len(got) == len(right) and all(map(near, got, right))
    return "" if same else f"{told(call)}: {got!r} for {right!r}"


def test_values_and_dtypes() -> None:
    wrong = [text for call in sample(COMPARED, 3) if (text := differs(call))]
    assert not wrong, "\n".join(wrong[:20])


def accepted(count: int, seed: int, floating: bool = False) -> list[tuple[Call, list[np.ndarray]]]:
    """Calls on nodes that give nodes, with the results."""
    pairs = []
    for call in sample(20 * count, seed):
        if floating and any(x.dtype != np.float64 for x in call.arrays):
            continue
        z = outcome(call, [tg.constant(x) for x in call.arrays])
        if isinstance(z, list) and z and all(isinstance(y, tg.Node) for y in z):
            pairs.append((call, [y.value for y in z]))
    return pairs[:count]


@each_backend
def test_compiled(backend: str) -> None:
    pairs = accepted(COMPILED, 5)
    for start in range(0, len(pairs), 50):
        some = pairs[start : start + 50]
        step = tg.compile(
            lambda xs, some=some: [call.function(*x) for (call, _), x in zip(some, xs, strict=True)], backend=backend
        )
        with np.errstate(all="ignore"), quiet():
            results = step([list(call.arrays) for call, _ in some])
        for (call, right), got in zip(some, results, strict=True):
            got = got if isinstance(got, list) else [got]
            assert all(map(near, got, right)), f"{told(call)}: {got!r} for {right!r}"


def loss(call: Call, nodes: Any) -> Any:
    """A weighted sum of the results."""
    z = call.function(*nodes)
    total = tg.constant(0.0)
    for k, y in enumerate(z if isinstance(z, list) else [z]):
        total = total + tg.sum(y * np.cos(np.arange(y.size) + k).reshape(y.shape))
    return total


def slopes(call: Call, arrays: Any) -> float:
    """Along the arrays of sines, by central differences of the values."""
    moves, h = [np.sin(np.arange(x.size) + 1).reshape(x.shape) for x in arrays], 1e-6
    ends = [
        loss(call, [tg.constant(x + s * h * v) for x, v in zip(arrays, moves, strict=True)]).item() for s in (1, -1)
    ]
    return (ends[0] - ends[1]) / (2 * h)


def test_gradients_against_differences() -> None:
    tried = 0
    for call, right in accepted(DIFFERENTIATED, 7, floating=True):
        if not all(z.dtype == np.float64 for z in right):  # differences of float32 say little
            continue
        shifted = [x + 0.013 * np.arange(1, x.size + 1).reshape(x.shape) * (k + 1) for k, x in enumerate(call.arrays)]
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            nodes = [tg.parameter(x) for x in shifted]
            y = loss(call, nodes)
            gradients = tg.grad(y, nodes)
            slope = slopes(call, shifted)
        if not np.isfinite([slope, y.item()]).all() or not any(g.value.any() for g in gradients):
            continue
        along = sum(np.sum(g.value * np.sin(np.arange(g.size) + 1).reshape(g.shape)) for g in gradients)
        assert along == pytest.approx(slope, rel=1e-5, abs=1e-5), told(call)
        y.backward()
        for x, g in zip(nodes, gradients, strict=True):
            np.testing.assert_allclose(np.zeros(x.shape) if x.grad is None else x.grad, g.value, 1e-9, 1e-9)
        tried += 1
    assert tried > DIFFERENTIATED / 3
