"""Ways of arrows in columns, measured: ports, lanes past boxes, through the gutters, and over columns between."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.curves import kinks, spaced
from tests.draw.networks import weights
from tests.draw.recurrent import NETWORKS as RECURRENT
from tests.draw.test_arrows import made_weights
from tests.each import each
from tinygraph.draw.picture import Arrow, Box, Picture

LANE = 14.0
"""Between two arrows side by side, and between an arrow and the boxes that it passes."""


def skipping(back: int, down: bool = False) -> tg.Node:
    """A state that is read so many steps later, too, past boxes of both steps."""
    w = weights(A=(3, 3), B=(3, 3), C=(3, 3))
    hs: list[Any] = []
    for t in reversed(range(5)) if down else range(5):
        with tg.step(t):
            x = tg.constant(np.ones(3) * t, name=f"x{t}")
            h = tg.tanh(w["A"] @ x + (w["B"] @ hs[-1] if hs else 0.5))
            if len(hs) >= back:
                h = tg.tanh(h * tg.sigmoid(w["C"] @ hs[-back]), name=f"s{t}")
            hs.append(h)
    return tg.sum(hs[-1])


def crowded() -> tg.Node:
    """Boxes on both sides of what states of both neighbours enter, and one box that seven others read."""
    w = weights(**{f"W{k}": (3, 3) for k in range(7)})
    h: Any = tg.constant(np.ones(3), name="h0")
    for t in range(3):
        with tg.step(t):
            parts = [tg.tanh(w[f"W{k}"] @ h) for k in range(7)]
            h = sum(parts[1:], parts[0])
    return tg.sum(h)


def beside() -> tg.Node:
    """A table made of parameters, two of them in one step, and results of an encoder that a decoder reads."""
    w = weights(A=(3, 3), B=(3, 3), C=(3, 3))
    one, two = tg.tanh(w["A"], name="one"), tg.exp(tg.exp(w["B"]), name="two")
    states, _ = tg.unroll(lambda x, h: (tg.tanh(x + one @ h + two @ x),) * 2, np.ones((4, 3)), np.zeros(3))
    keys, values = tg.tanh(states, name="keys"), tg.sigmoid(states @ w["C"], name="values")
    read = lambda x, s: (tg.tanh((keys @ s) @ values + x),) * 2  # noqa: E731
    return tg.mean(tg.unroll(read, np.ones((3, 3)), np.ones(3))[0])


def level() -> tg.Node:
    """In the lowest row stands at the left what the state enters, at the right what starts from a parameter."""
    w, h = weights(A=(3,)), tg.constant(np.ones(3), name="h0")
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(h) * tg.sigmoid(w["A"])
    return tg.sum(h)


NAMES = ["rnn", "gru", "both ways", "two scopes", "attention", "uneven", "losses outside", "bridge"]
NETWORKS: dict[str, Any] = {name: RECURRENT[name][0] for name in NAMES}
NETWORKS |= {"two back": skipping(2), "three back": skipping(3), "two ahead": skipping(2, down=True)}
NETWORKS |= {"made weights": made_weights(), "beside": beside(), "level": level()}
NETWORKS |= {"crowded": crowded(), "lstm": tg.mean(tg.unroll(tg.cells.LSTM(3, 4, rng=0), np.ones((4, 2, 3)))[0])}
every_network = each("name", NETWORKS)


@cache
def picture(name: str) -> Picture:
    return tg.draw(NETWORKS[name], level="op", max_nodes=None).picture


@cache
def curves(name: str) -> list[np.ndarray]:
    return [spaced(arrow, 2.0) for arrow in picture(name).arrows]


def column(drawn: Picture, box: Box) -> int | None:
    """The number of the box's column; None for a bar, and for what stands before or after the columns."""
    return next((i for i, b in enumerate(drawn.bands) if b.left < box.x < b.right and b.foot < box.y < b.top), None)


def is_bar(drawn: Picture, box: Box) -> bool:
    return bool(drawn.bands) and not drawn.bands[0].foot < box.y < drawn.bands[0].top


def ways(drawn: Picture) -> list[tuple[Arrow, Box, Box, bool]]:
    """Each arrow with its boxes, and whether it runs through time or along its row."""
    pairs = [(a, drawn.boxes[a.tail], drawn.boxes[a.head]) for a in drawn.arrows]
    apart = [
        not (is_bar(drawn, a) or is_bar(drawn, b)) and (column(drawn, a) != column(drawn, b) or a.y == b.y)
        for _, a, b in pairs
    ]
    return [(*pair, x) for pair, x in zip(pairs, apart, strict=True)]


