"""Networks without time, layer by layer: which ops are a box, what it is called, and how it is fitted."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.draw.fitting import measured

sys.path.insert(0, str(Path(__file__).parents[3] / "examples"))

import gallery_networks as net


def new(name, *shape):
    return tg.parameter(np.random.default_rng(len(name)).normal(size=shape) * 0.4, name)


def data(name, *shape):
    return tg.constant(np.random.default_rng(1).normal(size=shape), name=name)


def crossed(x):
    return tg.mean(tg.softmax_cross_entropy(x, np.arange(x.shape[0]) % x.shape[1]), name="loss")


def deep(count=30):
    x = data("x", 4, 6)
    for i in range(1, count + 1):
        x = tg.tanh(x @ new(f"W{i}", 6, 6) + new(f"b{i}", 6))
    return crossed(x @ new("V", 6, 5))


def skipping():
    x = data("x", 4, 6)
    h1 = tg.relu(x @ new("W1", 6, 6) + new("b1", 6))
    h2 = tg.relu(h1 @ new("W2", 6, 6))
    h3 = tg.relu(h2 @ new("W3", 6, 6)) + h1
    return crossed(h3 @ new("V", 6, 5))


def attending():
    x = data("x", 5, 8)
    q, k, v = (x @ new(name, 8, 8) for name in ("W_q", "W_k", "W_v"))
    h = x + (tg.softmax(q @ k.T, axis=1) @ v) @ new("W_o", 8, 8)
    return crossed(h @ new("V", 8, 5))


def twins():
    w, b, v = new("W", 6, 8), new("b", 8), new("V", 8, 4)
    first, second = (tg.tanh(data(name, 4, 6) @ w + b) @ v for name in ("left", "right"))
    return tg.mean(tg.square(first - second), name="loss")


def two_losses():
    x = data("x", 4, 6)
    h = tg.relu(x @ new("W", 6, 8))
    first = crossed(h @ new("A", 8, 5))
    second = tg.mean(tg.squared_error(h @ new("B", 8, 6), x), name="reconstruction")
    return tg.add(first, 0.1 * second, name="total")


def penalized():
    x, w = data("x", 4, 6), new("W", 6, 8)
    return tg.add(crossed(tg.relu(x @ w) @ new("V", 8, 5)), 0.01 * tg.sum(tg.square(w)), name="total")


def scoped():
    x = data("x", 4, 6)
    with tg.scope("stem"):
        x = tg.relu(x @ new("W1", 6, 8) + new("b1", 8))
    x = tg.relu(x @ new("W2", 8, 8))
    with tg.scope("head"):
        x = x @ new("W3", 8, 5)
    return crossed(x)


def named():
    h = tg.relu(data("x", 4, 6) @ new("W1", 6, 8), name="hidden")
    return tg.softmax(tg.relu(h @ new("W2", 8, 8)) @ new("W3", 8, 5), axis=1, name="probabilities")


def before():
    x = (data("x", 4, 6) - 0.5) * new("scale", 6)
    return crossed(tg.relu(x @ new("W", 6, 8)) @ new("V", 8, 5))


def tower(x, letter):
    h = tg.relu(x @ new(letter + "1", 6, 6) + new(letter.lower(), 6))
    return h @ new(letter + "2", 6, 6)


def towers():
    h = tg.concatenate([tg.tanh(tower(data(x, 4, 6), x[0].upper())) for x in ("image", "text")], axis=1)
    return crossed(h @ new("M", 12, 5))


def alike():
    a, b = tower(data("image", 4, 6), "I"), tower(data("text", 4, 6), "T")
    return crossed(a @ b.T / 0.07)


def summed():
    """A sum of two products is a single one of both inputs side by side."""
    return crossed(tg.tanh(data("x", 4, 6) @ new("W", 6, 5) + data("h", 4, 5) @ new("U", 5, 5) + new("b", 5)))


def experts():
    x = data("x", 4, 6)
    gate = tg.softmax(x @ new("G", 6, 3), axis=1, name="gate")
    return crossed(sum(gate[:, k : k + 1] * tower(x, "ABC"[k]) for k in range(3)) @ new("V", 6, 5))


def variational():
    x, noise = data("x", 4, 6), data("noise", 4, 2)
    h = tg.tanh(x @ new("W", 6, 8))
    mean, log_var = h @ new("M", 8, 2), h @ new("S", 8, 2)
    y = (mean + tg.exp(0.5 * log_var) * noise) @ new("D", 2, 6)
    divergence = -0.5 * tg.sum(1 + log_var - tg.square(mean) - tg.exp(log_var))
    return tg.add(tg.sum(tg.squared_error(y, x)), divergence, name="total")


def back_and_forth():
    x = data("x", 4, 6)
    with tg.scope("a"):
        y = tg.relu(x @ new("W", 6, 6))
    between = [y @ new("U", 6, 6)]
    with tg.scope("a"):
        y = y + between[0]
    return crossed(y @ new("V", 6, 5))


def around():
    y = data("x", 4, 6) @ new("W", 6, 6)
    with tg.scope("a"):
        z = tg.relu(y)
    return crossed((y - z) @ new("V", 6, 5))


def ended():
    """What follows a scope is no layer, for it has no product."""
    x = data("x", 4, 6)
    with tg.scope("stem"):
        x = x @ new("W1", 6, 8)
    x = tg.tanh(x) / 2
    return crossed(tg.relu(x @ new("W2", 8, 8)) @ new("W3", 8, 5))


def measured_apart():
    y = tg.relu(data("x", 4, 6) @ new("W", 6, 8)) @ new("V", 8, 5)
    with tg.scope("distance"):
        y = y - data("target", 4, 5)
    return tg.mean(tg.square(y), name="loss")


def one_before_two():
    """What two layers read is in neither, and does not make one of them."""
    x = data("x", 4, 6) * new("scale", 6)
    return crossed(tg.relu((x + 1) @ new("A", 6, 5)) * tg.tanh((x - 1) @ new("B", 6, 5)))


NETWORKS = {
    "perceptron": (net.perceptron, ["x", "layer 1", "layer 2", "layer 3", "loss"]),
    "skip over two": (skipping, ["x", "h1", "h2", "h3", "layer 4", "loss"]),
    "attention": (attending, ["x", "layer 1", "layer 2", "layer 3", "loss"]),
    "twins": (twins, ["left", "layer 1", "layer 2", "right", "layer 1", "layer 2", "loss"]),
    "two losses": (two_losses, ["x", "layer 1", "layer 2a", "loss", "layer 2b", "reconstruction", "total"]),
    "penalty": (penalized, ["x", "layer 1", "layer 2", "loss", "total"]),
    "scopes": (scoped, ["x", "stem", "layer 2", "head", "loss"]),
    "names": (named, ["x", "hidden", "layer 2", "probabilities"]),
    "before": (before, ["x", "layer 1", "layer 2", "loss"]),
    "blocks": (net.residual, ["x", "block 1", "block 2", "loss"]),
    "towers": (towers, ["image", "text", *(f"layer {x}" for x in ("1a", "2a", "1b", "2b", "3")), "loss"]),
    "alike": (alike, ["image", "text", *(f"layer {x}" for x in ("1a", "2a", "1b", "2b")), "loss"]),
    "summed": (summed, ["x", "h", "layer 1", "loss"]),
    "experts": (experts, ["x", "gate", *(f"layer {k}{x}" for x in "abc" for k in (1, 2)), "layer 3", "loss"]),
    "variational": (variational, ["x", "noise", "layer 1", "layer 2", "layer 3", "divergence", "total"]),
    "back and forth": (back_and_forth, ["x", "a", "layer 2", "a", "layer 3", "loss"]),
    "around": (around, ["x", "y", "a", "y", "layer 2", "loss"]),
    "apart": (measured_apart, ["x", "target", "layer 1", "layer 2", "distance", "loss"]),
    "ended": (ended, ["x", "stem", "layer 2", "layer 3", "loss"]),
    "one before two": (one_before_two, ["x", "x", "layer 1a", "layer 1b", "loss"]),
    "one": (lambda: crossed(data("x", 4, 6) @ new("W", 6, 5) + new("b", 5)), ["x", "layer 1", "loss"]),
    "rows": (lambda: crossed(new("E", 9, 6)[np.arange(4)] @ new("V", 6, 5)), ["layer 1", "layer 2", "loss"]),
}


def titles(drawn):
    return [box.title[0].text.removesuffix(" =") for box in drawn.picture.boxes]


@each("name", NETWORKS)
def test_a_box_is_a_product_with_parameters_and_what_follows(name):
    make, boxes = NETWORKS[name]
    root = make()
    drawn = tg.draw(root, level="layer")
    assert sorted(titles(drawn)) == sorted(boxes) and drawn.picture.subtitle == ""
    ends = [(a.tail, a.head) for a in drawn.picture.arrows]
    assert all(tail < head for tail, head in ends), "boxes are in order, so they feed each other one way"
    assert len({*ends}) == len(ends)
    counted = re.search(r"(\d+) layers", drawn.picture.title)
    numbers = [int(re.findall(r"\d+", x)[0]) for x in titles(drawn) if x.startswith("layer")]
    assert max(numbers, default=1) <= (int(counted[1]) if counted else 1), "the title counts the same layers"
    shown = [part.text for box in drawn.picture.boxes for part in box.title if part.kind == "chip"]
    assert {x.removesuffix(".T") for x in shown} == {use.name for use in drawn.picture.uses}
    if root.size == 1:
        assert float(drawn.picture.boxes[-1].title[-1].text) == pytest.approx(root.item(), rel=1e-3)


@each("name", NETWORKS)
@pytest.mark.parametrize("fit", ["slide", "a4", "column"])
def test_each_can_be_read_and_no_one_box_stands_for_all(name, fit):
    picture = tg.draw(NETWORKS[name][0](), fit=fit).picture
    wide, high, least = measured(picture)
    area = {"slide": (960, 540, 12), "a4": (453, 700, 7), "column": (234, 648, 7)}[fit]
    assert wide * picture.scaled <= area[0] + 1 and high * picture.scaled <= area[1] + 1
    assert least * picture.scaled >= area[2] - 0.02 and "network" not in [box.title[0].text for box in picture.boxes]


def test_a_slide_has_the_layers_of_a_perceptron_with_their_parameters():
    drawn = tg.draw(net.perceptron(), fit="slide")
    assert titles(drawn) == NETWORKS["perceptron"][1] and drawn.picture.subtitle == "a box is a layer"
    assert [[x.text for x in box.title[1:]] for box in drawn.picture.boxes[1:4]] == [
        [f"W{k}.T", f"b{k}"] for k in (1, 2, 3)
    ]
    said = tg.draw(net.perceptron(), fit="slide", lang="zh").picture
    assert said.subtitle == "一个方框是一层" and said.boxes[1].title[0].text == "第 1 层"
    heat = tg.draw(net.perceptron(), level="layer", gradients=True).picture
    assert heat.boxes[-1].fill == "#ffffff" != heat.boxes[-2].fill, "the loss is the root, whose gradient is 1"


def test_of_many_layers_the_first_and_the_last_are_shown():
    drawn = tg.draw(deep(), fit="slide")
    first, last = ["x", "layer 1", "layer 2", "layer 3"], ["layer 30", "layer 31", "loss"]
    assert titles(drawn) == [*first, "layer 4 … layer 29", *last]
    assert "a box is a layer, or several" in drawn.picture.subtitle and "31 layers" in drawn.picture.title
    assert "第 4 层 … 第 29 层" in titles(tg.draw(deep(), fit="slide", lang="zh"))
    assert len(titles(tg.draw(deep(), level="layer"))) == 33
    assert titles(tg.draw(deep(), max_nodes=40))[1:3] == ["layer 1", "layer 2"]


LOSSES = {
    "squares": (lambda p, y: np.mean((y - p) ** 2), lambda p, y: 2 * (p - y) / p.size),
    "distance": (lambda p, y: np.mean(np.abs(p - y)), lambda p, y: np.sign(p - y) / p.size),
    "entropy": (lambda p, y: -(y * np.log(tg.exp(p))).sum(), lambda p, y: -y / np.exp(p)),
    "hinge": (lambda p, y: np.mean(np.maximum(0.0, 1 - y * p)), lambda p, y: -y * (y * p < 1) / p.size),
    "both": (lambda p, y: -np.sum(y * np.log(p * p) + y * tg.exp(p)), lambda p, y: -y * (2 / p + np.exp(p))),
    "picked": (lambda p, y: -np.sum(p[np.arange(4), [0, 2, 1, 0]] * y[:, 0]), lambda p, y: -y[:, 0]),
    "mean": (lambda p, y: np.mean(p) * np.mean(y), lambda p, y: np.full(p.shape, np.mean(y) / p.size)),
    "centred": (lambda p, y: np.sum((p - np.mean(p)) * y), lambda p, y: y - np.mean(y)),
}
"""Losses by hand, and their gradients for the output of the last layer: ``exp(p)`` where that is one."""


@each("name", LOSSES)
def test_a_loss_by_hand_begins_where_the_output_is_compared(name):
    loss, gradient = LOSSES[name]
    y = tg.relu(data("x", 4, 6) @ new("W", 6, 8)) @ new("V", 8, 3) + new("c", 3)
    target = data("target", 4, 3)
    right = gradient(y.value, target.value)
    picture = tg.draw(loss(y, target), level="layer", gradients=True).picture
    last = next(box for box in picture.boxes if "V" in [part.text for part in box.title])
    assert last.norm == pytest.approx(np.linalg.norm(right)) and "4×3" in last.below
    assert len(picture.boxes) == 5, "one box is the loss"


def test_a_difference_from_data_that_layers_read_belongs_to_the_loss():
    x = data("x", 4, 6)
    y = tg.relu(x @ new("W", 6, 8)) @ new("V", 8, 6)
    last = tg.draw(np.mean((x - y) ** 2), level="layer", gradients=True).picture.boxes[-2]
    assert last.norm == pytest.approx(np.linalg.norm(2 * (y.value - x.value) / y.size))


def test_what_meets_after_one_look_up_is_in_its_layer():
    rows = new("E", 9, 6)[np.arange(4)]
    boxes = tg.draw(crossed((tg.tanh(rows) * tg.relu(rows)) @ new("V", 6, 5)), level="layer").picture.boxes
    assert [box.below.partition(" · ")[0] for box in boxes] == ["4 ops", "4×5", "2 ops"]


def test_towers_that_meet_among_many_layers_are_one_box_there():
    a, b = (data(name, 4, 6) for name in ("image", "text"))
    for k in range(4):
        a, b = tg.tanh(a @ new(f"A{k}", 6, 6)), tg.tanh(b @ new(f"B{k}", 6, 6))
    h = a * b
    for k in range(26):
        h = tg.tanh(h @ new(f"W{k}", 6, 6))
    told = titles(tg.draw(crossed(h @ new("V", 6, 5)), fit="slide"))
    assert [x for x in told if "…" in x] == ["layer 4 … layer 29"] and {"layer 3a", "layer 3b"} <= {*told}


def test_what_has_no_layer_is_drawn_op_by_op():
    h = tg.tanh(data("x", 4, 6) * new("scale", 6))
    drawn = tg.draw(tg.mean(tg.square(h), name="loss"), level="layer")
    assert "no layer is found" in drawn.picture.subtitle and "layers" not in drawn.picture.title
