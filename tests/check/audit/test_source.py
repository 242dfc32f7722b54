"""Functions run edited trees and get their own code back: closures, methods, decorators, defaults, nested helpers."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import Any

import pytest

import tinygraph as tg
from tinygraph.check.audit.source import source_of, statements_at, swapped, walked


def plain(x: float, by: float = 3.0) -> float:
    y = x * by
    return y + 0 * x


def closed(factor: float) -> Any:
    def inner(x: float) -> float:
        return x * factor

    return inner


class Base:
    def scale(self, x: float) -> float:
        return x


class Derived(Base):
    __secret = 2.0

    def scale(self, x: float) -> float:
        return super().scale(x) * self.__secret


def wrapped(function: Any) -> Any:
    @functools.wraps(function)
    def call(*args: Any) -> Any:
        return -function(*args)

    return call


@wrapped
def decorated(x: float) -> float:
    return x * 2


def with_three(tree: ast.FunctionDef) -> ast.FunctionDef:
    """The tree with 10 added to what it returns."""
    last = tree.body[-1]
    assert isinstance(last, ast.Return) and last.value is not None
    last.value = ast.copy_location(ast.parse("_ + 10", mode="eval").body, last)
    ast.increment_lineno(last.value, 0)
    last.value.left = tree.returned  # type: ignore[attr-defined]
    return tree


PLAIN: Any = plain
SCALE: Any = Derived.scale


def edited(function: Any) -> ast.FunctionDef:
    tree = source_of(function).tree
    last = tree.body[-1]
    assert isinstance(last, ast.Return) and last.value is not None
    tree.returned = last.value  # type: ignore[attr-defined]
    return with_three(tree)


def test_lines_are_those_of_the_file() -> None:
    source = source_of(PLAIN)
    assert source.tree.lineno == plain.__code__.co_firstlineno
    assert source.line(source.tree.body[0].lineno) == "    y = x * by"
    (at,) = statements_at(source.tree, source.tree.body[0].lineno)
    assert ast.unparse(at) == "y = x * by"


def test_columns_are_those_of_the_file() -> None:
    source = source_of(SCALE)
    assert source.tree.body[0].col_offset == 8 and source.line(source.tree.body[0].lineno)[8:14] == "return"


def test_defaults_stay_and_the_code_comes_back() -> None:
    before = plain.__code__
    with swapped(PLAIN, edited(plain)):
        assert plain(1.0) == 13.0 and plain(1.0, by=2.0) == 12.0
    assert plain.__code__ is before and plain(1.0) == 3.0


def test_the_code_comes_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), swapped(PLAIN, edited(plain)):
        raise ZeroDivisionError
    assert plain(1.0) == 3.0


def test_closures_keep_their_variables_even_if_no_line_reads_them() -> None:
    inner = closed(5.0)
    with swapped(inner, edited(inner)):
        assert inner(1.0) == 15.0
    tree = source_of(inner).tree
    tree.body = ast.parse("return x").body
    with swapped(inner, tree):
        assert inner(7.0) == 7.0
    assert inner(1.0) == 5.0


def test_methods_keep_super_and_private_names() -> None:
    with swapped(SCALE, edited(Derived.scale)):
        assert Derived().scale(1.0) == 12.0
    assert Derived().scale(1.0) == 2.0


def test_of_a_decorated_function_the_inner_one_is_edited() -> None:
    inner = decorated.__wrapped__
    with swapped(inner, edited(inner)):
        assert decorated(1.0) == -12.0


def test_what_cannot_be_edited_is_told() -> None:
    with pytest.raises(tg.GraphError, match="no plain `def`"):
        source_of(lambda x: x)  # type: ignore[arg-type]
    names: dict[str, Any] = {}
    exec("def made(x):\n    return x", names)
    with pytest.raises(tg.GraphError, match="source cannot be read"):
        source_of(names["made"])


def test_statements_are_walked_in_the_order_of_the_whole_tree() -> None:
    files = [__file__, ast.__file__]  # matches, handlers, nested functions, lambdas
    cases = "match f(x):\n    case [1, *_] if g():\n        a = 1\n    case _:\n        pass\n"
    text = cases + "try:\n    b = lambda: 2\nexcept OSError:\n    c = 3\nelse:\n    pass\nfinally:\n    d = 4\n"
    for source in [text, *(Path(file).read_text(encoding="utf-8") for file in files)]:
        tree = ast.parse(source)
        holding = (ast.mod, ast.stmt, ast.excepthandler, ast.match_case)
        assert [*walked(tree)] == [x for x in ast.walk(tree) if isinstance(x, holding)]
