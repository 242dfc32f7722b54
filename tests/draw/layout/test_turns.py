"""Turns of states on cards: quarter circles into a lane and out of it; a sum over time turns on itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.curves import kinks
from tests.draw.layout.test_lanes import picture
from tests.draw.networks import weights
from tests.each import each
from tinygraph.draw.colours import STATE
from tinygraph.draw.labels import width
from tinygraph.draw.picture import Arrow, Box, Picture


def network(sums: int) -> tg.Node:
    """A tanh cell over whose states so many sums run."""
    w = tg.parameter(np.eye(3) / 2, "A")
    h: Any = tg.constant(np.ones(3), name="h0")
    totals: list[Any] = [tg.constant(np.zeros(3), name=f"z{k}") for k in range(sums)]
    for t in range(4):
        with tg.step(t):
            h = tg.tanh(w @ h, name="h")
            totals = [tg.add(x, h, name=f"s{k}") for k, x in enumerate(totals)]
    return tg.sum(sum(totals[1:], totals[0]) + h)


def loops(drawn: Picture) -> list[tuple[Arrow, Box]]:
    return [(a, drawn.boxes[a.tail]) for a in drawn.arrows if a.colour == STATE and a.tail == a.head]


@each("sums", [1, 2, 3])
def test_a_sum_over_time_turns_on_itself_at_the_side_of_its_box(sums: int) -> None:
    drawn = tg.draw(network(sums), "rolled").picture
    found = loops(drawn)
    assert len(found) == sums
    for arrow, box in found:
        (x, y), *bows, (end, low) = arrow.points
        side = 1 if x > box.x else -1
        assert (x, end) == (box.x + side * box.width / 2,) * 2 and (y, low) == (box.y + 10, box.y - 10)
        (a, high), (b, deep) = bows
        assert a == b and (high, deep) == (box.y + 26, box.y - 26)
        assert 0 < side * (a - x) <= 40, "it does not reach far"
        (note,) = [n for n in drawn.notes if n.colour == STATE and abs(n.y - box.y) < 30 and abs(n.x - box.x) < 200][:1]
        assert note.text == "t−1 → t" and note.size == 13
        bands = [b for b in drawn.bands if b.left < box.x < b.right and b.foot < box.y < b.top]
        for band in bands:
            assert band.left < note.x - width(note.text, 12) / 2 and note.x + width(note.text, 12) / 2 < band.right


def test_its_note_stands_beyond_the_loop() -> None:
    drawn = tg.draw(network(1), "rolled").picture
    ((arrow, box),) = loops(drawn)
    side = 1 if arrow.points[0][0] > box.x else -1
    beside = [n for n in drawn.notes if n.y == pytest.approx(box.y) and n.colour == STATE]
    assert [n.x for n in beside] == pytest.approx([box.x + side * (box.width / 2 + 66)])


@each("name", ["rnn", "lstm", "gru", "both ways", "coRNN", "tauGRU", "sLSTM", "PhasedLSTM"])
def test_a_state_turns_into_its_lane_and_out_of_it_in_quarter_circles(name: str) -> None:
    drawn, seen = picture(name), 0
    for arrow in drawn.arrows:
        if arrow.colour != STATE or arrow.tail == arrow.head:
            continue
        nodes = arrow.points[::3]
        box = drawn.boxes[arrow.tail]
        side = 1 if sum(x for x, _ in nodes) / len(nodes) > box.x else -1
        lane = max((x for x, _ in nodes), key=lambda x: x * side)
        first, last = (k for k, (x, _) in enumerate(nodes) if x == lane)
        (into, high), (out, low) = nodes[first - 1], nodes[last + 1]
        bow = min(24, abs(low - high) / 2)
        assert last == first + 1 and side * (lane - into) == pytest.approx(24)
        assert side * (lane - out) == pytest.approx(bow)
        down = 1 if low > high else -1
        assert [nodes[first][1], nodes[last][1]] == pytest.approx([high + down * bow, low - down * bow])
        leaves = high == box.y if nodes[0][1] == box.y else high == box.y + 34
        assert leaves, "from its middle, or over it if another box is between"
        seen += 1
    assert seen


def test_what_one_card_hands_to_another_runs_up_beside_it() -> None:
    drawn = picture("attention")
    (arrow,) = [a for a in drawn.arrows if a.dashed and len(a.points) > 12 and drawn.boxes[a.tail].y > 0]
    box = drawn.boxes[arrow.tail]
    (card,) = [b for b in drawn.bands if b.left < box.x < b.right and b.foot < box.y < b.top]
    left, right = min(x for x, _ in arrow.points), max(x for x, _ in arrow.points)
    assert left == pytest.approx(card.left - 20) or right == pytest.approx(card.right + 40)


def test_a_state_that_is_read_above_where_it_is_made_turns_up_into_its_lane() -> None:
    """The first op of the card makes it, and the last one reads it."""
    w = weights(A=(3, 3), B=(3, 3), C=(3, 3))
    a: Any = tg.constant(np.ones(3), name="a0")
    b: Any = tg.constant(np.ones(3), name="b0")
    for t in range(4):
        with tg.step(t):
            before = a
            a = tg.tanh(w["A"] @ b, name=f"a{t}")
            b = tg.sigmoid(w["B"] @ tg.tanh(w["C"] @ tg.exp(a))) * before
    drawn = tg.draw(tg.sum(b), "rolled").picture
    ups = [x for x in drawn.arrows if x.colour == STATE and drawn.boxes[x.head].y > drawn.boxes[x.tail].y]
    assert ups
    for arrow in ups:
        nodes = arrow.points[::3]
        side = 1 if sum(x for x, _ in nodes) / len(nodes) > drawn.boxes[arrow.tail].x else -1
        lane = max((x for x, _ in nodes), key=lambda x: x * side)
        first, last = (k for k, (x, _) in enumerate(nodes) if x == lane)
        (into, low), (out, high) = nodes[first - 1], nodes[last + 1]
        bow = min(24, (high - low) / 2)
        assert high > low and side * (lane - into) == pytest.approx(24) and side * (lane - out) == pytest.approx(bow)
        assert [nodes[first][1], nodes[last][1]] == pytest.approx([low + bow, high - bow])
        assert max(kinks(arrow)) < 1
