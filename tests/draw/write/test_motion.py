"""Pictures that play: each stage computes from what is there, the end is the whole picture, and nothing is a script."""

from __future__ import annotations

import io
import re
import sys
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import both_ways, lstm, perceptron, word_rnn
from tests.draw.test_safety import RAW, harmless, network
from tests.each import each
from tinygraph.draw import VIEWS
from tinygraph.draw.colours import FORWARD
from tinygraph.draw.picture import Box, Part
from tinygraph.draw.shown.roles import BORDERS
from tinygraph.draw.write import raster
from tinygraph.draw.write.look import rgb
from tinygraph.draw.write.motion import _cold, _name, _ranks, _said, playing, score_of

SVG = "{http://www.w3.org/2000/svg}"
DRAWN: dict[str, Any] = {
    "rnn": tg.draw(word_rnn(4), gradients=True, level="op"),
    "cut": tg.draw(word_rnn(5, cut=2), gradients=True, level="op"),
    "lstm": tg.draw(lstm(8), gradients=True),
    "both ways": tg.draw(both_ways(5), gradients=True, level="op"),
    "both": tg.draw(lstm(3), "both"),
    "cells": tg.draw(lstm(12), gradients=True, level="cell", lang="zh"),
    "no time": tg.draw(perceptron(), gradients=True),
    "forward": tg.draw(word_rnn(4)),
}


def column_of(picture: Any) -> list[int | None]:
    """The number of the column in which each box stands."""
    spans = [(band.left, band.right, k) for k, band in enumerate(picture.bands)]
    inside = [[k for a, b, k in spans if a <= box.x <= b] for box in picture.boxes]
    low = min((band.foot for band in picture.bands), default=0.0)
    high = max((band.top for band in picture.bands), default=0.0)
    return [k[0] if k and low <= box.y <= high else None for k, box in zip(inside, picture.boxes, strict=True)]


@each("name", DRAWN)
def test_nothing_is_computed_before_what_it_reads(name: str) -> None:
    picture = DRAWN[name].picture
    score, column = score_of(picture), column_of(picture)
    forward = [x for x in picture.arrows if x.colour in (FORWARD, BORDERS["state"])]
    assert len(forward) > 3
    for arrow in forward:
        a, b = score.forward[arrow.tail], score.forward[arrow.head]
        moves = column[arrow.tail] != column[arrow.head] or not picture.bands
        assert a < b if moves else a <= b
        if score.backward and not arrow.tip:
            a, b = score.backward[arrow.head], score.backward[arrow.tail]
            assert a < b if moves else a <= b
    stages = {*score.forward, *score.backward}
    assert stages == set(range(len(score.said))) and (not score.backward or max(score.forward) < min(score.backward))


def test_columns_light_up_in_time_order_and_the_gradient_returns() -> None:
    score, column = score_of(DRAWN["rnn"].picture), column_of(DRAWN["rnn"].picture)
    for waves, order in ((score.forward, 1), (score.backward, -1)):
        of = [{k for k, c in zip(waves, column, strict=True) if c == t} for t in range(4)]
        assert all(len(stages) == 1 for stages in of), "a column at a time"
        assert [min(x) for x in of] == sorted((min(x) for x in of), reverse=order < 0)
    assert [x for x in score.said if "t = 2" in x] == ["forward: t = 2", "backward: t = 2"]
    zh = score_of(DRAWN["cells"].picture)
    assert zh.said[1].startswith("正向") and zh.said[-1].startswith("反向")


def test_a_cut_is_waited_for_by_nothing() -> None:
    """With k = 2 the gradients of steps 1 and 2, 3 and 4, and 5 do not meet: all that ends a window comes first."""
    picture = DRAWN["cut"].picture
    score, column = score_of(picture), column_of(picture)
    states = {column[i]: score.backward[i] for i, box in enumerate(picture.boxes) if box.title[0].text.startswith("h")}
    first = states[4]
    assert [states[t] - first for t in range(5)] == [1, 0, 1, 0, 0]


def test_two_directions_run_at_once() -> None:
    picture = DRAWN["both ways"].picture
    score = score_of(picture)
    states = [i for i, box in enumerate(picture.boxes) if box.role == "state" and box.title[0].text.startswith("hₜ =")]
    stages = sorted(score.forward[i] for i in states)
    assert len(states) == 10 and stages == sorted([*range(1, 6), *range(1, 6)])


def test_the_dots_come_after_what_enters_them() -> None:
    picture = DRAWN["lstm"].picture
    said = [x.partition(": ")[2] for x in score_of(picture).said]
    assert said[1:5] == ["t = 0", "t = 1", "t = 2 … 6", "t = 7"] and said[-5:-1] == said[4:0:-1]


def marks(root: ET.Element, kind: str) -> list[str]:
    return [
        re.sub(r"\s+", " ", ET.tostring(x, encoding="unicode")).strip() for x in root.iter() if x.get("class") == kind
    ]


