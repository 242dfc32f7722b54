"""A page shows of each part what the picture says: its colours, lines, heads, sizes and words."""

from __future__ import annotations

import math
import re
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import tinygraph as tg
from tests.draw.compiled import functions
from tests.draw.networks import lstm, perceptron, word_rnn
from tests.draw.recurrent import NETWORKS
from tests.each import each
from tinygraph.draw.picture import Box, Picture, Tile
from tinygraph.draw.shown.roles import BORDERS
from tinygraph.draw.write.look import LINES, legible
from tinygraph.draw.write.page.palette import level_of

from .test_page import saved, svg

SVG = "{http://www.w3.org/2000/svg}"
DRAWINGS = {
    "cut": tg.draw(word_rnn(4, cut=2), gradients=True, tokens=["I", "like", "to", "play"], level="op"),
    "cells": tg.draw(lstm(5), gradients=True),
    "no time": tg.draw(perceptron(), values=True),
    "rolled": tg.draw(NETWORKS["uneven"][0], "rolled"),
    "layers": tg.draw(NETWORKS["two scopes"][0], "rolled", gradients=True),
    "backward": tg.draw(word_rnn(4, cut=2), "backward"),
    "both": tg.draw(lstm(4, truncate=2), "both"),
    "flow": tg.draw(word_rnn(6, cut=3), "flow"),
    "compiled": tg.draw(functions.called(functions.gru()), "compiled"),
}
every_drawing = each("name", DRAWINGS)


def numbers(text: str) -> list[float]:
    return [float(x) for x in re.findall(r"-?\d+\.?\d*", text)]


class Page:
    """A page's picture, and its colours by day."""

    def __init__(self, page: str) -> None:
        (day, *_) = re.findall(r":root\{(--h0[^}]*)\}", page)
        self.colours = dict(re.findall(r"--([\w-]+):([^;]*);", day))
        self.svg = svg(page)

    @cached_property
    def of(self) -> dict[str, Any]:
        return {x.get("id", ""): x for x in self.svg.iter()}

    def all(self, tag: str, kind: str) -> list[Any]:
        return [x for x in self.svg.iter(SVG + tag) if kind in x.get("class", "").split()]

    def has(self, element: Any, attribute: str, colour: str) -> bool:
        """Whether it has this colour; of heat there are 33 levels, and NaN is hatched."""
        key = re.fullmatch(r"var\(--(\w+)\)", element.get(attribute))[1]  # type: ignore[index]
        shown = colour if key == "odd" else self.colours[key]
        a, b = level_of(shown), level_of(colour)
        return shown == colour if a is None or b is None else abs(a - b) <= 1 / 64 + 1 / 128


@pytest.fixture
def page_of(tmp_path: Path) -> Any:
    return lambda name: (Page(saved(DRAWINGS[name], tmp_path)), DRAWINGS[name].picture)


def test_the_pictures_have_all_kinds_of_parts() -> None:
    pictures: list[Picture] = [x.picture for x in DRAWINGS.values()]
    arrows = [a for p in pictures for a in p.arrows]
    assert {a.dashed for a in arrows} == {a.pointed for a in arrows} == {a.width > 2.2 for a in arrows} == {True, False}
    assert {b.dashed for p in pictures for b in p.boxes} == {c.badge for p in pictures for c in p.cuts} == {True, False}
    bands = [b for p in pictures for b in p.bands]
    assert (
        {b.headed for b in bands} == {bool(b.times) for b in bands} == {bool(b.token) for b in bands} == {True, False}
    )
    assert all(any(getattr(p, kind) for p in pictures) for kind in ("notes", "tiles", "uses", "keys"))


