"""Two networks in one picture: one scale, and a mark and a word for all that differs, and for nothing else."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.latin import english, names_of
from tests.draw.networks import lstm, word_rnn
from tests.draw.test_fit import AREAS, file_of
from tests.draw.test_safety import given
from tests.each import each
from tinygraph.draw import VIEWS

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))

import gallery_networks as net


def network(op=tg.tanh, gain=1.0, extra=False):
    """Three steps of h = op(W h + U x), with another product at the last step if asked."""
    w, u = tg.parameter(np.eye(3) * gain / 2, "W"), tg.parameter(np.ones((3, 2)) / 3, "U")
    h = tg.constant(np.zeros(3), name="h0")
    for t in range(3):
        with tg.step(t):
            z = tg.add(w @ h, u @ tg.constant(np.full(2, t + 1.0), name="x"), name="z")
            h = op(z, name="h")
            if extra and t == 2:
                h = tg.multiply(h, h, name="twice")
    return tg.sum(h, name="loss")


def inside(rim, box):
    return abs(rim.x - box.x) < 0.1 and abs(rim.y - box.y) < 0.1 and rim.width > box.width


def marked(picture, dashed):
    """Titles and steps of the boxes with a frame."""
    boxes = [b for r in picture.rims if r.dashed == dashed for b in picture.boxes if inside(r, b)]
    assert len(boxes) == sum(r.dashed == dashed for r in picture.rims)
    return sorted((b.title[0].text.partition(" =")[0].rstrip("ₜ"), b.node.step) for b in boxes)


def test_what_is_in_one_only_has_a_double_frame():
    drawing = tg.draw.compare(network(), network(extra=True), level="op")
    picture = drawing.picture
    assert marked(picture, dashed=False) == [("twice", 2)]
    assert "in second only: twice" in drawing.text().splitlines()
    assert picture.differs == "differs" and marked(picture, dashed=True) == [("loss", None), ("loss", None)]
    assert "1 of 17 differ" in picture.listed


def test_another_op_is_marked_even_where_most_numbers_differ():
    picture = tg.draw.compare(network(), network(op=tg.sigmoid), gradients=True, level="op").picture
    assert marked(picture, dashed=False) == []
    steps = [t for name, t in marked(picture, dashed=True) if name == "h"]
    assert steps == [0, 0, 1, 1, 2, 2]
    assert any(re.match(r"h, t = 0: tanh.* against (sigmoid|σ)", line) for line in picture.listed)


def test_the_same_network_differs_nowhere():
    for view in ("unrolled", "flow", "states", "rolled", "backward"):
        drawing = tg.draw.compare(network(), network(), view)
        assert drawing.picture.rims == [] and drawing.picture.listed == ["nothing differs"]
        assert drawing.text().splitlines()[-1] == "nothing differs"


def shifted(part, whole):
    """How far the boxes of a picture are moved in the whole; they follow each other there."""
    return {(round(w.x - p.x), round(w.y - p.y)) for p, w in zip(part.boxes, whole, strict=True)}


def test_both_are_whole_and_have_one_scale():
    a, b = network(gain=0.2), network(gain=1.8)
    picture = tg.draw.compare(a, b, gradients=True, level="op").picture
    single = [tg.draw(x, gradients=True, level="op").picture for x in (a, b)]
    count = len(single[0].boxes)
    assert shifted(single[0], picture.boxes[:count]) == {(0, 0)} and len(shifted(single[1], picture.boxes[count:])) == 1
    assert picture.scale == (min(x.scale[0] for x in single), max(x.scale[1] for x in single))
    norms = [x.norm for part in single for x in part.boxes]
    assert [x.norm for x in picture.boxes] == norms and len(picture.arrows) == sum(len(x.arrows) for x in single)
    level = lambda n: np.log(n / picture.scale[0])  # noqa: E731
    colours = sorted((level(x.norm), -int(x.fill[3:5], 16)) for x in picture.boxes if x.norm and x.fill != "#ffffff")
    assert [c for _, c in colours] == sorted(c for _, c in colours)
    assert {x.name: (x.norm, x.full) for x in picture.uses} == {
        x.name: (x.norm, y.norm) for x, y in zip(single[0].uses, single[1].uses, strict=True)
    }


def numbers(drawing):
    """Maps the places of a flow without its cell to norms."""
    tips = [re.match(r"‖∂ loss at (\d+) / ∂ (?:\S+ · )?(\S+) at (\d+)‖ = (\S+)$", x.tip) for x in drawing.picture.tiles]
    return {m.groups()[:3]: float(m[4]) for m in tips if m}


def test_each_word_of_a_flow_and_each_mark_is_true():
    a, b = net.rnn(12), net.cell_lstm(12)
    drawing = tg.draw.compare(a, b, "flow")
    first, second = numbers(tg.draw(a, "flow")), numbers(tg.draw(b, "flow"))
    folds = {k: max(first[k] / second[k], second[k] / first[k]) for k in first}
    lines = [re.match(r"‖∂ loss at (\d+) / ∂ (\w) at (\d+)‖: (\S+) against (\S+)$", x) for x in drawing.picture.listed]
    told = [m for m in lines if m]
    assert len(told) > 8
    for m, right in zip(told, sorted(folds.values(), reverse=True), strict=False):
        key = m.groups()[:3]
        assert (float(m[4]), float(m[5])) == (first[key], second[key]) and np.isclose(folds[key], right)
    assert f"in LSTM only: ‖∂ loss / ∂ LSTM · c‖ × {len(second) - len(first)}" in drawing.picture.listed
    least = float(re.search(r"differs ([\d.]+)-fold", drawing.picture.differs)[1])
    dashed = [x for x in drawing.picture.rims if x.dashed]
    assert len(dashed) == 2 * sum(fold >= least for fold in folds.values()) > 0
    assert len(drawing.picture.rims) - len(dashed) == 1, "one frame for the matrix that is in one only"


def of_length(n, m):
    """An encoder of n steps and a decoder of m."""
    encoder, decoder = (tg.cells.RNN(3, 4, rng=k, dtype=np.float64) for k in range(2))
    x = np.random.default_rng(0).normal(size=(9, 2, 3))
    return tg.mean(tg.unroll(decoder, x[:m], tg.unroll(encoder, x[:n])[1])[0] ** 2)


def test_networks_of_other_lengths_are_compared_step_by_step_and_part_by_part():
    """A step that one has beyond the other has no counterpart in another part; a parameter is one row."""
    a, b = of_length(2, 3), of_length(3, 3)
    picture = tg.draw.compare(a, b, "unrolled", level="op", gradients=True).picture
    half = picture.boxes[len(tg.draw(a, level="op").picture.boxes) :]
    rims = [rim for rim in picture.rims if not rim.dashed]
    only = [x for x in half if any(inside(rim, x) for rim in rims)]
    assert len(rims) == 2 * len(half) - len(picture.boxes) == 7 and {x.node.step for x in only} == {2}
    decoders = max(x.x for x in half if x.node.step == 0)
    assert all(x.x < decoders for x in only), "the encoder's third step, not the decoder's"
    assert {x.uses for x in picture.uses} == {"2×, 3", 3} and len(picture.uses) == 8
    assert sum(x.size for x in picture.uses) == 2 * (12 + 16 + 4 + 4)
    lines = tg.draw.compare(a, b, level="layer").picture.listed
    assert "a: mean 0.2294 against mean 0.2171" in lines, "losses with the names of lines"
    assert any(re.match(r"encoder .*: × 2 · .* against × 3 · ", x) for x in lines) and not any(
        "only" in x for x in lines
    )


def unmarked(steps):
    h, w = tg.constant(np.zeros(3), name="h0"), tg.parameter(np.eye(3), "W")
    for _ in range(steps):
        h = tg.tanh(w @ h + 1.0)
    return tg.sum(h)


def test_tokens_may_be_of_steps_that_one_of_them_has_not():
    words = dict(enumerate(["the", "cat", "sat", "on", "it"], 1))
    for a, b in ((word_rnn(3), word_rnn(5)), (word_rnn(5), word_rnn(3))):
        bands = tg.draw.compare(a, b, tokens=words, level="op").picture.bands
        assert all(x.token == words[int(x.title.removeprefix("t = "))] for x in bands) and len(bands) == 8
        assert "cat" in tg.draw.compare(a, b, "flow", tokens=words).pipe(encoding="utf-8")
        with pytest.raises(tg.GraphError, match="tokens has a key 6 that is no time step"):
            tg.draw.compare(a, b, tokens={1: "the", 6: "mat"})
    with pytest.raises(tg.GraphError, match="tokens= is for graphs"):
        tg.draw.compare(given("compiled", "a"), given("compiled", "a"), "compiled", tokens={0: "a"})
    picture = tg.draw.compare(unmarked(2), unmarked(3), tokens={0: "a", 2: "c"}, level="op").picture
    assert [x.token for x in picture.bands] == ["a", "", "a", "", "c"], "steps told from loops"


def test_states_are_compared_by_parts_of_the_scale():
    picture = tg.draw.compare(network(), network(gain=-1.5), "states", titles=["before", "after"]).picture
    assert re.fullmatch(r"differs by \d+% of the scale or more", picture.differs)
    assert picture.ruler.span[1] == -picture.ruler.span[0]
    assert {"before", "after"} <= {x.text for x in picture.notes}


@each("view", list(VIEWS))
def test_each_view_and_each_writer(view, tmp_path):
    a = given(view, "a")
    drawing = tg.draw.compare(a, a, view)
    for suffix in ("svg", "html", "txt", "dot"):
        drawing.save(tmp_path / f"x.{suffix}")
    assert drawing.picture.listed == ["nothing differs"] and drawing.text().count("== ") == 2
    assert "nothing differs" in drawing.pipe(encoding="utf-8") and "nothing differs" in drawing.pipe("html", "utf-8")


def test_frames_are_in_each_writer():
    drawing = tg.draw.compare(network(), network(extra=True), level="op")
    count = len(drawing.picture.rims)
    assert count == drawing.pipe(encoding="utf-8").count('class="rim"')
    assert count == len({*re.findall(r"\trim(\d+)_", drawing.source)})
    assert drawing.pipe("html", "utf-8").count('stroke-dasharray="3 2"') == 3, "two, and one in the legend"


@pytest.mark.parametrize("fit", AREAS)
def test_it_fits_an_area(fit):
    wide, high, least = AREAS[fit]
    drawing = tg.draw.compare(net.rnn(4), net.cell_lstm(4), gradients=True, fit=fit)
    width, height, smallest = file_of(drawing)
    assert width <= wide + 1 and height <= high + 1 and smallest >= least - 0.02


def test_words_are_chinese():
    for view, options in {"unrolled": {"gradients": True, "level": "op"}, "flow": {}, "states": {}}.items():
        drawing = tg.draw.compare(word_rnn(4), lstm(4), view, lang="zh", titles=["甲", "乙"], **options)
        told = [*drawing.picture.listed, drawing.picture.title, *drawing.text().splitlines()]
        names = names_of(drawing.picture) | {"tanh", "sum", "mean"}
        assert not {x: english(x, names) for x in told if english(x, names)}


@each(
    "wrong", [{"titles": ["a"]}, {"titles": "ab"}, {"ax": 3}, {"layout": "dot"}, {"view": "sideways"}, {"level": "x"}]
)
def test_wrong_calls_are_named(wrong):
    words = {"view": "draw has no view 'sideways'", "level": "draw has no level 'x'"}
    with pytest.raises(tg.GraphError, match=words.get(next(iter(wrong)), next(iter(wrong)))):
        tg.draw.compare(network(), network(), **wrong)
