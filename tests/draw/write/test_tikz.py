"""LaTeX of a picture: the SVG's places, colours by name, names as mathematics, nothing that LaTeX would run."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import lstm, word_rnn
from tests.draw.test_safety import RAW, given, network
from tests.each import each
from tinygraph.draw import VIEWS
from tinygraph.draw.shown.roles import BORDERS
from tinygraph.draw.write.page.palette import level_of
from tinygraph.draw.write.tex import tex
from tinygraph.draw.write.tikz import NAMES

from .page.test_marks import DRAWINGS

BAD = ["\\input{/etc/passwd}", "100% $x$ #1", "a_b^c~{}&", "^^41 \\par", "--- ``q'' \"r\"", "日本 é Ł ½ 🙂", "\\", "%"]
OURS = (
    "node path tgtext bfseries boldmath mdseries unboldmath color fontsize selectfont hspace tgletter backslash top "
    "mathrm mathdollar textasciicircum textasciitilde partial times cdot infty to leftarrow uparrow downarrow ldots"
)


def written(drawing: Any) -> str:
    return drawing.pipe("tex", "utf-8")


@each(
    "words, shown",
    [
        ("hₜ = tanh(W @ hₜ₋₁)", "$h_{t}$ = tanh($W$ @ $h_{t-1}$)"),
        ("h_t", "$h_{t}$"),
        ("c_{t-1}", "$c_{t-1}$"),
        ("W_ih.T", "$W_{ih}^{\\top}$"),
        ("h2", "$h_{2}$"),
        ("weight_ih", "weight\\_ih"),
        ("W_out", "$W_{\\mathrm{out}}$"),
        ("σ(o) * tanh(c)", "$\\sigma $($o$) $*$ tanh($c$)"),
        ("‖∂‖ 3.5e-6", "$\\|$$\\partial$$\\|$ 3.5e$-$6"),
        ("a box is an op", "a box is an op"),
        ("I → like", "I $\\to$ like"),
        ("2×16 · t = 0", "2$\\times$16 $\\cdot$ $t$ = 0"),
        ("full = 128 B", "full = 128 B"),
        ("A @ x", "$A$ @ $x$"),
        ("é ç ž", "\\'{e} \\c{c} \\v{z}"),
        ("a--b", "$a$-{}-$b$"),
        ("Δt αβ", "$\\Delta $t $\\alpha $$\\beta $"),
        ("输入", "\\tgletter{8F93}\\tgletter{5165}"),
        ("two²", "two$^{2}$"),
        ("aᵦ, xᵝ", "a$_{\\beta }$, x$^{\\beta }$"),
        ("h_{日}", "h\\_$\\{$\\tgletter{65E5}$\\}$"),
    ],
)
def test_names_are_mathematics_and_words_are_words(words: str, shown: str) -> None:
    assert tex(words) == shown


def commands(text: str) -> set[str]:
    return set(re.findall(r"\\([A-Za-z]+)", text)) - set(OURS.split())


@each("words", [*RAW, *BAD])
def test_nothing_that_a_user_writes_is_a_command(words: str) -> None:
    one = tex(words)
    assert not commands(one) - {"alpha"} and one.isascii()
    bare = re.sub(r"\\[^A-Za-z]|\$\\[{}]\$", "", one)
    depth = 0
    for c in bare:
        depth += (c == "{") - (c == "}")
        assert depth >= 0
    assert (
        depth == 0 and bare.count("$") % 2 == 0 and not set(re.sub(r"[_^]\{|\$[^$]*\$", "", bare)) & set("#%&_~^\t\n")
    )


@each("view", list(VIEWS))
def test_no_text_breaks_a_view(view: str) -> None:
    for name in [RAW[1], *BAD[::3]]:
        body = written(tg.draw(given(view, name), view, title=name)).partition("\\useasboundingbox")[2]
        lines = body.splitlines()[1:-2]
        assert all(re.fullmatch(r"\\(node|path)\[.*\] .*;", line) for line in lines)
        assert not commands("\n".join(lines))


def rectangles(svg: str) -> list[list[float]]:
    """Corners of all rectangles, from the left and the foot of the file."""
    root = ET.fromstring(svg)
    left, top, _, high = map(float, root.get("viewBox", "").split())
    found: list[list[float]] = []

    def walk(element: ET.Element, x: float, y: float) -> None:
        moved = re.match(r"translate\((\S+) (\S+)\)", element.get("transform", ""))
        x, y = (x + float(moved[1]), y + float(moved[2])) if moved else (x, y)
        if element.tag.endswith("}rect"):
            a, b, w, h = (float(element.get(k, 0)) for k in ("x", "y", "width", "height"))
            found.append([x + a - left, top + high - y - b, x + a + w - left, top + high - y - b - h])
        for child in element if not element.tag.endswith("}defs") else ():
            walk(child, x, y)

    walk(root, 0.0, 0.0)
    return found


@each("name", DRAWINGS)
def test_all_stands_where_it_stands_in_the_svg(name: str) -> None:
    drawing = DRAWINGS[name]
    document, svg = written(drawing), drawing.pipe(encoding="utf-8")
    spots = re.findall(r"\\path\[.*\] \((.*?),(.*?)\) rectangle \((.*?),(.*?)\);", document)
    told = np.array([[float(v) for v in (spot[0], spot[3], spot[2], spot[1])] for spot in spots])
    right = np.array(rectangles(svg))[:, [0, 1, 2, 3]]
    assert told[:, [0, 2]] == pytest.approx(right[:, [0, 2]], abs=0.02)
    assert np.sort(told[:, [1, 3]], axis=1) == pytest.approx(np.sort(right[:, [1, 3]], axis=1), abs=0.02)
    words = ["".join(x.itertext()) for x in ET.fromstring(svg).iter() if x.tag.endswith("}text")]
    assert document.count("\\node[") == sum(map(bool, words))


@each("name", DRAWINGS)
def test_each_colour_is_defined_once_by_name(name: str) -> None:
    document = written(DRAWINGS[name])
    head, _, body = document.partition("\\begin{document}")
    defined = dict(re.findall(r"\\definecolor\{(\w+)\}\{HTML\}\{([0-9A-F]{6})\}", head))
    assert len(defined) == head.count("definecolor") and set(re.findall(r"\btg[A-Z]\w*", body)) <= defined.keys()
    assert not re.search(r"(fill|draw|text)=(?!tg)", body)
    assert defined.get("tgState", "276749") == "276749"


def test_colours_of_the_scale_are_mixed_of_its_own() -> None:
    drawing = tg.draw(word_rnn(3), gradients=True)
    document = written(drawing)
    stops = [f"tgHeat{c}" for c in "ABCDE"]
    mixtures = re.findall(r"fill=(tgHeat\w)!([\d.]+)!(tgHeat\w)", document)
    levels = [(stops.index(a) * float(p) + stops.index(b) * (100 - float(p))) / 400 for a, p, b in mixtures]
    boxes = [level_of(box.fill) for box in drawing.picture.boxes if level_of(box.fill) is not None]
    assert all(any(abs(x - y) < 0.02 for y in levels) for x in boxes) and len(boxes) > 8


def test_fit_and_language_hold() -> None:
    drawing = tg.draw(lstm(4), fit="a4", lang="zh")
    wide, high = map(float, re.findall(r"paper(?:width|height)=([\d.]+)bp", written(drawing)))
    assert wide <= 453 + 2.3 and high <= 700 + 2.3
    sizes = [float(x) for x in re.findall(r"\\tgtext\{[\d.]+\}\{([\d.]+)\}", written(drawing))]
    assert min(sizes) >= 6.99 and "tgletter{8F93}" in written(drawing)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX")
@each("name", ["cut", "hostile"])
def test_it_compiles_alone_on_one_page(name: str, tmp_path_factory: Any) -> None:
    drawing = DRAWINGS.get(name) or tg.draw(network("".join(BAD)), title="".join(RAW[:12]))
    file = Path(drawing.save(tmp_path_factory.mktemp("tex") / "x.tex"))
    run = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", file.name]
    told = subprocess.run(run, cwd=file.parent, capture_output=True, check=False).stdout.decode(errors="replace")
    assert "(1 page" in told and "Overfull" not in told and "Warning" not in told, told[-2000:]


def test_each_border_has_a_name_of_its_role_but_where_two_are_of_one_colour() -> None:
    for role, colour in BORDERS.items():
        alike = {f"tg{other.capitalize()}" for other, same in BORDERS.items() if same == colour}
        assert NAMES[colour] in alike | {"tgColumn"} and NAMES[colour].isalpha(), role
