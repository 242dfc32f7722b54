"""Texts of users in every view, with every program: shown as given, and nothing else comes of them."""

import json
import os
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.write.test_render import NASTY, rendered, shown, texts  # noqa: F401
from tests.each import each
from tinygraph.draw import VIEWS

from .networks import weights

RAW = [*NASTY, "javascript:alert(1)", "data:text/html,<b>x", '" onclick="x', "<img src=x>", "\\"]


def network(name: str, steps: int = 3) -> tg.Node:
    """An RNN with one text for every name, scope and state."""
    w = weights(U=(2, 2), W=(2, 2))
    u, v = tg.parameter(w["U"].value, name=name), tg.parameter(w["W"].value, name=name)
    h = tg.constant(np.zeros(2), name=name)
    total = 0
    for t in range(steps):
        with tg.step(t), tg.scope(name):
            h = tg.tanh(u @ tg.constant(np.ones(2) * (t + 1), name=name) + v @ h, name=name)
            loss = tg.softmax_cross_entropy(h, np.array(0), name=name)
        total = total + loss
    return total


def compiled(name: str):
    w = tg.parameter(np.ones((2, 2)), name=name)

    def loss(x):
        with tg.scope(name):
            return tg.sum(tg.tanh(w @ x, name=name), name=name)

    function = tg.compile(tg.value_and_grad(loss, [w]))
    function(np.ones(2))
    return function


def weighing(name: str) -> tg.Node:
    """A gated RNN whose states are averaged by attention, with one text for every name, scope and state."""
    w = tg.parameter(weights(U=(2, 2))["U"].value, name=name)
    h, states = tg.constant(np.zeros(2), name=name), []
    for t in range(3):
        with tg.step(t), tg.scope(name):
            x = tg.constant(np.ones(2) * (t + 1), name=name)
            gate = tg.sigmoid(w @ x, name=name)
            h = tg.add(gate * h, (1 - gate) * tg.tanh(x), name=name)
        states.append(h)
    keys = tg.stack(states)
    with tg.scope(name):
        average = tg.softmax(keys @ h, name=name) @ keys
    return tg.softmax_cross_entropy(average, np.array(0), name=name)


SPECIAL = {"compiled": compiled, "gates": weighing, "attention": weighing}
"""What a view is given that is not drawn from a loss."""


def given(view: str, name: str):
    return SPECIAL.get(view, network)(name)


def harmless(svg: ET.Element) -> None:
    for x in svg.iter():
        assert x.tag.rpartition("}")[2].lower() not in {"script", "image", "foreignobject", "style"}
        for key, value in x.attrib.items():
            bare = key.rpartition("}")[2].lower()
            assert not bare.startswith("on") and bare != "href", key
            assert bare == "title" or not value.strip().lower().startswith(("javascript:", "data:"))


@pytest.mark.parametrize("view", list(VIEWS))
@each("name", RAW, ids=lambda name: ascii(name[:20]))
def test_no_text_breaks_a_view(view, name, rendered):  # noqa: F811
    """By the first program each text in each view, by the other each text in two views and seven texts in each."""
    drawing = tg.draw(given(view, name), view, title=name)
    for svg in rendered(drawing, by_all=(RAW.index(name) + list(VIEWS).index(view)) % 3 == 0):
        harmless(svg)
        ids = [x.text for x in svg.iter() if x.tag.endswith("}title")]
        count = sum(bool(x) and x[0] == "n" and x[1:].isdigit() for x in ids)
        assert count == len(drawing.picture.boxes)
        if len(name) < 28:
            assert shown(name).strip() in [x.strip() for x in texts(svg)], "the title"


def sources():
    """The text of each view; each is drawn from a graph of its own."""
    return {view: tg.draw(given(view, "a"), view).source for view in VIEWS}


def test_the_same_graph_gives_the_same_bytes_in_another_process():
    code = (
        "import sys, json; sys.path[:0] = sys.argv[1:]; from tests.draw import test_safety as s; "
        "print(json.dumps(s.sources()))"
    )
    told = []
    for seed in ("1", "2"):
        settings = os.environ | {"PYTHONHASHSEED": seed}
        run = subprocess.run([sys.executable, "-c", code, *sys.path], env=settings, capture_output=True, check=True)
        told.append(json.loads(run.stdout))
    assert told[0].keys() == VIEWS.keys()
    for view, source in told[0].items():
        assert source == told[1][view], view
        assert len(source) > 500, view


@pytest.mark.parametrize("view", list(VIEWS))
def test_nothing_given_is_an_error_that_says_so(view):
    with pytest.raises(tg.GraphError):
        tg.draw([], view)


def test_one_node_and_a_node_used_twice(rendered):  # noqa: F811
    h = tg.parameter([2.0], name="h")
    one, twice = tg.draw(tg.constant([1.0])), tg.draw(tg.constant([1.0], name="x") * 1.0)
    assert len(one.picture.boxes) == 1 and len(twice.picture.boxes) == 2
    x = tg.tanh(h)
    square = tg.draw(x * x)
    rendered(square)
    assert len(square.picture.arrows) == 2


def in_order(svg: ET.Element, steps: int) -> None:
    at = {"".join(x.itertext()): float(x.attrib["x"]) for x in svg.iter() if x.tag.endswith("}text")}
    places = [at[f"t = {t}"] for t in range(steps)]
    assert places == sorted(places) and len(set(places)) == steps


def test_columns_stand_in_the_order_of_time_at_83_steps_and_no_cluster_is_used(rendered):  # noqa: F811
    drawing = tg.draw(network("h", 83), level="op", max_nodes=None)
    for svg in rendered(drawing):
        in_order(svg, 83)
    assert "subgraph" not in drawing.source and "rank=same" not in drawing.source


@pytest.mark.parametrize("view", list(VIEWS))
def test_without_a_program_there_is_text_and_a_word_about_two_ways_to_get_one(view, tmp_path, monkeypatch):
    drawing = tg.draw(given(view, "a"), view)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sysconfig, "get_path", lambda *_: "")
    for suffix in ("dot", "txt"):
        assert os.path.getsize(drawing.save(tmp_path / f"a.{suffix}")) > 10
    assert drawing.text() and drawing.source
    with pytest.raises(tg.GraphError) as error:
        drawing.save(tmp_path / "a.png")
    assert "apt install graphviz" in str(error.value) and "pip install" in str(error.value)


class Odd(tg.Op):
    """An op whose name and setting are a user's."""

    def __init__(self, name: str):
        self.name = name

    def forward(self, x, note=""):
        return 2 * x

    def backward(self, gz, z, x, note=""):
        return 2 * gz


@each("name", RAW, ids=lambda name: ascii(name[:20]))
def test_names_and_settings_of_a_users_op_and_its_tokens(name, rendered):  # noqa: F811
    with tg.step(0):
        z = Odd(name)(tg.constant([1.0]), note=name)
    drawing = tg.draw(z, tokens=[name])
    for svg in rendered(drawing):
        harmless(svg)
        tips = [v for x in svg.iter() for k, v in x.attrib.items() if k.endswith("}title")]
        assert any("note=" in tip for tip in tips) and len(drawing.picture.boxes) == 2
        if len(name) < 28:
            assert shown(name).strip() in [x.strip() for x in texts(svg)], "the token"
            assert any(f"note={shown(name)}" in tip for tip in tips), "the setting"


def test_two_thousand_boxes_stay_in_the_order_of_time(rendered):  # noqa: F811
    drawing = tg.draw(network("h", 400), level="op", max_nodes=None)
    assert len(drawing.picture.boxes) >= 2000
    for svg in rendered(drawing):
        in_order(svg, 400)
