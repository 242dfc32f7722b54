"""Pictures fitted into an area: every text can be read, the file has the area's size, and it says what is left out."""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))

import gallery_networks as net

NETWORKS = {
    "rnn": net.rnn,
    "lstm": net.cell_lstm,
    "lstm of 25 steps": partial(net.cell_lstm, 25),
    "stacked, both ways": net.stacked_gru,
    "encoder and decoder": net.encoder_decoder,
    "lengths": net.padded,
    "truncated": partial(net.rnn, 6, truncate=2),
    "own cell": net.own_cell,
    "twice": net.twice,
    "perceptron": net.perceptron,
    "chain of 100": partial(net.chain, 100, 0.9),
}
AREAS = {"slide": (960, 540, 12), "a4": (453, 700, 7), "column": (234, 648, 7)}


def file_of(drawn):
    """Width and height of the SVG file in points, and the size of its smallest text there."""
    root = ElementTree.fromstring(drawn.pipe(format="svg"))
    wide, high = (float(root.get(name).removesuffix("pt")) for name in ("width", "height"))
    scale = wide / float(root.get("viewBox").split()[2])
    sizes = []

    def visit(element, size):
        size = float(element.get("font-size", size))
        if element.tag.endswith(("}text", "}tspan")) and "".join(element.itertext()).strip():
            sizes.append(size * scale)
        for child in element:
            visit(child, size)

    visit(root, 0.0)
    return wide, high, min(sizes)


@pytest.mark.parametrize("fit", AREAS)
@each("name", NETWORKS)
def test_no_text_is_too_small_to_read(name, fit):
    width, height, least = AREAS[fit]
    for gradients in (None, True):
        drawn = tg.draw(NETWORKS[name](), fit=fit, gradients=gradients)
        wide, high, smallest = file_of(drawn)
        assert wide <= width + 1 and high <= height + 1 and smallest >= least - 0.02, (gradients, wide, high, smallest)
        few = len(drawn.picture.boxes) < len(tg.draw(NETWORKS[name](), level="op", max_nodes=None).picture.boxes)
        assert not few or re.search("a box is|dots are|one box", drawn.picture.subtitle)


@pytest.mark.parametrize("fit", AREAS)
@each("make", [partial(net.chain, 9, 0.6), partial(net.cell_lstm, 20), partial(net.chain, 100, 0.9)])
def test_a_flow_fits_each_area(make, fit):
    width, height, least = AREAS[fit]
    drawn = tg.draw(make(), "flow", fit=fit)
    wide, high, smallest = file_of(drawn)
    assert wide <= width + 1 and high <= height + 1 and smallest >= least - 0.02
    bars = any("steps from" in tile.tip for tile in drawn.picture.tiles)
    assert bars == ("without medians" not in drawn.picture.subtitle)


def test_a_larger_area_shows_more():
    counts = [len(tg.draw(net.cell_lstm(), fit=(w, 0.6 * w)).picture.boxes) for w in (400, 700, 1400, 3000)]
    assert counts == sorted(counts) and counts[0] < counts[-1] == len(
        tg.draw(net.cell_lstm(), level="op").picture.boxes
    )


def test_what_is_named_is_kept():
    drawn = tg.draw(net.rnn(6), fit=(2000, 800), level="op", steps=[0, -1])
    assert [b.title for b in drawn.picture.bands] == ["t = 0", "t = 1 … 4", "t = 5"]
    assert "cell" not in drawn.picture.subtitle and "dots are 4 steps of 6" in drawn.picture.subtitle
    with pytest.raises(tg.GraphError, match="cannot be read"):
        tg.draw(net.cell_lstm(), fit="column", level="op")


@pytest.mark.parametrize("network", [net.stacked_gru, net.encoder_decoder])
def test_a_backward_view_fits_a_slide(network):
    """In a smaller area at last without shapes and rules: the norms are in the titles."""
    assert file_of(tg.draw(network(), "backward", fit="slide"))[2] >= 12
    drawn = tg.draw(network(), "backward", fit=(440, 248))
    assert file_of(drawn)[2] >= 7 and "without shapes and rules" in drawn.picture.subtitle
    assert any("‖" in part.text for box in drawn.picture.boxes for part in box.title)


@each("fit", AREAS)
@each("name", ["lstm of 25 steps", "stacked, both ways", "encoder and decoder", "perceptron", "last loss"])
def test_a_backward_view_fits_each_area(name, fit):
    """At last the gradient beside a box has no name, but those under the columns, which have no box beside them, do."""
    loss = net.chain(8, 0.6, last_only=True) if name == "last loss" else NETWORKS[name]()
    drawn = tg.draw(loss, "backward", fit=fit)
    wide, high, least = file_of(drawn)
    assert wide <= AREAS[fit][0] + 1 and high <= AREAS[fit][1] + 1 and least >= AREAS[fit][2] - 0.02
    titles = [box.title[0].text for box in drawn.picture.boxes if box.role == "gradient"]
    terse = "without shapes and rules" in drawn.picture.subtitle
    assert titles and ("∂" in titles) == terse and (terse or all(len(x) > 1 for x in titles))


def a_compiled_step():
    cell = tg.cells.RNN(3, 4, rng=0)
    step = tg.compile(tg.value_and_grad(lambda xs: tg.mean(tg.square(tg.unroll(cell, xs)[0])), cell.parameters()))
    step(np.ones((6, 2, 3), np.float32))
    return step


