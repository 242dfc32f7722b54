"""How many numbers all parameters hold: told over the table by every writer, in both languages."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import weights
from tests.each import each
from tinygraph.draw.write.margin import MOST

SHAPES = {"W0": (30, 40), "b0": (40,), "W1": (40, 2), "scale": ()}
TOTAL = sum(int(np.prod(shape)) for shape in SHAPES.values())
SAID = {"en": "parameters: 1,321 numbers", "zh": "参数：共 1,321 个数"}


def network() -> tg.Node:
    w = weights(**SHAPES)
    return tg.sum(np.tanh(np.ones((2, 30)) @ w["W0"] + w["b0"]) @ w["W1"] * w["scale"])


def written(drawing: tg.Drawing, folder: Path) -> dict[str, str]:
    drawing.save(folder / "x.html")
    files = {"page": (folder / "x.html").read_text(encoding="utf-8"), "svg": drawing.pipe(encoding="utf-8")}
    mermaid = re.sub(r"#(\d+);", lambda sign: chr(int(sign[1])), drawing.mermaid())
    texts = {"dot": drawing.source, "mermaid": mermaid, "text": drawing.text()}
    return {name: html.unescape(re.sub(r"<[^>]*>", " ", x)) for name, x in (files | texts).items()}


@each("lang", SAID)
def test_each_writer_tells_the_total(lang: str, tmp_path: Path) -> None:
    assert TOTAL == 1321
    for name, words in written(tg.draw(network(), lang=lang), tmp_path).items():
        assert words.lower().count(SAID[lang]) == 1, name


@each("view", ["unrolled", "rolled", "backward"])
def test_each_view_tells_it_of_all_parameters_once(view: str) -> None:
    layer = tg.Recurrent(tg.cells.LSTM(3, 4, rng=0))
    count = sum(x.size for x in layer.parameters().values())
    text = tg.draw(tg.sum(layer(np.ones((5, 2, 3)))[0]), view).text()
    assert f"parameters: {count} numbers" in text.splitlines()


def test_rows_that_are_left_out_count() -> None:
    many = [tg.parameter(np.ones(3), f"w{i}") for i in range(MOST + 5)]
    svg = tg.draw(sum(tg.sum(x * x) for x in many)).pipe(encoding="utf-8")  # type: ignore[arg-type]
    assert f"parameters: {3 * (MOST + 5)} numbers" in svg and "and 5 more" in svg


def test_a_single_number() -> None:
    assert "parameters: 1 number" in tg.draw(tg.parameter(2.0, "w") * 3.0).text().splitlines()


def test_of_two_networks_with_other_parameters_there_is_no_sum() -> None:
    def svg(*roots: Any) -> str:
        drawn: str = tg.draw.compare(*roots).pipe(encoding="utf-8")
        return drawn

    layer = [tg.sum(np.ones(n) @ tg.parameter(np.ones((n, 4)), "W")) for n in (3, 5)]
    assert "numbers" not in svg(*layer) and "parameters: 12 numbers" in svg(layer[0], layer[0])


def length(text: str) -> float:
    """The length of a bold text of 13 points, as the font has it."""
    try:
        font = pytest.importorskip("PIL.ImageFont").truetype("DejaVuSans-Bold.ttf", 130)
    except OSError:
        pytest.skip("DejaVu Sans is not here")
    return float(font.getlength(text)) / 10


@pytest.mark.parametrize("text", ["emit[0][:, :, None]", "emit[t]"])
def test_an_index_stays_within_its_chip(text: str) -> None:
    emit, trans = tg.parameter(np.ones((5, 2, 3)), "emit"), tg.parameter(np.ones((3, 3)), "trans")
    root = tg.sum(emit[0][:, :, None] + trans)
    if text == "emit[t]":
        alpha = emit[0]
        for t in range(1, 5):
            with tg.step(t):
                alpha = tg.tanh(alpha) + emit[t]
        root = tg.sum(alpha)
    svg = tg.draw(root, "rolled" if text == "emit[t]" else "unrolled").pipe(encoding="utf-8")
    chip = re.search(r'width="([\d.]+)" height="16.5" rx="3.5"[^>]*/><text[^>]*>' + re.escape(text), svg)
    assert chip is not None and float(chip[1]) > length(text) + 4


@pytest.mark.parametrize("name", ["weight_hh", "WWmmww", "a_gate_of_memory"])
def test_a_long_name_stays_within_its_chip_and_the_chip_within_its_box(name: str) -> None:
    drawing = tg.draw(tg.tanh(tg.constant(np.ones((2, 3)), name="x") @ tg.parameter(np.ones((4, 3)), name).T))
    svg = drawing.pipe(encoding="utf-8")
    group = re.search(r'<g class="box"[^>]*>(?:(?!</g>).)*' + name + r"\.T</text>", svg, re.S)
    assert group is not None
    rects = re.findall(r'<rect x="(\S+)" y="\S+" width="(\S+)"', group[0])
    (left, wide), (start, chip) = [(float(x), float(w)) for x, w in rects]
    assert chip > length(f"{name}.T") + 4
    assert left + 5 < start - length("x @") and start + chip < left + wide - 4
