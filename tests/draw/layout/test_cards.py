"""Boxes beside the cards of a rolled picture stand where their arrows enter and leave the cards; notes by arrows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import weights
from tests.draw.recurrent import NETWORKS, tanh_cell
from tests.each import each
from tinygraph.draw.colours import STATE
from tinygraph.draw.picture import Arrow, Box, Picture

GAP = 24.0
"""The least distance between two boxes of a row."""


def started() -> tg.Node:
    """A state before the first step that a chain of boxes under the card makes."""
    w = weights(A=(4, 3), B=(4, 4), C=(4, 4), D=(4, 4))
    h0 = tg.tanh(w["C"] @ tg.sigmoid(w["D"] @ np.ones(4)))
    return tg.mean(tg.unroll(tanh_cell(w["A"], w["B"]), np.ones((3, 3)), h0)[0])


def through() -> tg.Node:
    """What enters high in the card and what leaves low in it, past the boxes between."""
    w = weights(A=(4, 4), B=(4, 4), C=(4, 4))

    def cell(x: Any, h: Any) -> Any:
        u = w["A"] @ h
        h = tg.tanh(w["B"] @ tg.sigmoid(w["C"] @ tg.sigmoid(u))) * (h + 1.0) + x
        return u, h

    return tg.mean(tg.unroll(cell, np.ones((3, 4)), np.zeros(4))[0])


def picture(name: str) -> Picture:
    own = {"started": started, "through": through}
    return tg.draw(own[name]() if name in own else NETWORKS[name][0], "rolled").picture


def is_beside_a_card(drawn: Picture, box: Box) -> bool:
    """Whether the box's row holds a card: such rows stay as they are."""
    return any(card.foot - 20 < box.y < card.top + 20 for card in drawn.bands)


def crossings(drawn: Picture, i: int) -> tuple[list[float], list[float]]:
    """The x at which arrows of box i cross the nearest card's edge or meet another box: below it and above it."""
    below, above = [], []
    outside = {k for k, b in enumerate(drawn.boxes) if not is_beside_a_card(drawn, b)}
    for a in drawn.arrows:
        if i == a.head:
            below.append(drawn.boxes[a.tail].x if a.tail in outside else gate(drawn, a, drawn.boxes[a.tail]))
        elif i == a.tail:
            above.append(drawn.boxes[a.head].x if a.head in outside else gate(drawn, a, drawn.boxes[a.head]))
    return below, above


def gate(drawn: Picture, arrow: Arrow, inside: Box) -> float:
    """The x at which an arrow crosses the edge of the card that a box stands on."""
    (card,) = [c for c in drawn.bands if c.left < inside.x < c.right and c.foot < inside.y < c.top]
    edge = card.foot if drawn.boxes[arrow.head] is inside else card.top
    return min(arrow.points[::3], key=lambda p: abs(p[1] - edge))[0]


@each(
    "name",
    [
        "rnn",
        "cut",
        "lstm",
        "two unrolls",
        "both ways",
        "encoder",
        "losses outside",
        "uneven",
        "attention",
        "started",
        "through",
    ],
)
def test_a_row_of_boxes_stands_over_and_under_its_arrows(name):
    """Each box at the mean of its arrows, pushed aside only by its neighbours, and the row as a whole not at all."""
    drawn = picture(name)
    rows: dict[float, list[int]] = {}
    for i, box in enumerate(drawn.boxes):
        if not is_beside_a_card(drawn, box):
            rows.setdefault(box.y, []).append(i)
    assert rows
    for row in rows.values():
        row.sort(key=lambda i: drawn.boxes[i].x)
        goals, free = [], []
        for i in row:
            below, above = crossings(drawn, i)
            goals.append(np.mean(below or above))
        for k, i in enumerate(row):
            box = drawn.boxes[i]
            gaps = [abs(drawn.boxes[j].x - box.x) - (drawn.boxes[j].width + box.width) / 2 for j in row if j != i]
            assert all(gap > GAP - 1e-6 for gap in gaps), "boxes of a row are apart"
            free.append(not any(gap < GAP + 1e-6 for gap in gaps))
            if free[-1]:
                assert box.x == pytest.approx(goals[k], abs=1e-6), name
        assert sum(drawn.boxes[i].x for i in row) == pytest.approx(sum(goals), abs=1e-6), name
        assert goals == sorted(goals), "in the order of their arrows, so that these do not cross"


def test_what_two_cards_feed_stands_between_them():
    drawn = picture("both ways")
    (joined,) = [b for b in drawn.boxes if b.title[0].text == "concatenate"]
    left, right = sorted((card.left + card.right) / 2 for card in drawn.bands)
    assert left < joined.x < right


