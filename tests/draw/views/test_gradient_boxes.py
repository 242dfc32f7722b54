"""What a gradient's box says: its name and norm, the rule of its op, and what the rule reads."""

import xml.dom.minidom

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import lstm, word_rnn

from .seen_backward import picture, twins, words


class Cube(tg.Op):
    def forward(self, x):
        return x**3

    def backward(self, gz, z, x):
        return 3 * gz * x * x


cube = Cube()


def test_a_box_tells_the_rule_that_its_op_is_written_with():
    found = {words(x): x.below for x in picture(word_rnn(2)).boxes if x.role == "gradient"}
    assert next(below for title, below in found.items() if title.startswith("∂h2")) == "gz * (1 - z * z)"
    assert any(title.startswith("∂@") and below == "gz @ x.T, w.T @ gz" for title, below in found.items())


def test_an_op_of_the_users_own_shows_its_own_rule():
    x = tg.constant(np.ones(2), name="x")
    drawn = picture(tg.sum(cube(x)))
    assert [box.below for box in drawn.boxes if words(box).startswith("∂cube")] == ["3 * gz * x * x"]


def test_only_gradients_that_are_asked_for_stand_in_a_rule():
    x = tg.constant(np.ones(2), name="x")
    drawn = picture(tg.sum(x * np.array([2, 3])))
    assert [box.below for box in drawn.boxes if words(box).startswith("∂*")] == ["gz * y"]


def test_a_dashed_arrow_tells_that_a_rule_reads_what_was_computed_forward():
    drawn = picture(word_rnn(2))
    boxes = drawn.boxes
    read = {boxes[x.tail].node for x in drawn.arrows if x.dashed and boxes[x.head].role == "gradient"}
    names = {x.op.name for x in read}
    assert {"tanh", "matmul", "softmax_cross_entropy"} <= names and not names & {"add", "stack"}
    assert all(boxes[x.head].node.origin is boxes[x.tail].node for x in drawn.arrows if x.dashed)


@pytest.mark.parametrize("level", ["cell", "layer", "whole"])
def test_boxes_that_hold_several_ops_have_a_gradient_and_no_rule(level):
    drawn = picture(lstm(4), level=level)
    joined = [box for node, box in twins(drawn).items() if box.below == "2×4"]
    assert joined and all(box.norm > 0 for box in joined)


@pytest.mark.parametrize("name", ["<b>", 'a"b', "\\N", "a:b", "\x00\x01", "&lt;", "x" * 500])
def test_names_do_not_break_out(name):
    x, w = tg.constant(np.ones(2), name=name), tg.parameter(np.ones((2, 2)), name=name)
    drawing = tg.draw(tg.sum(tg.tanh(w @ x, name=name)), "backward", title=name)
    text = drawing.pipe(format="svg").decode()
    xml.dom.minidom.parseString(text)
    assert " on" not in text.replace(" one", "") and "<script" not in text
    assert text.count('class="box"') == len(drawing.picture.boxes)


def test_zero_and_infinite_gradients_have_their_colours():
    x = tg.constant(np.zeros(2), name="x")
    with np.errstate(all="ignore"):
        drawn = picture(tg.sum(tg.sqrt(x)) + 0 * tg.sum(tg.tanh(x, name="flat")))
    fills = {words(box).split()[0]: box.fill for box in drawn.boxes if box.role == "gradient"}
    assert fills["∂x"] == "#c9a7e8" and fills["∂flat"] == "#eef0f3"


def test_text_tells_the_gradients_beside_the_boxes():
    text = tg.draw(word_rnn(2), "backward").text()
    assert "∂h1" in text and "∂W" in text and "sum of 2" in text


def test_long_graphs_are_folded_and_dots_tell_no_numbers():
    drawn = tg.draw(word_rnn(12), "backward").picture
    dots = [box for box in drawn.boxes if box.role == "dots"]
    assert dots and all(words(box) == "⋯" and box.below == "" for box in dots)
    assert len(drawn.bands) == 6


def test_gradients_that_are_infinite_are_drawn_without_a_warning() -> None:
    h = tg.constant(np.zeros((1, 2)), "h0")
    for t in range(2):
        with tg.step(t):
            h = np.sqrt(h @ tg.parameter(np.full((2, 2), 0.5), "W"))
    drawn = tg.draw(tg.sum(h), "backward").picture
    assert any(part.text == "‖∞‖" for box in drawn.boxes for part in box.title)
