"""Pieces of expressions: slopes as numbers, the array that a slope is of, exchanges, shapes of products."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest

from tests.each import each
from tinygraph.check.audit import forms
from tinygraph.check.audit.forms import expression

rng = np.random.default_rng(3)


def text(node: ast.AST | None) -> str | None:
    return None if node is None else ast.unparse(ast.fix_missing_locations(node))


def value(node: ast.expr, **names: Any) -> Any:
    return eval(str(text(node)), {"np": np, **names})


def test_slopes_are_those_of_tanh_sigmoid_and_relu_and_what_people_write_for_them() -> None:
    h = rng.normal(size=5)
    own = [value(node, h=h) for node in forms.slopes(expression("h"))]
    due = [1 - h**2, h * (1 - h), 1 - np.tanh(h) ** 2, 1 - h, h > 0, h]
    assert len(own) == len(due)
    for a, b in zip(own, due, strict=True):
        np.testing.assert_array_equal(a, b)


@each(
    "whole, head, h",
    [
        ("1 - h ** 2", None, "h"),
        ("1 - h * h", None, "h"),
        ("1 - np.square(h)", None, "h"),
        ("1 - np.tanh(z) ** 2", None, "z"),
        ("1 - hs[t + 1] ** 2", None, "hs[t + 1]"),
        ("h * (1 - h)", None, "h"),
        ("a * h * (1 - h)", "a", "h"),
        ("a * b * h * (1 - h)", "a * b", "h"),
        ("a * (1 - h)", None, None),
        ("a / h * (1 - h)", None, None),
        ("a * h + (1 - h)", None, None),
        ("h * (2 - h)", None, None),
        ("h * (1 + h)", None, None),
        ("1 - h * k", None, None),
        ("1 - h", None, None),
        ("a * b * (1 - h)", None, None),
        ("a / h * (1 - h)", None, None),
        ("1 - (h + h)", None, None),
        ("1 - (h - h)", None, None),
        ("2 - h ** 2", None, None),
        ("1 - np.square(h, k)", None, None),
        ("1 - np.tanh(h, k) ** 2", None, "np.tanh(h, k)"),
        ("1 - np.exp(h) ** 2", None, "np.exp(h)"),
        ("h", None, None),
    ],
)
def test_the_array_of_a_slope_is_told(whole: str, head: str | None, h: str | None) -> None:
    assert tuple(map(text, forms.slope_in(expression(whole)))) == (head, h)


def test_parts_are_exchanged_two_by_two_and_three_in_any_order() -> None:
    for count, orders in ((2, 1), (3, 5), (4, 6)):
        letters = [expression(x) for x in "abcd"[:count]]
        every = ["".join(str(text(x)) for x in parts) for parts in forms.exchanged(letters)]
        assert len(every) == len({*every}) == orders
        assert all(sorted(x) == sorted("abcd"[:count]) and x != "abcd"[:count] for x in every)
        if count == 4:
            assert {"bacd", "dbca"} <= {*every} and all(
                sum(a != b for a, b in zip(x, "abcd", strict=True)) == 2 for x in every
            )


@each(
    "node, place, parts",
    [
        ("f(a, b)", "value", [("a", "value"), ("b", "value")]),
        ("np.dot(a, b)", "value", [("np.dot", "function"), ("a", "value"), ("b", "value")]),
        ("a.b.dot(c)", "value", [("a.b.dot", "function"), ("c", "value")]),
        ("np.zeros_like(a)", "value", [("a", "value")]),
        ("a.b.zeros(c)", "value", [("a.b.zeros", "function"), ("c", "value")]),
        ("a[k]", "value", [("k", "index"), ("a", "base")]),
        ("a[k:]", "value", [("k:", "index"), ("a", "value")]),
        ("a[k]", "target", [("k", "index"), ("a", "target")]),
        ("a.T", "value", [("a", "value")]),
        ("a.shape", "value", []),
        ("a.dot", "function", [("a", "value")]),
        ("a + b", "root", [("a", "term"), ("b", "term")]),
        ("a - b", "term", [("a", "term"), ("b", "term")]),
        ("a * b", "root", [("a", "value"), ("b", "value")]),
        ("a + b", "value", [("a", "value"), ("b", "value")]),
        ("t + 1", "index", [("t", "index"), ("1", "index")]),
        ("(a, b)", "target", [("a", "target"), ("b", "target")]),
        ("-a", "root", [("a", "value")]),
        ("a < b", "value", [("a", "value"), ("b", "value")]),
        ("a and b", "value", [("a", "value"), ("b", "value")]),
        ("f(*a)", "value", [("*a", "value")]),
    ],
)
def test_each_part_knows_what_it_is_there_for(node: str, place: str, parts: list[tuple[str, str]]) -> None:
    tree = expression(node)
    told = list(forms.children(tree, place))
    own = [(str(text(part)), inner) for _, _, part, inner in told]
    assert [(a.replace("[", "").replace("]", ""), b) for a, b in own] == parts
    for field, at, part, _ in told:
        changed = forms.replaced(tree, field, at, expression("other"))
        assert text(tree) == text(expression(node)) and text(changed) != text(tree)
        there = getattr(changed, field)
        assert text(there if at is None else there[at]) == "other"
        assert (getattr(tree, field) if at is None else getattr(tree, field)[at]) is part


@each("a", [(), (3,), (4,), (3, 4), (4, 3), (2, 3, 4)])
@each("b", [(), (3,), (4,), (3, 4), (4, 3), (1, 4), (2, 3, 4)])
def test_shapes_are_those_of_numpy(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    x, y = np.ones(a), np.ones(b)
    try:
        due: Any = (x @ y).shape if max(x.ndim, y.ndim) < 3 else None
    except ValueError:
        due = None
    assert forms.product_shape(a, b) == due
    try:
        both: Any = (x * y).shape
    except ValueError:
        both = False
    assert forms.broadcast(a, b) == both
    assert forms.broadcast(None, b) is None and forms.broadcast(a, None) is None


def test_a_transpose_of_a_transpose_is_what_it_is_of() -> None:
    assert text(forms.turned(expression("a"))) == "a.T" and text(forms.turned(expression("a.T"))) == "a"
    assert text(forms.turned(expression("a.S"))) == "a.S.T"


def test_what_is_built_is_what_is_meant() -> None:
    a, b = expression("a"), expression("b + 1")
    assert text(forms.times(a, b)) == "a * (b + 1)" and text(forms.plus(a, b, ast.Sub())) == "a - (b + 1)"
    assert text(forms.plus(a, b)) == "a + (b + 1)" and text(forms.method(a, "dot", b)) == "a.dot(b + 1)"
    assert text(forms.of_numpy("np.outer", a, b)) == "np.outer(a, b + 1)"
    call = expression("np.sum(a, axis=0)")
    assert isinstance(call, ast.Call) and text(forms.called(call, [b])) == "np.sum(b + 1, axis=0)"
    target = forms.as_target(expression("a"))
    assert isinstance(target.ctx, ast.Store) and isinstance(expression("a").ctx, ast.Load)  # type: ignore[attr-defined]
    assert forms.is_text(expression("'a'")) and not forms.is_text(expression("3")) and not forms.is_text(a)
    with pytest.raises(SyntaxError):
        expression("a +")
