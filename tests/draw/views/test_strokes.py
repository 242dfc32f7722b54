"""What lies between boxes: two arrows side by side, colours and widths of gradients, cuts, norms beside states."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import lstm, weights, word_rnn
from tests.each import each
from tinygraph.draw.layout.routes import Route, along, straight, turn
from tinygraph.draw.layout.spots import Placed, Spot
from tinygraph.draw.norms.heat import ODD, Heat
from tinygraph.draw.picture import Arrow, Box, Picture
from tinygraph.draw.shown.folding import Folded, Link
from tinygraph.draw.views.strokes import _shifted, label_returns, returning
from tinygraph.draw.views.tags import Taken

NODE = tg.tanh(tg.constant(1.0))


def route(*points, through):
    return Route(Link(NODE, False, NODE, 0), NODE, [*points], through)


def test_an_upright_arrow_moves_sideways():
    way = route((0, 0), (0, 10), (0, 20), (0, 30), through=False)
    assert _shifted(way, 5) == [(5, 0), (5, 10), (5, 20), (5, 30)] and _shifted(way, 0) is way.points


@each("x, y, side", [(30, 30, 1), (30, -30, -1), (-30, 30, -1), (-30, -30, 1)])
@each("offset", [5, -5])
def test_an_arrow_through_time_moves_up_or_down_and_its_slope_aside(x, y, side, offset):
    """In the middle an S-curve is steep: moved down alone, two of them would meet there."""
    level = [(-9, 0), (-6, 0), (-3, 0)]
    way = route(*level, (0, 0), (x / 3, 0), (2 * x / 3, y), (x, y), through=True)
    aside = offset * 1.6 * side
    slope = [(0, -offset), (x / 3 + aside, -offset), (2 * x / 3 + aside, y - offset), (x, y - offset)]
    np.testing.assert_allclose(_shifted(way, offset), [*((a, b - offset) for a, b in level), *slope])


@each(
    "flow, colour, width, tip",
    [(math.nan, ODD, 4.0, "NaN"), (math.inf, ODD, 4.0, "∞"), (0.0, "#c3c8d0", 0.8, "0")],
)
def test_flows_that_no_scale_holds(flow, colour, width, tip):
    arrow = returning(1, 0, [(0, 0)], flow, Heat())
    assert (arrow.colour, arrow.width, arrow.tip, arrow.tail, arrow.head) == (colour, width, f"‖∂‖ {tip}", 1, 0)


def test_two_arrows_of_a_link_run_ten_points_apart():
    """The one back at the right of the one up, and under the one through time."""
    arrows = tg.draw(word_rnn(3), gradients=True, level="op").picture.arrows
    pairs = [(a, b) for a, b in pairwise(arrows) if (a.tail, a.head) == (b.head, b.tail) and b.tip.startswith("‖∂‖")]
    apart = [np.array(back.points)[[-1, 0]] - np.array(forward.points)[[0, -1]] for forward, back in pairs]
    sides = [[tuple(end) for end in ends.round(6).tolist()] for ends in apart]
    assert all(ends in ([(10, 0)] * 2, [(0, -10)] * 2) for ends in sides)
    assert len(sides) > 20 and len({ends[0] for ends in sides}) == 2


def test_a_larger_flow_is_redder_and_wider():
    low, high = (returning(1, 0, [], flow, Heat(low=0.01, high=1.0)) for flow in (0.01, 1.0))
    middle = returning(1, 0, [], 0.1, Heat(low=0.01, high=1.0))
    assert low.width == pytest.approx(0.9) and middle.width == pytest.approx(2.3) and high.width == pytest.approx(3.7)
    assert len({low.colour, middle.colour, high.colour}) == 3


def test_cuts_stand_in_the_gutter_in_which_all_links_are_cut():
    drawn = tg.draw(word_rnn(6, cut=2), level="op").picture
    edges = {band.title: (band.left, band.right) for band in drawn.bands}
    places = [(edges["t = 2"][1] + edges["t = 3"][0]) / 2, (edges["t = 4"][1] + edges["t = 5"][0]) / 2]
    assert [cut.x for cut in drawn.cuts] == pytest.approx(places)
    band = drawn.bands[0]
    assert {(cut.foot, cut.top) for cut in drawn.cuts} == {(band.foot - 16, band.top + 10)}, (
        "over and under all columns"
    )
    assert not tg.draw(word_rnn(6)).picture.cuts


@each("root", [word_rnn(4), lstm(3)])
def test_the_norm_that_comes_back_stands_at_the_edge_of_its_column(root):
    drawn = tg.draw(root, gradients=True, level="op").picture
    notes = [n for n in drawn.notes if n.colour == "#b02a1a"]
    steps = len(drawn.bands)
    assert len(notes) % (steps - 1) == 0 and notes, "each state but those of the last step"
    for note in notes:
        nearest = min(abs(abs(note.x - edge) - 18) for band in drawn.bands for edge in (band.left, band.right))
        assert nearest < 1e-6
        assert float(note.text.replace("∞", "inf")) >= 0 and np.isfinite(note.y)


@each("cut", [(), ("h",), ("c",), ("h", "c")], ids=str)
def test_a_line_is_drawn_only_where_every_state_is_cut(cut):
    w = weights(A=(3, 3), B=(3, 3))

    def cell(x, state):
        h, c = (tg.stop_gradient(s) if name in cut else s for s, name in zip(state, "hc", strict=True))
        h, c = tg.tanh(x + h @ w["A"]), tg.sigmoid(c @ w["B"] + h)
        return c, (h, c)

    start = np.zeros((1, 3))
    drawn = tg.draw(tg.sum(tg.unroll(cell, np.ones((3, 1, 3)), (start, start))[0])).picture
    assert len(drawn.cuts) == (2 if len(cut) == 2 else 0)


@each("reverse, longer", [(False, ""), (True, ""), (False, "a name that makes the box of the state wide")])
def test_the_norm_stands_on_the_side_to_which_the_state_goes(reverse, longer):
    """Inside of the column if its box leaves room, else in the gutter; over or under the arrow, not on it."""
    w = weights(A=(3, 3))

    def cell(x, h):
        h = tg.tanh(x + h @ w["A"], name=longer or None)
        return h, h

    root = tg.sum(tg.unroll(cell, np.ones((4, 1, 3)), np.zeros((1, 3)), reverse=reverse)[0])
    drawn = tg.draw(root, gradients=True, level="op").picture
    notes = sorted((n for n in drawn.notes if n.colour == "#b02a1a"), key=lambda n: n.x)
    columns = sorted(drawn.bands, key=lambda band: band.left)
    senders = columns[1:] if reverse else columns[:-1]
    assert len(notes) == len(senders) == 3
    for note, column in zip(notes, senders, strict=True):
        edge, outwards = (column.left, -1) if reverse else (column.right, 1)
        boxes = [box for box in drawn.boxes if column.left < box.x < column.right and box.role == "state"]
        room = min(abs(edge - box.x) - box.width / 2 for box in boxes)
        assert note.x == pytest.approx(edge + (-18 if room > 46 else 18) * outwards)
        (way,) = [a.points for a in drawn.arrows if a.width == 1.9 and drawn.boxes[a.tail] in boxes]
        start, end = boxes[0].y, way[-1][1]
        assert end < start, "into the product, which is under the state"
        assert note.y == pytest.approx(start + 17), "over the arrow, which falls"


@each("room, inside", [(45.5, False), (46.0, False), (46.5, True)])
@each("right", [True, False])
def test_a_norm_stands_within_its_column_from_46_points_beside_the_box_on(room, inside, right):
    """As wide as a number and the turn of an arrow are together."""
    a, b = (tg.tanh(tg.constant(1.0)) for _ in range(2))
    side = 1 if right else -1
    placed = Placed(spots={a: Spot(0.0, 0.0, 60.0, 0, 1), b: Spot(side * 200.0, -50.0, 60.0, 0, 2 * right)})
    placed.edges = {1: (-30.0 - room, 30.0 + room)}
    way = Route(Link(a, False, b, 0), b, [(0, 0)] * 3 + [(side * 200.0, -50.0)], True)
    picture = Picture([Box(0, 0, 60, 40, "state", "", [], "", [])], [Arrow(0, 0, [(0.0, 0.0)] * 4, "", 1)])
    label_returns(picture, placed, [way, way], Heat(back={a: 0.25}), Folded(nodes=[a, b]), Taken(picture))
    (note,) = picture.notes
    assert (note.x, note.y, note.text, note.box) == (side * (30 + room + (-18 if inside else 18)), 17, "0.25", 0)


def test_between_boxes_of_dots_lie_the_arrows_of_a_step_unseen():
    """The film waits for them."""
    drawn = tg.draw(lstm(9), steps=[0, 1, -1], level="op").picture
    dots = [i for i, box in enumerate(drawn.boxes) if box.role == "dots"]
    first, size = dots[0], len(dots)
    before = {(a.tail - first + size, a.head - first + size) for a in drawn.arrows}  # those of the step before
    inner = {(a, b) for a, b in before if min(a, b) >= 0 and max(a, b) < size}
    assert dots == [*range(first, first + size)] and len(inner) > size
    assert sorted(drawn.unseen) == sorted((a + first, b + first) for a, b in inner)


@each("right, up", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
@each("offset", [5, -5])
def test_an_arrow_through_time_moves_aside_where_it_runs_upright(right, up, offset):
    """With the ends of this part; its other ends move up or down."""
    aside, down = (offset * right * up, 0), (0, -offset)
    nodes = [down, down, aside, aside, down, down]
    points = [(0.0, 0.0)]
    along(points, [(20.0 * right, 0.0), (20.0 * right, 40.0 * up), (40.0 * right, 40.0 * up)], 5.0)
    way = route(*points, through=True)
    moved = _shifted(way, offset)
    for i, ((x, y), (u, v)) in enumerate(zip(way.points, moved, strict=True)):
        assert (u - x, v - y) == pytest.approx(nodes[(i + 1) // 3])


@each("side", [1, -1])
@each("offset", [5, -5])
def test_both_arrows_over_a_row_end_at_the_boxes_and_leave_room_for_their_heads(side, offset):
    points = [(0.0, 0.0)]
    turn(points, (8.0 * side, 9.0), level=False)
    straight(points, (92.0 * side, 9.0))
    turn(points, (100.0 * side, 0.0), level=True)
    moved = _shifted(route(*points, through=True), offset)
    assert moved[0][1] == moved[-1][1] == 0 and {y for _, y in moved[3:7]} == {9 - offset}
    assert abs(moved[0][0]) == 5 and abs(moved[-1][0] - points[-1][0]) == 5
    for end, corner in ((moved[0], moved[3]), (moved[-1], moved[-4])):
        assert math.dist(end, corner) >= 12, "a head of 10 and a bit of its line"


@each("wide", [100, -100])
@each("bow", [(0.0, 20.0), (1 / 3, 40 / 3)])
def test_a_flat_part_is_as_far_from_its_gradient_as_an_upright_one(wide, bow):
    """A curve that is upright at its ends, and a straight line, over 100 points and 40 up."""
    part, up = bow
    way = route((0, 0), (part * wide, up), (wide - part * wide, 40 - up), (wide, 40), through=False)
    one, other = (np.array(_shifted(way, offset)) for offset in (5, -5))
    middle = [np.array([1, 3, 3, 1]) @ x / 8 for x in (one, other)]
    slope = np.array([1, 1, -1, -1]) @ np.array(way.points)
    across = np.array([-slope[1], slope[0]]) / np.hypot(*slope)
    assert abs((middle[0] - middle[1]) @ across) > 8
    assert one[0].tolist() == [5, 0] and one[-1].tolist() == [wide + 5, 40]
