"""Title, table and legend around a picture: every word in its frame, rows and columns in line, nothing over another."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import Any, NamedTuple

import pytest

import tinygraph as tg
from tests.draw.networks import word_rnn
from tests.each import each
from tinygraph.draw.labels import width
from tinygraph.draw.norms.heat import ODD, ZERO, ramp
from tinygraph.draw.picture import Arrow, Band, Box, Part, Picture, Rim, Ruler, Tile, Use
from tinygraph.draw.shown.roles import BORDERS
from tinygraph.draw.write.beside import edges, headings
from tinygraph.draw.write.look import LINES
from tinygraph.draw.write.margin import MOST, WORDS
from tinygraph.draw.write.svg import PAD, svg

from .page.test_marks import DRAWINGS


def boxes(*roles: str, fill: str = "#ffffff") -> list[Box]:
    return [Box(100.0 * i, 50, 80, 40, role, fill, [Part("h")], "", []) for i, role in enumerate(roles)]


def picture(**parts: Any) -> Picture:
    drawn = Picture(title="A title", subtitle="and more", view="unrolled")
    drawn.boxes = parts.pop("boxes", boxes(*WORDS))
    for name, value in parts.items():
        setattr(drawn, name, value)
    return drawn


MANY = [Use(f"cell.weight_{i}", f"{i}×{i}", i + 1, f"0.{i + 10}") for i in range(MOST + 7)]
ARROW = Arrow(0, 1, [(40, 50), (45, 50), (55, 50), (60, 50)], ramp(0.5), 2.0)
MADE = {
    "roles": picture(),
    "chip": picture(boxes=[Box(0, 0, 80, 40, "op", "#ffffff", [Part("@"), Part("W", "chip")], "", [])]),
    "one use": picture(uses=[Use("W", "scalar", 1, None)]),
    "norms": picture(uses=MANY[:3], scale=(1e-3, 10.0), arrows=[ARROW]),
    "without cuts": picture(
        uses=[Use("W", "2×2", 3, "0.1", "0.2"), Use("a.longer.name", "2", 3, "0.1", "12")],
        scale=(1e-3, 10.0),
        truncation="k=2",
    ),
    "many": picture(uses=MANY, scale=(0.1, 1.0)),
    "just all": picture(uses=MANY[:MOST], scale=(0.1, 1.0)),
    "odd": picture(boxes=[*boxes("op", fill=ZERO), *boxes("state", "op", fill=ODD)], scale=(0.1, 1.0), arrows=[ARROW]),
    "rolled": picture(scale=(0.1, 1.0), arrows=[ARROW], bands=[Band(-50, 700, 0, 90, "cell", times=3)]),
    "keys": picture(keys=[("#123456", "a key"), ("#654321", "another key, which is longer than most")]),
    "ruler": picture(
        tiles=[Tile(0, 0, 9, 9, "#ffffff", "")],
        ruler=Ruler([f"#{i}0{i}0{i}0" for i in range(9)], "-2", "0", "2", (-2.0, 2.0)),
    ),
    "compared": picture(
        rims=[Rim(0, 50, 90, 50, True), Rim(100, 50, 90, 50, False)],
        differs="differs 2-fold or more",
        listed=["3 of 8 differ", "in a only: x", "h, t = 0: 1 against 2"],
    ),
    "long": picture(title="A title of so many words that it has to be broken into lines " * 2, boxes=boxes("op")),
    "none": Picture(),
}
PICTURES = MADE | {name: drawing.picture for name, drawing in DRAWINGS.items()}
PICTURES["two"] = tg.draw.compare(word_rnn(3), word_rnn(4), gradients=True).picture
for one in PICTURES.values():
    one.aside = "right"
SIDES = [(name, aside) for name in PICTURES for aside in ("right", "below", "over", "auto", "")]


class Mark(NamedTuple):
    """A rectangle, or a text with the room that it takes; y downward."""

    left: float
    top: float
    right: float
    foot: float
    words: str
    style: dict[str, str]

    def holds(self, other: Mark, slack: float = 0.06) -> bool:
        return (
            self.left - slack <= other.left
            and other.right <= self.right + slack
            and self.top - slack <= other.top
            and other.foot <= self.foot + slack
        )

    def apart(self, other: Mark) -> bool:
        sides = self.right - other.left, other.right - self.left, self.foot - other.top, other.foot - self.top
        return min(sides) <= 0.06


class Group(NamedTuple):
    frame: Mark
    rects: list[Mark]
    texts: list[Mark]


def mark(x: ET.Element, dx: float, dy: float, size: float, anchor: str) -> Mark:
    left, top = float(x.get("x", 0)) + dx, float(x.get("y", 0)) + dy
    if x.tag.endswith("rect"):
        return Mark(left, top, left + float(x.get("width", 0)), top + float(x.get("height", 0)), "", dict(x.attrib))
    size, words = float(x.get("font-size", size)), "".join(x.itertext())
    wide = width(words, size, x.get("font-weight") == "700") * 0.93
    left -= {"start": 0.0, "middle": wide / 2, "end": wide}[x.get("text-anchor", anchor)]
    return Mark(left, top - 0.75 * size, left + wide, top + 0.2 * size, words, dict(x.attrib) | {"y": str(top)})


def read(drawn: Picture) -> tuple[list[Mark], list[Group], Mark]:
    """The headings, the frames beside the picture, and the whole file."""
    root = ET.fromstring(svg(drawn))
    left, top, wide, high = map(float, root.attrib["viewBox"].split())
    groups = []
    for group in root:
        place = re.fullmatch(r"translate\((\S+) (\S+)\)", group.get("transform", ""))
        if group.tag.endswith("}g") and place and not group.get("class"):
            dx, dy = float(place[1]), float(place[2])
            marks = [mark(x, dx, dy, 11.0, "start") for x in group]
            rects = [x for x in marks if not x.words]
            groups.append(Group(rects[0], rects[1:], [x for x in marks if x.words]))
    heads = [
        mark(x, 0, 0, 9.0, "start") for x in root if x.tag.endswith("}text") and x.get("font-size") in ("13", "21")
    ]
    heads = [x for x in heads if x.style.get("text-anchor") == "start"]
    return heads, groups, Mark(left, top, left + wide, top + high, "", {})


def drawn_parts(drawn: Picture) -> list[Mark]:
    """The rectangles around all that is drawn: of an arrow around each of its curves."""
    sizes = [(x.x, x.y, x.width / 2, x.height / 2) for x in (*drawn.boxes, *drawn.tiles)]
    sizes += [(x.x, x.y, width(x.text, x.size, True) / 2, x.size / 2) for x in drawn.notes]
    parts = [Mark(x - w, -y - h, x + w, h - y, "", {}) for x, y, w, h in sizes]
    parts += [Mark(b.left, -b.top, b.right, -b.foot, "", {}) for b in drawn.bands]
    for arrow in drawn.arrows:
        for k in range(0, len(arrow.points) - 1, 3):
            xs, ys = zip(*arrow.points[k : k + 4], strict=True)
            parts.append(Mark(min(xs), -max(ys), max(xs), -min(ys), "", {}))
    return parts


@each("name, aside", SIDES)
def test_everything_beside_a_picture_has_its_own_place(name: str, aside: str) -> None:
    drawn = PICTURES[name]
    before, drawn.aside = drawn.aside, aside
    try:
        heads, groups, whole = read(drawn)
        inner = edges(drawn)
    finally:
        drawn.aside = before
    parts = [bool(drawn.uses), None, bool(drawn.listed)]
    assert len(groups) >= sum(map(bool, parts)) if aside else not groups
    shown = Mark(inner.left, -inner.top, inner.right, -inner.foot, "", {})
    around = [*heads, *(group.frame for group in groups)]
    for mark in (shown, *around):
        assert whole.left + PAD <= mark.left + 0.1 and mark.right <= whole.right - PAD + 0.15
        assert whole.top + PAD <= mark.top + 6 and mark.foot <= whole.foot - PAD + 0.1
    assert all(a.apart(b) for k, a in enumerate(around) for b in [*around[:k], *drawn_parts(drawn)])
    for group in groups:
        for mark in (*group.rects, *group.texts):
            assert group.frame.holds(mark), mark
        assert all(a.apart(b) for k, a in enumerate(group.texts) for b in group.texts[max(k - 12, 0) : k])
    stack = sum(x.frame.foot - x.frame.top + 28 for x in groups) - 28
    if aside == "right" and len({x.frame.top for x in groups}) < len(groups) > 1:
        assert stack > inner.top - inner.foot, "beside each other only where the stack is taller than the picture"
        assert all(b.frame.left - a.frame.right == pytest.approx(28, abs=0.2) for a, b in pairwise(groups))
    elif aside == "right" and groups:
        assert all(group.frame.left == pytest.approx(inner.right + 40, abs=0.06) for group in groups)
        ends = groups[0].frame.top + groups[-1].frame.foot
        assert ends == pytest.approx(-inner.top - inner.foot, abs=0.3), "in the middle of its side"
        assert all(b.frame.top - a.frame.foot == pytest.approx(28, abs=0.2) for a, b in pairwise(groups))
    if aside == "below" and groups:
        assert all(group.frame.top == pytest.approx(-inner.foot + 28, abs=0.06) for group in groups)
        assert groups[0].frame.left == pytest.approx(inner.left, abs=0.06)
        assert all(b.frame.left - a.frame.right == pytest.approx(28, abs=0.2) for a, b in pairwise(groups))


@each("name", [name for name, drawn in PICTURES.items() if drawn.uses])
def test_the_table_has_a_row_for_each_parameter_and_its_columns_in_line(name: str) -> None:
    drawn = PICTURES[name]
    table = read(drawn)[1][0]
    lines: dict[float, list[Mark]] = {}
    for x in table.texts:
        lines.setdefault(float(x.style["y"]), []).append(x)
    (caption, heads, *rows) = [sorted(lines[y], key=lambda x: x.left) for y in sorted(lines)]
    total = sum(use.size for use in drawn.uses)
    head = f"parameters: {total:,} numbers" if total else "parameters"
    assert [x.words for x in caption] == [head, "(one copy each)"]
    titles = ["name", "shape", "uses"]
    if drawn.scale is not None:
        titles.append(f"‖∂‖ {drawn.truncation}".strip())
    if any(use.full is not None for use in drawn.uses):
        titles.append(drawn.beside)
    assert [x.words for x in heads] == titles
    shown = drawn.uses[:MOST]
    if len(drawn.uses) > MOST:
        assert [x.words for x in rows.pop()] == [f"and {len(drawn.uses) - MOST} more"]
    for row, use, chip in zip(rows, shown, table.rects, strict=True):
        texts = [use.name, use.shape, f"{use.uses}×", *(x for x in (use.norm, use.full) if x is not None)]
        assert [x.words for x in row] == [*texts[: len(titles)]]
        assert chip.holds(row[0]) and all(chip.apart(x) for x in row[1:]) and row[0].style["font-weight"] == "700"
        assert "font-weight" not in row[1].style
    for k in range(1, len(titles)):
        assert len({row[k].left for row in rows} | {heads[k].left}) == 1
    assert all(a[0].foot + 4 < b[0].top for a, b in pairwise(rows)), "rows are apart"
    assert rows[0][0].top > heads[0].foot and heads[0].top > caption[0].foot
    last = float(rows[-1][0].style["y"]) + 23 * (len(drawn.uses) > MOST)
    assert 10 < table.frame.foot - last < 30, "no room for a row that is not there"


def legend_of(drawn: Picture) -> Group:
    groups = read(drawn)[1]
    return groups[bool(drawn.uses)]


@each("name", ["roles", "chip", "norms", "odd", "rolled", "keys", "compared", "ruler", *DRAWINGS])
def test_a_key_has_its_swatch_beside_its_words(name: str) -> None:
    drawn = PICTURES[name]
    legend = legend_of(drawn)
    scale = [x for x in legend.rects if x.right - x.left == pytest.approx(18.3)]
    swatches = [x for x in legend.rects if x not in scale and x.right - x.left > 25]
    words = [
        x
        for x in legend.texts
        if x.left > legend.frame.left + 40 and x.style.keys().isdisjoint(("text-anchor", "fill"))
    ]
    assert len(swatches) == len(words)
    for swatch, text in zip(swatches, words, strict=True):
        assert swatch.right + 3 < text.left and abs(swatch.top + swatch.foot - text.top - text.foot) < 5
    assert all(a.foot < b.top for a, b in pairwise(swatches))
    roles = {box.role for box in drawn.boxes} - {"dots"}
    by_words = dict(zip((x.words for x in words), swatches, strict=True))
    for role, told in WORDS.items():
        assert (told in by_words) == (role in roles)
        if role in roles:
            style, line = by_words[told].style, LINES[role]
            assert style["stroke"] == BORDERS[role] and float(style["stroke-width"]) == line.width
            assert style.get("stroke-dasharray", "") == line.dashes
    for colour, told in drawn.keys:
        assert by_words[told].style["fill"] == colour
    chips = any(part.kind == "chip" for box in drawn.boxes for part in box.title)
    assert ("parameter of the op" in by_words) == chips
    assert ("‖∂‖: length of the gradient" in by_words) == (drawn.scale is not None)
    fills = {x.fill for x in (*drawn.boxes, *drawn.tiles)} if drawn.scale else set()
    assert ("gradient exactly 0" in by_words, "NaN or infinite" in by_words) == (ZERO in fills, ODD in fills)
    dashed = {rim.dashed for rim in drawn.rims}
    assert ("in one of the two only" in by_words, drawn.differs in by_words) == (False in dashed, True in dashed)
    assert len(scale) == (9 if drawn.scale or drawn.ruler else 0)
    assert all(a.right >= b.left > a.left and a.top == b.top for a, b in pairwise(scale))
    if scale:
        _check_scale(drawn, legend, scale)


@each("name", ["roles", "compared", "norms"])
def test_a_double_line_in_the_legend_is_a_frame_within_a_frame(name: str) -> None:
    drawn = PICTURES[name]
    rects = legend_of(drawn).rects
    inner = [x for x in rects if x.style["fill"] == "none"]
    roles = {box.role for box in drawn.boxes} | {"only" if not rim.dashed else "differs" for rim in drawn.rims}
    assert len(inner) == sum(LINES[role].double for role in roles) > 0
    for x in inner:
        (outer,) = [y for y in rects if y is not x and y.holds(x) and y.right - y.left < 30]
        sides = x.left - outer.left, x.top - outer.top, outer.right - x.right, outer.foot - x.foot
        assert sides == pytest.approx((3, 3, 3, 3)) and x.style["stroke"] == outer.style["stroke"]


def _check_scale(drawn: Picture, legend: Group, scale: list[Mark]) -> None:
    fills = [x.style["fill"] for x in scale]
    assert fills == ([ramp(i / 8) for i in range(9)] if drawn.scale else drawn.ruler and drawn.ruler.colours)
    ends = [x for x in legend.texts if "text-anchor" in x.style]
    assert [x.style["text-anchor"] for x in ends] == ["start", "middle", "end"]
    left, right = scale[0].left, scale[-1].right
    assert ends[0].left == left and ends[2].right == pytest.approx(right, abs=0.5)
    assert (ends[1].left + ends[1].right) / 2 == pytest.approx((left + right) / 2, abs=0.5)
    if drawn.scale:
        assert [float(ends[k].words) for k in (0, 2)] == pytest.approx(drawn.scale, rel=0.06)
    backward = [x.words for x in legend.texts if x.style.get("fill", "#222222") != "#222222"]
    cards = any(band.times for band in drawn.bands)
    arrows = bool(drawn.scale and drawn.arrows and not cards)
    assert backward == ["red arrows: backward,", "wide where much comes back"] * arrows


@each("name", PICTURES)
def test_the_title_stands_over_the_subtitle_over_the_picture(name: str) -> None:
    drawn = PICTURES[name]
    heads, *_ = read(drawn)
    sizes = [float(x.style["font-size"]) for x in heads]
    told = {
        size: " ".join(x.words for x in heads[::-1] if float(x.style["font-size"]) == size) for size in (13.0, 21.0)
    }
    assert told[13.0].split() == drawn.subtitle.split() and told[21.0].split() == (drawn.title or "").split()
    assert sizes == sorted(sizes) and all(b.foot < a.top + 1 for a, b in pairwise(heads))
    gaps = {a.style["font-size"] == b.style["font-size"]: a.top - b.foot for a, b in pairwise(heads)}
    assert gaps.get(True, 0.0) < gaps.get(False, 99.0) - 8, "lines of one text are closer to each other"
    assert {x.style.get("font-weight") for x in heads if x.style["font-size"] == "21"} <= {"700"}
    assert len(headings(drawn, edges(drawn))) == len(heads)
