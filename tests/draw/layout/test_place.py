"""Rows of columns and bars over and under them: what starts from data, from parameters, and what spans all steps."""

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import weights
from tests.draw.recurrent import NETWORKS


def boxes(drawn):
    return {" ".join(part.text for part in box.title): box for box in drawn.boxes}


def test_what_starts_from_a_parameter_stands_beside_what_starts_from_data():
    """Data have a row of their own below."""
    w = weights(W=(2,))["W"]
    with tg.step(0):
        x = tg.constant([1.0, 2.0], name="x")
        a, b = tg.tanh(x, name="a"), tg.sigmoid(w, name="b")
    drawn = boxes(tg.draw(a + b).picture)
    a, b = (next(box for title, box in drawn.items() if title.startswith(f"{name} ")) for name in "ab")
    assert a.y == b.y > drawn["x"].y


def test_two_bars_of_one_level_share_the_width_with_a_gap_between():
    """Two results outside of time that do not depend on each other, over three columns."""
    outputs, _ = tg.unroll(lambda x, h: (tg.tanh(x + h),) * 2, np.ones((3, 2)), np.zeros(2))
    p = tg.parameter(np.ones(2), name="p")
    first, second = tg.tanh(p, name="first"), tg.sigmoid(p, name="second")
    drawn = tg.draw(tg.sum(outputs) + tg.sum(first * second)).picture
    found = {box.node.name: box for box in drawn.boxes if box.node is not None and box.node.name in ("first", "second")}
    a, b = found["first"], found["second"]
    assert a.y == b.y and abs(a.x - b.x) - (a.width + b.width) / 2 == pytest.approx(28)
    rising = [x.points[0][0] for x in drawn.arrows if x.points[0][1] < a.y < x.points[-1][1]]
    between = [x for x in rising if min(a.x, b.x) < x < max(a.x, b.x)]
    assert between == [pytest.approx(a.x + a.width / 2 + 14)], "the arrow of a step to the bar over both"
    (product,) = [box for box in drawn.boxes if box.node.op is not None and box.node.op.name == "multiply"]
    assert product.x == pytest.approx((a.x + b.x) / 2) and product.y > a.y, "over the middle of what it reads"
    alone = [box for box in drawn.boxes if box.y > a.y or box.title[0].text == "sum of 3"]
    bars = [box for box in alone if box.width > 300]
    (bar,) = bars
    assert bar.width == drawn.bands[-1].right - drawn.bands[0].left, "what reads all steps is a bar over them"
    assert len(alone) >= 3, "the rest are boxes as wide as their texts"


@pytest.mark.parametrize("name", ["rnn", "lstm", "both ways", "losses outside"])
def test_no_two_boxes_touch(name):
    drawn = tg.draw(NETWORKS[name][0], level="op").picture
    for i, a in enumerate(drawn.boxes):
        for b in drawn.boxes[:i]:
            beside = abs(a.x - b.x) - (a.width + b.width) / 2
            above = abs(a.y - b.y) - (a.height + b.height) / 2
            assert max(beside, above) > 3, (a.title, b.title)
