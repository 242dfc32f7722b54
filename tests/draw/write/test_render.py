"""Rendering with each program there is: valid, complete and harmless SVG, and a clear word where there is none."""

import re
import shutil
import sysconfig
import xml.etree.ElementTree as ET
from pathlib import Path

import graphviz
import numpy as np
import pytest
from graphviz.backend import dot_command

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


@pytest.fixture(params=PROGRAMS)
def program(request, monkeypatch):
    if request.param == "pip":
        monkeypatch.setattr(dot_command, "DOT_BINARY", Path("no-such-program-of-graphviz"))


@pytest.fixture
def rendered(monkeypatch):
    """The SVGs that all programs there are make of a drawing."""
    programs = [name for name, program in (("system", SYSTEM), ("pip", PIP)) if program]
    if not programs:
        pytest.skip("no Graphviz")

    def by_each(drawing, by_all=True):
        svgs = []
        for name in programs if by_all else programs[:1]:
            with monkeypatch.context() as patch:
                if name == "pip":
                    patch.setattr(dot_command, "DOT_BINARY", Path("no-such-program-of-graphviz"))
                svgs.append(ET.fromstring(drawing.pipe(format="svg")))
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


@pytest.mark.parametrize("suffix, start", [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_files(tmp_path, suffix, start, program):
    out = tmp_path / f"rnn.{suffix}"
    assert tg.draw(word_rnn(2)).render(outfile=out, cleanup=True) == str(out)
    assert out.read_bytes().startswith(start) and [x.name for x in tmp_path.iterdir()] == [out.name]


def test_a_pipe_gives_the_format_that_was_asked_for(program):
    """By name, in the first place, or set on the drawing; only an SVG is text to be centred."""
    drawing = tg.draw(word_rnn(2))
    png = drawing.pipe(format="png")
    assert png.startswith(b"\x89PNG") and png == drawing.pipe("png") and png.endswith(b"IEND\xaeB`\x82")
    svg = drawing.pipe()
    assert svg == drawing.pipe("svg") == drawing.pipe(format="svg") and b"text-anchor" in svg
    assert svg.decode() == drawing.pipe("svg", encoding="utf-8")
    drawing.format = "png"
    assert drawing.pipe() == png and drawing.pipe("svg") == svg


def test_a_path_without_a_suffix_gets_one(tmp_path, program):
    assert tg.draw(word_rnn(1)).render(outfile=tmp_path / "rnn", cleanup=True) == str(tmp_path / "rnn.svg")


def test_columns_stay_in_time_order_in_the_svg(program):
    svg = ET.fromstring(tg.draw(word_rnn(12), level="op").pipe(format="svg"))
    at = {"".join(x.itertext()): float(x.attrib["x"]) for x in svg.iter() if x.tag.endswith("}text")}
    places = [at[f"t = {t}"] for t in range(1, 13)]
    assert places == sorted(places) and len(set(places)) == 12


def test_a_notebook_shows_it(program):
    assert "<svg" in tg.draw(word_rnn(1))._repr_mimebundle_()["image/svg+xml"]


def test_the_package_is_left_as_it_was(program):
    before = dot_command.DOT_BINARY
    tg.draw(tg.constant(1.0)).pipe(format="svg")
    assert before == dot_command.DOT_BINARY


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_gradients_of_any_size_render(value, program):
    x = tg.constant([1.0], name="x")
    h = tg.tanh(x)
    ET.fromstring(tg.draw(tg.sum(h), gradients={x: np.array([value]), h: np.array([value])}).pipe(format="svg"))


def test_where_there_is_no_program_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sysconfig, "get_path", lambda *_: "")
    drawing = tg.draw(word_rnn(2))
    for call in (lambda: drawing.pipe(format="svg"), lambda: drawing.render(outfile="never.svg")):
        with pytest.raises(tg.GraphError) as error:
            call()
        for word in ("apt install graphviz", "tinygraph-rnn[render]", ".source"):
            assert word in str(error.value)
    assert not Path("never.svg").exists() and not Path("never.gv").exists()


@pytest.mark.skipif(PIP is None, reason="graphviz-pure is not installed")
def test_what_the_program_from_pip_cannot_do_is_told(monkeypatch):
    monkeypatch.setattr(dot_command, "DOT_BINARY", Path("no-such-program-of-graphviz"))
    with pytest.raises(tg.GraphError, match="svg or png"):
        tg.draw(tg.constant(1.0)).pipe(format="pdf")


def test_unknown_formats_are_told():
    if SYSTEM or PIP:
        for wrong in ({"format": "nonsense"}, {"format": []}, {"encoding": "no-such-code"}, {"unknown": 1}):
            with pytest.raises(tg.GraphError, match="Graphviz does not take this"):
                tg.draw(tg.constant(1.0)).pipe(**wrong)
    assert isinstance(tg.draw(tg.constant(1.0)), graphviz.Digraph)
