"""Cells that are run again, that stand above each other and that do not: what their cards, boxes and tables say."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.networks import weights
from tests.draw.recurrent import tanh_cell, two_unrolls
from tests.each import each
from tinygraph.draw.words import told

W = weights(A=(4, 3), B=(4, 4), C=(4, 4), D=(4, 4), P=(2, 4, 4), Q=(4, 3))
R = np.random.default_rng(0)


def sequence() -> Any:
    return R.normal(size=(4, 2, 3)).astype("f")


def gru(k: int, inputs: int = 3) -> Any:
    return tg.cells.GRU(inputs, 4, rng=k)


def outputs_of(k: int, xs: Any, **options: Any) -> Any:
    return tg.unroll(gru(k, xs.shape[-1]), xs, **options)[0]


def separate(*cells: Any) -> tg.Node:
    """Networks of their own, whose losses are summed up."""
    losses = (tg.mean(tg.unroll(cell, sequence())[0] ** 2) for cell in cells)
    return sum(losses)  # type: ignore[return-value]


def stack(k: int, **options: Any) -> Any:
    return tg.cells.Stack.of(tg.cells.GRU, 3, 4, rng=k, **options)


def separate_layers() -> tg.Node:
    """Two networks, the first of two layers; their losses are taken step by step in a loop of its own."""
    first, second = outputs_of(1, outputs_of(0, sequence())), outputs_of(2, sequence())
    total: Any = 0.0
    for t in range(4):
        with tg.step(t):
            total = total + tg.mean(first[t] ** 2) + tg.mean((second[t] @ W["C"]) ** 2)
    return total  # type: ignore[no-any-return]


def both_ways() -> Any:
    xs = sequence()
    return np.concatenate([outputs_of(0, xs), outputs_of(1, xs, reverse=True)], axis=2)


def layers_both_ways() -> tg.Node:
    under = both_ways()
    over = outputs_of(2, under) + outputs_of(3, under, reverse=True)
    return tg.mean(over**2)


def separate_ways(xs: Any = None) -> tg.Node:
    """Networks of opposite directions and, without ``xs``, of other data; no array is computed from both."""
    back = outputs_of(0, sequence() if xs is None else xs, reverse=True)
    return tg.mean(back**2) + tg.mean(outputs_of(1, sequence() if xs is None else xs) ** 2)


def layer_in_reverse() -> tg.Node:
    return tg.mean(outputs_of(2, outputs_of(0, sequence()) @ W["C"], reverse=True) ** 2)


def under_a_decoder(**options: Any) -> tg.Node:
    outputs = tg.unroll(stack(0, **options), sequence())[0]
    decoder = tg.cells.GRU(3, outputs.shape[-1], rng=1)
    return tg.mean(tg.unroll(decoder, sequence(), outputs[-1])[0] ** 2)


def on_rows(rows: slice) -> tg.Node:
    """A layer on some of the steps of another, which has twice as many or one more than the four of this one."""
    xs = R.normal(size=(8 if rows.step else 5, 2, 3)).astype("f")
    return tg.mean(outputs_of(2, outputs_of(0, xs)[rows] @ W["C"]) ** 2)


def over_a_stack_and_a_cell() -> tg.Node:
    xs = sequence()
    under = np.concatenate([tg.unroll(stack(0, num_layers=2), xs)[0], outputs_of(1, xs)], axis=-1)
    return tg.mean(outputs_of(2, under) ** 2)


def branches(over: bool = False) -> tg.Node:
    xs = sequence()
    outputs = outputs_of(0, xs) + outputs_of(1, xs)
    return tg.mean((outputs_of(2, outputs) if over else outputs) ** 2)


def branches_step_by_step() -> tg.Node:
    """What both branches say is added within each step, and no array outside of it is computed from both."""
    first, second = outputs_of(0, sequence()), outputs_of(1, sequence())
    total: Any = 0.0
    for t in range(4):
        with tg.step(t):
            total = total + tg.mean((first[t] @ W["C"] + second[t] @ W["D"]) ** 2)
    return total  # type: ignore[no-any-return]


def function_under_cells() -> tg.Node:
    states = tg.unroll(lambda x, h: (np.tanh(x @ W["A"].T + h @ W["B"]),) * 2, sequence(), np.zeros((2, 4)))[0]
    return tg.mean(outputs_of(1, outputs_of(0, states)) ** 2)


def encoder_of_layers() -> tg.Node:
    start = tg.unroll(gru(1, 4), outputs_of(0, sequence()))[1]
    return tg.mean(tg.unroll(gru(2), sequence(), start)[0] ** 2)


def stacks_one_after_the_other() -> tg.Node:
    start = tg.unroll(stack(0, num_layers=2), sequence())[1]
    return tg.mean(tg.unroll(stack(1, num_layers=2), sequence(), start)[0] ** 2)


def siamese_stack() -> tg.Node:
    one = stack(0, num_layers=2)
    return tg.mean((tg.unroll(one, sequence())[0] - tg.unroll(one, sequence())[0]) ** 2)


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
    "a stack": (windows_of_a_stack, ["run 1/layer0", "run 1/layer1", "run 2/layer0", "run 2/layer1"]),
    "half": (half_shared, ["branch 1", "branch 2"]),
    "layers": (lambda: two_unrolls(4), ["layer 1", "layer 2"]),
    "networks": (lambda: separate(gru(0), tg.cells.LSTM(3, 4, rng=1)), ["network 1", "network 2"]),
    "three networks": (lambda: separate(*map(gru, range(3))), ["network 1", "network 2", "network 3"]),
    "network of layers": (separate_layers, ["network 1 layer 1", "network 1 layer 2", "network 2"]),
    "two stacks": (
        lambda: separate(stack(0, num_layers=2), stack(1, num_layers=2)),
        ["network 1/layer0", "network 1/layer1", "network 2/layer0", "network 2/layer1"],
    ),
    "a stack and a cell": (lambda: separate(stack(0, num_layers=2), gru(1)), ["layer0", "layer1", "GRU"]),
    "a stack and one both ways": (
        lambda: separate(stack(0, num_layers=2), stack(1, bidirectional=True, num_layers=2)),
        [f"network {x}" for x in ("1/layer0", "1/layer1")]
        + [f"network 2/layer{k}/{way}" for k in (0, 1) for way in ("forward", "backward")],
    ),
    "over a stack and a cell": (over_a_stack_and_a_cell, ["layer0", "layer1", "cell 1", "cell 2"]),
    "both ways": (
        layers_both_ways,
        [f"layer {k} {way}" for k in (1, 2) for way in ("forward", "backward")],
    ),
    "separate ways": (separate_ways, ["network 1", "network 2"]),
    "ways of one input": (lambda: separate_ways(sequence()), ["forward", "backward"]),
    "ways over each other": (layer_in_reverse, ["layer 1", "layer 2"]),
    "branches": (branches, ["branch 1", "branch 2"]),
    "branches within steps": (branches_step_by_step, ["branch 1", "branch 2"]),
    "branches under a layer": (lambda: branches(True), ["layer 1 branch 1", "layer 1 branch 2", "layer 2"]),
    "a function under cells": (function_under_cells, ["layer 1", "layer 2", "layer 3"]),
    "encoder of layers": (encoder_of_layers, ["encoder layer 1", "encoder layer 2", "decoder"]),
    "stack after stack": (
        stacks_one_after_the_other,
        [f"{x}/layer{k}" for x in ("encoder", "decoder") for k in (0, 1)],
    ),
    "siamese stack": (siamese_stack, [f"run {k}/layer{x}" for k in (1, 2) for x in (0, 1)]),
}


@each("name", CASES)
def test_cards_and_boxes_are_called_so(name: str) -> None:
    network, names = CASES[name]
    both_ways = any("backward" in x for x in names) and not any(x == "network 1/layer0" for x in names)
    assert ("both directions" in str(tg.draw(network(), level="cell").picture.title)) == both_ways
    assert {x.title for x in tg.draw(network(), "rolled").picture.bands} - {"each step"} == {*names}
    boxes = tg.draw(network(), level="cell", lang="zh").picture.boxes
    count = Counter(box.title[0].text for box in boxes)
    assert {x: count[told(x, "zh")] for x in names} == dict.fromkeys(names, 4)
    assert not any(re.search("network|layer|cell|branch|run|coder", x) for x in count)
    drawn = tg.draw(network(), level="layer").picture
    titles = {box.title[0].text for box in drawn.boxes}
    assert {f"{x} × 4" for x in names} <= titles or "feed each other" in drawn.subtitle


@each(
    "name, prefixes",
    [
        ("networks", ["network 1", "network 2"]),
        ("network of layers", ["network 1 layer 1", "network 1 layer 2", "network 2"]),
        ("two stacks", [f"network {k}.cells.{x}" for k in (1, 2) for x in (0, 1)]),
        ("a function under cells", ["layer 2", "layer 3"]),
        ("over a stack and a cell", ["cells.0", "cells.1", "cell 1", "cell 2"]),
        ("both ways", [f"layer {k} {way}" for k in (1, 2) for way in ("forward", "backward")]),
        ("separate ways", ["network 1", "network 2"]),
        ("ways of one input", ["forward", "backward"]),
        ("ways over each other", ["layer 1", "layer 2"]),
        ("branches under a layer", ["layer 1 branch 1", "layer 1 branch 2", "layer 2"]),
        ("encoder of layers", ["encoder layer 1", "encoder layer 2", "decoder"]),
        ("stack after stack", [f"{x}.cells.{k}" for x in ("encoder", "decoder") for k in (0, 1)]),
    ],
)
def test_the_table_calls_them_alike(name: str, prefixes: list[str]) -> None:
    used = [x.name for x in tg.draw(CASES[name][0](), "rolled").picture.uses]
    assert sorted(x.rpartition(".")[0] for x in used if "weight_ih" in x) == sorted(prefixes)


@each("rows", [slice(None, None, 2), slice(1, None), slice(-1)])
def test_a_layer_on_some_of_the_steps_of_another_is_no_decoder(rows: slice) -> None:
    drawn = tg.draw(on_rows(rows), "rolled").picture
    assert [x.title for x in drawn.bands] == ["layer 1", "layer 2"] and "coder" not in drawn.title
    assert {x.name.partition(".")[0] for x in drawn.uses} == {"layer 1", "layer 2", "C"}
    chinese = tg.draw(on_rows(rows), "rolled", lang="zh").picture
    assert "layer" not in chinese.title and [x.title for x in chinese.bands] == ["第 1 层", "第 2 层"]


@each("options, encoder", [({"num_layers": 2}, ["0", "1"]), ({"bidirectional": True}, ["0.forward", "0.backward"])])
def test_the_table_names_the_encoder_where_it_names_the_decoder(options: Any, encoder: list[str]) -> None:
    used = [x.name for x in tg.draw(under_a_decoder(**options)).picture.uses if x.name.endswith("weight_ih")]
    assert used == [*(f"encoder.cells.{x}.weight_ih" for x in encoder), "decoder.weight_ih"]


def test_other_parts_of_one_array_are_other_weights() -> None:
    assert {x.title for x in tg.draw(parts_of_one_array(), "rolled").picture.bands} == {"layer 1", "layer 2"}


def test_in_chinese() -> None:
    drawn = tg.draw(siamese(), "rolled", lang="zh").picture
    assert [x.title for x in drawn.bands] == ["第 1 次运行", "第 2 次运行"]
    titles = {x.title[0].text for x in tg.draw(siamese_of_two_layers(), level="layer", lang="zh").picture.boxes}
    assert "第 2 层第 1 次运行 × 4" in titles
    titles = {x.title[0].text for x in tg.draw(windows_of_a_stack(), level="layer", lang="zh").picture.boxes}
    assert "第 2 次运行/第 1 层 × 4" in titles