@every_drawing
def test_an_arrow_has_its_line_its_head_and_its_ends(name: str, page_of: Any) -> None:
    page, picture = page_of(name)
    for i, arrow in enumerate(picture.arrows):
        path = page.of[f"a{i}"]
        assert (path.get("stroke-dasharray") is not None) == arrow.dashed, arrow
        assert float(path.get("stroke-width")) == pytest.approx(arrow.width, abs=0.01)
        assert page.has(path, "stroke", arrow.colour)
        points = numbers(path.get("d"))
        assert points[:2] == pytest.approx([arrow.points[0][0], -arrow.points[0][1]], abs=0.06)
        tip = (arrow.points[-1][0], -arrow.points[-1][1])
        head = page.of[path.get("marker-end")[5:-1]] if arrow.pointed else None
        assert (head is None) == (path.get("marker-end") is None)
        # The line ends where the head begins, which reaches to the end of the route, in its direction and colour.
        long = 0.0 if head is None else float(head.get("markerWidth"))
        assert math.dist(points[-2:], tip) == pytest.approx(long, abs=0.1), arrow
        if head is not None:
            (x, y), (ex, ey) = points[-4:-2], points[-2:]
            along = math.dist((x, y), (ex, ey)) or 1.0
            assert (ex + long * (ex - x) / along, ey + long * (ey - y) / along) == pytest.approx(tip, abs=0.3), arrow
            assert page.has(head[0], "fill", arrow.colour) and long == (10 if arrow.width > 2.2 else 8)


@every_drawing
def test_a_box_has_its_size_its_colours_and_its_words_in_it(name: str, page_of: Any) -> None:
    page, picture = page_of(name)
    for i, box in enumerate(picture.boxes):
        group = page.of[f"n{i}"]
        ground, *rest = group.iter(SVG + "rect")
        assert page.has(ground, "fill", box.fill)
        if box.core:
            ground, *rest = rest
        place = [float(ground.get(k)) for k in ("x", "y", "width", "height")]
        assert place == pytest.approx([-box.width / 2, -box.height / 2, box.width, box.height], abs=0.06)
        line = LINES[box.role]
        assert ground.get("stroke-dasharray") == (line.dashes or ("5 3" if box.dashed else None))
        assert page.has(ground, "stroke", BORDERS[box.role])
        assert float(ground.get("stroke-width")) == line.width
        assert len(rest) == sum(part.kind == "chip" for part in box.title) + line.double
        _check_words(group, box)


def _check_words(group: Any, box: Box) -> None:
    """The title over the lines, all inside; a title with chips from left to right, each chip around its own text."""
    ys = {x: float(x.get("y")) for x in group.iter(SVG + "text") if "".join(x.itertext())}
    assert all(-box.height / 2 + 10 < y < box.height / 2 - 5 for y in ys.values()), box
    lines = [x for x in ys if x.get("class") == "u"]
    titles = [x for x in ys if x not in lines]
    assert ["".join(x.itertext()) for x in lines[::-1]] == (box.below.split("\n") if box.below else [])
    assert not any(x.get("x") for x in lines)
    assert [ys[b] - ys[a] for a, b in pairwise(lines[::-1])] == pytest.approx([12.0] * (len(lines) - 1))
    assert not lines or (12.5 < ys[lines[-1]] - ys[titles[0]] < 16.5 if titles else True), box
    kinds = [part.kind for part in box.title]
    if "chip" not in kinds:
        values = [x for x in group.iter(SVG + "tspan") if x.get("class") == "v"]
        assert [x.text for x in values] == [part.text for part in box.title if part.kind == "value"]
        return
    assert ["".join(x.itertext()) for x in titles] == [part.text for part in box.title]
    assert [x.get("class") for x in titles] == [{"chip": "t gold", "value": "v"}.get(k, "t") for k in kinds]
    middles = [float(x.get("x")) for x in titles]
    assert middles == sorted(middles) and -box.width / 2 < middles[0] and middles[-1] < box.width / 2
    chips = [x for x in group.iter(SVG + "rect") if x.get("class") == "chip"]
    for rect, text in zip(chips, [x for x in titles if x.get("class") == "t gold"], strict=True):
        left, top, wide, high = (float(rect.get(k)) for k in ("x", "y", "width", "height"))
        assert left + wide / 2 == pytest.approx(float(text.get("x")), abs=0.11)
        assert -box.width / 2 < left and left + wide < box.width / 2 and top + 12 < ys[text] < top + high - 3


