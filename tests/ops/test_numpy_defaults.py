"""What is not passed means to numpy's functions on nodes what it means to numpy: the defaults are the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.core.op import Op
from tinygraph.ops.numpy_speaks import FULL, FUNCTIONS

PAIRS: list[tuple[Any, Any]] = [(f, own) for f, own in [*FUNCTIONS.items(), *FULL.items()] if f is not np.linalg.cross]
"""np.linalg.cross is np.cross, whose ``axis=None`` leaves the last axes."""
UNSET = {"keepdims": False, "where": True}
"""What numpy tells from no argument by a value of its own."""


def defaults(function: Callable[..., Any]) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


@each("function, own", PAIRS, [f"{f.__module__}.{f.__name__}-{k}" for k, (f, _) in enumerate(PAIRS)])
def test_defaults_are_numpys(function: Any, own: Any) -> None:
    theirs = defaults(function)
    ours = defaults(own.forward if isinstance(own, Op) else own)
    for name in ours.keys() & theirs if isinstance(own, Op) else ours:
        expected = theirs[name]
        expected = UNSET.get(name) if expected is np._NoValue else expected
        assert ours[name] is expected or ours[name] == expected, name
        assert type(ours[name]) is type(expected), name


@each("shape", [(2, 3, 4), (4, 3, 2), (3, 3, 3)])
def test_calls_without_settings(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    y = np.random.default_rng(1).normal(size=(*shape[1:], 2))
    node = tg.parameter(x)
    for got, right in (
        (np.tensordot(node, y), np.tensordot(x, y)),
        (np.diff(node), np.diff(x)),
        (np.flip(node), np.flip(x)),
        (np.roll(node, 2), np.roll(x, 2)),
        (np.rot90(node), np.rot90(x)),
        (np.triu(node), np.triu(x)),
        (np.tril(node), np.tril(x)),
        (np.trace(node), np.trace(x)),
        (np.diagonal(node), np.diagonal(x)),
        (np.var(node), np.var(x)),
        (np.cov(node[0]), np.cov(x[0])),
        (np.gradient(node)[1], np.gradient(x)[1]),
        (np.trapezoid(node), np.trapezoid(x)),
        (np.interp(node[0, 0], np.arange(3.0), np.arange(3.0) ** 2), np.interp(x[0, 0], np.arange(3), [0, 1, 4])),
        (np.linspace(node[0], 2.0), np.linspace(x[0], 2.0)),
        (np.sort(node), np.sort(x)),
        (np.median(node), np.median(x)),
        (np.quantile(node, 0.3), np.quantile(x, 0.3)),
    ):
        np.testing.assert_allclose(got.value, right, 1e-12, 1e-13)
