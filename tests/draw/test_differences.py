"""Two pictures compared part by part: which claims differ and how far, what is marked, and where both stand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import lstm, word_rnn
from tests.each import each
from tinygraph.draw.comparing import compared, in_pairs, moved, roomy, shared_ends, two_titles
from tinygraph.draw.differences import differences, rims, threshold
from tinygraph.draw.picture import Arrow, Band, Box, Cut, Note, Part, Picture, Rim, Ruler, Tile, Use
from tinygraph.draw.write.beside import edges


def box(name: str, below: str = "", x: float = 50.0, norm: float | None = None, rest: str = "tanh", **more: Any) -> Box:
    return Box(x, 50, 40, 30, "op", "#ffffff", [Part(f"{name} = {rest}")], below, [], norm=norm, **more)


BANDS = [Band(0, 100, 0, 100, "t = 0"), Band(200, 300, 0, 100, "t = 1")]


def picture(*boxes: Box, **more: Any) -> Picture:
    return Picture([*boxes], bands=BANDS, title="RNN, 2 steps, unrolled", **more)


def tile(tip: str, x: float = 0.0) -> Tile:
    return Tile(x, 0, 10, 10, "#ffffff", tip)


def told(a: Picture, b: Picture) -> tuple[list[tuple[Any, ...]], int]:
    alone, changed, count = differences(a, b)
    first, second = (
        [(x.place, None, math.inf, "") for x in alone[0]],
        [(None, x.place, math.inf, "") for x in alone[1]],
    )
    return [*first, *second, *((x.first.place, x.second.place, x.far, x.words("en")) for x in changed)], count


def test_what_says_the_same_does_not_differ() -> None:
    one = picture(box("h", "2", 50), box("h", "2", 250), box("z", "3"))
    assert told(one, one) == ([], 3)
    assert told(one, replace(one, boxes=one.boxes[::-1])) == ([], 3), "the order does not matter"


def test_numbers_differ_by_how_many_times_the_largest_first() -> None:
    def norms(*values: float) -> Picture:
        boxes = [box(f"h{i}", f"2 · ‖∂‖ {v:g}", norm=v) for i, v in enumerate(values)]
        return picture(*boxes)

    changed, count = told(norms(1.0, 2.0, 3.0, 0.0, -1.0, 5.0), norms(4.0, 1.0, 3.0, 1.0, 1.0, math.nan))
    assert count == 6
    assert [x[2] for x in changed] == [math.inf, math.inf, math.inf, 4.0, 2.0]
    beside = told(picture(box("∂h", "‖0.3‖", norm=0.3)), picture(box("∂h", "‖0.6‖", norm=0.6)))[0]
    assert [x[2:] for x in beside] == [(2.0, "∂h, t = 0: ‖0.3‖ against ‖0.6‖")], "as beside the boxes of backward"
    assert changed[3] == (("h0", "t = 0"), ("h0", "t = 0"), 4.0, "h0, t = 0: ‖∂‖ 1 against ‖∂‖ 4")
    gone = told(norms(1.0), picture(box("h0", "2 · not computed", norm=None)))[0]
    assert gone == [(("h0", "t = 0"), ("h0", "t = 0"), math.inf, "h0, t = 0: ‖∂‖ 1 against not computed")]


def test_another_op_or_shape_differs_whatever_the_numbers() -> None:
    two, three = (tg.constant(np.ones(n)) for n in (2, 3))
    a = picture(box("h", "2 · ‖∂‖ 1", norm=1.0, node=two))
    b = picture(box("h", "3 · ‖∂‖ 2", norm=2.0, node=three))
    assert [x[2:] for x in told(a, b)[0]] == [(math.inf, "h, t = 0: 2 · ‖∂‖ 1 against 3 · ‖∂‖ 2")]
    b = picture(box("h", "2 · ‖∂‖ 2", norm=2.0, node=tg.constant(np.zeros(2))))
    assert [x[2] for x in told(a, b)[0]] == [2.0]
    a = picture(box("h", "2 · ‖∂‖ 1", norm=1.0))
    b = picture(box("h", "2 · ‖∂‖ 1", norm=1.0, rest="sigmoid"))
    assert [x[2:] for x in told(a, b)[0]] == [(math.inf, "h, t = 0: tanh against sigmoid")]


def test_what_is_in_one_alone_comes_first_and_dots_are_nothing() -> None:
    dots = replace(box("dots", "", 150), role="dots")
    a, b = picture(box("h", "2", norm=1.0), box("k"), dots), picture(box("h", "2 · ‖∂‖ 3", norm=3.0), box("m", "", 250))
    changed, count = told(a, b)
    assert count == 1
    assert [x[:3] for x in changed] == [
        (("k", "t = 0"), None, math.inf),
        (None, ("m", "t = 1"), math.inf),
        (("h", "t = 0"), ("h", "t = 0"), 3.0),
    ]
    assert [x[3] for x in changed] == ["", "", "h, t = 0: – against ‖∂‖ 3"]


def test_the_second_of_a_place_is_compared_with_the_second() -> None:
    a, b = picture(box("h", "1"), box("h", "2")), picture(box("h", "1"), box("h", "3"))
    assert [x[3] for x in told(a, b)[0]] == ["h, t = 0: 2 against 3"] and told(a, b)[1] == 2
    outside = picture(box("y", "1", 150.0)), picture(box("y", "2", 150.0))
    assert [x[3] for x in told(*outside)[0]] == ["y: 1 against 2"], "between two columns"
    high = picture(replace(box("y", "1"), y=150.0)), picture(replace(box("y", "2"), y=150.0))
    assert [x[3] for x in told(*high)[0]] == ["y: 1 against 2"], "over a column"


def test_tiles_are_compared_by_their_tips_also_of_other_cells() -> None:
    a = Picture(
        tiles=[
            tile("‖∂ loss at 3 / ∂ GRU · h at 2‖ = 0.5"),
            tile("h[0] at t = 1: 2 · a"),
            tile("2 steps from the loss: 3"),
            tile(""),
        ]
    )
    b = Picture(
        tiles=[
            tile("‖∂ loss at 3 / ∂ h at 2‖ = 0.25"),
            tile("h[0] at t = 1: 4 · b"),
            tile("2 steps from the loss: 4"),
            tile("x"),
        ]
    )
    changed, count = told(a, b)
    assert count == 2 and [x[2] for x in changed] == [2.0, 2.0]
    assert {x[3] for x in changed} == {"‖∂ loss at 3 / ∂ h at 2‖: 0.5 against 0.25", "h[0] at t = 1: 2 against 4"}
    ruler = Ruler([], "-4", "0", "4", (-4.0, 4.0))
    a.ruler = ruler
    assert sorted(x[2] for x in told(a, b)[0]) == pytest.approx([0.25 / 8, 0.25]), "parts of a linear scale"


@each("linear", [True, False])
def test_half_of_all_at_most_is_marked_but_some_of_it(linear: bool) -> None:
    claims = differences(picture(box("h", "1", norm=1.0)), picture(box("h", "2", norm=2.0))).changed
    steps = [0.0, 0.01, 0.05, 0.1, 0.25, 0.5] if linear else [1.0, 1.1, 1.2, 1.5, 2.0, 5.0, 10.0, 100.0, 1000.0]

    def least(fars: list[float], count: int) -> tuple[float, str]:
        return threshold([replace(claims[0], far=x) for x in fars], count, linear=linear)

    assert least([], 10) == (0, "differs") == least([], 0) == least([math.inf] * 9, 10), "nothing has a size"
    for k, step in enumerate(steps[1:], 1):
        fars = [step] * 4 + [steps[k - 1]] * 6
        words = f"differs by {100 * step:g}% of the scale or more" if linear else f"differs {step:g}-fold or more"
        assert least(fars, 10) == (step, words)
        assert least(fars, 20) == (steps[0], "differs"), "ten of twenty"
        assert least(fars, 19)[0] == step
    assert least([steps[-1]] * 9, 10)[0] == steps[-1], "all of them, if no step tells fewer"
    assert least([steps[2]] * 3, 3)[0] == steps[0] and least([steps[2]] * 3, 3)[1] == "differs", "three are few"
    assert least([math.inf] * 2 + [steps[1]] * 8, 12)[0] == steps[2]


def test_values_are_numbers_and_the_legend_says_of_another_op() -> None:
    loss = [
        differences(picture(box("L", rest="mean 2.0")), picture(box("L", rest=x))).changed
        for x in ("mean 3.0", "sum 3.0")
    ]
    assert [x.far for (x,) in loss] == [1.5, math.inf]
    claims = differences(picture(box("h", "1", norm=1.0)), picture(box("h", "4", norm=4.0))).changed
    assert threshold(loss[0] * 3 + claims, 4, linear=False)[1] == "differs 2-fold or more"
    assert threshold(loss[1] + claims * 5, 8, linear=False)[1] == "differs 5-fold or more, or in its op"


def test_a_frame_stands_out_from_a_box_and_lies_on_a_tile() -> None:
    claims = differences(picture(box("h"), box("k", "", 250)), Picture()).alone[0]
    assert [*rims(claims, False)] == [Rim(50, 50, 46, 36, False), Rim(250, 50, 46, 36, False)]
    assert [*rims(claims, True)] == [Rim(50, 50, 46, 36, True), Rim(250, 50, 46, 36, True)]
    tiles = [tile(f"h[{i}] at t = {t}: 1", 10.0 * t) for i in (0, 1) for t in (0, 1, 2)]
    tiles += [tile("k[0] at t = 0: 1", 100.0)]
    claims = differences(Picture(tiles=tiles), Picture()).alone[0]
    assert sorted(rims(claims, False)) == [Rim(10, 0, 30, 10, False)] * 2 + [Rim(100, 0, 10, 10, False)] or sorted(
        rims(claims, False)
    ) == [Rim(10, 0, 30, 10, False), Rim(100, 0, 10, 10, False)]
    assert len([*rims(claims, True)]) == 7, "dashed, each has its own"


def test_a_picture_is_moved_whole() -> None:
    whole = tg.draw(word_rnn(3, cut=2), gradients=True, level="op").picture
    whole.tiles, whole.rims = [tile("x")], [Rim(1, 2, 3, 4, True)]
    whole.bands[0].at, whole.notes = 7.0, [*whole.notes, Note(1, 2, "n", "#000000")]
    other = moved(whole, 10.0, -5.0, 100)
    near = pytest.approx
    for kind in ("boxes", "notes", "tiles", "rims"):
        for a, b in zip(getattr(whole, kind), getattr(other, kind), strict=True):
            assert (b.x, b.y) == near((a.x + 10, a.y - 5))
    for a, b in zip(whole.arrows, other.arrows, strict=True):
        assert (b.tail, b.head) == (a.tail + 100, a.head + 100)
        assert np.array(b.points) == near(np.array(a.points) + np.array([10, -5]))
    for a, b in zip(whole.bands, other.bands, strict=True):
        assert (b.left, b.right, b.foot, b.top) == near((a.left + 10, a.right + 10, a.foot - 5, a.top - 5))
        assert b.at is None if a.at is None else b.at == a.at + 10
    assert whole.cuts
    for a, b in zip(whole.cuts, other.cuts, strict=True):
        assert (b.x, b.foot, b.top) == near((a.x + 10, a.foot - 5, a.top - 5))


def arranged(a: Picture, b: Picture, names: Any = ("one", "two"), brief: bool = False) -> list[Picture]:
    return [*compared([(a, b)], names, None, "en", brief=brief)]


@each("wide", [100.0, 900.0, 964.0, 966.0, 3000.0])
def test_both_stand_side_by_side_unless_that_is_too_wide(wide: float) -> None:
    a = picture(
        Box(wide / 2, 50, wide, 30, "op", "#ffffff", [Part("h")], "", []),
        arrows=[Arrow(0, 0, [(0, 0)] * 4, "#000000", 1)],
    )
    a.bands, a.uses = [], [Use("W", "2", 1, "0.1"), Use("V", "2", 1, None)]
    b = replace(a, uses=[Use("W", "2", 1, "0.3"), Use("U", "3", 2, "0.4")], cuts=[Cut(10, 0, 50)])
    first, second = arranged(a, b)
    places = []
    for whole in (first, second):
        dx, dy = whole.boxes[1].x - whole.boxes[0].x, whole.boxes[1].y - whole.boxes[0].y
        places.append("under" if dy else "beside")
        left, right = edges(a), edges(replace(b, boxes=whole.boxes[1:], arrows=[], cuts=[Cut(10 + dx, dy, 50 + dy)]))
        apart = left.foot - right.top if dy else right.left - left.right
        assert apart == pytest.approx(70) and (left.left == right.left if dy else left.top == right.top)
        assert [(x.tail, x.head) for x in whole.arrows] == [(0, 0), (1, 1)] and len(whole.cuts) == 1
        for name, box in zip(("one", "two"), whole.boxes, strict=True):
            (note,) = [x for x in whole.notes if x.text == name]
            assert note.size == 15 and note.y > box.y + 24 and note.x < box.x
        assert {x.name: (x.norm, x.full) for x in whole.uses} == {
            "W": ("0.1", "0.3"),
            "V · one": ("–", "–"),
            "U · two": ("–", "0.4"),
        }
        assert (whole.truncation, whole.beside, whole.view) == ("one", "‖∂‖ two", "compare")
    both = sum(x.right - x.left for x in map(edges, (a, b))) + 70
    assert places == (["beside", "under"] if both <= 2000 else ["under", "beside"])


def test_titles_subtitles_and_lists_are_of_both() -> None:
    a, b = picture(box("h"), subtitle="8 folded"), picture(box("k"), subtitle="")
    whole = arranged(a, b)[0]
    assert whole.subtitle == "one: 8 folded" and whole.title == "Two networks on one scale"
    assert whole.listed == ["nothing in common", "in one only: h", "in two only: k"] and whole.differs == "differs"
    assert arranged(a, replace(b, subtitle="8 folded"))[0].subtitle == "8 folded"
    assert arranged(a, replace(b, subtitle="x"))[0].subtitle == "one: 8 folded; two: x"
    text = whole.plain_text
    assert (
        text[0] == whole.title
        and [x for x in text if x.startswith("==")] == ["== one", "== two"]
        and text[-3:] == whole.listed
    )
    names = [
        [x.text for x in arranged(replace(a, title=x), replace(b, title=y), None)[0].notes]
        for x, y in (
            ("LSTM, 3 steps, unrolled", "GRU, 3 steps, unrolled"),
            ("LSTM, 3 steps, unrolled", "LSTM, 4 steps, unrolled"),
            ("LSTM, 3 steps, unrolled", "LSTM, 3 steps, unrolled"),
            ("one", "two"),
        )
    ]
    assert names == [["LSTM", "GRU"], ["LSTM, 3 steps", "LSTM, 4 steps"], ["first", "second"], ["one", "two"]]
    many = [box(f"h{i}", f"2 · ‖∂‖ {i + 1}", norm=i + 1.0) for i in range(30)]
    more = [box(f"h{i}", f"2 · ‖∂‖ {2 * i + 3}", norm=2 * i + 3.0) for i in range(30)]
    for brief, most, longest in ((False, 12, 100), (True, 5, 44)):
        listed = arranged(picture(*many, box("x" * 200)), picture(*more), brief=brief)[0].listed
        assert listed[0] == "30 of 30 differ" and listed[-1] == f"and {31 - most} more" and len(listed) == most + 2
        assert max(map(len, listed)) <= longest and listed[2].startswith("h0, t = 0: ‖∂‖ 1 against ‖∂‖ 3")


def test_pairs_have_one_scale_and_are_as_detailed_as_there_is_room() -> None:
    a, b, c = (replace(picture(box("h")), scale=x) for x in ((1e-3, 1.0), (1e-2, 10.0), None))
    assert shared_ends((a, b)) == (1e-3, 10.0) and shared_ends((a, c)) == (1e-3, 1.0) and shared_ends((c, c)) is None
    ruled = replace(c, ruler=Ruler([], "", "", "", (-3.0, 3.0)))
    assert shared_ends((ruled, replace(c, ruler=Ruler([], "", "", "", (-1.0, 5.0))))) == (-3.0, 5.0)
    pairs = [*in_pairs([iter([a, b, c]), iter([b])])]
    assert [(x.scale, y.scale) for x, y in pairs] == [(a.scale, b.scale), (b.scale, b.scale), (None, b.scale)]
    assert pairs[0][0] is not a, "copies, which may be changed"
    sizes = [replace(a, bands=[Band(0, w, 0, h, "")]) for w, h in ((2700, 9), (2600, 1301), (2600, 1300), (100, 100))]
    assert [*roomy(zip(sizes, sizes, strict=True))] == [(sizes[2], sizes[2])]
    assert [*roomy([(sizes[0], sizes[3])])] == [(sizes[0], sizes[3])], "the last one, if none is small"
    assert (two_titles(None) is None and two_titles(("a\n", 3)) == ["a ", "3"]) or two_titles(("a", 3)) == ["a", "3"]


def test_a_comparison_of_two_kinds_is_named_by_them() -> None:
    drawn = tg.draw.compare(word_rnn(3), lstm(3), title="mine").picture
    assert drawn.title == "mine" and drawn.view == "compare" and drawn.lang == "en"
    assert tg.draw.compare(word_rnn(3), word_rnn(4)).picture.title == "Two networks on one scale"
