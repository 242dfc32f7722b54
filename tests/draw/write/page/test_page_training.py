"""Training on a page: the losses as a curve beside the slider, with their unit and the slider's place."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.draw.write.page.curve import losses, unit

from .pages import frames


def test_the_curve_beside_the_slider_names_its_unit_and_marks_the_sliders_place(visit):
    page = visit("train")
    curve, slider = (page.locator(x).bounding_box() for x in ("#curve", "#moment"))
    assert curve["x"] > slider["x"] and abs(curve["y"] + curve["height"] / 2 - slider["y"] - slider["height"] / 2) < 12
    assert "loss (no unit) · 3 snapshots" in page.text_content("#curve")
    points = page.get_attribute("#curve polyline", "points").split()
    page.focus("#moment")
    for k, key in ((0, "Home"), (1, "ArrowRight"), (2, "ArrowRight")):
        page.keyboard.press(key)
        frames(page)
        x, y = points[k].split(",")
        assert page.get_attribute("#dot", "transform") == f"translate({float(x):g} {float(y):g})"
        assert page.get_attribute("#now", "transform") == f"translate({float(x):g} 0)"
    ys = [float(p.split(",")[1]) for p in points]
    values = [float(x.split(": ")[1]) for x in page.get_attribute("#curve", "aria-label").split(" → ")[:1]]
    assert ys == sorted(ys) and values[0] > 1, "y grows downward: the loss falls"
    texts = page.locator("#curve .end").all_text_contents()
    assert [float(x) for x in texts] == pytest.approx([1.64, 0.00682], rel=0.01)


def moments(*values: float):
    return [tg.draw(tg.sum(tg.constant([v]), name="loss"), title=f"{v}").picture for v in values]


def test_heights_are_those_of_the_losses_and_a_loss_that_is_not_finite_leaves_a_gap(tmp_path):
    told = losses(moments(4.0, 2.0, np.nan, 3.0, 1.0))
    xs, ys = zip(*told["points"], strict=True)
    assert np.allclose(np.diff(xs), xs[1] - xs[0], atol=0.2) and ys[2] is None
    heights = np.array([ys[k] for k in (0, 1, 3, 4)])
    assert (heights[-1] - heights) / (heights[-1] - heights[0]) == pytest.approx([1, 1 / 3, 2 / 3, 0], abs=0.01)
    assert told["texts"][2] == "NaN" and told["ends"] == [1.0, 4.0]
    *earlier, last = (tg.draw(tg.sum(tg.constant([v]), name="loss")) for v in (4.0, 2.0, np.nan, 3.0))
    last.save(tmp_path / "x.html", snapshots=earlier)
    page = (tmp_path / "x.html").read_text("utf-8")
    assert len(re.findall("<polyline", page)) == 2 and losses(moments(1.0)) == {}


X, T = tg.parameter(np.ones((2, 3))), np.array([0, 2])
CROSS = tg.softmax_cross_entropy(X, T)
UNITS = {
    "nats": [tg.mean(CROSS), tg.sum(CROSS) / 4, -tg.mean(tg.log(tg.softmax(X))), CROSS[0] + 0.5 * tg.sum(CROSS)],
    "bits": [tg.mean(CROSS) / np.log(2), tg.mean(CROSS) * (1 / np.log(2)), -tg.sum(np.log2(tg.softmax(X)))],
    "": [
        tg.sum(X * X),
        tg.mean(tg.squared_error(X, 0 * X.value)),
        tg.mean(CROSS) + tg.sum(X * X),
        tg.mean(CROSS * CROSS),
    ],
}


@each("name", UNITS)
def test_the_unit_is_told_from_the_ops_of_the_loss(name: str) -> None:
    assert [unit(x) for x in UNITS[name]] == [name] * len(UNITS[name])


@each("dtype", [np.float16, np.float32, np.float64])
def test_bits_are_told_in_every_dtype(dtype: type) -> None:
    nats = tg.mean(tg.softmax_cross_entropy(tg.parameter(np.ones((2, 3), dtype)), np.array([0, 1])))
    assert unit(nats / math.log(2)) == unit(nats * (1 / math.log(2))) == "bits"
    assert unit(nats / 3) == unit(nats * 0.7) == "nats"


class InBits(tg.Op):
    """The user's own, under the name of ours, by which pictures know a loss."""

    name = "softmax_cross_entropy"

    def forward(self, x):
        return x / np.log(2)


def test_of_an_op_of_the_users_no_unit_is_told() -> None:
    assert unit(tg.mean(InBits()(X))) == ""
