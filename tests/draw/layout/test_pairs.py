"""Boxes with their gradients beside them: where vertical arrows leave both, and where they pass other boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.draw.layout.pairs import Paired, pair_width, split, turned
from tinygraph.draw.layout.spots import PAIRS, Placed, Spot
from tinygraph.draw.shown.regions import Regions

X, TWIN, BELOW, BELOWS = (tg.constant(np.ones(2), name=name) for name in "xgyz")
MIDDLE, WIDE = 300.0, 160.0


def paired(way: list[tuple[float, float]], ends: Any, twins: Any) -> Paired:
    """A box and its gradient's around the middle of a column, each of them 160 wide."""
    spots = {x: Spot(MIDDLE, 100.0 * k, pair_width(WIDE, WIDE, 24.0), k, 0) for k, x in enumerate((BELOW, X))}
    placed = Placed(PAIRS, spots, {ends: way}, {0: (0.0, 600.0)})
    where = Regions([], dict.fromkeys((BELOW, X), 0), set())
    return split(placed, dict.fromkeys((X, TWIN, BELOW, BELOWS), WIDE), twins, where)


@each("twins", [{X: TWIN, BELOW: BELOWS}, {X: TWIN}, {}])
def test_an_arrow_goes_straight_up_from_its_port_if_no_box_is_between(twins: Any) -> None:
    pair = paired([(MIDDLE, 200.0)], (X, None), twins)
    for node in {X, TWIN} & {X, *twins, *twins.values()}:
        ((x, y),) = pair.ports.bends[node, None]
        port = pair.ports.spots[node].x
        assert y == 200 and abs(x - port) == (0 if twins else 5)
    assert ((TWIN, None) in pair.ports.bends) is bool(twins)


@each(
    "way, ends",
    [
        ([(MIDDLE, 200.0), (250.0, 300.0)], (X, None)),
        ([(MIDDLE, 0.0)], (None, X)),
        ([(250.0, 50.0)], (BELOW, X)),
        ([(250.0, 50.0), (260.0, 60.0)], (BELOW, X)),
    ],
)
def test_both_arrows_pass_other_boxes_side_by_side(way: Any, ends: Any) -> None:
    """The forward one at the left by 5, the gradient's at the right by 5, at the same heights."""
    twins = {X: TWIN, BELOW: BELOWS}
    pair = paired(way, ends, twins)
    lower, upper = (None if x is None else twins[x] for x in ends)
    assert pair.ports.bends[ends] == [(x - 5, y) for x, y in way]
    assert pair.ports.bends[lower, upper] == pair.placed.bends[lower, upper] == [(x + 5, y) for x, y in way]
    alone = paired(way, ends, {})
    assert [*alone.ports.bends] == [ends], "an arrow between boxes without gradients has no other beside it"


def test_a_box_and_its_gradient_share_a_seam() -> None:
    pair = paired([], (BELOW, X), {X: TWIN})
    box, twin = pair.placed.spots[X], pair.placed.spots[TWIN]
    assert twin.x - box.x == WIDE + 24 and (box.x + twin.x) / 2 == MIDDLE and box.y == twin.y
    assert pair.placed.spots[BELOW] == Spot(MIDDLE, 0.0, WIDE, 0, 0), "one without a gradient stands in the middle"
    assert pair.side == twin.x + WIDE / 2
    assert pair_width(100, 50, 24) == 174 and pair_width(100, 50, 12) == 162
    assert pair_width(100, 0, 24) == 100 and pair_width(0, 50, 24) == pytest.approx(50)


def test_a_turned_picture_has_everything_at_the_opposite_place() -> None:
    a, b, c = (tg.constant(float(k)) for k in range(3))
    spots = {a: Spot(1.0, 2.0, 30.0, 0, 0), b: Spot(70.0, 90.0, 40.0, 1, 2), c: Spot(5.0, 200.0, 90.0, 0, None)}
    bends: Any = {(a, b): [(3.0, 30.0), (4.0, 60.0)], (None, a): [(1.0, -20.0)]}
    placed = Placed(PAIRS, spots, bends, {0: (-20.0, 20.0), 2: (50.0, 90.0)}, -60.0, 150.0, 170.0)
    told = turned(placed)
    assert told.spots[b] == Spot(-70.0, -90.0, 40.0, -1, -2) and told.spots[c].column is None
    assert told.bends == {(b, a): [(-4.0, -60.0), (-3.0, -30.0)], (a, None): [(-1.0, 20.0)]}
    assert told.edges == {0: (-20.0, 20.0), -2: (-90.0, -50.0)} and (told.foot, told.top) == (-150.0, 60.0)
    again = turned(told)
    assert (again.spots, again.bends, again.edges) == (placed.spots, placed.bends, placed.edges)
    assert (again.grid, again.foot, again.top) == (PAIRS, placed.foot, placed.top)
