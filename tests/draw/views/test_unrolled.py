"""The unrolled picture: columns in time order, rows by role, nothing on top of anything else."""

from itertools import pairwise

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import both_ways, lstm, once, perceptron, word_rnn
from tinygraph.draw.shown.folding import fold

NETWORKS = {
    "rnn": word_rnn(4, cut=2),
    "one step": word_rnn(1),
    "lstm": lstm(5, truncate=2),
    "both ways": once(both_ways(4)),
    "perceptron": perceptron(),
    "leaf": tg.constant(1.0),
    "root": tg.parameter(1.0),
}


def picture(node, gradients=None, tokens=None):
    return tg.draw(node, gradients=gradients, tokens=tokens, level="op").picture


def titled(drawn):
    return {" ".join(part.text for part in box.title): box for box in drawn.boxes}


@pytest.mark.parametrize("name", NETWORKS)
def test_no_two_boxes_overlap_and_every_box_of_a_step_is_in_its_band(name):
    drawn = picture(NETWORKS[name])
    boxes = drawn.boxes
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            apart = abs(a.x - b.x) - (a.width + b.width) / 2, abs(a.y - b.y) - (a.height + b.height) / 2
            assert max(apart) > 0, (a, b)
    for node, box in zip(fold([NETWORKS[name]]).nodes, boxes, strict=True):
        if node.step is not None:
            band = next(b for b in drawn.bands if b.title == f"t = {node.step}")
            assert band.left < box.x - box.width / 2 and box.x + box.width / 2 < band.right
            assert band.foot < box.y < band.top


@pytest.mark.parametrize("steps", [7, 12, 83])
def test_columns_stand_in_exact_time_order(steps):
    bands = picture(word_rnn(steps)).bands
    assert [b.title for b in bands] == [f"t = {t}" for t in range(1, steps + 1)]
    assert all(a.right < b.left for a, b in pairwise(bands))


def test_time_order_holds_where_the_graph_was_built_backwards():
    h = tg.constant(np.zeros(2))
    for t in (9, 4, 2, 0):
        with tg.step(t):
            h = tg.tanh(h + 1.0)
    bands = picture(h).bands
    assert [b.title for b in bands] == ["t = 0", "t = 2", "t = 4", "t = 9"]
    assert all(a.right < b.left for a, b in pairwise(bands))


def test_rows_and_roles_of_the_word_network():
    drawn = picture(word_rnn(3))
    boxes = titled(drawn)
    x, h, loss = boxes["x2"], boxes["h2 = tanh"], next(b for k, b in boxes.items() if "softmax" in k)
    assert (x.role, h.role, loss.role) == ("input", "state", "loss")
    assert x.y < boxes["W @ h1"].y == boxes["U @ x2"].y < h.y < boxes["V @ h2"].y < loss.y
    assert boxes["h3 = tanh"].role == "state", "the last one too, though it is handed to no one"
    assert boxes["h0"].x < drawn.bands[0].left and boxes["h0"].role == "state"
    bars = [b for k, b in boxes.items() if k.startswith(("total = sum of 3", "total / 3"))]
    assert len(bars) == 2 and all(b.y > drawn.bands[0].top for b in bars)
    reads, above = bars
    assert reads.width == drawn.bands[-1].right - drawn.bands[0].left > 500, "one bar over all columns"
    assert above.width < 150 and above.x == reads.x


def test_equal_steps_look_equal():
    drawn = picture(lstm(5))
    shapes = [
        [
            (round(b.x - (band.left + band.right) / 2, 6), b.y, b.role)
            for b in drawn.boxes
            if band.left < b.x < band.right
        ]
        for band in drawn.bands
    ]
    inside = [[spot for spot in shape if spot[1] < drawn.bands[0].top] for shape in shapes]
    assert len(inside[0]) > 12 and all(shape == inside[0] for shape in inside[1:])


def test_arrows_end_on_the_boxes_that_they_join():
    for node in NETWORKS.values():
        drawn = picture(node)
        for arrow in drawn.arrows:
            for (x, y), box in (
                (arrow.points[0], drawn.boxes[arrow.tail]),
                (arrow.points[-1], drawn.boxes[arrow.head]),
            ):
                assert abs(x - box.x) <= box.width / 2 + 1e-6 and abs(y - box.y) <= box.height / 2 + 1e-6
            assert len(arrow.points) % 3 == 1


