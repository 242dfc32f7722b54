"""The step that a live page takes from a model, the rows that it shows, and the data that it is given."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.live.computing import rows_of
from tinygraph.live.one_step import step_of
from tinygraph.live.page import equations

from .networks import TARGETS, XS, H, Judge, Leaky, Speller, T

INPUTS = [x[None] for x in XS]
FIRST = np.random.default_rng(5).normal(size=(1, H))


def gated(x: Any, state: Any) -> Any:
    """A function that is a cell::

        z = sigmoid(x + h)
        h = z * h

    and counts.
    """
    h, count = state
    z = tg.sigmoid(tg.parameter(np.full(H, 0.5), "w") * h + tg.sum(x))
    h = z * h
    return h, (h, count + 1.0)


class Layered(tg.Module):
    """Two cells, one after the other, and a head; ``last``: the answer is that of the last step."""

    def __init__(self, last: bool) -> None:
        self.inner, self.outer = Leaky(3, H, rng=0, dtype=np.float64), tg.cells.GRU(H, H, rng=1, dtype=np.float64)
        self.head, self.last = tg.Linear(H, 2, rng=2, dtype=np.float64), last

    def __call__(self, xs: Any) -> Any:
        ys = self.head(tg.unroll(self.outer, tg.unroll(self.inner, xs)[0])[0])
        return (ys[-1], ys) if self.last else ys


def rnn() -> Any:
    return tg.cells.RNN(3, H, rng=0, dtype=np.float64)


IDS = [np.array([k % 5]) for k in (0, 3, 1, 4)]
MODELS: dict[str, Any] = {
    "cell": (rnn, INPUTS, None, lambda m: tg.unroll(m, XS[:, None])[0]),
    "own state": (
        lambda: tg.cells.LSTM(3, H, rng=0, dtype=np.float64),
        INPUTS,
        None,
        lambda m: tg.unroll(m, XS[:, None])[0],
    ),
    "first state": (rnn, INPUTS, FIRST, lambda m: tg.unroll(m, XS[:, None], FIRST)[0]),
    "without a batch": (rnn, INPUTS, FIRST[0], lambda m: tg.unroll(m, XS[:, None], FIRST)[0]),
    "function": (
        lambda: gated,
        INPUTS,
        (FIRST, np.zeros((1, 1))),
        lambda m: tg.unroll(m, XS[:, None], (FIRST, np.zeros((1, 1))))[0],
    ),
    "layer": (lambda: tg.Recurrent(rnn()), INPUTS, None, lambda m: m(XS[:, None])[0]),
    "net": (lambda: Layered(False), INPUTS, None, lambda m: m(XS[:, None])),
    "last": (lambda: Layered(True), INPUTS, None, lambda m: m(XS[:, None])[0]),
    "judge": (Judge, INPUTS, None, lambda m: m(XS[:, None])),
    "ids": (lambda: Speller(5), IDS, None, lambda m: m(np.array(IDS))),
}


@each("name", MODELS)
def test_one_step_after_the_other_is_the_whole_model(name: str) -> None:
    make, inputs, state, whole = MODELS[name]
    model = make()
    one, right = step_of(model, inputs, state), whole(model).value
    assert one.last == (name in ("last", "judge"))
    outputs = one.run([x.reshape(one.x.shape) for x in inputs])
    assert len(outputs) == len(inputs) and all(y.shape == one.y.shape for y in outputs) and one.y.shape[0] == 1
    if one.last:
        np.testing.assert_allclose(outputs[-1].ravel(), right.ravel(), rtol=1e-9)
    else:
        np.testing.assert_allclose(np.concatenate(outputs), right.reshape(len(inputs), -1), rtol=1e-9)
    states = {"own state": 2, "function": 2, "net": 2, "last": 2, "judge": 3}.get(name, 1)
    assert len(one.before) == len(one.after) == states and all(
        a.shape == b.shape for a, b in zip(one.before, one.after, strict=True)
    )
    assert one.output_state == (
        0 if name in ("cell", "own state", "first state", "without a batch", "function") else one.output_state
    )
    assert (one.output_state >= 0) == (name not in ("layer", "net", "last", "judge", "ids"))
    named = {p.name for p in one.parameters}
    own = model.parameters().values() if hasattr(model, "parameters") else []
    assert {id(p) for p in one.parameters} == {id(p) for p in own} or named == {"w"}
    assert one.x.size == inputs[0].size


def test_what_is_frozen_is_not_trained_and_float32_stays_so() -> None:
    cell = tg.cells.GRU(3, H, rng=0)
    cell.freeze("weight_ih")
    one = step_of(cell, INPUTS)
    assert {p.name for p in one.parameters} == {"weight_hh", "bias_ih", "bias_hh"} and one.x.dtype == np.float32
    assert step_of(rnn(), INPUTS).x.dtype == np.float64
    assert step_of(tg.Module.__call__ and Speller(5), IDS).x.dtype.kind == "i", "ids stay integers"


def test_a_first_state_of_parameters_is_refused() -> None:
    class Learned(Leaky):
        def initial_state(self, batch: int) -> Any:
            return tg.parameter(np.ones((batch, H)), "start") * 2.0

    cell = Learned(3, H, rng=0, dtype=np.float64)
    with pytest.raises(tg.GraphError, match="the first state is made of parameters"):
        step_of(cell, INPUTS)
    assert step_of(cell, INPUTS, FIRST).before[0].value.tolist() == FIRST.tolist()
    assert step_of(rnn(), INPUTS, tg.constant(FIRST)).before[0].value.tolist() == FIRST.tolist()


ROWS = {
    "LSTM": [
        ("i", "gate", -1),
        ("f", "gate", -1),
        ("g", "value", -1),
        ("o", "gate", -1),
        ("c", "state", 1),
        ("h", "state", 0),
    ],
    "GRU": [("r", "gate", -1), ("z", "gate", -1), ("n", "value", -1), ("h", "state", 0)],
}


@each("name", ROWS)
def test_the_rows_have_the_letters_of_the_paper(name: str) -> None:
    cell = getattr(tg.cells, name)(3, H, rng=0, dtype=np.float64)
    told = [(r.name, r.kind, r.state) for r in rows_of(step_of(cell, INPUTS))]
    assert sorted(told) == sorted(ROWS[name]) and [x for x in told if x[1] == "state"] == [
        x for x in ROWS[name] if x[1] == "state"
    ]


def test_gates_side_by_side_have_no_row_of_their_own_but_what_goes_into_them_has() -> None:
    cell = tg.cells.MultiplicativeLSTM(3, H, rng=0, dtype=np.float64)
    names = {r.name for r in rows_of(step_of(cell, INPUTS))}
    assert "m" in names and not {"a_m", "a_x"} & names


def test_rows_of_one_name_are_numbered_and_what_has_no_batch_has_none() -> None:
    layers = tg.cells.Stack([Leaky(3, H, rng=0, dtype=np.float64), Leaky(H, H, rng=1, dtype=np.float64)])
    told = [(r.name, r.kind, r.state) for r in rows_of(step_of(layers, INPUTS))]
    assert told == [("candidate", "value", -1), ("h", "state", 0), ("candidate 2", "value", -1), ("h 2", "state", 1)]
    w = tg.parameter(np.eye(3), "w")

    def cell(x: Any, state: Any) -> Any:
        scale = tg.exp(w * 2.0)
        a = tg.sigmoid(state[0] @ scale + x)
        both = tg.stack([a, a])
        where = tg.argmax(a, axis=1)
        return a, (tg.sum(both, axis=0), state[1] + 1 + where)

    rows = rows_of(step_of(cell, INPUTS, (np.zeros((1, 3)), np.array([0]))))
    assert [(r.name, r.kind, r.state) for r in rows] == [("a", "gate", -1), ("s1", "state", 0), ("s2", "state", 1)]


def test_the_data_of_a_page() -> None:
    page = tg.draw.live(tg.cells.LSTM(3, H, rng=0, dtype=np.float64), XS, TARGETS, title="mine")
    data = page.data
    assert data["title"] == "mine" and data["lang"] == "en" and data["loss"] == "squared" and data["outputs"] == H
    np.testing.assert_array_equal(data["inputs"], XS)
    np.testing.assert_array_equal(data["targets"], TARGETS)
    assert data["counts"] == [1] * T and not data["follows"] and not data["last"] and data["output_state"] == 0
    assert (data["tokens"], data["words"], data["rows_of"]) == (None, "", 0)
    assert data["states"] == [{"name": n, "size": H, "shape": [1, H], "real": True, "first": [0.0] * H} for n in "hc"]
    weights = {w["name"]: w["shape"] for w in data["weights"]}
    assert weights == {"weight_ih": [4 * H, 3], "weight_hh": [4 * H, H], "bias_ih": [4 * H], "bias_hh": [4 * H]}
    assert len({w["field"] for w in data["weights"]}) == 4 and all(w["field"] in page.module for w in data["weights"])
    assert {r["name"]: (r["kind"], r["size"], r["state"]) for r in data["rows"]}["c"] == ("state", H, 1)
    assert isinstance(data["rate"], str) and data["rate"] in page.module
    labels = tg.draw.live(Judge(), XS, [1], lang="zh").data
    assert (labels["title"], labels["lang"], labels["loss"], labels["last"], labels["output_state"]) == (
        "Judge",
        "zh",
        "labels",
        True,
        -1,
    )
    own = tg.draw.live(gated, (XS, (FIRST, np.zeros((1, 1)))), loss=lambda y, t: tg.sum(tg.abs(y - t))).data
    assert own["title"] == "gated" and own["loss"] == "own" and [s["shape"] for s in own["states"]] == [[1, H], [1, 1]]
    assert [w["name"] for w in own["weights"]] == ["w"] and own["states"][0]["first"] == FIRST.ravel().tolist()
    text = tg.draw.live(Speller(5), "abca", vocabulary=tg.train.Characters("abcd")).data
    assert text["follows"] and text["counts"] == [1, 1, 1, 0] and text["rate"] and text["tokens"]


def test_a_loss_and_an_optimizer_are_held_against_the_model() -> None:
    cell = rnn()
    for loss in (lambda y, t: y, lambda y, t: 3.0, lambda y, t: tg.sum(y).item()):
        with pytest.raises(tg.GraphError, match="the loss returns no number"):
            tg.draw.live(cell, XS, loss=loss)
    with pytest.raises(tg.GraphError):
        tg.draw.live(cell, XS, loss=3)
    some = tg.train.SGD([cell.weight_hh, cell.weight_ih], 0.1)
    with pytest.raises(tg.GraphError, match=r"(?s)lacks parameters of the model.*bias_ih, bias_hh"):
        tg.draw.live(cell, XS, optimizer=some)
    cell.freeze("bias_*")
    assert tg.draw.live(cell, XS, optimizer=some).data["rate"]
    more = tg.draw.live(tg.cells.RNN(3, H), XS, loss=lambda y, t: tg.sum((y - t) ** 2, axis=1)).data
    assert more["loss"] == "own", "one element of any shape"


def test_equations_are_those_of_the_docstring_or_the_code() -> None:
    assert equations(gated) == "z = sigmoid(x + h)\nh = z * h"
    both = equations(tg.cells.Stack([tg.cells.LSTM(3, 4), tg.cells.GRU(4, 4), tg.cells.GRU(4, 4)]))
    parts = both.split("\n\n")
    own = [equations(tg.cells.LSTM(3, 4)), equations(tg.cells.GRU(4, 4))]
    assert all(text in both for text in own) and both.count(own[1]) == 1 and len(parts) >= 2
    code = equations(Leaky(3, 4))
    assert code.startswith("def __call__(self, x: Any, h: Any)") and code.endswith("return h, h")
    assert "\n    candidate = " in code, "indented as a function of its own"
    assert equations(np.add) == ""


def test_a_page_is_a_file_a_frame_and_a_document(tmp_path: Any) -> None:
    page = tg.draw.live(rnn(), XS, title="<b>")
    path = page.save(tmp_path / "a" / "x.HTML")
    assert path == str(tmp_path / "a" / "x.HTML") and (tmp_path / "a" / "x.HTML").read_text("utf-8") == page.html
    assert page.html.startswith('<!DOCTYPE html>\n<html lang="en">') and "<title>&lt;b&gt;</title>" in page.html
    assert "height:720px" in page._repr_html_() and "height:99px" in page.page(height=99)._repr_html_()
    script = re.findall(r'<script type="module">(.*?)</script>', page.html, re.S)
    assert len(script) == 1 and page.module.strip()[:200] in script[0] and "'use strict';" in script[0]
    shown = Path(tg.__file__).parent / "live" / "shown"
    for tag, kind, content in (
        ("style", "style", (shown / "style.css").read_text("utf-8")),
        ('script type="module"', "script", script[0]),
    ):
        (inner,) = re.findall(rf"<{tag}>(.*?)</{kind}>", page.html, re.S)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert inner == content and f"{kind}-src 'sha256-{digest}'" in page.html
    assert all(
        (shown / f"{name}.js").read_text("utf-8").replace("</", "<\\/") in script[0]
        for name in ("network", "scene", "start")
    )
    for wrong in (0, 2.5, "9"):
        with pytest.raises(tg.GraphError, match="page: height"):
            page.page(height=wrong)
    for name in ("x.htm", "x", 3, None):
        with pytest.raises(tg.GraphError, match="save"):
            page.save(tmp_path / name if isinstance(name, str) else name)


def test_a_state_that_is_returned_as_an_array_is_a_state() -> None:
    def cell(x: Any, state: Any) -> Any:
        h = tg.tanh(tg.parameter(np.ones(3), "w") * x + state[0] * state[1])
        return h, (h, np.full((1, 1), 0.5))

    start = np.zeros((1, 3)), np.ones((1, 1))
    one = step_of(cell, INPUTS, start)
    assert all(isinstance(x, tg.Node) for x in one.after)
    h, k = start
    for x, y in zip(XS, one.run(INPUTS), strict=True):
        h, k = np.tanh(x + h * k), 0.5
        np.testing.assert_allclose(y, h, rtol=1e-12)


class InARow(Judge):
    """The answer with an axis of time, of one step."""

    def __call__(self, xs: Any) -> Any:
        return super().__call__(xs)[None]


def test_one_answer_for_all_steps_is_that_of_the_last() -> None:
    for net, last in ((Judge(), True), (InARow(), True), (Speller(3), False)):
        inputs = [np.array([1]), np.array([0])] if isinstance(net, Speller) else INPUTS
        assert step_of(net, inputs).last is last
