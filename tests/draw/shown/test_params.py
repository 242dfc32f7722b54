"""Parameters as chips in their ops; the options that drew them otherwise are withdrawn."""

import pytest

import tinygraph as tg
from tests.draw.networks import word_rnn
from tinygraph.core.errors import OptionError


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
        ({"dim": 1}, "axis="),
    ],
)
def test_an_option_that_is_gone_says_what_replaced_it(view, old, instead):
    (name,) = old
    with pytest.raises(OptionError) as error:
        tg.draw(word_rnn(2), view, **old)
    assert f"draw has no option {name}" in str(error.value) and instead in str(error.value)
    assert "level, gradients, values" in str(error.value)
