"""The flow view: gradients of the loss at each step with respect to the state at each step."""

import re

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.flowing import linear, loss_in_the_state, sliding, stack_of_five, two_outputs
from tests.draw.networks import both_ways, lstm, perceptron, word_rnn
from tests.draw.recurrent import encoder_decoder, gru, uneven
from tinygraph.core.graph import ancestors
from tinygraph.draw.norms.heat import ODD, ZERO
from tinygraph.draw.norms.states import states
from tinygraph.draw.shown.folding import fold


def tiles(picture):
    """Of each (state, t, s) the tile."""
    form = re.compile(r"‖∂ loss at (\d+) / ∂ (.+) at (\d+)‖")
    found = {}
    for tile in picture.tiles:
        if m := form.match(tile.tip):
            found[m[2], int(m[1]), int(m[3])] = tile
    return found


def norms(picture):
    return {key: float(tile.tip.rpartition("= ")[2]) for key, tile in tiles(picture).items()}


def texts(picture):
    return [note.text for note in picture.notes]


def test_a_tile_is_a_product_of_jacobians():
    """Against numpy alone: V^T (p - y) / T, carried back by W^T diag(1 - h^2)."""
    steps, root = 5, word_rnn(5)
    by_name = {x.name: x.value for x in ancestors([root]) if x.name}
    w, v = by_name["W"], by_name["V"]
    found = norms(tg.draw(root, "flow").picture)
    assert len(found) == steps * (steps + 1) // 2
    for t in range(1, steps + 1):
        score = np.exp(v @ by_name[f"h{t}"])
        g = v.T @ (score / score.sum() - np.eye(5)[t % 5]) / steps
        for s in range(t, 0, -1):
            assert found["h", t, s] == pytest.approx(np.linalg.norm(g), rel=1e-3)
            g = w.T @ ((1 - by_name[f"h{s}"] ** 2) * g)


def test_losses_on_stacked_outputs_are_told_apart_by_step():
    """An LSTM with one loss op outside of time: each row is the gradient of that step's part of the mean alone."""
    root = lstm(4)
    scores = next(x for x in ancestors([root]) if x.op is not None and x.op.name == "softmax_cross_entropy")
    h, c = states(fold([root]), [root])
    assert (h.name, c.name) == ("h", "c")
    found = norms(tg.draw(root, "flow").picture)
    for t in range(4):
        own = np.zeros(scores.shape)
        own[t] = 1 / scores.size
        for state in (h, c):
            for s in range(t + 1):
                g = tg.grad(scores, state.at[s][0], own).value
                assert found[state.name, t, s] == pytest.approx(np.linalg.norm(g), rel=1e-3)


def test_a_state_does_not_hear_from_losses_before_it():
    assert {(t, s) for _, t, s in tiles(tg.draw(word_rnn(4), "flow").picture)} == {
        (t, s) for t in range(1, 5) for s in range(1, t + 1)
    }
    drawn = tg.draw(both_ways(4), "flow").picture
    assert {"forward · h", "backward · h"} <= set(texts(drawn))
    upper = tiles(tg.draw(stack_of_five(), "flow").picture)
    assert {(t, s) for name, t, s in upper if name == "layer 1 · h"} == {(t, s) for t in range(3) for s in range(t + 1)}
    assert all(float(tile.text) for tile in upper.values()), (
        "a stack hands zeros to the states after t: they are no answer"
    )
    found = {name: {(t, s) for x, t, s in tiles(drawn) if x == f"{name} · h"} for name in ("forward", "backward")}
    assert found["forward"] == {(t, s) for t in range(4) for s in range(t + 1)}
    assert found["backward"] == {(t, s) for t in range(4) for s in range(t, 4)}


