"""An input that two directions, layers or loops read at one step, or several ops outside of time, is one box.

What comes back to it is the sum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import weights
from tests.draw.recomputed import Recomputed
from tests.each import each

XS = np.random.default_rng(3).normal(size=(4, 2, 3)).astype(np.float32)


def two_directions() -> tg.Node:
    a, _ = tg.unroll(tg.cells.RNN(3, 4, rng=0), XS)
    b, _ = tg.unroll(tg.cells.RNN(3, 4, rng=1), XS, reverse=True)
    return tg.mean(tg.square(tg.concatenate([a, b], axis=2)))


def two_unrolls() -> tg.Node:
    return tg.mean(tg.unroll(tg.cells.RNN(3, 4, rng=0), XS)[0] * tg.unroll(tg.cells.GRU(3, 4, rng=1), XS)[0])


def bidirectional() -> tg.Node:
    stack = tg.cells.Stack.of(tg.cells.RNN, 3, 4, num_layers=2, bidirectional=True, rng=0)
    return tg.mean(tg.square(tg.Recurrent(stack)(XS)[0]))


def by_hand() -> tg.Node:
    w = weights(U=(3, 4), W=(4, 4), V=(3, 4))
    h: Any = np.zeros((2, 4))
    g: Any = np.zeros((2, 4))
    for t in range(4):
        h = np.tanh(XS[t] @ w["U"] + h @ w["W"])
    for t in reversed(range(4)):
        g = np.tanh(XS[t] @ w["V"] + g @ w["W"])
    return tg.mean(h * g)


def inputs(drawing: tg.Drawing) -> list[Any]:
    return [b for b in drawing.picture.boxes if b.role == "input" and b.title[0].text.startswith("x")]


def shown_norms(drawing: tg.Drawing, box: Any) -> list[Any]:
    """The norm of a box's gradient, which the backward view has in a box of its own."""
    twins = [b.norm for b in drawing.picture.boxes if b.node is not None and b.node.origin is box.node]
    return twins or [box.norm]


@each("root", [two_directions(), two_unrolls(), bidirectional(), by_hand()])
@each("view", ["unrolled", "backward"])
def test_it_is_drawn_once_with_the_sum_of_both_gradients(root: tg.Node, view: str) -> None:
    drawing = tg.draw(root, view, gradients=True, level="op")
    boxes, right = inputs(drawing), Recomputed(root)
    assert [b.title[0].text for b in boxes] == ["x₀", "x₁", "x₂", "x₃"]
    for t, box in enumerate(boxes):
        same = [x for x in right.nodes if x.shape == (2, 3) and np.array_equal(right.value[x], XS[t])]
        assert len(same) == 2
        norm = np.linalg.norm(sum(right.gradient[x] for x in same))
        assert shown_norms(drawing, box) == pytest.approx([norm], rel=2e-3)


def test_once_on_the_cards_and_in_what_the_user_computed() -> None:
    root = two_directions()
    assert [b.title[0].text for b in inputs(tg.draw(root, "rolled"))] == ["xₜ"]
    right = Recomputed(root)
    drawn = tg.draw(root, gradients=right.gradient)
    assert [b.norm for b in inputs(drawn)] == pytest.approx([b.norm for b in inputs(tg.draw(root, gradients=True))])


def test_what_is_read_at_other_times_or_is_no_one_array_stays_apart() -> None:
    encoder, decoder = tg.cells.RNN(3, 4, rng=0), tg.cells.RNN(3, 4, rng=1)
    _, h = tg.unroll(encoder, XS)
    again = tg.mean(tg.unroll(decoder, XS, h)[0])
    assert len(inputs(tg.draw(again))) == 8, "a decoder reads in columns of its own"
    ones = [np.ones((4, 2, 3)), np.ones((4, 2, 3))]
    a, b = (tg.unroll(cell, xs)[0] for cell, xs in zip((encoder, decoder), ones, strict=True))
    assert len(inputs(tg.draw(tg.mean(a * b), level="op"))) == 8, "two arrays of ones may be two inputs"


X = XS[0]


def skip() -> tg.Node:
    w = weights(U=(3, 4), V=(4, 3))
    return tg.mean(tg.square(X + np.tanh(X @ w["U"]) @ w["V"]))


def experts() -> tg.Node:
    w = weights(G=(3, 2), A=(3, 4), B=(3, 4))
    g = tg.softmax(X @ w["G"], axis=1)
    return tg.mean(tg.square(sum(g[:, k : k + 1] * np.tanh(X @ w["AB"[k]]) for k in range(2))))


def autoencoder() -> tg.Node:
    w = weights(U=(3, 2), V=(2, 3))
    return tg.mean(tg.square(np.tanh(X @ w["U"]) @ w["V"] - X))


@each("network", [skip, experts, autoencoder])
@each("view", ["unrolled", "backward", "rolled"])
def test_without_time_too(network: Any, view: str) -> None:
    root = network()
    drawing, right = tg.draw(root, view, gradients=True), Recomputed(root)
    (box,) = (b for b in drawing.picture.boxes if b.role == "input")
    same = [x for x in right.nodes if x.op is None and np.array_equal(right.value[x], X)]
    assert box.title[0].text == "x" and len(same) > 1
    norm = np.linalg.norm(sum(right.gradient[x] for x in same))
    assert shown_norms(drawing, box) == pytest.approx([norm], rel=2e-3)


def test_data_of_other_numbers_stays_apart() -> None:
    w = weights(U=(3, 4), V=(3, 4))
    boxes = tg.draw(tg.mean((X @ w["U"]) * (XS[1] @ w["V"]))).picture.boxes
    assert [b.role for b in boxes].count("input") == 2
