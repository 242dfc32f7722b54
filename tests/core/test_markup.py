"""HTML for notebooks: the facts of the text, escaped, short and quick; the text stays what it was."""

from __future__ import annotations

import re
import time
from html import unescape
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.markup import MOST, cell, table

NASTY = "<script>alert(1)</script>\"'&\u202e\x1b"
w = tg.parameter(np.eye(3), name=NASTY)


def loss(x: Any) -> Any:
    return tg.mean(tg.tanh(x @ w))


class Net(tg.Module):
    def __init__(self) -> None:
        self.cell, self.head = tg.cells.GRU(3, 4, rng=0), tg.Linear(4, 2, rng=0)

    def __call__(self, xs: Any) -> Any:
        return self.head(tg.unroll(self.cell, xs)[0])


def called() -> Any:
    function = tg.compile(loss)
    function(np.ones((2, 3)))
    return function


def step() -> Any:
    run = tg.train.step(loss, [w], tg.train.SGD([w], 0.1))
    run(np.ones((2, 3)))
    return run


THINGS: dict[str, Any] = {
    "loss": loss(np.ones((2, 3))),
    "parameter": w,
    "constant": tg.constant(np.ones((500, 500)), name=NASTY),
    "summary": tg.summary(loss(np.ones((2, 3)))),
    "plan": called().plan,
    "compiled": called(),
    "not called": tg.compile(loss),
    "step": step(),
    "report": tg.check.gradients(lambda: tg.sum(tg.tanh(w)), [w]),
    "cell": tg.cells.LSTM(3, 4, rng=0),
    "stack": tg.cells.Stack.of(tg.cells.RNN, 3, 4, num_layers=2, bidirectional=True, rng=0),
    "linear": tg.Linear(3, 2, rng=0),
    "net": Net().freeze("head.*"),
    "optimizer": tg.train.AdamW({"w": w}, tg.train.cosine(1e-3, 9), groups={"w": {"weight_decay": 0.5}}),
}


class Reader(HTMLParser):
    """The texts of a piece of HTML, and its open elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert {name for name, _ in attrs} <= {"style", "colspan"}
        self.tags.add(tag)
        self.open += [tag] if tag != "br" else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def words_of(thing: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", thing._repr_html_())).split())


@each("name", THINGS)
def test_it_is_one_piece_of_harmless_html(name: str) -> None:
    html = THINGS[name]._repr_html_()
    reader = Reader(html)
    assert not reader.open and reader.tags <= {"div", "b", "table", "thead", "tbody", "tr", "th", "td", "br"}
    assert not re.search(r"[\u202e\x1b]|0x[0-9a-f]{6}", html) and len(html) < 40_000
    assert "".join(reader.texts).strip()


@each("name", ["loss", "parameter", "constant", "summary", "plan", "report"])
def test_the_facts_are_those_of_the_text(name: str) -> None:
    told = str(THINGS[name])
    words = words_of(THINGS[name])
    numbers = re.compile(r"\d[\d.,]*(?:e[+-]\d+)?")
    assert set(numbers.findall(told)) <= set(numbers.findall(words)) | {""}
    assert set(re.findall(r"[A-Za-z_]{3,}", told)) <= set(re.findall(r"[A-Za-z_]{3,}", words))


def test_modules_optimizers_and_steps_say_what_they_are() -> None:
    words = {name: words_of(thing) for name, thing in THINGS.items()}
    assert "Net: 6 parameters, 118 numbers" in words["net"] and words["net"].count("not trained") == 2
    assert all(x in words["cell"] for x in ("LSTM: 4 parameters, 144 numbers", "weight_ih", "(16, 3)", "float32"))
    assert "0.001, by a schedule" in words["optimizer"] and "{'weight_decay': 0.5}" in words["optimizer"]
    assert (
        "updates 1" in words["step"]
        and "SGD of 1 parameter, 9 numbers" in words["step"]
        and "plan for" in words["step"]
    )
    assert "0 plans" in words["not called"] and "1 plan, the latest:" in words["compiled"]
    assert "as after eval()" in tg.cells.RNN(2, 2, rng=0).eval()._repr_html_()
    v = tg.parameter(np.eye(3), name="v")
    with pytest.raises(AssertionError) as caught:
        tg.check.gradients(lambda: tg.sum(tg.abs(v - np.eye(3))), [v])
    html = caught.value.report._repr_html_()  # type: ignore[attr-defined]
    assert html.count("background:rgba") == html.count(">kink<") > 0


def test_texts_stay() -> None:
    assert repr(tg.constant([1.0, 2.0], name="x")) == "<constant 'x' (2,) float64: [1. 2.]>"
    seen: list[str] = []
    tg.compile(lambda x: (seen.append(f"{x!r} {x._repr_html_()}"), x * 2.0)[1])(np.ones(2))
    assert seen[0].startswith("<slot") and seen[0].count("traced") == 2
    assert str(THINGS["report"]).splitlines()[0].split() == ["order", "parameter", "error", "analytic", "numeric"]


def test_of_many_rows_the_first_and_what_comes_last() -> None:
    html = table(("a", "b"), [(k, "x") for k in range(1000)], red={1}, foot=("total", 7))
    rows = re.findall(r"<tr.*?</tr>", html)
    assert len(rows) == 1 + MOST + 2 and f"and {1000 - MOST} more" in rows[-2] and "total" in rows[-1]
    assert "background" in rows[2] and html.count("background") == 1
    assert cell("a\n  b<") == "a<br>  b&lt;"


def test_large_things_are_quick() -> None:
    big = tg.constant(np.ones((1000, 1000)), name="x") @ np.ones((1000, 1))
    many = tg.Module()
    many.cells = [tg.cells.RNN(1, 1, rng=0) for _ in range(400)]
    for thing in (big, many):
        start = time.process_time()
        assert len(thing._repr_html_()) < 60_000
        assert time.process_time() - start < 0.5
