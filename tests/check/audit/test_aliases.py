"""Names that are bound without computing: which values become nodes of their own, and how the code is rewritten."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import aliases
from tinygraph.ops.writing import copy

X = tg.parameter(np.arange(3.0), "x")
WHOLE, ONE = tg.constant(np.arange(3)), tg.parameter(np.ones((1, 1)))


def test_a_node_that_is_bound_is_a_copy_and_in_a_tuple_one_with_its_place() -> None:
    twin = aliases.bound(X)
    assert twin.op is copy and twin.inputs == (X,) and aliases.bound(X, True).op is copy
    for same in (WHOLE, ONE, 3.0, "a", None, X.value, {"a": X}, [X, X]):
        assert aliases.bound(same) is same
        assert type(same) is list or aliases.bound(same, True) is same
    for parts, unpacked in (((X, 2, WHOLE), False), ((X, 2, WHOLE), True), ([X, 2, WHOLE], True)):
        own = aliases.bound(parts, unpacked)
        assert type(own) is tuple and own[1] == 2 and [own[k].name for k in (0, 2)] == ["(0)", "(2)"]
        assert own[0].inputs == (X,) and own[2].inputs == (WHOLE,)


def test_data_that_is_bound_is_a_node_if_it_is_an_array_of_floats() -> None:
    array = np.arange(3.0)
    node = aliases.made(array)
    assert node.op is copy and np.array_equal(node.value, array)
    for same in (np.arange(3), np.ones(1), 3.0, [1.0, 2.0], X, array > 1, np.ones(2).view(np.ma.MaskedArray)):
        assert aliases.made(same) is same


def rewritten(text: str, of_data: bool) -> str:
    tree = ast.parse(text)
    told = ast.unparse(aliases._Binding(aliases._written(tree), of_data).visit(tree))
    return plainly(told.replace("(bound)(", "B(").replace("(made)(", "M("))


def plainly(text: str) -> str:
    return ast.dump(ast.parse(text))


@each(
    "text, due, of_data",
    [
        ("a = b", "a = B(b)", "a = M(B(b))"),
        ("a = b.c", "a = B(b.c)", "a = M(B(b.c))"),
        ("a = b[0]", "a = B(b[0])", "a = M(B(b[0]))"),
        ("a = c = b", "a = c = B(b)", "a = c = M(B(b))"),
        ("a = -b", "a = -b", "a = M(-b)"),
        ("a = f(b)", "a = f(b)", "a = M(f(b))"),
        ("(a, c) = b", "(a, c) = B(b, True)", "(a, c) = B(b, True)"),
        ("[a, c] = b[t]", "[a, c] = B(b[t], True)", "[a, c] = B(b[t], True)"),
        ("(a, c) = f(b)", "(a, c) = f(b)", "(a, c) = f(b)"),
        ("(a, c) = (b, 2 * d)", "(a, c) = (B(b), 2 * d)", "(a, c) = (B(b), 2 * d)"),
        ("a = {'k': b, 'l': 2 * d}", "a = {'k': B(b), 'l': 2 * d}", "a = M({'k': B(b), 'l': 2 * d})"),
        ("a = b if t else c[0]", "a = B(b) if t else B(c[0])", "a = M(B(b) if t else B(c[0]))"),
        (
            "(a, d) = b if t else c",
            "(a, d) = B(b, True) if t else B(c, True)",
            "(a, d) = B(b, True) if t else B(c, True)",
        ),
        ("a[0] = b", "a[0] = B(b)", "a[0] = M(B(b))"),
        ("a += b", "a += b", "a += b"),
        ("a = b; a += 1", "a = b; a += 1", "a = b; a += 1"),
        ("a = b; a[0] = c", "a = b; a[0] = B(c)", "a = b; a[0] = M(B(c))"),
        ("a.x = b; a.x[0] += c", "a.x = b; a.x[0] += c", "a.x = b; a.x[0] += c"),
        ("def f():\n    return a", "def f():\n    return B(a)", "def f():\n    return B(a)"),
        ("def f():\n    return (a, -b)", "def f():\n    return (B(a), -b)", "def f():\n    return (B(a), -b)"),
        ("def f():\n    return", "def f():\n    return", "def f():\n    return"),
        (
            "def f():\n    if a:\n        b = c",
            "def f():\n    if a:\n        b = B(c)",
            "def f():\n    if a:\n        b = M(B(c))",
        ),
    ],
)
def test_what_is_bound_as_it_is_is_wrapped_and_nothing_that_is_written_to(text: str, due: str, of_data: str) -> None:
    assert rewritten(text, False) == plainly(due) and rewritten(text, True) == plainly(of_data)


def test_the_two_names_stand_in_a_file_while_its_code_runs_so() -> None:
    names: dict[str, Any] = {"own": 1}
    with aliases._defined(names):
        assert {*names} == {"own", "(bound)", "(made)"}
        with aliases._defined(names):
            pass
        assert names["(bound)"] is aliases.bound and names["(made)"] is aliases.made
    assert names == {"own": 1}


def keeps(x: Any) -> Any:
    y = x
    return y  # noqa: RET504


def other(x: Any) -> Any:
    y = -x
    return y  # noqa: RET504


def test_within_the_context_functions_bind_nodes_and_after_it_arrays() -> None:
    codes = keeps.__code__, other.__code__
    array = np.arange(3.0)
    with aliases.bindings_seen([keeps, other], other):  # type: ignore[list-item,arg-type]
        bound, made = keeps(X), other(array)
        assert bound.op is copy and bound.inputs[0].op is copy and bound.inputs[0].inputs == (X,)
        assert isinstance(made, tg.Node) and np.array_equal(made.value, -array) and keeps(array) is array
    assert (keeps.__code__, other.__code__) == codes and keeps(X) is X and "(bound)" not in globals()
