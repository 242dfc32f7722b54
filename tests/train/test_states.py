"""States and positions that are none, or of something else: one error that says so, and nothing is changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import SGD, Adam, Average, Checkpoint, History, Words, plateau

W = tg.parameter([1.0, 2.0], "w")
PLATEAU = {"rate": 0.5, "low": 1.0, "waited": 2}


@each(
    "position, match",
    [
        ({}, r"(?s)this is no position.*rate, low, waited.*\{\}"),
        (3, "this is no position"),
        (None, "this is no position"),
        ({**PLATEAU, "more": 1}, "this is no position"),
        ({**PLATEAU, "rate": 0.0}, "rate is not positive"),
        ({**PLATEAU, "rate": "a"}, "rate is not positive"),
        ({**PLATEAU, "low": "a"}, "a figure is no number"),
        ({**PLATEAU, "waited": -1}, "waited is a whole number"),
        ({**PLATEAU, "waited": None}, "waited is a whole number"),
    ],
)
def test_what_is_no_position_of_a_plateau_changes_nothing(position: Any, match: str) -> None:
    rate = plateau(1.0)
    before = rate.position
    with pytest.raises(tg.GraphError, match=rf"(?s)plateau: .*{match.removeprefix('(?s)')}"):
        rate.position = position
    assert rate.position == before and rate(0) == 1.0
    rate.position = PLATEAU
    assert rate.position == PLATEAU and rate(9) == 0.5


@each("loss", ["a", None, np.ones(2), 1j])
def test_a_plateau_looks_at_numbers(loss: Any) -> None:
    rate = plateau(1.0, factor=0.5, patience=0)
    with pytest.raises(tg.GraphError, match="plateau: a figure is no number"):
        rate.look(loss)
    for number in (tg.constant(2.0), np.array([1.5]), np.float32(1.25), 7):
        rate.look(number)
    assert rate.position == {"rate": 0.5, "low": 1.25, "waited": 0}


@each(
    "arrays, match",
    [
        ({}, "rows"),
        ({"rows": np.zeros((2, 5))}, r"\(2, 5\)"),
        ({"rows": np.zeros(3)}, r"\(3,\)"),
        ({"look.a": np.zeros((1, 2))}, "rows"),
        ({"rows": np.zeros((0, 3)), "look.a": np.zeros(3)}, "look.a"),
    ],
)
def test_what_is_no_history_is_refused_whole(arrays: Any, match: str) -> None:
    history = History()
    history.add(1.0)
    with pytest.raises(tg.GraphError, match=rf"(?s)History: the state is that of another one.*{match}"):
        history.load_state_dict(arrays)
    assert history.loss.tolist() == [1.0]
    for wrong in (lambda: history.add("a"), lambda: history.look({"a": None}), lambda: history.look(3)):
        with pytest.raises(tg.GraphError, match=r"^History\."):
            wrong()
    assert len(history) == 1 and not history.looks


def test_counts_and_rates_of_a_state_are_in_range() -> None:
    sgd, average = SGD({"w": W}, 0.1), Average({"w": W})
    for state, match in (
        ({"steps": np.array(-1)}, "SGD: steps is a whole number"),
        ({"steps": np.array(3), "rate": np.array(-0.5)}, "SGD: rate is not positive"),
        ({"steps": np.array(3), "rate": np.array(np.nan)}, "SGD: rate is not positive"),
    ):
        with pytest.raises(tg.GraphError, match=match):
            sgd.load_state_dict(state)
        assert sgd.steps == 0 and sgd.learning_rate == 0.1
    with pytest.raises(tg.GraphError, match="Average: looks is a whole number"):
        average.load_state_dict({"looks": np.array(-1), "w": np.ones(2)})
    assert average.looks == 0 and average.state_dict()["w"].tolist() == [1.0, 2.0]


def test_the_first_rate_comes_back_with_a_state_that_has_none() -> None:
    saved = SGD({"w": W}, 0.1).state_dict()
    for rate, due in ((0.5, 0.5), (lambda steps: 2.0 + steps, 2.0)):
        sgd = SGD({"w": W}, rate)
        sgd.load_state_dict({**saved, "steps": np.array(7), "rate": np.array(0.25)})
        assert (sgd.learning_rate, sgd.steps) == (0.25, 7)
        sgd = SGD({"w": W}, rate)
        sgd.load_state_dict(saved)
        assert (sgd.learning_rate, sgd.steps) == (due, 0)


@each(
    "saved, there, match",
    [
        (lambda: np.random.Generator(np.random.MT19937(1)), lambda: np.random.default_rng(0), "PCG64"),
        (lambda: plateau(1.0), lambda: np.random.default_rng(0), "state of it does not fit"),
        (lambda: np.random.default_rng(0), lambda: plateau(1.0), "plateau: this is no position"),
        (lambda: plateau(1.0), History, "History: the state is that of another one"),
        (History, lambda: Adam({"w": W}), "Adam: the state is that of another one"),
    ],
)
def test_a_file_of_another_kind_of_thing_is_told(saved: Any, there: Any, match: str, tmp_path_factory: Any) -> None:
    checkpoint, w = Checkpoint(tmp_path_factory.mktemp("run")), tg.parameter([1.0])
    checkpoint.save(1, {"w": w, "it": saved()})
    w.value = [2.0]
    with pytest.raises(tg.GraphError, match=match):
        checkpoint.load({"w": w, "it": there()})
    assert w.item() == 2.0


@each("schedule", [tg.train.cosine(1.0, 9), tg.train.constant(1.0, 3), tg.train.one_cycle(1.0, 9)])
def test_a_schedule_is_asked_for_a_number_of_steps(schedule: Any) -> None:
    for wrong in ("a", None, [1], np.ones(2)):
        with pytest.raises(tg.GraphError, match=r"^(cosine|constant|one_cycle): "):
            schedule(wrong)
    with pytest.raises(tg.GraphError, match="cosine: "):
        tg.train.cosine(1.0, 9)(-1)


def test_what_is_no_path_and_no_axes_is_told(tmp_path: Any) -> None:
    checkpoint = Checkpoint(tmp_path)
    checkpoint.save(1, {"w": W}, {"loss": 0.5})
    for wrong in (3, b"a", [checkpoint.latest]):
        for call in (checkpoint.metadata, checkpoint.figures, lambda path: checkpoint.load({"w": W}, path)):
            with pytest.raises(tg.GraphError, match=r"^Checkpoint\."):
                call(wrong)
    with pytest.raises(tg.GraphError, match=r"History\.plot"):
        History().plot(3)


def test_a_vocabulary_without_its_option_is_refused() -> None:
    with pytest.raises(tg.GraphError, match="Words: this is no saved vocabulary"):
        Words.from_dict({"kind": "Words", "tokens": ["a"]})
