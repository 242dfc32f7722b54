"""Values of expressions at a place are those that Python gives there; an option fits if it makes what is due."""

from __future__ import annotations

import ast
import inspect
import sys
from types import FrameType
from typing import Any

import numpy as np
import pytest

from tests.each import each
from tinygraph.check.audit.values import NoValueError, Values

rng = np.random.default_rng(4)
SCALE = 3.0


def frame(x: Any, y: Any, k: int, d: dict[str, Any], out: list[Any]) -> FrameType:
    n = len(out)
    inner = sys._getframe()
    assert n == 3
    return inner


X, Y = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
PLACE = frame(X, Y, 2, {"a": X[0]}, [1, 2, 3])
EXPRESSIONS = [
    *("x + y", "x - y", "y - x", "x * y", "x / y", "y / x", "abs(x) ** 1.5", "x @ y", "y @ x", "7 // k", "7 % 3", "-x"),
    *(
        "+x",
        "not k",
        "x > y",
        "x < y",
        "k >= 2",
        "k <= 2",
        "k >= 3",
        "k <= 1",
        "k == 2",
        "k != 2",
        "x[k]",
        "x < x",
        "x > x",
        "x <= x",
        "x >= x",
        "x[0, 1]",
    ),
    *("x[1:]", "x[:1]", "x[::2]", "x[0:3:2]", "x[-1]", "d['a']", "x.T", "x.shape", "(k, n)", "[x, k]", "len(out)"),
    *(
        "np.sum(x, axis=1)",
        "np.sum(x, axis=0, keepdims=True)",
        "SCALE * x",
        "x.dot(y)",
        "1 - np.tanh(x) ** 2",
    ),
    *("x if k else y", "[i * k for i in out]", "k and n", "np.where(x > 0, x, y)", "max(k, 5)", "'text'", "None"),
]


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@each("text", EXPRESSIONS)
def test_a_value_is_what_python_gives(text: str) -> None:
    own = Values(PLACE).of(expression(text))
    names = {**vars(sys.modules["builtins"]), **PLACE.f_globals, **PLACE.f_locals}
    due = eval(text, names)
    assert type(own) is type(due)
    np.testing.assert_equal(own, due)


@each("text", ["nowhere", "x @ d", "x[7]", "x.nothing", "k()", "x + 'a'", "1 / (k - 2)"])
def test_what_does_not_run_has_no_value_each_time_it_is_asked_for(text: str) -> None:
    values, node = Values(PLACE), expression(text)
    for _ in range(2):
        with pytest.raises(NoValueError):
            values.of(node)


def test_each_part_is_computed_once() -> None:
    calls: list[int] = []

    def counting(value: int) -> int:
        calls.append(value)
        return value

    values, part = Values(frame(counting, 0, 2, {}, [1, 2, 3])), expression("x(5)")
    assert [values.of(ast.BinOp(left=part, op=ast.Add(), right=part)) for _ in range(3)] == [10] * 3
    assert calls == [5]


OPERATORS: list[tuple[ast.operator | None, Any]] = [
    (None, lambda before, value: value),
    (ast.Add(), lambda before, value: before + value),
    (ast.Sub(), lambda before, value: before - value),
    (ast.Mult(), lambda before, value: before * value),
]


@each("op, due", OPERATORS)
def test_an_option_fits_if_it_sets_what_is_due(op: Any, due: Any) -> None:
    values, near = Values(PLACE), 1e-6
    target, value, right = expression("x"), expression("y * 2"), due(X, Y * 2)
    assert values.makes(value, op, target, right, near)
    off = np.zeros((3, 3))
    off[1, 2] = 1
    for sign in (-1, 1):
        assert values.makes(value, op, target, right + sign * 0.5 * near * off, near)
        assert not values.makes(value, op, target, right + sign * 2 * near * off, near)
    assert not values.makes(value, op, target, right[:1], near)
    assert not values.makes(expression("nowhere"), op, target, right, near)
    assert not values.makes(expression("d"), op, target, right, near)


@each("op, due", OPERATORS)
def test_values_are_added_up_from_what_was_there(op: Any, due: Any) -> None:
    values, node = Values(PLACE), expression("y")
    once = values.added(None, X, op, node)
    twice = values.added(once, X, op, node)
    if op is None:
        assert once is None
    else:
        np.testing.assert_allclose(once, due(X, Y))
        np.testing.assert_allclose(twice, due(due(X, Y), Y))
        assert values.added(None, X, op, expression("nowhere")) is None
        assert values.added(np.zeros(5), X, op, node) is None


def test_the_frame_is_that_of_the_call() -> None:
    assert inspect.getframeinfo(PLACE).function == "frame"
