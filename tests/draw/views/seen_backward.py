"""What a picture of the backward view shows, read back from it, and networks to draw so."""

from collections import Counter

import pytest

import tinygraph as tg
from tests.draw.networks import both_ways, lstm, once, perceptron, word_rnn
from tests.draw.recurrent import encoder_decoder, gru, losses_outside, two_scopes, uneven

NETWORKS = {
    "rnn": word_rnn(3), "cut": word_rnn(4, cut=2), "lstm": lstm(3), "both ways": once(both_ways(3)),
    "perceptron": perceptron(), "uneven": uneven(4), "gru": gru(3), "bridge": encoder_decoder(3, 2, bridge=True),
    "outside": losses_outside(3), "stack": two_scopes(2), "one step": word_rnn(1), "loss alone": tg.parameter(1.0),
}  # fmt: skip
every_network = pytest.mark.parametrize("name", NETWORKS)


def picture(node, **options):
    return tg.draw(node, "backward", level=options.pop("level", "op"), **options).picture


def twins(drawn):
    """Of each node that is drawn the box of its gradient; two for one node would be a mistake."""
    found = [(box.node.origin, box) for box in drawn.boxes if box.role == "gradient"]
    assert len({x for x, _ in found}) == len(found)
    return dict(found)


def forward(drawn):
    return {box.node: box for box in drawn.boxes if box.role not in ("gradient", "dots")}


def words(box):
    return " ".join(part.text for part in box.title)


def live(drawn):
    """(tail, head) nodes of the gradient's arrows, of which a box's own to its gradient is none."""
    boxes = drawn.boxes
    return Counter(
        (boxes[x.tail].node.origin, boxes[x.head].node.origin)
        for x in drawn.arrows
        if x.pointed and boxes[x.tail].role == boxes[x.head].role == "gradient"
    )


def is_parameter(node):
    return isinstance(node, tg.core.leaves.Parameter)
