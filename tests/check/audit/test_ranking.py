"""Which lines are tried first: those that reach just what is wrong, then what reaches more, then what reaches less."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.ranking import FAR, ranked, suspected
from tinygraph.check.audit.source import source_of
from tinygraph.check.audit.trials import Trials, Verdict
from tinygraph.recording.recorded import code_of


def step(w: Any, v: Any, x: Any) -> Any:
    total = np.sum(w * x) + np.sum(v)
    one = 2.0
    dw = x * one
    dv = np.ones(2) * one / 2
    dw, dv = dw, dv
    np.exp(dw)
    idle = one + 1  # noqa: F841
    return total, dw, dv


def texts(places: Any) -> list[tuple[str, int]]:
    return [(ast.unparse(place.at), place.far) for place in places]


def test_lines_come_by_how_far_what_they_reach_is_from_what_is_wrong() -> None:
    """Of ``w`` the gradient is twice what is due. A missed one counts twice, one that is right once."""
    function = code_of(step)
    trees = {function: source_of(function).tree}
    subject = Functions(step, None, {"w": np.ones(3), "v": np.ones(2)}, {"x": np.array([2.0, -1.0, 3.0])})
    trial = Trials(subject, Cases(subject).case(None))
    assert trial.wrong == {"w"}
    due = [("dw = x * one", 0), ("one = 2.0", 1), ("dw, dv = (dw, dv)", 1), ("dv = np.ones(2) * one / 2", 3)]
    due += [("np.exp(dw)", FAR), ("return (total, dw, dv)", FAR), ("idle = one + 1", FAR + 2)]
    assert texts(ranked(trees, [function], trial, [])) == due
    assert texts(ranked(trees, [], trial, [])) == []
    assert trial.base is not None
    both = Verdict(frozenset(), trial.base.errors, trial.base.loss)
    far = dict(texts(ranked(trees, [function], trial, [], both)))
    assert [far[text] for text, _ in due] == [2, 0, 0, 2, FAR, FAR, FAR + 4]
    first = suspected(
        trees, [(function, function.__code__.co_firstlineno + k) for k in (4, 2, 4)] + [(code_of(texts), 1)]
    )
    assert texts(first) == [("dv = np.ones(2) * one / 2", 0), ("one = 2.0", 0)]
    assert [place.suspect for place in first] == [(function, function.__code__.co_firstlineno + k) for k in (4, 2)]
    rest = [row for row in due if row[0] not in dict(texts(first))]
    assert texts(ranked(trees, [function], trial, first)) == texts(first) + rest


def halved(w: Any, x: Any) -> Any:
    half = x / 2
    return np.sum(w * x), half


def test_a_line_that_moves_a_gradient_nearer_reaches_it_too() -> None:
    function = code_of(halved)
    trees = {function: source_of(function).tree}
    subject = Functions(halved, None, {"w": np.ones(3)}, {"x": np.array([2.0, -1.0, 3.0])})
    places = ranked(trees, [function], Trials(subject, Cases(subject).case(None)), [])
    assert texts(places) == [("half = x / 2", 0), ("return (np.sum(w * x), half)", FAR)]
