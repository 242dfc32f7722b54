"""Levers of a network that is given by its slopes: what is told of a variable, and with which moves all comes right."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit.levers import MOST, Lever, Levers

rng = np.random.default_rng(4)
NAMES = np.array(["r", "r", "a", "a", "a", "b", "b", "b"])
WRONG = np.array([0, 0, -1.0, -2.0, -0.5, -3.0, -1.0, -2.0])


class Linear:
    """A run whose gradients are ``start + slopes @ moves + bent * (slopes @ moves)**2``."""

    def __init__(self, slopes: Any, seen: list[Any], wrong: Any = WRONG, bent: float = 0.0) -> None:
        self.slopes, self.values, self.wrong, self.bent = np.asarray(slopes, float), seen, np.asarray(wrong), bent
        self.seen: list[Any] = []
        self.moves: Mapping[int, np.ndarray] = {}

    def start(self, active: int, moves: Mapping[int, np.ndarray] | None = None, watch: Any = None) -> None:
        self.moves = moves or {}
        self.seen = [x + self.moves.get(k, 0) for k, x in enumerate(self.values)]

    def outcome(self) -> np.ndarray:
        moves = np.concatenate([[0.0][:0], *(np.ravel(self.moves.get(k, x * 0)) for k, x in enumerate(self.values))])
        by = self.slopes @ moves
        return np.ones(len(self.wrong)) + by + self.bent * by**2


def levers(run: Any, names: Any = NAMES) -> Any:
    own: Any = Levers.__new__(Levers)
    trial = SimpleNamespace(rows=lambda: names, differences=lambda row: run.wrong - (row - 1.0))
    vars(own).update(trial=trial, base=SimpleNamespace(right={"r"}), hook=run, _outcome=run.outcome)
    return own


ONE = [np.array([1.0, 2.0, 3.0])]
NOTHING = np.zeros((8, 3))
OF_A = np.vstack([np.zeros((2, 3)), -0.01 * np.eye(3), np.zeros((3, 3))])
BOTH = np.vstack([np.zeros((2, 3)), np.eye(3), 2 * np.eye(3)])


@each(
    "slopes, seen, more",
    [
        (OF_A, [np.arange(3)], {}),
        (OF_A[:, :0], [], {}),
        (OF_A[:, :0], [np.zeros((0, 2))], {}),
        (OF_A, [ONE[0][:2], np.arange(1)], {}),
        (OF_A, ONE, {"bent": 0.5}),
        (NOTHING[:, :1], [np.array([2.0])], {}),
        (BOTH[:, :1], [np.array([2.0])], {}),
        (np.zeros((8, MOST + 1)) + BOTH[:, :1], [np.ones(MOST + 1)], {}),
    ],
)
def test_of_what_is_no_array_of_a_few_numbers_nothing_is_known(slopes: Any, seen: Any, more: Any) -> None:
    assert levers(Linear(slopes, seen, **more))._lever(0) == "unknown"


def test_a_run_that_stops_tells_nothing() -> None:
    run: Any = Linear(BOTH, ONE)
    for stops in (range(1, 9), (2,), (3,)):
        calls = iter(range(1, 9))
        own = levers(run)
        own._outcome = lambda calls=calls, stops=stops: None if next(calls) in stops else run.outcome()
        assert own._lever(0) == "unknown"


def test_where_nothing_that_is_wrong_depends_on_it_no_value_mends_anything() -> None:
    assert levers(Linear(NOTHING, ONE))._lever(0) is None
    right_alone = np.vstack([np.ones((2, 3)), np.zeros((6, 3))])
    assert levers(Linear(right_alone, ONE))._lever(0) is None
    assert levers(Linear(BOTH, ONE, 0 * WRONG))._lever(0) is None, "nothing is wrong"


@each("by", [-0.01, 3.0])
def test_of_a_gradient_it_is_told_what_it_must_be_in_the_end(by: float) -> None:
    own = levers(Linear(OF_A * (by / -0.01), ONE))._lever(0)
    np.testing.assert_allclose(own.own, ONE[0] + WRONG[2:5] / by)
    np.testing.assert_allclose(own.due[0], own.own)
    column = levers(Linear(OF_A * (by / -0.01), [ONE[0].reshape(3, 1)]))._lever(0)
    np.testing.assert_allclose(column.own, own.own.reshape(3, 1))
    twice = levers(Linear(np.hstack([OF_A, OF_A]) * (by / -0.01), [ONE[0], 2 * ONE[0]]))._lever(0)
    np.testing.assert_allclose(twice.own, 2 * ONE[0] + WRONG[2:5] / by)
    assert twice.due == [None, None]


def test_of_what_reaches_two_gradients_it_is_told_which_value_mends_them() -> None:
    moves = np.array([0.5, -1.0, 2.0])
    own = levers(Linear(BOTH, ONE, BOTH @ moves))._lever(0)
    assert own.own is None
    np.testing.assert_allclose(own.due[0], ONE[0] + moves, rtol=1e-9)
    most = np.zeros((8, MOST))
    most[:, :3] = BOTH
    many = levers(Linear(most, [np.ones(MOST)], BOTH @ moves))._lever(0)
    assert many is not None and many != "unknown" and many.due == [None]  # most of the numbers may be any
    parts = levers(Linear(np.hstack([BOTH, NOTHING]), [*ONE, *ONE], BOTH @ moves))._lever(0)
    np.testing.assert_allclose(parts.due[0], ONE[0] + moves, rtol=1e-9)
    assert parts.due[1] is None and parts.tells


def solved(slopes: Any, wrong: Any) -> Lever | None:
    return levers(Linear(slopes, ONE, wrong))._solved(0, np.asarray(slopes), np.asarray(wrong), ONE)


def test_moves_mend_all_that_is_wrong_or_the_gradients_that_they_mend_together() -> None:
    moves = np.array([0.5, -1.0, 2.0])
    whole = solved(BOTH, BOTH @ moves)
    assert whole is not None and whole.due[0] is not None
    np.testing.assert_allclose(whole.due[0], ONE[0] + moves)
    off = np.array([0, 0, 0, 0, 0, 7.0, 0, 0])
    reach_a = np.vstack([np.zeros((2, 3)), np.eye(3), np.zeros((3, 3))])
    part = solved(reach_a, reach_a @ moves + off)  # b stays wrong
    assert part is not None and part.due[0] is not None
    np.testing.assert_allclose(part.due[0], ONE[0] + moves)
    assert solved(NOTHING, WRONG) is None  # neither a nor b
    assert solved(BOTH, BOTH @ moves + np.array([0, 0, 0, 0, 0, 7.0, 1.0, 2.0])) is None  # a or b, but not both
    spoils = BOTH.copy()
    spoils[:2] = np.ones((2, 3))
    assert solved(spoils, spoils @ moves + np.array([9.0, 9.0] + [0.0] * 6)) is None


def test_gradients_of_a_run_that_fails_or_changes_the_loss_are_none() -> None:
    row = np.ones(3)
    for verdict, changed, due in ((None, False, None), ("right", True, None), ("right", False, row)):
        own: Any = Levers.__new__(Levers)

        def forward_changed(given: Any, changed: bool = changed) -> bool:
            assert given is not None
            return changed

        own.trial = SimpleNamespace(measured=lambda verdict=verdict: (verdict, row), forward_changed=forward_changed)
        assert own._outcome() is due
