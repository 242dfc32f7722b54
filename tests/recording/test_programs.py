"""Random programs that write into arrays: numpy's own run and finite differences say what is right."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

import tinygraph as tg
import tinygraph.numpy as tnp
from tests.each import each

from .programs import Program, run

P = np.random.default_rng(0).normal(size=(3, 4))
D = np.random.default_rng(1).normal(size=(3, 4))
WEIGHTS = np.random.default_rng(2).normal(size=(60, 4))


def total(arrays: list[Any]) -> Any:
    """A number that depends on every element of the results."""
    return sum((x * w[: x.shape[-1]]).sum() for x, w in zip(arrays, WEIGHTS, strict=False))


@each("seed", range(300))
def test_the_values_are_numpys(seed: int) -> None:
    source = Program(seed).source
    with np.errstate(all="ignore"):
        right, got = run(source, np, P.copy()), run(source, tnp, tg.parameter(P))
    for k, (a, b) in enumerate(zip(right, got, strict=True)):
        np.testing.assert_allclose(np.asarray(b.value), a, 1e-12, 1e-12, err_msg=f"{k} of\n{source}")


@each("seed", range(300, 500))
def test_the_gradient_is_that_of_finite_differences(seed: int) -> None:
    source = Program(seed).source
    with np.errstate(all="ignore"):
        above, below = (total(run(source, np, P + e * D)) for e in (1e-6, -1e-6))
    if abs(above - below) < 1:  # powers of powers of some programs grow too fast for differences
        p = tg.parameter(P)
        gradient = tg.grad(total(run(source, tnp, p)), p).value
        np.testing.assert_allclose(np.sum(gradient * D), (above - below) / 2e-6, 1e-5, 1e-5, err_msg=source)


@each("seed", range(500, 560))
def test_compiled_it_is_the_same(seed: int) -> None:
    source = Program(seed).source
    if re.search(r"> 0\] \*=", source):
        return  # reads x[mask], whose shape depends on values
    p = tg.parameter(P)
    with np.errstate(all="ignore"):
        y = total(run(source, tnp, p))
        right = tg.grad(y, p).value
        f = tg.compile(tg.value_and_grad(lambda q: total(run(source, tnp, q)), p), backend="numpy")
        value, gradient = f(p)
    np.testing.assert_allclose(value, y.item(), 1e-9, err_msg=source)
    np.testing.assert_allclose(gradient, right, 1e-9, 1e-9, err_msg=source)
