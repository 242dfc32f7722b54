"""Rendering by Graphviz, with each program there is: valid, complete, harmless; a clear word where there is none."""

import re
import shutil
import subprocess
import sysconfig
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import both_ways, lstm, perceptron, word_rnn
from tests.each import each
from tinygraph.draw.write import render

SYSTEM = shutil.which("dot")
PIP = render._from_pip()
PROGRAMS = [
    pytest.param("system", marks=pytest.mark.skipif(SYSTEM is None, reason="no system Graphviz")),
    pytest.param("pip", marks=pytest.mark.skipif(PIP is None, reason="graphviz-pure is not installed")),
]
NASTY = [
    "trailing\\", "\\N\\G\\E\\n", "<lambda>", "<b>bold</b>", "a\x00b\x07", "\ud800x", "&lt;&amp;", "\"q\" 'p'", "a:b",
    "]]>", "{}|", "日本語", "javascript:x", "--><script>", "x" * 20_000, "onclick=\"x\"",
]  # fmt: skip


def without_system(monkeypatch):
    """As where there is no Graphviz but the one from pip."""
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None if name == "dot" else which(name, path=path))


@pytest.fixture(params=PROGRAMS)
def program(request, monkeypatch):
    if request.param == "pip":
        without_system(monkeypatch)


@pytest.fixture
def rendered(monkeypatch):
    """The SVGs that all programs there are make of a drawing's DOT text."""
    programs = [name for name, program in (("system", SYSTEM), ("pip", PIP)) if program]
    if not programs:
        pytest.skip("no Graphviz")

    def by_each(drawing, by_all=True):
        svgs = []
        for name in programs if by_all else programs[:1]:
            with monkeypatch.context() as patch:
                if name == "pip":
                    without_system(patch)
                svgs.append(ET.fromstring(render.rendered(drawing.source, "svg")))
        return svgs

    return by_each


def shown(text: str) -> str:
    text = re.sub("[\x00-\x08\ud800-\udfff]", "\ufffd", text)
    return text if len(text) <= 60 else text[:59] + "…"


def texts(svg: ET.Element) -> list[str]:
    return ["".join(x.itertext()).strip("\xa0 ") for x in svg.iter() if x.tag.endswith("}text")]


@each("root", [word_rnn(4, cut=2), lstm(3), both_ways(3), perceptron()])
def test_every_box_and_every_arrow_is_there(root, rendered):
    drawing = tg.draw(root, gradients=True, title="network")
    boxes = re.findall(r"^\t(n\d+) \[", drawing.source, re.M)
    arrows = re.findall(r"^\t(n\d+) -> (n\d+) ", drawing.source, re.M)
    for svg in rendered(drawing):
        names = [x.text for x in svg.iter() if x.tag.endswith("}title")]
        assert sorted(x for x in names if x and re.fullmatch(r"n\d+", x)) == sorted(boxes)
        assert sum(bool(x and re.fullmatch(r"n\d+->n\d+", x)) for x in names) == len(arrows)


@each("name", NASTY, ids=lambda name: ascii(name[:20]))
def test_a_name_is_shown_as_given_and_nothing_else_comes_of_it(name, rendered):
    with tg.step(0):
        root = tg.tanh(tg.constant([2.0], name=name) * tg.parameter([1.0], name=name), name=name)
    for svg in rendered(tg.draw(tg.sum(root), gradients=True, title=name, tokens=[name])):
        shows_the_name_and_is_harmless(svg, name)


def shows_the_name_and_is_harmless(svg, name):
    found = texts(svg)
    assert found.count(shown(name)) >= 3, "the data, the table and the token"
    assert any(x.startswith(f"{shown(name)} = ") for x in found)
    tags = {x.tag.rpartition("}")[2] for x in svg.iter()}
    assert tags <= {
        "svg",
        "g",
        "title",
        "polygon",
        "path",
        "text",
        "a",
        "ellipse",
        "polyline",
        "defs",
        "linearGradient",
        "stop",
    }
    for x in svg.iter():
        for key in x.attrib:
            assert not key.rpartition("}")[2].lower().startswith("on") and not key.endswith("href")
    tips = [v for x in svg.iter() for k, v in x.attrib.items() if k.endswith("}title")]
    if len(name) < 100:
        assert any(shown(name) in tip for tip in tips), "and in the tooltip"


def test_png_by_each_program(tmp_path, program):
    drawing = tg.draw(word_rnn(2))
    assert drawing.save(tmp_path / "rnn.png") == str(tmp_path / "rnn.png")
    png = drawing.pipe(format="png")
    assert png.startswith(b"\x89PNG") and png == drawing.pipe("png") and png.endswith(b"IEND\xaeB`\x82")
    assert [x.name for x in tmp_path.iterdir()] == ["rnn.png"]


@pytest.mark.skipif(SYSTEM is None, reason="no system Graphviz")
@pytest.mark.parametrize("command", ["dot", "neato", "fdp", "circo"])
def test_every_program_of_graphviz_keeps_our_places(command):
    """Of a graph with time and of one without; to 0.1 points, since Graphviz writes two digits."""
    for root in (word_rnn(3), perceptron()):
        drawing = tg.draw(root)
        told = subprocess.run([command, "-Tplain"], input=drawing.source.encode(), capture_output=True, check=True)
        lines = [line.split() for line in told.stdout.decode().splitlines()]
        at = {line[1]: (72 * float(line[2]), 72 * float(line[3])) for line in lines if line[0] == "node"}
        boxes = drawing.picture.boxes
        dx, dy = at["n0"][0] - boxes[0].x, at["n0"][1] - boxes[0].y
        for i, box in enumerate(boxes):
            assert at[f"n{i}"] == (pytest.approx(box.x + dx, abs=0.2), pytest.approx(box.y + dy, abs=0.2))


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_gradients_of_any_size_render(value, program):
    x = tg.constant([1.0], name="x")
    h = tg.tanh(x)
    drawing = tg.draw(tg.sum(h), gradients={x: np.array([value]), h: np.array([value])})
    ET.fromstring(render.rendered(drawing.source, "svg"))


def test_where_there_is_no_program_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sysconfig, "get_path", lambda *_: "")
    drawing = tg.draw(word_rnn(2))
    for call in (lambda: drawing.pipe(format="png"), lambda: drawing.save("never.pdf")):
        with pytest.raises(tg.GraphError) as error:
            call()
        for word in ("apt install graphviz", "tinygraph-rnn[render]", "svg, html and txt need no program"):
            assert word in str(error.value)
    assert not Path("never.pdf").exists()


@pytest.mark.skipif(PIP is None, reason="graphviz-pure is not installed")
def test_what_the_program_from_pip_cannot_do_is_told(monkeypatch):
    without_system(monkeypatch)
    with pytest.raises(tg.GraphError, match="svg or png"):
        tg.draw(tg.constant(1.0)).pipe(format="pdf")


@each("wrong", ["nonsense", [], None, "", ".svg"], ids=repr)
def test_unknown_formats_are_told(wrong):
    with pytest.raises(tg.GraphError, match="pipe knows no format"):
        tg.draw(tg.constant(1.0)).pipe(format=wrong)


def test_an_unknown_code_is_told():
    with pytest.raises(tg.GraphError, match="no-such-code"):
        tg.draw(tg.constant(1.0)).pipe(encoding="no-such-code")
