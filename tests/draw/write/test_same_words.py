"""All writers tell the same beside a picture: table, legend and list of a file, of DOT text and of a page."""

from __future__ import annotations

import html
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import word_rnn
from tests.each import each
from tinygraph.draw.picture import Band, Box, Cut, Part, Picture, Tile, TileNumber, Use
from tinygraph.draw.write.dot import lines
from tinygraph.draw.write.margin import description
from tinygraph.draw.write.page import page
from tinygraph.draw.write.page.facts import fixed, measured
from tinygraph.draw.write.page.palette import Palette
from tinygraph.draw.write.svg import svg

from .page.test_page import svg as page_svg
from .test_margin import PICTURES, legend_of, read

BESIDE = [name for name in PICTURES if name != "none"]


def bare(markup: str) -> str:
    """The words of markup, without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup)).replace("\xa0", " ").strip()


def svg_rows(drawn: Picture, k: int) -> list[list[str]]:
    """The words of a frame in the file, line by line."""
    lines_: dict[str, list[Any]] = {}
    for x in read(drawn)[1][k].texts:
        lines_.setdefault(x.style["y"], []).append(x)
    return [[x.words for x in sorted(lines_[y], key=lambda x: x.left)] for y in sorted(lines_, key=float)]


@each("aside", ["right", "below", "over"])
@each("name", BESIDE)
def test_dot_text_has_what_stands_beside_the_file_mark_by_mark(name: str, aside: str) -> None:
    drawn = replace(PICTURES[name], aside=aside)
    heads, groups, _ = read(drawn)
    told = [m for x in lines(drawn) if (m := re.match(r'\tbeside\d+ \[pos="(\S+),(\S+)!", (.*?)label=(.*)\]\n$', x))]
    words = [(bare(m[4][1:-1]), float(m[1]), float(m[2])) for m in told if len(m[4]) > 2]
    ours = [*heads, *(x for group in groups for x in group.texts)]
    assert [text for text, *_ in words] == [x.words for x in ours]
    assert not any("fixedsize" in m[4].partition("<td")[0] for m in told), "Graphviz would put the text at the top"
    assert all(-x.foot - 4 < y < -x.top + 4 for (_, _, y), x in zip(words, ours, strict=True))
    shapes = [m for m in told if len(m[4]) == 2]
    rects = [x for group in groups for x in (group.frame, *group.rects)]
    for m, x in zip(shapes, rects, strict=True):
        middle = (x.left + x.right) / 2, -(x.top + x.foot) / 2
        assert (float(m[1]), float(m[2])) == pytest.approx(middle, abs=0.1)
        size = [72 * float(v) for v in re.findall(r"\b(?:width|height)=([\d.]+),", m[3])]
        assert size == pytest.approx([x.right - x.left, x.foot - x.top], abs=0.1)
        fill, stroke = x.style["fill"], x.style.get("stroke")
        assert fill.startswith("url") or f'fillcolor="{fill}"' in m[3]
        assert not stroke or f'color="{stroke}"' in m[3]
        assert ("dashed" in m[3]) == ("stroke-dasharray" in x.style) and ("filled" in m[3]) == (fill != "none")


def _keys(legend: Any) -> list[tuple[Any, Any]]:
    """The words of a file's legend, each with its swatch."""
    swatches = [x for x in legend.rects if x.right - x.left > 25]
    words = [
        x
        for x in legend.texts
        if x.left > legend.frame.left + 40 and x.style.keys().isdisjoint(("text-anchor", "fill"))
    ]
    return [(text, min(swatches, key=lambda r: abs(r.top + r.foot - text.top - text.foot))) for text in words]


