"""Whole functions by JAX: loops, what is out of range, ops of the user's own, numbers of other kinds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import eager, numbers
from tests.each import each
from tests.passes.graphs import trace
from tinygraph.core.graph import ancestors
from tinygraph.core.structure import leaves
from tinygraph.core.traced import Live
from tinygraph.ops.lookup import ARRAY
from tinygraph.run.by_jax import Jitted
from tinygraph.run.jax_backend.translation import JaxGraph

jax = pytest.importorskip("jax")

T, B, H = 5, 3, 2
RNG = np.random.default_rng(3)
XS, H0 = RNG.normal(size=(T, B, H)), RNG.normal(size=(B, H))
W = tg.parameter(RNG.normal(size=(H, H)), "W")
X = RNG.normal(size=(2, 3, 4))


def by_jax(fn: Any, *args: Any) -> Any:
    return numbers(tg.compile(fn, backend="jax")(*args))


def same(fn: Any, *args: Any, step: Any = None) -> None:
    results = (numbers(step(*args)) if step else by_jax(fn, *args)), eager(fn, *args)
    for a, b in zip(*map(leaves, results), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a, b, 1e-12, 1e-13)


def cell(x: Any, state: Any) -> Any:
    h, n = state
    h = tg.tanh(x + h @ W) * (1 + 0.1 * n)
    return {"h": h * h, "n": n * 1.0}, (h, n + 1.0)


@each("settings", [{}, {"reverse": True}, {"truncate": 2}, {"lengths": np.array([5, 0, 3])}])
def test_loops_and_their_gradients(settings: Any) -> None:
    def run(xs: Any, h: Any) -> Any:
        outputs, state = tg.unroll(cell, xs, (h, np.zeros((B, 1))), **settings)
        return outputs, state, tg.grad(tg.sum(outputs["h"] * state[0]), [xs, h, W])

    same(run, XS, H0)


def test_a_loop_in_a_loop_reads_its_labels() -> None:
    def run(xs: Any, labels: Any) -> Any:
        def within(label: Any, h: Any) -> Any:
            return h, tg.tanh(h * 0.5 + W[label])

        def outer(x: Any, h: Any) -> Any:
            _, h = tg.unroll(within, labels, h + x[0])
            return h, h

        outputs, _ = tg.unroll(outer, xs, np.zeros(H))
        return outputs, tg.grad(tg.sum(outputs), [xs, W])

    same(run, XS, np.array([1, 0, -2]))
    with pytest.raises(tg.GraphError, match=r"out of (range|bounds)"):
        by_jax(run, XS, np.array([1, 0, 2]))


Index = tuple[Any, list[tuple[Any, ...]], list[tuple[Any, ...]]]
MASK = np.array([[True, False, True], [False, True, True]])
INDEXED: dict[str, Index] = {
    "first": (lambda x, i: x[i], [([0, -2],), ([1, 1],)], [([2],), ([-3],)]),
    "last": (lambda x, i: x[..., i], [([3, -4],)], [([4],), ([-5],)]),
    "middle": (lambda x, i: x[:, i], [([2, -3],)], [([3],), ([-4],)]),
    "two apart": (lambda x, i, j: x[i, :, j], [([1, 0], [3, -4])], [([2, 0], [0, 0]), ([0, 0], [4, 0])]),
    "new axis": (lambda x, i: x[None, :, i], [([2, -3],)], [([3],), ([-4],)]),
    "after an ellipsis": (lambda x, i, j: x[..., i, j], [([2], [3])], [([3], [0]), ([0], [-5])]),
    "beside a mask": (lambda x, i: x[MASK, i], [([0, 1, 3, -4],)], [([0, 0, 4, 0],), ([0, 0, 0, -5],)]),
    "take flat": (lambda x, i: tg.take(x, i), [([23, -24],)], [([24],), ([-25],)]),
    "take along 1": (lambda x, i: tg.take(x, i, axis=1), [([2, -3],)], [([3],), ([-4],)]),
    "take along -1": (lambda x, i: tg.take(x, i, axis=-1), [([3, -4],)], [([4],), ([-5],)]),
    "take of one number": (lambda x, i: tg.take(x[0, 0, 0], i), [([0, -1],)], [([1],), ([-2],)]),
    "labels": (lambda x, i: tg.softmax_cross_entropy(x[0], i), [([0, 3, 2],)], [([0, 4, 0],), ([0, -1, 0],)]),
    "one hot": (lambda x, i: tg.one_hot(i, 4) * x[0], [([0, 3, 2],)], [([0, 4, 0],), ([0, -1, 0],)]),
    "written": (
        lambda x, i: tg.ops.write_at(x[0], x[1, :2], i, index=(ARRAY,)),
        [([2, -3],), ([1, 1],)],
        [([3, 0],), ([0, -4],)],
    ),
    "lengths": (
        lambda x, i: tg.unroll(lambda a, h: (h, h + a), x, np.zeros((3, 4)), lengths=i),
        [([0, 2, 1],)],
        [([0, 3, 0],), ([0, -1, 0],)],
    ),
}


@each("name", INDEXED)
def test_what_is_out_of_range_is_refused_and_the_ends_of_the_range_are_not(name: str) -> None:
    fn, right, wrong = INDEXED[name]

    def run(x: Any, *indices: Any) -> Any:
        y = fn(x, *indices)
        return y, tg.grad(tg.sum(tg.square(y[0] if isinstance(y, tuple) else y)), x)

    step = tg.compile(run, backend="jax")
    for arrays in right:
        same(run, X, *map(np.array, arrays), step=step)
    for arrays in wrong:
        with pytest.raises(tg.GraphError):
            step(X, *map(np.array, arrays))


def test_small_unsigned_labels_are_in_range() -> None:
    same(lambda x, i: (tg.softmax_cross_entropy(x, i), x[:, i]), X[0], np.array([0, 3, 2], np.uint8))


class Doubled(tg.Op):
    """The user's own: JAX calls it back."""

    def forward(self, x: Any, *, by: float = 2.0) -> Any:
        return x * by

    def backward(self, gz: Any, z: Any, x: Any, *, by: float = 2.0) -> Any:
        return gz * by


