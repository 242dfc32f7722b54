"""scipy.special's functions on nodes, by their names; with scipy itself where it is installed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each

RIGHT: dict[str, tuple[Any, Any]] = {
    "expit": (lambda a: 0.5 * (1 + math.tanh(a / 2)), lambda a: 0.25 / math.cosh(a / 2) ** 2),
    "log_expit": (lambda a: -math.log1p(math.exp(-a)), lambda a: 1 / (1 + math.exp(a))),
    "logit": (lambda a: 2 * math.atanh(2 * a - 1), lambda a: 1 / (a * (1 - a))),
    "exp2": (lambda a: 2.0**a, lambda a: 2.0**a * math.log(2)),
    "expm1": (math.expm1, math.exp),
    "log1p": (math.log1p, lambda a: 1 / (1 + a)),
    "erf": (math.erf, lambda a: 2 / math.sqrt(math.pi) * math.exp(-a * a)),
    "erfc": (math.erfc, lambda a: -2 / math.sqrt(math.pi) * math.exp(-a * a)),
    "ndtr": (lambda a: 0.5 * (1 + math.erf(a / math.sqrt(2))), lambda a: math.exp(-a * a / 2) / math.sqrt(2 * math.pi)),
}
"""Value and slope of each function of one number."""


class Named:
    """What numpy hands to ``__array_ufunc__``: a ufunc with a name, and how it chooses dtypes, as scipy's do."""

    def __init__(self, name: str, arity: int = 1) -> None:
        self.__name__ = name
        self.resolve_dtypes = (np.hypot if arity == 2 else np.sqrt).resolve_dtypes

    def __call__(self, *inputs: Any) -> Any:
        node = next(x for x in inputs if isinstance(x, tg.Node))
        return node.__array_ufunc__(self, "__call__", *inputs)  # type: ignore[attr-defined]


@each_backend
@each("name", RIGHT)
def test_a_ufunc_is_known_by_its_name(name: str, backend: str) -> None:
    value, slope = RIGHT[name]
    x = np.array([0.2, 0.7])
    node = tg.parameter(x)
    z = Named(name)(node)
    np.testing.assert_allclose(z.value, [*map(value, x)], 1e-14)
    np.testing.assert_allclose(tg.grad(tg.sum(z), node).value, [*map(slope, x)], 1e-13)
    np.testing.assert_allclose(tg.compile(Named(name), backend=backend)(x), z.value, 1e-14)
    assert Named(name)(tg.constant(x.astype(np.float32))).dtype == np.float32


def test_xlogy_is_0_where_x_is_0() -> None:
    x, y = tg.parameter([0.0, 2.0, 0.0]), tg.parameter([0.0, 3.0, -1.0])
    z = Named("xlogy", 2)(x, y)
    np.testing.assert_allclose(z.value, [0, 2 * math.log(3), 0], 1e-15)
    gx, gy = tg.grad(tg.sum(z), [x, y])
    np.testing.assert_allclose(gx.value, [0, math.log(3), 0], 1e-15)
    np.testing.assert_allclose(gy.value, [0, 2 / 3, 0], 1e-15)
    np.testing.assert_allclose(Named("xlogy", 2)(2, y[1]).item(), 2 * math.log(3), 1e-15)


def test_other_ufuncs_are_refused_by_name() -> None:
    with pytest.raises(tg.GraphError, match="gammaln"):
        Named("gammaln")(tg.parameter(1.0))


DTYPES = [np.bool_, np.int8, np.int64, np.float16, np.float32, np.float64]


@each("name", [*RIGHT, "xlogy"])
@each("dtype", DTYPES)
def test_scipys_ufuncs(name: str, dtype: Any) -> None:
    special = pytest.importorskip("scipy.special")
    ufunc, x = getattr(special, name), np.array([0, 1, 1]).astype(dtype)
    args = [x] * ufunc.nin
    with np.errstate(all="ignore"):
        right, z = ufunc(*args), ufunc(*map(tg.constant, args))
    assert z.dtype == right.dtype
    np.testing.assert_allclose(z.value, right, 1e-5 if right.dtype == np.float32 else 1e-12)


@each("name", ["log_softmax", "logsumexp"])
def test_scipys_functions_of_arrays_say_what_to_write(name: str) -> None:
    special = pytest.importorskip("scipy.special")
    x = tg.parameter([[1.0, 2.0, 4.0]])
    with pytest.raises(tg.GraphError, match=rf"scipy's {name}(?s:.*)test_scipy\.py(?s:.*)tg\.{name}"):
        getattr(special, name)(x, axis=1)
    for traced in (name, "softmax"):
        with pytest.raises(tg.GraphError, match=rf"scipy's {traced}(?s:.*)tg\.{traced}"):
            tg.compile(getattr(special, traced), backend="numpy")(x.value)
    np.testing.assert_array_equal(getattr(special, name)(tg.constant(x.value), 1), getattr(special, name)(x.value, 1))
    data = tg.recorded(lambda v: np.array(v))(x.value)  # where arrays may be written, data are read as before
    np.testing.assert_array_equal(getattr(special, name)(data, 1), getattr(special, name)(x.value, 1))


def test_scipys_softmax_of_a_node_is_an_array_of_nodes_with_right_gradients() -> None:
    special = pytest.importorskip("scipy.special")
    x, w = tg.parameter([[1.0, 2.0, 4.0]]), np.array([[1.0, -1.0, 3.0]])
    loss = np.sum(special.softmax(x, axis=1) * w)
    right = tg.sum(tg.softmax(x) * w)
    assert loss.item() == pytest.approx(right.item(), rel=1e-14)
    np.testing.assert_allclose(tg.grad(loss, x).value, tg.grad(right, x).value, 1e-12)


def test_other_functions_of_scipys_are_refused() -> None:
    linalg = pytest.importorskip("scipy.linalg")
    with pytest.raises(tg.GraphError, match=r"scipy's solve(?s:.*)numpy's functions"):
        linalg.solve(tg.parameter(np.eye(2)), np.ones(2))


def test_code_that_scipy_calls_may_make_arrays_of_nodes() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    x = tg.parameter(3.0)

    def distance(at: Any) -> float:
        return float(np.sum(np.array([x * at[0], x * 2.0])).item())

    assert optimize.approx_fprime(np.array([1.0]), distance)[0] == pytest.approx(3.0)