@each("name", ["two unrolls", "two scopes", "both ways", "encoder", "bridge", "attention", "losses outside"])
def test_cards_stand_over_what_they_read_at_each_step_and_beside_what_starts_them(name: str) -> None:
    """Also where the start is computed of another card's last state outside of all cards."""
    first, second = sorted(picture(name).bands, key=lambda band: band.left)
    is_beside = name in ("both ways", "encoder", "bridge")
    assert (first.foot == second.foot) == is_beside and (first.right < second.left) == is_beside
    assert is_beside or max(first.foot, second.foot) > min(first.top, second.top)


NOTES = ["rnn", "lstm", "gru", "two unrolls", "both ways", "losses outside", "uneven", "encoder"]


@each("name", NOTES)
def test_the_note_of_a_step_stands_beside_the_start_of_its_arrow(name):
    """36 points beside where the arrow leaves its box, on the arrow's own side of the box, and just over the box.

    Where an arrow is there it is somewhere else beside its own.
    """
    drawn = picture(name)
    dashed = [a for a in drawn.arrows if a.dashed and a.points[0][1] > drawn.boxes[a.tail].y]
    for arrow in dashed:
        (x, y), box = arrow.points[0], drawn.boxes[arrow.tail]
        side = 1 if x > box.x + 1 else -1
        (note,) = [n for n in drawn.notes if n.text.endswith("only") and abs(n.x - x) < 60 and abs(n.y - y) < 40]
        moved = (note.x, note.y) != pytest.approx((x + side * 36, y + 16))
        assert moved <= (name == "both ways"), "there an arrow passes"
        assert note.y - note.size / 2 > box.y + box.height / 2, "not in the box"
    assert len([n for n in drawn.notes if n.text.endswith("only")]) == len(dashed) > 0


def test_an_arrow_from_the_right_half_of_a_box_has_its_note_at_the_right():
    """Of the first step's U x, which is the whole of z there; another arrow leaves the box at its left."""
    drawn = picture("uneven")
    texts = {n.text: n for n in drawn.notes}
    (first,) = [a for a in drawn.arrows if a.dashed and "U" in [part.text for part in drawn.boxes[a.tail].title]]
    assert first.points[0][0] > drawn.boxes[first.tail].x + 1
    assert texts["t = 0 only"].x > first.points[0][0]


def test_a_note_from_card_to_card_names_both_steps_and_stands_in_the_gap():
    drawn = picture("encoder")
    (note,) = [n for n in drawn.notes if n.text == "t = 4 → t = 0"]
    encoder, decoder = sorted(drawn.bands, key=lambda c: c.left)
    (arrow,) = [a for a in drawn.arrows if a.dashed and a.points[0][1] == drawn.boxes[a.tail].y]
    x, y = arrow.points[-4] if len(arrow.points) > 6 else arrow.points[0]
    assert (note.x, note.y) == pytest.approx((x - 40, y - 14)) and encoder.left < note.x < decoder.right


def test_a_note_on_the_way_into_another_cards_lane_stands_left_of_the_way_up():
    drawn = picture("attention")
    (note,) = [n for n in drawn.notes if n.text == "t = 3 → t = 0"]
    (arrow,) = [
        a for a in drawn.arrows if a.dashed and len(a.points) > 12 and drawn.boxes[a.tail].title[0].text[0] == "h"
    ]
    (x, low), (_, high) = arrow.points[9], arrow.points[12]
    assert (note.x, note.y) == pytest.approx((x - 52, (low + high) / 2))


def test_states_have_their_lanes_left_and_right_in_turn_from_the_lowest_use_up() -> None:
    """Not in the order of their ops: the state that is made and used first is used higher here than the other."""

    def cell(x: Any, states: Any) -> Any:
        a, b = states
        p = tg.tanh(x)
        a = tg.multiply(tg.sigmoid(p), a, name="a")
        low = tg.add(p, b, name="low")
        b = tg.multiply(low, a, name="b")
        return b, (a, b)

    root = tg.sum(tg.unroll(cell, np.ones((4, 3)), (np.zeros(3), np.ones(3)))[0])
    drawn = tg.draw(root, "rolled").picture
    back = sorted((a for a in drawn.arrows if a.colour == STATE), key=lambda a: drawn.boxes[a.head].y)
    uses = [drawn.boxes[a.head] for a in back]
    assert [box.title[0].text[:-1] for box in uses] == ["lowₜ ", "aₜ "] and uses[0].y < uses[1].y
    for arrow, side in zip(back, (-1, 1), strict=True):
        box, points = drawn.boxes[arrow.head], arrow.points
        assert (points[-1][0] - box.x) * side == pytest.approx(box.width / 2), "it ends at this side of its box"
        assert all((x - box.x) * side > 0 for x, y in points if box.y - 1 <= y <= box.y + 70)
