"""truncate= in pictures: the same cuts as those of unroll, and the table that compares with all of time."""

import itertools
import re

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import lstm, weights, word_rnn
from tests.draw.recurrent import encoder_decoder, tanh_cell
from tests.each import each
from tinygraph.core.graph import ancestors
from tinygraph.core.leaves import Parameter
from tinygraph.draw.shown.folding import fold
from tinygraph.draw.shown.truncation import crossings, spacing, truncated

STEPS = 7


def both_ways(steps, truncate=None):
    w = weights(A=(4, 3), B=(4, 4), V=(2, 8))
    cell = tanh_cell(w["A"], w["B"])
    xs = np.random.default_rng(3).normal(size=(steps, 3))
    forward, _ = tg.unroll(cell, xs, np.zeros(4), truncate=truncate)
    backward, _ = tg.unroll(cell, xs, np.zeros(4), truncate=truncate, reverse=True)
    return tg.mean(tg.square(tg.concatenate([forward, backward], axis=1) @ w["V"].T))


def uneven_ways(steps, truncate=None):
    """A reversed cell over the first steps alone: it starts from its own end, not from the last step of all."""
    w = weights(A=(4, 3), B=(4, 4), C=(4, 3), D=(4, 4))
    xs = np.random.default_rng(4).normal(size=(steps, 3))
    forward, _ = tg.unroll(tanh_cell(w["A"], w["B"]), xs, np.zeros(4), truncate=truncate)
    backward, _ = tg.unroll(tanh_cell(w["C"], w["D"]), xs[:-2], np.zeros(4), truncate=truncate, reverse=True)
    return tg.mean(forward) + tg.mean(backward)


def late_cell(steps, truncate=None):
    """A second cell that starts when the first has run for three steps, and counts from there."""
    w, total = weights(A=(3, 3), B=(3, 3)), 0
    for name, first in (("A", 0), ("B", 3)):
        h = tg.constant(np.linspace(0, 1, 3))
        for t in range(first, first + steps):
            with tg.step(t):
                h = tg.tanh(
                    w[name] @ (tg.stop_gradient(h) if truncate and t > first and (t - first) % truncate == 0 else h)
                )
        total = total + tg.sum(h)
    return total


NETWORKS = {"rnn": word_rnn, "lstm": lstm, "both ways": both_ways, "uneven ways": uneven_ways, "late": late_cell}


def gradients(loss):
    parameters = [x for x in ancestors([loss]) if isinstance(x, Parameter)]
    return {x.name: g.value for x, g in zip(parameters, tg.grad(loss, parameters), strict=True)}


def same(loss, other):
    one, two = gradients(loss), gradients(other)
    assert one.keys() == two.keys()
    return all(np.abs(one[k] - two[k]).max() <= 1e-12 for k in one)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("k", [1, 2, 3, 5, 6])
def test_gradients_are_those_of_a_graph_unrolled_with_cuts(name, k):
    make = NETWORKS[name]
    loss, cut = make(STEPS), make(STEPS, k)
    new = truncated([loss], k)[loss]
    assert same(new, cut)
    assert k > 4 or not same(loss, cut), "the cuts change nothing, and the test could not fail"


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("before, k", [(3, 2), (2, 2), (2, 3), (1, None)])
def test_cuts_that_are_there_go_first(name, before, k):
    loss = NETWORKS[name](STEPS, before)
    assert same(truncated([loss], k)[loss], NETWORKS[name](STEPS, k))


def test_a_cut_within_a_step_is_the_users_own():
    def network(cut, inside):
        w, h, total = weights(A=(3, 3), V=(2, 3)), tg.constant(np.ones(3)), 0
        for t in range(4):
            with tg.step(t):
                h = tg.stop_gradient(h) if cut and t % 2 == 0 and t else h
                h = tg.tanh(w["A"] @ h)
                seen = tg.stop_gradient(h) if inside else h
                total = total + tg.softmax_cross_entropy(w["V"] @ (h * seen), np.array(t % 2))
        return total

    loss = network(cut=True, inside=True)
    assert same(truncated([loss], None)[loss], network(cut=False, inside=True))
    assert not same(network(cut=False, inside=True), network(cut=False, inside=False))


