"""The bounding box of a picture: every part counts on every side, a stack of cards with all that is behind."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.each import each
from tinygraph.draw.labels import width
from tinygraph.draw.picture import Arrow, Band, Box, Cut, Note, Part, Picture, Tile, Use
from tinygraph.draw.write.beside import edges, headings, sides
from tinygraph.draw.write.look import Paint
from tinygraph.draw.write.marks import cut_mark, stack

RECT = re.compile(r'<rect x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"')
BOX = Box(40, 50, 20, 30, "op", "#fff", [Part("h")], "", [])
TILE = Tile(40, 50, 20, 30, "#fff", "")
NOTE = Note(40, 50, "a note", "#000", 12)
ARROW = Arrow(0, 0, [(30, 60), (35, 35), (50, 65), (45, 61)], "#000", 1)
HALF = width("a note", 12, True) / 2
CASES = {
    "box": (Picture([BOX]), (30, 50, 35, 65)),
    "tile": (Picture(tiles=[TILE]), (30, 50, 35, 65)),
    "note": (Picture(notes=[NOTE]), (40 - HALF, 40 + HALF, 38, 62)),
    "arrow": (Picture(arrows=[ARROW]), (30, 50, 35, 65)),
    "column": (Picture(bands=[Band(30, 50, 35, 65, "t = 1")]), (30, 50, 35, 65)),
    "nothing": (Picture(), (0, 1, 0, 1)),
}


@each("name", CASES)
def test_each_part_counts_alone_and_beside_others(name: str) -> None:
    picture, right = CASES[name]
    assert edges(picture) == pytest.approx(right)
    if name != "nothing":
        for x, y in ((-900, 0), (900, 0), (0, -900), (0, 900)):
            far = Box(x, y, 20, 30, "op", "#fff", [], "", [])
            whole = Picture([*picture.boxes, far], [*picture.arrows], tiles=picture.tiles, notes=picture.notes)
            whole.bands = picture.bands
            a, b, c, d = right
            assert edges(whole) == pytest.approx((min(a, x - 10), max(b, x + 10), min(c, y - 15), max(d, y + 15)))


@each("times", [1, 2, 3, 4, 5, 60])
def test_a_stack_of_cards_is_as_large_as_it_is_drawn(times: int) -> None:
    band = Band(-70, 50, -35, 65, "cell", times=times)
    x, y, wide, high = np.array([[float(n) for n in m] for m in RECT.findall(stack(band, Paint()))]).T
    assert len(x) == min(times, 4)
    drawn = min(x), max(x + wide), min(-y - high), max(-y)
    assert edges(Picture(bands=[band])) == pytest.approx(drawn)


def test_the_badge_of_a_cut_has_room() -> None:
    cut = Cut(40, -30, 60)
    around = edges(Picture(cuts=[cut]))
    ((x, y, wide, high),) = [[float(n) for n in m] for m in RECT.findall(cut_mark(cut, Paint(), ""))]
    assert around.left <= 40 + x and 40 + x + wide <= around.right
    assert around.foot <= -y - high and -y <= around.top


@each("count", [1, 4, 12])
@each("title", ["RNN", "A title that reaches far over the table at the right of a narrow picture"])
def test_no_title_is_under_the_table(title: str, count: int) -> None:
    picture = Picture([BOX], uses=[Use(f"W{k}", "2×2", 1, None) for k in range(count)], title=title, subtitle="small")
    inner = edges(picture)
    for line in headings(picture, inner):
        right = inner.left + width(line.words, line.size, line.size > 13)
        for side in sides(picture, inner, Paint()):
            over = right > side.x and side.y - side.high < line.y + line.size and side.y > line.y - 0.25 * line.size
            assert not over, (line, side)
