"""Which column of a page owns what, where arrows between columns lie, and which are laid out at once."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tests.each import each
from tinygraph.draw.norms.heat import ramp
from tinygraph.draw.picture import Arrow, Band, Box, Cut, Note, Part, Picture, Rim, Tile
from tinygraph.draw.write.page import page
from tinygraph.draw.write.page.columns import LOOSE, Columns
from tinygraph.draw.write.page.palette import level_of
from tinygraph.draw.write.page.replay import one_scale

from .test_page import data, svg

BANDS = [
    Band(200, 300, 0, 100, "t = 1", "b"),
    Band(0, 100, 0, 100, "t = 0", "a"),
    Band(50, 120, -20, 90, "over"),
    Band(130, 190, 0, 100, "cell", times=3),
    Band(-50, 500, -50, 150, "card", headed=True),
    Band(400, 500, 0, 100, "t = 2"),
]


def box(x: float, y: float = 50, wide: float = 40) -> Box:
    return Box(x, y, wide, 30, "op", "#ffffff", [Part("h")], "", [])


def test_columns_stand_from_left_to_right_and_what_overlaps_is_one() -> None:
    steps = Columns(Picture(bands=BANDS))
    assert [(c.left, c.right, c.foot, c.top) for c in steps] == [
        (0, 120, -20, 100),
        (200, 300, 0, 100),
        (400, 500, 0, 100),
    ]
    assert [(c.title, c.short, c.bands) for c in steps] == [
        ("t = 0 a", "t = 0", [1, 2]),
        ("t = 1 b", "t = 1", [0]),
        ("t = 2", "t = 2", [5]),
    ]
    touching = [Band(0, 100, 0, 9, "a"), Band(100, 200, 0, 9, "b")]
    assert len(Columns(Picture(bands=touching))) == 2 and Columns(Picture()) == []


@each("border", [(1e9, 150), (150, -1e9)])
def test_each_of_two_networks_has_columns_of_its_own(border: tuple[float, float]) -> None:
    """One over the other or side by side: a step of one is none of the other, whatever their places."""
    over = border[0] == 1e9
    aside, up = (0, 200) if over else (-400, 0)
    second = [Band(160, 250, 0, 90, "t = 0"), Band(300, 390, 0, 90, "t = 1")]
    first = [Band(160 + aside, 400 + aside, up, 90 + up, "t = 0")]
    boxes = [box(200), box(340), box(200 + aside, 50 + up), box(340 + aside, 50 + up)]
    picture = Picture(boxes, bands=[*second, *first], border=border)
    steps = Columns(picture)
    assert [(c.side, c.left, c.title) for c in steps] == [
        (0, 160 + aside, "t = 0"),
        (1, 160, "t = 0"),
        (1, 300, "t = 1"),
    ]
    assert [steps.within(x) for x in boxes] == [1, 2, 0, 0]
    assert [steps.before(x, y) for x, y in ((159, 50), (170, 50), (900, 50))] == [-1, 1, 2]
    assert [steps.before(x + aside, 50 + up) for x in (159, 170, 500)] == [-1, 0, 0]
    known = data(page(picture))
    assert known["border"] == [border[0], -border[1]] and [c["side"] for c in known["columns"]] == [0, 1, 1]
    told = groups(svg(page(picture)))
    assert told["cards"] == told["loose"] == [] and [told[f"c{c}"][1:] for c in range(3)] == [
        ["n2", "n3"],
        ["n0"],
        ["n1"],
    ]


STEPS = Columns(Picture(bands=BANDS))


@each(
    "x0, x1, y, owner",
    [
        (10, 90, 50, 0),
        (0, 120, 50, 0),
        (-1, 121, 50, 0),
        (-2, 90, 50, LOOSE),
        (10, 122, 50, LOOSE),
        (10, 90, 101, 0),
        (10, 90, 101.5, LOOSE),
        (10, 90, -21, 0),
        (10, 90, -22, LOOSE),
        (210, 290, 50, 1),
        (210, 290, -5, LOOSE),
        (140, 180, 50, LOOSE),
        (-40, -20, 50, LOOSE),
        (420, 480, 50, 2),
        (600, 620, 50, LOOSE),
        (60, 260, 50, LOOSE),
    ],
)
def test_a_column_owns_what_lies_in_it(x0: float, x1: float, y: float, owner: int) -> None:
    assert STEPS.within(box((x0 + x1) / 2, y, x1 - x0)) == owner


def test_between_two_networks_one_over_the_other_a_column_owns_nothing() -> None:
    bands = [Band(0, 100, 0, 90, "t = 0"), Band(0, 100, 200, 290, "t = 0")]
    steps = Columns(Picture(bands=bands, border=(1e9, 145)))
    assert [steps.within(box(50, y, 80)) for y in (-5, 50, 95, 150, 195, 250, 295)] == [-1, 1, -1, -1, -1, 0, -1]


def test_the_column_before_a_place() -> None:
    assert [STEPS.before(x, 0) for x in (-1, 0, 150, 199, 200, 450, 900)] == [-1, 0, 0, 0, 1, 2, 2]


WAYS = [
    (0, 1, [], ("gap", 0)),
    (1, 0, [], ("gap", 0)),
    (1, 2, [], ("gap", 1)),
    (0, 2, [], ("gap", LOOSE)),
    (2, 0, [], ("gap", LOOSE)),
    (1, 1, [], ("in", 1)),
    (LOOSE, LOOSE, [], ("gap", LOOSE)),
    (LOOSE, 1, [60, 440], ("gap", 1)),
    (1, LOOSE, [250, 200], ("gap", 1)),
    (LOOSE, 1, [49, 250], ("gap", LOOSE)),
    (LOOSE, 1, [50, 450], ("gap", 1)),
    (1, LOOSE, [250, 451], ("gap", LOOSE)),
]


@each("tail, head, xs, group", WAYS)
def test_the_group_of_an_arrow(tail: int, head: int, xs: list[float], group: tuple[str, int]) -> None:
    arrow = Arrow(0, 1, [(x, 0.0) for x in xs], "#000000", 1.0)
    assert STEPS.lane([tail, head], arrow) == group


def groups(root: Any) -> dict[str, list[str]]:
    """Of each group of the page's picture its parts: their ids, classes or titles, in order."""
    out = {}
    for group in root.iter(f"{SVG}g"):
        if re.fullmatch(r"cards|loose|far|[cg]\d+", group.get("id", "")):
            parts = [
                x.get("id") or x.get("class")
                for x in group.iter()
                if (x.get("class") or "") in ("b", "a", "tile", "note", "cut", "band", "card", "band front")
            ]
            out[group.get("id")] = parts
    return out


