"""How marks look: inks with contrast, texts beside chips, heads of arrows, frames around what differs."""

from __future__ import annotations

import colorsys
import math
import re
import xml.etree.ElementTree as ET
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from tests.each import each
from tinygraph.draw.labels import width
from tinygraph.draw.picture import Arrow, Band, Box, Cut, Note, Part, Rim, Tile
from tinygraph.draw.shown.roles import BORDERS
from tinygraph.draw.write.beside import wrapped
from tinygraph.draw.write.look import FACES, LINES, Paint, contrast, ink, legible, luminance, rgb, text
from tinygraph.draw.write.marks import box_mark, cut_mark, head, note_mark, panel, rim_mark, stack, tile_mark, way

LOOK = Paint()
COLOURS = [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in product((0, 90, 180, 255), repeat=3)]


def light(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return float(np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


def ratio(a: str, b: str) -> float:
    low, high = sorted((light(a), light(b)))
    return (high + 0.05) / (low + 0.05)


@each("colour", COLOURS)
def test_an_ink_is_read_on_its_ground(colour: str) -> None:
    assert luminance(colour) == pytest.approx(light(colour), abs=1e-3) and contrast("#ffffff", colour) == pytest.approx(
        ratio("#ffffff", colour), rel=0.02
    )
    chosen = ink(colour)
    assert chosen in ("#222222", "#ffffff", "#000000") and ratio(chosen, colour) >= 4.5
    first = next(c for c in ("#222222", "#ffffff", "#000000") if ratio(c, colour) >= 4.5)
    assert chosen == first and ink(colour, "#1b2027") == next(
        c for c in ("#1b2027", "#ffffff", "#000000") if ratio(c, colour) >= 4.5
    )
    dark = legible(colour)
    assert ratio(dark, "#f8fafc") >= 4.49
    if ratio(colour, "#f8fafc") >= 4.5:
        assert dark == colour, "no darker than it has to be"
        return
    was, now = (colorsys.rgb_to_hls(*(x / 255 for x in rgb(c) or ())) for c in (colour, dark))
    assert now[1] < was[1] and (min(rgb(dark) or (0,)) < 25 or abs(now[0] - was[0]) < 0.03)
    lighter = "#" + "".join(f"{min(round(x / 0.94), 255):02x}" for x in rgb(dark) or ())
    assert ratio(lighter, "#f8fafc") < 4.6


def test_what_is_no_colour() -> None:
    assert rgb("none") is None and rgb("#zzzzzz") is None and rgb("#12345") is None and rgb("#0a0b0c") == (10, 11, 12)
    assert luminance("none") == 1.0 and legible("none") == "none" and ink("url(#x)") == "#222222"


@each("kind", FACES)
def test_a_face_says_what_differs_from_that_of_the_file(kind: str) -> None:
    face, told = FACES[kind], dict(re.findall(r'([\w-]+)="([^"]*)"', LOOK.face(kind)))
    assert told.get("font-size", "11") == f"{face.size:g}" and (told.get("font-weight") == "700") == face.bold
    assert told.get("text-anchor", "middle") == face.anchor and told.get("fill", "#222222") == (
        face.colour or "#222222"
    )
    assert "11" not in (told.get("font-size"),) and "#222222" not in told.values()


def parse(markup: str) -> ET.Element:
    return ET.fromstring(markup)


TITLES = {
    "chip first": [Part("W", "chip"), Part("@ h")],
    "chip last": [Part("x @"), Part("weight", "chip")],
    "chip between": [Part("x @"), Part("W", "chip"), Part("+ more")],
    "two chips": [Part("A", "chip"), Part("B", "chip")],
    "two texts": [Part("h ="), Part("x @"), Part("W", "chip")],
    "value": [Part("W", "chip"), Part("@ h"), Part("0.5", "value")],
}


@each("below", ["", "2", "2\n3"])
@each("name", TITLES)
def test_texts_stand_at_one_distance_from_the_chips_beside_them(name: str, below: str) -> None:
    title = TITLES[name]
    box = Box(10, 20, 300, 50, "op", "#ffffff", title, below, [])
    group = parse(box_mark(box, LOOK, 'id="b"'))
    texts = [x for x in group.iter("text") if "".join(x.itertext())][: len(title)]
    chips = [x for x in group.iter("rect") if x.get("fill") == "#f6d365"]
    sides, chip = [], iter(chips)
    for part, shown in zip(title, texts, strict=True):
        assert shown.text == part.text
        wide, x = (1.0 if part.kind == "chip" else 0.95) * width(part.text, 13, True), float(shown.get("x", 0))
        if part.kind == "chip":
            ground = next(chip)
            left, room = float(ground.get("x", 0)), float(ground.get("width", 0))
            assert room == pytest.approx(wide + 6, abs=0.1) and x == pytest.approx(left + room / 2, abs=0.1)
            assert (
                float(ground.get("y", 0)) == pytest.approx(float(shown.get("y", 0)) - 12.5, abs=0.11)
                and ground.get("height") == "16.5"
            )
            sides.append((left, left + room, True))
        else:
            left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[shown.get("text-anchor", "middle")]
            sides.append((left, left + wide, False))
    assert [b[0] - a[1] for a, b in pairwise(sides)] == pytest.approx(
        [3.5 if a[2] or b[2] else 5.0 for a, b in pairwise(sides)], abs=0.2
    )
    assert sides[0][0] == pytest.approx(-sides[-1][1], abs=0.2), "all in the middle"
    anchors = [x.get("text-anchor") for x in texts]
    for k, part in enumerate(title):
        later, before = any(p.kind == "chip" for p in title[k + 1 :]), any(p.kind == "chip" for p in title[:k])
        if part.kind != "chip" and not later:
            assert anchors[k] == "start"
        elif part.kind != "chip" and not before and title[k + 1].kind == "chip":
            assert anchors[k] == "end"


@each("role", [role for role in LINES if role in BORDERS])
@each("core", [0.0, 30.0])
def test_the_outline_of_a_box(role: str, core: float) -> None:
    group = parse(
        box_mark(Box(10, 20, 80, 40, role, "#123456", [Part("h")], "", [], dashed=True, core=core), LOOK, 'id="b"')
    )
    assert group.get("transform") == "translate(10.0 -20.0)" and group.get("fill") == "#ffffff"
    rects = [{k: x.get(k) for k in ("x", "y", "width", "height", "fill")} for x in group.iter("rect")]
    edge = next(x for x in group.iter("rect") if x.get("stroke"))
    assert edge.get("stroke") == BORDERS[role] and edge.get("stroke-dasharray") == (LINES[role].dashes or "5 3")
    assert (edge.get("x"), edge.get("y"), edge.get("width"), edge.get("height")) == ("-40.0", "-20.0", "80.0", "40.0")
    assert edge.get("fill") == ("none" if core else "#123456") and len(rects) == 1 + bool(core) + LINES[role].double
    if core:
        assert rects[0] == {"x": "-15.0", "y": "-20.0", "width": "30.0", "height": "40.0", "fill": "#123456"}
    if LINES[role].double:
        assert rects[-1] == {"x": "-37.0", "y": "-17.0", "width": "74.0", "height": "34.0", "fill": "none"}


def test_a_box_of_no_role_is_drawn_as_an_op() -> None:
    shown = box_mark(Box(0, 0, 9, 9, "strange", "#ffffff", [Part("h")], "", []), LOOK, "")
    assert BORDERS["op"] in shown


@each("wide", [1.0, 2.2, 2.3, 5.0])
@each("angle", [0.0, 30.0, 90.0, 200.0])
def test_a_head_points_along_its_arrow_which_ends_where_it_begins(wide: float, angle: float) -> None:
    u = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    points = [tuple(u * k) for k in (0, 20, 40, 60)]
    arrow = Arrow(0, 1, points, "#000000", wide)
    long = 10.0 if wide > 2.2 else 8.0
    a, tip, b = np.array([float(x) for x in re.findall(r"-?[\d.]+", head(arrow))]).reshape(3, 2) * [1, -1]
    assert tip == pytest.approx(u * 60, abs=0.06) and (a + b) / 2 == pytest.approx(u * (60 - long), abs=0.1)
    assert np.linalg.norm(a - b) == pytest.approx(0.72 * long, abs=0.15) and abs((a - b) @ u) < 0.2
    end = np.array([float(x) for x in re.findall(r"-?[\d.]+", way(arrow))[-2:]]) * [1, -1]
    assert end == pytest.approx(u * (60 - long), abs=0.06)
    still = np.array(
        [float(x) for x in re.findall(r"-?[\d.]+", way(Arrow(0, 1, points, "#000000", wide, pointed=False)))[-2:]]
    ) * [1, -1]
    assert still == pytest.approx(u * 60, abs=0.06)


def test_a_last_curve_that_is_shorter_than_the_head_joins_the_one_before() -> None:
    points = [(0.0, 0.0), (0.0, 20.0), (0.0, 40.0), (0.0, 50.0), (0.0, 51.0), (0.0, 52.0), (0.0, 53.0)]
    drawn = [float(x) for x in re.findall(r"-?[\d.]+", way(Arrow(0, 1, points, "#000000", 1.0)))]
    assert len(drawn) == 8 and drawn == pytest.approx([0, 0, 0, -20, 0, -35, 0, -45])
    longer = [*points[:4], (0.0, 55.0), (0.0, 58.0), (0.0, 60.0)]
    assert len(re.findall(r"-?[\d.]+", way(Arrow(0, 1, longer, "#000000", 1.0)))) == 14


@each("high", [5.0, 12.0, 40.0])
@each("dashed", [True, False])
def test_a_frame_around_what_differs(dashed: bool, high: float) -> None:
    group = parse(rim_mark(Rim(10, 20, 60, high, dashed), LOOK, 'class="rim"'))
    rects = list(group.iter("rect"))
    assert group.get("transform") == "translate(10.0 -20.0)" and len(rects) == (1 if dashed else 2)
    for k, x in zip((0.0, 2.5), rects, strict=False):
        place = [float(x.get(name, 0)) for name in ("x", "y", "width", "height")]
        assert place == pytest.approx([-30 - k, -high / 2 - k, 60 + 2 * k, high + 2 * k], abs=0.06)
        assert (x.get("stroke-dasharray") is not None) == dashed and x.get("fill") == "none"
        thick = float(x.get("stroke-width", 0))
        assert thick == pytest.approx(min(2.8 if dashed else 1.3, max(high / 10, 0.8)), abs=0.06), (
            "thin on a small tile"
        )


def test_tiles_notes_cards_and_cuts() -> None:
    tile = parse(tile_mark(Tile(10, 20, 30, 12, "#123456", "tip & more", "5"), LOOK, 'class="t"'))
    (ground,), (words,) = list(tile.iter("rect")), list(tile.iter("text"))
    assert [float(ground.get(k, 0)) for k in ("x", "y", "width", "height")] == [-15, -6, 30, 12] and words.text == "5"
    assert words.get("fill") == "#ffffff" and tile.findtext("title") == "tip & more"
    assert not list(parse(tile_mark(Tile(10, 20, 30, 12, "#ffffff", ""), LOOK, "")).iter("text"))
    note = parse(note_mark(Note(10, 20, "<n>", "#ffff00", 12), LOOK, 'class="n"'))
    assert (
        note.text == "<n>"
        and (note.get("x"), note.get("y")) == ("10.0", "-15.8")
        and note.get("fill") == legible("#ffff00")
    )
    cards = parse(f"<g>{stack(Band(0, 100, 10, 60, 'cell', times=3), LOOK)}</g>")
    rects = [[float(x.get(k, 0)) for k in ("x", "y", "width", "height")] for x in cards.iter("rect")]
    assert rects == [[16, -76, 100, 50], [8, -68, 100, 50], [0, -60, 100, 50]] and cards.findtext("text") == "cell × 3"
    (title,) = parse(f"<g>{panel(Band(0, 100, 10, 60, 'x'), 'head', LOOK)}</g>").iter("text")
    assert (title.get("x"), title.get("y"), title.get("text-anchor"), title.text) == ("16.0", "-30.0", "start", "head")
    for badge in (True, False):
        cut = parse(cut_mark(Cut(40, 10, 90, badge), LOOK, 'class="c"'))
        assert cut.get("transform") == "translate(40.0 0)" and len(list(cut.iter("text"))) == 2 * badge
        begin, end = map(float, re.findall(r"M0 (\S+)V(\S+)", cut[0].get("d", ""))[0])
        assert begin == -90 and end == pytest.approx(-8 if badge else -10), "to its badge, or to its end"


def test_a_text_is_escaped_and_cut() -> None:
    assert (
        text("<a & 'b'>") == "&lt;a &amp; &#x27;b&#x27;&gt;"
        and len(text("x" * 999)) == 240
        and len(text("x" * 99, 50)) == 50
    )
    several: Any = text("a\nb")
    assert "\n" not in several


@each("room", [40.0, 160.0, 200.0, 333.0, 4000.0])
@each("size", [13.0, 21.0])
def test_a_line_is_full_and_no_wider_than_its_room(size: float, room: float) -> None:
    words = "one two three four fivefivefive six seven eight nine " + "x" * 60 + " ten eleven"
    lines = wrapped(words, size, room)
    assert " ".join(lines) == words and all(lines)
    limit = max(room, 160.0)
    for line, after in zip(lines, [*lines[1:], None], strict=True):
        assert width(line, size, size > 13) <= limit or " " not in line
        if after is not None:
            assert width(f"{line} {after.split()[0]}", size, size > 13) > limit
