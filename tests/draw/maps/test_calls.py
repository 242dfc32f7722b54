"""What heat maps refuse, with what the network has; matplotlib's axes; the words in Chinese."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.maps.seen import blocks, matrix
from tests.draw.networks import perceptron, word_rnn
from tests.each import each
from tinygraph.draw import VIEWS

MAPS = ["states", "gates", "attention", "saliency"]


@each("view", MAPS)
def test_a_network_without_it_is_told_what_it_has(view):
    wanted = {"states": "nothing does", "gates": "no gate", "attention": "no attention", "saliency": "no gradient"}
    with pytest.raises(tg.GraphError, match=wanted[view]) as error:
        tg.draw(perceptron(), view)
    assert "0 time steps" in str(error.value)
    if view in ("gates", "attention"):
        with pytest.raises(tg.GraphError, match="states h"):
            tg.draw(word_rnn(4), view)


@each("view", MAPS)
def test_a_compiled_function_is_refused_as_by_the_flow(view):
    cell = tg.cells.LSTM(3, 4, rng=0)
    step = tg.compile(lambda x: tg.mean(tg.unroll(cell, x)[0]))
    step(np.ones((4, 2, 3), np.float32))
    with pytest.raises(tg.GraphError, match="needs a node"):
        tg.draw(step, view)
    with pytest.raises(tg.GraphError, match="compiled function has none"):
        tg.draw(step.graph("before"), view)


def test_what_is_no_gate():
    """Not swish, not what is made of parameters alone, not a sigmoid that nothing is multiplied with."""
    w = tg.parameter(np.ones((3, 3)) / 3, "w")
    rate = tg.parameter(0.5, "rate")

    def cell(x, h):
        z = x @ w + h @ w
        h = tg.sigmoid(rate) * tg.tanh(z) + z * tg.sigmoid(z)
        return h, h

    with pytest.raises(tg.GraphError, match="no gate"):
        tg.draw(tg.mean(tg.unroll(cell, np.ones((4, 2, 3)), np.zeros((2, 3)))[0]), "gates")


@each("wrong", [{"item": 2}, {"item": -1}, {"item": True}, {"item": 1.0}, {"ax": 3}, {"tokens": ["a"]}])
def test_options_out_of_range_are_named(wrong):
    cell = tg.cells.LSTM(3, 4, rng=0)
    loss = tg.mean(tg.unroll(cell, np.ones((4, 2, 3), np.float32))[0])
    with pytest.raises(tg.GraphError, match=next(iter(wrong))):
        tg.draw(loss, "states", **wrong)


def test_axes_of_matplotlib_hold_the_numbers():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    cell = tg.cells.LSTM(3, 4, rng=0)
    loss = tg.mean(tg.unroll(cell, np.ones((4, 2, 3), np.float32), lengths=np.array([4, 2]))[0])
    for i, view in enumerate(["states", "gates", "saliency"]):
        ax = figure.add_subplot(2, 2, i + 1)
        drawing = tg.draw(loss, view, ax=ax, item=1, tokens=list("abcd"))
        shown = ax.images[0].get_array()
        parts = [matrix(x) for x in blocks(drawing).values()]
        assert np.isclose(
            np.sort(shown.compressed()), np.sort(np.concatenate([p.ravel() for p in parts])), rtol=1e-3
        ).all()
        assert [x.get_text() for x in ax.get_xticklabels()] == ["0\na", "1\nb", "2\nc", "3\nd"]
        assert {x.get_text() for x in ax.texts} == {*blocks(drawing)}
        assert ax.patches, "padding"
    figure.savefig("/dev/null", format="png")


@each("view", [view for view in VIEWS if view not in (*MAPS, "flow")])
def test_axes_are_for_heat_maps(view):
    ax = pytest.importorskip("matplotlib.figure").Figure().subplots()
    with pytest.raises(tg.GraphError, match="ax="):
        tg.draw(word_rnn(3), view, ax=ax)


@each("view", ["unrolled", "rolled", "flow", "states"])
def test_tokens_may_be_an_array(view):
    text = tg.draw(word_rnn(4), view, tokens=np.array([*"abcd"])).text()
    assert text == tg.draw(word_rnn(4), view, tokens=[*"abcd"]).text()


def test_networks_without_a_common_sheet_have_nothing_in_common():
    cells = tg.cells.LSTM(3, 4, rng=0), tg.cells.GRU(3, 4, rng=0)
    losses = [tg.mean(tg.unroll(cell, np.ones((4, 2, 3), np.float32))[0]) for cell in cells]
    assert tg.draw.compare(*losses, "gates").picture.listed[0] == "nothing in common"
    heads = [
        tg.sum(tg.softmax(tg.constant(np.ones((2, 5))) @ np.eye(5), axis=1) @ np.ones((5, 3))),
        tg.sum(
            tg.multiply(tg.softmax(tg.constant(np.ones((2, 5))) @ np.eye(5), axis=1), 1.0, name="w") @ np.ones((5, 3))
        ),
    ]
    listed = tg.draw.compare(*heads, "attention").picture.listed
    assert listed == ["nothing in common", "in first only: attention × 10", "in second only: w × 10"]
    with pytest.raises(tg.GraphError, match="steps= is for graphs"):
        tg.draw.compare(*losses, "gates", steps=[0])