@each("name", DRAWN)
def test_it_ends_in_the_whole_picture(name: str) -> None:
    """All that comes with the gradient, or else with the values, is what the still picture has, and nothing fades."""
    drawing = DRAWN[name]
    root, still = ET.fromstring(playing(drawing.picture)), ET.fromstring(drawing.pipe())
    gradients = drawing.picture.scale is not None
    last = [x for x in root if "data-on" in x.attrib] if gradients else list(root)
    assert [m for x in last for m in marks(x, "box")] == marks(still, "box")
    for kind in ("arrow", "note", "cut"):
        assert sorted(marks(root, kind)) == sorted(marks(still, kind))
    assert not [x for x in root.iter() if "opacity" in x.attrib]
    assert [root.get(k) for k in ("width", "height", "viewBox")] == [
        still.get(k) for k in ("width", "height", "viewBox")
    ]
    style = root.findtext(f"{SVG}style") or ""
    assert re.search(r"@media print,\(prefers-reduced-motion:reduce\)\{[^}]*animation:none", style)
    assert "both" not in style and "forwards" not in style and "infinite" not in style


@each("name", RAW)
def test_no_text_breaks_it(name: str) -> None:
    root = ET.fromstring(playing(tg.draw(network(name), gradients=True, title=name, tokens=[name] * 3).picture))
    (style,) = root.findall(f"{SVG}style")
    assert not re.search(r"url|@import|<", style.text or "")
    root.remove(style)
    harmless(root)


@each("view", [view for view in VIEWS if view not in ("unrolled", "both")])
def test_what_has_no_steps_is_refused_by_name(view: str, tmp_path_factory: Any) -> None:
    from tests.draw.test_safety import given

    folder = tmp_path_factory.mktemp("still")
    drawing = tg.draw(given(view, "h"), view)
    for name, more in (("a.gif", {}), ("a.svg", {"play": True})):
        with pytest.raises(tg.GraphError, match=f"(?s)'{view}' has no steps to play.*unrolled"):
            drawing.save(folder / name, **more)
    assert not list(folder.iterdir())


def test_two_networks_do_not_play_and_are_no_flowchart() -> None:
    drawing = tg.draw.compare(word_rnn(3), word_rnn(4))
    for call in (lambda: drawing.pipe("gif"), drawing.mermaid):
        with pytest.raises(tg.GraphError, match="'compare'"):
            call()
    assert drawing.pipe("tex").startswith(b"% A picture")


def test_other_files_do_not_play(tmp_path: Any) -> None:
    for name in ("a.html", "a.png", "a.txt", "a.tex", "a"):
        with pytest.raises(tg.GraphError, match=r"does not play(?s:.*)\.svg or \.gif"):
            DRAWN["rnn"].save(tmp_path / name, play=True)
    with pytest.raises(tg.GraphError, match="yes or no"):
        DRAWN["rnn"].save(tmp_path / "a.svg", play="slowly")
    assert not list(tmp_path.iterdir())
    DRAWN["rnn"].save(tmp_path / "a.svg", play=True)
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == playing(DRAWN["rnn"].picture)