class Sigmoid(Doubled):
    """The user's own under the name of one of ours."""

    name = "sigmoid"


def test_ops_of_the_users_own_are_called_back() -> None:
    double, other = Doubled(), Sigmoid()

    def run(xs: Any) -> Any:
        outputs, h = tg.unroll(lambda x, h: (double(x, by=3.0), h * 0.5 + double(x)), xs, np.zeros((B, H)))
        return outputs, h, other(xs), tg.grad(tg.sum(outputs * other(xs)), xs)

    same(run, XS)


@each("dtype", [np.int64, np.int32, np.uint8, bool, np.float32])
def test_numbers_of_other_kinds(dtype: Any) -> None:
    x = np.array([[3, 1, 0], [2, 5, 4]]).astype(dtype)

    def run(x: Any) -> Any:
        return tg.exp(x), tg.mean(x), x / 2, tg.sum(x, axis=0), np.maximum(x, 2), tg.where(x > 1, x, 0.5), x * 2.5

    tolerance = 1e-6 if dtype == np.float32 else 1e-13
    for a, b in zip(by_jax(run, x), eager(run, x), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a, b, tolerance)


def test_noise_is_drawn_at_each_call_and_refused_in_a_pure_function() -> None:
    rng, again = np.random.default_rng(0), np.random.default_rng(0)

    def noisy(x: Any) -> Any:
        return x + tg.noise(lambda shape: rng.normal(size=shape), x.shape)

    step = tg.compile(noisy, backend="jax")
    for _ in range(2):
        np.testing.assert_allclose(step(np.ones(3)), 1 + again.normal(size=3), 1e-12)
    with pytest.raises(tg.GraphError, match="draws random numbers at each call"):
        pure = tg.export.jax(noisy)
        jax.jit(pure)(pure.values, np.ones(3))
    (drawn,) = [leaf for leaf in ancestors(step.plan.after) if isinstance(leaf, Live)]
    with pytest.raises(tg.GraphError, match="is read anew at each call, which a pure function cannot do"):
        JaxGraph(jax, {}).compute([drawn])


def test_what_numpy_would_take_is_refused_all_the_same() -> None:
    """numpy, run again, is to say where an index is out of range; a result is not given whatever it says."""
    again: list[Any] = []
    graph = trace(lambda x, i: x[i], X, np.array([0, 5]))
    calm = SimpleNamespace(run=again.append)
    with pytest.raises(tg.GraphError, match="jax: an index, a label or a length is out of range"):
        Jitted(graph.results, [*graph.values], lambda: calm).run([*graph.values.values()])
    assert len(again) == 1
