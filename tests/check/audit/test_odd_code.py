"""Code as people write it now and then: loops over slices, two targets, passes that do both, errors outside of them."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import sampling, stopped, whole
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.repair import search
from tinygraph.check.audit.source import inner_loop, source_of
from tinygraph.check.audit.trials import Trials, Verdict
from tinygraph.recording.recorded import code_of


def over_slices(xs: Any) -> Any:
    for t in range(len(xs)):
        for x in reversed(xs[:t]):
            xs[t] = x
    return xs


def over_examples(xs: Any) -> Any:
    for example in xs:
        for x in example:
            xs = x
    return xs


@each("function, due", [(over_slices, "reversed(xs[:t])"), (over_examples, "")])
def test_a_loop_within_another_ends_at_its_variable(function: Any, due: str) -> None:
    loop = inner_loop(code_of(function))
    assert (ast.unparse(loop.iter) if loop else "") == due


def test_outside_of_a_function_there_is_no_line() -> None:
    source = source_of(code_of(over_examples))
    first = source.tree.lineno
    assert source.line(first).startswith("def over_examples") and source.line(first + 4) == "    return xs"
    assert source.line(first - 1) == source.line(first + 5) == source.line(first + 50) == ""


@each("file, error", [(stopped.__file__, ZeroDivisionError), ("/a/users/net.py", tg.GraphError)])
def test_an_error_in_no_line_of_the_users_passes_as_it_is(file: str, error: type[Exception]) -> None:
    names: dict[str, Any] = {"well": stopped.stopping_well}
    exec(compile("def f():\n    with well():\n        1 / 0", file, "exec"), names)
    with pytest.raises(error):
        names["f"]()


def ones(v: Any, w: Any) -> Any:
    return np.sum(v) + np.sum(w), np.ones(2), np.ones(3)


def lost(v: Any, w: Any) -> Any:
    return np.sum(v) + np.sum(w), None, np.ones(3)


def endless(v: Any, w: Any) -> Any:
    return np.sum(v) + np.sum(w), np.ones(2), np.full(3, np.inf)


def longer(v: Any, w: Any) -> Any:
    return np.sum(v) + np.sum(w), np.ones(2), np.ones(4)


@each("step, row", [(ones, [1.0] * 5), (lost, [0.0, 0.0, 1.0, 1.0, 1.0]), (endless, None), (longer, None)])
def test_all_gradients_are_one_row_where_each_that_is_there_is_one(step: Any, row: list[float] | None) -> None:
    subject = Functions(step, None, {"v": np.ones(2), "w": np.ones(3)}, {})
    verdict, own = Trials(subject, Cases(subject).case(None)).measured()
    assert verdict is not None and (None if own is None else own.tolist()) == row


def test_where_nobody_says_what_the_loss_is_or_nothing_ran_no_edit_changes_it() -> None:
    subject = Functions(ones, None, {"v": np.ones(2), "w": np.ones(3)}, {})
    one = Trials(subject, Cases(subject).case(None))
    unsaid, other = Verdict(frozenset(), {}, np.nan), Verdict(frozenset(), {}, 1.0)
    assert one.forward_changed(unsaid) and one.forward_changed(other)
    for base in (unsaid, None):
        one.base = base
        assert not one.forward_changed(unsaid if base else other)


@each(
    "text, names, due",
    [
        ("a, b = p = f(x)", {"a", "b"}, ["b, a = p = f(x)"]),
        ("a, b, c = f(x)", {"a", "c"}, ["c, b, a = f(x)"]),
        ("a, b = f(x)", {"a"}, []),
        ("a, b = f(x)", set(), []),
    ],
)
def test_names_that_get_whole_numbers_change_their_places(text: str, names: set[str], due: list[str]) -> None:
    line: Any = ast.parse(text).body[0]
    assert [ast.unparse(edit.new[0]) for edit in whole._edits(code_of(over_slices), [line], names)] == due


def test_another_order_that_changes_the_loss_is_not_what_was_meant() -> None:
    def step(w: Any, x: Any) -> Any:
        n, m = x.shape
        y = x @ w
        return np.sum(y * y) / n, 2 * (x.T @ y) / m

    def backward(w: Any, x: Any, y: Any) -> Any:
        m, n = x.shape
        return 2 * (x.T @ y) / (n + 0 * m)

    def loss(w: Any, x: Any) -> Any:
        y = x @ w
        return np.sum(y * y) / len(x), y

    x = np.random.default_rng(1).normal(size=(4, 3))
    both = Functions(step, None, {"w": np.ones(3)}, {"x": x})
    assert whole.unpacked_wrongly(both, Cases(both).case(None)) is None
    first = code_of(step).__code__.co_firstlineno
    (repair,) = search(both, Cases(both), [(code_of(step), first + 1)])  # though that line is suspected
    assert (repair.line, repair.after.strip()) == (first + 3, "return np.sum(y * y) / n, 2 * (x.T @ y) / n")
    apart = Functions(backward, loss, {"w": np.ones(3)}, {"x": x})
    told = whole.unpacked_wrongly(apart, Cases(apart).case(None))
    assert told is not None and ast.unparse(told[0].new[0]) == "n, m = x.shape" and told[1:] == ({"w"}, True)


def test_a_dict_of_the_file_that_no_argument_names_or_that_is_told_holds_no_weights() -> None:
    def reads(params: Any, inputs: Any) -> Any:
        return params, others, inputs  # type: ignore[name-defined]  # noqa: F821

    scope = {"params": {"W": np.ones((5, 3))}, "others": {"U": np.ones(2)}}
    assert [*sampling._parameters([reads], scope, {})] == ["W"]
    assert [*sampling._parameters([reads], scope, {"params": 1, "V": np.ones(3)})] == ["V"]


def test_code_that_overwrites_what_it_gets_leaves_the_case_as_it_is() -> None:
    def step(w: Any, x: Any) -> Any:
        loss, dw = np.sum(w * x), x * 1.0
        w *= 0
        x *= 0
        return loss, dw

    subject = Functions(step, None, {"w": np.ones(3)}, {"x": np.ones(3)})
    case = Cases(subject).case(None)
    before = case.parameters["w"].copy(), case.arguments["x"].copy()
    first, second = (subject.gradients(case)["w"] for _ in range(2))
    np.testing.assert_array_equal(first, before[1])
    np.testing.assert_array_equal(second, before[1])
    np.testing.assert_array_equal(case.parameters["w"], before[0])
