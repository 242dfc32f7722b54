"""DOT text through the public names: the same twice, safe, without recursion, in linear time."""

import re
import time
from itertools import groupby

import graphviz
import pytest

import tinygraph as tg
from tests.draw.networks import lstm, perceptron, word_rnn
from tinygraph.draw.labels import width


def test_dot_text_is_that_of_a_digraph_and_needs_no_program(monkeypatch):
    monkeypatch.setenv("PATH", "")
    drawing = tg.draw(word_rnn(3))
    assert isinstance(drawing.digraph, graphviz.Digraph) and drawing.digraph.source == drawing.source
    assert drawing.source.startswith("digraph {") and drawing.source.rstrip().endswith("}")


@pytest.mark.parametrize("make", [lambda: word_rnn(3, cut=1), lambda: lstm(3), perceptron])
def test_the_same_graph_twice_gives_the_same_text(make):
    root = make()
    assert tg.draw(root, gradients=True).source == tg.draw(root, gradients=True).source
    assert tg.draw(make()).source == tg.draw(make()).source


def test_every_box_is_pinned_every_arrow_has_its_way_and_no_cluster_is_used():
    text = tg.draw(word_rnn(3), gradients=True).source
    boxes = re.findall(r"^\tn(\d+) \[pos=\"[-\d.]+,[-\d.]+!\"", text, re.M)
    assert boxes == [str(i) for i in range(len(boxes))] and len(boxes) == 3 * 7 + 3
    arrows = [line for line in text.splitlines() if " -> " in line]
    assert arrows and all('[pos="' in line for line in arrows)
    assert "subgraph" not in text and "outputorder=nodesfirst" in text


def test_parameters_are_listed_once():
    text = tg.draw(word_rnn(3)).source
    assert text.count("4×") == 0 and text.count("3×") == 3


@pytest.mark.parametrize(
    "name",
    ['a"b', "n1 -> n2", "a\x00", "\ud800", "]]>", "}", "x" * 30_000, "-->", "a\nn9 [x=1]", "back\\", '\\"', "<b>"],
)
def test_no_name_gets_out_of_its_label(name):
    with tg.step(0):
        root = tg.tanh(tg.parameter([[1.0]], name=name) @ tg.constant([[2.0]], name=name), name=name)
    text = tg.draw(root, title=name, tokens=[name]).source
    text.encode("utf-8")
    assert len(text) < 20_000 and "\x00" not in text
    for line in text.splitlines()[1:-1]:
        bare = re.sub(r'"(\\.|[^"\\])*"', '""', re.sub(r"label=<.*>(?=[],])", 'label=""', line))
        assert re.fullmatch(r'\t\w+( -> \w+)? \[(\w+=[\w.\-"]+(, |(?=\])))*\]', bare), line


def test_a_graph_deeper_than_the_recursion_limit(deepest):
    steps = deepest + 50
    text = tg.draw(word_rnn(steps), level="op", max_nodes=None).source
    assert text.count("<b>t = ") == steps
    deep = tg.constant(0.5)
    for _ in range(2 * deepest):
        deep = tg.tanh(deep)
    assert tg.draw(deep).source.count("tanh</b>") == 2 * deepest - 2, (
        "of these the first has its number, the last its value"
    )


@pytest.mark.slow
def test_five_thousand_steps_take_linear_time():
    def cpu(steps: int) -> float:
        root = word_rnn(steps)
        start = time.process_time()
        assert tg.draw(root, level="op", max_nodes=None).source
        return time.process_time() - start

    small, large = min(cpu(1250) for _ in range(2)), cpu(5000)
    assert large < 5 and large < 4 * 1.6 * small


def test_title_and_token_of_a_column_stand_side_by_side_at_its_foot():
    """In cells of their own widths, twelve points apart, so that they do so in any font."""
    drawing = tg.draw(word_rnn(3), tokens=["the", "", "cat & dog"])
    heads = re.findall(r'^\tband\d_1 \[pos="([-\d.]+),([-\d.]+)!".*?label=<(.*)>\]$', drawing.source, re.M)
    for (x, y, label), band in zip(heads, drawing.picture.bands, strict=True):
        assert (float(x), float(y)) == pytest.approx((band.middle, band.foot + 23.2), abs=0.06)
        rooms = [int(x) for x in re.findall(r'<td fixedsize="true" width="(\d+)" height="28" ', label)]
        words = [x for x in re.split("<.*?>", label) if x]
        title = width(band.title, 14, True)
        right = [title + 12, width(band.token, 12) + 8] if band.token else [title + 8]
        assert rooms == pytest.approx(right, abs=0.51)
        assert words == [band.title, band.token.replace("&", "&amp;")][: 1 + bool(band.token)]


def test_a_title_without_parameters_is_one_run_of_words():
    drawing = tg.draw(word_rnn(3), gradients=True, level="op")
    labels = re.findall(r"^\tn\d+ \[pos.*?label=<.*?<td>(.*?)</td>", drawing.source, re.M)
    plain = [box for box in drawing.picture.boxes if all(part.kind != "chip" for part in box.title)]
    told = [" ".join("\xa0" * (part.kind == "value") + part.text for part in box.title) for box in plain]
    assert [x for x in labels if x.startswith("<b>")] == [f"<b>{words}</b>" for words in told]
    assert any("\xa0" in words for words in told) and any(" = " in words for words in told)


def test_words_between_two_parameters_are_one_run():
    """Of two runs the gap would close in a viewer with another font."""
    w, b = tg.parameter([[1.0]], name="W"), tg.parameter([1.0], name="b")
    x = tg.constant([[2.0]], name="x")
    drawing = tg.draw([tg.add(x @ w, b, name="y"), tg.multiply(x, w, name="z")], level="op")
    tables = re.findall(r"^\tn\d+ \[pos.*?<table [^>]*fixedsize=.*?><tr>(.*?)</tr>", drawing.source, re.M)
    told = []
    for box in drawing.picture.boxes:
        runs = groupby(box.title, lambda part: part.kind == "chip")
        if any(part.kind == "chip" for part in box.title):
            told.append([" ".join(part.text for part in run) for _, run in runs])
    cells = [[re.sub("<.*?>", "", cell) for cell in re.findall("<td.*?>(.*?)</td>", table)] for table in tables]
    assert [[run.replace("\xa0", "") for run in row] for row in cells] == told
    assert any("= x *" in run for row in told for run in row), "a name, a sign and what stands between"
