"""The rolled view of a state that is used two steps later: each of its starts has an arrow, and all words have room."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.draw.labels import width
from tinygraph.draw.picture import Picture
from tinygraph.draw.views.tags import along


def two_steps_back(steps: int = 6) -> Picture:
    rng = np.random.default_rng(3)
    U, V, W = (tg.parameter(rng.normal(size=(3, 3)) / 2, name) for name in "UVW")
    h = [tg.constant(np.zeros((1, 3)), "older"), tg.constant(np.zeros((1, 3)), "newer")]
    for t in range(steps):
        with tg.step(t):
            h.append(np.tanh(rng.normal(size=(1, 3)) @ U + h[-1] @ W + h[-2] @ V))
    return tg.draw(tg.sum(h[-1] ** 2), "rolled").picture


def chips(picture: Picture, number: int) -> list[str]:
    return [part.text for part in picture.boxes[number].title if part.kind == "chip"]


def test_each_start_has_an_arrow_at_the_step_at_which_it_is_read() -> None:
    drawn = two_steps_back()
    reads = {(drawn.boxes[a.tail].title[0].text, *chips(drawn, a.head)) for a in drawn.arrows if a.dashed}
    assert {("newer", "W"), ("newer", "V"), ("older", "V")} <= reads
    said = sorted(note.text for note in drawn.notes)
    assert said == ["t = 0 only", "t = 0 only", "t = 1 only", "t = 5 only", "t−1 → t", "t−2 → t"]


def test_no_word_meets_another_word_or_an_arrow() -> None:
    drawn = two_steps_back()
    areas = [(x.x, x.y, width(x.text, x.size, True) / 2, x.size / 2) for x in drawn.notes]
    for i, (x, y, half, high) in enumerate(areas):
        for u, v, other, tall in areas[:i]:
            assert abs(x - u) > half + other or abs(y - v) >= 0.9 * (high + tall), drawn.notes
        for arrow in drawn.arrows:
            met = [(u, v) for u, v in along(arrow.points) if abs(u - x) < half and abs(v - y) < high]
            assert not met, (drawn.notes[i], arrow)


def test_what_later_steps_read_outside_of_time_makes_no_state_of_what_the_first_one_reads():
    """Only what the neighbour takes from another step is a state."""
    table, h = tg.tanh(tg.parameter(np.ones(3), name="T"), name="table"), tg.constant(np.ones(3), name="h0")
    for t in range(3):
        with tg.step(t):
            first = tg.constant(np.full(3, 0.5), name="a") if t == 0 else table
            h = tg.tanh(first * tg.sigmoid(h), name="h")
    drawn = tg.draw(tg.sum(h), level="op").picture
    role = {" ".join(part.text for part in box.title): (box.role, box.x) for box in drawn.boxes}
    assert role["h0"][0] == "state" and role["a"][0] == "input"
    assert drawn.bands[0].left < role["a"][1] < drawn.bands[0].right


def skipping(steps: int, delay: int = 2) -> tg.Node:
    w = tg.parameter(np.full((4, 4), 0.1), "W")

    def skip(x: Any, s: Any) -> Any:
        h = np.tanh(x + s[0] @ w + s[-1] * 0.5)
        return h, (h, *s[:-1])

    return tg.mean(tg.unroll(skip, np.ones((steps, 2, 4)), tuple(np.zeros((delay, 2, 4))))[0])


@each("delay, names", [(2, "h₀ h₋₁"), (3, "h₀ h₋₁ h₋₂")])
@each("view", ["unrolled", "rolled"])
def test_a_state_that_is_read_steps_later_has_a_start_for_each_of_these(view: str, delay: int, names: str) -> None:
    drawn = tg.draw(skipping(4 + delay % 2, delay), view).picture
    titles = {x.title[0].text: x.role for x in drawn.boxes if len(x.title) == 1 and x.title[0].text in names}
    assert titles == dict.fromkeys(names.split(), "state")
    if view == "rolled":
        tails = {drawn.boxes[a.tail].title[0].text for a in drawn.arrows if a.dashed}
        assert titles.keys() <= tails and not any("of them" in box.below for box in drawn.boxes if box.role == "state")


@each("level", ["cell", "op"])
def test_each_loops_starts_have_its_letters(level: str) -> None:
    """Padding makes first and last steps differ from the others, in each layer and direction otherwise."""
    net = tg.cells.Stack.of(tg.cells.LSTM, 3, 4, num_layers=2, bidirectional=True, rng=0)
    outputs, _ = tg.unroll(net, np.ones((4, 2, 3)), lengths=np.array([4, 2]))
    drawn = tg.draw(tg.mean(outputs), level=level).picture
    starts = [box.title[0].text for box in drawn.boxes if box.node is not None and box.node.op is None]
    assert sorted(x for x in starts if x[0] != "x") == ["c₀"] * 4 + ["h₀"] * 4
