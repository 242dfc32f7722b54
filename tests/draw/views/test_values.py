"""Numbers in boxes, and texts that keep their distance whatever font a viewer takes."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import lstm, word_rnn
from tinygraph.draw.picture import Picture, Tile
from tinygraph.draw.write.dot import lines


def below(node, **options):
    return tg.draw(node, values=True, **options).picture.boxes[-1].below


@pytest.mark.parametrize(
    "value, text",
    [
        ([0.1234, -0.4, 0.9], "3 · [0.12 -0.40 0.90]"),
        ([1.0, 2.0, 3.0, 4.0], "4 · [1.0 2.0 3.0 4.0]"),
        ([1.0, 2.0, 3.0, 4.0, 5.0], "5 · [1.0 2.0 3.0 4.0 …]"),
        (0.5, "scalar · 0.50"),
        ([[1.0, 2.0], [3.0, 4.0]], "2×2 · [[1.0 2.0] …]"),
        ([[1.0, 2.0]], "1×2 · [[1.0 2.0]]"),
        (np.arange(12.0).reshape(2, 1, 6), "2×1×6 · [[[0 1.0 2.0 3.0 …] …]]"),
        ([3, 12345678], "2 · [3 12345678]"),
        ([True, False], "2 · [True False]"),
        ([np.nan, np.inf, 1e-9], "3 · [NaN ∞ 1.0e-9]"),
        (np.zeros((0, 3)), "0×3"),
    ],
)
def test_the_first_numbers_stand_in_the_box(value, text):
    x = tg.constant(value, name="x")
    assert below(x) == text
    assert tg.draw(x).picture.boxes[-1].below == text.partition(" ·")[0], "unless asked for nothing is written"


def test_numbers_stand_after_shape_and_gradient():
    h = tg.tanh(tg.constant([0.0, 1.0], name="x"))
    box = tg.draw(tg.sum(h * h), values=True, gradients=True).picture.boxes[1]
    assert box.below == f"2 · ‖∂‖ {2 * np.tanh(1.0):.1f} · [0 0.76]"


def test_plain_text_still_tells_gradients_and_the_comparison():
    text = tg.draw(word_rnn(2), values=True, gradients=True, truncate=1).text()
    norms = next(line for line in text.splitlines() if line.startswith("  ‖∂‖") and "V @ h1" not in line)
    assert norms.count("‖∂‖") == 2 and text.count("‖∂‖") > 15
    assert text.count("full BPTT") == 3


def test_boxes_are_as_wide_as_their_numbers():
    plain, told = (tg.draw(lstm(3), values=x, level="op").picture.boxes for x in (False, True))
    for a, b in zip(plain, told, strict=True):
        assert b.width >= a.width
        assert 9 * 0.5 * len(b.below) < b.width


def test_a_loss_tells_its_number_once():
    boxes = tg.draw(word_rnn(2), values=True).picture.boxes
    losses = [b for b in boxes if b.role == "loss"]
    assert len(losses) == 4 and not any("·" in b.below or "[" in b.below for b in losses)


def test_a_parameters_numbers_are_in_the_tooltip():
    w = tg.parameter([[1.0, 2.0], [3.0, 4.0]], name="W")
    y = w @ tg.constant([1.0, 0.5], name="x")
    user = next(b for b in tg.draw(y, values=True).picture.boxes if b.role != "input" and b.node.op is not None)
    assert "W = [[1.0 2.0] …]" in user.tip and user.below == "2 · [2.0 5.0]"
    assert "W = " not in str([b.tip for b in tg.draw(y).picture.boxes])


def test_a_node_without_a_value_has_no_numbers():
    compiled = tg.compile(lambda x: tg.tanh(x))
    compiled(np.ones(3))
    assert "[" not in below(compiled.graph("before"))


def cells(source):
    """Every cell, or label without a table, of the source."""
    for label in re.findall(r"label=<(.*?)>(?:, tooltip=|\])", source):
        tree = ET.fromstring(f"<td>{label.replace('&#160;', ' ')}</td>")
        yield from [tree, *tree.iter("td")]


def runs(cell):
    """The pieces of text of a cell line by line, without those of tables in it."""
    found = [[]]

    def walk(element):
        if element.tag == "br":
            found.append([])
        if element.tag != "table":
            found[-1].extend(x for x in [element.text] if x)
            for child in element:
                walk(child)
                found[-1].extend(x for x in [child.tail] if x)

    walk(cell)
    return found


@pytest.mark.parametrize("view", ["unrolled", "rolled"])
@pytest.mark.parametrize("options", [{}, {"gradients": True, "truncate": 1, "values": True}])
def test_no_cell_holds_two_runs_of_text(view, options):
    """Graphviz places the second by the width that it thinks the first has; in another font they would touch."""
    source = tg.draw(word_rnn(2), view, tokens=["I → like", "like → to"], title="a title", **options).source
    found = [run for cell in cells(source) for run in runs(cell)]
    assert len(found) > 20 and max(map(len, found)) == 1


def test_a_number_found_stands_apart_from_its_name():
    source = tg.draw(word_rnn(2)).source
    assert re.search(r"softmax cross-entropy [\s\xa0]\d\.\d+</b>", source)


def test_nothing_to_explain_writes_no_legend():
    assert not any("beside" in line for line in lines(Picture(tiles=[Tile(0, 0, 9, 9, "#ffffff", "")])))
    assert any("state (crosses time)" in line for line in tg.draw(word_rnn(1)).source.splitlines())
