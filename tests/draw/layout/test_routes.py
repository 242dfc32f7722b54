"""Arrows between the columns of time and the bars over and under them."""

import pytest

import tinygraph as tg
from tests.draw.views.seen_backward import NETWORKS
from tests.each import each

MARGIN = 10.0
"""How near to a bar's end an arrow may come."""


def is_bar(drawn, box):
    return not min(band.foot for band in drawn.bands) < box.y < max(band.top for band in drawn.bands)


@each("name", ["rnn", "cut", "lstm", "both ways", "outside", "stack", "gru"])
def test_an_arrow_stands_upright_on_a_bar_that_is_wide_enough(name):
    """Under or over the place where it leaves the column, else at the bar's end that is nearest to it."""
    drawn = tg.draw(NETWORKS[name], level="op").picture
    upright = 0
    for arrow in drawn.arrows:
        tail, head = drawn.boxes[arrow.tail], drawn.boxes[arrow.head]
        if is_bar(drawn, tail) == is_bar(drawn, head):
            continue
        bar, (x, _), (beside, _) = (
            (head, arrow.points[-1], arrow.points[-4])
            if is_bar(drawn, head)
            else (tail, arrow.points[0], arrow.points[3])
        )
        left, right = bar.x - bar.width / 2 + MARGIN, bar.x + bar.width / 2 - MARGIN
        assert x == pytest.approx(min(max(beside, left), right), abs=1e-6)
        upright += left < x < right
    assert upright >= 2
