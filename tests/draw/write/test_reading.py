"""A file read back as outlines and words, and painted: each shape is where a renderer of its own puts it."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest

from tests.each import each
from tinygraph.draw.write.raster import _Brush, _colour, _curve, _dashed, _flattened, _strength
from tinygraph.draw.write.reading import Lettering, Painted, marks

FILE = """<svg xmlns="http://www.w3.org/2000/svg" fill="#222222" font-size="9" text-anchor="middle">
<title>no mark</title><defs><pattern><rect width="1" height="1"/></pattern></defs>
<rect x="1" y="2" width="30" height="20" rx="4" fill="#ffffff"/>
<g transform="translate(100 -50)" stroke="#ff0000" font-size="11">
 <rect width="10" height="6" rx="9"/><rect x="1" y="1" width="8" height="2"/>
 <path d="M0 -10.5V20" fill="none"/><path d="M1 2C3 4 5 6 7e-1 8.25L9 -1z" fill="none"/>
 <g transform="translate(5 6)">
  <text x="1" y="2" text-anchor="end">a<tspan dx="12" font-weight="400">b</tspan>c</text></g>
 <text>d</text>
</g><text x="3" y="4"/></svg>"""
MARKS = list(marks(ET.fromstring(FILE)))
SHAPES = [x for x in MARKS if isinstance(x, Painted)]
WORDS = [x for x in MARKS if isinstance(x, Lettering)]


def corners(shape: Painted) -> tuple[float, ...]:
    xs, ys = zip(*(p for _, points in shape.segments for p in points), strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def test_shapes_are_at_their_absolute_places_with_the_styles_around_them() -> None:
    assert [corners(x) for x in SHAPES[:3]] == [(1, 2, 31, 22), (100, -50, 110, -44), (101, -49, 109, -47)]
    assert [x.round for x in SHAPES] == [4, 3, 0, None, None], "no corner is rounder than half of its side"
    assert [x.style["fill"] for x in SHAPES] == ["#ffffff", "#222222", "#222222", "none", "none"]
    assert [x.style.get("stroke") for x in SHAPES] == [None, *["#ff0000"] * 4]
    assert SHAPES[3].segments == [("M", [(100, -60.5)]), ("L", [(100, -30)])]
    curve = [(103, -46), (105, -44), (100.7, -41.75)]
    assert SHAPES[4].segments == [("M", [(101, -48)]), ("C", curve), ("L", [(109, -51)]), ("Z", [])]


def test_words_have_their_anchor_their_runs_and_their_gaps() -> None:
    first, second = WORDS  # a text without words is not seen
    assert (first.x, first.y, first.style["text-anchor"]) == (106, -42, "end")
    assert [(run.text, run.gap) for run in first.runs] == [("a", 0), ("b", 12), ("c", 0)]
    assert [run.style.get("font-weight") for run in first.runs] == [None, "400", None]
    assert (second.x, second.y, second.style["font-size"], second.style["text-anchor"]) == (100, -50, "11", "middle")


@each("shape", [SHAPES[0], SHAPES[1]])
def test_a_corner_is_a_quarter_of_a_circle(shape: Painted) -> None:
    """All points of the outline lie on the sides or at the radius from the centre of a corner, clockwise."""
    (line,) = _flattened(shape.segments)
    left, top, right, foot = corners(shape)
    radius = shape.round or 0.0
    for x, y in line:
        inner = min(max(x, left + radius), right - radius), min(max(y, top + radius), foot - radius)
        assert math.dist((x, y), inner) == pytest.approx(radius, abs=0.01 * radius)
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise([*line, line[0]])) / 2
    assert area == pytest.approx((right - left) * (foot - top) - (4 - math.pi) * radius**2, rel=0.02)
    assert line[0] == line[-1] and line[0] == (left + radius, top)


def test_each_part_of_an_outline_is_a_line_of_its_own() -> None:
    segments = [("M", [(0.0, 0.0)]), ("L", [(4.0, 0.0)]), ("M", [(1.0, 1.0)]), ("L", [(2.0, 1.0)]), ("Z", [])]
    assert list(_flattened(segments)) == [[(0, 0), (4, 0)], [(1, 1), (2, 1), (1, 1)]]


@each("size, pieces", [(1.0, 4), (30.0, 12), (40.0, 16), (500.0, 24)])
def test_a_curve_is_as_fine_as_it_is_long(size: float, pieces: int) -> None:
    points = [(0.0, 0.0), (size, 0.0), (size, size / 2), (2 * size / 4, size / 2)]
    drawn = np.array([points[0], *_curve(*points)])
    assert len(drawn) - 1 == pieces
    for t, at in zip(np.linspace(0, 1, pieces + 1), drawn, strict=True):
        p = np.array(points)
        while len(p) > 1:  # de Casteljau
            p = (1 - t) * p[:-1] + t * p[1:]
        assert at == pytest.approx(p[0])


def lengths(line: list[tuple[float, float]]) -> float:
    return sum(math.dist(a, b) for a, b in pairwise(line))


@each("dashes", [[5.0, 3.0], [2.0, 2.0], [9.0, 2.0, 2.0, 2.0], [100.0, 1.0]])
def test_dashes_have_their_lengths_round_corners_too(dashes: list[float]) -> None:
    line = [(0.0, 0.0), (7.0, 0.0), (7.0, 11.0), (3.0, 14.0), (3.0, 40.0)]
    whole = lengths(line)
    period, at, meant = sum(dashes), 0.0, []
    while at < whole:
        for k, d in enumerate(dashes):
            if k % 2 == 0 and at < whole:
                meant.append((at, min(at + d, whole)))
            at += d
    drawn = list(_dashed(line, dashes))
    assert [lengths(piece) for piece in drawn] == pytest.approx([b - a for a, b in meant]) and period > 0

    def place(p: tuple[float, float]) -> float:
        """How far along the line a point is."""
        done = 0.0
        for a, b in pairwise(line):
            if math.dist(a, p) + math.dist(p, b) == pytest.approx(math.dist(a, b)):
                return done + math.dist(a, p)
            done += math.dist(a, b)
        raise AssertionError(p)

    assert [place(piece[0]) for piece in drawn] == pytest.approx([a for a, _ in meant])


def test_what_is_seen_at_a_stage() -> None:
    assert [_strength({"data-said": "2"}, k) for k in (1, 2, 3)] == [0, 1, 0], "words of one stage alone"
    assert [_strength({"data-on": "2"}, k) for k in (1, 2, 3)] == [0, 1, 1]
    assert [_strength({"data-lit": "2"}, k) for k in (1, 2, 3)] == [0.25, 1, 1]
    assert _strength({}, 0) == 1
    assert _colour("none", 1.0) is None and _colour("#102030", 1.0) == (16, 32, 48)
    assert _colour("#102030", 0.25) == (195, 199, 203), "a quarter of the way from white"
    assert _colour("url(#tinygraph-odd)", 1.0) == (0xC9, 0xA7, 0xE8) and _colour("black", 1.0) == (34, 34, 34)


def painted(body: str) -> np.ndarray:
    """A file of 80 × 30 points, two points of light to each, from x = -30 and y = -5 on."""
    pytest.importorskip("PIL")
    root = ET.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg" fill="#000000" font-size="9">{body}</svg>')
    pen = _Brush(-30.0, -5.0, 80.0, 30.0, 2.0)
    return np.asarray(pen.frame([pen.placed(x) for x in marks(root)], 0)).astype(int)


def box(dark: np.ndarray) -> list[float]:
    """Left, top, right and foot of what is dark, in points."""
    ys, xs = np.nonzero(dark)
    return [xs.min() / 2 - 30, ys.min() / 2 - 5, (xs.max() + 1) / 2 - 30, (ys.max() + 1) / 2 - 5]


def test_a_shape_is_painted_where_it_is_with_its_fill_and_its_line() -> None:
    image = painted('<rect x="0" y="0" width="20" height="10" fill="#0000ff" stroke="#ff0000" stroke-width="2"/>')
    assert image.shape == (60, 160, 3)
    blue, red = ((image == colour).all(axis=2) for colour in ((0, 0, 255), (255, 0, 0)))
    assert box(blue) == pytest.approx([1, 1, 19, 9], abs=0.6) and box(red) == pytest.approx([-1, -1, 21, 11], abs=0.6)
    image = painted('<path d="M0 0L20 0" fill="none" stroke="#000000" stroke-width="1" stroke-dasharray="4 4"/>')
    row = "".join("#" if x else "." for x in image[10, 60:101, 0] < 128)
    assert [len(x) for x in row.strip(".").replace("#.", "#|.").replace(".#", ".|#").split("|")] == pytest.approx(
        [8] * 5, abs=2
    ), "lines and gaps of four points"


@each("anchor", ["start", "middle", "end"])
def test_words_stand_at_their_anchor(anchor: str) -> None:
    told = f'<text x="10" y="12" text-anchor="{anchor}">HH<tspan dx="4" font-weight="700">H</tspan></text>'
    image = painted(told)
    left, top, right, foot = box(image.min(axis=2) < 160)
    wide = right - left
    at = {"start": left, "middle": (left + right) / 2, "end": right}[anchor]
    assert at == pytest.approx(10, abs=1.2) and foot == pytest.approx(12, abs=0.6) and 5 < foot - top < 8
    close = painted(told.replace('dx="4" ', ""))
    left, _, right, _ = box(close.min(axis=2) < 160)
    assert wide - (right - left) == pytest.approx(4, abs=0.6)


def test_what_is_faint_is_painted_pale() -> None:
    image = painted('<g data-lit="3"><rect x="0" y="0" width="20" height="10"/></g>')
    assert (image[20, 80] == 191).all() and (painted('<g data-on="3"><rect width="9" height="9"/></g>') == 255).all()


def test_a_line_is_as_thick_as_it_says_one_point_if_it_says_nothing_and_never_gone() -> None:
    def thick(more: str) -> float:
        image = painted(f'<path d="M0 10L20 10" fill="none" stroke="#000000" {more}/>')
        return float((255 - image[:, 80, 0]).sum() / 255 / 2)

    assert thick("") == pytest.approx(1.0, abs=0.3) and thick('stroke-width="3"') == pytest.approx(3.0, abs=0.4)
    assert 0.1 < thick('stroke-width="0.01"') < 0.5


@each(
    "body",
    ['<path d="M0 10L20 10"/>', '<rect width="20" height="10" fill="none"/>', '<path d="M0 1L9 1" stroke="none"/>'],
)
def test_what_has_neither_area_nor_line_is_not_seen(body: str) -> None:
    assert (painted(body) == 255).all()
