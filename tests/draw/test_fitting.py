"""The picture that fits an area: the first that can be read, as large as there is room for."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.compiled.functions import called, rnn
from tests.draw.networks import lstm, perceptron
from tests.each import each
from tinygraph.draw.compiled import candidates as compiled
from tinygraph.draw.fitting import fitted, measured
from tinygraph.draw.maps import ROOMS, candidates
from tinygraph.draw.maps.flow import candidates as flow
from tinygraph.draw.options import Area, Options
from tinygraph.draw.picture import Box, Note, Part, Picture, Tile, Use
from tinygraph.draw.shown.levels import SAYS
from tinygraph.draw.views.rolled import candidates as rolled
from tinygraph.draw.views.unrolled import candidates as unrolled
from tinygraph.draw.write.svg import svg


def picture(wide: float, high: float = 100.0, size: float = 10.0, uses: int = 1, **more: Any) -> Picture:
    box = Box(wide / 2, high / 2, wide, high, "op", "#ffffff", [Part("h")], "", [])
    drawn = Picture([box], notes=[Note(wide / 2, 50, "small", "#000000", size)], **more)
    drawn.uses = [Use("W", "2", 1, None)] * uses
    return drawn


@each("size", [4.0, 6.5, 7.0, 11.0])
def test_a_picture_is_measured_as_its_file(size: float) -> None:
    drawn = picture(300, size=size, uses=0)
    drawn.aside = ""
    wide, high, least = measured(drawn)
    assert wide == pytest.approx(300 + 32, abs=0.2) and high == pytest.approx(100 + 32, abs=0.2) and least == size
    assert measured(Picture())[2] == 99.0, "without texts none is small"


def test_the_first_that_can_be_read_is_taken_and_scaled() -> None:
    small = picture(100, uses=0)
    small.boxes[0].role = "dots"
    assert fitted([small], Area(5000, 5000)).scaled == 1.6, "a small one is not enlarged any more"
    wide, high, _ = measured(small)
    area = Area(wide * 0.9, 5000)
    assert fitted([picture(3000), small], area) is small and small.scaled == pytest.approx(0.9)
    assert fitted([small], Area(5000, high * 0.8)).scaled == pytest.approx(0.8), "the tighter side counts"
    with pytest.raises(tg.GraphError, match="cannot be read"):
        fitted([picture(3000)], area)


def test_table_and_legend_go_below_or_out_before_less_is_drawn() -> None:
    for sizes, aside in (((900, 400), "right"), ((480, 400), "below"), ((340, 290), "")):
        drawn, less = picture(300, 200), picture(30)
        assert fitted([drawn, less], Area(*sizes, 9.9)) is drawn
        assert svg(drawn) == svg(replace(drawn, aside=aside))
        assert drawn.subtitle == ("" if aside else "without table and legend")
    bare = Picture(notes=[Note(0, 0, "x", "#000000", 10)], subtitle="s")
    wide, high, _ = measured(bare)
    assert fitted([bare], Area(wide, high)).subtitle == "s"
    maps = picture(300, 200)
    maps.tiles, maps.subtitle = [Tile(150, 100, 300, 200, "#ffffff", "")], "mean"
    smaller = picture(60, 60)
    assert fitted([maps, smaller], Area(340, 290, 9.9)) is smaller, "a heat map says little without its scale"
    maps.subtitle, smaller = "mean", picture(3000)
    told = fitted([maps, smaller], Area(340, 290, 9.9))
    assert told is maps and told.subtitle == "mean; without table and legend" and told.aside == ""


def test_a_tall_picture_gives_way_to_less_with_its_table() -> None:
    """Without a table it would leave much of the width empty; but one box for all is no better."""
    tall, less, whole = (picture(100, high) for high in (600, 100, 80))
    area = Area(700, 520, 7)
    tall.uses = [Use(f"W{k}", "2", 1, None) for k in range(30)]
    assert fitted([replace(tall)], area).aside == "", "there is nothing smaller"
    assert fitted([tall, less], area) is less
    whole.level = "whole"
    assert fitted([tall, whole], area) is tall


def test_what_cannot_be_read_says_what_would_do() -> None:
    with pytest.raises(tg.GraphError) as refusal:
        fitted([picture(3000), picture(2000)], Area(400, 300))
    text = str(refusal.value)
    assert "in 400 × 300 points" in text and "no text smaller than 7 points" in text
    best = float(re.findall(r"text of ([\d.]+) points", text)[0])
    wide, high = map(float, re.findall(r"fit=\((\d+), (\d+)\)", text)[0])
    assert wide / 400 == pytest.approx(high / 300, rel=0.02) == pytest.approx(7 / best, rel=0.06)
    assert fitted([picture(2000)], Area(wide, high)).scaled


def net(steps: int = 30, units: int = 12) -> Any:
    w, h = tg.parameter(np.eye(units) * 0.5, "W"), tg.constant(np.ones(units))
    for t in range(steps):
        with tg.step(t):
            h = tg.tanh(w @ h, name="h")
    return tg.sum(h)


def test_heat_maps_for_an_area_need_less_and_less_room() -> None:
    root = net()
    whole = [*candidates(root, Options(), "states")]
    assert len(whole) == len(ROOMS)
    spans = [(max(t.x + t.width / 2 for t in x.tiles), max(t.y + t.height / 2 for t in x.tiles)) for x in whole]
    assert all(a >= c and b >= d for (a, b), (c, d) in pairwise(spans)) and spans[-1][0] < spans[0][0] / 2
    for width, count in ((9000.0, len(ROOMS)), (408.0, 6), (407.0, 5), (280.0, 4), (50.0, 1)):
        own = [*candidates(root, Options(fit=(width, 500.0)), "states")]
        assert len(own) == count, "matrices whose labels could not be read are not tried"
    assert "first" not in whole[0].subtitle and whole[0].title and whole[0].plain_text[0] == "h"
    titled = next(candidates(root, Options(title="mine"), "states"))
    assert titled.title == "mine" and titled.plain_text[:2] == ["mine", ""] and titled.plain_text[2] == "h"


def pitch(drawn: Picture, form: str) -> tuple[float, int]:
    """The width of a column of the first matrix, and how many columns it has."""
    first = [t for t in drawn.tiles if re.search(form, t.tip) and t.cell is not None]
    places = sorted({t.x for t in first if first[0].cell and t.cell and t.cell.table == first[0].cell.table})
    return places[1] - places[0], len(places)


def test_matrices_are_as_wide_as_their_room() -> None:
    """Of 30 steps, of the states and of the flow; medians stand in the widest alone."""
    root = net(30, 2)
    for drawn, room in zip(candidates(root, Options(), "states"), (900, 640, 520, 400, 300, 200, 110), strict=True):
        wide, count = pitch(drawn, r"h\[")
        assert wide * count == pytest.approx(room) and count == (30 if room >= 200 else 15)
    for drawn, room in zip(
        candidates(net(2, 200), Options(), "states"), (520, 360, 300, 230, 170, 120, 80), strict=True
    ):
        heights = sorted({t.y for t in drawn.tiles if t.cell is not None})
        assert (heights[1] - heights[0]) * len(heights) == pytest.approx(room)
    rooms = (480, 260, 160, 130, 160, 130, 90)
    two = [*flow(lstm(30), Options())]
    for drawn, room in zip(two, rooms, strict=True):
        wide, count = pitch(drawn, "‖∂ loss at")
        assert wide * count == pytest.approx(room) and count == 30
        assert any("steps from" in t.tip for t in drawn.tiles) == (room == 480)
    panels = [sum(t.fill == "#f8fafc" for t in drawn.tiles) for drawn in two]
    assert (
        panels == [2, 2, 2, 2, 1, 1, 1]
        and [("the first 1 of 2" in x.subtitle) for x in two] == [False] * 4 + [True] * 3
    )


def test_a_compiled_picture_for_an_area_has_all_boxes_then_lists_with_fewer_lines() -> None:
    step = called(rnn())
    whole, *lists = compiled(step, Options())
    assert len(whole.boxes) == len(tg.draw(step, "compiled").picture.boxes) and whole.arrows
    sizes = [(len(x.bands), len(x.boxes)) for x in lists]
    assert all(not x.arrows and x.title == whole.title and x.plain_text == whole.plain_text for x in lists)
    both = [boxes for bands, boxes in sizes if boxes and bands == sizes[0][0]]
    assert both == sorted(both, reverse=True) and both[0] < len(whole.boxes) and sizes[-1][1] == 0
    (named,) = {len(tg.draw(step, "compiled", max_nodes=n).picture.boxes) for n in (both[-1], both[-1] + 1)}
    assert named == both[-1]


def test_many_sheets_are_cut_to_the_first_and_scales_are_shared() -> None:
    cell = tg.cells.Stack.of(tg.cells.LSTM, 2, 3, num_layers=5, rng=0, dtype=np.float64)
    loss = tg.mean(tg.unroll(cell, np.ones((3, 1, 2)))[0])
    gates = next(candidates(loss, Options(), "gates"))
    assert "the first 12 of 15" in gates.subtitle and len([x for x in gates.notes if x.size == 12]) == 12
    assert gates.ruler is not None and gates.ruler.span == (0.0, 1.0) and gates.ruler.words == "value"
    states = next(candidates(loss, Options(scale=(-3.0, 3.0)), "states"))
    assert states.ruler is not None and states.ruler.span == (-3.0, 3.0) and states.ruler.words == "0"
    saliency = next(candidates(loss, Options(scale=(1e-9, 1.0)), "saliency"))
    assert saliency.ruler is None and saliency.scale == (1e-9, 1.0)


def test_a_rolled_picture_for_an_area_has_its_ops_then_a_box_each_cell_then_one_for_all() -> None:
    cell = tg.cells.Stack.of(tg.cells.GRU, 2, 3, num_layers=2, rng=0)
    loss = tg.mean(tg.unroll(cell, np.ones((4, 1, 2)))[0])
    ops, *others = rolled(loss, Options(fit=(500, 500)))
    assert [band.times for band in ops.bands] == [4, 4] and len(ops.boxes) > 20 and ops.title is not None
    says = "a box is a cell at all steps", SAYS["outline"], "one box for all cells"
    assert [x.subtitle.partition("; ")[0] for x in others] == [word for word in says for _ in range(2)]
    assert not any(x.bands for x in others) and {x.title for x in others} == {ops.title}
    titles = [[box.title[0].text for box in x.boxes] for x in others]
    assert [[t for t in x if t.endswith(" × 4")] for x in titles[4:]] == [["network × 4"]] * 2
    assert [sum(t.endswith(" × 4") for t in x) for x in titles[:4]] == [2] * 4
    terse = [len({part for box in x.boxes for part in box.below}) == 0 for x in others]
    assert terse == [False, True] * 3, "each first with its shapes"
    (alone,) = rolled(loss, Options(level="op", fit=(500, 500)))
    assert len(alone.bands) == 2, "what is named is kept"


def test_what_cannot_be_read_is_told_by_a_size_below_the_least() -> None:
    drawn = picture(1000, size=7.0, uses=0)
    wide, high, _ = measured(drawn)
    with pytest.raises(tg.GraphError, match=r"got\s+text of 6\.9 points") as told:
        fitted([drawn], Area(0.999 * wide, high, 7.0))
    more = [float(x) for x in re.findall(r"fit=\((\d+), (\d+)\)", str(told.value))[0]]
    assert fitted([picture(1000, size=7.0, uses=0)], Area(*more, 7.0))


def test_a_picture_whose_boxes_are_too_small_gets_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Picture] = []
    monkeypatch.setattr(sys.modules[fitted.__module__], "svg", lambda x: (written.append(x), svg(x))[1])
    wide, narrow = picture(3000, uses=0), picture(300, uses=0)
    assert fitted([wide, narrow], Area(400, 400)) is narrow and written and all(x is narrow for x in written)
    with pytest.raises(tg.GraphError, match=r"text of 1\.\d points"):
        fitted([wide], Area(400, 400))


def test_what_is_not_rolled_has_the_pictures_of_the_unrolled_view_and_no_more() -> None:
    drawn, alike = [*rolled(perceptron(), Options())], [*unrolled(perceptron(), Options())]
    assert [[box.tip for box in x.boxes] for x in drawn] == [[box.tip for box in x.boxes] for x in alike]
    assert {x.subtitle.partition(";")[0] for x in drawn} == {"unrolled, for no time steps are marked"}
