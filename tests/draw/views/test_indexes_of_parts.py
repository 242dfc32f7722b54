"""Which part of an array a step reads: its own in a column, that of any step t on a card."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import weights

IDS = [2, 0, 1, 2]


def network(read):
    """h = tanh(what is read at t + B h), over four steps."""
    w = weights(B=(4, 4), X=(4, 4), E=(3, 4))
    data, computed = tg.constant(np.arange(20.0).reshape(5, 4) / 20, name="C"), tg.tanh(w["X"], name="R")
    h, total = tg.constant(np.zeros(4), name="h0"), 0.0
    for t in range(4):
        with tg.step(t):
            h = tg.tanh(read(t, w | {"C": data, "R": computed}) + w["B"] @ h)
        total = total + tg.sum(h)
    return total


def said(root, view):
    picture = tg.draw(root, view, level="op").picture
    titles = [" ".join(p.text for p in b.title) for b in picture.boxes] + [n.text for n in picture.notes]
    return " | ".join(titles)


@pytest.mark.parametrize(
    ("read", "first", "last", "any_time"),
    [
        (lambda t, w: w["X"][t], "X[0]", "X[3]", "X[t]"),
        (lambda t, w: w["X"][:, t], "X[:, 0]", "X[:, 3]", "X[:, t]"),
        (lambda t, w: w["X"][t - 1], "X[-1]", "X[2]", "X[t−1]"),
        (lambda t, w: w["X"].T[t], "X.T[0]", "X.T[3]", "X.T[t]"),
        (lambda t, w: w["X"][t : t + 1][0], "X[0:1][0]", "X[3:4][0]", "X[t:t+1][0]"),
        (lambda t, w: w["E"][IDS[t]], "E[2]", "E[1]", "E[xₜ]"),
        (lambda t, w: w["X"][2], "X[2]", "X[2]", "X[2]"),
        (lambda t, w: w["C"][t : t + 2].sum(axis=0), "C[0:2]", "C[3:5]", "C[t:t+2]"),
    ],
)
def test_a_part_of_an_array_at_each_step_and_at_any(read, first, last, any_time):
    root = network(read)
    assert first in said(root, "unrolled") and last in said(root, "unrolled")
    rolled = tg.draw(root, "rolled").picture
    assert [band.times for band in rolled.bands] == [4], "what reads another part at each step is one card"
    assert any_time in said(root, "rolled")
    assert any_time == first or first not in said(root, "rolled").split("|")[0]


@pytest.mark.parametrize(
    ("read", "tag"),
    [
        (lambda t, w: w["R"][t], "t"),
        (lambda t, w: w["R"][:, t], "t"),
        (lambda t, w: w["R"][t : t + 1][0], "t:t+1, 0"),
        (lambda t, w: w["R"][2], "2"),
    ],
)
def test_a_tag_at_an_arrow_of_a_card_is_for_any_step(read, tag):
    notes = [n.text for n in tg.draw(network(read), "rolled").picture.notes]
    assert tag in notes and not {"0", "1", "3", "2:3, 0"} & {*notes} and ("2" in notes) == (tag == "2")


def test_slices_of_one_weight_for_several_gates_stay_apart():
    w = weights(W=(8, 4))

    def cell(x, h):
        z, n = tg.sigmoid(w["W"][:4] @ h), tg.tanh(w["W"][4:8] @ h + x)
        h = z * n
        return h, h

    root = tg.sum(tg.unroll(cell, np.ones((3, 4)), np.zeros(4))[0])
    for view in ("unrolled", "rolled"):
        text = said(root, view)
        assert "W[:4]" in text and "W[4:8]" in text