def test_other_views_choose_their_detail_too():
    """As whole as there is room for, as the subtitle says; no text is too small."""
    for view, area, says in [
        ("rolled", (1e4, 1e4), "4 cells"),
        ("rolled", "slide", "a box is a cell at all steps"),
        ("rolled", "column", "one box for all cells"),
        ("backward", (989, 556), "a box is a cell at all steps"),
        ("backward", "slide", "ops between and after cells are joined"),
        ("backward", "column", "one box for all cells"),
    ]:
        drawn = tg.draw(net.stacked_gru(), view, fit=area)
        assert file_of(drawn)[2] >= (12 if area == "slide" else 7) and says in drawn.picture.subtitle
        assert view in drawn.picture.title
    assert "方框" in tg.draw(net.stacked_gru(), "rolled", fit="slide", lang="zh").picture.subtitle
    step = a_compiled_step()
    whole, less = (tg.draw(step, "compiled", fit=(w, w)) for w in (5000, 500))
    assert len(less.picture.boxes) < len(whole.picture.boxes) and "a line is an action" in less.picture.subtitle
    with pytest.raises(tg.GraphError, match="cannot be read") as refusal:
        tg.draw(step, "compiled", fit=(100, 60))
    enough = tuple(map(float, re.search(r"fit=\((\d+), (\d+)\)", str(refusal.value)).groups()))
    assert file_of(tg.draw(step, "compiled", fit=enough))[2] >= 7, "the area that the error names is large enough"


def variational() -> tg.Node:
    """An autoencoder whose code has a mean and a log-variance; its loss has two terms."""
    r = np.random.default_rng(0)
    xs, sizes = r.normal(size=(8, 2, 3)), {"W_m": (4, 2), "W_v": (4, 2), "W_z": (2, 4), "V": (4, 3)}
    w = {name: tg.parameter(r.normal(size=size), name) for name, size in sizes.items()}
    _, h = tg.unroll(tg.cells.GRU(3, 4, rng=0, dtype=np.float64), xs)
    mu, lv = h @ w["W_m"], h @ w["W_v"]
    z = mu + tg.exp(0.5 * lv) * r.normal(size=(2, 2))
    s = np.tanh(z @ w["W_z"])
    outputs, _ = tg.unroll(tg.cells.GRU(3, 4, rng=1, dtype=np.float64), xs, s)
    return tg.mean((outputs @ w["V"] - xs) ** 2) - 0.5 * tg.mean(1 + lv - mu**2 - tg.exp(lv))


@each("view, options", [("unrolled", {}), ("rolled", {}), ("backward", {}), ("unrolled", {"level": "layer"})])
def test_what_lies_between_cells_is_one_box_before_all_is(view, options):
    drawn = tg.draw(variational(), view, fit="slide", **options).picture
    titles = [box.title[0].text for box in drawn.boxes]
    assert [x for x in titles if x in ("encoder × 8", "μ, lv, z, s", "decoder × 8")] == [
        "encoder × 8",
        "μ, lv, z, s",
        "decoder × 8",
    ]
    assert titles.count("loss") == 2 and "ops between and after cells are joined" in drawn.subtitle
    assert drawn.subtitle.count("a box is a cell at all steps") == 1
    said = tg.draw(variational(), view, fit="slide", lang="zh", **options).picture
    assert "单元之间和之后的运算已合并" in said.subtitle and not re.search("[a-z]{4}", said.subtitle)


def test_what_is_not_rolled_fits_as_the_unrolled_view_does_and_says_why():
    drawn = tg.draw(net.perceptron(), "rolled", fit="slide")
    alike = tg.draw(net.perceptron(), fit="slide")
    assert [b.title for b in drawn.picture.boxes] == [b.title for b in alike.picture.boxes]
    parts = drawn.picture.subtitle.split("; ")
    assert parts[0] == "unrolled, for no time steps are marked"
    assert [x for x in parts[1:] if "table" not in x] == [x for x in [alike.picture.subtitle] if x and "table" not in x]


def test_other_views_are_scaled_or_refused():
    drawn = tg.draw(net.chain(8, 0.6), "flow", fit=(600, 600))
    assert file_of(drawn)[2] >= 7
    with pytest.raises(tg.GraphError, match="cannot be read"):
        tg.draw(net.stacked_gru(), "backward", fit=(150, 150))


@each(
    "fit", ["poster", (1, 2, 3), (0, 5), (np.nan, 5), 7, ("a", "b"), (True, 4), (-3, 4), (float("inf"), 4), []], ids=str
)
def test_areas_that_there_are_not(fit):
    with pytest.raises(tg.GraphError, match="fit is no area"):
        tg.draw(net.rnn(), fit=fit)


def test_the_source_has_the_size_too():
    drawn = tg.draw(net.rnn(), fit="a4")
    wide, high, _ = file_of(drawn)
    (size,) = re.findall(r'size="([\d.]+),([\d.]+)!"', drawn.source)
    assert [72 * float(x) for x in size] == pytest.approx([wide, high], abs=1)
    assert "graph [size=" not in tg.draw(net.rnn()).source, "without an area Graphviz takes its own"


def test_a_title_that_is_too_long_is_broken_and_whole_in_every_format():
    title = "Two layers of gated recurrent units in both directions, unrolled"
    drawn = tg.draw(net.stacked_gru(), fit="slide", level="layer", title=title)
    for text in (drawn.pipe(format="svg").decode(), drawn.source):
        lines = re.findall(r">([^<>]*(?:Two layers|unrolled)[^<>]*)</(?:text|b)>", text)
        assert len(lines) == 2 and sorted(" ".join(lines).split()) == sorted(title.split())
