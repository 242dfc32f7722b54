"""numpy's element-wise functions where they end: special numbers, borders of their domains, hidden branches."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each

inf, nan = math.inf, math.nan
ENDS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, 3.0, -3.0, 7.0, 0.1, 0.3, inf, -inf, nan, 1e-30, -1e-30]
ENDS += [1e30, -1e30, 1000.0, -1000.0, 1e-45, 5e15]
FUNCTIONS = [
    *("tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "arcsinh", "arccosh", "arctanh", "exp2", "expm1", "log1p"),
    *("floor", "ceil", "trunc", "rint", "arctan2", "hypot", "logaddexp", "fmax", "fmin", "copysign"),
    *("remainder", "floor_divide", "fmod"),
]


@each_backend
@each("dtype", [np.float32, np.float64])
@each("name", FUNCTIONS)
def test_numbers_at_the_ends_are_numpys(name: str, dtype: Any, backend: str) -> None:
    function = getattr(np, name)
    rows = np.array([*itertools.product(ENDS, repeat=function.nin)], dtype)
    arrays = [np.ascontiguousarray(column) for column in rows.T]
    with np.errstate(all="ignore"):
        right = function(*arrays)
        for z in (function(*map(tg.constant, arrays)).value, tg.compile(function, backend=backend)(*arrays)):
            np.testing.assert_allclose(z, right, 4 * np.finfo(dtype).eps, err_msg=name)
            zeros = (right == 0) & (name not in ("fmax", "fmin"))  # of 0.0 and -0.0 numpy itself takes either
            np.testing.assert_array_equal(np.signbit(z[zeros]), np.signbit(right[zeros]), err_msg=name)


def slope(fn: Any, *numbers: Any) -> list[Any]:
    nodes = [tg.parameter(np.asarray(x, float)) for x in numbers]
    z = fn(*nodes)
    return [g.value.tolist() for g in tg.grad(z, nodes, np.ones(z.shape))]


HIDDEN: dict[str, tuple[Any, Any]] = {
    "arcsin": (np.arcsin, [1.0, 2.0]),
    "arccos": (np.arccos, [1.0, -2.0]),
    "arccosh": (np.arccosh, [1.0, -2.0]),
    "arctanh": (np.arctanh, [1.0, -2.0]),
    "log1p": (np.log1p, [-1.0, -2.0]),
    "x mod 0": (lambda x: np.remainder(1.0, x), [0.0, -0.0]),
    "x fmod 0": (lambda x: np.fmod(1.0, x), [0.0, -0.0]),
    "hypot": (lambda x: np.hypot(x, 0.0), [0.0, -0.0]),
    "arctan2": (lambda x: np.arctan2(x, x), [0.0, -0.0]),
}


@each_backend
@each("name", HIDDEN)
def test_a_zero_gradient_stays_zero_at_the_border_of_a_domain(name: str, backend: str) -> None:
    fn, bad = HIDDEN[name]
    x, good = np.array([bad[0], 3.0 if name == "arccosh" else 0.3, bad[1]]), np.array([False, True, False])

    def total(x: Any) -> Any:
        return tg.sum(tg.where(good, fn(x), x * x))

    with np.errstate(all="ignore"):
        node = tg.parameter(x)
        first = tg.grad(total(node), node)
        second = tg.grad(tg.sum(first), node)
        compiled = tg.compile(lambda x: tg.grad(total(x), x), backend=backend)(x)
    np.testing.assert_allclose(first.value[~good], 2 * x[~good], 1e-15)
    if name != "arccosh":  # two quotients: the second order would need 0 * NaN to be 0 in `multiply`
        np.testing.assert_array_equal(second.value[~good], [2, 2])
    np.testing.assert_allclose(compiled, first.value, 1e-14)
    assert np.isfinite(first.value).all()


def test_slopes_where_a_function_has_an_end_a_corner_or_a_tie() -> None:
    assert slope(np.hypot, [0, 3, 0], [0, 4, -2]) == [[0, 0.6, 0], [0, 0.8, -1]]
    assert slope(np.arctan2, [0, 0, 2], [0, 2, 0]) == [[0, 0.5, 0], [0, 0, -0.5]]
    assert slope(np.fmax, [1, 5, nan, 2, nan], [3, nan, 4, 2, nan])[0][:4] == [0, 1, 0, 0.5]
    assert slope(np.fmin, [1, 5, nan, 2], [3, nan, 4, 2]) == [[1, 1, 0, 0.5], [0, 0, 1, 0.5]]
    assert slope(np.copysign, [2, -2, 0], [-1, -1, -1]) == [[-1, 1, 0], [0, 0, 0]]
    assert slope(np.logaddexp, [-inf, -inf, 0, 1000, inf], [-inf, 0, 0, -1000, 0]) == [
        [0, 0, 0.5, 1, 1],
        [0, 1, 0.5, 0, 0],
    ]
    assert slope(np.remainder, [7, -7], [4, 4]) == [[1, 1], [-1, 2]]
    assert slope(np.fmod, [7, -7], [4, 4]) == [[1, 1], [-1, 1]]
    assert slope(np.arcsinh, [0, 1e300, -1e300]) == [[1, 1e-300, 1e-300]]
    assert slope(np.arccosh, [1e300]) == [[pytest.approx(1e-300)]]
    for rounded in (np.floor, np.ceil, np.trunc, np.rint, np.round, np.fix, lambda x: x // 2, lambda x: 7 // x):
        assert slope(rounded, [0.3, -2.7]) == [[0, 0]]


def test_exact_near_0() -> None:
    for function in (np.expm1, np.log1p, np.sinh, np.tan, np.arcsin, np.arctanh, np.arcsinh, np.arctan):
        x = tg.parameter(1e-20)
        z = function(x)
        assert z.item() == 1e-20 and tg.grad(z, x).item() == 1, function.__name__


ARRAYS: list[Any] = [np.array([7.5, -7.5, 0.0]), np.array([7, -7, 0]), np.array([7.5, -7.5, 0.0], np.float32)]


@pytest.mark.filterwarnings("ignore::tinygraph.WideningWarning")
@each_backend
@each("x", ARRAYS)
@each("y", [2, 2.5, -3, np.array([2.0, -2.0, 3.0]), np.array([2, -2, 3]), np.float32(2)])
def test_signs_of_division_give_numpys_numbers_and_dtypes(x: Any, y: Any, backend: str) -> None:
    def of(x: Any) -> list[Any]:
        swapped = x + 11
        return [x % y, x // y, *divmod(x, y), *np.divmod(x, y), y % swapped, y // swapped, *divmod(y, swapped)]

    for got in (of(tg.constant(x)), tg.compile(of, backend=backend)(x)):
        for z, right in zip(got, of(x), strict=True):
            z = z.value if isinstance(z, tg.Node) else z
            assert z.dtype == right.dtype
            np.testing.assert_allclose(z, right, 1e-6 if right.dtype == np.float32 else 1e-15)


def test_a_single_number_is_divided_in_place_and_an_array_is_not() -> None:
    x = tg.parameter(7.0)
    y = x * 1.0
    y %= 4
    y //= 2
    assert y.item() == 1
    with pytest.raises(tg.MutationError):
        x = tg.parameter([7.0])
        x %= 4


@each_backend
@each("x", [np.array([2.5, -0.126, 155.0]), np.array([2.5, -0.126, 155.0], np.float32), np.array([15, -126])])
@each("decimals", [0, 1, 2, -1, -2])
def test_round_is_numpys(x: Any, decimals: int, backend: str) -> None:
    right = np.round(x, decimals)
    calls = [lambda x: np.round(x, decimals), lambda x: np.around(x, decimals=decimals), lambda x: round(x, decimals)]
    for call in [*calls, lambda x: tg.round(x, decimals)]:
        for z in (call(tg.constant(x)).value, tg.compile(call, backend=backend)(x)):
            assert z.dtype == right.dtype
            np.testing.assert_array_equal(z, right)
    np.testing.assert_array_equal(round(tg.constant(x)).value, np.round(x))


@each_backend
@each("dtype", [np.float16, np.float32, np.float64])
@each("settings", [{}, {"nan": 2.0}, {"posinf": 5.0, "neginf": -6.0}])
def test_nan_to_num(dtype: Any, settings: Any, backend: str) -> None:
    x = np.array([nan, inf, -inf, 1.5, -0.0], dtype)
    right = np.nan_to_num(x, **settings)
    node = tg.parameter(x)
    z = np.nan_to_num(node, **settings)
    for got in (z.value, tg.compile(lambda x: np.nan_to_num(x, **settings), backend=backend)(x)):
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, right)
    np.testing.assert_array_equal(tg.grad(tg.sum(z), node).value, [0, 0, 0, 1, 1])


def test_nan_to_num_of_integers_and_in_place() -> None:
    assert np.nan_to_num(tg.constant([1, 2])).dtype == int
    with pytest.raises(tg.MutationError, match="copy=False"):
        np.nan_to_num(tg.parameter(1.0), copy=False)


@each("angle", [np.deg2rad, np.radians, np.rad2deg, np.degrees])
@each("dtype", [np.float16, np.float32, np.float64, np.int8, np.int64])
def test_degrees(angle: Any, dtype: Any) -> None:
    x = np.array([1, 90, -45], dtype)
    z = angle(tg.constant(x))
    assert z.dtype == angle(x).dtype
    np.testing.assert_allclose(z.value, angle(x), 2e-3 if z.dtype == np.float16 else 1e-6)


@each("op", [tg.erf, tg.erfc])
@each("dtype", [np.float16, np.float32, np.float64, np.int64])
def test_error_function_at_its_ends(op: Any, dtype: Any) -> None:
    x = np.array([0, 1, -1, 5, -5, 100, -100], dtype)
    z = op(tg.constant(x))
    right = np.array([getattr(math, op.name)(float(v)) for v in x])
    np.testing.assert_allclose(z.value, right.astype(z.dtype), np.finfo(z.dtype).eps)
    assert z.dtype == np.tanh(x).dtype
    node = tg.parameter([0.0, 1000.0, -1000.0])
    sign = 1 if op is tg.erf else -1
    np.testing.assert_allclose(tg.grad(tg.sum(op(node)), node).value, [sign * 2 / math.sqrt(math.pi), 0, 0])


IN_DTYPE: dict[str, Any] = {
    "exp": lambda x, d: np.exp(x, dtype=d),
    "add a number": lambda x, d: np.add(x, 1, dtype=d),
    "add integers": lambda x, d: np.add(x, np.arange(3), dtype=d),
    "a number first": lambda x, d: np.hypot(2.5, x, dtype=d),
    "matmul": lambda x, d: np.matmul(x, np.ones((3, 2)), dtype=d),
}


@pytest.mark.filterwarnings("ignore::tinygraph.WideningWarning")
@each_backend
@each("dtype", [np.float16, np.float32, "f8", float])
@each("name", IN_DTYPE)
def test_the_dtype_that_a_ufunc_is_asked_for(name: str, dtype: Any, backend: str) -> None:
    call = IN_DTYPE[name]
    for x in (np.array([0.3, 1.7, -2.2]), np.array([0.3, 1.7, -2.2], np.float32)):
        right, node = call(x, dtype), tg.parameter(x)
        z = call(node, dtype)
        compiled = tg.compile(lambda x: call(x, dtype), backend=backend)(x)
        assert z.dtype == compiled.dtype == right.dtype == np.dtype(dtype)
        np.testing.assert_allclose(z.value, right, 2 * np.finfo(dtype).eps)
        np.testing.assert_allclose(compiled, right, 2 * np.finfo(dtype).eps)
        assert tg.grad(tg.sum(z), node).dtype == x.dtype


def test_a_dtype_that_numpy_refuses_and_other_settings_are_refused() -> None:
    x = tg.parameter([1.0, 2.0])
    with pytest.raises(tg.GraphError, match="Cannot cast"):
        np.add(x, 1, dtype=int)
    with pytest.raises(tg.GraphError, match="No loop"):
        np.greater(x, 1, dtype=np.float32)
    with pytest.raises(tg.GraphError, match="where"):
        np.exp(x, where=[True, False])


OF_NODES = [
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "arcsinh", "arctanh", "exp", "exp2", "expm1"),
    *(
        "log",
        "log1p",
        "log2",
        "log10",
        "sqrt",
        "square",
        "tanh",
        "fabs",
        "rint",
        "deg2rad",
        "rad2deg",
        "radians",
        "degrees",
    ),
    *("arctan2", "hypot", "fmod", "remainder", "power", "round"),
]


@each("name", OF_NODES)
def test_an_array_of_nodes_is_taken_node_by_node(name: str) -> None:
    function, x = getattr(np, name), np.array([0.3, 0.8])
    more = [0.7] if getattr(function, "nin", 1) == 2 else []
    nodes = [tg.parameter(v) for v in x]
    z = function(np.array(nodes), *more)
    whole = tg.parameter(x)
    np.testing.assert_allclose([y.item() for y in z], function(x, *more), 1e-14)
    slopes = tg.grad(function(whole, *more), whole, np.ones(2)).value
    np.testing.assert_allclose([tg.grad(y, n).item() for y, n in zip(z, nodes, strict=True)], slopes, 1e-14)
