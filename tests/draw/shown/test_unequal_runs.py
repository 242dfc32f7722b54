"""Runs of unequal length, of one cell or of two: each is a card of its own, with its own data, state and loss."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.flowing import sliding
from tests.draw.maps.seen import blocks
from tests.each import each
from tinygraph.draw.picture import Picture
from tinygraph.draw.views.tags import along

R = np.random.default_rng(0)
A, B = tg.parameter(R.normal(size=(3, 4)), "A"), tg.parameter(R.normal(size=(4, 4)), "B")


def gru(k: int = 0) -> Any:
    return tg.cells.GRU(3, 4, rng=k)


def run(cell: Any, steps: int, state: Any = None) -> tuple[tg.Node, tg.Node]:
    outputs, last = tg.unroll(cell, R.normal(size=(steps, 2, 3)), state)
    return outputs, last


def independent() -> tg.Node:
    return tg.mean(run(gru(0), 2)[0] ** 2) + tg.mean(run(gru(1), 4)[0] ** 2)


def of_one_cell(*steps: int) -> tg.Node:
    cell = gru()
    first, *others = (run(cell, n)[1] for n in steps)
    return sum(tg.mean((first - x) ** 2) for x in others)


def one_after_the_other() -> tg.Node:
    cell = gru()
    return tg.mean(run(cell, 5, run(cell, 3)[1])[0] ** 2)


def by_hand() -> tg.Node:
    ends = []
    for steps in (3, 5):
        h = tg.constant(np.zeros((2, 4)))
        for t in range(steps):
            with tg.step(t):
                h = tg.tanh(R.normal(size=(2, 3)) @ A + h @ B)
        ends.append(h)
    return tg.sum((ends[0] - ends[1]) ** 2)


CASES: dict[str, tuple[tg.Node, dict[str, int]]] = {
    "two cells": (independent(), {"network 1": 2, "network 2": 4}),
    "short and long": (of_one_cell(3, 5), {"run 1": 3, "run 2": 5}),
    "long and short": (of_one_cell(4, 2), {"run 1": 4, "run 2": 2}),
    "three": (of_one_cell(2, 3, 5), {"run 1": 2, "run 2": 3, "run 3": 5}),
    "one after the other": (one_after_the_other(), {"part 1": 3, "part 2": 5}),
    "by hand": (by_hand(), {"run 1": 3, "run 2": 5}),
}


def titles(picture: Picture) -> list[str]:
    return ["".join(part.text for part in box.title) for box in picture.boxes]


@each("name", CASES)
def test_each_is_a_card_with_its_own_data_and_state(name: str) -> None:
    root, runs = CASES[name]
    drawn = tg.draw(root, "rolled").picture
    assert {band.title: band.times for band in drawn.bands} == runs
    assert {note.text for note in drawn.notes if "−" in note.text} == {"t−1 → t"}
    inputs = [i for i, box in enumerate(drawn.boxes) if box.role == "input"]
    assert {titles(drawn)[i] for i in inputs} == {*["xₜ", "x′ₜ", "x″ₜ"][: len(runs)]}
    assert [sum(x.tail == i for x in drawn.arrows) for i in inputs] == [1] * len(runs)


@each("name", CASES)
def test_each_is_a_box_at_a_step_that_hands_its_state_to_itself(name: str) -> None:
    root, runs = CASES[name]
    drawn = tg.draw(root, level="cell", steps=range(max(runs.values()))).picture
    words = titles(drawn)
    assert {x: words.count(x) for x in runs} == runs
    pairs = [(words[x.tail], words[x.head]) for x in drawn.arrows if words[x.tail] in runs and words[x.head] in runs]
    handed = [("part 1", "part 2")] * ("part 1" in runs)
    assert sorted(pairs) == sorted(handed + [(x, x) for x, n in runs.items() for _ in range(n - 1)])


def test_each_has_its_own_loss() -> None:
    drawn = tg.draw(CASES["two cells"][0], "rolled").picture
    words = titles(drawn)
    assert words.count("mean") == words.count("**2") == 2
    assert sorted(box.below for box in drawn.boxes if "over" in box.below) == [
        "2×2×4 · over 2 steps",
        "4×2×4 · over 4 steps",
    ]
    assert len({x.tail for x in drawn.arrows if words[x.head] == "**2"}) == 2


@each("name", ["sum", "a state from each", "an LSTM's"])
def test_the_starts_of_a_decoder_after_both_run_over_no_box(name: str) -> None:
    first, second = run(gru(0), 2)[1], run(gru(1), 4)[1]
    decoder: Any = gru(2) if name == "sum" else tg.cells.LSTM(3, 4, rng=2)
    start = {"sum": first + second, "an LSTM's": (second, first)}.get(name, (first, second))
    drawn = tg.draw(tg.mean(run(decoder, 3, start)[0] ** 2), "rolled").picture
    assert {x.title for x in drawn.bands} == {"encoder 1", "encoder 2", "decoder"}
    dashed = [x for x in drawn.arrows if x.dashed]
    assert len(dashed) == {"sum": 6}.get(name, 4)
    for arrow in dashed:
        for i, box in enumerate(drawn.boxes):
            half, high = box.width / 2 - 1, box.height / 2 - 1
            over = [(x, y) for x, y in along(arrow.points) if abs(x - box.x) < half and abs(y - box.y) < high]
            assert i in (arrow.tail, arrow.head) or not over, (titles(drawn)[i], arrow)


def test_windows_of_one_call_are_no_runs() -> None:
    for reads_out in (False, True):
        drawn = tg.draw(sliding(reads_out=reads_out), "rolled").picture
        assert [(x.title, x.times) for x in drawn.bands] == [("cell", 6)]
        assert drawn.title == "Recurrent network, 6 steps, rolled"
    assert SLIDING in tg.draw(sliding(), level="op").picture.subtitle


def of_two_states(x: Any, state: Any) -> Any:
    a, b = state
    a = np.tanh(x @ A + a @ B)
    b = 0.5 * b + a
    return b, (a, b)


TWO, PADDED = (np.zeros((2, 4)), np.zeros((2, 4))), {"lengths": [5, 3]}
WINDOWS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "a layer": (gru(), None, {}),
    "layers": (tg.cells.Stack([gru(), tg.cells.LSTM(4, 4, rng=1)]), None, {}),
    "both directions": (tg.cells.Bidirectional(tg.cells.RNN(3, 4, rng=0), tg.cells.LSTM(3, 4, rng=1)), None, {}),
    "padding": (tg.cells.LSTM(3, 4, rng=0), None, PADDED),
    "two states": (of_two_states, TWO, {}),
    "two states, padding": (of_two_states, TWO, PADDED),
}


@each("name", WINDOWS)
def test_windows_of_one_call_are_drawn_as_one_run_and_told_in_words(name: str) -> None:
    """They have the cards, boxes, letters and states of the same call without windows."""
    (cell, state, options), x = WINDOWS[name], R.normal(size=(5, 2, 3)).astype(np.float32)
    ways = ({"truncate": 2, "window": "sliding"}, {})
    windows, plain = (tg.mean(tg.unroll(cell, x, state, **options, **k)[0]) for k in ways)
    one, other = (tg.draw(loss, "rolled").picture for loss in (windows, plain))
    assert [(x.title, x.times) for x in one.bands] == [(x.title, x.times) for x in other.bands]
    starts = {"h₀", "zeros"}  # both directions may be run at once, with one start for both
    assert sorted(x for x in titles(one) if x not in starts) == sorted(x for x in titles(other) if x not in starts)
    assert {note.text for note in one.notes if "only" in note.text} == {x.text for x in other.notes if "only" in x.text}
    assert one.title == other.title and one.subtitle == f"{other.subtitle}; {SLIDING}"
    one, other = (tg.draw(loss, "flow").picture for loss in (windows, plain))
    assert [x.text for x in one.notes if x.size == 15] == [x.text for x in other.notes if x.size == 15]
    one, other = (tg.draw(loss, level="cell", steps=[0, 1, -1]).picture for loss in (windows, plain))
    assert sorted(titles(one)) == sorted(titles(other)) and [x.text for x in one.notes] == [x.text for x in other.notes]
    assert SLIDING in one.subtitle
    for view in ("states", "gates")[: 1 + (state is None)]:
        map_, right = (tg.draw(loss, view) for loss in (windows, plain))
        assert blocks(map_) == blocks(right) != {}
        assert map_.picture.subtitle == f"{right.picture.subtitle}; {SLIDING}"


SLIDING = "truncated BPTT in sliding windows of 3 steps"


def test_a_loop_by_hand_of_two_networks_has_a_panel_for_each() -> None:
    """The shorter one stops; they were one state, as if windows."""
    h = g = tg.constant(np.zeros((2, 4)))
    for t in range(4):
        with tg.step(t):
            h = np.tanh(R.normal(size=(2, 3)) @ A + h @ B)
            g = np.tanh(R.normal(size=(2, 3)) @ (2 * A) + g @ B.T) if t < 3 else g
    drawn = tg.draw(tg.sum(h) + tg.sum(g), "flow").picture
    assert [x.text for x in drawn.notes if x.text in ("h", "g")] == ["h", "g"]