def test_without_pillow_a_line_for_pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in [x for x in sys.modules if x.split(".")[0] == "PIL"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(tg.GraphError, match=r'(?s)needs pillow.*pip install "tinygraph-rnn\[render\]"'):
        DRAWN["rnn"].save(tmp_path / "a.gif")
    assert not list(tmp_path.iterdir())


def frames(drawing: Any) -> tuple[list[Any], dict[str, Any]]:
    image = pytest.importorskip("PIL.Image")
    opened = image.open(io.BytesIO(drawing.pipe("gif")))
    shown, times = [], []
    for k in range(opened.n_frames):
        opened.seek(k)
        shown.append(np.asarray(opened.convert("RGB")).astype(int))
        times.append(opened.info["duration"])
    return shown, {"times": times, "loop": opened.info["loop"]}


@each("drawing", [tg.draw(word_rnn(3), gradients=True, level="cell"), DRAWN["no time"]])
def test_a_gif_fills_each_box_when_its_gradient_is_there(drawing: Any) -> None:
    shown, more = frames(drawing)
    score = score_of(drawing.picture)
    assert len(shown) == len(score.said) + 1 and more["loop"] == 0
    assert more["times"][-1] > 3 * max(more["times"][:-1]) and more["times"][0] >= 500
    left, top, wide, _ = map(float, ET.fromstring(playing(drawing.picture)).get("viewBox", "").split())
    scale = shown[0].shape[1] / wide
    for box, stage in zip(drawing.picture.boxes, score.backward, strict=True):
        x, y = box.x - (box.core or box.width) / 2 + 7, box.y - box.height / 2 + 12
        at = [frame[round((-y - top) * scale), round((x - left) * scale)] for frame in shown]
        assert np.abs(at[stage] - rgb(box.fill)).max() < 9 and np.abs(at[-1] - rgb(box.fill)).max() < 9
        assert all(np.abs(pixel - 255).max() < 9 for pixel in at[:stage])
    assert (shown[-1][2, 2] == 255).all(), "a white ground is white"


def test_a_gif_of_an_lstm_of_eight_steps_is_small_and_readable() -> None:
    image = pytest.importorskip("PIL.Image")
    content = DRAWN["lstm"].pipe("gif")
    with image.open(io.BytesIO(content)) as opened:
        assert len(content) < 2_000_000 and opened.width >= 1500
        assert opened.n_frames == len(score_of(DRAWN["lstm"].picture).said) + 1


def test_letters_that_no_font_has_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PIL")
    drawing = tg.draw(tg.tanh(tg.constant([1.0], name="x\U00013000")))
    with pytest.raises(tg.GraphError, match=r"(?s)no font here has the letter.*fonts-noto-cjk"):
        drawing.pipe("gif")
    ((words, _, length),) = raster.measured("h₀ ‖∂‖ 0.12 → 2×4", True, 20.0)
    assert words.startswith("h₀") and length > 60


def longest(count: int, links: list[tuple[int, int, int]]) -> list[int]:
    """The costliest way to each of some boxes, by trying all ways."""

    def to(b: int) -> int:
        return max([to(a) + cost for a, x, cost in links if x == b], default=0)

    return [to(b) for b in range(count)]


@each("seed", range(12))
def test_stages_are_the_longest_ways_and_nothing_waits_longer_than_it_must(seed: int) -> None:
    draw = np.random.default_rng(seed)
    count = 9
    pairs = [(a, b) for b in range(count) for a in range(b) if draw.random() < 0.3]
    links = [(a, b, 1) for a, b in pairs]
    assert _ranks(count, links) == longest(count, links)
    mixed = [(a, b, int(draw.random() < 0.5)) for a, b in pairs]
    ranks = _ranks(count, mixed)
    assert sorted(set(ranks)) == list(range(max(ranks) + 1)), "no stage is empty"
    assert all(ranks[b] >= ranks[a] + cost for a, b, cost in mixed if cost or ranks[a] <= ranks[b])
    for a in range(count):
        out = [(b, cost) for x, b, cost in mixed if x == a]
        if any(not cost for _, cost in out):
            assert ranks[a] <= min(ranks[b] - cost for b, cost in out if not cost), "with what reads it in its column"


def test_a_stage_names_its_columns_and_a_cold_box_has_no_norm() -> None:
    assert [*_said([0, 1, 1, 1, 1, 1, 2], [*"abcdefg"])] == ["a", "b, c, d, e, …", "g"]
    assert [*_said([0, 0], ["a", "a"])] == ["a"] and [*_said([], [])] == [""]

    def box(role: str, below: str, *title: Part) -> Box:
        return Box(0, 0, 9, 9, role, "#ff0000", [*title], below, [])

    warm = box("op", "2 · ‖∂‖ 0.5\nsum of 3 · not computed", Part("h"))
    assert (_cold(warm).fill, _cold(warm).below) == ("#ffffff", "2\nsum of 3")
    assert _cold(box("dots", "‖∂‖ 1")).fill == _cold(box("parameter", "‖∂‖ 1")).fill == "#ff0000"
    words = Part("@"), Part("W", "chip"), Part("0.5", "value")
    assert _name(box("op", "", *words)) == "@ W" and _name(box("op", "", Part("tanh"), *words[1:])) == "tanh"


@each("name", DRAWN)
def test_each_part_comes_at_the_stage_of_its_box(name: str) -> None:
    """Boxes with the values, and again with the gradient; arrows with the box that they lead to, norms with theirs."""
    picture, beat = DRAWN[name].picture, score_of(DRAWN[name].picture).beat
    score, root = score_of(picture), ET.fromstring(playing(picture))
    seen: dict[str, list[tuple[str, int]]] = {}
    for x in root:
        for how in ("lit", "on", "said"):
            if f"data-{how}" in x.attrib:
                stage = int(x.attrib[f"data-{how}"])
                assert x.get("style") == f"animation-delay:{beat * stage:.2f}s"
                seen.setdefault(x[0].get("class", "said"), []).append((how, stage))
    gradients = bool(score.backward)
    again = [("on", stage) for stage in score.backward]
    assert seen["box"] == [*(("lit", stage) for stage in score.forward), *again]
    forward = [x.colour in ("#8b93a0", "#276749") and x.tail < x.head for x in picture.arrows]
    assert seen["arrow"] == [
        ("lit", score.forward[x.head]) if ahead or not gradients else ("on", score.backward[x.head])
        for x, ahead in zip(picture.arrows, forward, strict=True)
    ]
    told = [x.box for x in picture.notes if x.box is not None]
    assert seen.get("note", []) == [("on", score.backward[i]) for i in told if gradients]
    assert seen["said"] == [("said", k) for k in range(len(score.said))]
    cold = [x for x in root if "data-lit" in x.attrib and x[0].get("class") == "box"]
    for x, box in zip(cold, picture.boxes, strict=True):
        fills = {y.get("fill") for y in x.iter(f"{SVG}rect")} - {"none", "#f6d365"}
        words = "".join("".join(y.itertext()) for y in x.iter(f"{SVG}text"))
        if gradients and box.role not in ("dots", "parameter"):
            assert fills <= {"#ffffff"} and "‖∂‖" not in words, "as it is before the gradient comes"
