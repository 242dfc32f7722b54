"""Texts in rendered SVG: in the middle of their boxes, whatever font the viewer has."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

import tinygraph as tg
from tests.draw.networks import lstm, word_rnn

from .test_render import program  # noqa: F401  the fixture: once with each Graphviz

SVG = "{http://www.w3.org/2000/svg}"


def groups(svg: str) -> dict[str, ET.Element]:
    """The SVG group of every box under its name in DOT."""
    found = [g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("class") == "node"]
    return {g.findtext(f"{SVG}title", ""): g for g in found}


def edges(shape: ET.Element) -> tuple[float, float]:
    xs = [float(x) for x in re.findall(r"([-\d.]+),[-\d.]+", shape.get("d") or shape.get("points") or "")]
    return min(xs), max(xs)


@pytest.mark.parametrize("root", [word_rnn(2), lstm(2)], ids=["rnn", "lstm"])
def test_texts_stand_in_the_middle_of_their_boxes(root, program, tmp_path):  # noqa: F811
    drawing = tg.draw(root, gradients=True)
    drawing.save(tmp_path / "x.svg")
    assert drawing.pipe(format="svg", encoding="utf-8") == (tmp_path / "x.svg").read_text(encoding="utf-8")
    found = groups((tmp_path / "x.svg").read_text(encoding="utf-8"))
    for i, box in enumerate(drawing.picture.boxes):
        group = found[f"n{i}"]
        (outline,) = list(group.iter(f"{SVG}path"))[:1]
        middle = sum(edges(outline)) / 2
        chips = [edges(x) for x in group.iter(f"{SVG}polygon")]
        texts = list(group.iter(f"{SVG}text"))
        beside = {"end", "start"} if chips else set()
        assert {t.get("text-anchor") for t in texts} <= {"middle"} | beside
        assert all(t.get("text-anchor") == "middle" for t in texts if t.get("font-size") == "9.00")
        places = [float(t.get("x", "nan")) for t in texts]
        assert len(chips) == sum(part.kind == "chip" for part in box.title)
        for left, right in chips:
            assert any(abs(x - (left + right) / 2) < 0.2 for x in places)
        if not chips:
            assert all(abs(x - middle) < 0.2 for x in places)


@pytest.mark.parametrize(("title", "anchor"), [(["W", "@ h1"], "start"), (["cell × 2", "U"], "end")])
def test_a_text_beside_a_chip_keeps_off_it_in_any_font(title, anchor, program):  # noqa: F811
    """After a chip a text begins right of it, before one it ends left of it."""
    found = groups(
        tg.draw(word_rnn(2), level="op" if title[0] == "W" else "layer").pipe(format="svg", encoding="utf-8")
    )
    made = [g for g in found.values() if [t.text for t in g.iter(f"{SVG}text")][:2] == title]
    assert made
    for group in made:
        left, right = edges(next(iter(group.iter(f"{SVG}polygon"))))
        (run,) = [t for t in group.iter(f"{SVG}text") if t.text in ("@ h1", "cell × 2")]
        at = float(run.get("x", "nan"))
        assert run.get("text-anchor") == anchor
        assert right < at < right + 8 if anchor == "start" else left - 8 < at < left


def test_nothing_else_of_the_svg_is_changed(program):  # noqa: F811
    """Against what Graphviz itself says, by the base class."""
    import graphviz

    from tinygraph.draw.write.render import engine, pinned

    drawing = tg.draw(word_rnn(3), gradients=True, title="a  title", tokens=["x", "y", "z"])
    with engine():
        raw = graphviz.Digraph.pipe(drawing, format="svg", encoding="utf-8", **pinned(drawing.engine, {}))
    mended = drawing.pipe(format="svg", encoding="utf-8")
    place = re.compile(r'text-anchor="\w+" x="[-\d.]+"')
    assert place.sub("", raw) == place.sub("", mended) and raw != mended


def test_a_text_beside_gold_stays_there(program):  # noqa: F811
    svg = tg.draw(word_rnn(2)).pipe(format="svg", encoding="utf-8")
    (text,) = [t for t in ET.fromstring(svg).iter(f"{SVG}text") if t.text == "parameter of the op"]
    before = svg[: svg.index("parameter of the op")]
    _, right = edges(ET.fromstring(before[before.rindex("<polygon") :].split("/>")[0] + "/>"))
    assert text.get("text-anchor") == "start" and float(text.get("x", "nan")) > right