@every_network
def test_an_arrow_ends_on_the_edges_of_its_boxes_and_never_turns_back(name):
    """On the side or the top of one, on the side or the foot of the other; up, or on through time."""
    drawn = picture(name)
    for (arrow, a, b, through), way in zip(ways(drawn), curves(name), strict=True):
        for box, (x, y) in ((a, arrow.points[0]), (b, arrow.points[-1])):
            across, along = abs(x - box.x) - box.width / 2, abs(y - box.y) - box.height / 2
            assert max(across, along) == pytest.approx(0, abs=1e-6)
            inside = np.abs(way - (box.x, box.y)) < (box.width / 2 - 1e-6, box.height / 2 - 1e-6)
            assert not inside.all(axis=1).any(), "it does not run through its own boxes"
        moves = np.diff(way[:, 0 if through else 1]) * np.sign((b.x - a.x) if through else (b.y - a.y))
        if not is_bar(drawn, a) or b.y > a.y or is_bar(drawn, b):
            assert moves.min() > -1e-6, (arrow, name)


@every_network
def test_ports_of_a_side_are_spread_evenly_in_the_order_of_where_their_arrows_lead(name):
    drawn = picture(name)
    ports = defaultdict(list)
    for arrow, a, b, through in ways(drawn):
        if not through:
            way = arrow.points
            straight = len(way) == 4
            for i, box, (x, y), near, far in (
                (arrow.tail, a, way[0], way[3], b),
                (arrow.head, b, way[-1], way[-4], a),
            ):
                if not is_bar(drawn, box) and abs(abs(y - box.y) - box.height / 2) < 1e-6:
                    upright = straight and is_bar(drawn, far)
                    ports[i, y > box.y].append((x, far.x if straight and not upright else near[0], upright))
    assert ports
    for (i, _), ends in ports.items():
        box, n = drawn.boxes[i], len(ends)
        ends.sort()
        room = np.diff([x for x, *_ in ends])
        assert np.mean([x for x, *_ in ends]) == pytest.approx(box.x), "around the middle"
        assert np.allclose(room, room[:1]) and ends[-1][0] <= box.x + box.width / 2 - 8, "evenly, within the edge"
        assert n == 1 or room[0] == pytest.approx(24) or n * room[0] == pytest.approx(box.width - 16)
        leads = [lead for _, lead, upright in ends if not upright]
        assert leads == sorted(leads), (name, box.title)


@every_network
def test_arrows_pass_boxes_at_a_distance_and_side_by_side(name):
    """At the height of each box, in its column: nothing nearer to it than a lane, nor two arrows to one another."""
    drawn = picture(name)
    upright = [(pair, way) for (*pair, through), way in zip(ways(drawn), curves(name), strict=True) if not through]
    high = [(way[:, 1].min(), way[:, 1].max()) for _, way in upright]
    for i, box in enumerate(drawn.boxes):
        where = column(drawn, box)
        if where is None:
            continue
        band, passing = drawn.bands[where], {}
        for ((arrow, a, b), way), (low, top) in zip(upright, high, strict=True):
            if low < box.y < top and i not in (arrow.tail, arrow.head):
                x, y = way.T
                inside = (band.left < x) & (x < band.right) & (abs(y - box.y) < box.height / 2 - 1)
                if inside.any() and not (a.y - 1 < box.y < a.y + 1 or b.y - 1 < box.y < b.y + 1):
                    passing[arrow.tail, arrow.head] = float(x[inside].mean())
                    assert np.ptp(x[inside]) < 1e-6, "straight up past the box"
        for x in passing.values():
            assert abs(x - box.x) - box.width / 2 > LANE, (name, box.title)
        for (first, x), (second, y) in pairwise(sorted(passing.items(), key=lambda item: item[1])):
            assert first[0] == second[0] or y - x > LANE - 1e-6, (name, box.title)


def lane(drawn: Picture, box: Box, side: int) -> tuple[float, float]:
    """The heights at which arrows leave a box on a side, and enter it from there: its middle if nothing is between."""
    row = [x.x for x in drawn.boxes if x.y == box.y and column(drawn, x) == column(drawn, box)]
    free = box.x == (max if side > 0 else min)(row)
    return (box.y, box.y) if free else (box.y + box.height / 2 + 14, box.y - box.height / 2 - 14)


