"""The flow view of long sequences: which steps it shows, where its scale ends, what its verdict is over."""

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.flowing import linear
from tests.draw.networks import word_rnn
from tests.draw.views.test_flow import norms, texts, tiles
from tests.each import each


def test_of_many_steps_the_last_ones_are_shown():
    drawing = tg.draw(word_rnn(200), "flow")
    found = tiles(drawing.picture)
    assert {s for _, _, s in found} == {t for _, t, _ in found} == set(range(151, 201))
    assert "the last 50 of 200 steps" in drawing.picture.subtitle
    full = tg.draw(word_rnn(64), "flow").picture
    assert "last" not in full.subtitle
    assert len(norms(full)) == 64 * 65 // 2


def test_the_verdict_over_many_steps_is_that_of_all_of_them():
    """Over the fifty that are shown it falls by a factor of four only."""
    told = texts(tg.draw(linear(0.97, 200), "flow").picture)
    assert "vanishing: × 0.97 a step" in told


def test_what_is_shown_of_many_steps_is_what_all_steps_would_show():
    root = linear(1.01, 130, loss_at_end=True)
    found = norms(tg.draw(root, "flow").picture)
    assert found["h", 130, 130] == pytest.approx(30**0.5, rel=1e-3)
    assert found["h", 130, 81] == pytest.approx(30**0.5 * 1.01**49, rel=1e-3)


def test_a_loss_at_the_end_of_a_reverse_run_shows_the_steps_before_its_end():
    """The run ends at t = 0, so these are the first ones."""
    w = tg.parameter(np.eye(3) * 0.9)

    def cell(x, h):
        h = tg.tanh(x + w @ h)
        return h, h

    _, h = tg.unroll(cell, np.ones((90, 3)) * 0.01, np.zeros(3), reverse=True)
    drawing = tg.draw(tg.sum(h), "flow")
    assert {(t, s) for _, t, s in tiles(drawing.picture)} == {(0, s) for s in range(50)}
    assert "50 of 90 steps, up to where the loss enters" in drawing.picture.subtitle


def test_the_scale_ends_where_nothing_is_left():
    drawing = tg.draw(linear(0.5, 1000), "flow")
    assert drawing.picture.scale == (1e-12, 10.0) and "below 1e-12: nothing left" in drawing.source
    assert drawing.picture.keys == [("#fff7ec", "below 1e-12: nothing left")], "the lightest colour of the scale"
    smallest = min(norms(drawing.picture).items(), key=lambda x: x[1])
    assert smallest == (("h", 1000, 951), pytest.approx(30**0.5 * 0.5**49, rel=1e-3)), "the tip keeps the number"
    assert "nothing left" not in tg.draw(linear(0.5, 30), "flow").source
    small = tg.draw(linear(0.9, 60) * 1e-20, "flow").picture
    assert small.scale == (1e-22, 1e-19) and not small.keys, "a loss in other units is not nothing"


@each("view", ["unrolled", "both", "backward", "rolled"])
def test_so_does_that_of_boxes(view):
    for unit, low in ((1.0, "1e-12"), (1e-20, "1e-26")):
        drawn = tg.draw(linear(0.5, 100, loss_at_end=True) * unit, view, gradients=True).picture
        assert drawn.scale[0] == pytest.approx(float(low)) and min(box.norm for box in drawn.boxes if box.norm) < 1e-29
        assert [words for _, words in drawn.keys if "nothing" in words] == [f"below {low}: nothing left"]
    drawn = tg.draw(linear(0.9, 100, loss_at_end=True), view, gradients=True).picture
    assert drawn.scale[0] > 1e-6 and not any("nothing" in words for _, words in drawn.keys)
