"""Meanings that once differed from numpy's without a word: values, dtypes and gradients, eager and on each backend."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import BACKENDS, each_backend, quiet
from tests.each import each

from .slopes import along, directions

V, X, Y = np.arange(4.0), np.arange(6.0).reshape(2, 3) + 0.5, np.arange(12.0).reshape(2, 2, 3)
ONE, A3, U = np.array([1.5]), np.array([1.0, -2.0, 0.5]), np.array([-1.0, 0.3, 2.0])
ZERO = np.array(1.7)


def joined(parts: Any) -> Any:
    """Parts of any sizes side by side, each with a weight of its own."""
    return np.concatenate([(k + 1.0) * np.reshape(part, (-1,)) for k, part in enumerate(parts)])


RIGHT: dict[str, tuple[Callable[..., Any], tuple[np.ndarray, ...]]] = {
    "split at falling indices": (lambda v: joined(np.split(v, [3, 1])), (V,)),
    "split at equal and far indices": (lambda v: joined(np.split(v, [1, 1, 9, 2])), (V,)),
    "split along another axis": (lambda x: joined(np.split(x, [2, 0, 1], axis=1)), (X,)),
    "slices that overlap": (lambda v: joined([v[0:2], v[2:0], v[0:4]]), (V,)),
    "slices to the end": (lambda v: joined([v[0:2], v[2:], v[None:4]]), (V,)),
    "slices in order": (lambda v: joined([v[0:2], v[2:2], v[2:4]]), (V,)),
    "reshape in Fortran's order": (lambda x: np.reshape(x, (3, 2), order="F"), (X,)),
    "reshape by a method in Fortran's order": (lambda y: y.reshape((-1, 2), order="F"), (Y,)),
    "ravel in Fortran's order": (lambda y: np.ravel(y, order="F"), (Y,)),
    "flatten in Fortran's order": (lambda y: y.flatten("F"), (Y,)),
    "concatenate one array": (lambda x: np.concatenate(x), (X,)),
    "concatenate one array along axis 1": (lambda y: np.concatenate(y, axis=1), (Y,)),
    "stack one array": (lambda x: np.stack(x, axis=1), (X,)),
    "float_power": (lambda a: np.float_power(a, 2), (A3,)),
    "reciprocal": (lambda a: np.reciprocal(a), (A3,)),
    "fabs": (lambda a: np.fabs(a), (A3,)),
    "clip by an array of one number": (lambda u: np.clip(u, np.array(0.0), 1), (U,)),
    "transpose of one axis": (lambda a: np.transpose(a, 0), (A3,)),
    "reshape by an array": (lambda x: np.reshape(x, np.array([3, 2])), (X,)),
    "power of a small base": (lambda a: np.int8(2) ** a, (A3,)),
    "index by tuples": (lambda x: x[(0, 1), (2, 0)], (X,)),
    "dot with three axes": (lambda x: x.dot(Y.transpose(0, 2, 1)), (X,)),
    "dot of three axes": (lambda y: np.dot(y, y.transpose(0, 2, 1)), (Y,)),
    "mask": (lambda x: x[X > 2], (X,)),
    "mask of the second axis": (lambda x: x[:, A3 > 0], (X,)),
    "mask after an ellipsis": (lambda y: y[..., A3 > 0], (Y,)),
    **{f"{f} of one number": (lambda z, f=f: getattr(np, f)(z, axis=0) * z, (ZERO,)) for f in ("sum", "max", "min")},
    **{
        f"{f} over numpy's integers": (lambda y, f=f: getattr(np, f)(y, axis=tuple(np.arange(1, 3))), (Y,))
        for f in ("sum", "mean", "max", "min", "std", "nansum", "average", "ptp")
    },
    "sum of one number, kept": (lambda z: np.sum(z, axis=-1, keepdims=True) * z, (ZERO,)),
    "take of one number": (lambda z: np.take(z, [0, 0], axis=0), (ZERO,)),
    **{
        f"einsum {s}, stretched": (lambda a, b, s=s: np.einsum(s, a, b), arrays)
        for s, arrays in {
            "a,a->": (ONE, A3),
            "a,a->a": (A3, ONE),
            "ab,b->a": (X[:, :1], A3),
            "ab,bc->ac": (X, X[:1]),
            "aa,a->": (X[:1, :1], A3),
            "...a,a->...": (X[:, :1], A3),
            "a,ab->b": (ONE, X),
            "a,b->ab": (ONE, A3),
        }.items()
    },
}


@each("name", RIGHT)
def test_values_and_gradients_of_both_orders(name: str) -> None:
    call, arrays = RIGHT[name]
    nodes = [tg.parameter(x) for x in arrays]
    z, right = call(*nodes), np.asarray(call(*[x.copy() for x in arrays]))
    assert (z.shape, z.dtype) == (right.shape, right.dtype)
    np.testing.assert_allclose(z.value, right, 1e-14)
    gz, moves, turns = directions([right], 1)[0], directions([*arrays], 2), directions([*arrays], 3)

    def slope(*xs: Any) -> Any:
        """The derivative along the moves, as a node."""
        leaves = [x if isinstance(x, tg.Node) else tg.parameter(x) for x in xs]
        gs = tg.grad(tg.sum(call(*leaves) * np.cos(call(*leaves))), leaves)
        return sum((tg.sum(g * v) for g, v in zip(gs, moves, strict=True)), start=tg.constant(0.0))

    by_numpy = along(lambda *xs: np.sum(gz * call(*xs)), [*arrays], moves)
    gradients = tg.grad(z, nodes, gz)
    assert sum(np.sum(g.value * v) for g, v in zip(gradients, moves, strict=True)) == pytest.approx(by_numpy, rel=1e-7)
    z.backward(gz)
    for x, g in zip(nodes, gradients, strict=True):
        assert g.shape == x.shape
        np.testing.assert_allclose(x.grad, g.value, 1e-12)
    second = tg.grad(slope(*nodes), nodes)
    by_slope = along(lambda *xs: slope(*xs).item(), [*arrays], turns)
    along_turns = sum(np.sum(g.value * u) for g, u in zip(second, turns, strict=True))
    assert along_turns == pytest.approx(by_slope, rel=1e-6, abs=1e-6)


@each_backend
def test_compiled_they_are_the_same(backend: str) -> None:
    arrays = {name: list(inputs) for name, (_, inputs) in RIGHT.items()}

    def everything(arrays: Any) -> Any:
        results = {}
        for name, (call, _) in RIGHT.items():
            z = call(*arrays[name])
            results[name] = [z, *tg.grad(tg.sum(z * np.cos(z)), arrays[name])]
        return results

    got = tg.compile(everything, backend=backend)(arrays)
    right = everything({name: [tg.constant(x) for x in xs] for name, xs in arrays.items()})
    for name, results in right.items():
        for a, b in zip(got[name], results, strict=True):
            assert a.dtype == b.dtype, name
            np.testing.assert_allclose(a, b.value, 1e-9, err_msg=name)


@each_backend
@pytest.mark.parametrize("varying", [True, False])
def test_within_a_loop_too(varying: bool, backend: str) -> None:
    """The first input differs from step to step, or is the same at all of them; the others stay."""

    def run(arrays: Any, factors: Any) -> Any:
        results = {}
        for name, (call, _) in RIGHT.items():

            def cell(k: Any, total: Any, call: Any = call, xs: Any = arrays[name]) -> Any:
                z = call(xs[0] * k if varying else xs[0], *xs[1:])
                total = total + tg.sum(z * np.cos(z)) * k
                return z, total

            outputs, total = tg.unroll(cell, factors, 0.0)
            results[name] = [outputs, total, *tg.grad(total, arrays[name])]
        return results

    arrays, factors = {name: list(xs) for name, (_, xs) in RIGHT.items()}, np.array([1.0, 1.1, 0.9])
    got = tg.compile(run, backend=backend)(arrays, factors)
    right = run({name: [tg.constant(x) for x in xs] for name, xs in arrays.items()}, tg.constant(factors))
    for name, results in right.items():
        for a, b in zip(got[name], results, strict=True):
            np.testing.assert_allclose(a, b.value, 1e-9, 1e-12, err_msg=name)


MASK = np.array([True, False, True])
REFUSED: dict[str, Callable[[Any], Any]] = {
    "a mask of one": lambda x: x[np.array([True])],
    "a mask of one as a list": lambda x: x[[True]],
    "a mask that is turned": lambda x: x[np.ones((3, 2), bool)],
    "a mask with too many axes": lambda x: x[np.ones((2, 3, 1), bool)],
    "a short mask of the second axis": lambda x: x[:, MASK[:2]],
    "a short mask after an ellipsis": lambda x: x[..., MASK[:2]],
    "a mask beside indices": lambda x: x[MASK, [0, 1]],
    "a short mask as a node": lambda x: x[tg.constant(MASK[:1])],
    "too many indices": lambda x: x[[0], [1], [0]],
    "an index of one number": lambda x: x[0, 0][[0]],
    "True": lambda x: x[True],
    "numpy's True": lambda x: x[np.True_],
    "an array that is True": lambda x: x[np.array(True)],
    "reshape in any order": lambda x: np.reshape(x, (3, 2), order="A"),
    "reshape in the order of memory": lambda x: np.reshape(x, (3, 2), order="K"),
    "reshape without a copy": lambda x: np.reshape(x, (3, 2), copy=False),
    "ravel in the order of memory": lambda x: np.ravel(x, order="K"),
    "expand_dims beyond": lambda x: np.expand_dims(x, 5),
    "expand_dims twice": lambda x: np.expand_dims(x, (0, 0)),
    "expand_dims by no integer": lambda x: np.expand_dims(x, 1.0),
    "squeeze beyond": lambda x: np.squeeze(x[:1], axis=2),
    "squeeze twice": lambda x: np.squeeze(x[:1], axis=(0, 0)),
    "moveaxis beyond": lambda x: np.moveaxis(x, 0, 2),
    "reciprocal of integers": lambda x: np.reciprocal(tg.constant([2, 3])),
    "positive of booleans": lambda x: np.positive(x > 0),
    "plus booleans": lambda x: +(x > 0),
    "sum over True": lambda x: np.sum(x, axis=True),
    "mean over True among others": lambda x: np.mean(x, axis=(0, True)),
    "max with numpy's True": lambda x: np.max(x, axis=0, keepdims=np.True_),
    **{f"{f} along True": lambda x, f=f: getattr(np, f)(x, axis=True) for f in ("cumsum", "argmax")},
    "concatenate along True": lambda x: np.concatenate([x, x], axis=True),
    "sum with keepdims in the third place": lambda x: np.sum(x, 0, True),
    "max with a place for the result": lambda x: np.max(x, 0, np.zeros(3)),
    "concatenate with a place for the result": lambda x: np.concatenate([x, x], 0, np.zeros((4, 3))),
    "linalg.outer of two axes": lambda x: np.linalg.outer(x, X[0]),
    "linalg.outer by two axes": lambda x: np.linalg.outer(x[0], x),
    "linalg.outer of a number": lambda x: np.linalg.outer(x[0, 0], x[0]),
    "linalg.outer by a number": lambda x: np.linalg.outer(x[0], x[0, 0]),
    "vander of two axes": lambda x: np.vander(x),
    "cov of three axes": lambda x: np.cov(x[None]),
    "corrcoef of three axes": lambda x: np.corrcoef(x[None]),
    "matrix_power of one axis": lambda x: np.linalg.matrix_power(x[0], 2),
    "matrix_power of a row": lambda x: np.linalg.matrix_power(x[:1], 0),
    "vecdot of sizes that stretch": lambda x: np.linalg.vecdot(x, x[:, :1]),
    "vecdot of a number": lambda x: np.linalg.vecdot(x, 2.0),
    "split in no number of parts": lambda x: np.split(x, 1.0),
    "split along no axis": lambda x: np.split(x, 2, axis=None),
    "reshape to nothing": lambda x: x.reshape(),
}


@each("name", REFUSED)
def test_what_numpy_refuses_or_we_do_not_support_is_refused(name: str) -> None:
    with pytest.raises(tg.GraphError):
        REFUSED[name](tg.parameter(X))
    with pytest.raises(tg.GraphError):
        tg.compile(REFUSED[name], backend="numpy")(X)


SMALL = [np.array([100, -100, 3], np.int8), np.array([200, 1, 0], np.uint8), np.array([True, False, True])]
DTYPES: dict[str, Callable[[Any], Any]] = {
    "float_power": lambda x: np.float_power(x, 2),
    "float_power by a number": lambda x: np.float_power(x, np.float32(2)),
    "fabs": np.fabs,
    "square": np.square,
    "dot": lambda x: np.dot(x, 2.0),
    "stack": lambda x: np.stack([x[0], 2.0]),
    "heaviside of one number": lambda x: np.heaviside(x[0].astype(np.float32), np.float32(0.5)),
    "heaviside of a number": lambda x: np.heaviside(2.5, x),
    "conjugate": np.conjugate,
    "vander without columns": lambda x: np.vander(x.astype(np.float64), 0),
    "einsum": lambda x: np.einsum("a,->a", x, 2.0),
    "powers of 0": lambda x: np.linalg.matrix_power(x[:2, None] * x[:2], 0),
}


@each(
    "name, x",
    [(name, x) for name in DTYPES for x in [*SMALL, np.float32([2, 3]), np.float16([2, 3]), np.array([2, 3])]],
)
def test_dtypes_are_numpys(name: str, x: np.ndarray) -> None:
    z, right = DTYPES[name](tg.constant(x)), DTYPES[name](x)
    assert z.dtype == right.dtype
    np.testing.assert_array_equal(z.value, right)
    for backend in BACKENDS[:1]:
        with quiet():
            (got,) = tg.compile(lambda x: [DTYPES[name](x)], backend=backend.values[0])(x)
        assert got.dtype == right.dtype
        np.testing.assert_array_equal(got, right)


ASKED = [0.3, 1, np.float16(0.3), np.float32(0.3), np.float64(0.9), [0.3, 0.5], [0, 1], np.float32([0.7, 0.25])]


@each("kind", [np.float16, np.float32, np.float64])
@each("q", ASKED)
def test_quantiles_are_numpys_to_the_last_bit_but_one(q: Any, kind: Any) -> None:
    x = np.sin(np.arange(18.0) * 7).reshape(3, 6).astype(kind)
    calls = [
        lambda x: np.quantile(x, q),
        lambda x: np.quantile(x, q, axis=1, method="lower"),
        lambda x: np.quantile(x, q, axis=0, method="higher"),
        lambda x: np.percentile(x, q, method="midpoint"),
        lambda x: np.percentile(x, np.float32(30), axis=1),
    ]
    with quiet():
        compiled = tg.compile(lambda x: [call(x) for call in calls], backend="numpy")(x)
    for call, got in zip(calls, compiled, strict=True):
        right, z = call(x), call(tg.constant(x))
        assert z.dtype == got.dtype == right.dtype
        for y in (z.value, got):
            np.testing.assert_allclose(y, right, 2 * np.finfo(right.dtype).eps)
    infinite = np.array([-np.inf, 1], kind)
    assert np.quantile(tg.constant(infinite), 0.5, method="higher").item() == 1


def test_size_counts_along_axes():
    x = tg.parameter(np.ones((2, 3, 4)))
    assert (np.size(x), np.size(x, 1), np.size(x, axis=-1)) == (24, 3, 4)
    assert tg.compile(lambda a: a * np.size(a, 1), backend="numpy")(np.ones((2, 3))).tolist() == [[3.0] * 3] * 2


def test_variances_without_a_degree_of_freedom_are_nan() -> None:
    x = np.array([[1.0, np.nan, 3.0, 4.0], [np.nan, np.nan, 2.0, 5.0], [np.nan, np.nan, np.nan, 1.0]])
    for fn, axis, ddof in [(f, a, d) for f in (np.nanvar, np.nanstd) for a in (0, 1, None) for d in (1, 2, 3, 0.5)]:
        with quiet(), warnings.catch_warnings(action="ignore"):
            right, z = fn(x, axis=axis, ddof=ddof), fn(tg.parameter(x), axis=axis, ddof=ddof)
            (native,) = tg.compile(lambda a, fn=fn, axis=axis, ddof=ddof: [fn(a, axis=axis, ddof=ddof)])(x)
        np.testing.assert_allclose(z.value, right)
        np.testing.assert_allclose(native, right)


def test_the_columns_of_ones_of_vander_do_not_read_x() -> None:
    x = np.array([np.inf, np.nan, 2.0])
    np.testing.assert_array_equal(np.vander(tg.constant(x), 2).value, np.vander(x, 2))


def test_logaddexp2_computes_in_the_wider_dtype() -> None:
    x, y = np.array([1.1, 2.3], np.float32), np.array([0.7, 1.9])
    for z in (np.logaddexp2(tg.constant(x), y), np.logaddexp2(y, tg.parameter(x))):
        np.testing.assert_allclose(z.value, np.logaddexp2(x, y), rtol=1e-14)
