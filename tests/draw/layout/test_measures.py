"""Measures of columns, cards and bands, as one would take them with a ruler; in points."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.compiled.functions import NETWORKS as FUNCTIONS
from tests.draw.compiled.functions import called, draw
from tests.draw.curves import spaced
from tests.draw.layout.test_lanes import picture as rolled
from tests.draw.layout.test_ways_of_arrows import NETWORKS
from tests.draw.recurrent import encoder_decoder
from tests.draw.shown.test_phases import parts
from tests.each import each
from tinygraph.draw.colours import STATE
from tinygraph.draw.labels import width
from tinygraph.draw.picture import Band, Box, Picture


class Kind:
    """What is measured: pictures of one grid, and the measures that it has."""

    def __init__(self, pictures: Any, pitch: float, gutter: float, gap: float, height: float, margin: float) -> None:
        self.pictures, self.pitch, self.gutter, self.gap = pictures, pitch, gutter, gap
        self.height, self.margin = height, margin


def terse() -> list[Picture]:
    drawn = [tg.draw(NETWORKS[name], fit=(size, size)).picture for name in ("rnn", "gru") for size in (330, 500)]
    return [x for x in drawn if "without shapes" in x.subtitle and x.bands]


KINDS = {
    "boxes": Kind(lambda: [tg.draw(x, level="op").picture for x in NETWORKS.values()], 58, 44, 14, 40, 14),
    "titles alone": Kind(terse, 44, 32, 8, 26, 8),
    "with gradients' boxes": Kind(
        lambda: [tg.draw(NETWORKS[name], "backward", level="op").picture for name in ("rnn", "gru", "crowded")],
        84,
        100,
        20,
        40,
        18,
    ),
}


@cache
def pictures(kind: str) -> list[Picture]:
    drawn = KINDS[kind].pictures()
    assert drawn
    return drawn


def held(drawn: Picture, band: Band) -> list[Box]:
    return [box for box in drawn.boxes if band.left < box.x < band.right and band.foot < box.y < band.top]


def edges(boxes: list[Box]) -> tuple[float, float, float, float]:
    """Left, right, foot and top."""
    across = [(box.x - box.width / 2, box.x + box.width / 2) for box in boxes]
    along = [(box.y - box.height / 2, box.y + box.height / 2) for box in boxes]
    return min(a for a, _ in across), max(b for _, b in across), min(a for a, _ in along), max(b for _, b in along)


@each("kind", KINDS)
def test_columns_rows_and_boxes_are_as_near_as_their_grid_lets_them(kind: str) -> None:
    right, margins, gaps, pitches = KINDS[kind], [], [], []
    for drawn in pictures(kind):
        assert {box.height for box in drawn.boxes} == {right.height}
        assert [b.left - a.right for a, b in pairwise(drawn.bands)] == pytest.approx(
            [right.gutter] * (len(drawn.bands) - 1)
        )
        tops = [edges(held(drawn, band))[3] for band in drawn.bands]
        assert drawn.bands[0].top - max(tops) == pytest.approx(20), "over the highest box"
        for band in drawn.bands:
            boxes = held(drawn, band)
            left, end, *_ = edges(boxes)
            margins += [left - band.left, band.right - end]
            rows = defaultdict(list)
            for box in boxes:
                rows[box.y].append(box)
            pitches += np.diff(sorted(rows)).tolist()
            for row in rows.values():
                row.sort(key=lambda box: box.x)
                gaps += [b.x - a.x - (a.width + b.width) / 2 for a, b in pairwise(row)]
    least = 24.0 if "gradients" in kind else right.gap  # a gradient's box stands by its own
    assert min(margins) == pytest.approx(right.margin) and min(gaps) == pytest.approx(min(least, right.gap))
    assert min(pitches) == pytest.approx(right.pitch)


@each("kind", ["boxes", "titles alone"])
def test_bars_stand_over_and_under_the_columns_at_one_distance(kind: str) -> None:
    """Under the columns is room for the badges of cuts."""
    right, over, under = KINDS[kind], [], []
    for drawn in pictures(kind):
        high, low = ({box.y for box in drawn.boxes if side * box.y > side * end} for side, end in ends(drawn))
        over += [sorted(y - right.height / 2 - drawn.bands[0].top for y in high)] if high else []
        under += [sorted(drawn.bands[0].foot - y - right.height / 2 for y in low)] if low else []
    assert over and (under or kind != "boxes")
    for levels, first in ((over, 33), (under, 68)):
        for heights in levels:
            assert heights == pytest.approx([first + right.pitch * k for k in range(len(heights))])


def ends(drawn: Picture) -> list[tuple[int, float]]:
    return [(1, drawn.bands[0].top), (-1, drawn.bands[0].foot)]


def test_norms_that_come_back_are_larger_where_boxes_show_none() -> None:
    sizes: dict[float, set[float]] = defaultdict(set)
    for size in (330, 500, 900, 2000):
        drawn = tg.draw(NETWORKS["rnn"], fit=(size, size), gradients=True).picture
        told = {note.size for note in drawn.notes if note.colour == "#b02a1a"}
        sizes[drawn.boxes[0].height] |= told
    assert sizes == {26.0: {12.0}, 40.0: {11.0}}


PHASES = {"encoder": encoder_decoder(4, 3), "bridge": encoder_decoder(3, 3, bridge=True), "parts": parts(again=3)}


@each("view", ["unrolled", "backward"])
@each("name", PHASES)
def test_names_of_phases_stand_over_their_columns_where_no_arrow_passes(view: str, name: str) -> None:
    """Where gradients run over the columns, these and the bars above leave room for the names."""
    drawn = tg.draw(PHASES[name], view, level="op").picture
    columns = [band for band in drawn.bands if band.title.startswith("t =")]
    starts = [k for k, band in enumerate(columns) if band.title == "t = 0"]
    notes = sorted((n for n in drawn.notes if n.size == 14), key=lambda n: n.x)
    points = np.concatenate([spaced(arrow, 2.0) for arrow in drawn.arrows])
    for note, a, b in zip(notes, starts, [*starts[1:], len(columns)], strict=True):
        left, right, half = columns[a].left, columns[b - 1].right, width(note.text, 14, True) / 2
        assert note.y == columns[0].top + 16 and left <= note.x - half and note.x + half <= right
        crossing = points[abs(points[:, 1] - note.y) < 8, 0]
        assert not (abs(crossing - note.x) < half).any()
        if not ((left < crossing) & (crossing < right)).any():
            assert note.x == pytest.approx((left + right) / 2)
    bars = [box.y - box.height / 2 for box in drawn.boxes if box.y > columns[0].top]
    assert min(bars) - columns[0].top == pytest.approx(33 if view == "unrolled" else 51)


def test_dots_are_a_narrow_column() -> None:
    root = tg.unroll(tg.cells.LSTM(3, 4, rng=0), np.ones((12, 2, 3)))[1][0]
    drawn = tg.draw(root, steps=[0, 1, -1], level="op").picture
    dots = [box for box in drawn.boxes if box.role == "dots"]
    assert {box.width for box in dots} == {28.0} and len(dots) > 1
    wide = {band.title: band.right - band.left for band in drawn.bands}
    assert wide["t = 2 … 10"] == min(wide.values())


@each("plain", [1, 2, 3, 4, 5, 6])
def test_a_state_runs_straight_through_up_to_four_plain_ops(plain: int) -> None:
    """More would make the column wide."""
    gates = [tg.parameter(np.full(3, 0.5), f"g{k}") for k in range(plain)]

    def cell(x: Any, h: Any) -> Any:
        for gate in gates:
            h = h * tg.sigmoid(gate + x)
        return h, h

    drawn = tg.draw(tg.sum(tg.unroll(cell, np.ones((3, 3)), np.ones(3))[0]), level="op").picture
    products = [box.y for box in held(drawn, drawn.bands[1]) if box.node is not None and box.node.op is tg.ops.multiply]
    assert len(products) == plain and len({*products}) == (1 if plain <= 4 else plain)


CARDS = ["rnn", "lstm", "gru", "two unrolls", "both ways", "losses outside", "encoder", "sLSTM"]


@each("name", CARDS)
def test_a_card_has_its_margins_its_lanes_and_room_for_their_words(name: str) -> None:
    drawn = rolled(name)
    for card in drawn.bands:
        boxes = held(drawn, card)
        left, right, foot, top = edges(boxes)
        assert foot - card.foot == pytest.approx(22) and card.top - top == pytest.approx(22 + 40), "and its name"
        lanes = {-1: set(), 1: set()}
        for a in drawn.arrows:
            if a.colour == STATE and a.tail != a.head and drawn.boxes[a.tail] in boxes:
                x = max((x for x, _ in a.points), key=lambda x: abs(x - (left + right) / 2))
                lanes[1 if x > (left + right) / 2 else -1].add(round(x, 6))
        for side, edge, end in ((-1, left, card.left), (1, right, card.right)):
            away = sorted(side * (x - edge) for x in lanes[side])
            inner = away[0] - 38 if away else 0.0  # ways of arrows beside the boxes
            assert inner >= -1e-6 and away == pytest.approx([38 + inner + 30 * k for k in range(len(away))])
            room = side * (end - edge) - inner
            wide = card.right - card.left > 170
            assert not wide or not away or room == pytest.approx(22 + 8 + 30 * len(away) + 62)


@each("name", CARDS)
def test_cards_and_boxes_beside_them_are_one_distance_apart(name: str) -> None:
    drawn = rolled(name)
    inside = [box for card in drawn.bands for box in held(drawn, card)]
    spans = {(card.foot, card.top) for card in drawn.bands}
    spans |= {(box.y - 20, box.y + 20) for box in drawn.boxes if box not in inside}
    rows: list[list[float]] = []
    for low, high in sorted(spans):
        if rows and low < rows[-1][1]:
            rows[-1] = [min(low, rows[-1][0]), max(high, rows[-1][1])]
        else:
            rows.append([low, high])
    for (a, b), (c, d) in pairwise(rows):
        assert c - b == pytest.approx(66 if max(b - a, d - c) > 41 else 44)


def test_a_compiled_picture_has_its_margins() -> None:
    """The tightest of all pictures: over the highest thing, under the lowest, at the left, and between two of a row."""
    room: dict[tuple[bool, str], list[float]] = defaultdict(list)
    for make in FUNCTIONS.values():
        drawn = draw(called(make()))
        for band in drawn.bands:
            outer = band.title.startswith(("before", "after"))
            parts = [b for b in drawn.bands if b is not band and within(b, band)]
            boxes = [(b.x - b.width / 2, b.y - b.height / 2, b.y + b.height / 2) for b in held(drawn, band)]
            things = boxes + [(b.left, b.foot, b.top + behind(b)) for b in parts]
            room[outer, "over"].append(band.top - max(top for *_, top in things))
            room[outer, "under"].append(min(foot for _, foot, _ in things) - band.foot)
            room[outer, "left"].append(min(left for left, *_ in things) - band.left)
            own = [b for b in parts if not any(within(b, c) for c in parts if c is not b)]
            own.sort(key=lambda b: b.left)
            room[outer, "apart"] += [b.left - a.right - behind(a) for a, b in pairwise(own)]
            named = width(f"{band.title} × {band.times}", 14, bold=True) + 20
            assert outer or band.right - band.left >= named - 1e-6
    least = {key: min(values) for key, values in room.items() if values}
    assert least == pytest.approx(
        {
            (True, "over"): 66,
            (True, "under"): 26,
            (True, "left"): 26,
            (True, "apart"): 66,
            (False, "over"): 54,
            (False, "under"): 20,
            (False, "left"): 20,
        }
    )


def behind(card: Band) -> float:
    """How far the cards behind a card stick out."""
    return 8.0 * min(max(card.times - 1, 0), 3)


def within(a: Band, b: Band) -> bool:
    return b.left <= a.left and a.right <= b.right and b.foot <= a.foot and a.top <= b.top
