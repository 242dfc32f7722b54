"""Parameters as chips in their ops; the options that drew them otherwise are withdrawn."""

from collections import Counter

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import weights, word_rnn
from tests.draw.recurrent import NETWORKS
from tests.each import each
from tinygraph.core.errors import OptionError
from tinygraph.core.graph import ancestors
from tinygraph.draw.shown.folding import fold
from tinygraph.draw.shown.params import exposed


def test_a_parameter_may_be_drawn_for_itself():
    w, v = tg.parameter([1.0], name="w"), tg.parameter([1.0], name="v")
    with tg.step(0):
        h = tg.tanh(w * tg.constant([1.0], name="x"))
    with tg.step(1):
        h = tg.tanh(w * h)
    titles = [" ".join(part.text for part in b.title) for b in tg.draw([h, w, v]).picture.boxes]
    assert titles.count("v") == 1 and titles.count("w") == 1


@pytest.mark.parametrize("view", ["unrolled", "rolled", "flow", "backward", "both"])
@pytest.mark.parametrize(
    "old, instead",
    [
        ({"params": "ghost"}, "lights all uses"),
        ({"params": "hub"}, "lights all uses"),
        ({"layout": "dot"}, "drawing.source"),
        ({"layout": "time"}, "drawing.source"),
        ({"gradient": True}, "gradients="),
    ],
)
def test_an_option_that_is_gone_says_what_replaced_it(view, old, instead):
    (name,) = old
    with pytest.raises(OptionError) as error:
        tg.draw(word_rnn(2), view, **old)
    assert f"draw has no option {name}" in str(error.value) and instead in str(error.value)
    assert "level, gradients, values" in str(error.value)


def outside():
    """Sums of parameters that fold into the op that uses them, one of them cut."""
    w = weights(W=(3, 3), V=(3, 3), b=(3,), c=(3,), d=(3,))
    x = np.ones((2, 3))
    chain = ((x @ w["W"] + w["b"]) + w["c"]) + w["d"]
    return tg.sum(chain) + tg.sum((tg.stop_gradient(w["b"]) + w["c"]) + (w["d"] + x @ w["V"]))


@each("name", [*NETWORKS, "outside", "LSTM"])
def test_a_parameter_has_an_arrow_for_each_of_its_uses(name):
    cell = tg.cells.LSTM(3, 4, rng=0)
    own = {"outside": outside, "LSTM": lambda: tg.mean(tg.unroll(cell, np.ones((3, 2, 3), np.float32))[0])}
    folded = fold([own[name]() if name in own else NETWORKS[name][0]])
    drawn = exposed(folded, folded)
    links = [x for arrow in (y for ys in drawn.arrows.values() for y in ys) for x in drawn.bundles.get(arrow, [arrow])]
    own_links = [x for x in links if x.source in folded.names]
    assert Counter(x.source for x in own_links) == {x: n for x, n in folded.uses.items() if n}
    assert all(link.source in {*ancestors([link.user.inputs[link.slot]])} for link in own_links)
    assert sum(link.cut for link in own_links) == (name == "outside")
