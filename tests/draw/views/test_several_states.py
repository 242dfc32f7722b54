"""An arrow that carries several states says which, and parameters of the same name say of which cell they are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

import tinygraph as tg
from tests.draw.networks import lstm, weights, word_rnn
from tests.draw.recurrent import encoder_decoder
from tests.each import each
from tinygraph.draw.colours import STATE


def lstm_named(steps=4, names=("h", "c"), **options):
    w = weights(W=(16, 7))

    def cell(x, state):
        h, c = state
        i, f, g, o = tg.split(tg.concatenate([x, h], axis=1) @ w["W"].T, 4, axis=1)
        c = tg.add(tg.sigmoid(f) * c, tg.sigmoid(i) * tg.tanh(g), name=names[1])
        h = tg.multiply(tg.sigmoid(o), tg.tanh(c), name=names[0])
        return h, (h, c)

    first = (np.zeros((2, 4)), np.zeros((2, 4)))
    return tg.sum(tg.unroll(cell, np.ones((steps, 2, 3)), first, **options)[0])


def said(picture):
    """Texts at the arrows of states, without the heads of phases and the numbers of gradients."""
    return [n.text for n in picture.notes if n.colour == STATE]


@each("gradients", [None, True])
def test_an_arrow_of_several_states_says_so(gradients):
    for root, text in ((lstm_named(), {"h, c", "c, h"}), (lstm(4), {"h, c", "c, h"})):
        picture = tg.draw(root, level="cell", gradients=gradients).picture
        assert len(said(picture)) == 3 and set(said(picture)) <= text, said(picture)
        arrows = [a for a in picture.arrows if a.colour == STATE]
        for note in (n for n in picture.notes if n.colour == STATE):
            under = [
                a for a in arrows if a.points[0][0] < note.x < a.points[-1][0] and abs(a.points[0][1] - note.y) < 20
            ]
            assert len(under) == 1 and under[0].points[0][1] < note.y - 8, "it stands over the one arrow there"
            assert note.y == under[0].points[0][1] + (17 if gradients is None else 12), "of which gradients take one"
            gaps = [(a.right + b.left) / 2 for a, b in pairwise(sorted(picture.bands, key=lambda b: b.left))]
            assert note.x in gaps, "in the middle of the gap"
    backward = tg.draw(lstm_named(reverse=True), level="cell", gradients=gradients).picture
    assert len(said(backward)) == 3


def test_an_arrow_of_one_state_says_nothing():
    for root in (word_rnn(4), encoder_decoder(4, 3)):
        assert said(tg.draw(root, level="cell").picture) == []
    assert said(tg.draw(lstm_named(), level="op").picture) == []


def used(root):
    return [use.name for use in tg.draw(root).picture.uses]


def two_cells(*scopes, stacked=False, size=3):
    first, second = (tg.cells.RNN(n, 3, rng=0, bias=False) for n in (3, size))
    xs = np.ones((4, 2, 3))
    with tg.scope(scopes[0]) if scopes else tg.scope("net"):
        ys, h = tg.unroll(first, xs)
    with tg.scope(scopes[1]) if scopes else tg.scope("net"):
        ys, _ = tg.unroll(second, ys) if stacked else tg.unroll(second, xs, h)
    return tg.sum(ys)


def test_parameters_of_the_same_name_are_told_apart():
    weights_of = ["weight_ih", "weight_hh"]
    for root, prefixes in (
        (two_cells("reader", "writer"), ["reader", "writer"]),
        (two_cells(), ["encoder", "decoder"]),
        (two_cells(stacked=True), ["layer 1", "layer 2"]),
    ):
        assert used(root) == [f"{prefix}.{name}" for prefix in prefixes for name in weights_of]
        chips = {p.text for b in tg.draw(root, level="op").picture.boxes for p in b.title if p.kind == "chip"}
        assert chips == {f"{name}.T" for name in weights_of}, "in a box the last part is enough"


def test_without_a_place_of_their_own_they_are_numbered():
    first, second, other = (tg.parameter(np.ones(2), name=n) for n in ("w", "w", "v"))
    assert used(tg.sum(first * second * other)) == ["w #1", "w #2", "v"]
    assert used(tg.sum(first * other)) == ["w", "v"]


def test_names_that_differ_stay_as_they_are():
    cell = tg.cells.Stack.of(tg.cells.RNN, 3, 3, num_layers=2, bidirectional=True, bias=False)
    names = used(tg.sum(tg.unroll(cell, np.ones((3, 2, 3)))[0]))
    assert len(set(names)) == 8 and all(x.startswith("cells.") for x in names)
