"""Columns of time, measured: room for their titles, for arrows between them, and for bars over and under them."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import pytest

from tests.draw.recurrent import NETWORKS
from tests.each import each
from tinygraph.draw.labels import width
from tinygraph.draw.options import Options
from tinygraph.draw.picture import Band, Box, Picture
from tinygraph.draw.views.backward import candidates as backward
from tinygraph.draw.views.unrolled import candidates as unrolled


class Sizes(NamedTuple):
    pitch: float
    most: float
    gutter: float
    margin: float


BOXES, LINES, PAIRS = Sizes(58, 84, 44, 14), Sizes(44, 84, 32, 8), Sizes(84, 84, 100, 18)
"""Of boxes of two lines, of one line, and of boxes beside their gradients."""


def timed(picture: Picture) -> list[tuple[Band, list[Box]]]:
    """The columns from left to right, each with its boxes."""
    bands = sorted(picture.bands, key=lambda band: band.left)
    return [(x, [b for b in picture.boxes if x.left < b.x < x.right and x.foot < b.y < x.top]) for x in bands]


def measured(picture: Picture, sizes: Sizes) -> None:
    columns = timed(picture)
    assert len({(band.foot, band.top) for band, _ in columns}) == 1
    foot, top = columns[0][0].foot, columns[0][0].top
    inside = [box for box in picture.boxes if foot < box.y < top]  # those of starts before the first step, too
    half = inside[0].height / 2
    low, high = min(box.y - half for box in inside), max(box.y + half for box in inside)
    under = any(min(y for _, y in x.points) < low and foot < picture.boxes[x.tail].y < top for x in picture.arrows)
    assert top - high == pytest.approx(20) and low - foot in (pytest.approx(40), pytest.approx(62))
    assert under or low - foot == pytest.approx(40)
    for (a, _), (b, _) in pairwise(columns):
        assert b.left - a.right == pytest.approx(sizes.gutter)
    for band, boxes in columns:
        least = min(min(b.x - b.width / 2 - band.left, band.right - b.x - b.width / 2) for b in boxes)
        words = width(band.title, 14, True) + (width(band.token, 12) + 12 if band.token else 0)
        room = band.right - band.left
        assert least >= sizes.margin - 1e-6 and room >= words + 12 - 1e-6
        rows = sorted({round(b.y, 3) for b in boxes})
        assert all(b - a >= sizes.pitch - 1e-6 for a, b in pairwise(rows))
    rows = sorted({round(b.y, 3) for b in inside})
    assert all(b - a <= sizes.most + 1e-6 for a, b in pairwise(rows))
    over, below = [b.y for b in picture.boxes if b.y > top], [b.y for b in picture.boxes if b.y < foot]
    if over and sizes is not PAIRS:
        assert min(over) == pytest.approx(top + half + 33)
    if below:
        assert max(below) == pytest.approx(foot - 88)
    for ys in (over, below):
        assert all((y - ys[0]) / sizes.pitch == pytest.approx(round((y - ys[0]) / sizes.pitch)) for y in ys)


@each("name", NETWORKS)
def test_columns_have_room_for_titles_arrows_and_bars(name: str) -> None:
    tried = 0
    for picture in unrolled(NETWORKS[name][0], Options()):
        if picture.bands:
            tried += 1
            measured(picture, BOXES if picture.boxes[0].height == 40 else LINES)
    assert tried


@each("name", ["rnn", "lstm", "both ways"])
def test_columns_of_boxes_with_their_gradients_too(name: str) -> None:
    measured(next(backward(NETWORKS[name][0], Options(level="op"))), PAIRS)
