"""Each state of a step is one sheet and one panel; what padding keeps and what resets replace is no step's own."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.maps.seen import blocks, close, matrix
from tests.draw.views.test_flow import norms, texts
from tests.each import each

R = np.random.default_rng(5)
W, U, XS = R.normal(size=(3, 4)) * 0.5, R.normal(size=(4, 4)) * 0.5, R.normal(size=(6, 2, 3))
ZEROS = np.zeros((2, 4))


def simple(**options):
    """The outputs and the last state of tanh(x W + s U)."""
    w, u = tg.parameter(W, "W"), tg.parameter(U, "U")

    def cell(x, s):
        s = np.tanh(x @ w + s @ u)
        return s, s

    return tg.unroll(cell, XS, ZEROS, **options)


def by_hand(begins=()):
    states, s = [], ZEROS
    for t, x in enumerate(XS):
        s = np.where(begins[t][:, None], 0.0, s) if len(begins) else s
        s = np.tanh(x @ W + s @ U)
        states.append(s)
    return np.array(states)


def back(states, t, g, floor):
    """Norms of the gradient g of the loss at t with respect to the states from t to ``floor``, (B,) first steps."""
    norms = {}
    for s in range(t, -1, -1):
        g = g * (s >= floor)[:, None]
        norms[t, s] = np.linalg.norm(g)
        g = ((1 - states[s] ** 2) * g) @ U.T
    return norms


def tiles(picture):
    return {(t, s): x for (_, t, s), x in norms(picture).items()}


def two_states(x, s):
    a, b = s
    return a, (np.tanh(a @ two_states.u + x @ two_states.w + b), np.tanh(b @ two_states.u + x @ two_states.w))


def test_two_states_of_which_one_is_read_a_step_later_are_two():
    two_states.w, two_states.u = tg.parameter(W, "W"), tg.parameter(U, "U")
    ys, _ = tg.unroll(two_states, XS, (ZEROS, ZEROS))
    a, b, states = ZEROS, ZEROS, ([], [])
    for x in XS:
        a, b = np.tanh(a @ U + x @ W + b), np.tanh(b @ U + x @ W)
        states[0].append(a[0])
        states[1].append(b[0])
    seen = [matrix(x) for x in blocks(tg.draw(tg.mean(ys**2), "states")).values()]
    assert len(seen) == 2
    for shown in seen:
        assert any(close(shown, np.array(x).T[:, : shown.shape[1]]) for x in states)


@each("name", ["LEM", "coRNN", "UnICORNN", "SCRN", "LMU", "LSTM"])
@each("kept", [False, True])
def test_every_state_of_a_cell_of_the_library_has_a_sheet_and_a_panel(name, kept):
    cell = getattr(tg.cells, name)(3, 4, rng=0, dtype=np.float64)
    count = len(tg.core.structure.leaves(cell.initial_state(2)))
    loss = tg.mean(tg.unroll(tg.cells.Zoneout(cell, 0.3, rng=1) if kept else cell, XS)[0] ** 2)
    assert len(blocks(tg.draw(loss, "states"))) == count
    assert len([x for x in texts(tg.draw(loss, "flow").picture) if x.startswith(name)]) == count


def test_flow_of_padded_sequences_counts_what_is_real_alone():
    lengths = np.array([6, 4])
    states, loss = by_hand(), tg.sum(simple(lengths=lengths)[0]) * 0.5
    right = {}
    for t in range(6):
        g = 0.5 * np.ones((2, 4)) * (t < lengths)[:, None]
        right |= back(states, t, g, np.zeros(2))
    assert tiles(tg.draw(loss, "flow").picture) == {k: pytest.approx(x, rel=1e-3) for k, x in right.items()}


def test_a_loss_of_the_last_states_of_padded_sequences_has_no_verdict():
    for lengths, word in (([12, 3], True), ([3, 3], True), ([12, 12], False)):
        w, u = tg.parameter(W, "W"), tg.parameter(U, "U")
        xs = np.random.default_rng(1).normal(size=(12, 2, 3))
        _, h = tg.unroll(lambda x, s: (s, np.tanh(x @ w + s @ u)), xs, ZEROS, lengths=lengths)  # noqa: B023
        told = tg.draw(tg.mean(h**2), "flow").text()
        assert ("no verdict, sequences end before the loss" in told) == word, told


@each("item", [0, 1])
def test_rows_that_start_anew_are_no_padding(item):
    begins = np.zeros((6, 2), bool)
    begins[3, 1] = begins[5, 0] = True
    loss, right = tg.mean(simple(reset=begins, reset_to=ZEROS)[0] ** 2), by_hand(begins)
    drawn = tg.draw(loss, "states", item=item)
    (shown,) = blocks(drawn).values()
    assert close(matrix(shown), right[:, item].T) and "padding" not in drawn.text()
    assert "padding" not in tg.draw(loss, "saliency", item=item).text()
    picture = tg.draw(loss, level="op").picture
    assert [b.token for b in picture.bands] == ["", "", "", "1 of 2 start anew", "", "1 of 2 start anew"]
    assert not [x for x in picture.boxes if x.title[0].text in ("reset", "where", "start anew")]
    assert "2 个中 1 个重新开始" in tg.draw(loss, level="op", lang="zh").text()


def test_a_learned_start_and_rows_that_all_start_anew_are_drawn():
    begins = np.zeros((6, 2), bool)
    begins[3, 1] = True
    for reset, start, count in ((begins, tg.parameter(np.ones((2, 4)), "start"), 1), (begins.any(1), ZEROS, 2)):
        loss = tg.mean(simple(reset=np.broadcast_to(reset.reshape(6, -1), (6, 2)), reset_to=start)[0] ** 2)
        (box,) = [x for x in tg.draw(loss, level="op").picture.boxes if "start anew" in str(x.title)]
        assert box.role == "state" and f"{count} of 2 start anew" in box.below


def test_flow_does_not_pass_where_rows_start_anew():
    begins = np.zeros((6, 2), bool)
    begins[3, 1] = True
    states, loss = by_hand(begins), tg.sum(simple(reset=begins, reset_to=ZEROS)[0]) * 0.5
    right = {}
    for t in range(6):
        right |= back(states, t, 0.5 * np.ones((2, 4)), np.array([0, 3 if t >= 3 else 0]))
    assert tiles(tg.draw(loss, "flow").picture) == {k: pytest.approx(x, rel=1e-3) for k, x in right.items()}


def test_a_state_that_all_rows_begin_anew_is_one() -> None:
    begins = np.zeros((6, 2), bool)
    begins[2::2] = True
    loss = tg.mean(simple(reset=begins, reset_to=ZEROS)[0] ** 2)
    (shown,) = blocks(tg.draw(loss, "states")).values()
    assert close(matrix(shown), by_hand(begins)[:, 0].T)
    assert len({name for name, _, _ in norms(tg.draw(loss, "flow").picture)}) == 1
