"""Pictures in Chinese: all words of ours, in each writer; names and names of ops stay; columns of text are aligned."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.compiled import functions
from tests.draw.networks import lstm, perceptron, word_rnn
from tests.draw.recurrent import NETWORKS
from tests.each import each
from tinygraph.draw.words import table, told

from .latin import english, names_of, told_by

RNN: dict[str, Any] = {"gradients": True, "tokens": ["我", "喜欢", "玩", "球"], "level": "op"}


def of_two_parts() -> tg.Node:
    cell, x = tg.cells.RNN(3, 4, rng=0), np.ones((4, 1, 3), np.float32)
    return tg.sum(tg.unroll(cell, x, tg.unroll(cell, x[:2])[1])[0])


CALLS: dict[str, Any] = {
    "cut": lambda **k: tg.draw(word_rnn(4, cut=2), **RNN, **k),
    "cells": lambda **k: tg.draw(lstm(30), gradients=True, **k),
    "dots": lambda **k: tg.draw(lstm(12), **k),
    "no time": lambda **k: tg.draw(perceptron(), values=True, gradients=True, **k),
    "rolled": lambda **k: tg.draw(NETWORKS["uneven"][0], "rolled", **k),
    "layers": lambda **k: tg.draw(NETWORKS["two scopes"][0], "rolled", gradients=True, **k),
    "backward": lambda **k: tg.draw(word_rnn(4, cut=2), "backward", **k),
    "both": lambda **k: tg.draw(lstm(4, truncate=2), "both", **k),
    "flow": lambda **k: tg.draw(word_rnn(12, cut=3), "flow", **k),
    "long flow": lambda **k: tg.draw(word_rnn(9), "flow", **k),
    "of two layers": lambda **k: tg.draw(NETWORKS["two scopes"][0], "flow", **k),
    "whole": lambda **k: tg.draw(lstm(9), level="whole", gradients=True, **k),
    "few boxes": lambda **k: tg.draw(lstm(30), max_nodes=20, **k),
    "column": lambda **k: tg.draw(lstm(40), fit="column", gradients=True, **k),
    "thinned": lambda **k: tg.draw(functions.called(functions.gru()), "compiled", max_nodes=12, **k),
    "states": lambda **k: tg.draw(lstm(150), "states", **k),
    "gates": lambda **k: tg.draw(lstm(4), "gates", tokens=RNN["tokens"], **k),
    "attention": lambda **k: tg.draw(NETWORKS["attention"][0], "attention", **k),
    "saliency": lambda **k: tg.draw(lstm(4), "saliency", **k),
    "compared": lambda **k: tg.draw.compare(word_rnn(4), lstm(4), level="op", gradients=True, titles=["甲", "乙"], **k),
    "two flows": lambda **k: tg.draw.compare(lstm(4), of_two_parts(), "flow", fit="slide", **k),
    "parts": lambda **k: tg.draw(of_two_parts(), "backward", **k),
    "compiled": lambda **k: tg.draw(functions.called(functions.gru()), "compiled", **k),
}


@each("name", CALLS)
def test_no_english_word_is_left_but_names(name: str) -> None:
    drawing = CALLS[name](lang="zh")
    names = names_of(drawing.picture)
    svg = drawing.pipe(encoding="utf-8")
    shown = [html.unescape(x) for x in re.findall(r">([^<>]+)<", svg)] + drawing.text().splitlines()
    shown = [line for x in shown for line in x.split("\n")]
    assert not {x: english(x, names) for x in shown if english(x, names)}
    assert len([x for x in shown if re.search("[\u4e00-\u9fff]", x)]) > 4
    labels = re.findall(r'(?:>|tooltip=")([^<>"]*[\u4e00-\u9fff][^<>"]*)[<"]', drawing.source)
    assert labels and not {x for x in labels if english(html.unescape(x.replace("&#10;", " ")), names)}


@each("name", CALLS)
def test_a_page_is_in_chinese(name: str) -> None:
    drawing = CALLS[name](lang="zh")
    names = names_of(drawing.picture)
    page = drawing.pipe("html", "utf-8")
    assert '<html lang="zh">' in page
    body = page[page.index("<body") : page.index('<script type="application/json"')]
    shown = re.findall(r">([^<>]+)<", body) + re.findall(r'(?:title|placeholder|aria-label)="([^"]*)"', body)
    data = json.loads(re.findall(r'id="data">(.*?)</script>', page, flags=re.DOTALL)[0])
    shown += told_by(data)
    left = {x: english(html.unescape(x), names) for x in shown if english(html.unescape(x), names)}
    assert not left
    script = page[page.rindex("<script>") :]
    said = set(re.findall(r"\bsay\('([^']+)'", script))
    assert len(said) > 30 and said == set(data["words"])
    # No other text of the script is one for readers: neither a sentence nor a word that is shown.
    others = re.sub(r"\bsay\('[^']+'", "", re.sub(r"^\s*//.*|\s//.*", "", script, flags=re.MULTILINE))
    assert not re.findall(r"'[A-Z][a-z]+ [a-z ]+'|textContent = '[a-z]+'|fact\('", others)


def test_the_rest_of_the_picture_is_the_same() -> None:
    for name in ("cut", "rolled", "flow"):
        one, other = CALLS[name]().picture, CALLS[name](lang="zh").picture
        assert [(b.x, b.y, b.width) for b in one.boxes] == [(b.x, b.y, b.width) for b in other.boxes]
        assert [x.points for x in one.arrows] == [x.points for x in other.arrows]
        assert one.scale == other.scale and [u.name for u in one.uses] == [u.name for u in other.uses]


def test_a_name_that_is_a_word_of_ours_stays() -> None:
    picture = tg.draw(tg.tanh(tg.constant([1.0], name="data"), name="state"), lang="zh", title="loss").picture
    titles = [" ".join(part.text for part in box.title) for box in picture.boxes]
    assert titles[:1] == ["data"] and titles[1].startswith("state = tanh") and picture.title == "loss"
    assert tg.draw(tg.tanh(tg.constant([1.0])), lang="zh").picture.title == "网络"


def sums(**options: Any) -> tg.Drawing:
    """A network whose arrays have no names, or those of its lines; both are like words of ours."""
    return _sums(tg.stack([tg.constant(np.full((2, 4), t + 1.0)) for t in range(3)]), **options)


def _sums(rows: tg.Node, **options: Any) -> tg.Drawing:
    state, w = tg.constant(np.ones((2, 4)), name="first"), tg.parameter(np.eye(4), "W")
    for t in range(3):
        with tg.step(t):
            data = state @ w
            share = tg.softmax(np.sum(rows * data, axis=-1), axis=0)
            state = np.tanh(np.sum(rows * share[:, :, None], axis=0))
    return tg.draw(tg.mean((state - np.arange(8.0).reshape(2, 4)) ** 2), lang="zh", **options)


def test_formulas_are_code_with_words_for_arrays_without_a_name() -> None:
    picture = sums(level="op").picture
    titles = {" ".join(part.text for part in box.title if part.kind != "value") for box in picture.boxes}
    assert {"记忆 * share", "sum(记忆 * share)", "share = softmax", "stateₜ = tanh", "(state - 目标) ** 2"} <= titles
    assert {"first", "mean", "目标"} <= titles and any(title.startswith("data = ") for title in titles)
    assert not any(re.search("memory|target|数据|状态|均值", title) for title in titles)


@each("view", ["unrolled", "states", "attention", "rolled", "flow"])
def test_tokens_and_names_of_lines_stay_in_every_view(view: str) -> None:
    tokens = ["padding", "first", "1 of 2 real"]
    picture = sums(view=view, tokens=tokens, title="loss").picture
    shown = [*told_by(picture.bands), *told_by(picture.notes), *told_by(picture.tiles), picture.subtitle]
    words = " ".join(shown)
    for token in tokens[: 1 if view == "flow" else 3]:
        assert token in words, view
    assert not re.search("填充|第一个|真实", words) and picture.title == "loss"


def test_each_entry_translates_and_english_is_untouched() -> None:
    for pattern, words in table("zh").items():
        assert re.search("[\u4e00-\u9fff]", words) or re.fullmatch(r"FLOP|[\W\d]*\d[\W\d]*", words), pattern
        assert told(pattern, "en") == pattern
    assert told("‖∂‖ 0.12", "zh") == "‖∂‖ 0.12" and told("2×2 · sum of 3", "zh") == "2×2 · 3 项之和"
    with pytest.raises(tg.GraphError, match="no language 'fr'"):
        tg.draw(tg.constant(1.0), lang="fr")


def cells(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def test_columns_of_text_are_aligned_with_wide_letters() -> None:
    """Each column begins at the same cell of the terminal in every line, whatever its letters."""
    h: Any = tg.constant(np.zeros(2), name="初始状态")
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(tg.parameter(np.eye(2), name="权") @ h, name=f"隐藏状态{t}")
    lines = tg.draw(h, tokens=["我们", "like", "玩球游戏"], level="op").text().splitlines()
    (head,) = [k for k, line in enumerate(lines) if line.startswith("t = 0")]
    rule = lines[head + 1]
    starts = [m.start() for m in re.finditer(r"-+", rule)]
    assert len(starts) == 3
    for line in (lines[head], *lines[head + 2 : head + 4]):
        positions, at = [], 0
        for k, c in enumerate(line):
            if c != " " and (k == 0 or line[max(k - 2, 0) : k] == "  "):
                positions.append(at)
            at += cells(c)
        assert positions == starts[: len(positions)] or set(positions) <= set(starts), line
    assert max(map(cells, lines)) <= 100


@each("name", ["forward × 4", "backward × 4", "encoder × 5", "cell × 6", "layer 2 × 3", "layer 1 backward × 3"])
def test_a_cell_of_all_steps_is_told_as_its_cell(name: str) -> None:
    cell, _, count = name.partition(" × ")
    assert told(name, "zh") == f"{told(cell, 'zh')} × {count}" != name


def test_a_title_has_no_gap_before_its_steps() -> None:
    assert tg.draw(lstm(4), lang="zh").picture.title == "循环神经网络，4 步，展开"
