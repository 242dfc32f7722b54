"""One cell that is run twice with the same weights: its cards and boxes are called by run, not as layers."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.networks import weights
from tests.draw.recurrent import tanh_cell, two_unrolls
from tests.each import each

W = weights(A=(4, 3), B=(4, 4), C=(4, 4), D=(4, 4), P=(2, 4, 4), Q=(4, 3))
R = np.random.default_rng(0)


def last(cell: Any, xs: Any) -> tg.Node:
    state: tg.Node = tg.unroll(cell, xs, np.zeros(4))[1]
    return state


def siamese() -> tg.Node:
    a, b = (last(tanh_cell(W["A"], W["B"]), R.normal(size=(4, 3))) for _ in range(2))
    return tg.sum((a - b) ** 2)


def siamese_of_two_layers() -> tg.Node:
    def run(xs: Any) -> tg.Node:
        outputs, _ = tg.unroll(tanh_cell(W["A"], W["B"]), xs, np.zeros(4))
        return last(tanh_cell(W["C"], W["D"]), outputs)

    return tg.sum((run(R.normal(size=(4, 3))) - run(R.normal(size=(4, 3)))) ** 2)


def parts_of_one_array() -> tg.Node:
    """Two layers with weights of their own, which are rows of one parameter."""
    outputs, _ = tg.unroll(tanh_cell(W["P"][0], W["P"][1]), R.normal(size=(4, 4)), np.zeros(4))
    return tg.sum(last(tanh_cell(W["P"][1], W["P"][0]), outputs) ** 2)


def half_shared() -> tg.Node:
    a = last(tanh_cell(W["A"], W["B"]), R.normal(size=(4, 3)))
    return tg.sum((a - last(tanh_cell(W["Q"], W["B"]), R.normal(size=(4, 3)))) ** 2)


def windows_of_a_stack() -> tg.Node:
    """Windows of one series by hand: each is a run of both layers."""
    cell = tg.cells.Stack([tg.cells.GRU(3, 4, rng=0), tg.cells.GRU(4, 4, rng=1)])
    xs = R.normal(size=(5, 2, 3)).astype(np.float32)
    first, second = (tg.unroll(cell, xs[k : k + 4])[0][-1] for k in range(2))
    return tg.mean((first - second) ** 2)


CASES: dict[str, tuple[Any, list[str]]] = {
    "siamese": (siamese, ["run 1", "run 2"]),
    "two layers": (siamese_of_two_layers, ["layer 1 run 1", "layer 2 run 1", "layer 1 run 2", "layer 2 run 2"]),
    "a stack": (windows_of_a_stack, ["layer0 run 1", "layer1 run 1", "layer0 run 2", "layer1 run 2"]),
    "half": (half_shared, ["layer 1", "layer 2"]),
    "layers": (lambda: two_unrolls(4), ["layer 1", "layer 2"]),
}


@each("name", CASES)
def test_cards_and_boxes_are_called_so(name: str) -> None:
    network, names = CASES[name]
    assert sorted(x.title for x in tg.draw(network(), "rolled").picture.bands) == sorted(names)
    titles = {box.title[0].text for box in tg.draw(network(), level="layer").picture.boxes}
    assert {f"{x} × 4" for x in names} <= titles


def test_other_parts_of_one_array_are_other_weights() -> None:
    assert {x.title for x in tg.draw(parts_of_one_array(), "rolled").picture.bands} == {"layer 1", "layer 2"}


def test_in_chinese() -> None:
    drawn = tg.draw(siamese(), "rolled", lang="zh").picture
    assert [x.title for x in drawn.bands] == ["第 1 次运行", "第 2 次运行"]
    titles = {x.title[0].text for x in tg.draw(siamese_of_two_layers(), level="layer", lang="zh").picture.boxes}
    assert "第 2 层第 1 次运行 × 4" in titles
    titles = {x.title[0].text for x in tg.draw(windows_of_a_stack(), level="layer", lang="zh").picture.boxes}
    assert "第 1 层第 2 次运行 × 4" in titles
