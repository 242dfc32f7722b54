"""Small parts of the auditor by themselves: joins, limits of clipping, pairs of steps, trials."""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import anew, astray, clipped, joins, off_by, picture, ranking, stopped, whole
from tinygraph.check.audit.activations import slopes
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.edits import Edit
from tinygraph.check.audit.functions import Functions, arrays, flat
from tinygraph.check.audit.inserts import GROWS, Gap, _GapBlock
from tinygraph.check.audit.pairs import _scales
from tinygraph.check.audit.ranking import EditSpot
from tinygraph.check.audit.source import inner_loop, source_of, statements
from tinygraph.check.audit.trials import AT_ONCE, Trials, Verdict
from tinygraph.draw.picture import Arrow
from tinygraph.recording.recorded import code_of

rng = np.random.default_rng(1)


def statement(text: str) -> Any:
    return ast.parse(text).body[0]


@each(
    "text, numbers",
    [
        ("a = 2 * b", [2]),
        ("a = 0.5 * b[3] ** 2 - 1", [0.5, 1]),
        ("a[1] = b", []),
        ("a = (b ** 2) ** 3.0", []),
        ("a = 0 * b + True", []),
        ("a = f(b, 3) / 4", [3, 4]),
        ("a = -2 * b", [2]),
    ],
)
def test_numbers_of_a_statement_that_may_be_factors(text: str, numbers: list[float]) -> None:
    assert sorted(off_by.numbers_of(statement(text))) == sorted(map(float, numbers))


def near(h: np.ndarray) -> dict[tuple[int, ...], np.ndarray]:
    """The slopes of one array near, as a run of a statement keeps them."""
    return {h.shape: np.array([slopes(h)])}


def test_one_form_of_a_slope_for_another_is_seen() -> None:
    h, g = rng.uniform(-0.9, 0.9, 5), rng.normal(size=5)
    tanh, sigmoid = 1 - h**2, h * (1 - h)
    for a, b in ((tanh, sigmoid), (sigmoid, tanh), (1 - np.tanh(h) ** 2, tanh)):
        assert off_by.is_form_for_form(near(h), g * a, g * b)
    for a, b in ((tanh, tanh), (tanh, 2 * sigmoid), (h, tanh), (0 * h, tanh)):
        assert not off_by.is_form_for_form(near(h), g * a, g * b)
    assert not off_by.is_form_for_form(near(h), (g * tanh)[:4], (g * sigmoid)[:4])
    assert not off_by.is_form_for_form(near(h[:4]), g * tanh, g * sigmoid)


def test_the_pieces_that_a_join_should_have_joined() -> None:
    parts = [tg.parameter(rng.normal(size=shape)) for shape in ((2, 3), (4, 3), (1, 3))]
    due = rng.normal(size=(7, 3))
    own = joins._pieces(tg.concatenate(parts, axis=0), due)
    assert [x.shape for x in own] == [(2, 3), (4, 3), (1, 3)] and (np.concatenate(own) == due).all()
    wide = joins._pieces(tg.concatenate([parts[0], parts[0]], axis=1), np.ones((2, 6)))
    assert [x.shape for x in wide] == [(2, 3), (2, 3)]
    assert joins._pieces(tg.concatenate(parts, axis=0), due[:6]) == []
    assert joins._pieces(parts[0] * 2, np.ones((2, 3))) == []
    assert joins._pieces(parts[0], np.ones((2, 3))) == []


@each(
    "node, yes",
    [
        (lambda w: w * 2.0, True),
        (lambda w: 2.0 * w, True),
        (lambda w: w / 3.0, True),
        (lambda w: w * w, False),
        (lambda w: w + 1.0, False),
        (lambda w: w, False),
        (lambda w: w[0, 0] * 2.0, False),
    ],
)
def test_what_only_scales(node: Any, yes: bool) -> None:
    assert _scales(node(tg.parameter(np.ones((2, 2))))) is yes


