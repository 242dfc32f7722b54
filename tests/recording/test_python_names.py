"""Python's own numbers in files that are recorded: math.exp, float, int and x.item() of nodes keep the gradient."""

from __future__ import annotations

import math
from math import log as natural
from math import tanh
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.recording.python_names import OPS

X = np.array([0.3, 0.7, 1.9])
OF_NUMBERS = [f for f in OPS if f not in (math.fsum, math.prod, math.dist, math.isclose)]
TWO = {math.pow, math.atan2, math.hypot, math.fmod, math.copysign}

CALLS: dict[str, Any] = {
    "math.exp": lambda x: math.exp(x[0]) + math.sqrt(x[1]) * math.sin(x[2]),
    "imported names": lambda x: tanh(x[0]) - natural(x[1]),
    "log to a base": lambda x: math.log(x[0], 3) + math.log(x[1], x[2]) + math.log2(x[2]),
    "numbers of one element": lambda x: math.erf(x[:1]) if isinstance(x, tg.Node) else math.erf(x[0]),
    "fsum": lambda x: math.fsum([x[0], 1.0, x[2]]) + math.fsum(v * v for v in x),
    "prod": lambda x: math.prod([x[0], x[1]]) * math.prod(x) * math.prod([2.0, x[2]], start=3.0),
    "dist": lambda x: math.dist([x[0], 1.0], [0.0, x[1]]) + math.dist(x, [0, 0, 0]),
    "float": lambda x: float(x[0] * x[1]) ** 2 + float(2) + float("3"),
    "float of one element": lambda x: float((x[:1] * 2).reshape(())),
    "map": lambda x: sum(map(float, x * x)),
    "item": lambda x: (x * 2).sum().item() * x.item(1) + x.reshape(3, 1).item(2, 0),
    "item of a flat place": lambda x: np.outer(x, x).item(5) + np.outer(x, x).item((0, 1)),
    "tolist": lambda x: sum(a * b for a, b in zip(x.tolist(), [1.0, 2.0, 3.0], strict=True)) + (x * x).tolist()[0],
    "tolist of a matrix": lambda x: np.outer(x, x).tolist()[1][2] * 2,
    "int": lambda x: (
        x[0] * int(x[2] * 3) + x[1] * math.floor(x[2]) + math.ceil(x[0]) * x[2] + round(float(x[1])) * x[0]
    ),
    "isinstance": lambda x: x[0] * isinstance(x[0], float) + x[1] * isinstance(float(x[1]), (int, float)),
    "a dtype": lambda x: np.sum(np.zeros(3, float) + x.astype(float)) + np.array([x[0], x[1]], dtype=float)[1],
    "questions": lambda x: (
        x[0] if math.isfinite(x[1]) and not math.isnan(x[2]) and math.isclose(x[0], 0.3, rel_tol=0.1) else 0.0
    ),
    "np.float64": lambda x: np.float64(x[0]) * 2 + np.float64(3.0) + isinstance(x[0], np.float64) * x[1],
    "np.floating": lambda x: (
        x[0] * isinstance(x[1], np.floating)
        + x[1] * isinstance(x[0], (int, np.number))
        + x[2] * isinstance(x, np.generic)
        + x[2] * np.issubdtype(x.dtype, np.inexact)
        + np.double(x[1]) * isinstance(x.sum(), np.double)
    ),
    "np.fromiter": lambda x: np.fromiter((v * v for v in x), dtype=float).sum() + np.fromiter(x, float, count=2)[1],
    "np.fromiter of some": lambda x: x[0] * (3 + sum(np.fromiter(x * 2, float, n).size * 5**n for n in (-1, 0, 1, 3))),
    "np.vectorize": lambda x: np.vectorize(lambda v: 1 / (1 + math.exp(-v)))(np.outer(x, x)).sum(),
    "np.vectorize with types": lambda x: np.vectorize(lambda v: math.tanh(v) if v > 0.5 else v, otypes=[float])(
        x
    ).sum(),
    "np.vectorize of a float first": lambda x: (np.vectorize(lambda v: v if v > 0.5 else 0.0)(x) * x).sum(),
    "np.vectorize by a decorator": lambda x: np.vectorize(otypes=[float])(lambda v, k=2.0: max(0.5, v) * k)(
        x, k=3
    ).sum(),
    "np.vectorize of two results": lambda x: (
        np.multiply(*np.vectorize(lambda v: (0.0 if v < 0.5 else v, v * v))(x)).sum()
        + sum(a.sum() for a in np.vectorize(lambda v: (1.0, v), otypes="dd")(x))
    ),
    "np.vectorize of whole numbers": lambda x: (np.vectorize(lambda v: v if v > 1 else 0)(x) * x).sum(),
    "np.vectorize of a whole number first": lambda x: (np.vectorize(lambda v: v if v > 0.5 else 0)(x) * x).sum(),
    "np.vectorize of texts": lambda x: (np.vectorize(lambda v: "up" if v > 0.5 else "")(x) == "up") @ x,
    "np.vectorize of one number": lambda x: np.vectorize(lambda v: 0.5 if v < 0 else v * v)(x[1]) * x[0],
    "np.vectorize of places": lambda x: np.vectorize(lambda k: x[k] * x[k])([[0, 2, 1]])[0] @ [1.0, 2.0, 3.0],
    "np.vectorize of places, two results": lambda x: (
        np.multiply(*np.vectorize(lambda k: (x[k] * k, x[0] + k))(np.arange(3))).sum()
        + len(np.vectorize(lambda k: (x[k], k))([0, 1]))
    ),
    "np.frompyfunc": lambda x: np.sum(np.frompyfunc(lambda a, b: a * math.exp(b), 2, 1)(x, 0.5)),
    "np.vectorize of two": lambda x: np.vectorize(lambda a, b: a if a > b else b * b)(x, x[::-1]).sum(),
    "np.r_": lambda x: np.r_[x[1:], 2.0, x[0], 0:2] @ np.arange(6.0),
    "np.c_": lambda x: (np.c_[x, x * x, np.ones((3, 2))] @ np.arange(4.0)).sum() + np.r_["0,2", [1, 2]].sum(),
    "median of a list": lambda x: np.median([x[0], x[1] * 2, x[2]]) + np.std([x[0], x[1]]) + np.linalg.norm(x),
    "trapezoid of a list": lambda x: np.trapezoid([0.0, x[0], x[1]], dx=0.5) + np.gradient([x[0], x[1], 1.0])[1],
    "allclose of a list": lambda x: (
        x[0] * np.allclose([x[0], x[1]], [0.3, 0.7]) + np.average([x[0], x[2]], weights=x[:2])
    ),
    "a list of rows": lambda x: np.dot([x, x * x], [1.0, 2.0, 3.0]).sum() + np.outer([x[0], x[1]], [x[2], 1.0]).sum(),
    "an array of nodes": lambda x: np.cumsum(X[:2].reshape(2, 1).dot([x])[0])[1] + np.max(np.array([x[0], x[2]])),
}


