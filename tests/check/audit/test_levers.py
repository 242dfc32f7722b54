"""Levers: values that would mend the gradients are told from how these depend on a line; options that make them fit."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.edits import Edit
from tinygraph.check.audit.forms import as_target, expression
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.levers import Lever, LeverPoint, Levers, Option, _least, _solvable, as_option, target_of
from tinygraph.check.audit.ranking import EditSpot
from tinygraph.check.audit.source import source_of, statements
from tinygraph.check.audit.trials import Clock, Trials, running
from tinygraph.recording.recorded import code_of

rng = np.random.default_rng(5)


def loss(W: Any, U: Any, b: Any, xs: Any) -> Any:
    h, total = np.zeros((3, 1)), 0.0
    for x in xs:
        h = np.tanh(W @ x + U @ h + b)
        total = total + 0.5 * np.sum(h * h)
    return total


def backward(W: Any, U: Any, b: Any, xs: Any) -> Any:
    hs = [np.zeros((3, 1))]
    for x in xs:
        hs.append(np.tanh(W @ x + U @ hs[-1] + b))
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    late = np.zeros_like(b)
    for t in range(len(xs) - 1, -1, -1):
        dh = hs[t + 1] + late
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += dz @ xs[t].T
        dU += dz @ hs[t].T
        db += 3.0 * dz  # wrong
        late = U.T @ dz
    return dW, dU, db


def wrong_slope(W: Any, U: Any, b: Any, xs: Any) -> Any:
    hs = [np.zeros((3, 1))]
    for x in xs:
        hs.append(np.tanh(W @ x + U @ hs[-1] + b))
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    late = np.zeros_like(b)
    for t in range(len(xs) - 1, -1, -1):
        dh = hs[t + 1] + late
        dz = dh * (1 - hs[t + 1])  # wrong
        dW += dz @ xs[t].T
        dU += dz @ hs[t].T
        db += dz
        late = U.T @ dz
    return dW, dU, db


def without_the_bias(W: Any, U: Any, b: Any, xs: Any) -> Any:
    hs = [np.zeros((3, 1))]
    for x in xs:
        hs.append(np.tanh(W @ x + U @ hs[-1] + b))
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    late = np.zeros_like(b)
    for t in range(len(xs) - 1, -1, -1):
        dh = hs[t + 1] + late
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += dz @ xs[t].T
        dU += dz @ hs[t].T
        late = U.T @ dz
    return dW, dU, db


class Fitting:
    """The levers at some lines of a backward pass, by the beginnings of the lines."""

    def __init__(self, function: Any, of: Any = loss) -> None:
        weights = {"W": rng.normal(size=(3, 2)), "U": rng.normal(size=(3, 3)), "b": rng.normal(size=(3, 1))}
        subject = Functions(function, of, weights, {"xs": rng.normal(size=(4, 2, 1))})
        self.trial = Trials(subject, Cases(subject).case(2))
        self.function = code_of(function)
        self.tree = source_of(self.function).tree

    def __call__(self, line: str, options: list[str], op: Any = None, after: str = "") -> list[str] | None:
        at = next(x for x in statements(self.tree) if ast.unparse(x).startswith(line))
        target: Any = as_target(expression(after)) if after else target_of(at)
        place = EditSpot(self.function, at)
        point = LeverPoint(place, target, (line, after), after=bool(after))
        assert self.trial.base is not None
        levers = Levers({self.function: self.tree}, self.trial, [point], self.trial.base, Clock(60))
        made = [Option(op, expression(text), text) for text in options]
        (fits,) = levers.fitting(lambda point, own: made)
        assert "_tinygraph_edit" not in globals()
        return None if fits is None else [fit.of for fit in fits]


RIGHT, SLOPE = (
    ["dz", "2 * dz", "dh", "3.0 * dz", "nowhere"],
    ["dh * (1 - hs[t + 1] ** 2)", "dh", "dh * (1 - hs[t + 1])"],
)


def test_of_a_wrong_gradient_the_option_that_adds_up_to_it_fits() -> None:
    fits = Fitting(backward)
    assert fits.trial.wrong == {"b"}
    assert fits("db += 3.0", RIGHT, ast.Add()) == ["dz"]
    assert fits("db += 3.0", ["-dz", "dz"], ast.Sub()) == ["-dz"]
    assert fits("dW += ", ["dz @ xs[t].T"], ast.Add()) == []  # nothing that is wrong depends on it


def test_of_a_wrong_adjoint_the_option_that_makes_it_at_each_run_fits() -> None:
    fits = Fitting(wrong_slope)
    assert fits.trial.wrong == {"W", "U", "b"}
    assert fits("dz = ", SLOPE) == SLOPE[:1]
    assert fits("dh = ", ["hs[t + 1] + late", "late"]) == []
    assert fits("late = ", ["U.T @ dz", "dz"]) == []  # no value of it mends the last step
    assert fits("dW += ", ["dz @ xs[t].T", "(dh * (1 - hs[t + 1] ** 2)) @ xs[t].T"], ast.Add()) == []


def test_a_line_that_is_missing_is_told_after_one_that_is_there() -> None:
    fits = Fitting(without_the_bias)
    assert fits.trial.wrong == {"b"}
    for line in ("dU += ", "dz = ", "late = U"):
        assert fits(line, ["-dz", "dh", "dz", "2 * dz"], ast.Add(), after="db") == ["dz"]
    assert fits("dU += ", ["-dz", "dz"], ast.Sub(), after="db") == ["-dz"]
    assert fits("dh = ", ["dz"], ast.Add(), after="db") == []  # it is not there yet, or that of the step before


def test_when_the_clock_is_over_nothing_is_known() -> None:
    fits = Fitting(backward)
    at = next(x for x in statements(fits.tree) if ast.unparse(x).startswith("db += 3.0"))
    point = LeverPoint(EditSpot(fits.function, at), as_target(expression("db")), 1)
    assert fits.trial.base is not None
    levers = Levers({fits.function: fits.tree}, fits.trial, [point], fits.trial.base, Clock(0))
    assert levers.fitting(lambda point, own: []) == [None]


def test_the_code_and_the_tree_are_as_before() -> None:
    fits = Fitting(backward)
    before, dump = backward.__code__, ast.dump(fits.tree)
    fits("db += 3.0", RIGHT, ast.Add())
    assert backward.__code__ is before and ast.dump(fits.tree) == dump


@each("rank", [1, 2, 3])
def test_moves_that_mend_are_told_and_which_of_them_are_not_the_only_ones(rank: int) -> None:
    slopes = np.zeros((5, 4))
    slopes[:, :rank] = rng.normal(size=(5, rank))
    moves = np.zeros(4)
    moves[:rank] = rng.normal(size=rank)
    own, unknown = _least(slopes, slopes @ moves)
    np.testing.assert_allclose(own, moves, atol=1e-12)
    assert unknown.tolist() == [False] * rank + [True] * (4 - rank)
    twin = np.column_stack([slopes[:, 0], slopes[:, 0], slopes[:, 1:rank]])
    assert _least(twin, twin[:, 0])[1].tolist() == [True, True] + [False] * (rank - 1)
    off = np.linalg.svd(slopes)[0][:, -1]  # what no move reaches
    assert _solvable(slopes, slopes @ moves) and not _solvable(slopes, slopes @ moves + 1e-3 * off)
    assert _solvable(slopes, slopes @ moves + 1e-9 * off)


def test_a_lever_tells_if_a_run_is_known() -> None:
    assert Lever([None, np.ones(1)]).tells and not Lever([None, None]).tells and not Lever([]).tells


@each(
    "text, target",
    [
        ("a = 1", "a"),
        ("a.b[0] = 1", "a.b[0]"),
        ("a += 1", "a"),
        ("a, b = c", None),
        ("[a, b] = c", None),
        ("a = b = 1", None),
        ("f(a)", None),
    ],
)
def test_the_one_thing_that_a_statement_sets(text: str, target: str | None) -> None:
    own = target_of(ast.parse(text).body[0])
    assert (None if own is None else ast.unparse(own)) == target


def test_an_edit_is_an_option() -> None:
    for text, op in (("a = b", None), ("a += b", ast.Add), ("a -= b", ast.Sub)):
        (new,) = ast.parse(text).body
        edit = Edit(code_of(loss), new, (new,), "", 0.0)
        option = as_option(edit)
        assert ast.unparse(option.value) == "b" and option.of is edit
        assert option.op is None if op is None else isinstance(option.op, op)


def test_edits_run_one_at_a_time_or_all_with_a_hook() -> None:
    function = code_of(loss)
    tree = source_of(function).tree
    at = tree.body[-1]
    edits = [Edit(function, at, tuple(ast.parse(f"return {k}").body), "", 0.0) for k in (5, 6)]
    zeros = (np.zeros((3, 2)), np.zeros((3, 3)), np.zeros((3, 1)), np.zeros((2, 2, 1)))
    with running({function: tree}, edits) as choose:
        assert loss(*zeros) == 0
        for number, due in ((0, 5), (1, 6), (-1, 0), (2, 0)):
            choose(number)
            assert loss(*zeros) == due
    seen: list[Any] = []
    call = Edit(function, at, (*ast.parse("_tinygraph_edit(total)").body, at), "", 0.0)
    with running({function: tree}, [call], seen.append):
        assert loss(*zeros) == 0 and seen == [0]
    assert "_tinygraph_edit" not in globals() and loss.__code__ is function.__code__


def both(W: Any, U: Any, b: Any, xs: Any) -> Any:
    hs = [np.zeros((3, 1))]
    for x in xs:
        h = np.tanh(W @ x + U @ hs[-1] + b)
        hs.append(h)
    dW, dU, db, late = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros_like(b)
    for t in range(len(xs) - 1, -1, -1):
        dz = (hs[t + 1] + late) * (1 - hs[t + 1] ** 2)
        dW += dz @ xs[t].T
        dU += dz @ hs[t].T
        db += 3.0 * dz  # wrong
        late = U.T @ dz
    return 0.5 * sum(np.sum(h * h) for h in hs), dW, dU, db


def test_what_the_forward_pass_computes_is_no_lever() -> None:
    fits = Fitting(both, None)
    assert fits.trial.wrong == {"b"} and fits("db += 3.0", ["-dz", "dz"], ast.Add()) == ["dz"]
    assert fits("h = ", ["h", "np.tanh(h)"]) is None