@each(
    "limit, yes",
    [
        (5.0, True),
        (0.25, True),
        (1e-3, True),
        (3.14159, False),
        (5.0001, False),
        (5 * (1 + 1e-6), True),
        (47.0, True),
        (471.0, False),
    ],
)
def test_limits_that_people_write_have_two_digits(limit: float, yes: bool) -> None:
    assert clipped.is_round(limit) is yes


def clipping(*runs: tuple[dict[str, Any], dict[str, Any]]) -> Any:
    return clipped.clipping_in([*runs], 1.5e-8)


def test_clipping_needs_a_limit_that_is_no_chance() -> None:
    due = rng.normal(size=(4, 3)) * 7
    assert clipping(({"w": np.clip(due, -1.37, 1.37)}, {"w": due})).how == "clipped at 1.37"
    two = np.array([3.0, -8.0])
    assert clipping(({"w": np.clip(two, -5, 5)}, {"w": two})).how == "clipped at 5"
    assert clipping(({"w": np.clip(two, -5.123, 5.123)}, {"w": two})).how == ""
    one = np.array([9.0])
    assert clipping(({"w": np.clip(one, -5, 5)}, {"w": one})).words(0, "w") == "clipped to the norm 5"
    other = rng.normal(size=(4, 3)) * 7
    both = clipping(({"w": np.clip(due, -2, 2)}, {"w": due}), ({"w": np.clip(other, -3, 3)}, {"w": other}))
    assert both.how == "" and both.words(0, "w") == ""
    again = clipping(({"w": np.clip(due, -2, 2)}, {"w": due}), ({"w": np.clip(other, -2, 2)}, {"w": other}))
    assert again.words(0, "w") == again.words(1, "w") == "clipped at 2" and again.words(2, "w") == ""
    off = np.clip(due, -2, 2) * (1 + 1e-6 * rng.normal(size=(4, 3)))
    assert clipping(({"w": off}, {"w": due})).how == ""
    assert (
        clipping(({"w": np.clip(due, -2, 2) * np.nan}, {"w": due})).how == "" == clipping(({"w": None}, {"w": due})).how
    )
    small = due / np.abs(due).max()
    assert clipping(({"w": small}, {"w": small})).how == ""


def test_clipping_by_norm_holds_for_all_together_or_for_each() -> None:
    w, b = rng.normal(size=(4, 3)), rng.normal(size=4)
    norm = float(np.sqrt(np.sum(w**2) + np.sum(b**2)))
    together = clipping(({"w": w / norm * 0.5, "b": b / norm * 0.5}, {"w": w, "b": b}))
    assert together.words(0, "w") == together.words(0, "b") == "clipped to the norm 0.5" and together.left_out == ()
    alone = clipping(({"w": w / np.linalg.norm(w) * 0.5, "b": b / np.linalg.norm(b) * 0.5}, {"w": w, "b": b}))
    assert alone.words(0, "w") == alone.words(0, "b") == "clipped to the norm 0.5"
    rest = clipping(({"w": w / np.linalg.norm(w) * 0.5, "b": b}, {"w": w, "b": b}))
    assert rest.left_out == ("b",) and rest.left_out_by == "clipping by norm leaves out b"
    assert (
        clipping(({"w": 0.7 * w}, {"w": w})).how == "" and clipping(({"w": -w / np.linalg.norm(w)}, {"w": w})).how == ""
    )
    runs = [({"w": x / np.linalg.norm(x) * 0.5123}, {"w": x}) for x in (w, w + 1)]
    assert clipping(runs[0]).how == "" and clipping(*runs).how == "clipped to the norm 0.5123"


def test_pairs_of_steps_in_the_order_of_the_loops() -> None:
    for steps, back in ((4, 2), (3, 5), (1, 1)):
        due = []
        for t in range(steps):
            for i in range(t, -1, -1):
                if t - i <= back:
                    due.append((t, i))
        assert anew.pairs_of(steps, back) == due
    functions: Any = [lambda a, k=2, bptt_truncate=3: 0, lambda truncate="no": 0]
    assert anew.steps_meant(functions) == ("bptt_truncate", 3) and anew.steps_meant(functions[1:]) is None


