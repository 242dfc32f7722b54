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


def anew(rows, layers=1, **options):
    own = [tg.cells.LSTM, 3, 4]
    cell = tg.cells.Stack.of(*own, num_layers=layers, rng=0) if layers > 1 else own[0](3, 4, rng=0)
    xs = np.random.default_rng(0).normal(size=(6, 2, 3)).astype(np.float32)
    return tg.mean(tg.unroll(cell, xs, reset=rows, **options)[0] ** 2)


def test_rolled_says_at_which_steps_rows_start_anew_and_from_what() -> None:
    one, row = np.zeros((6, 2), bool), np.zeros((6, 2), bool)
    one[2] = row[2, 0] = True
    s = tuple(tg.parameter(np.full((2, 4), k), name=name) for k, name in ((0.1, "h_own"), (0.2, "c_own")))
    for rows, options, start in ((row, {}, ""), (row, {"reset_to": s}, "own"), (one, {}, "0")):
        drawn = tg.draw(anew(rows, **options), "rolled").picture
        assert drawn.subtitle.endswith("; rows start anew at t = 2")
        (card,) = drawn.bands
        boxes = [b for b, x in zip(drawn.boxes, titles(drawn), strict=True) if "start anew" in x]
        assert all(card.left < b.x < card.right and card.foot < b.y < card.top for b in boxes)
        assert [x.endswith(start) for x in titles(drawn) if "start anew" in x] == [True] * 2 * bool(start)
        back = [x for x in drawn.arrows if x.colour == STATE and drawn.boxes[x.tail] in boxes]
        assert len(back) == 2 * bool(start) and all(x.dashed for x in back)
        assert sum(title.startswith(("hₜ₋₁ @", "fₜ * cₜ₋₁")) for title in titles(drawn)) == 2
    assert "在 t = 2 处" in tg.draw(anew(row), "rolled", lang="zh").picture.subtitle
    assert "rows start anew" not in tg.draw(padded(), "rolled").picture.subtitle
    many = tg.unroll(tg.cells.RNN(3, 4, rng=0), np.ones((13, 3), np.float32), reset=np.ones(13, bool))[0]
    told = tg.draw(tg.sum(many), "rolled").picture.subtitle
    assert "; rows start anew at t = 0, 1, 2, 3, 4, " in told and told.endswith("…")


def test_states_that_start_anew_are_drawn_among_dots() -> None:
    """The dots of a step may stand for what reads those of a later one."""
    rows = np.zeros((6, 2), bool)
    rows[2, 0] = rows[4] = True
    for steps in ([0, 1, -1], [0, -1], [0, 4]):
        assert tg.draw(anew(rows, layers=2), level="op", steps=steps).picture.boxes


@pytest.mark.parametrize("truncate", [None, 2])
def test_how_padded_sequences_are_turned_round_is_no_op(truncate) -> None:
    cell = tg.cells.Bidirectional(tg.cells.GRU(3, 4, rng=0), tg.cells.GRU(3, 4, rng=1))
    xs = np.random.default_rng(0).normal(size=(6, 2, 3)).astype(np.float32)
    loss = tg.mean(tg.unroll(cell, xs, lengths=[6, 4], truncate=truncate)[0] ** 2)
    boxes = tg.draw(loss, level="op").picture.boxes
    assert {b.node.dtype.kind for b in boxes if b.node is not None} == {"f"}
    counts = tg.constant(np.arange(6)) + 1
    assert "[ids 6]" in str(titles(tg.draw(tg.sum(tg.parameter(np.ones((9, 2)), "E")[counts])).picture))
