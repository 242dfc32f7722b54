"""Cards of rolled pictures, measured: rows, ports, and the lanes in which states run around to the next step."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.curves import spaced
from tests.draw.networks import weights
from tests.draw.recurrent import NETWORKS as RECURRENT
from tests.draw.recurrent import tanh_cell
from tests.each import each
from tinygraph.draw.colours import STATE
from tinygraph.draw.labels import width
from tinygraph.draw.picture import Arrow, Band, Picture

KINDS = ["coRNN", "tauGRU", "PhasedLSTM", "sLSTM", "GRU"]
every_network = each("name", [*(name for name in RECURRENT if "short" not in name and name != "two steps"), *KINDS])


@cache
def picture(name: str) -> Picture:
    if name in RECURRENT:
        return tg.draw(RECURRENT[name][0], "rolled").picture
    cell = getattr(tg.cells, name)(3, 4, rng=0)
    return tg.draw(tg.unroll(cell, np.ones((5, 2, 3), np.float32))[0], "rolled").picture


def card_of(drawn: Picture, i: int) -> Band | None:
    box = drawn.boxes[i]
    return next((c for c in drawn.bands if c.left < box.x < c.right and c.foot < box.y < c.top), None)


def lanes(drawn: Picture) -> dict[int, list[Arrow]]:
    """The arrows of each state to another step, but for loops at a box."""
    of_state = defaultdict(list)
    for arrow in drawn.arrows:
        if arrow.colour == STATE and arrow.tail != arrow.head:
            of_state[arrow.tail].append(arrow)
    return of_state


def within(drawn: Picture, card: Band) -> list[int]:
    return [i for i in range(len(drawn.boxes)) if card_of(drawn, i) is card]


def inner(drawn: Picture, card: Band) -> list[tuple[int, int]]:
    """The pairs of boxes of a card between which an arrow runs within a step, at all steps."""
    inside = {*within(drawn, card)}
    return [(a.tail, a.head) for a in drawn.arrows if a.colour != STATE and not a.dashed and {a.tail, a.head} <= inside]


@every_network
def test_a_box_of_a_card_is_right_over_what_it_reads_and_data_right_under_its_user(name):
    """The row is the length of the longest way to the box, as a card has one for each of its ops."""
    drawn = picture(name)
    for card in drawn.bands:
        boxes, pairs = within(drawn, card), inner(drawn, card)
        low = min(drawn.boxes[i].y for i in boxes)
        row = {i: round((drawn.boxes[i].y - low) / 84, 6) for i in boxes}
        below, users = ({i: [p[1 - k] for p in pairs if p[k] == i] for i in boxes} for k in (1, 0))
        for i in boxes:
            if below[i]:
                assert row[i] == 1 + max(row[j] for j in below[i])
            elif users[i]:
                assert row[i] == min(row[j] for j in users[i]) - 1
        assert {*row.values()} == {float(k) for k in range(len({*row.values()}))}, "no row is empty"


@every_network
def test_an_arrow_ends_on_the_edges_of_its_boxes(name):
    drawn = picture(name)
    for arrow in drawn.arrows:
        for i, (x, y) in ((arrow.tail, arrow.points[0]), (arrow.head, arrow.points[-1])):
            box = drawn.boxes[i]
            across, along = abs(x - box.x) - box.width / 2, abs(y - box.y) - box.height / 2
            assert max(across, along) == pytest.approx(0, abs=1e-6)
            assert arrow.colour == STATE or arrow.dashed or y == box.y + (20 if i == arrow.tail else -20)


@every_network
def test_ports_of_a_side_are_spread_evenly_in_the_order_of_where_their_arrows_lead(name):
    drawn = picture(name)
    ports = defaultdict(list)
    for a in drawn.arrows:
        if a.colour != STATE and not (a.dashed and a.points[-1][1] == drawn.boxes[a.head].y):
            if a.points[0][1] == drawn.boxes[a.tail].y + 20 and a.points[1][0] - a.points[0][0] == 0:
                ports[a.tail, 1].append((a.points[0][0], a.points[3][0]))
            if a.points[-1][1] == drawn.boxes[a.head].y - 20 and len(a.points) > 4:
                ports[a.head, -1].append((a.points[-1][0], a.points[-4][0]))
    assert ports
    for ends in ports.values():
        ends.sort()
        assert [lead for _, lead in ends] == sorted(lead for _, lead in ends)


@every_network
def test_ports_of_a_box_are_spread_around_its_middle(name):
    drawn = picture(name)
    up, down = defaultdict(set), defaultdict(set)
    for a in drawn.arrows:
        if a.colour != STATE and not a.dashed:
            up[a.tail].add(a.points[0][0])
            down[a.head].add(a.points[-1][0])
    dashed = {i for a in drawn.arrows if a.dashed for i in (a.tail, a.head)}
    for side in (up, down):
        for i, places in side.items():
            box, xs = drawn.boxes[i], sorted(places)
            room = np.diff(xs)
            assert i in dashed or sum(xs) / len(xs) == pytest.approx(box.x)
            assert i in dashed or np.allclose(room, room[:1])
            if len(xs) > 1 and i not in dashed:
                assert room[0] == pytest.approx(min(22, (box.width - 24) / len(xs)))


@every_network
def test_each_state_has_a_lane_of_its_own_beside_the_boxes_and_on_the_card(name):
    drawn = picture(name)
    for card in drawn.bands:
        boxes = [drawn.boxes[i] for i in within(drawn, card)]
        left, right = min(b.x - b.width / 2 for b in boxes), max(b.x + b.width / 2 for b in boxes)
        own = {i: arrows for i, arrows in lanes(drawn).items() if card_of(drawn, i) is card}
        places = {}
        for i, arrows in own.items():
            for arrow in arrows:
                x, y = spaced(arrow, 1.0).T
                side = 1 if x.max() > right else -1
                lane = x[np.argmax(x * side)]
                places.setdefault(i, lane)
                assert places[i] == pytest.approx(lane), "all arrows of a state run in one lane"
                assert card.left + 20 < lane < card.right - 20 and not left - 20 < lane < right + 20
                upright = np.abs(x - lane) < 1e-6
                head, tail = drawn.boxes[arrow.head], drawn.boxes[arrow.tail]
                assert np.ptp(y[upright]) >= abs(head.y - tail.y) - 100, "it turns where its boxes are"
        for (_, a), (_, b) in combinations(places.items(), 2):
            assert abs(a - b) > 29
        sides = [np.sign(x - drawn.boxes[i].x) for i, x in places.items()]
        assert abs(sum(sides)) <= 1, "left and right in turn"
        notes = [
            n for n in drawn.notes if n.colour == STATE and card.left < n.x < card.right and card.foot < n.y < card.top
        ]
        for note in notes:
            half = width(note.text, note.size) / 2
            assert card.left < note.x - half and note.x + half < card.right


@every_network
def test_a_start_in_a_lane_ends_where_the_state_of_the_lane_does(name):
    """The dashed arrow of a state before the first step enters its op as the green one, at the same point."""
    drawn = picture(name)
    for start in (a for a in drawn.arrows if a.dashed and a.colour != STATE):
        ends = [a for arrows in lanes(drawn).values() for a in arrows if a.head == start.head]
        at = drawn.boxes[start.head]
        if ends and start.points[-1][1] == at.y and drawn.boxes[start.tail].y < at.y - 100:
            assert any(np.allclose(a.points[-1], start.points[-1]) for a in ends)
            lane = ends[0].points[-7][0]
            (card,) = [card_of(drawn, start.head)]
            assert card is not None
            assert any(np.allclose(p, (lane, card.foot)) for p in start.points), "from under the card"
            y = spaced(start, 1.0)[:, 1]
            assert np.all(np.diff(y) > -1e-6) or drawn.boxes[start.tail].node is None


@every_network
def test_rows_of_cards_and_boxes_are_apart(name):
    drawn = picture(name)
    things = [(c.left, c.right, c.foot, c.top) for c in drawn.bands]
    things += [
        (b.x - b.width / 2, b.x + b.width / 2, b.y - 20, b.y + 20)
        for i, b in enumerate(drawn.boxes)
        if card_of(drawn, i) is None
    ]
    for a, b in combinations(things, 2):
        beside = max(a[0] - b[1], b[0] - a[1])
        above = max(a[2] - b[3], b[2] - a[3])
        assert max(beside - 20, above - 40) > 0
    feet = sorted({c.foot for c in drawn.bands})
    assert all(y - x > 100 for x, y in pairwise(feet)), "cards of a row stand on one line"


@every_network
def test_what_a_green_arrow_leaves_is_a_state(name):
    """At some steps it may be none, as at the last one, whose value no other step reads."""
    drawn = picture(name)
    assert {drawn.boxes[a.tail].role for a in drawn.arrows if a.colour == STATE} == {"state"}


@every_network
def test_from_the_highest_row_of_a_card_and_to_the_lowest_an_arrow_crosses_the_edge_at_its_port(name):
    drawn = picture(name)
    for card in drawn.bands:
        y = [drawn.boxes[i].y for i in within(drawn, card)]
        for a in drawn.arrows:
            tail, head = drawn.boxes[a.tail], drawn.boxes[a.head]
            if a.dashed or a.colour == STATE or card_of(drawn, a.tail) is card_of(drawn, a.head):
                continue
            if card_of(drawn, a.tail) is card and tail.y == max(y) and a.points[0][1] > tail.y:
                assert a.points[3] == (a.points[0][0], card.top - 22)
            if card_of(drawn, a.head) is card and head.y == min(y) and a.points[-1][1] < head.y:
                assert a.points[-4][0] == a.points[-1][0] and card.foot < a.points[-4][1] < card.foot + 10


@every_network
def test_a_note_of_a_lane_stands_halfway_along_unless_another_is_there(name):
    drawn = picture(name)
    notes = [n for n in drawn.notes if n.colour == STATE]
    for note in notes:
        if not any(abs(note.x - other.x) < 120 for other in notes if other is not note):
            ways = [a for a in drawn.arrows if a.colour == STATE]
            middles = [(drawn.boxes[a.tail].y + y) / 2 for a in ways for _, y in a.points[-7:-1:3]]
            assert any(note.y == pytest.approx(y) for y in middles), (note, middles)


def skipping() -> tg.Node:
    """Layers that read the outputs of all layers below, and a loss that reads all of them."""
    w = weights(**{f"{k}{i}": (4, 4) for k in "AB" for i in range(4)}, V=(4, 4))
    outputs: list[Any] = [np.ones((4, 4))]
    for i in range(4):
        inputs = outputs[0]
        for other in outputs[1:]:
            inputs = inputs + tg.tanh(other)
        outputs.append(tg.unroll(tanh_cell(w[f"A{i}"], w[f"B{i}"]), inputs, np.zeros(4))[0])
    return tg.mean(sum(tg.sigmoid(x @ w["V"]) for x in outputs[1:]))


def test_an_arrow_that_passes_a_row_of_the_picture_runs_straight_up_beside_all_of_it() -> None:
    """A row is as high as its highest part: a card, or boxes."""
    drawn, passing = tg.draw(skipping(), "rolled").picture, 0
    inside = {i for card in drawn.bands for i in within(drawn, card)}
    loose = [box for i, box in enumerate(drawn.boxes) if i not in inside]
    spans = {(card.foot, card.top) for card in drawn.bands}
    spans |= {(b.y - 20, b.y + 20) for b in loose if not any(low < b.y < high for low, high in spans)}
    for arrow in drawn.arrows:
        x, y = spaced(arrow, 2.0).T
        for low, high in spans:
            if drawn.boxes[arrow.tail].y < low and high < drawn.boxes[arrow.head].y:
                beside = (low + 0.1 < y) & (y < high - 0.1)
                assert np.ptp(x[beside]) < 1e-6, (arrow.tail, arrow.head, low, high)
                assert not any(c.foot == low and c.left < x[beside][0] < c.right for c in drawn.bands)
                passing += 1
    assert passing >= 20