def near(fn: Any) -> tuple[float, float]:
    """The value and the slope along a direction, of plain numbers."""
    step, along = 1e-6, np.array([1.0, -0.5, 2.0])
    return float(fn(X)), float(fn(X + step * along) - fn(X - step * along)) / (2 * step)


@each("name", CALLS)
def test_the_value_and_the_gradient_are_those_of_plain_numbers(name: str) -> None:
    fn, x = CALLS[name], tg.parameter(X)
    value, slope = near(fn)
    z = tg.recorded(fn)(x)
    assert z.item() == pytest.approx(value, rel=1e-12)
    assert np.sum(tg.grad(z, x).value * [1.0, -0.5, 2.0]) == pytest.approx(slope, rel=1e-6, abs=1e-8)


def outcome(function: Any, *args: Any) -> Any:
    """What the function gives, or the kind of its error."""
    try:
        with np.errstate(all="ignore"):
            z = function(*args)
    except (ValueError, OverflowError) as error:
        return type(error)
    return z.item() if isinstance(z, tg.Node) else z


@each("function", OF_NUMBERS, ids=lambda f: f.__name__)
def test_each_function_of_math_is_right_and_refuses_what_math_refuses(function: Any) -> None:
    def call(*xs: Any) -> Any:
        return getattr(math, function.__name__)(*xs)

    more = (1.3,) if function in TWO else ()
    start = 1.7 if function is math.acosh else 0.4
    for number in (start, -2.0, 0.0, 1e6, math.inf, math.nan):
        got, right = outcome(tg.recorded(call), tg.parameter(number), *more), outcome(function, number, *more)
        assert got is right if isinstance(right, type) else got == pytest.approx(right, rel=1e-13, nan_ok=True)
    if isinstance(tg.recorded(call)(tg.parameter(start), *more), tg.Node):
        tg.check.gradients(lambda x: tg.recorded(call)(x, *more), [np.array(start)], order=1)


def test_vectorize_with_a_signature_is_refused_by_line() -> None:
    def run(x: Any) -> Any:
        return np.vectorize(lambda row: row.sum(), signature="(n)->()")(x)

    with pytest.raises(tg.GraphError, match=r"(?s)signature=.*test_python_names\.py.*fix +np\.stack"):
        tg.recorded(run)(tg.parameter(X))