def _as_shown(tile: Tile) -> str:
    return str(tuple(round(x, 1) + 0.0 for x in (tile.x, -tile.y, tile.width, tile.height)))[:-1]


@every_drawing
def test_columns_cards_tiles_notes_and_cuts_are_where_they_belong(name: str, page_of: Any) -> None:
    page, picture = page_of(name)
    grounds = [x for kind in ("band", "card") for x in page.all("rect", kind)]
    at = sorted(tuple(round(float(x.get(k))) for k in ("x", "y", "width", "height")) for x in grounds)
    meant = []
    for band in picture.bands:
        for k in range(min(max(band.times, 1), 4)):
            meant.append((band.left + 8 * k, -band.top - 8 * k, band.right - band.left, band.top - band.foot))
    assert [v for x in at for v in x] == pytest.approx([v for x in sorted(meant) for v in x], abs=0.6)
    texts = ["".join(x.itertext()) for x in page.all("text", "title")]
    assert sorted(texts) == sorted(b.title + b.token + f" × {b.times}" * (b.times > 0) for b in picture.bands)
    assert len(page.all("text", "token")) + len(page.all("tspan", "token")) == sum(bool(b.token) for b in picture.bands)
    tiles = [
        (*map(float, (x.get("data-x"), x.get("data-y"), *map(x[0].get, ("width", "height")))), x)
        for x in page.all("g", "tile")
    ]
    for shown, tile in zip(sorted(tiles, key=str), sorted(picture.tiles, key=_as_shown), strict=True):
        assert shown[:4] == pytest.approx((tile.x, -tile.y, tile.width, tile.height), abs=0.06)
        assert ["".join(x.itertext()) for x in shown[4][1:]] == [tile.text] * bool(tile.text) + [tile.tip]
        assert page.has(shown[4][0], "fill", tile.fill)
        assert numbers(shown[4].get("transform")) == [*shown[:2]]
        assert [2 * float(shown[4][0].get(k)) for k in ("x", "y")] == pytest.approx([-x for x in shown[2:4]], abs=0.11)
    for i, note in enumerate(picture.notes):
        (text,) = [x for x in page.all("text", "note") if x.get("data-i") == str(i)]
        assert "".join(text.itertext()) == note.text and page.has(text, "fill", legible(note.colour))
        assert float(text.get("x")) == pytest.approx(note.x, abs=0.06)
        assert 0.2 < (float(text.get("y")) + note.y) / note.size < 0.5, "its middle, not its foot, is there"
        assert float(text.get("font-size")) == note.size
    cuts = [(float(x.get("data-x")), "BPTT cut" in "".join(x.itertext())) for x in page.all("g", "cut")]
    for x in page.all("g", "cut"):
        cut = next(c for c in picture.cuts if abs(c.x - float(x.get("data-x"))) < 0.06)
        foot, top = cut.foot, cut.top
        _, begin, end = numbers(x[0].get("d").replace("V", " "))
        assert begin == pytest.approx(-top, abs=0.06)
        if x.find(SVG + "rect") is None:
            assert end == pytest.approx(-foot, abs=0.06)
            continue
        badge = {k: float(v) for k, v in x.find(SVG + "rect").items() if k != "class"}
        assert badge["x"] == pytest.approx(cut.aside - badge["width"] / 2, abs=0.06)
        assert all(float(text.get("x", 0)) == pytest.approx(cut.aside, abs=0.06) for text in x.iter(SVG + "text"))
        assert badge["y"] == pytest.approx(end, abs=0.06) and 0 <= end + foot < 10
        ys = [float(text.get("y")) for text in x.iter(SVG + "text")]
        assert badge["y"] + 10 < ys[0] < ys[1] - 10 and ys[1] < badge["y"] + badge["height"] - 5
    assert sorted(cuts) == [(pytest.approx(c.x, abs=0.06), c.badge) for c in sorted(picture.cuts, key=lambda c: c.x)]
