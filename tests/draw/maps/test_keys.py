"""What is seldom in a heat map: keys that are steps of time, inputs of one feature, padding in a part of a column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.maps.by_hand import softmax
from tests.draw.maps.seen import blocks, close, matrix
from tests.each import each
from tinygraph.draw.maps.plot import PADDED, Room, plot
from tinygraph.draw.maps.shades import Shade
from tinygraph.draw.maps.sheets import Sheet, Ticks

R = np.random.default_rng(5)


@each("rows, timed", [(3, False), (4, False), (4, True), (5, False)])
def test_keys_that_steps_read_row_by_row_stand_at_their_steps_others_are_counted(rows: int, timed: bool) -> None:
    """The cell looks at an array, of which each step also reads a row of its own; its steps begin at 2."""
    memory, h = tg.constant(R.normal(size=(rows, 3)), name="m"), tg.constant(np.ones(3), name="h0")
    right: list[Any] = []
    for t in range(2, 6):
        with tg.step(t):
            a = tg.softmax(memory @ h, axis=0)
            right.append(softmax((memory.value @ h.value)[None], 1)[0])
            h = tg.tanh(h + a @ memory + (memory[t - 2] if timed else 0.0))
    drawing = tg.draw(tg.sum(h), "attention")
    (cells,) = blocks(drawing).values()
    assert close(matrix(cells), np.array(right))
    assert {column for _, column in cells} == {str(k + 2 * timed) for k in range(rows)}
    texts = {note.text for note in drawing.picture.notes}
    assert ("key at step →" in texts, "key →" in texts) == (timed, not timed) and "query at step ↓" in texts


def test_of_inputs_of_one_feature_one_map_says_all() -> None:
    w, h, xs = tg.parameter(0.7, name="w"), tg.constant(np.zeros(1), name="h0"), R.normal(size=(4, 1))
    for t in range(4):
        with tg.step(t):
            h = tg.tanh(w * h + tg.constant(xs[t], name=f"x{t}"))
    drawing = tg.draw(tg.sum(h), "saliency")
    (heading,) = blocks(drawing)
    assert heading == "x, each feature" and "‖∂‖" not in {note.text for note in drawing.picture.notes}


def test_padding_of_some_rows_is_shown_square_by_square() -> None:
    """A word over a whole column alone."""
    absent = np.array([[False, True, True, True], [False, False, True, True]])
    ticks = Ticks([*"0123"], "t →"), Ticks(["0", "1"], "unit ↓")
    one = Sheet("h", np.zeros((2, 4)), absent, *ticks, padding=absent)
    room: Any = Room(900.0, 520.0)
    from tinygraph.draw.picture import Picture

    picture = Picture()
    plot(picture, [[one]], Shade(-1.0, 1.0, True).colour, room)
    padded = [x for x in picture.tiles if x.fill == PADDED]
    numbers = {(x.cell.row, x.cell.column): x for x in picture.tiles if x.cell is not None}
    assert set(numbers) == {("0", "0"), ("1", "0"), ("1", "1")} and {x.tip for x in padded} == {"padding"}
    one_square, whole = sorted(padded, key=lambda x: x.height)
    first, second = numbers["0", "0"], numbers["1", "1"]
    places = [(x.x, x.y, x.width, x.height) for x in (one_square, whole)]
    assert places[0] == pytest.approx((second.x, first.y, first.width, first.height))
    wide, high = second.x - first.x, first.y - second.y
    middle = second.x + 1.5 * wide, (first.y + second.y) / 2
    assert places[1] == pytest.approx((*middle, first.width + wide, first.height + high))
    assert (one_square.text, whole.text) == ("", "padding")


def test_inputs_whose_gradient_ends_at_a_cast_to_whole_numbers_are_told_to_have_none() -> None:
    w, h = tg.parameter(np.eye(3) * 0.5, name="W"), tg.constant(np.zeros(3), name="h0")
    for t in range(3):
        with tg.step(t):
            x = tg.constant(np.arange(3.0) * t, name=f"x{t}")
            h = tg.tanh(w @ h + tg.astype(tg.astype(x, int), float))
    with pytest.raises(tg.GraphError, match=r"(?s)no gradient of the loss reaches an input.*3 time steps, 3 inputs"):
        tg.draw(tg.sum(h), "saliency")
