"""The rolled view of a state that is used two steps later: each of its starts has an arrow, and all words have room."""

from __future__ import annotations

import numpy as np

import tinygraph as tg
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
