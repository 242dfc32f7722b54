"""A joined box in which a softmax weighs values says so; it is called attention where it has no better name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.networks import weights
from tests.draw.recurrent import attention
from tests.each import each

R = np.random.default_rng(0)
MEMORY = tg.constant(R.normal(size=(5, 4)), "memory")
W = weights(A=(4, 3), B=(4, 4), C=(4, 4), E=(5, 4))


def reader(look: Callable[[Any], Any], scope: str = "") -> tg.Node:
    """A cell that reads something by its state at each of three steps."""

    def cell(x: Any, h: Any) -> Any:
        h = tg.tanh(W["A"] @ x + W["B"] @ h + W["C"] @ look(h))
        return h, h

    with tg.scope(scope or "reader"):
        scoped = tg.unroll(cell, np.ones((3, 3)), np.zeros(4))[0] if scope else None
    return tg.sum(tg.unroll(cell, np.ones((3, 3)), np.zeros(4))[0] if scoped is None else scoped)


def entropy(h: Any) -> Any:
    p = tg.softmax(MEMORY @ h)
    return h * tg.sum(p * tg.log(p))


def one_by_one(h: Any) -> Any:
    p = tg.softmax(tg.stack([tg.sum(MEMORY[i] * h) for i in range(5)]))
    return sum(p[i] * MEMORY[i] for i in range(5))


LOOKS: dict[str, Callable[[Any], Any]] = {
    "product": lambda h: tg.softmax(MEMORY @ h) @ MEMORY,
    "sum": lambda h: tg.sum(tg.softmax(MEMORY @ h)[:, None] * MEMORY, axis=0),
    "einsum": lambda h: tg.einsum("k,kh->h", tg.softmax(MEMORY @ h), MEMORY),
    "one by one": one_by_one,
}
NONE: dict[str, Callable[[Any], Any]] = {
    "of a parameter": lambda h: tg.softmax(MEMORY @ h) @ W["E"],
    "of a number": lambda h: tg.softmax(h) * 2.0,
    "entropy": entropy,
    "sigmoid": lambda h: tg.sigmoid(MEMORY @ h) @ MEMORY,
}


def joined(root: tg.Node, level: str, **more: Any) -> list[tuple[str, str]]:
    boxes = tg.draw(root, level=level, max_nodes=None, **more).picture.boxes
    unit = "个运算" if more else " ops"
    return [(box.title[0].text, box.below.split(" · ")[0]) for box in boxes if unit in box.below]


@each("name", LOOKS)
def test_a_box_without_a_better_name_is_called_attention(name: str) -> None:
    root = reader(LOOKS[name])
    (kind,) = {title for title, _ in joined(root, "cell")}
    assert kind == "attention" and [title for title, _ in joined(root, "layer")] == ["attention × 3"]
    assert "attention" not in "".join(below for _, below in joined(root, "cell"))


@each("name", NONE)
def test_what_weighs_no_values_is_a_cell(name: str) -> None:
    assert {title for title, _ in joined(reader(NONE[name]), "cell")} == {"cell"}


def test_a_box_with_a_name_keeps_it_and_says_what_it_holds() -> None:
    scoped = joined(reader(LOOKS["product"], "reading"), "cell")
    assert {title for title, _ in scoped} == {"reading"} and all(x.endswith("with attention") for _, x in scoped)
    assert {*joined(attention(4, 3), "cell")} == {("encoder", "4 ops"), ("decoder", "8 ops with attention")}
    assert ("decoder × 3", "24 ops with attention") in joined(attention(4, 3), "layer")
    ((title, below),) = joined(attention(4, 3), "whole")
    assert title == "network × 7" and below.endswith(" ops with attention")


def test_in_chinese() -> None:
    assert joined(reader(LOOKS["product"]), "layer", lang="zh")[0][0] == "注意力 × 3"
    assert {*joined(attention(4, 3), "cell", lang="zh")} >= {("解码器", "8 个运算，含注意力")}