SVG = "{http://www.w3.org/2000/svg}"


def whole() -> Picture:
    at = [(60, 50), (250, 50), (450, 50), (150, 50), (60, 180)]
    picture = Picture([box(x, y) for x, y in at], bands=BANDS)
    ends = [(0, 1), (1, 2), (0, 2), (0, 4), (3, 0)]
    picture.arrows = [Arrow(a, b, [at[a], at[a], at[b], at[b]], "#8b93a0", 1.0) for a, b in ends]
    picture.tiles = [Tile(250, 20, 10, 10, "#ffffff", "in"), Tile(150, 20, 10, 10, "#ffffff", "out")]
    picture.rims = [Rim(450, 20, 20, 20, True), Rim(330, 20, 20, 20, False)]
    picture.notes = [Note(60, 50, "in", "#000000"), Note(150, 50, "gap", "#000000"), Note(-90, 50, "far", "#000000")]
    picture.cuts = [Cut(350, 0, 100), Cut(-40, 0, 100)]
    return picture


def test_each_part_is_in_the_group_of_its_place() -> None:
    told = groups(svg(page(whole())))
    assert told == {
        "cards": ["card", "card", "band front", "band front"],
        "c0": ["band", "band", "n0", "note"],
        "c1": ["band", "n1", "t0"],
        "c2": ["band", "n2", "tile"],
        "loose": ["n3", "n4", "t1", "tile"],
        "g0": ["a0", "a3", "a4", "note"],
        "g1": ["a1", "cut"],
        "g2": [],
        "far": ["a2", "note", "cut"],
    }


def test_the_first_columns_alone_are_laid_out_at_once() -> None:
    bands = [Band(100.0 * t, 100 * t + 90, 0, 100, f"t = {t}") for t in range(20)]
    shown = page(Picture(bands=bands))
    slots = re.findall(r'<svg class="(slot(?: off)?)"', shown)
    assert slots == (["slot"] * 12 + ["slot off"] * 8) * 2
    known = data(shown)
    assert [c["left"] for c in known["columns"]] == [100.0 * t for t in range(20)]
    assert known["columns"][3] == {
        "left": 300,
        "right": 390,
        "foot": 0,
        "top": -100,
        "title": "t = 3",
        "short": "t = 3",
        "side": 0,
    }
    assert known["extent"] == [0, -100, 1990, 0]
    window = [float(x) for x in re.findall(r'viewBox="(\S+) (\S+) (\S+) (\S+)" aria-label', shown)[0]]
    assert window == [-20, -120, 2030, 140], "twenty points around all of it"


def shot(norm: float, scale: tuple[float, float] | None) -> Picture:
    fill = "#ffffff" if scale is None else ramp(0.4)
    boxes = [Box(0, 0, 40, 30, "op", fill, [Part("h")], "", [], norm=norm), box(90)]
    arrow = Arrow(0, 1, [(0, 0), (1, 0), (2, 0), (3, 0)], ramp(0.2), 2.0, dashed=True, pointed=False, tip=f"‖∂‖ {norm}")
    plain = Arrow(0, 1, [(0, 0), (1, 0), (2, 0), (3, 0)], "#8b93a0", 1.0, tip="‖∂‖ 1")
    return Picture(boxes, [arrow, plain], scale=scale)


