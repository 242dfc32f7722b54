"""Padding is shown as padding, and zeros that a step makes are no inputs."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import weights
from tests.draw.recurrent import tanh_cell
from tests.each import each
from tinygraph.draw.colours import STATE

LENGTHS = [4, 2, 3]


def titles(picture):
    return [" ".join(p.text for p in b.title) for b in picture.boxes]


def padded(kind="RNN", last=False, steps=4, **options):
    cell = getattr(tg.cells, kind)(3, 4, rng=0)
    xs = np.random.default_rng(0).normal(size=(steps, 3, 3))
    ys, h = tg.unroll(cell, xs, **({"lengths": LENGTHS} | options))
    return sum(map(tg.sum, tg.core.structure.leaves(h))) if last else tg.sum(ys * ys)


@pytest.mark.parametrize("options", [{}, {"reverse": True}, {"lengths": None, "mask": np.ones((4, 3))}])
@each("kind", ["RNN", "GRU", "LSTM", "SCRN"])
def test_how_many_sequences_are_real_at_each_step(options, kind):
    options = dict(options)
    if "mask" in options:
        options["mask"] = np.arange(4)[:, None] < LENGTHS
    picture = tg.draw(padded(kind, **options), level="op").picture
    assert [b.token for b in picture.bands] == ["", "", "2 of 3 real", "1 of 3 real"]
    assert not any("real" in x for x in titles(picture)), "the mask is no input"
    kept = [b for b, title in zip(picture.boxes, titles(picture), strict=True) if title.endswith("kept in padding")]
    assert kept and all(" real" in b.below for b in kept)
    (end,) = [b for b in picture.boxes if b.title[0].text == "0 in padding"]
    assert "9 of 12 real" in end.below


def test_a_step_without_a_real_sequence_is_padding():
    picture = tg.draw(padded(steps=6, lengths=[2, 4, 1], last=True), level="op").picture
    told = [b.token for b in picture.bands if b.title != "after"]
    assert told == ["", "2 of 3 real", "1 of 3 real", "1 of 3 real", "padding", "padding"]
    told = tg.draw(padded(), tokens=["I", "like", "to", "play"]).picture
    assert [b.token for b in told.bands] == ["I", "like", "to · 2 of 3 real", "play · 1 of 3 real"]


def test_a_rolled_cell_counts_the_padding_of_all_steps():
    picture = tg.draw(padded(last=True), "rolled").picture
    (box,) = [b for b in picture.boxes if b.title[-1].text == "kept in padding"]
    assert "9 of 12 real" in box.below and box.role == "state"
    assert any(a.colour == STATE and picture.boxes[a.tail] is box for a in picture.arrows)


def test_of_an_encoder_and_a_decoder_only_what_is_padded():
    w = weights(A=(4, 3), B=(4, 4), C=(4, 3), D=(4, 4))

    def cell(inside, across):
        def step(x, h):
            h = tg.tanh(x @ inside.T + h @ across.T)
            return h, h

        return step

    xs = np.random.default_rng(0).normal(size=(4, 3, 3))
    _, h = tg.unroll(cell(w["A"], w["B"]), xs, np.zeros((3, 4)), lengths=LENGTHS)
    ys, _ = tg.unroll(cell(w["C"], w["D"]), xs, h)
    tokens = [b.token for b in tg.draw(tg.sum(ys), level="op").picture.bands]
    assert tokens == ["", "", "2 of 3 real", "1 of 3 real", "", "", "", ""]


def test_without_padding_nothing_is_said_of_it():
    for root in (padded(lengths=None), padded(lengths=[4, 4, 4])):
        assert "real" not in tg.draw(root).text() and "padding" not in tg.draw(root).text()


def test_a_mask_of_the_users_is_an_input():
    real = tg.constant(np.array([True, False]), name="real?")
    assert "real?" in titles(tg.draw(tg.sum(tg.where(real, tg.parameter(np.ones(2)), 0.0))).picture)


def with_zeros(where):
    """A cell that fills up its input with zeros, clips by zeros, or makes its first state itself."""
    w = weights(A=(4, 4), B=(4, 4))

    def cell(x, h):
        if where == "state":
            h = np.zeros(4) if h is None else h
        x = tg.concatenate([x, np.zeros(1)]) if where == "filled" else tg.concatenate([x, x[:1]])
        h = tg.tanh(w["A"] @ x + w["B"] @ h)
        h = tg.maximum(h, np.zeros(4)) if where == "clipped" else h
        return h, h

    first = None if where == "state" else np.zeros(4)
    return tg.sum(tg.unroll(cell, np.ones((4, 3)), first)[0])


@each("where", ["filled", "clipped"])
def test_zeros_made_within_a_step_are_no_inputs(where):
    for view in ("unrolled", "rolled"):
        picture = tg.draw(with_zeros(where), view).picture
        inputs = [titles(picture)[i] for i, b in enumerate(picture.boxes) if b.role == "input"]
        assert inputs == (["x₀", "x₁", "x₂", "x₃"] if view == "unrolled" else ["xₜ"])
        (start,) = [b for b in picture.boxes if b.title[0].text == "h₀"]
        assert start.role == "state"
        assert any("zeros" in x and x != "zeros" for x in titles(picture)), "the op says that it takes zeros"


def test_a_first_state_made_in_the_first_step_stays_a_state():
    for view in ("unrolled", "rolled"):
        picture = tg.draw(with_zeros("state"), view).picture
        assert [b.role for b in picture.boxes if b.title[0].text == "h₀"] == ["state"], view


def test_data_that_happens_to_be_zero_at_one_step_is_an_input():
    w, h, total = weights(B=(3, 3))["B"], tg.constant(np.zeros(3), name="h0"), 0.0
    for t in range(3):
        with tg.step(t):
            x = tg.constant(np.ones(3) * t, name=f"x{t}")
            h = tg.tanh(w @ h + x)
            total = total + tg.sum(h)
    assert [x for x in titles(tg.draw(total).picture) if x.startswith("x")] == ["x0", "x1", "x2"]


def test_a_cell_by_hand_is_as_before():
    w = weights(A=(4, 3), B=(4, 4))
    ys, _ = tg.unroll(tanh_cell(w["A"], w["B"]), np.ones((3, 3)), np.zeros(4))
    assert "h₀" in titles(tg.draw(tg.sum(ys)).picture)


def test_states_that_happen_to_be_zero_at_all_steps_are_boxes_still():
    """As those of a network whose last weights begin at zero."""
    w, h = weights(A=(3, 3)), tg.constant(np.zeros(3), name="h0")
    zero = tg.parameter(np.zeros((3, 3)), name="Z")
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(zero @ h + w["A"] @ tg.relu(zero @ h))
    ops = [box.node.op.name for box in tg.draw(h, level="op").picture.boxes if box.node is not None and box.node.op]
    assert ops.count("tanh") == 3 and ops.count("relu") == 3 and ops.count("matmul") == 9


def test_parameters_of_zeros_made_within_steps_are_parameters():
    h = tg.constant(np.ones(3), name="h0")
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(h + tg.parameter(np.zeros(3)))
    drawn = tg.draw(h, level="op").picture
    chips = [part.text for box in drawn.boxes for part in box.title if part.kind == "chip"]
    assert len(chips) == len(drawn.uses) == 3
