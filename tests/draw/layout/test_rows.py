"""Rows of columns: layers are bands with the first one low, directions their halves; c of an LSTM runs straight."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import lstm, weights, word_rnn
from tests.draw.recurrent import attention, encoder_decoder, two_scopes
from tests.each import each


def sequence(cell, steps=4, **options):
    return tg.mean(tg.unroll(cell, np.ones((steps, 2, 3), np.float32), **options)[0])


def stacked(kind=tg.cells.GRU, layers=2, both=True):
    return sequence(tg.cells.Stack.of(kind, 3, 4, num_layers=layers, bidirectional=both, rng=0))


def ends(drawn):
    """The arrows of states through time: (points, box before, box after)."""
    boxes = drawn.boxes
    pairs = [(a.points, boxes[a.tail], boxes[a.head]) for a in drawn.arrows if a.width == 1.9]
    return [(way, a, b) for way, a, b in pairs if a.node.step is not None and b.node.step != a.node.step]


def is_straight(way):
    return max(y for _, y in way) - min(y for _, y in way) < 1e-9


@each("steps", [2, 4, 7])
def test_c_runs_on_a_straight_rail_over_h(steps):
    """From its sum to the product with the forget gate of the next step, in the row over all but what is read of h."""
    drawn = tg.draw(lstm(steps), level="op").picture
    straight = [(a, b) for way, a, b in ends(drawn) if is_straight(way)]
    bent = [(a, b) for way, a, b in ends(drawn) if not is_straight(way)]
    assert len(straight) == len(bent) == steps - 1
    for (c, use), (h, gates) in zip(straight, bent, strict=True):
        assert c.node.op.name == "add" and use.node.op.name == "multiply" and c.y == use.y
        assert h.node.op.name == "multiply" and gates.node.op.name == "matmul" and gates.y < h.y < c.y
    rows = {box.y for box in drawn.boxes if box.node.step == 0}
    assert sum(y > straight[0][0].y for y in rows) == 1, "only the output is over the rail"


@each("kind", [tg.cells.LSTM, tg.cells.GRU, tg.cells.PeepholeLSTM, tg.cells.UGRNN, tg.cells.MGU], ids=str)
def test_gated_cells_have_a_rail(kind):
    drawn = tg.draw(sequence(kind(3, 4, rng=0)), level="op", max_nodes=None).picture
    straight = [(a, b) for way, a, b in ends(drawn) if is_straight(way)]
    assert len(straight) >= 3 and all(a.y == b.y for a, b in straight)


def test_a_rail_holds_what_comes_after_the_state_under_it():
    """Each op is over its inputs, but for those between the rail and h."""
    drawn = tg.draw(lstm(3), level="op").picture
    boxes = drawn.boxes
    down = [(boxes[a.tail], boxes[a.head]) for a in drawn.arrows if boxes[a.tail].node.step == boxes[a.head].node.step]
    down = [(a, b) for a, b in down if a.node.step is not None and a.y > b.y]
    assert {(a.node.op.name, b.node.op.name) for a, b in down} == {("add", "tanh"), ("tanh", "multiply")}


@each("level", ["op", "cell"])
@each("both", [False, True])
def test_layers_are_bands_and_directions_halves(level, both):
    """Heights of the ops of each scope: layer 0 under layer 1, forward under backward, no row in common."""
    drawn = tg.draw(stacked(both=both), level=level, max_nodes=None).picture
    heights: dict[str, list[float]] = {}
    for box in drawn.boxes:
        if box.role in ("op", "state") and box.node.step is not None and box.node.scope:
            heights.setdefault(box.node.scope, []).append(box.y)
    order = sorted(heights, key=lambda x: min(heights[x]))
    names = ["forward", "backward"] if both else [""]
    assert order == [f"layer{k}/{name}".strip("/") for k in (0, 1) for name in names]
    for low, high in pairwise(order):
        assert max(heights[low]) < min(heights[high])
    if level == "cell":
        assert all(len(set(ys)) == 1 for ys in heights.values()), "a row a layer"


def test_scopes_of_a_hand_written_loop_are_bands_too():
    drawn = tg.draw(two_scopes(3), level="op").picture
    rows = {name: [b.y for b in drawn.boxes if b.node.scope == name and b.node.op] for name in ("lower", "upper")}
    assert max(rows["lower"]) < min(rows["upper"])


def test_two_layers_without_scopes_are_told_by_their_states():
    w = weights(A=(3, 3), B=(3, 3), C=(3, 3), D=(3, 3))
    low, high = tg.constant(np.zeros((2, 3))), tg.constant(np.zeros((2, 3)))
    for t in range(3):
        with tg.step(t):
            low = tg.tanh(tg.constant(np.ones((2, 3)), name="x") @ w["A"] + low @ w["B"], name="low")
            high = tg.tanh(low @ w["C"] + high @ w["D"], name="high")
    drawn = tg.draw(tg.sum(high), level="op").picture
    lows, highs = ({b.y for b in drawn.boxes if b.node.name == name} for name in ("low", "high"))
    (between,) = {b.y for b in drawn.boxes if any(part.text.startswith("C") for part in b.title)}
    assert max(lows) < between < min(highs) and len(lows) == len(highs) == 1


@each("level", ["op", "cell"])
@each("network", [attention, encoder_decoder])
def test_an_encoder_and_its_decoder_have_columns_of_their_own(level, network):
    drawn = tg.draw(network(4, 3), level=level).picture
    assert [b.title for b in drawn.bands][:7] == [*(f"t = {t}" for t in range(4)), *(f"t = {t}" for t in range(3))]
    notes = {note.text: note.x for note in drawn.notes}
    assert drawn.bands[0].left < notes["encoder"] < drawn.bands[3].right
    assert drawn.bands[4].left < notes["decoder"] < drawn.bands[6].right
    for way, _, _ in ends(drawn):
        assert way[0][0] < way[-1][0], "no state runs back"


def test_tokens_of_an_encoder_and_a_decoder_are_one_a_column():
    drawn = tg.draw(encoder_decoder(3, 2), tokens=list("abcde")).picture
    assert [b.token for b in drawn.bands][:5] == list("abcde")
    drawn = tg.draw(encoder_decoder(3, 2), tokens={0: "first"}).picture
    assert [b.token for b in drawn.bands][:5] == ["first", "", "", "first", ""]


def test_what_reads_an_encoder_is_a_bar_over_the_encoder():
    drawn = tg.draw(attention(4, 3), level="op").picture
    (bar,) = [b for b in drawn.boxes if b.y > drawn.bands[0].top and b.width > 400 and b.title[1].text == "stack"]
    assert bar.title[0].text == "memory =", "what attention looks at"
    assert bar.x - bar.width / 2 == drawn.bands[0].left and bar.x + bar.width / 2 == drawn.bands[3].right


def test_layers_that_run_both_ways_are_linked_within_a_step():
    """The outputs of both directions of a step go to both directions of the next layer, with the gradients they had."""
    drawn = tg.draw(stacked(), level="op", gradients=True, max_nodes=None).picture
    bars = [b for b in drawn.boxes if b.y > drawn.bands[0].top and b.node.op.name == "concatenate"]
    assert len(bars) == 1, "of two: that of the last layer"
    single = tg.draw(stacked(both=False), level="cell").picture
    assert not [b for b in single.boxes if b.node.op is not None and b.node.op.name == "stack"]
    pairs = [(drawn.boxes[a.head], drawn.boxes[a.tail]) for a in drawn.arrows if "∂" in a.tip]
    across = [(low, high) for low, high in pairs if low.node.scope[:6] == "layer0" and high.node.scope[:6] != "layer0"]
    assert {low.node.scope for low, _ in across} == {"layer0/forward", "layer0/backward"}
    assert all(low.node.step == high.node.step and low.y < high.y for low, high in across) and len(across) >= 4 * 4


def test_dots_take_less_room_than_a_step():
    drawn = tg.draw(word_rnn(9), steps=[0, 1, -1]).picture
    wide = [band.right - band.left for band in drawn.bands]
    assert wide[2] < 0.6 * min(wide[0], wide[1], wide[3])


def test_rows_with_flat_arrows_are_further_apart():
    w = weights(**{f"W{i}": (3, 3) for i in range(9)})
    x = tg.constant(np.ones((2, 3)), name="x")
    fan = tg.draw(tg.sum(sum(tg.tanh(x @ w[name]) for name in w))).picture
    chain = tg.draw(tg.sum(tg.tanh(x @ w["W0"]))).picture
    gaps = [b.y - a.y for d in (fan, chain) for a, b in [sorted((d.boxes[0], d.boxes[1]), key=lambda box: box.y)]]
    assert gaps[0] > gaps[1] == pytest.approx(58)


def test_dots_have_no_tags_of_slices():
    """A tag stands at an arrow, and between dots there is none."""
    drawn = tg.draw(sequence(tg.cells.LSTM(3, 4, rng=0), 9), steps=[0, 1, -1], level="op").picture
    (dots,) = [band for band in drawn.bands if "…" in band.title]
    tags = [note for note in drawn.notes if ":" in note.text]
    assert len(tags) == 3 * 4 and not [note for note in tags if dots.left < note.x < dots.right]


def test_what_joins_both_directions_says_once_over_how_many_steps():
    (bar,) = [b for b in tg.draw(stacked(), level="cell").picture.boxes if b.title[0].text == "concatenate"]
    assert bar.below.count("over 4 steps") == 1
