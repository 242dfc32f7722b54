"""What an operation may have had to make: the orders of steps, multiples of adjoints, names exchanged."""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit import terms
from tinygraph.check.audit.atoms import Scope
from tinygraph.check.audit.book import Match
from tinygraph.check.audit.candidates import Candidates, _families, but_for_a_factor, mending_none
from tinygraph.check.audit.forms import expression
from tinygraph.check.audit.present import Present
from tinygraph.check.audit.right import Thing
from tinygraph.check.audit.source import source_of

from .test_rewrites import scope
from .test_written import back, none, operation, plain_back, plain_loss, states, written


def half(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    """`back` without the 2."""
    hs = states(W, U, b, xs)
    dW, dU, db, late = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros_like(b)
    for t in reversed(range(len(xs))):
        dh = hs[t + 1] - ts[t] + late
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += dz @ xs[t].T
        dU += dz @ hs[t].T
        db += dz
        late = U.T @ dz
    return dW, dU, db


def exchanged(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    """Two names at one line in each other's place."""
    hs = states(W, U, b, xs)
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    late = np.zeros_like(b)
    for t in reversed(range(len(xs))):
        old, h = hs[t + 1], hs[t]
        dh = 2 * (h - ts[t]) + late
        dz = dh * (1 - h**2)
        dW += dz @ xs[t].T
        dU += dz @ old.T
        db += dz
        late = U.T @ dz
    return dW, dU, db


def test_an_adjoint_but_for_a_factor_is_told_at_each_step() -> None:
    present = Present(written(half))
    plain = operation(present.written, "hs[t + 1] - ts[t]")
    things = but_for_a_factor(present, plain)
    assert [things[x].kind for x in plain.nodes] == ["adjoint"] * 3
    for x in plain.nodes:
        np.testing.assert_allclose(things[x].array, 2 * x.value, rtol=1e-9)
    departure = mending_none(present, plain, things)
    assert departure.operation is plain and departure.node is plain.nodes[0] and departure.mended == frozenset()
    assert departure.due is things[plain.nodes[0]] and departure.is_multiple
    right = Present(written(back))
    assert but_for_a_factor(right, operation(right.written, "dh * (1 - hs[t + 1] ** 2)")) == {}
    assert but_for_a_factor(present, operation(present.written, "W @ x")) == {}


def test_names_that_are_bound_at_one_line_are_exchanged() -> None:
    present = Present(written(exchanged))
    graph = present.written
    ones = [operation(graph, "hs[t + 1]"), operation(graph, "hs[t]")]
    told = [x for one in ones for x in Candidates(present)._exchanges(one)]
    assert len(told) == 1
    for a, b in zip(ones[0].nodes, ones[1].nodes, strict=True):
        np.testing.assert_array_equal(told[0][a].array, b.value)
        np.testing.assert_array_equal(told[0][b].array, a.value)
    values = {x: thing.array for x, thing in told[0].items()}
    assert present.left_wrong(values) == frozenset() and graph.wrong() == {"W", "U", "b"}
    assert [*Candidates(present)._exchanges(operation(graph, "dh * (1 - h**2)"))] == []


def once(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    """`back` with a 3 in the place of the 2 at one step."""
    hs = states(W, U, b, xs)
    dW, dU, db, late = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros_like(b)
    for t in reversed(range(len(xs))):
        dh = (2 + (t == 1)) * (hs[t + 1] - ts[t]) + late
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += dz @ xs[t].T
        dU += dz @ hs[t].T
        db += dz
        late = U.T @ dz
    return dW, dU, db


def test_a_run_that_is_right_tells_what_is_due_at_the_others() -> None:
    present, right = Present(written(once)), Present(written(back))
    one = operation(present.written, "(2 + (t == 1)) * (hs[t + 1] - ts[t])")
    things = Candidates(present).but_for_steps(one)
    assert [*things] == [one.nodes[1]] and things[one.nodes[1]].kind == "adjoint"
    due = operation(right.written, "2 * (hs[t + 1] - ts[t]) + late").nodes[1].value
    np.testing.assert_allclose(things[one.nodes[1]].array, due, rtol=1e-9)
    for text in ("dh * (1 - hs[t + 1] ** 2)", "W @ x"):  # what it reads is wrong, or nothing is
        assert Candidates(present).but_for_steps(operation(present.written, text)) == {}
    assert Candidates(right).but_for_steps(operation(right.written, "2 * (hs[t + 1] - ts[t])")) == {}


def test_a_run_is_told_by_adjoints_and_parts_of_a_step_alone() -> None:
    rows = [("value", 0, 1.0, True), ("part", 1, 1.0, True), ("adjoint", None, 1.0, True), ("adjoint", 2, 1.0, True)]
    rows += [("sum", 0, 1.0, True), ("adjoint", 0, 2.0, True), ("part", 0, 1.0, False), ("part", 3, 1.0, True)]
    one: Any = Candidates.__new__(Candidates)
    matches = [Match(Thing(kind, "h", t, kind, np.ones(2), own), by, False) for kind, t, by, own in rows]
    one._present = SimpleNamespace(look=lambda x: matches)
    assert [(t.kind, t.step) for t in one._of_steps(None)] == [("adjoint", 2), ("part", 1), ("part", 3)]


ALL = [2, 1, 0]
ORDERS: list[tuple[Any, Any, int, list[int], bool, bool, list[list[int | None]]]] = [
    (back, None, 3, [0, 1, 2], False, False, [ALL]),
    (back, None, 3, [0, 1, 2], True, False, [[None, 2, 1], ALL, [1, 0, None]]),
    (back, None, 2, [0, 1, 2], False, False, [[2, 1], [1, 0]]),
    (back, None, 4, [0, 1, 2], False, False, []),
    (back, None, 1, [0], False, False, [[0]]),
    (back, None, 3, [0], False, False, [[0, None, None], [None, None, 0], [0, 0, 0]]),
    (back, None, 3, [0], False, True, []),
    (back, None, 1, [0], False, True, [[0]]),
    (plain_back(True), plain_loss, 3, [0, 1, 2], False, False, [[0, 1, 2]]),
    (plain_back(True), plain_loss, 2, [0, 1, 2], False, False, [[0, 1], [1, 2]]),
    (none, plain_loss, 2, [0, 1, 2], False, False, [[1, 0], [2, 1], [0, 1], [1, 2]]),
]


@each("backward, of, runs, steps, selects, repeated, due", ORDERS)
def test_the_steps_that_runs_may_stand_for(
    backward: Any, of: Any, runs: int, steps: list[int], selects: bool, repeated: bool, due: Any
) -> None:
    candidates = Candidates(Present(written(backward, *([of] if of else []))))
    assert candidates._orders(runs, steps, selects, repeated) == due


def test_what_is_right_has_no_candidates_and_what_is_wrong_the_right_one() -> None:
    right, wrong = Present(written(back)), Present(written(half))
    text = "dh * (1 - hs[t + 1] ** 2)"
    assert [*Candidates(right).of(operation(right.written, text))] == []
    one = operation(wrong.written, text)
    due = [x.value for x in operation(right.written, text).nodes]
    told = [*Candidates(wrong).of(one)]
    assert any(
        all(np.allclose(things[x].array, a, rtol=1e-9) for x, a in zip(one.nodes, due, strict=True))
        for things in told
        if len(things) == 3
    )
    kinds = [next(iter(things.values())).kind for things in told]
    order = ["adjoint", "sum", "part", "value"]
    assert [order.index(k) for k in kinds] == sorted(order.index(k) for k in kinds)


def test_families_are_kept_by_size_and_equal_ones_once() -> None:
    a, b = np.arange(4.0), np.arange(4.0) + 1
    things = [Thing("value", "v", t, "v", x) for t, x in enumerate((a, b))]
    things += [Thing("adjoint", "g", t, "g", x * 3) for t, x in enumerate((a, b))]
    things += [Thing("part", "p", t, "p", x) for t, x in enumerate((a, b))] + [Thing("sum", "s", None, "s", np.ones(2))]
    told = _families(things)
    assert {*told} == {4, 2} and [next(iter(f.values())).of for f in told[4]] == ["g", "p"]  # v has the numbers of p
    assert [*told[4][0]] == [0, 1] and [*told[2][0]] == [0]


def uses_dot(a: Any, b: Any) -> Any:
    return np.sum(a) + np.dot(a, b)


def uses_matmul(a: Any, b: Any) -> Any:
    return np.exp(np.tanh(a)) + np.matmul(a, b)


def uses_method(a: Any, b: Any) -> Any:
    return np.sum(a.T.dot(b))


def uses_sign(a: Any, b: Any) -> Any:
    return np.sum(a) * a @ b


def uses_none(a: Any, b: Any) -> Any:
    return np.sum(a) * b


@each(
    "function, word, text",
    [
        (uses_dot, "np.dot", "np.dot(a, b)"),
        (uses_matmul, "np.matmul", "np.matmul(a, b)"),
        (uses_method, ".dot", "a.dot(b)"),
        (uses_sign, "@", "a @ b"),
        (uses_none, "@", "a @ b"),
    ],
)
def test_products_are_written_as_the_function_writes_them(function: Any, word: str, text: str) -> None:
    one = Scope(source_of(function))
    assert terms.products_in(one) == word
    assert ast.unparse(terms.Terms(one).product(expression("a"), expression("b"))) == text


@each(
    "text, due",
    [
        ("dz", (3, 1)),
        ("U.T", (3, 3)),
        ("W.T", (2, 3)),
        ("-dz", (3, 1)),
        ("2", ()),
        ("U @ dz", (3, 1)),
        ("dz * dh", (3, 1)),
        ("dz + dz.T", (3, 3)),
        ("dz + W", (3, 2)),
        ("U + W", None),
        ("U @ W.T", None),
        ("np.dot(U, dz)", (3, 1)),
        ("U.dot(dz)", (3, 1)),
        ("np.outer(dz, x[t])", (3, 2)),
        ("np.tanh(W)", (3, 2)),
        ("np.foo(W)", None),
        ("np.exp(W, dz)", None),
        ("q", None),
        ("q @ dz", None),
        ("np.dot(q, dz)", None),
        ("q.T", None),
        ("dz > 0", None),
    ],
)
def test_shapes_of_expressions_are_told_where_they_can_be(text: str, due: tuple[int, ...] | None) -> None:
    assert terms.Terms(scope()).shape(expression(text)) == due


def test_names_that_are_alike_and_those_of_gates() -> None:
    assert terms.is_gate("dWi", "dWf") and not terms.is_gate("dWi", "dWx") and not terms.is_gate("di", "dif")
    assert not terms.is_gate("di", "di") and not terms.is_gate("ii", "ff")
    assert terms.begin_alike("dWx", "dq") and terms.begin_alike("aWx", "bWx") and not terms.begin_alike("aWx", "bWy")
    one = scope()
    told = {ast.unparse(x) for x in terms.renamed(expression("di * dh"), one)}
    assert told == {"df * dh", "dz * dh"}
    assert terms.unread(one) == {"lr", "di", "df"}


def with_attributes(self: Any, other: Any, t: Any, sizes: Any) -> Any:
    self.h = self.W @ other.x[t]
    left = sizes["n"]  # noqa: F841  nobody reads it
    return self.h


def test_what_nobody_reads_is_told_of_attributes_and_places_too() -> None:
    one = Scope(source_of(with_attributes))  # type: ignore[arg-type]
    names = [
        "self.h",
        "self.W",
        "self.b",
        "other.x",
        "other.x[t]",
        "other.x[t - 1]",
        "left",
        "t",
        "sizes['n']",
        "sizes['m']",
    ]
    one.shapes = dict.fromkeys([*names, "other.q[t]", "nobody.k[t]"], (2,))
    assert terms.unread(one) == {"self.b", "left", "sizes['m']", "nobody.k[t]"}


@each("text, stuck", [("hs[-1]", True), ("h", False)])
def test_what_is_picked_goes_through_the_steps_together_and_what_is_stuck_with_its_data(text: str, stuck: bool) -> None:
    picks: Any = {"h": [("H", 2)], "k": [("K", 1)], "x": [("X", t) for t in range(5)], "u": [], "alone": [("A", 2)]}
    line = SimpleNamespace(expression=text, whole=True, file=__file__, number=1)
    first, second = (SimpleNamespace(nodes=[name, name], line=line) for name in "hk")
    one: Any = Candidates.__new__(Candidates)
    vars(one).update(_data=[["x", "x"], ["u", "u"], ["alone"]], _in_step=lambda parts: [parts])
    vars(one).update(_twins=lambda _: [first, second], _is_kept=lambda _: True, _is_stuck=lambda _: True)
    one._picks = lambda nodes: picks[nodes[0]]
    told = [[(nodes[0], of, by) for nodes, of, by in parts] for parts in one._other_steps(first)]
    if stuck:  # with data of the same step or the one after
        assert told == [[("h", "H", -1), ("k", "K", -2), ("x", "X", -1), ("x", "X", 0)]]
    else:
        assert told == [[("h", "H", 0), ("k", "K", -1)], [("h", "H", 0), ("k", "K", 0)]]
    assert [*one._other_steps(second)] == []