def nested(xs: Any) -> Any:
    for t in range(len(xs)):
        for name in ("a", "b"):
            xs[t] = name
        for i in range(t, -1, -1):
            xs[i] = t
    return xs


def test_the_loop_that_runs_over_another_ones_variable() -> None:
    loop = inner_loop(code_of(nested))
    assert loop is not None and ast.unparse(loop.iter) == "range(t, -1, -1)"
    assert inner_loop(code_of(statement)) is None and inner_loop(eval("lambda x: x")) is None


def test_the_longest_stretch_of_an_arrow_has_its_middle() -> None:
    points = [(0.0, 0.0), (1, 0), (2, 0), (3.0, 0.0), (3, 2), (3, 6), (3.0, 9.0), (4, 9), (5, 9), (5.0, 10.0)]
    assert picture._middle(Arrow(0, 1, points, "black", 1.0)) == (3.0, 4.5)


@each(
    "text, names",
    [("a, b = c", ["a", "b"]), ("a, b = 1, 2", []), ("a = c", []), ("a.x, b = c", []), ("(a, b), d = c", [])],
)
def test_names_that_one_value_is_unpacked_into(text: str, names: list[str]) -> None:
    assert [ast.unparse(x) for x in whole._names(statement(text))] == names


def test_a_statement_is_probed_by_another_value() -> None:
    def made(text: str, **values: Any) -> dict[str, Any]:
        edit = ranking._probe(EditSpot(code_of(statement), statement(text)))
        assert edit is not None
        exec(ast.unparse(ast.fix_missing_locations(edit.new[0])), values)
        return values

    assert made("a = b", b=2.0)["a"] == 3.4 and made("a += b", a=1.0, b=2.0)["a"] == 4.4
    two = made("a, c = b", b=(2.0, 10.0))
    assert (two["a"], two["c"]) == (3.4, 17.0)
    assert ranking._probe(EditSpot(code_of(statement), statement("f(a)"))) is None


def test_errors_are_told_in_one_line_and_our_own_are_not_the_users() -> None:
    assert stopped.first_line(ValueError("a\nb")) == "ValueError: a" and stopped.first_line(KeyError()) == "KeyError"
    assert stopped._is_the_users(__file__) and not stopped._is_the_users(np.__file__)
    assert not stopped._is_the_users(tg.__file__) and not stopped._is_the_users(ast.__file__)
    assert not stopped._is_the_users("<frozen importlib>") and stopped._is_the_users("/x/site-packages/a.py")


def test_nested_parameters_have_names() -> None:
    own = dict(flat(arrays({"a": {"W": [1, 2], "b": 3}, "c": [np.ones(2, np.float32), [4.0]]})))
    assert {name: (x.tolist(), x.dtype.name) for name, x in own.items()} == {
        "W": ([1, 2], "float64"),
        "b": (3, "float64"),
        "c[0]": ([1, 1], "float32"),
        "c[1]": ([4], "float64"),
    }
    assert [name for name, _ in flat([1, (2,)])] == ["parameters[0]", "parameters[1][0]"]


def loss(w: Any, v: Any, x: Any) -> Any:
    return np.sum(w * x) + np.sum(v)


def back(w: Any, v: Any, x: Any) -> Any:
    dw = x * 1.0
    dv = np.zeros(2)
    return dw, dv


X, W, V = np.array([2.0, -4.0, 1.0]), np.ones(3), np.ones(2)


def trial() -> Trials:
    subject = Functions(back, loss, {"w": W, "v": V}, {"x": X})
    return Trials(subject, Cases(subject).case(None))


