"""What a colour means is the same in every view: green carries a state, red is a gradient."""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tests.draw.claims import is_red
from tests.draw.networks import both_ways, lstm, word_rnn
from tests.draw.recurrent import attention, encoder_decoder, gru
from tests.each import each
from tinygraph.draw.colours import STATE
from tinygraph.draw.shown.roles import BORDERS

NETWORKS = {
    "rnn": word_rnn(4),
    "lstm": lstm(4),
    "lstm cut": lstm(4, truncate=2),
    "gru": gru(4),
    "both ways": both_ways(4),
    "encoder": encoder_decoder(4, 3),
    "attention": attention(4, 3),
}


def compiled():
    w = tg.parameter(np.eye(3) * 0.5, name="W")

    def cell(x, h):
        h = tg.tanh(x + w @ h)
        return h, h

    step = tg.compile(lambda xs: tg.sum(tg.unroll(cell, xs, np.zeros(3))[0]))
    step(np.ones((4, 3)))
    return step


@each("name", NETWORKS)
def test_without_gradients_nothing_is_red(name):
    """A cut of the gradient, and the word for it, is about gradients."""
    for view in ("unrolled", "rolled"):
        picture = tg.draw(NETWORKS[name], view).picture
        assert not [a.tip for a in picture.arrows if is_red(a.colour)], view
        assert not [n.text for n in picture.notes if is_red(n.colour) and not n.text.startswith("cut")], view
        assert "red arrow" not in tg.draw(NETWORKS[name], view).source + tg.draw(NETWORKS[name], view).text()


def test_nothing_is_red_in_the_compiled_view():
    picture = tg.draw(compiled(), "compiled").picture
    states = [a for a in picture.arrows if a.tip == "to the next step"]
    assert states and {a.colour for a in states} == {STATE} and (STATE, "state, to the next step") in picture.keys
    assert not [a for a in picture.arrows if is_red(a.colour)] and not [k for k in picture.keys if is_red(k[0])]


@each("name", NETWORKS)
def test_the_arrow_of_a_state_is_green_in_every_view(name):
    assert BORDERS["state"] == STATE
    drawn = tg.draw(NETWORKS[name], "rolled")
    arcs = [a for a in drawn.picture.arrows if a.tip.endswith("→ t") or "→ t;" in a.tip]
    assert arcs and {a.colour for a in arcs} == {STATE}
    assert "green arrows cross time" in drawn.picture.subtitle
    assert (STATE, "arrow of a state, to another step") in drawn.picture.keys
    for view in ("unrolled", "both", "backward"):
        assert any(a.colour == STATE for a in tg.draw(NETWORKS[name], view).picture.arrows), view


@each("name", NETWORKS)
def test_red_arrows_are_gradients_with_their_norm(name):
    picture = tg.draw(NETWORKS[name], gradients=True).picture
    red = [a for a in picture.arrows if is_red(a.colour)]
    assert red and all(a.tip.startswith(("‖∂‖", "stop_gradient")) for a in red)


def test_the_text_says_how_far_a_state_goes():
    """It said t-1 of every arc, of cells that run backward and of two steps back too."""
    lines = [x.split(":")[0].strip() for x in tg.draw(both_ways(4), "rolled").text().splitlines() if "→ t:" in x]
    assert sorted(lines) == ["backward, t+1 → t", "forward, t-1 → t"]
    assert "cut 2 times" in tg.draw(lstm(6, truncate=2), "rolled").text()
