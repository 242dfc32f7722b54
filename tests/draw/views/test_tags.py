"""Which place a tag takes at the head of an arrow: the nearest that is free, first the side away from the arrow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
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
    x, y = place(points, *sides)
    assert y < 60 and abs(x - mirror * (y - 60)) < 9 + 2 * HALF, "beside the arrow, where there is room"
    assert place(points, *(box(x.x - x.width / 2, x.x + x.width / 2, -60, 99) for x in sides)) is None
    near = box(*sorted((mirror * 3.0, mirror * 6.0)), 60, 99)
    assert place(points, near, sides[1]) == pytest.approx((mirror * (9 + HALF), down))
    low = box(-200, 200, 92, 99)
    assert place(points, low) == pytest.approx((mirror * away, 100 - 1.5 * SMALL))


def test_a_tag_of_an_arrow_that_comes_from_above_is_over_its_head() -> None:
    assert place([(x, 200 - y) for x, y in UP]) == pytest.approx((4 + HALF, 100 + SMALL))


@each("parts", [(0, 4), (0, 0), (4, 4)])
def test_an_arrow_into_a_cell_says_which_part_it_carries_if_it_carries_one(parts: Any) -> None:
    """Of two parts it carries all that there is; at each op each has its own."""
    zs = tg.tanh(tg.constant(np.ones((3, 3)), name="X") @ tg.parameter(np.ones((3, 8)), "W"), name="zs")
    h: Any = tg.constant(np.zeros(4), name="h0")
    for t in range(3):
        with tg.step(t):
            a, b = (zs[t, k : k + 4] for k in parts)
            h = tg.tanh(h + a * tg.sigmoid(b), name="h")
    cells, ops = ([n.text for n in tg.draw(h, level=level).picture.notes] for level in ("cell", "op"))
    one = len({*parts}) == 1
    assert cells == [f"{t}, {parts[0]}:{parts[0] + 4}" for t in range(3) if one]
    assert sorted(ops) == sorted(f"{t}, {k}:{k + 4}" for t in range(3) for k in parts)


def test_of_a_sum_of_two_products_one_tag_says_it_for_both() -> None:
    """Which part is added of each is the same part; of two parts each has its own."""
    u, w = tg.parameter(np.ones((3, 8)), "U"), tg.parameter(np.ones((4, 8)), "W")
    for second, told in ((0, ["0:4"]), (4, ["0:4", "4:8"])):
        h: Any = tg.constant(np.zeros(4), name="h0")
        for t in range(3):
            with tg.step(t):
                a, b = tg.constant(np.ones(3), name=f"x{t}") @ u, h @ w
                h = tg.tanh(tg.add(a[0:4], b[second : second + 4], name="z"), name="h")
        drawn = tg.draw(h, level="op").picture
        assert sorted(n.text for n in drawn.notes) == sorted(told * 3)


def test_in_a_crowd_of_arrows_each_gate_has_its_tag() -> None:
    """Two layers of GRU, both ways, with gradients: three gates at each step, of which two are sums of two products."""
    net = tg.cells.Stack.of(tg.cells.GRU, 3, 4, num_layers=2, bidirectional=True, rng=0)
    loss = tg.sum(tg.unroll(net, np.ones((3, 2, 3), np.float32))[0])
    notes = [n.text for n in tg.draw(loss, level="op", gradients=True).picture.notes]
    assert [notes.count(part) for part in ("0:4", "4:8", "8:12")] == [12, 12, 24]


def test_two_tags_stand_beside_one_another() -> None:
    w = tg.parameter(0.1 * np.ones((4, 4)), "W")
    hs, _ = tg.unroll(lambda x, h: (tg.tanh(x + h @ w),) * 2, np.ones((4, 2, 4)), np.zeros((2, 4)))
    tags = [x for x in tg.draw(tg.mean((hs[1:] - hs[:-1]) ** 2)).picture.notes if ":" in x.text]
    assert {x.text for x in tags} == {":-1", "1:"}
    a, b = tags
    beside = abs(a.x - b.x) - (width(a.text, SMALL) + width(b.text, SMALL)) / 2
    assert beside > 0 or abs(a.y - b.y) >= SMALL
