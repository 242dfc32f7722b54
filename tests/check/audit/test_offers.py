"""Edits that are offered at a statement: where it is known what is due there, those that make it and no others."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from tinygraph.check.audit.atoms import ScopeWatch
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.mended import Edited
from tinygraph.check.audit.offers import Offers
from tinygraph.check.audit.ranking import EditSpot
from tinygraph.check.audit.source import statements
from tinygraph.check.audit.trials import Clock, Trials, quiet
from tinygraph.recording.recorded import code_of

from .test_written import DATA, WEIGHTS


def states(W: Any, U: Any, b: Any, xs: Any) -> Any:
    """The state goes on by itself, too."""
    hs = [np.zeros_like(b)]
    for x in xs:
        hs.append(np.tanh(W @ x + U @ hs[-1] + hs[-1] + b))
    return hs


def loss(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    return sum(np.sum((h - t) ** 2) for h, t in zip(states(W, U, b, xs)[1:], ts, strict=True))


def carrying_half(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    """`late` is what comes back through `U` alone."""
    hs = states(W, U, b, xs)
    dW, dU, db, late = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros_like(b)
    for t in reversed(range(len(xs))):
        dh = 2 * (hs[t + 1] - ts[t]) + late
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += dz @ xs[t].T
        dU += dz @ hs[t].T
        db += dz
        late = U.T @ dz
    return dW, dU, db


def offered(text: str, missing: bool) -> list[str]:
    subject, function = Functions(carrying_half, loss, WEIGHTS, DATA), code_of(carrying_half)
    case = Cases(subject).case(2)
    with quiet():
        watch, trial = ScopeWatch(subject, case), Trials(subject, case)
        state = Edited({f: scope.source.tree for f, scope in watch.scopes.items()})
        at = next(x for x in statements(state.trees[function]) if ast.unparse(x).startswith(text))
        offers = Offers(watch, trial, Clock(9.0))
        edits = (offers.missing if missing else offers.other)(state, [EditSpot(function, at)], [trial])
    return [ast.unparse(ast.fix_missing_locations(edit.new[-1])) for edit in edits.get(id(at), [])]


def test_a_line_that_is_missing_is_offered_after_the_one_that_sets_what_it_changes() -> None:
    told = offered("late = ", True)
    assert "late += dz" in told and not {"late += dh", "late -= dz", "late = dz"} & {*told}
    assert offered("dh = ", True) == []


def test_another_value_is_offered_where_it_makes_what_is_due() -> None:
    told = offered("late = ", False)
    assert "late = U.T @ dz + dz" in told and not {"late = U.T @ dz + dh", "late = U.T @ dz - dz"} & {*told}
