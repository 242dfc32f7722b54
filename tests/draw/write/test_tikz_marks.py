"""LaTeX says of each mark what the file says: its line, its dashes, its corners, its words and where they stand."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import word_rnn
from tests.each import each
from tinygraph.draw.labels import width
from tinygraph.draw.norms.heat import ramp
from tinygraph.draw.picture import Box, Part, Picture
from tinygraph.draw.write.page.palette import level_of
from tinygraph.draw.write.reading import Lettering, Painted, marks
from tinygraph.draw.write.svg import svg
from tinygraph.draw.write.tex import UNKNOWN, tex
from tinygraph.draw.write.tikz import tikz

from .page.test_marks import DRAWINGS

PICTURES = {name: drawing.picture for name, drawing in DRAWINGS.items()}
PICTURES["scaled"] = tg.draw(word_rnn(4), gradients=True, fit=(300, 300)).picture
X = tg.constant([1.0, 2.0], name="x")
PICTURES["odd"] = tg.draw(tg.tanh(X), gradients={X: np.array([np.nan, 1.0])}).picture


def commands(text: str) -> list[str]:
    body = text[text.index("\\useasboundingbox") :].splitlines()[1:-2]
    return [line for line in body if line]


def shown(x: Any) -> bool:
    """Whether a mark is seen at all."""
    if isinstance(x, Lettering):
        return bool(x.runs)
    return x.style.get("fill", "") != "none" or x.style.get("stroke", "none") != "none"


def parts(name: str) -> tuple[list[tuple[Any, str]], dict[str, str], Any, float]:
    picture = PICTURES[name]
    root = ET.fromstring(svg(picture))
    left, top, _, high = map(float, root.attrib["viewBox"].split())
    text = tikz(picture)
    names = dict(re.findall(r"\\definecolor\{(\w+)\}\{HTML\}\{(\w+)\}", text))
    place = lambda p: ((p[0] - left) * picture.scaled, (top + high - p[1]) * picture.scaled)  # noqa: E731
    return list(zip(filter(shown, marks(root)), commands(text), strict=True)), names, place, picture.scaled


def options(line: str) -> dict[str, str]:
    inner = line[line.index("[") + 1 :].split("] ")[0]
    return dict(x.partition("=")[::2] for x in re.split(r", (?![^{]*\})", inner))


def is_colour(told: str, colour: str, names: dict[str, str]) -> bool:
    """Whether a name, or a mixture of two, is a colour of the file; of those of heat to a hundredth of the scale."""
    mixed = re.fullmatch(r"(tgHeat\w)!([\d.]+)!(tgHeat\w)", told)
    if not mixed:
        return names[told].lower() == colour[1:]
    stops, share = [int(names[mixed[k]][i : i + 2], 16) for k in (1, 3) for i in (0, 2, 4)], float(mixed[2]) / 100
    rgb = [share * a + (1 - share) * b for a, b in zip(stops[:3], stops[3:], strict=True)]
    return max(abs(a - int(colour[i : i + 2], 16)) for a, i in zip(rgb, (1, 3, 5), strict=True)) <= 3


@each("name", PICTURES)
def test_a_shape_has_its_outline_its_fill_and_its_line(name: str) -> None:
    pairs, names, place, scale = parts(name)
    for shape, line in pairs:
        if not isinstance(shape, Painted):
            continue
        said, style = options(line), shape.style
        fill, stroke = style.get("fill", ""), style.get("stroke", "none")
        if fill.startswith("url"):
            assert said["preaction"] == "{fill=tgOdd}" and "north east lines" in said["pattern"]
        else:
            assert ("fill" in said) == (fill != "none") and (fill == "none" or is_colour(said["fill"], fill, names))
        assert ("draw" in said) == (stroke != "none") == ("line width" in said)
        if stroke != "none":
            assert is_colour(said["draw"], stroke, names)
            assert float(said["line width"][:-2]) == pytest.approx(
                scale * float(style.get("stroke-width", 1)), abs=0.006
            )
        dashes = [float(x) * scale for x in style.get("stroke-dasharray", "").split()] if stroke != "none" else []
        told = re.findall(r"(on|off) ([\d.]+)bp", said.get("dash pattern", ""))
        assert [float(x) for _, x in told] == pytest.approx(dashes, abs=0.006)
        assert [x for x, _ in told] == ["on", "off"] * (len(told) // 2) and len(told) % 2 == 0
        spots = [float(v) for p in re.findall(r"\((-?[\d.]+),(-?[\d.]+)\)", line.split("] ", 1)[1]) for v in p]
        points = [place(p) for _, own in shape.segments for p in own]
        if shape.round is None:
            assert spots == pytest.approx([v for p in points for v in p], abs=0.006)
            kinds = "".join(kind for kind, _ in shape.segments)
            assert line.count("controls") == kinds.count("C") and line.count("cycle") == kinds.count("Z")
            assert line.count(" -- (") == kinds.count("L")
        else:
            xs, ys = zip(*points, strict=True)
            assert spots[::2] == pytest.approx([min(xs), max(xs)], abs=0.006)
            assert sorted(spots[1::2]) == pytest.approx([min(ys), max(ys)], abs=0.006)
            assert float(said.get("rounded corners", "0bp")[:-2]) == pytest.approx(shape.round * scale, abs=0.006)


NODE = re.compile(
    r"\\node\[anchor=([\w ]+), text=(\S+)\] at \((\S+),(\S+)\) \{\\tgtext\{([\d.]+)\}\{([\d.]+)\}\{(.*)\}\};"
)


@each("name", PICTURES)
def test_words_have_their_place_their_size_their_room_and_their_ink(name: str) -> None:
    pairs, names, place, scale = parts(name)
    for words, line in pairs:
        if not isinstance(words, Lettering):
            continue
        anchor, ink, x, y, room, size, body = NODE.fullmatch(line).groups()  # type: ignore[union-attr]
        assert anchor == {"middle": "base", "end": "base east", "start": "base west"}[words.style["text-anchor"]]
        assert is_colour(ink, words.runs[0].style["fill"], names)
        assert (float(x), float(y)) == pytest.approx(place((words.x, words.y)), abs=0.006)
        assert float(size) == pytest.approx(scale * float(words.runs[0].style["font-size"]), abs=0.006)
        bold = [run.style.get("font-weight") == "700" for run in words.runs]
        wide = sum(
            width(run.text, scale * float(run.style["font-size"]), b) + scale * run.gap
            for run, b in zip(words.runs, bold, strict=True)
        )
        assert float(room) == pytest.approx(wide, abs=0.06)
        at = 0
        for k, (run, b) in enumerate(zip(words.runs, bold, strict=True)):
            gap = f"\\hspace{{{run.gap * scale:.1f}bp}}" if run.gap else ""
            assert body.startswith(gap, at)
            start = body.index("{", at + len(gap))
            at = body.index(tex(run.text), start) + len(tex(run.text)) + 1
            look = body[start : at - len(tex(run.text)) - 1]
            assert ("\\bfseries\\boldmath " in look) == b and ("\\mdseries\\unboldmath" in look) == (k > 0 and not b)
            if k and not b:
                assert f"\\fontsize{{{scale * float(run.style['font-size']):.2f}bp}}" in look
        assert at == len(body)


def test_the_paper_is_as_large_as_the_picture_and_no_larger_than_tex_can() -> None:
    for picture in (
        PICTURES["cut"],
        PICTURES["scaled"],
        Picture([Box(0, 0, 60_000, 30, "op", "#ffffff", [Part("h")], "", [])]),
    ):
        wide, high = map(float, ET.fromstring(svg(picture)).attrib["viewBox"].split()[2:])
        scale = min(picture.scaled, 14000 / wide, 14000 / high)
        text = tikz(picture)
        paper = [float(x) for x in re.findall(r"paper(?:width|height)=([\d.]+)bp", text)]
        assert paper == pytest.approx([scale * wide + 2.2, scale * high + 2.2], abs=0.06) and max(paper) < 14003
        (box,) = re.findall(r"\\useasboundingbox \(0,0\) rectangle \((\S+),(\S+)\);", text)
        assert [float(x) for x in box] == pytest.approx([scale * wide, scale * high], abs=0.006)


@each("level", [0.0, 0.1, 0.25, 0.3, 0.62, 0.75, 0.9, 1.0])
def test_a_colour_of_the_scale_is_mixed_of_its_neighbours(level: float) -> None:
    text = tikz(Picture([Box(0, 0, 60, 30, "op", ramp(level), [], "", [])]))
    a, share, b = re.findall(r"fill=tgHeat(\w)!([\d.]+)!tgHeat(\w)", text)[0]
    assert ord(a) - ord(b) == 1 and text.count("\\definecolor{tgHeat") == 5
    told = (("ABCDE".index(b)) + float(share) / 100) / 4
    assert told == pytest.approx(level_of(ramp(level)), abs=1e-3) == pytest.approx(level, abs=0.01)
    other = tikz(
        Picture([Box(0, 0, 60, 30, "op", "#123456", [], "", []), Box(0, 99, 60, 30, "op", "#ffffff", [], "", [])])
    )
    assert re.search(r"\\definecolor\{tgOther\d\}\{HTML\}\{123456\}", other) and "tgGround" in other


def test_letters_that_are_strange_bring_their_commands() -> None:
    for words, odd in (
        ("tanh", False),
        ("é ‖∂‖ ½", False) if UNKNOWN not in tex("½") else ("é ‖∂‖", False),
        ("输入", True),
        ("🙂", True),
    ):
        text = tikz(Picture([Box(0, 0, 60, 30, "op", "#ffffff", [Part(words)], "", [])]))
        assert (UNKNOWN in tex(words)) == odd == ("\\newcommand{\\tgletter}" in text)