@every_network
def test_an_arrow_through_time_is_level_within_columns_and_passes_over_those_between(name):
    drawn = picture(name)
    top = drawn.bands[0].top
    for (arrow, a, b, through), way in zip(ways(drawn), curves(name), strict=True):
        i, j = column(drawn, a), column(drawn, b)
        if not through or i is None or j is None or i == j:
            continue
        side = 1 if j > i else -1
        x, y = way.T
        leaving, entering = lane(drawn, a, side)[0], lane(drawn, b, -side)[1]
        start = a.x + side * (a.width / 2 if leaving == a.y else a.width / 4 + 8)
        end = b.x - side * (b.width / 2 if entering == b.y else b.width / 4 + 8)
        edges = [drawn.bands[k].right if s > 0 else drawn.bands[k].left for k, s in ((i, side), (j, -side))]
        within = ((x - start) * side > 0) & ((edges[0] - x) * side > 0)
        assert np.allclose(y[within], leaving), (name, arrow)
        within = ((x - edges[1]) * side > 0) & ((end - x) * side > 0)
        assert np.allclose(y[within], entering), (name, arrow)
        between = ((x - edges[0]) * side > 60) & ((edges[1] - x) * side > 60)
        assert between.any() == (abs(i - j) > 1)
        assert (
            np.all((y[between] > top) & (y[between] < top + 30)) and np.ptp(y[between] if between.any() else [0]) < 1e-6
        )


@every_network
def test_columns_are_equally_far_apart_and_hold_their_boxes(name):
    drawn = picture(name)
    bands = drawn.bands
    gaps = [b.left - a.right for a, b in pairwise(bands)]
    assert gaps == pytest.approx([44.0] * len(gaps)) and len({(b.foot, b.top) for b in bands}) == 1
    timed = [(box, bands[k]) for box in drawn.boxes if (k := column(drawn, box)) is not None]
    for box, band in timed:
        assert band.left + LANE <= box.x - box.width / 2 + 1e-6 and box.x + box.width / 2 <= band.right - LANE + 1e-6
    low, high = (end(box.y for box, _ in timed) for end in (min, max))
    dips = any(y < low - 21 for a, _, _, through in ways(drawn) if through for _, y in a.points)
    assert bands[0].top == high + 40 and low - bands[0].foot == 60 + 22 * dips, "titles stand under what dips there"
    rows = np.diff(sorted({round(box.y, 6) for box, _ in timed}))
    assert np.all((rows >= 58 - 1e-6) & (rows <= 84 + 1e-6)), "no row is empty"


def test_an_arrow_from_a_bar_to_columns_that_it_does_not_span_leaves_at_its_side() -> None:
    """Others leave it at its foot or top, upright over or under the box if none is between."""
    aside = 0
    for name in NETWORKS:
        drawn = picture(name)
        for arrow, bar, box, _ in ways(drawn):
            k = column(drawn, box)
            if k is None or not is_bar(drawn, bar):
                continue
            band, (x, y) = drawn.bands[k], arrow.points[0]
            over = bar.x - bar.width / 2 < band.right - 20 and band.left + 20 < bar.x + bar.width / 2
            assert (abs(y - bar.y) == bar.height / 2) == over, (name, bar.title)
            aside += not over
            if not over:
                assert y == bar.y and x == bar.x + np.sign(box.x - bar.x) * bar.width / 2
            elif len(arrow.points) == 4:
                assert x == arrow.points[-1][0]
            else:
                assert x == pytest.approx(arrow.points[3][0]), "straight up to the first box that it passes"
    assert aside > 5


def test_arrows_from_two_bars_to_one_box_run_side_by_side_the_lower_bar_at_the_left() -> None:
    for name, count in (("made weights", 3), ("beside", 4)):
        drawn, entering = picture(name), defaultdict(list)
        for arrow, bar, box, _ in ways(drawn):
            if is_bar(drawn, bar) and bar.y < box.y and column(drawn, box) is not None:
                entering[arrow.head].append((bar.y, arrow.points[0][0]))
        for places in entering.values():
            places.sort()
            assert [x for _, x in places] == sorted(x for _, x in places)
            assert np.allclose(np.diff([x for _, x in places]), LANE)
        assert len(entering) >= count


@every_network
def test_an_arrow_has_no_corners_and_over_columns_it_turns_in_the_gutters(name):
    drawn = picture(name)
    for arrow, a, b, through in ways(drawn):
        assert max(kinks(arrow), default=0.0) < 1, (name, arrow)
        i, j = column(drawn, a), column(drawn, b)
        if through and i is not None and j is not None and abs(i - j) > 1:
            side = 1 if j > i else -1
            ends = [drawn.bands[i].right + 22, drawn.bands[j].left - 22]
            if side < 0:
                ends = [drawn.bands[i].left - 22, drawn.bands[j].right + 22]
            x, y = spaced(arrow, 1.0).T
            high = y > drawn.bands[0].top + 1
            assert [x[high][0], x[high][-1]] == pytest.approx(ends, abs=12.1), "up and down in the gutters' middle"
            lane = int(abs(ends[0] - 22 * side) / 44) % 4  # those from neighbouring gutters do not lie on each other
            assert y.max() == pytest.approx(drawn.bands[0].top + 6 + 6 * lane, abs=0.01)
            steep = (y < drawn.bands[0].top - 12) & (y > max(a.y, b.y) + 21)
            assert all(min(abs(u - ends[0]), abs(u - ends[1])) < 1e-6 for u in x[steep])
