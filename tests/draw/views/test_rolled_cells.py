"""Rolled pictures of tg.cells: one card each, loops and notes that keep off each other, padding in every step."""

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import weights
from tests.draw.test_arrows import running_sum
from tinygraph.draw.colours import STATE
from tinygraph.draw.labels import width

T, I, H = 5, 3, 4  # noqa: E741  the axes' own letters


def rolled(kind, **settings):
    outputs, last = tg.unroll(getattr(tg.cells, kind)(I, H, rng=0), np.ones((T, 2, I), np.float32), **settings)
    return tg.draw((outputs, last), "rolled").picture


@pytest.mark.parametrize("kind", ["QRNN", "TLSTM", "LRU", "minGRU", "TGRU"])
def test_an_output_gate_that_no_state_leads_to_is_on_its_cells_card(kind):
    drawn = rolled(kind)
    assert [band.times for band in drawn.bands] == [T] and "unrolled" not in drawn.subtitle


def test_all_ops_of_such_a_gate_are_on_the_card():
    w = weights(A=(3, 3), B=(3, 3), V=(3, 3), b=(3,))

    def cell(x, c):
        c = tg.tanh(w["A"] @ c + w["B"] @ x)
        return tg.sigmoid(w["V"] @ x + w["b"]) * c, c

    drawn = tg.draw(tg.unroll(cell, np.ones((4, 3)), np.zeros(3))[0], "rolled").picture
    (card,) = drawn.bands
    inside = [b for b in drawn.boxes if card.foot < b.y < card.top]
    assert len(inside) == 8 and card.times == 4


@pytest.mark.parametrize("kind", ["PhasedLSTM", "sLSTM", "LSTM", "coRNN", "NAS"])
def test_notes_beside_lanes_keep_off_each_other(kind):
    notes = [n for n in rolled(kind).notes if n.colour == STATE]
    for i, a in enumerate(notes):
        assert all(abs(a.x - b.x) >= 40 or abs(a.y - b.y) >= 14 for b in notes[:i])


def test_a_lane_says_each_number_of_steps_that_it_goes_back():
    """One over the other, beside the lane and not on it."""
    drawn = rolled("tauGRU")
    notes = [n for n in drawn.notes if n.colour == STATE]
    assert [n.text for n in sorted(notes, key=lambda n: -n.y)] == ["t−1 → t", "t−2 → t"]
    lanes = {round(x, 1) for a in drawn.arrows if a.colour == STATE for x, _ in a.points[6:7]}
    assert all(abs(n.x - x) > width(n.text, n.size, True) / 2 for n in notes for x in lanes)


def test_a_loop_at_a_state_is_on_the_side_that_its_lane_leaves_free():
    drawn = rolled("coRNN")
    for state in {arrow.tail for arrow in drawn.arrows if arrow.tail == arrow.head}:
        x = drawn.boxes[state].x
        (loop,) = [a for a in drawn.arrows if a.tail == a.head == state]
        lanes = [a for a in drawn.arrows if a.tail == state != a.head and a.colour == STATE]
        assert lanes and all((loop.points[1][0] - x) * (a.points[3][0] - x) < 0 for a in lanes)


def test_steps_with_padding_are_one_card_too():
    drawn = rolled("RNN", lengths=[5, 3])
    assert [band.times for band in drawn.bands] == [T]
    choices = [box for box in drawn.boxes if box.title[-1].text == "kept in padding"]
    inside = [
        box
        for box in choices
        if drawn.bands[0].left < box.x < drawn.bands[0].right and drawn.bands[0].foot < box.y < drawn.bands[0].top
    ]
    assert len(inside) == 1


def test_a_loop_of_a_state_that_no_other_needs_is_small():
    drawn = tg.draw(running_sum(), "rolled", level="op").picture
    (loop,) = [arrow for arrow in drawn.arrows if arrow.tail == arrow.head]
    box = drawn.boxes[loop.tail]
    (card,) = [c for c in drawn.bands if c.left < box.x < c.right and c.foot < box.y < c.top]
    far = max(abs(x - box.x) - box.width / 2 for x, _ in loop.points)
    assert 0 < far <= 40 and all(card.left < x < card.right for x, _ in loop.points)
    heights = [y - box.y for _, y in loop.points]
    assert heights[0] == -heights[-1] > 0 and abs(heights[0]) < box.height / 2
