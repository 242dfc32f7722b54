"""Heat maps from one step to a thousand, and from one unit to 512: what is folded, said, fitted and scaled."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.claims import is_red
from tests.draw.maps.seen import blocks, close, matrix
from tests.draw.test_fit import AREAS, file_of
from tests.each import each
from tinygraph.draw.maps.shades import Shade

RIGHT: dict[tuple[int, int], np.ndarray] = {}


def leaky(steps, units):
    """h = tanh(0.9 h + x), and its states (units, steps) from plain numpy."""
    xs = np.random.default_rng(0).normal(size=(steps, units))
    w = tg.parameter(np.full(units, 0.9), "w")
    h, states = np.zeros(units), []
    for x in xs:
        h = np.tanh(0.9 * h + x)
        states.append(h)
    cell = lambda x, h: (tg.tanh(w * h + x, name="h"),) * 2  # noqa: E731
    return tg.mean(tg.unroll(cell, xs, np.zeros(units))[0]), np.array(states).T


@each("size", [(2, 1), (2, 512), (37, 20), (1000, 1), (1000, 512)])
def test_what_is_folded_is_a_mean_and_is_said(size):
    loss, right = leaky(*size)
    picture = (drawing := tg.draw(loss, "states")).picture
    shown = matrix(blocks(drawing)["h"])
    told = re.search(r"a square is the mean of (?:(\d+) units)?(?: × )?(?:(\d+) steps)?", picture.subtitle)
    rows, columns = (int(n or 1) for n in told.groups()) if told else (1, 1)
    assert shown.shape == (-(-size[1] // rows), -(-size[0] // columns)) and shown.size <= 128 * 100
    assert (rows > 1) == (size[1] > 128) and (columns > 1) == (size[0] > 100)
    means = [
        [right[i : i + rows, j : j + columns].mean() for j in range(0, size[0], columns)]
        for i in range(0, size[1], rows)
    ]
    assert close(shown, np.array(means))
    wide, high, least = file_of(drawing)
    assert least >= 8.9 and wide < 1500 and high < 1100
    assert max(map(len, drawing.text().splitlines())) <= 100


def test_numbers_that_have_no_mean_are_folded_without_a_warning():
    """Infinities of both signs, and numbers whose sum is too large, next to a mean of plain ones."""
    xs = np.ones((200, 4)) * np.arange(1.0, 5)
    xs[:2, 0], xs[:2, 1], xs[:2, 2] = (np.inf, -np.inf), np.inf, 1.7e308
    takes = np.array(True)
    outputs, _ = tg.unroll(lambda x, h: (tg.where(takes, x, h, name="h"),) * 2, xs, np.zeros(4))
    shown = matrix(blocks(tg.draw(tg.sum(outputs[-1]), "states"))["h"])
    assert shown.shape == (4, 100) and np.array_equal(shown[:, 1:].T, np.tile(np.arange(1.0, 5), (99, 1)))
    assert np.array_equal(shown[:, 0], [np.nan, np.inf, np.inf, 4.0], equal_nan=True)


def test_one_step_alone():
    cell = tg.cells.LSTM(3, 4, rng=0)
    for view, count in {"states": 2, "gates": 3, "saliency": 2}.items():
        outputs, _ = tg.unroll(cell, np.ones((1, 2, 3), np.float32))
        drawing = tg.draw(tg.mean(outputs), view)
        assert len(blocks(drawing)) == count, view
    assert [*blocks(tg.draw(tg.mean(outputs), "states"))] in (["c", "h"], ["h", "c"])


def test_a_mean_over_padding_counts_what_is_real():
    cell = tg.cells.RNN(1, 300, rng=0)
    outputs, _ = tg.unroll(cell, np.ones((240, 2, 1), np.float32), lengths=np.array([240, 100]))
    full = np.array([x.value for x in states_of(outputs)])[:, 1].T
    shown = matrix(blocks(tg.draw(tg.mean(outputs), "states", item=1))["RNN · h"])
    means = [[full[i : i + 3, j : min(j + 3, 100)].mean() for j in range(0, 100, 3)] for i in range(0, 300, 3)]
    assert close(shown, np.array(means), 3)


def states_of(outputs):
    stack = outputs if outputs.op.name == "stack" else next(x for x in outputs.inputs if x.op and x.op.name == "stack")
    return stack.inputs


@pytest.mark.parametrize("fit", AREAS)
@each("view", ["states", "gates", "saliency"])
def test_each_fits_its_area(view, fit):
    cell = tg.cells.LSTM(3, 16, rng=0)
    outputs, _ = tg.unroll(cell, np.ones((30, 1, 3), np.float32))
    tokens = [f"word{i}" for i in range(30)]
    drawing = tg.draw(tg.mean(outputs), view, fit=fit, tokens=tokens)
    width, height, least = AREAS[fit]
    wide, high, smallest = file_of(drawing)
    assert wide <= width + 1 and high <= height + 1 and smallest >= least - 0.02
    written = {x.text for x in drawing.picture.notes} & {*tokens}
    said = re.search(r"(\d+) of 30 tokens have room", drawing.picture.subtitle)
    assert len(written) == (int(said[1]) if said else 30)


def luminance(colour):
    return sum(k * (int(colour[i : i + 2], 16) / 255) ** 2.2 for k, i in ((0.2126, 1), (0.7152, 3), (0.0722, 5)))


@each("shade", [Shade(-2.0, 2.0, True), Shade(0.0, 1.0)])
def test_a_scale_is_told_apart_in_grey_and_is_not_red(shade):
    colours = [shade.colour(shade.low + (shade.high - shade.low) * k / 32) for k in range(33)]
    lights = [luminance(c) for c in colours]
    assert all(a > b + 0.004 for a, b in pairwise(lights)) and lights[0] > lights[-1] + 0.6
    assert not any(map(is_red, colours)) and len({*colours}) == 33
    if shade.signed:
        ends, middle = [colours[0], colours[-1]], colours[16]
        spread = [max(rgb) - min(rgb) for rgb in ([int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (*ends, middle))]
        assert spread[2] < 20 < min(spread[:2]), "two hues, grey between"


def test_numbers_stand_at_the_scale_in_each_writer(tmp_path):
    loss, right = leaky(30, 4)
    drawing = tg.draw(loss, "states")
    most = f"{np.abs(right).max():#.2g}"
    svg = [x.text for x in ET.fromstring(drawing.pipe()).iter() if x.tag.endswith("text")]
    page = drawing.pipe("html", "utf-8")
    assert {f"-{most}", "0", most} <= {*svg}
    assert f'id="low">-{most}<' in page and f'id="high">{most}<' in page
    assert all(f">{x}</font>" in drawing.source for x in (f"-{most}", "0", most))
    assert f"1 to 9: up to {most}" in drawing.text() and f"a to i: down to -{most}" in drawing.text()


def test_characters_are_tenths_of_the_scale():
    loss, right = leaky(30, 4)
    rows = [
        line.split()[-1] for line in tg.draw(loss, "states").text().splitlines() if re.match(r" *\d+ [.1-9a-i]+$", line)
    ]
    most = np.abs(right).max()
    for row, values in zip(rows, right, strict=True):
        for sign, value in zip(row, values, strict=True):
            tenth = min(int(abs(value) / most * 10), 9)
            assert sign == ("." if not tenth else str(tenth) if value > 0 else "abcdefghi"[tenth - 1])


@each("view, signed", [("states", True), ("gates", False)])
def test_two_networks_on_one_scale_have_the_colours_of_their_view(view, signed):
    losses = [
        tg.mean(tg.unroll(tg.cells.GRU(2, 3, rng=k), np.ones((3, 2), np.float32), np.zeros(3, np.float32))[0])
        for k in range(2)
    ]
    picture = tg.draw.compare(*losses, view).picture
    shade = Shade(*picture.ruler.span, signed)
    known = {shade.colour(shade.low + (shade.high - shade.low) * k / 1000) for k in range(1001)}
    fills = {tile.fill for tile in picture.tiles if tile.cell is not None}
    assert len(fills) > 5 and fills <= known
