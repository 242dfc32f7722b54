"""Our SVG: the same parts in the same places as on the page, harmless with any text, readable, made by no program."""

from __future__ import annotations

import math
import re
import time
import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.inks import contrast, texts
from tests.draw.networks import word_rnn
from tests.draw.test_safety import RAW, given, harmless
from tests.each import each
from tinygraph.draw import VIEWS
from tinygraph.draw.shown.roles import BORDERS
from tinygraph.draw.write.look import LINES

from .page.test_marks import DRAWINGS, SVG, numbers
from .page.test_page import svg as page_svg
from .test_render import shown

every_drawing = each("name", DRAWINGS)


@pytest.fixture(autouse=True)
def no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")


def file_of(drawing: Any) -> ET.Element:
    return ET.fromstring(drawing.pipe(format="svg"))


def of_class(root: ET.Element, kind: str) -> list[ET.Element]:
    return [x for x in root.iter() if x.get("class") == kind]


def places(group: ET.Element) -> list[Any]:
    """Where everything of a box stands: its rectangles and its texts."""
    rects = [[float(x.get(k, 0)) for k in ("x", "y", "width", "height", "rx")] for x in group.iter(f"{SVG}rect")]
    words = [("".join(x.itertext()), x.get("x"), x.get("y"), x.get("text-anchor")) for x in group.iter(f"{SVG}text")]
    return [numbers(group.get("transform", "")), rects, words]


@every_drawing
def test_a_box_stands_in_the_file_where_it_stands_on_the_page(name: str) -> None:
    drawing = DRAWINGS[name]
    boxes = of_class(file_of(drawing), "box")
    page = {x.get("id"): x for x in page_svg(drawing.pipe("html", "utf-8")).iter() if x.get("class") == "b"}
    assert len(boxes) == len(page) == len(drawing.picture.boxes)
    for i, (group, box) in enumerate(zip(boxes, drawing.picture.boxes, strict=True)):
        assert places(group) == places(page[f"n{i}"])
        assert numbers(group.get("transform", "")) == pytest.approx([box.x, -box.y], abs=0.06)
        ground, *outline = group.iter(f"{SVG}rect")
        assert ground.get("fill") in (box.fill, "url(#tinygraph-odd)")
        assert (outline[0] if box.core else ground).get("stroke") == BORDERS[box.role]
        assert not box.core or float(ground.get("width", 0)) == pytest.approx(box.core)
        assert "".join(group.findtext(f"{SVG}title", "").split()) == "".join("".join(box.tip).split())


@every_drawing
def test_an_arrow_is_a_line_and_a_head_that_ends_where_the_arrow_ends(name: str) -> None:
    drawing = DRAWINGS[name]
    page = {x.get("id"): x for x in page_svg(drawing.pipe("html", "utf-8")).iter() if x.get("class") == "a"}
    for i, (group, arrow) in enumerate(zip(of_class(file_of(drawing), "arrow"), drawing.picture.arrows, strict=True)):
        line, *head = group.iter(f"{SVG}path")
        assert line.get("d") == page[f"a{i}"].get("d") and line.get("stroke") == arrow.colour
        assert (line.get("stroke-dasharray") is not None) == arrow.dashed and len(head) == arrow.pointed
        if head:
            corners = np.array(numbers(head[0].get("d", ""))).reshape(3, 2)
            assert corners[1] == pytest.approx([arrow.points[-1][0], -arrow.points[-1][1]], abs=0.06)
            middle, end = corners[[0, 2]].mean(axis=0), numbers(line.get("d", ""))[-2:]
            assert math.dist(middle, end) < 0.2, "the head begins where the line ends"
            assert math.dist(corners[0], corners[2]) == pytest.approx(0.72 * (10 if arrow.width > 2.2 else 8), abs=0.2)


@every_drawing
def test_all_else_is_there_and_inside_the_window(name: str) -> None:
    drawing = DRAWINGS[name]
    root, picture = file_of(drawing), drawing.picture
    left, top, wide, high = numbers(root.get("viewBox", ""))
    for side, length in (("width", wide), ("height", high)):
        assert float((root.get(side) or "").removesuffix("pt")) == pytest.approx(length, abs=0.6)
    words = [x.text for x in texts(drawing.pipe(encoding="utf-8"))]
    for band in picture.bands:
        assert f"{band.title} × {band.times}" * (band.times > 0) or band.title + band.token in words
    assert [x.text for x in of_class(root, "note")] == [note.text for note in picture.notes]
    assert len(of_class(root, "tile")) == len(picture.tiles) and len(of_class(root, "cut")) == len(picture.cuts)
    assert all(use.name in words and use.shape in words for use in picture.uses)
    for box in picture.boxes:
        assert left < box.x - box.width / 2 and box.x + box.width / 2 < left + wide
        assert top < -box.y - box.height / 2 and box.height / 2 - box.y < top + high