def test_outside_of_a_recording_they_are_pythons_own() -> None:
    assert math.exp.__module__ == "math" and float is float and "float" not in globals()
    x = tg.parameter(2.0)
    for ask in (lambda: math.exp(x), lambda: float(x), lambda: int(x)):
        with pytest.raises(tg.GraphError, match="lose its gradient"):
            ask()
    assert type(x.item()) is float and (x * 2).item() == 4.0


def test_whole_numbers_are_refused_while_a_function_is_compiled() -> None:
    for fn in (lambda x: int(x) * x, lambda x: math.floor(x) * x, lambda x: x if math.isnan(x) else 0.0):
        with pytest.raises(tg.GraphError, match="while the function is compiled"):
            tg.compile(lambda x, fn=fn: tg.recorded(fn)(x))(np.array(2.5))
    exp = tg.compile(lambda x: tg.recorded(lambda y: math.exp(y) + float(y) + y.item())(x))
    assert exp(np.array(0.5)) == pytest.approx(math.exp(0.5) + 1.0)


def test_more_than_one_number_is_refused() -> None:
    x = tg.parameter(X)
    for fn in (lambda x: math.exp(x), lambda x: float(x), lambda x: x.item()):
        with pytest.raises(tg.GraphError, match="is not one number"):
            tg.recorded(fn)(x)


def test_a_product_with_a_list_of_nodes_is_one_node() -> None:
    def products(x: Any) -> Any:
        w = np.arange(6.0).reshape(3, 2)
        row = [x[0], 1.0, x[1]]
        return np.dot(row, w), np.dot(w.T, row), np.outer(row, w[0]), np.outer(w[0], row), np.dot(row, row)

    for z, right in zip(tg.recorded(products)(tg.parameter(X)), products(X), strict=True):
        assert isinstance(z, tg.Node)
        np.testing.assert_allclose(z.value, right, 1e-14)
    arrays = tg.recorded(lambda: (np.dot([1.0, 2.0], [[1], [2]]), np.outer([1], [2]), np.dot(2, 3)))()
    assert [type(a) for a in arrays] == [np.ndarray, np.ndarray, np.int64]
    out = np.zeros((1, 1), int)
    assert tg.recorded(lambda: np.dot([[1, 2]], [[3], [4]], out))() is out and out.tolist() == [[11]]


def test_what_brackets_join_is_one_node_where_there_are_nodes_and_numpys_elsewhere() -> None:
    def joined(x: Any) -> Any:
        nodes = np.r_[x, 2.0], np.r_[[x[0], 1.0]], np.c_[x, x], np.c_[x[0], [3.0]], np.r_[x[0], 0:2]
        return nodes, (np.r_[1:3, 5], np.c_[[1.0], [2.0]], np.r_["0,2", [1, 2]])

    nodes, arrays = tg.recorded(joined)(tg.parameter(X))
    right, same = joined(X)
    for z, expected in zip(nodes, right, strict=True):
        assert isinstance(z, tg.Node) and z.shape == expected.shape
        np.testing.assert_array_equal(z.value, expected)
    for a, expected in zip(arrays, same, strict=True):
        assert type(a) is np.ndarray and a.tolist() == expected.tolist()


def kinds(x: Any, y: Any) -> list[Any]:
    """What is asked of types: x holds float64 numbers, y float32 ones."""
    things = [x[0], y[0], x, y, x.sum(), np.float64(2), np.float32(2), 2.0, 2, True, "a", None, np.ones(2), np.int64(3)]
    types = np.float64, np.float32, np.floating, np.inexact, np.number, np.generic, np.double, np.single
    asked = [isinstance(thing, kind) for thing in things for kind in types]
    asked += [issubclass(kind, other) for kind in (*types, int, float, np.int64) for other in types]
    asked += [kind == other for kind in types for other in (*types, int, None)]
    asked += [np.dtype(kind).name for kind in types[:2]] + [kind(thing) for kind in types[:2] for thing in (1, "2.5")]
    return [*asked, {np.float64: 1}[np.float64], *(isinstance(thing, float) for thing in things)]


def test_questions_of_types_have_numpys_answers() -> None:
    x, y = np.array([0.5, 1.0]), np.array([0.5, 1.0], np.float32)
    own, right = tg.recorded(kinds)(tg.parameter(x), tg.parameter(y)), kinds(x, y)
    assert [k for k, (a, b) in enumerate(zip(own, right, strict=True)) if a != b] == []
