"""The tooltip of a box: what its node is, where, its settings and its numbers, against numpy."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

from .networks import lstm, perceptron, word_rnn

NETWORKS = {"perceptron": perceptron(), "rnn": word_rnn(3), "lstm": lstm(3)}


def boxes(root: Any, **options: Any) -> list[Any]:
    return [b for b in tg.draw(root, level="op", **options).picture.boxes if b.role != "dots" and b.node is not None]


@each("gradients", [True, False])
@each("name", NETWORKS)
def test_every_box_tells_its_node_and_its_numbers(name: str, gradients: bool) -> None:
    drawn = boxes(NETWORKS[name], gradients=gradients)
    assert len(drawn) > 5
    for box in drawn:
        node, (first, second, *rest) = box.node, box.tip
        assert (node.op.name if node.op else "constant") in first and (node.name or "") in first
        assert (f"step {node.step}" in first) == (node.step is not None)
        assert second == f"{'×'.join(map(str, node.shape)) or 'scalar'} float64"
        assert (len(rest) > 0 and rest[-1].startswith("‖∂‖ ")) == (gradients and box.norm is not None)
        (figures,) = [line for line in rest if line.startswith(("mean", "value"))]
        x = node.value
        right = [x.item()] if x.size == 1 else [x.mean(), x.std(), x.min(), x.max()]
        told = [float(v) for v in re.findall(r"-?\d[\d.e+-]*(?=,|$)", figures)]
        assert told == pytest.approx(right, rel=6e-3, abs=1e-9)
        assert any("axis=" in line for line in rest) == ("axis" in node.attributes)
        if gradients and box.norm is not None:
            assert float(rest[-1].split()[1]) == pytest.approx(box.norm, rel=1e-3)


def test_a_scope_a_slice_and_an_index_are_told() -> None:
    with tg.scope("encoder"), tg.step(3):
        h = tg.tanh(tg.constant(np.arange(12.0).reshape(3, 4), name="x")[1:, ::2][..., 0], name="h")
    tips = [" | ".join(box.tip) for box in boxes(h)]
    assert any("tanh 'h' at step 3 in encoder | 2 float64" in tip for tip in tips)
    assert any("index=1:, ::2" in tip for tip in tips) and any("index=…, 0" in tip for tip in tips)


def test_of_what_is_no_float_there_are_no_statistics() -> None:
    drawn = boxes([tg.argmax(tg.constant(np.eye(3), name="x"), axis=1)])
    assert not any("mean" in line for box in drawn for line in box.tip if box.node.dtype.kind != "f")
