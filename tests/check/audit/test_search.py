"""The search for repairs by itself: which tiers are tried, which edit of several is taken, and which cases are used."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.each import each
from tinygraph.check.audit import repair
from tinygraph.check.audit.edits import Edit
from tinygraph.check.audit.mended import Edited, weight_at
from tinygraph.check.audit.ranking import EditSpot
from tinygraph.check.audit.repair import TIERS, UNLIKELY, Search
from tinygraph.check.audit.subject import Case
from tinygraph.check.audit.trials import Verdict
from tinygraph.recording.recorded import code_of


def function() -> None:
    pass


F = code_of(function)
BOTH, LOSS = frozenset("ab"), 1.0


def edit(weight: float, text: str = "a = 1", kind: str = "") -> Edit:
    at = ast.parse(text).body[0]
    return Edit(F, at, (at,), kind, weight)


def verdict(right: str, **errors: float) -> Verdict:
    return Verdict(frozenset(right), {"a": 0.0, "b": 0.0, **errors}, LOSS)


class Budget:
    """A clock that is over when it was asked so often."""

    def __init__(self, times: float = np.inf) -> None:
        self.left, self.seconds = times, 10.0

    @property
    def over(self) -> bool:
        self.left -= 1
        return self.left < 0


Row = tuple[int, Edit, Any]


def search(*tiers: list[Row], proven: Any = lambda e: True, **more: Any) -> tuple[Any, list[Edit]]:
    """A search whose edits come in these tiers, and the edits that were looked at."""
    own, seen = Search.__new__(Search), list[Edit]()

    def rows(tier: list[Row]) -> Iterator[Row]:
        for row in tier:
            seen.append(row[1])
            yield row

    own._tiers = lambda *_: map(rows, tiers)  # type: ignore[method-assign]
    own._proven = lambda _, e: proven(e)  # type: ignore[method-assign]
    own.start, own.trial = SimpleNamespace(), SimpleNamespace(due=dict.fromkeys("ab"))  # type: ignore[assignment]
    own.clock = Budget()  # type: ignore[assignment]
    vars(own).update(more)
    return own, seen


A, B, C, D = (edit(weight) for weight in (1.0, 1.2, 1.1, 2.0))
ALL, ONE = verdict("ab"), verdict("a")
SPOTS = [EditSpot(F, A.at, (F, 1)), EditSpot(F, A.at), EditSpot(F, A.at, (F, 1))]


@each(
    "tiers, proven, due, looked",
    [
        ([[(0, A, ALL)], [(0, D, ALL)]], (), A, [A]),  # the tier of the first is the last
        ([[(0, B, ALL), (1, A, ALL), (1, C, ALL)], [(0, D, ALL)]], (), A, [B, A, C]),
        ([[(0, B, ALL), (2, C, ALL)]], (), B, [B, C]),  # 1.1 at the third suspect is 1.4
        ([[(0, B, ALL), (1, C, ALL)]], (), C, [B, C]),
        ([[(0, A, ONE)], [(0, D, ALL)]], (), D, [A, D]),
        ([[(0, A, None)], [(0, D, ALL)]], (), D, [A, D]),
        ([[(0, A, ALL)], [(0, D, ALL)]], (A,), D, [A, D]),
        ([[(0, A, ALL)], [(0, D, ONE)]], (A,), None, [A, D]),
        ([[], []], (), None, []),
    ],
)
def test_the_lightest_edit_of_the_first_tier_that_mends_all_is_taken(
    tiers: Any, proven: Any, due: Edit | None, looked: list[Edit]
) -> None:
    own, seen = search(*tiers, proven=lambda e: e not in proven)
    told = own._alone(SPOTS, {}, Budget())
    assert told == ([due] if due else []) and all(a is b for a, b in zip(seen, looked, strict=True))


def test_with_no_time_left_the_search_ends_with_what_it_has() -> None:
    for times, looked in ((0, [A]), (2, [A, B]), (4, [A, B]), (5, [A, B, D])):  # it is asked twice after each edit
        own, seen = search([(0, A, ONE), (0, B, ONE)], [(0, D, ONE)])
        assert own._alone(SPOTS, {}, Budget(times)) == [] and [*map(id, seen)] == [*map(id, looked)], times
    own, seen = search([(0, A, ALL), (0, B, ALL)])
    assert own._alone(SPOTS, {}, Budget(0)) == [A] and len(seen) == 1


def test_after_the_first_that_mends_all_its_tier_gets_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = list[float]()

    def clock(seconds: float) -> Budget:
        clocks.append(seconds)
        return Budget(1)

    monkeypatch.setattr(repair, "Clock", clock)
    own, seen = search([(0, B, ALL), (0, A, ALL), (0, C, ALL)])
    assert own._alone(SPOTS, {}, Budget()) == [A] and clocks == [1.0] and len(seen) == 2


def test_tiers_hold_each_edit_once_by_its_weight_at_the_place() -> None:
    own = Search.__new__(Search)
    edits = [edit(w) for w in (0.5, 1.25, 1.26, 1.75, 2.2, 2.7, 2.8, 8.9, 9.1)]
    near, far = EditSpot(F, edit(0.0).at), EditSpot(F, edit(0.0).at, far=2)
    given = list[tuple[int, ...]]()

    def tried(_: Any, some: list[Edit]) -> Iterator[tuple[Edit, Verdict]]:
        given.append(tuple(edits.index(e) for e in some))
        return ((e, ALL) for e in some)

    trial: Any = SimpleNamespace(tried=tried, forward_changed=lambda v: v is not ALL)
    by_place = {id(near.at): edits, id(far.at): edits}
    rows = [[*tier] for tier in own._tiers(Edited({}), [near, far], trial, by_place)]
    for rank, place in enumerate((near, far)):
        order = [[e for k, e, v in tier if k == rank] for tier in rows]
        due = [
            [e for e in edits if low < weight_at(e, place) <= high]
            for low, high in zip((0.0, *TIERS), TIERS, strict=False)
        ]
        assert order == due and sum(map(len, order)) == 8 - rank, rank
    trial.forward_changed = lambda v: True
    assert {v for tier in own._tiers(Edited({}), [near], trial, by_place) for *_, v in tier} == {None}


class FakeTrial:
    def __init__(self, verdict: Verdict | None, due: str = "ab", steps: int = 2) -> None:
        self.verdict, self.due, self.case = verdict, dict.fromkeys(due), SimpleNamespace(steps=steps)

    def of(self, _: Any) -> Verdict | None:
        return self.verdict


def test_an_edit_is_judged_by_the_cases_after_the_one_that_it_mends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "with_edit", lambda state, edit: SimpleNamespace(trees={}))
    own = Search.__new__(Search)
    bases = [verdict(""), verdict("a"), verdict("")]
    for later, due in (
        ([verdict("ab", b=0.5), verdict("b", a=2.0)], (2, (0.0, 0.5, 2.0, 0.0))),
        ([verdict("a"), verdict("", a=1 / 3)], (0, (0.0, 0.0, 0.333333, 0.0))),
        ([verdict("b"), verdict("ab")], (-100, ())),
        ([None, verdict("ab")], (-100, ())),
    ):
        trials = [FakeTrial(verdict("ab")), *map(FakeTrial, later)]
        assert own._later(Edited({}), A, trials, bases, 0) == due  # type: ignore[arg-type]
    assert own._later(Edited({}), A, [FakeTrial(None)] * 3, bases, 2) == (0, ())  # type: ignore[arg-type,list-item]
    trials = [FakeTrial(ALL)] * 2
    assert own._later(Edited({}), A, trials, [ALL, None], 0) == (-100, ())  # type: ignore[arg-type]


@each(
    "sizes, due",
    [
        ({0: 3.0, 10: 1.0, 20: 1.0}, 0),
        ({0: 9.0, 10: 4.0, 20: 1.0}, 10),
        ({0: 9.0, 10: 8.0, 20: 7.0}, 20),
        ({0: 6.0, 10: 8.0, 20: 7.0}, 0),
        ({0: 6.0, 10: 6.0, 20: 6.0}, 0),
    ],
)
def test_a_case_is_drawn_again_where_gradients_are_so_large_that_they_may_be_clipped(
    sizes: dict[int, float], due: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Search.__new__(Search)
    own.cases = SimpleNamespace(case=lambda steps, draw: Case(steps, {}, draw))  # type: ignore[assignment]
    own._whole = SimpleNamespace(on_nodes=lambda case, back: case)  # type: ignore[assignment]
    own.subject, own._updated = SimpleNamespace(), frozenset("b")  # type: ignore[assignment]
    with monkeypatch.context() as patch:
        patch.setattr(
            repair, "right_gradients", lambda case: {"a": np.array([0.0, -sizes[case.arguments - 7]]), "b": np.ones(1)}
        )
        patch.setattr(repair, "Trials", lambda *taken: taken)
        _, case, gradients = own._trial(4, 7)  # type: ignore[misc]
    assert (case.steps, case.arguments) == (4, 7 + due)
    np.testing.assert_allclose(gradients["a"], [0, -sizes[due]])
    np.testing.assert_allclose(gradients["b"], [UNLIKELY])


@each(
    "places, wrong, due",
    [(True, {2: "a", 4: "a"}, 2), (True, {2: "", 4: "a"}, 4), (True, {2: "", 4: ""}, 4), (False, {None: "a"}, None)],
)
def test_the_search_begins_at_the_fewest_steps_at_which_something_is_wrong(places: Any, wrong: Any, due: Any) -> None:
    own = Search.__new__(Search)
    own.cases = SimpleNamespace(places=places)  # type: ignore[assignment]
    own._trial = lambda steps, draw: SimpleNamespace(wrong=wrong[steps], steps=steps, draw=draw)  # type: ignore
    told: Any = own._first_trial()
    assert (told.steps, told.draw) == (due, 0)


@each(
    "errors, silent",
    [
        ({"a": 1.0, "b": 0.5}, True),  # b is right
        ({"a": np.inf, "b": 0.0}, True),
        ({"a": 0.999, "b": 1.0}, False),
        (None, False),
    ],
)
def test_a_gradient_that_is_none_at_all_may_have_lost_its_line(errors: Any, silent: bool) -> None:
    own = Search.__new__(Search)
    base = errors and Verdict(frozenset("b"), errors, LOSS)
    own.trial = SimpleNamespace(base=base, wrong=frozenset("a"))  # type: ignore[assignment]
    assert own._is_silent() is silent


class Mending:
    """A trial in which an edit of the kind "a" mends a, and one of the kind "b" mends b; what is right stays right."""

    due = dict.fromkeys("ab")

    def __init__(self, right: str = "", stops: bool = False) -> None:
        self.right, self.stops = right, stops

    def of(self, edits: Any) -> Verdict | None:
        return None if self.stops else verdict({*self.right, *(e.kind for e in edits)} & {*"ab"})  # type: ignore


@each(
    "trials, depth, more, due",
    [
        ([Mending()], 4, {}, "ab"),
        ([Mending()], 2, {}, "ab"),
        ([Mending()], 1, {}, ""),
        ([Mending("a")], 1, {}, "b"),
        ([Mending("ab"), Mending("b")], 1, {}, "a"),  # the first case in which something is wrong is mended first
        ([Mending("ab")], 0, {}, ""),
        ([Mending(), Mending(stops=True)], 4, {}, ""),
        ([Mending()], 4, {"clock": Budget(0)}, ""),
        ([Mending()], 4, {"_proven": lambda *_: False}, ""),
    ],
)
def test_edits_that_mend_together_are_found_one_after_the_other(
    trials: Any, depth: int, more: dict[str, Any], due: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = [edit(1.0, kind=kind) for kind in "xab"]
    state: Any = SimpleNamespace(trees=(), edits=())
    own, asked = Search.__new__(Search), list[int]()

    def steps(state: Any, trials: Any, k: int, bases: Any) -> Iterator[list[Edit]]:
        asked.append(k)
        lacks = {*"ab"} - bases[k].right
        yield []
        yield [e for e in edits if e.kind in lacks and e not in state.edits]

    own.clock, own._proven, own._steps = Budget(), lambda *_: True, steps  # type: ignore
    vars(own).update(more)
    with monkeypatch.context() as patch:
        grown = lambda s, e: SimpleNamespace(trees=(*s.edits, e), edits=(*s.edits, e))  # noqa: E731
        patch.setattr(repair, "with_edit", grown)
        assert "".join(e.kind for e in own._on(state, trials, depth)) == due
    assert all(trials[k].right != "ab" for k in asked)