def test_a_trial_measures_each_gradient_in_units_of_its_own() -> None:
    one = trial()
    x = one.case.arguments["x"]
    assert one.base is not None and one.base.errors == {"w": 0.0, "v": 1.0} and one.wrong == {"v"}
    verdict, row = one.measured()
    assert verdict == one.base and row is not None and one.runs == 2
    np.testing.assert_allclose(row, [*(x / np.abs(x).max()), 0, 0])
    assert one.rows().tolist() == ["w"] * 3 + ["v"] * 2
    np.testing.assert_allclose(one.differences(row), [0, 0, 0, 1, 1])
    for own in (None, np.ones(3), np.array([1.0, np.nan])):
        assert one._error(own, "v") == np.inf
    assert one._error(np.array([1.0, 1.5]), "v") == 0.5
    base = one.base.loss
    for loss_then, changed in ((base, False), (base * (1 + 1e-14), False), (base * (1 + 1e-10), True), (np.nan, True)):
        assert one.forward_changed(Verdict(frozenset(), {}, loss_then)) is changed


def test_many_edits_are_tried_and_those_that_are_no_python_left_out() -> None:
    one, function = trial(), code_of(back)
    tree = source_of(function).tree
    at = next(x for x in statements(tree) if ast.unparse(x).startswith("dv"))
    texts = [*(f"dv = np.full(2, {k}.0)" for k in range(AT_ONCE + 2)), "dv = nowhere"]
    edits = [Edit(function, at, tuple(ast.parse(text).body), "", 0.0) for text in texts]
    told = [*one.tried({function: tree}, edits)]
    assert [edit for edit, _ in told] == edits
    right = [k for k, (_, verdict) in enumerate(told) if verdict and verdict.right == {"w", "v"}]
    assert right == [1] and told[-1][1] is None and one.of({function: tree}) == one.base
    broken = Edit(function, at, (ast.Break(),), "", 0.0)
    mixed = [*one.tried({function: tree}, [edits[0], broken, edits[1]])]
    assert {id(edit) for edit, v in mixed if v is None} == {id(broken)} and mixed[-1][0] is edits[1]


def test_lines_that_add_to_the_parameter_in_the_gradients_place() -> None:
    own = [statement(text) for text in ("dW += a", "params['W'] += b", "W -= c", "self.W += d")]
    for k, x in enumerate(own):
        x.lineno = k + 1
    assert astray._first_of_parameter(own, "W") == 2 and astray._first_of_parameter(own[2:], "W") == 4
    assert astray._first_of_parameter(own[:1], "W") is None
    tree = ast.parse("def f():\n    dW += a\n    dU += b\n    self.gU = c\n")
    line: Any = SimpleNamespace(target="dW")
    assert [*astray._targets(tree, "U", ("W", line))] == ["dU", "dU", "self.gU"]
    assert [*astray._targets(tree, "U", ("W", SimpleNamespace(target="W")))] == ["dU", "self.gU"]  # type: ignore[arg-type]


def test_a_block_knows_what_its_lines_set_and_read() -> None:
    block = _GapBlock(ast.parse("a = b\nc[t] = a + d\ne = c\nd = a").body)
    assert block.own == {"a", "c[t]", "c", "e", "d"} and {"b", "a", "d", "c"} <= block.reads and block.last == 3
    value = ast.parse("a * 2", mode="eval").body
    assert (block.made_at(value), block.beside(value)) == (0, 3)
    free = ast.parse("q", mode="eval").body
    assert (block.made_at(free), block.beside(free), block.beside(free, 1)) == (None, 3, 1)
    ended = _GapBlock(ast.parse("def f():\n    a = 1\n    return a").body[0].body)  # type: ignore[attr-defined]
    assert ended.last == 0 and Gap(ast.Pass(), free, 0, 0, True, GROWS).operators[0].__class__ is ast.Add


def test_floats_are_needed_where_a_gradient_is_compared() -> None:
    with pytest.raises(tg.GraphError, match="two parameters have one name"):
        Functions(back, loss, {"a": {"w": W}, "w": W, "v": V}, {"x": X})