def test_arrows_run_past_boxes_and_not_over_them():
    drawn = picture(lstm(3))
    for arrow in drawn.arrows:
        ends = {arrow.tail, arrow.head}
        for x, y in arrow.points[3:-1:3]:
            for i, box in enumerate(drawn.boxes):
                assert i in ends or abs(x - box.x) > box.width / 2 or abs(y - box.y) > box.height / 2


def test_a_square_has_two_arrows():
    x = tg.exp(tg.constant([1.0]))
    drawn = picture(x * x)
    pairs = [(a.tail, a.head) for a in drawn.arrows]
    assert pairs.count((1, 2)) == 2 and len({tuple(a.points) for a in drawn.arrows}) == 3


def test_a_network_that_answers_at_the_end_has_a_column_after_time():
    h = tg.constant(np.zeros(2))
    w = tg.parameter(np.ones((2, 2)), name="W")
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(w @ h + 1.0)
    assert [b.title for b in picture(tg.sum(tg.exp(w @ h))).bands] == ["t = 0", "t = 1", "t = 2", "after"]


def test_both_directions_start_at_their_own_end():
    drawn = picture(both_ways(3))
    starts = sorted(b.x for b in drawn.boxes if b.title[0].text == "h₀" and len(b.title) == 1)
    assert starts[0] < drawn.bands[0].left and starts[1] > drawn.bands[-1].right


def test_what_serves_all_steps_lies_under_them():
    mask, h = tg.constant(np.ones(2), name="mask"), tg.constant(np.zeros(2))
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(h) * mask
    drawn = picture(h)
    assert titled(drawn)["mask"].y < drawn.bands[0].foot


def test_tokens_stand_under_their_steps():
    assert [b.token for b in picture(word_rnn(2), tokens=["I", "like"]).bands] == ["I", "like"]
    assert [b.token for b in picture(word_rnn(2), tokens={2: "like"}).bands] == ["", "like"]
    for wrong in (["I"], "Il", 7):
        with pytest.raises(tg.GraphError, match="tokens"):
            picture(word_rnn(2), tokens=wrong)


def test_a_gradient_graph_is_drawn_like_any_other():
    w, h = tg.parameter(0.7, name="w"), tg.constant(0.3, name="h0")
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(w * h)
    drawn = picture(tg.grad(h * h, w))
    assert {b.title for b in drawn.bands} == {"t = 0", "t = 1", "t = 2"} and len(drawn.boxes) > 15


def test_titles_read_as_typed():
    w, ids = tg.parameter(np.ones((3, 2)), name="E"), np.array(2)
    x = tg.constant([[1.0, 2.0]], name="x")
    cases = {
        "E [2]": tg.take(w, ids, axis=0),
        "x @ E.T": x @ w.T,
        "1 - exp(x)": 1 - tg.exp(x),
        "exp(x) * 0.5": tg.exp(x) * 0.5,
        "[0, 0:]": tg.exp(x)[0, 0:],
        "y = tanh(x)": tg.tanh(x, name="y"),
        "log softmax(x)": tg.log_softmax(x),
    }
    for title, node in cases.items():
        assert " ".join(part.text for part in picture(node).boxes[-1].title) == title


def test_data_stands_right_below_the_op_that_uses_it():
    late = tg.constant(np.ones(2), name="late")
    with tg.step(0):
        y = tg.tanh(tg.exp(tg.relu(tg.constant(np.ones(2), name="x")))) * late
    boxes = titled(picture(y))
    assert boxes["late"].y == boxes["tanh"].y > boxes["x"].y


def test_of_a_bar_over_all_columns_what_is_around_its_words_is_coloured():
    y, _ = tg.unroll(tg.cells.RNN(3, 4, rng=0), np.ones((5, 2, 3), np.float32))
    root = tg.mean(y**2)
    (bar,) = [b for b in tg.draw(root, gradients=True).picture.boxes if b.width > 500]
    assert 40 < bar.core < 230 and bar.fill != "#ffffff"
    assert not any(b.core for b in tg.draw(root).picture.boxes), "without gradients there is no colour"
