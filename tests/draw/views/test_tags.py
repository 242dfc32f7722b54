"""Which place a tag takes at the head of an arrow: the nearest that is free, first the side away from the arrow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.each import each
from tinygraph.draw.labels import width
from tinygraph.draw.picture import SMALL, Arrow, Box, Picture
from tinygraph.draw.views.tags import Taken

HALF = width("0:4", SMALL) / 2
UP = [(-60.0, 0.0), (-30.0, 30.0), (0.0, 60.0), (0.0, 100.0)]


def box(left: float, right: float, foot: float, top: float) -> Box:
    return Box((left + right) / 2, (foot + top) / 2, right - left, top - foot, "op", "#fff", [], "", [], None)


def place(points: list[Any], *boxes: Box) -> Any:
    head = box(-50, 50, 100, 140) if points[-2][1] < points[-1][1] else box(-50, 50, 60, 100)
    return Taken(Picture([head, *boxes], [Arrow(0, 0, points, "", 1)])).free("0:4", points)


@each("mirror", [1, -1])
def test_a_tag_gives_way_sideways_before_it_goes_down(mirror: int) -> None:
    """An arrow that comes from the left has its tag at the right, at the left if a box is there, else farther away."""
    points = [(mirror * x, y) for x, y in UP]
    away, down = 4 + HALF, 100 - SMALL
    sides = [box(*sorted((side * mirror * 3.0, side * mirror * 200.0)), 60, 99) for side in (1, -1)]
    assert place(points) == pytest.approx((mirror * away, down))
    assert place(points, sides[0]) == pytest.approx((-mirror * away, down))
    assert place(points, sides[1]) == pytest.approx((mirror * away, down))
    assert place(points, *sides) is None
    near = box(*sorted((mirror * 3.0, mirror * 6.0)), 60, 99)
    assert place(points, near, sides[1]) == pytest.approx((mirror * (9 + HALF), down))
    low = box(-200, 200, 92, 99)
    assert place(points, low) == pytest.approx((mirror * away, 100 - 1.5 * SMALL))


def test_a_tag_of_an_arrow_that_comes_from_above_is_over_its_head() -> None:
    assert place([(x, 200 - y) for x, y in UP]) == pytest.approx((4 + HALF, 100 + SMALL))
