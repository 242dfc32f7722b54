"""What a box of several ops says: its parameters, how many ops it has, and of which kinds."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.draw.picture import Box


def network(count: int) -> tg.Node:
    """Three steps of a cell with so many weights, a product and a sum each, and a tanh."""
    weights = [tg.parameter(np.eye(3) / count, f"w{k}") for k in range(count)]
    h: Any = tg.constant(np.ones((2, 3)), name="h0")
    for t in range(3):
        with tg.step(t), tg.scope("net"):
            x = tg.constant(np.ones((2, 3)) * t, name=f"x{t}")
            for w in weights:
                x = x + h @ w
            h = tg.tanh(x, name="h")
    return tg.sum(h)


def joined(count: int, level: str, **more: Any) -> list[Box]:
    drawn = tg.draw(network(count), level=level, **more).picture
    return [box for box in drawn.boxes if box.title[0].text.startswith(("net", "cell"))]


@each("count", [1, 5, 6, 7, 12])
def test_a_box_names_six_parameters_and_says_how_many_more_it_has(count: int) -> None:
    (box,) = joined(count, "layer")
    chips = [part.text for part in box.title if part.kind == "chip"]
    assert chips == [f"w{k}" for k in range(min(count, 6))]
    rest = [part.text for part in box.title if part.kind != "chip"]
    assert rest == ["net × 3", *[f"+{count - 6}"] * (count > 6)]
    assert box.below == f"{3 * (2 * count + 1)} ops · 2×3"
    products = f"{3 * count} matmul, {3 * count} add"
    assert box.tip[0] == f"{products}, 3 tanh" and box.tip[1] == "2×3 float64"
    for one in joined(count, "cell"):
        assert [part.text for part in one.title] == ["net"], "of a cell at a step they are in the table"
        assert one.below == f"{2 * count + 1} ops · 2×3" and len(one.tip) == 2


def test_its_second_line_ends_with_its_norm() -> None:
    boxes = joined(2, "cell", gradients=True)
    assert len(boxes) == 3 and all(box.below.startswith("5 ops · 2×3 · ‖∂‖ ") for box in boxes)
    assert all(box.norm is not None and box.fill != "#ffffff" for box in boxes)


def test_data_of_all_steps_says_of_how_many_it_is() -> None:
    drawn = tg.draw(network(2), level="layer").picture
    (data,) = [box for box in drawn.boxes if box.title[0].text.startswith("x")]
    assert data.title[0].text == "xₜ" and data.below == "3 of them · 2×3" and data.tip[0] == "3 data"
    assert "x" not in tg.draw(network(2), level="cell").picture.boxes[0].below


def test_a_box_of_one_op_does_not_count_it() -> None:
    h: Any = tg.constant(np.ones(3), name="h0")
    for t in range(3):
        with tg.step(t), tg.scope("net"):
            h = tg.tanh(h, name="h")
    drawn = tg.draw(tg.sum(h), level="cell").picture
    assert [box.below for box in drawn.boxes if box.title[0].text == "net"] == ["3"] * 3


def test_the_inputs_of_a_layer_have_the_name_that_they_have_step_by_step() -> None:
    xs = np.random.default_rng(0).normal(size=(4, 2, 3)).astype(np.float32)
    loss = tg.sum(tg.unroll(tg.cells.RNN(3, 3, rng=0), xs)[0])
    for level in ("layer", "whole"):
        (box,) = [x for x in tg.draw(loss, level=level).picture.boxes if x.role == "input"]
        assert [part.text for part in box.title] == ["xₜ"] and box.below.startswith("4 of them")
