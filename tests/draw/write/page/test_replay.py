"""Moments of training on a page: what of each is told, on one scale, and which pictures are of another network."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import word_rnn
from tests.each import each
from tinygraph.draw.norms.heat import Heat
from tinygraph.draw.picture import Arrow, Box, Part, Picture, Use
from tinygraph.draw.views.strokes import returning
from tinygraph.draw.write.page.curve import curve, losses
from tinygraph.draw.write.page.palette import Palette
from tinygraph.draw.write.page.replay import one_scale, shots


def moment(gain: float) -> Picture:
    """Of the same network with larger weights."""
    w, h = tg.parameter(np.eye(3) * gain, "W"), tg.constant(np.ones(3), name="h0")
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(w @ h, name="h")
    return tg.draw(tg.sum(h, name="loss"), gradients=True, level="op", title=f"gain {gain}").picture


def test_moments_are_coloured_by_one_scale_and_all_else_of_them_stays() -> None:
    own = [moment(gain) for gain in (0.1, 0.5, 2.0)]
    scales = [x.scale for x in own if x.scale is not None]
    low, high = min(x for x, _ in scales), max(x for _, x in scales)
    heat, white = Heat(low=low, high=high), 0
    for before, after in zip(own, one_scale(own), strict=True):
        assert after.scale == (low, high)
        assert replace(after, boxes=before.boxes, arrows=before.arrows, scale=before.scale) == before
        for a, b in zip(before.boxes, after.boxes, strict=True):
            is_norm = a.fill != "#ffffff" and a.norm is not None
            white += not is_norm
            assert b == replace(a, fill=heat.colour(a.norm) if is_norm else a.fill)
        for x, y in zip(before.arrows, after.arrows, strict=True):
            norm = re.fullmatch(r"‖∂‖ (\S+)", x.tip)
            told = returning(0, 0, [], float(norm[1]), heat) if norm and float(norm[1]) else x
            assert y == replace(x, colour=told.colour, width=told.width)
    assert white >= 3, "the root stays white"


def test_one_picture_or_pictures_without_a_scale_stay_as_they_are() -> None:
    scaled, plain = moment(0.5), tg.draw(word_rnn(3)).picture
    for pictures in ([scaled], [plain], [plain, plain], [replace(scaled, scale=None)] * 2):
        assert one_scale(pictures) == pictures
    first, second = one_scale([plain, scaled])
    assert first.scale is None and second.scale == scaled.scale


def test_a_moment_has_its_title_its_numbers_and_the_names_of_its_colours() -> None:
    boxes = [Box(0, 0, 9, 9, "op", "#112233", [Part("h"), Part("0.5", "value")], "2 · ‖∂‖ 1", [], norm=1.23456)]
    way = [(0.0, 0.0)] * 4
    drawn = Picture(boxes, [Arrow(0, 0, way, "#445566", 1.23456, tip="x" * 200)], title="t" * 200, scale=(0.0123, 7.0))
    drawn.uses = [Use("W", "2", 1, "0.4"), Use("b", "2", 1, None)]
    palette = Palette()
    (told,) = shots([drawn], palette)
    assert told == {
        "title": told["title"],
        "scale": ["0.012", "7.0"],
        "boxes": [{"below": "2 · ‖∂‖ 1", "value": "0.5", "norm": told["boxes"][0]["norm"], "fill": "k0"}],
        "arrows": [["k1", 1.23, told["arrows"][0][2]]],
        "notes": [],
        "uses": ["0.4", None],
    }
    assert float(told["boxes"][0]["norm"]) == pytest.approx(1.23456, rel=1e-3)
    assert len(told["title"]) == len(told["arrows"][0][2]) == 120 and palette.names == {
        "#112233": "k0",
        "#445566": "k1",
    }
    assert shots([replace(drawn, scale=None, title=None)], palette)[0]["scale"] is None


def other(**parts: Any) -> Picture:
    return replace(tg.draw(word_rnn(3), gradients=True, level="op").picture, **parts)


def test_a_moment_of_another_network_is_named_by_its_number_and_by_what_differs() -> None:
    end = other()
    renamed = [replace(end.boxes[0], node=tg.constant(np.ones((7, 7)), name="other")), *end.boxes[1:]]
    count = len(end.arrows)
    cases = {
        "snapshot 1 is of another network": (other(boxes=end.boxes[1:]), f"{len(end.boxes)} boxes"),
        "snapshot 1 differs at box 0": (other(boxes=renamed), r"'other' \(7, 7\)"),
        "the arrows of snapshot 1 differ": (other(arrows=end.arrows[1:]), f"{count} arrows, as at the end"),
        "the arrows of snapshot 1  *differ": (other(notes=end.notes[1:]), f"{count} arrows"),
    }
    for problem, (wrong, told) in cases.items():
        with pytest.raises(tg.GraphError, match=rf"(?s){problem}.*{told}.*fix"):
            shots([end, wrong, end], Palette())
    turned = [replace(end.arrows[0], tail=end.arrows[0].head, head=end.arrows[0].tail), *end.arrows[1:]]
    with pytest.raises(tg.GraphError, match="the arrows of snapshot 0 differ"):
        shots([other(arrows=turned), end], Palette())
    valued = [replace(x, title=[*x.title, Part("1.5", "value")]) for x in end.boxes]
    assert len(shots([other(boxes=valued), end], Palette())) == 2, "numbers may differ"


def told_losses(*values: float) -> dict[str, Any]:
    return losses([tg.draw(tg.sum(tg.constant([v]), name="loss")).picture for v in values])


@each("values", [(4.0, 2.0, 1.0), (1.0, math.nan, 3.0, 2.0, 2.5), (2.0, 2.0), (math.inf, math.nan)])
def test_the_curve_fills_its_frame_from_the_first_moment_to_the_last(values: Any) -> None:
    told, finite = told_losses(*values), [v for v in values if math.isfinite(v)]
    xs = np.linspace(62, 62 + 186, len(values))
    low, span = (min(finite), max(finite) - min(finite) or 1.0) if finite else (0.0, 1.0)
    for (x, y), right, value in zip(told["points"], xs, values, strict=True):
        assert x == pytest.approx(right, abs=0.051)
        meant = 8 + 30 * (1 - (value - low) / span)
        assert (y is None) == (not math.isfinite(value)) and (y is None or y == pytest.approx(meant, abs=0.051))
    assert told["ends"] == ([min(finite), max(finite)] if finite else [0.0, 0.0])
    drawn = curve(told, "en")
    lines = [x.split() for x in re.findall(r'<polyline points="([^"]*)"/>', drawn)]
    points = [f"{x},{y}" for x, y in told["points"] if y is not None]
    assert [p for line in lines for p in line] == points and all(lines)
    assert f'<text x="155.0" y="55">loss (no unit) · {len(values)} snapshots</text>' in drawn, "under its middle"
    ends = re.findall(r'<text class="end" x="54" y="(\d+)">([^<]*)</text>', drawn)
    assert [int(y) for y, _ in ends] == [12, 42]
    assert [float(x) for _, x in ends] == pytest.approx(told["ends"][::-1], rel=1e-2)
    assert 'y1="2" y2="42"' in drawn and "个" in curve(told, "zh")
    assert f'aria-label="loss (no unit): {told["texts"][0]} → {told["texts"][-1]}"' in drawn


def test_without_two_moments_of_one_loss_there_is_no_curve() -> None:
    assert told_losses(1.0) == {} and curve({}, "en") == ""
    named = [tg.draw(tg.sum(tg.constant([v]))).picture for v in (1.0, 2.0)]
    assert losses(named)["of"] == "loss (no unit)"
    blind = [replace(x, boxes=[replace(b, title=[Part("h")]) for b in x.boxes]) for x in named]
    assert losses(blind) == {}