def test_what_an_encoder_hands_over_and_sums_of_losses_stay():
    loss = encoder_decoder(5, 3)
    cut = [x for x in crossings(fold([loss]), [loss]) if x.passes(1)]
    assert len(cut) == 4 + 2, "the arrow from the encoder's last step to the decoder's first is none of them"
    w, h, total = tg.parameter(0.7), tg.constant(1.0), tg.constant(0.0)
    for t in range(4):
        with tg.step(t):
            h = tg.tanh(w * h)
            total = total + tg.squared_error(h, np.array(1.0))
    alone = sum(
        np.array(1 - np.tanh(0.7 * x.item()) ** 2) * x.item() * 2 * (np.tanh(0.7 * x.item()) - 1)
        for x in states(total, h)
    )
    assert gradients(truncated([total], 1)[total])[None] == pytest.approx(alone, rel=1e-12)


def states(total, last):
    """What each step of the network above starts from."""
    found = [tg.constant(1.0), *(x for x in ancestors([total]) if x.op is not None and x.op.name == "tanh")]
    assert found[-1] is last
    return found[:-1]


def test_the_new_graph_shares_leaves_and_looks_the_same():
    loss = word_rnn(4)
    new = truncated([loss], 2)[loss]
    assert {x for x in ancestors([loss]) if x.op is None} == {x for x in ancestors([new]) if x.op is None}
    old, drawn = tg.draw(loss).picture, tg.draw(loss, truncate=2).picture
    assert [(b.x, b.y, b.title, b.below, b.tip) for b in old.boxes] == [
        (b.x, b.y, b.title, b.below, b.tip) for b in drawn.boxes
    ]
    assert not old.cuts and len(drawn.cuts) == 1
    assert drawn.cuts[0].x == pytest.approx((drawn.bands[1].right + drawn.bands[2].left) / 2)
    assert new.value is loss.value and truncated([loss], None)[loss] is loss


def test_the_picture_is_that_of_a_graph_cut_by_hand():
    by_hand = tg.draw(word_rnn(4, cut=2), gradients=True).source
    assert tg.draw(word_rnn(4), truncate=2, gradients=True).source == by_hand
    assert tg.draw(word_rnn(4), truncate=4, gradients=True).source == tg.draw(word_rnn(4), gradients=True).source


@pytest.mark.parametrize("k", [1, 2, 4])
@pytest.mark.parametrize("view", ["unrolled", "flow"])
def test_a_cell_with_two_states_stays_one_loop(view, k):
    """The state that is made first in a step was cut before the step's other ops: phases of two steps each."""
    assert tg.draw(lstm(6), view, truncate=k).source == tg.draw(lstm(6, truncate=k), view).source


def test_gradients_given_by_node_go_over_to_the_new_graph():
    loss = word_rnn(3)
    nodes = [x for x in ancestors([loss]) if x.dtype.kind == "f"]
    drawn = tg.draw(loss, truncate=1, gradients={x: np.full(x.shape, 2.0) for x in nodes}).picture
    assert {b.norm for b in drawn.boxes if b.title[0].text.startswith("h")} == {2 * 6**0.5}
    assert len(drawn.cuts) == 2 and {u.full for u in drawn.uses} == {None}, "there is nothing to differentiate"


@pytest.mark.parametrize("options", [{}, {"truncate": 3}])
def test_the_table_compares_with_gradients_through_all_of_time(options):
    loss = lstm(6, None if options else 3)
    cut, full = gradients(lstm(6, 3)), gradients(lstm(6))
    picture = tg.draw(loss, gradients=True, level="op", **options).picture
    assert picture.subtitle == "truncated BPTT, k = 3" and picture.truncation == "k=3"
    for use in picture.uses:
        assert float(use.norm) == pytest.approx(np.linalg.norm(cut[use.name]), rel=0.05)
        assert float(use.full) == pytest.approx(np.linalg.norm(full[use.name]), rel=0.05)
    assert [u.norm == u.full for u in picture.uses] != [True] * len(picture.uses)
    source = tg.draw(loss, gradients=True, **options).source
    assert "‖∂‖ k=3" in source and "full BPTT" in source
    assert "full BPTT" not in tg.draw(loss, **options).source, "no gradients, nothing to compare"
    assert "full BPTT" not in tg.draw(lstm(6), gradients=True).source


def test_cuts_in_no_regular_order_are_said_to_be_cuts():
    h, w = tg.constant(np.ones(2)), tg.parameter(np.eye(2), name="W")
    for t in range(6):
        with tg.step(t):
            h = tg.tanh(w @ (tg.stop_gradient(h) if t in (1, 4) else h))
    loss = tg.sum(h)
    assert spacing(crossings(fold([loss]), [loss])) == 0
    assert "‖∂‖ cut" in tg.draw(loss, gradients=True).source
    assert tg.draw(loss).picture.subtitle == "truncated BPTT"


