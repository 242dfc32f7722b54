"""np.linalg and numpy's products on nodes: singular matrices, the norm at zero, numbers and lists, array.dot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend, eager
from tests.each import each

RNG = np.random.default_rng(8)
A = RNG.normal(size=(2, 3, 3)) * 0.4 + 2 * np.eye(3)
V = np.array([1.5, -2.0, 0.5])


def weighed(z: Any) -> Any:
    return np.sum(z * np.cos(np.arange(z.size)).reshape(z.shape))


CALLS: dict[str, Any] = {
    "dot of a number": lambda a: np.dot(2.0, a) + np.dot(a, 2, out=None),
    "dot of a list": lambda a: (
        np.dot([1.0, 2.0, 3.0], a[0]) + np.dot(a[1], [1, 2, 3]) + a[0].dot([[1.0], [2.0], [3.0]])[:, 0]
    ),
    "dot of a list of nodes": lambda a: np.dot(a[0], [a[0, 0, 0], 2.0, a[0, 0, 1]]),
    "dot of more axes": lambda a: np.dot(a[0], a) + np.dot(a[0, 0], a),
    "dot of many axes": lambda a: np.dot(a, a[:, None]),
    "tensordot of pairs": lambda a: np.tensordot(a, a, axes=([0, 2], [0, 1])),
    "tensordot of one axis": lambda a: np.tensordot(a, a[0], axes=(1, -1)),
    "tensordot of none": lambda a: np.tensordot(a[0], a[1], axes=0),
    "inner of numbers": lambda a: np.inner(a, 2.0) + np.inner(3.0, a),
    "kron of ranks": lambda a: np.kron(a[0], a[:, :1]),
    "cross of columns": lambda a: np.cross(a, a[0], axisa=1, axisc=0),
    "powers": lambda a: np.linalg.matrix_power(a, 3) + np.linalg.matrix_power(a, -2) + np.linalg.matrix_power(a, 0),
    "multi_dot": lambda a: np.linalg.multi_dot([a[0], a[1], a[0, 0]]),
    "solve for a vector": lambda a: np.linalg.solve(a, V) + np.linalg.solve(a[0], a[1, 0]),
    "solve, stretched": lambda a: np.linalg.solve(a[0], a) + np.linalg.solve(a, np.eye(3)),
    "cholesky of the lower triangle": lambda a: np.linalg.cholesky(a + 9 * np.eye(3)),
    "cholesky, upper": lambda a: np.linalg.cholesky(a + 9 * np.eye(3), upper=True),
    "sign and logarithm": lambda a: np.stack([*np.linalg.slogdet(a * np.array([[[1.0]], [[-1.0]]]))]),
    "norm of all": lambda a: np.linalg.norm(a),
    **{
        f"norm {p} of vectors": lambda a, p=p: np.linalg.norm(a, p, axis=1, keepdims=True)
        for p in (None, 1, 2, 3, 0.5, np.inf, -np.inf)
    },
    **{
        f"norm {p} of matrices": lambda a, p=p: np.linalg.norm(a, p, axis=(0, 2))
        for p in (None, "fro", 1, -1, np.inf, -np.inf)
    },
    "norms of one array": lambda a: (
        np.linalg.norm(a[0], 1) + np.linalg.norm(a[0, 0], np.inf) + np.linalg.norm(a[0], "fro")
    ),
}


@each("name", CALLS)
def test_values_and_gradients_of_both_orders(name: str) -> None:
    got, right = CALLS[name](tg.parameter(A)), CALLS[name](A)
    np.testing.assert_allclose(got.value, right, 1e-12, 1e-14)
    assert got.shape == np.shape(right)
    tg.check.gradients(lambda a: weighed(CALLS[name](a)), [A], order=2)


@each_backend
def test_compiled_they_are_the_same(backend: str) -> None:
    def everything(a: Any) -> Any:
        results = {name: call(a) for name, call in CALLS.items()}
        return results, {name: tg.grad(weighed(z), a) for name, z in results.items()}

    got, right = tg.compile(everything, backend=backend)(A), eager(everything, A)
    for part, wanted in zip(got, right, strict=True):
        for name in CALLS:
            np.testing.assert_allclose(part[name], wanted[name], 1e-10, 1e-12, err_msg=name)


@each_backend
def test_in_a_loop_over_time(backend: str) -> None:
    xs = RNG.normal(size=(4, 2, 3))

    def run(a: Any, xs: Any) -> Any:
        def cell(x: Any, h: Any) -> Any:
            s = a + np.einsum("bi,bj->bij", x, x)
            new = np.linalg.solve(s, (h + x)[..., None])[..., 0]
            scale = np.linalg.slogdet(s)[1] + np.linalg.det(s) + np.linalg.norm(new, axis=-1)
            lower = np.linalg.cholesky(s @ np.swapaxes(s, -1, -2)) + np.linalg.inv(s)
            return new + weighed(lower) * 0.01, new + 0.01 * scale[:, None]

        ys, _ = tg.unroll(cell, xs, np.zeros((2, 3)))
        return ys, tg.grad(tg.sum(ys * ys), [a, xs])

    got, right = tg.compile(run, backend=backend)(A, xs), eager(run, A, xs)
    np.testing.assert_allclose(got[0], right[0], 1e-10)
    for g, wanted in zip(got[1], right[1], strict=True):
        np.testing.assert_allclose(g, wanted, 1e-8, 1e-10)


@each("ord", [None, 2, 3])
def test_the_norm_of_zero_has_a_zero_gradient(ord: Any) -> None:
    x = tg.parameter(np.array([[0.0, 0.0], [3.0, 4.0]]))
    (g,) = tg.grad(tg.sum(np.linalg.norm(x, ord, axis=1)), [x])
    assert g.value[0].tolist() == [0, 0] and np.isfinite(g.value).all() and g.value[1].all()
    assert np.isfinite(tg.grad(tg.sum(g * g), x).value).all()
    assert np.isnan(np.linalg.norm(tg.constant([np.nan, 1.0])).item())


SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
FAILING: dict[str, Any] = {
    "inv: a matrix is singular": lambda x: np.linalg.inv(x),
    "solve: a matrix is singular": lambda x: np.linalg.solve(x, np.ones(2)),
    "cholesky: a matrix is not positive definite": lambda x: np.linalg.cholesky(-x),
    "inv: a matrix is singular.*": lambda x: tg.grad(np.linalg.det(x), x),
}


@each("told", FAILING)
def test_a_singular_matrix_is_one_graph_error(told: str) -> None:
    with pytest.raises(tg.GraphError, match=rf"(?s){told}\n.*fix"):
        FAILING[told](tg.parameter(SINGULAR))
    for backend in ("numpy", "auto"):
        with pytest.raises(tg.GraphError, match=told):
            tg.compile(FAILING[told], backend=backend)(SINGULAR)
    assert np.linalg.det(tg.parameter(SINGULAR)).item() == pytest.approx(0)


@each("dtype", [np.bool_, np.int8, np.uint8, np.int64, np.float32])
@each("name", ["inv", "det", "slogdet", "cholesky", "norm"])
def test_dtypes_are_numpys(name: str, dtype: Any) -> None:
    x = (np.eye(3) * 3 + (dtype is not np.bool_) * np.ones((3, 3))).astype(dtype)
    call = getattr(np.linalg, name)
    results = [call(x), call(tg.constant(x)), tg.compile(lambda x: call(x), backend="numpy")(x)]
    for right, *others in zip(*results, strict=True) if name == "slogdet" else [results]:
        for z in others:
            assert z.dtype == right.dtype
            np.testing.assert_allclose(np.asarray(z), right, 1e-6)
    assert tg.ops.solve(x, x.astype(np.int8)).dtype == np.linalg.solve(x, x.astype(np.int8)).dtype


REFUSED: dict[str, Any] = {
    **{name: lambda x, name=name: getattr(np.linalg, name)(x) for name in ("svd", "eig", "eigh", "qr", "pinv", "cond")},
    "eigvalsh": lambda x: np.linalg.eigvalsh(x),
    "lstsq": lambda x: np.linalg.lstsq(x, x[0]),
    "norm": lambda x: np.linalg.norm(x, "nuc"),
    "norm.*ord": lambda x: np.linalg.norm(x, 2),
    "inv needs square": lambda x: np.linalg.inv(x[:2]),
    "float16": lambda x: np.linalg.det(x.astype(np.float16)),
    "solve: sizes": lambda x: np.linalg.solve(x, np.ones(4)),
    "tensordot": lambda x: np.tensordot(x, x[:2], 1),
    "tensordot: no such axis": lambda x: np.tensordot(x, x, 3),
    "matmul": lambda x: np.dot(x, np.ones((2, 4))),
    "cross": lambda x: np.cross(x[:, :2], x[:, :2]),
}


@each("told", REFUSED)
def test_what_is_refused_says_what_to_write(told: str) -> None:
    fix = r".*fix +\S" if told in ("svd", "eig", "eigh", "qr", "pinv", "eigvalsh", "lstsq", "norm", "float16") else ""
    with pytest.raises(tg.GraphError, match=rf"(?s){told}{fix}"):
        REFUSED[told](tg.parameter(A[0]))


W, ROWS = tg.parameter(RNG.normal(size=(64, 64)), name="W"), np.ones((16, 64))
DOTS: dict[str, Any] = {
    "at once": lambda w: np.ones((16, 64)).dot(w),
    "of a product": lambda w: ROWS.reshape(16, 64).dot(w * np.array([2.0]).dot(3.0)).sum(),
    "within a call": lambda w: np.tanh(ROWS.dot(w)),
}


@each("name", DOTS)
def test_dot_of_an_array_is_one_product(name: str) -> None:
    """numpy asks the node for an array, and multiplies by it."""
    z, right = DOTS[name](W), DOTS[name](W.value)
    assert isinstance(z, tg.Node) and z.shape == np.shape(right)
    np.testing.assert_allclose(z.value, right, 1e-12)
    np.testing.assert_allclose(tg.compile(DOTS[name], backend="numpy")(W.value), right, 1e-12)
    tg.check.gradients(lambda w: np.sum(DOTS[name](w) ** 2), [W.value[:, :2]], order=1)


@each("dtype", [bool, np.int8, np.float32, np.float64])
def test_dot_of_an_array_of_any_dtype_and_rank(dtype: Any) -> None:
    for left in (np.array(2), ROWS[0] * 3, ROWS[:2] * 2, ROWS.reshape(2, 8, 64), ROWS[:0]):
        for kind in (np.float32, np.float64):
            w = W.value.astype(kind)
            z, right = left.astype(dtype).dot(tg.parameter(w)), left.astype(dtype).dot(w)
            assert z.shape == right.shape and (kind == np.float32 or z.dtype == right.dtype)
            np.testing.assert_allclose(z.value, right, 1e-5)
    odd = np.full((2, 64), 0.1)
    assert odd.dot(tg.parameter(W.value.astype(np.float32))).dtype == np.float64


def test_dot_of_an_array_with_lists_of_nodes() -> None:
    v = tg.parameter(V)
    products = A[0].dot([v[0], v[1], v[2]])
    np.testing.assert_allclose([p.item() for p in products], A[0].dot(V))
    np.testing.assert_allclose(np.sum(A[0].dot([v, v * 2, v])).item(), A[0].dot([V, V * 2, V]).sum())
    with pytest.raises(tg.GraphError, match=r"(?s)array\.dot.*np\.stack"):
        np.ones((2, 2)).dot([W, W])
    with pytest.raises(tg.GraphError, match=r"array\.dot"):
        A[0].dot(v, out=np.zeros(3))
    np.testing.assert_array_equal(ROWS.dot(tg.constant(W.value)), ROWS.dot(W.value))
    assert np.array(W).shape == np.asarray(W).shape == (64, 64)
    assert np.array([W[0], W[1]]).dot(np.ones(64)).shape == (2,)
