"""Graphs without time through Graphviz's dot: no places in the text, data at the foot, the loss on top."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import lstm, perceptron, weights, word_rnn

from .test_render import program  # noqa: F401


class DoubleForLayout(tg.Op):
    def forward(self, x):
        return 2 * x

    def backward(self, gz, z, x):
        return 2 * gz


def attention() -> tg.Node:
    w = weights(Wq=(6, 6), Wk=(6, 6), Wv=(6, 6))
    x = tg.constant(np.random.default_rng(1).normal(size=(5, 6)), name="x")
    q, k, v = (x @ w[name] for name in ("Wq", "Wk", "Wv"))
    return tg.mean(tg.squared_error(tg.softmax(q @ k.T) @ v + x, np.zeros((5, 6))))


def own_op() -> tg.Node:
    return tg.sum(DoubleForLayout()(tg.constant([1.0, 2.0], name="x")))


def deep(boxes: int = 60) -> tg.Node:
    h = tg.constant(np.ones(3), name="x")
    for _ in range(boxes):
        h = tg.tanh(h)
    return tg.sum(h)


def heights(drawing) -> dict[str, float]:
    """Middle of every box in the SVG; y grows downwards there."""
    found = {}
    for group in ET.fromstring(drawing.pipe(format="svg")).iter():
        if group.attrib.get("class") == "node":
            name = next(x.text for x in group if x.tag.endswith("}title"))
            path = next(x.attrib["d"] for x in group.iter() if x.tag.endswith("}path"))
            ys = [float(y) for y in re.findall(r",(-?[\d.]+)", path)]
            found[name] = (min(ys) + max(ys)) / 2
    return found


@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("make", [perceptron, attention, own_op, deep])
def test_every_op_stands_over_what_it_uses(make, gradients, program):  # noqa: F811
    drawing = tg.draw(make(), gradients=gradients, title="net")
    assert drawing.engine == drawing.picture.layout == "dot" and "pos=" not in drawing.source
    y = heights(drawing)
    assert len(y) == len(drawing.picture.boxes)
    forward = [(a.tail, a.head) for a in drawing.picture.arrows if a.tail < a.head]
    assert forward and all(y[f"n{head}"] < y[f"n{tail}"] - 40 for tail, head in forward)
    assert gradients == any(a.tail > a.head for a in drawing.picture.arrows)


def test_the_title_stands_over_the_boxes_and_the_tables_under_them(program):  # noqa: F811
    svg = ET.fromstring(tg.draw(perceptron(), gradients=True, title="net").pipe(format="svg"))
    at = {"".join(x.itertext()): float(x.attrib["y"]) for x in svg.iter() if x.tag.endswith("}text")}
    boxes = [y for text, y in at.items() if "relu" in text]
    assert at["net"] < min(boxes) and max(boxes) < at["parameters"]


def test_time_is_placed_here_unless_dot_is_wished(program):  # noqa: F811
    assert tg.draw(word_rnn(3)).picture.layout == tg.draw(perceptron(), layout="time").picture.layout == "time"
    assert tg.draw(perceptron(), layout="time").source.count('pos="') > 5
    drawing = tg.draw(lstm(3), gradients=True, layout="dot")
    assert drawing.engine == "dot" and "pos=" not in drawing.source and len(heights(drawing)) > 10


def test_no_rank_is_forced_beside_the_cluster():
    text = tg.draw(perceptron(), gradients=True).source
    assert "rank=same" not in text and "rankdir=BT" in text


def test_a_view_whose_places_have_a_meaning_refuses_dot():
    for view in ("flow", "backward", "rolled"):
        with pytest.raises(tg.GraphError, match="places that layout='dot' would lose"):
            tg.draw(word_rnn(4), view, layout="dot")
        assert tg.draw(word_rnn(4), view).picture.layout == "time"


def test_the_text_is_the_same_for_both_layouts():
    assert tg.draw(perceptron()).text() == tg.draw(perceptron(), layout="time").text()


def test_dot_is_not_given_graphs_that_it_is_slow_on_unless_asked():
    assert [tg.draw(deep(n)).picture.layout for n in (390, 410)] == ["dot", "time"]
    assert tg.draw(deep(410), layout="dot").picture.layout == "dot"