def test_a_graph_whose_gradient_is_refused_is_refused_with_cuts_too():
    loss = word_rnn(3)
    w = next(x for x in ancestors([loss]) if x.name == "W")
    w.value = w.value + 1.0
    for options in ({}, {"truncate": 1}):
        with pytest.raises(tg.GraphError, match="was set after"):
            tg.draw(loss, gradients=True, **options)
    assert len(tg.draw(loss, truncate=1).picture.cuts) == 2


def test_a_long_graph_is_cut_without_recursion(deepest):
    steps = 100 * (deepest // 100 + 1)
    loss = word_rnn(steps)
    new = truncated([loss], 100)[loss]
    stops = [x for x in ancestors([new]) if x.op is not None and x.op.name == "stop_gradient"]
    assert [x.step for x in stops] == list(range(101, steps + 1, 100))
    assert all(a.serial < b.serial for a, b in itertools.pairwise(ancestors([new])))


@pytest.mark.parametrize("view", ["unrolled", "both", "backward", "rolled"])
def test_each_view_of_a_truncated_loss_has_both_norms_of_each_parameter(view):
    """Those with cuts, and those of the same graph without any."""
    root, cut = word_rnn(6), word_rnn(6, cut=2)
    for drawn in (tg.draw(root, view, truncate=2, gradients=True), tg.draw(cut, view, gradients=True)):
        whole, some = (tg.draw(x, gradients=True).picture.uses for x in (root, cut))
        assert {x.name: (x.norm, x.full) for x in drawn.picture.uses} == {
            x.name: (y.norm, x.norm) for x, y in zip(whole, some, strict=True)
        }
        assert drawn.picture.truncation == "k=2" and "k = 2" in drawn.picture.subtitle
        assert drawn.picture.beside == "full BPTT"
    plain = tg.draw(root, view, gradients=True).picture
    assert {x.full for x in plain.uses} == {None} and plain.truncation == ""


def test_a_cut_between_an_encoder_and_a_decoder_alone_is_no_truncation():
    """It is no cut through the time of a cell."""
    w = weights(A=(4, 3), B=(4, 4), C=(4, 3), D=(4, 4))
    _, h = tg.unroll(tanh_cell(w["A"], w["B"], "h"), np.ones((3, 3)), np.zeros(4))
    outputs, _ = tg.unroll(tanh_cell(w["C"], w["D"], "s"), np.ones((4, 3)), tg.stop_gradient(h))
    loss = tg.mean(outputs)
    assert spacing(crossings(fold([loss]), [loss])) is None
    for view in ("unrolled", "rolled"):
        drawn = tg.draw(loss, view, gradients=True).picture
        assert drawn.truncation == "" and "truncated" not in drawn.subtitle and {u.full for u in drawn.uses} == {None}


def test_a_graph_that_is_being_traced_is_cut_too():
    seen = []

    def step(w, xs):
        h = tg.constant(np.zeros(2))
        for t in range(4):
            with tg.step(t):
                h = tg.tanh(w @ h + xs[t])
        drawn = tg.draw(h, truncate=2).picture
        seen.append((len(drawn.cuts), drawn.subtitle))
        return tg.sum(h)

    tg.compile(step)(tg.parameter(np.eye(2), name="W"), np.ones((4, 2)))
    assert seen[0] == (1, "truncated BPTT, k = 2")


@each("turn", [1, -1])
def test_dots_say_how_often_the_gradient_is_cut_between_their_steps(turn):
    w = weights(W=(3, 3))
    xs = np.ones((18, 3))
    outputs, _ = tg.unroll(tanh_cell(w["W"], w["W"]), xs, np.zeros(3), truncate=4, reverse=turn < 0)
    loss = tg.mean(outputs)
    cut = [4, 8, 12, 16] if turn > 0 else [2, 6, 10, 14]
    for view in ("unrolled", "backward"):
        for steps in ([0, 1, 16, 17], [0, 8, 12, -1], [4, 5], [0, 3, 4, 7, 8, 17], [*range(18)]):
            drawn = tg.draw(loss, view, steps=steps)
            for band in drawn.picture.bands:
                ends = [int(t) for t in re.findall(r"\d+", band.title)]
                inner = sum(ends[0] < t <= ends[-1] for t in cut)
                assert band.token == (f"cut {inner}×" if inner else "")
            assert "4 cuts of the gradient" in drawn.pipe().decode()
    assert "t = 2 … 15 cut " in tg.draw(loss, steps=[0, 1, 16, 17]).text()
    assert "t = 2 … 15 截断 " in tg.draw(loss, steps=[0, 1, 16, 17], lang="zh").text()