@every_drawing
def test_who_does_not_see_it_is_told_what_is_drawn(name: str) -> None:
    root, picture = file_of(DRAWINGS[name]), DRAWINGS[name].picture
    assert root.get("role") == "img" and [x.tag for x in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    title, told = root[0].text or "", root[1].text or ""
    assert title == (picture.title or "computational graph") and "%" not in title + told
    counts = {role: sum(box.role == role for box in picture.boxes) for role in ("input", "state", "op", "loss")}
    assert all(f"{n} {role}" in told for role, n in counts.items() if n) and len(told) > 20
    assert all(use.name in told for use in picture.uses)


def test_fonts_with_chinese_letters_are_named() -> None:
    family = file_of(DRAWINGS["cut"]).get("font-family", "")
    assert all(font in family for font in ("Helvetica", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei"))


@every_drawing
def test_every_text_has_contrast(name: str) -> None:
    for seen in texts(DRAWINGS[name].pipe(encoding="utf-8")):
        assert contrast(seen.ink, seen.ground) >= 4.5, seen


def test_roles_differ_without_colour() -> None:
    kinds = {role: LINES[role] for role in BORDERS if role != "dots"}
    assert LINES.keys() == BORDERS.keys() and len(set(kinds.values())) == len(kinds)
    widths = {role: line.width for role, line in kinds.items() if not line.dashes and not line.double}
    ordered = sorted(widths.values())
    assert all(b >= 1.4 * a for a, b in pairwise(ordered)), widths


@each("view", list(VIEWS))
def test_no_text_breaks_a_file(view: str) -> None:
    for name in RAW:
        drawing = tg.draw(given(view, name), view, title=name)
        root = file_of(drawing)
        harmless(root)
        assert len(of_class(root, "box")) == len(drawing.picture.boxes)
        tags = {x.tag.removeprefix(SVG) for x in root.iter()}
        assert tags <= {"svg", "title", "desc", "defs", "pattern", "rect", "path", "g", "text", "tspan"}
        if len(name) < 28:
            words = ["".join(x.itertext()) for x in root.iter(f"{SVG}text")]
            assert shown(name) in words and root[0].text == shown(name)


def test_files_share_a_notebook() -> None:
    """What has a name in two files is the same in both: the first that a browser meets serves both."""
    named = [
        {x.get("id"): ET.tostring(x) for x in file_of(drawing).iter() if x.get("id")} for drawing in DRAWINGS.values()
    ]
    assert all(names == named[0] for names in named) and len(named[0]) == 1


def test_not_a_number_is_hatched() -> None:
    x = tg.constant([1.0, 2.0], name="x")
    h = tg.tanh(x)
    drawing = tg.draw(h, gradients={x: np.array([np.nan, 1.0]), h: np.ones(2)})
    assert 'fill="url(#tinygraph-odd)"' in drawing.pipe(encoding="utf-8")
    for seen in texts(drawing.pipe(encoding="utf-8")):
        assert contrast(seen.ink, seen.ground) >= 4.5, seen


def test_columns_stay_in_time_order() -> None:
    root = file_of(tg.draw(word_rnn(83), level="op", max_nodes=None))
    at = {"".join(x.itertext()): float(x.get("x", "nan")) for x in root.iter(f"{SVG}text")}
    xs = [at[f"t = {t}"] for t in range(1, 84)]
    assert xs == sorted(xs) and len(set(xs)) == 83


def test_the_same_graph_gives_the_same_bytes_linear_in_its_steps() -> None:
    sizes = []
    for steps in (50, 100, 200):
        root = word_rnn(steps)
        first, second = (tg.draw(root, level="op", max_nodes=None).pipe() for _ in range(2))
        assert first == second
        sizes.append(len(first))
    assert sizes[2] - sizes[1] < 2.1 * (sizes[1] - sizes[0])


def test_five_thousand_boxes_take_little_time_and_room() -> None:
    drawing = tg.draw(word_rnn(700), level="op", max_nodes=None)
    count = len(drawing.picture.boxes)
    start = time.process_time()
    size = len(drawing.pipe())
    assert time.process_time() - start < 1.5 and size < 1000 * count
    assert re.match(rb"<\?xml", drawing.pipe())