def test_behind_a_cut_all_is_zero():
    drawn = tg.draw(word_rnn(6, cut=2), "flow").picture
    for (_, t, s), tile in tiles(drawn).items():
        assert (tile.fill == ZERO) == ((t - 1) // 2 != (s - 1) // 2), (t, s)
    x = {s: tile.x for (_, _, s), tile in tiles(drawn).items()}
    first, second = sorted(cut.x for cut in drawn.cuts)
    assert x[2] < first < x[3] and x[4] < second < x[5] and not any(cut.badge for cut in drawn.cuts)
    assert "k = 2" in drawn.subtitle and texts(drawn).count("cut") == 2
    assert "gradient exactly 0" in tg.draw(word_rnn(6, cut=2), "flow").source
    assert "gradient exactly 0" not in tg.draw(word_rnn(6), "flow").source


def test_truncate_cuts_a_graph_that_has_no_cuts():
    assert norms(tg.draw(lstm(6), "flow", truncate=2).picture) == norms(tg.draw(lstm(6, truncate=2), "flow").picture)
    assert norms(tg.draw(lstm(6), "flow").picture) != norms(tg.draw(lstm(6, truncate=2), "flow").picture)


def test_one_answer_at_the_end_is_a_single_row():
    for root, last in ((uneven(5), 4), (linear(0.9, 7, loss_at_end=True), 7), (two_outputs(slice(3, 4)), 3)):
        found = tiles(tg.draw(root, "flow").picture)
        assert {t for _, t, _ in found} == {last} and max(s for _, _, s in found) == last
        assert len({round(tile.y - tile.height / 2, 6) for tile in found.values()}) == 1, "bars on a line"


def test_a_decoder_hears_from_all_of_its_encoder():
    drawn = tg.draw(encoder_decoder(5, 3), "flow").picture
    assert {"encoder · h", "decoder · s"} <= set(texts(drawn))
    assert {(t, s) for name, t, s in tiles(drawn) if name == "encoder · h"} == {
        (t, s) for t in range(3) for s in range(5)
    }


def test_windows_that_slide_reach_back_a_fixed_number_of_steps():
    drawn = tg.draw(sliding(), "flow").picture
    found = norms(drawn)
    assert {(t, s) for (_, t, s), x in found.items() if x} == {
        (t, s) for t in range(6) for s in range(max(t - 2, 0), t + 1)
    }
    assert {name for name, _, _ in found} == {"h"}


@pytest.mark.parametrize(
    "factor, steps, word, pace",
    [
        (1.5, 8, "exploding: × 1.5", "10-fold more every 5.7 steps"),
        (0.5, 8, "vanishing: × 0.50", "10-fold less every 3.3 steps"),
        (0.02, 8, "vanishing: × 0.020", "50-fold less each step"),
        (0.8, 8, "falling: × 0.80", "10-fold less every 10 steps"),
        (1.0, 8, "steady: × 1.0", None),
        (0.97, 200, "vanishing: × 0.97", "10-fold less every 76 steps"),
        (1.2, 8, "growing: × 1.2", "10-fold more every 13 steps"),
    ],
)
@pytest.mark.parametrize("loss_at_end", [False, True])
def test_the_pace_is_put_into_words(factor, steps, word, pace, loss_at_end):
    drawing = tg.draw(linear(factor, steps, loss_at_end), "flow")
    told = texts(drawing.picture)
    assert f"{word} a step" in told and (pace is None or pace in told)
    assert any("10-fold" in x or "-fold" in x for x in told) == (pace is not None)
    assert drawing.text().startswith(f"h: {word} a step")


def test_numbers_stand_in_the_tiles_up_to_ten_steps():
    assert all(tile.text for tile in tiles(tg.draw(word_rnn(10), "flow").picture).values())
    assert not any(tile.text for tile in tiles(tg.draw(word_rnn(11), "flow").picture).values())


def test_more_steps_than_calls_may_be_nested_are_drawn(deepest):
    assert len(tg.draw(word_rnn(deepest + 50), "flow").picture.tiles) < 64 * 64


def test_what_is_no_number_is_violet():
    w, h, total = tg.parameter(np.eye(2) * 0.5), tg.constant(np.ones(2)), 0.0
    with np.errstate(all="ignore"):
        for t in range(4):
            with tg.step(t):
                h = tg.tanh(w @ h) if t != 2 else tg.tanh(w @ tg.log(h - 5.0))
                loss = tg.sum(h)
            total = total + loss
    drawn = tg.draw(total, "flow").picture
    assert {key[1] for key, tile in tiles(drawn).items() if tile.fill == ODD} == {2, 3}
    assert drawn.scale is not None and np.isfinite(drawn.scale).all() and "NaN or infinite" in texts(drawn)


def test_losses_added_up_in_the_state_are_told_apart_by_step():
    found = norms(tg.draw(loss_in_the_state(), "flow").picture)
    assert set(found) == {("h", t, s) for t in range(5) for s in range(t + 1)}


def test_a_loss_that_reaches_no_state_is_zero_everywhere():
    outputs, _ = tg.unroll(tg.cells.GRU(3, 3, rng=0), np.ones((4, 2, 3), np.float32))
    text = tg.draw(tg.sum(outputs * 0.0), "flow").text()
    assert "gradient exactly 0" in text and "loss at 3" in text


@pytest.mark.parametrize("size", [3, 4])
def test_what_is_fed_back_is_a_state_of_its_own(size):
    """Both are made by tanh, and the one has a step less than the other, as windows have."""
    w = tg.parameter(np.full((3, size), 0.2))

    def cell(x, h):
        h = tg.tanh(x @ w + h)
        return h, h

    outputs, _ = tg.unroll(cell, np.ones((4, 2, 3)), np.zeros((2, size)), feedback=lambda y: tg.tanh(y[..., :3]))
    loss = tg.sum(outputs * outputs)
    h, fed = states(fold([loss]), [loss])
    assert {x.shape for nodes in h.at.values() for x in nodes} == {(2, size)} and list(h.at) == [0, 1, 2, 3]
    assert {x.shape for nodes in fed.at.values() for x in nodes} == {(2, 3)} and list(fed.at) == [0, 1, 2]


def test_at_most_four_states_are_shown():
    drawn = tg.draw(stack_of_five(), "flow").picture
    assert sum(text.startswith("layer") for text in texts(drawn)) == 4 and "the first 4 of 5 states" in drawn.subtitle


def test_tokens_stand_at_both_axes():
    told = texts(tg.draw(word_rnn(3), "flow", tokens=["I", "like", "<b>"]).picture)
    assert told.count("like") == 1 and told.count("like  2") == 1 and "<b>  3" in told
    with pytest.raises(tg.GraphError, match="tokens"):
        tg.draw(word_rnn(3), "flow", tokens=["I"])
    parted = texts(tg.draw(encoder_decoder(4, 3), "flow", tokens=list("abcdefg")).picture)
    assert [x for x in parted if x in [*"abcdefg"]] == [*"abcdefg"], "of the encoder's state, then of the decoder's"
    assert [x for x in parted if "  " in x] == ["g  2", "f  1", "e  0"] * 2, "losses are the decoder's"


def test_the_picture_is_written_alike_each_time_and_explains_only_what_it_shows():
    root = gru(5)
    source = tg.draw(root, "flow", title="GRU").source
    assert source == tg.draw(root, "flow", title="GRU").source
    assert "red arrows" not in source and "log scale" in source and "BPTT" not in source
    assert "red arrows" in tg.draw(root, gradients=True).source


@pytest.mark.parametrize("root", [word_rnn(4), word_rnn(200), lstm(30), both_ways(12)])
def test_the_text_is_a_matrix_of_100_columns(root):
    lines = tg.draw(root, "flow", title="net").text().splitlines()
    assert lines[0] == "net" and max(map(len, lines)) <= 100
    assert any(line.startswith("  loss at") for line in lines)


def test_the_numbers_of_the_text_are_those_of_the_tiles():
    drawing = tg.draw(word_rnn(3), "flow")
    rows = [line.split() for line in drawing.text().splitlines()]
    found = tiles(drawing.picture)
    assert rows[1] == ["loss", "at", "3", *(found["h", 3, s].text for s in (1, 2, 3))]
    assert rows[3] == ["loss", "at", "1", found["h", 1, 1].text] and rows[4] == ["h", "at", "1", "2", "3"]


def test_a_parameter_set_since_is_noticed_in_and_outside_of_time():
    for name, root in (("W", word_rnn(3)), ("V", word_rnn(3)), ("V", two_outputs())):
        parameter = next(x for x in ancestors([root]) if x.name == name)
        parameter.value = parameter.value + 1.0
        with pytest.raises(tg.GraphError, match="was set after"):
            tg.draw(root, "flow")


def by_hand(alike, backwards, count=5):
    """Steps by a plain loop, from the last to the first or the other way, with a loss at each."""
    w = [tg.parameter(np.eye(3) * (1 if alike else 1 + k / 10), name="" if alike else f"w{k}") for k in range(count)]
    steps = range(count)[:: -1 if backwards else 1]
    h, total = tg.constant(np.full(3, 0.2)), 0.0
    for k, t in enumerate(steps):
        with tg.step(t):
            h = (tg.tanh, tg.sin, tg.sigmoid, tg.square, tg.exp)[0 if alike else k % 5](w[0 if alike else k] @ h)
            loss = tg.sum(h * (1.0 + k))
        total = total + loss
    return total


@pytest.mark.parametrize("alike", [True, False], ids=["the same at each step", "other ops at each step"])
def test_states_run_backwards_by_hand_are_the_mirror_image(alike):
    """The loss at t reaches the states from t on to later times, which come before it in the loop."""
    found, mirror = (norms(tg.draw(by_hand(alike, b), "flow").picture) for b in (True, False))
    last = 0 if alike else 1  # what the last step hands on to none is a state where all steps are alike
    assert {(t, s) for _, t, s in found} == {(t, s) for t in range(5) for s in range(max(t, last), 5)}
    assert {(4 - t, 4 - s): x for (_, t, s), x in found.items()} == {(t, s): x for (_, t, s), x in mirror.items()}
    root = by_hand(alike, True)
    (state,) = states(fold([root]), [root])
    assert state.turn == -1 and list(state.at) == [0, 1, 2, 3, 4][last:]
    text, back = (tg.draw(by_hand(alike, b, 9), "flow").text() for b in (False, True))
    assert text.splitlines()[0] == back.splitlines()[0] and "a step" in back.splitlines()[0]
    drawn = tg.draw(by_hand(alike, True), "flow").picture
    x = {s: tile.x for (_, _, s), tile in tiles(drawn).items()}
    assert [x[s] for s in range(last, 5)] == sorted(x.values()), "time still runs to the right"


def test_what_cannot_be_drawn_is_told():
    with pytest.raises(tg.GraphError, match=r"tg\.unroll or with tg\.step"):
        tg.draw(perceptron(), "flow")
    with tg.step(1):
        alone = tg.sum(tg.tanh(tg.parameter(np.ones(2))))
    with pytest.raises(tg.GraphError, match="no state crosses"):
        tg.draw(alone, "flow")
    with pytest.raises(tg.GraphError, match="one loss of one element"):
        tg.draw([word_rnn(2), word_rnn(2)], "flow")
    compiled = tg.compile(lambda x: tg.sum(x * x))
    compiled(np.ones(2))
    with pytest.raises(tg.GraphError, match="compiled"):
        tg.draw(compiled.graph(), "flow")
    with pytest.raises(tg.GraphError, match="computes its gradients"):
        tg.draw(word_rnn(2), "flow", gradients={})
    with pytest.raises(tg.GraphError, match="stop_gradient"):
        tg.draw(tg.stop_gradient(word_rnn(2)) * tg.parameter(1.0), "flow")