@each("name", BESIDE)
def test_a_page_has_the_tables_of_the_file(name: str) -> None:
    drawn = PICTURES[name]
    text, groups = page(drawn), read(drawn)[1]
    aside = text[text.index("<aside") : text.index("</aside>")]
    table = re.findall(r'<table id="uses">(.*?)</table>(<p>[^<]*</p>)?</section>', aside)
    assert bool(table) == bool(drawn.uses)
    if table:
        rows = [
            [bare(x) for x in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
            for row in re.findall(r"<tr>(.*?)</tr>", table[0][0])
        ]
        more = [[bare(table[0][1])]] if table[0][1] else []
        assert [[x for x in row if x] for row in rows] + more == svg_rows(drawn, 0)[1:]
    legend = re.findall(r'<ul class="legend">(.*?)</ul>', aside)
    if len(groups) > bool(drawn.uses) + bool(drawn.listed):
        ours = legend_of(drawn)
        assert [bare(x) for x in re.findall(r"<li>(.*?)</li>", legend[0])] == [x.words for x, _ in _keys(ours)]
        ends = re.findall(
            r'<p class="ends"><span id="low">(.*?)</span><span>(.*?)</span><span id="high">(.*?)</span>', aside
        )
        small = [x.words for x in ours.texts if not x.style.keys().isdisjoint(("text-anchor", "fill"))]
        assert [html.unescape(x) for x in ends[0]] == small[:3] if small else not ends
        assert ("run backward" in aside) == (len(small) > 3)
    else:
        assert not legend
    listed = re.findall(r"<section><h2>differences</h2><ul>(.*?)</ul>", aside)
    assert [bare(x) for x in re.findall(r"<li>(.*?)</li>", "".join(listed))] == drawn.listed
    keys = bare(aside[aside.index('<details id="keys">') :])
    assert "zoom in, out, fit" in keys and ("walk forward" in keys) == bool(drawn.boxes)
    assert ("fold the step" in keys) == (text.count('class="col"') > 1) and ("move in the table" in keys) == (
        "<table class" in text or 'id="numbers"' in text
    )


def test_who_does_not_see_it_is_told_what_is_there() -> None:
    boxes = [Box(0, 0, 9, 9, role, "#ffffff", [Part("h")], "", []) for role in ("op", "op", "state", "dots", "loss")]
    drawn = Picture(boxes, subtitle="folded", bands=[Band(0, 9, 0, 9, "t = 0", "a"), Band(9, 19, 0, 9, "t = 1")])
    drawn.uses = [Use(f"w{i}", "2", 1, None) for i in range(25)]
    drawn.cuts, drawn.tiles, drawn.scale = [Cut(0, 0, 9)] * 2, [Tile(0, 0, 9, 9, "#ffffff", "")], (0.01, 2.0)
    names = ", ".join(f"w{i}" for i in range(20))
    assert description(drawn) == (
        "folded. boxes: 1 state, 2 op, 1 loss. columns: t = 0: a … t = 1. 1 tiles. "
        f"parameters: {names}. gradient norms from 0.010 to 2.0. 2 cuts of the gradient through time"
    )
    assert description(Picture(bands=drawn.bands[:1])) == "columns: t = 0: a" and description(Picture()) == ""
    begun = [Band(0, 9, 0, 9, x) for x in ("t = 0", "t = 1 … 8", "t = 9", "t = 0", "t = 0", "once")]
    assert description(Picture(bands=begun)) == "columns: t = 0 … t = 9, t = 0, t = 0, once", "phases begin anew"
    zh = description(tg.draw(word_rnn(3), lang="zh").picture)
    assert re.search(r"方框：.*，", zh) and "。" in zh and not re.search(r"boxes|columns|arrows|parameters", zh)


def test_the_facts_of_a_box_are_those_of_its_node() -> None:
    rules: dict[Any, int] = {}
    with tg.scope("enc"), tg.step(3):
        node = tg.sum(tg.constant(np.ones((2, 3)), name="x"), axis=1, name=" s ")
    own = Box(
        0, 0, 9, 9, "op", "#ffffff", [Part("s = sum"), Part("3", "value")], "2", [node.label() + " at step 3"], node
    )
    facts = fixed(own, rules, "en")
    assert facts == {
        "title": "s = sum",
        "role": "op",
        "shape": "2 float64",
        "step": 3,
        "name": "s",
        "scope": "enc",
        "op": "sum",
        "settings": "axis=1",
        "rule": 0,
    }
    several = fixed(Box(0, 0, 9, 9, "op", "#ffffff", [Part("cell")], "2", ["3 ops", "and more"], node), rules, "en")
    assert (
        several["lines"] == ["3 ops", "and more"]
        and not {"op", "settings", "rule"} & several.keys()
        and several["step"] == 3
    )
    alone = fixed(Box(0, 0, 9, 9, "op", "#ffffff", [Part("dots")], "", ["12 steps"]), rules, "en")
    assert alone == {"title": "dots", "role": "op", "lines": ["12 steps"]}
    leaf = tg.constant(1.0)
    bare_leaf = fixed(Box(0, 0, 9, 9, "input", "#ffffff", [Part("1")], "", [], leaf), rules, "en")
    assert bare_leaf == {"title": "1", "role": "input", "shape": "scalar float64", "op": "constant"}
    assert "操作" not in json.dumps(bare_leaf) and fixed(own, rules, "zh")["shape"].startswith("2 ") and len(rules) == 1
    assert fixed(Box(0, 0, 9, 9, "input", "#ffffff", [Part("1")], "", [], leaf), rules, "zh")["op"] != "constant"


def test_what_training_changes_is_measured() -> None:
    x = np.array([1.0, 2.0, 4.0])
    box = Box(
        0, 0, 9, 9, "op", "#ffffff", [Part("s"), Part("7.0", "value")], "2 · ‖∂‖ 1\nmore", [], tg.constant(x), 0.12345
    )
    told = measured(box)
    assert (told["below"], told["value"], told["norm"]) == ("2 · ‖∂‖ 1\nmore", "7.0", "0.1235") or told[
        "norm"
    ] == "0.1234"
    assert (float(told["mean"]), float(told["low"]), float(told["high"])) == pytest.approx((7 / 3, 1, 4), rel=1e-2)
    assert float(told["deviation"]) == pytest.approx(x.std(), rel=1e-2) and told["elements"] == "1.0, 2.0, 4.0"
    assert measured(Box(0, 0, 9, 9, "op", "#ffffff", [Part("s")], "", [])) == {"below": ""}
    for odd in (np.zeros((0, 2)), np.array([True, False]), np.array([3, 4])):
        told = measured(Box(0, 0, 9, 9, "op", "#ffffff", [Part("s")], "", [], tg.constant(odd)))
        assert ("mean" in told) == bool(odd.size) and "norm" not in told


def test_numbers_of_tiles_are_tables_in_the_order_of_the_picture() -> None:
    def tile(x: float, y: float, row: str, column: str, number: str, name: str = "m") -> Tile:
        return Tile(x, y, 9, 9, "#ffffff", "", "", TileNumber(name, "unit ↓, t →", row, column, number))

    tiles = [
        tile(20, 0, "b", "2", "4"),
        Tile(0, 0, 9, 9, "#ffffff", "no number"),
        tile(0, 10, "a", "1", "1"),
        tile(20, 10, "a", "2", "2"),
        tile(0, 10, "a", "1", "9"),
        tile(0, 0, "r", "c", "5", "other"),
    ]
    text = page(Picture(tiles=tiles))
    tables = re.findall(r"<table( class=\"wide\")?><caption>(.*?)</caption>(.*?)</table>", text)
    assert [(wide, name) for wide, name, _ in tables] == [("", "m"), ("", "m"), ("", "other")]
    rows = [
        [re.findall(r"<t[hd]([^>]*)>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", body)]
        for *_, body in tables
    ]
    assert [[words for _, words in row] for row in rows[0]] == [
        ["unit ↓, t →", "1", "2"],
        ["a", "1", "2"],
        ["b", "", "4"],
    ]
    assert [row[1][1] for row in rows[1]] == ["1", "9"], "the second map of a name has a table of its own"
    cells = [a for row in rows[0][1:] for a, _ in row[1:]]
    assert cells == [' data-i="2" tabindex="0"', ' data-i="3" tabindex="-1"', "", ' data-i="0" tabindex="-1"']
    for count in (12, 13):
        row = Picture(tiles=[tile(10.0 * k, 0, "a", str(k), "1") for k in range(count)])
        assert ('<table class="wide">' in page(row)) == (count == 13)
    assert 'id="numbers"' not in page(Picture(tiles=tiles[1:2]))


def test_a_palette_names_each_colour_once() -> None:
    palette = Palette()
    assert [palette.key(x) for x in ("#123456", "#654321", "#123456")] == ["k0", "k1", "k0"]
    assert palette.colour("#654321") == "var(--k1)" and palette.ink("#123456") == ' fill="var(--ik0)"'
    assert palette.face("t gold") == ' class="t gold"' and palette.ground("card") == 'class="card"'
    css = palette.css()
    assert (
        css.count("--k0:#123456;--ik0:#ffffff;") == 1
        and css.count("@media screen") == 2
        and css.count("{") == css.count("}")
    )


@each("name", PICTURES)
def test_no_words_stand_outside_of_texts(name: str) -> None:
    for root in (ET.fromstring(svg(PICTURES[name])), page_svg(page(PICTURES[name]))):
        for x in root.iter():
            spoken = x.tag.rpartition("}")[2] in ("text", "tspan", "title", "desc", "style")
            assert spoken or not (x.text or "").strip(), x.text
            assert all(spoken or not (child.tail or "").strip() for child in x)