def test_moments_share_one_scale_whose_ends_hold_all_norms() -> None:
    pictures = [shot(1e-2, (1e-3, 1e-1)), shot(1.0, (1e-2, 10.0)), shot(3.0, None)]
    first, second, third = one_scale(pictures)
    assert first.scale == second.scale == (1e-3, 10.0) and third.scale is None
    levels = {1e-2: 0.25, 1.0: 0.75}
    for picture, norm in ((first, 1e-2), (second, 1.0)):
        assert picture.boxes[0].fill == ramp(levels[norm]) and picture.boxes[1].fill == "#ffffff"
        arrow, plain = picture.arrows
        assert (arrow.dashed, arrow.pointed, arrow.tip) == (True, False, f"‖∂‖ {norm}")
        assert plain.colour == "#8b93a0" and plain.width == 1.0
    small, large = first.arrows[0], second.arrows[0]
    assert small.width < large.width and (level_of(small.colour) or 0) < (level_of(large.colour) or 0)
    alone = one_scale(pictures[:1])
    assert alone[0].boxes[0].fill == ramp(0.4) and alone[0].scale == (1e-3, 1e-1)
    assert [x.scale for x in one_scale(pictures[2:] * 2)] == [None, None]


def test_moments_of_other_networks_are_refused() -> None:
    import tinygraph as tg

    one = shot(1.0, (0.1, 1.0))
    for other, words in (
        (Picture(one.boxes[:1], [], scale=one.scale), "another network"),
        (
            Picture([one.boxes[0], Box(90, 0, 40, 30, "op", "#ffffff", [Part("k")], "", [])], one.arrows),
            "differs at box 1",
        ),
        (Picture(one.boxes, one.arrows[:1]), "arrows of snapshot 0"),
        (Picture(one.boxes, one.arrows, notes=[Note(0, 0, "x", "#000000")]), "arrows of snapshot 0"),
        (Picture(one.boxes, [one.arrows[0], Arrow(1, 0, one.arrows[1].points, "#000000", 1)]), "arrows of snapshot 0"),
    ):
        with pytest.raises(tg.GraphError, match=words):
            page(one, [other])
    other = shot(2.0, (0.1, 1.0))
    other.boxes[1].title = [Part("h"), Part("0.5", "value")]
    assert len(data(page(one, [other, other]))["shots"]) == 3, "a number may differ"


def test_every_colour_of_the_scale_has_its_heads_thin_and_wide() -> None:
    colours = [ramp(k / 32) for k in range(33)] + ["#8b93a0", "#c9a7e8"]
    way = [(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (30.0, 0.0)]
    arrows = [Arrow(0, 1, way, colour, wide) for colour in colours for wide in (1.0, 3.0)]
    root = svg(page(Picture([box(0), box(90)], arrows)))
    heads = {x.get("id"): x for x in root.iter(f"{SVG}marker")}
    used = [x.get("marker-end", "")[5:-1] for x in root.iter(f"{SVG}path") if x.get("class") == "a"]
    assert len(used) == len(arrows) and len(set(used)) == len(arrows)
    for key, arrow in zip(used, arrows, strict=True):
        long = 10.0 if arrow.width > 2.2 else 8.0
        assert heads[key].get("markerWidth") == heads[key].get("markerHeight") == f"{long:g}"
        assert (heads[key].get("refX"), heads[key].get("refY")) == ("0", f"{long / 2:g}")
        corners = np.array([float(v) for v in re.findall(r"[\d.]+", heads[key][0].get("d", ""))]).reshape(3, 2)
        assert corners == pytest.approx(np.array([[0, 0.14 * long], [long, long / 2], [0, 0.86 * long]]), abs=0.06)


def test_a_box_is_called_by_what_it_shows_a_mark_by_its_number() -> None:
    whole, bare, chips = box(40), box(90), box(140)
    whole.below, bare.title = "3×4 · loss", [Part("⋯")]
    chips.title, chips.below = [Part("W", "chip"), Part("@"), Part("x<y")], 'a "b"'
    shown = page(Picture([whole, bare, chips]))
    boxes = re.findall(r'<g class="b" id="n(\d+)" role="treeitem" tabindex="-1" aria-label="([^"]*)"', shown)
    assert boxes == [("0", "h, 3×4 · loss"), ("1", "⋯"), ("2", "W @ x&lt;y, a &quot;b&quot;")]


def test_places_in_a_page_have_one_digit_after_the_point() -> None:
    """A page of many boxes is mostly numbers."""
    third = Picture([box(100 / 3, 200 / 3, 100 / 3)], bands=[Band(100 / 3, 400 / 3, -10 / 3, 290 / 3, "t = 0")])
    known = data(page(third))
    edges = [known["columns"][0][side] for side in ("left", "right", "foot", "top")]
    assert edges == [33.3, 133.3, 3.3, -96.7] and known["extent"] == [round(x, 1) for x in known["extent"]]
