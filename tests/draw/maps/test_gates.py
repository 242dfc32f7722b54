"""What a gate is: what stays from 0 to 1 whatever comes in, and is multiplied with something, however it is written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.maps.by_hand import sigmoid
from tests.draw.maps.seen import blocks, close, matrix
from tests.each import each

R = np.random.default_rng(3)
XS, WEIGHTS, MIX = R.normal(size=(5, 2, 3)), R.normal(size=(3, 4)) / 2, R.normal(size=(4, 4)) / 2
W, U = tg.parameter(WEIGHTS, "W"), tg.parameter(MIX, "U")


def loss(cell: Any) -> Any:
    return tg.mean(tg.unroll(lambda x, s: (cell(x, s),) * 2, XS, np.zeros((2, 4)))[0] ** 2)


FORMS: dict[str, Any] = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "of a half tanh": lambda z: (1 + np.tanh(z / 2)) / 2,
    "half a tanh and a half": lambda z: 0.5 * np.tanh(0.5 * z) + 0.5,
    "of two exp": lambda z: np.exp(z) / (1 + np.exp(z)),
    "hard": lambda z: np.minimum(1, np.maximum(0, 0.2 * z + 0.5)),
    "squared sine": lambda z: np.sin(z) ** 2,
}


@each("name", FORMS)
@each("einsum", [False, True])
def test_gates_written_in_plain_numpy(name: str, einsum: bool) -> None:
    def cell(x: Any, s: Any) -> Any:
        gate = FORMS[name](x @ W)
        return (np.einsum("bi,bi->bi", gate, s) if einsum else gate * s) + np.tanh(s @ U)

    (cells,) = blocks(tg.draw(loss(cell), "gates")).values()
    assert close(matrix(cells), FORMS[name](XS[:, 0] @ WEIGHTS).T)


NONE: dict[str, Any] = {
    "hard tanh": lambda x, s: np.clip(x @ W + s @ U, -1, 1) * s,
    "exp": lambda x, s: np.exp(x @ W) * (s @ U),
    "relu that is small": lambda x, s: np.maximum(x @ W, 0) * 1e-3 * s,
    "swish": lambda x, s: (lambda z: z / (1 + np.exp(-z)) + z * (1 / (1 + np.exp(-z))))(x @ W + s @ U),
    "times a number": lambda x, s: 2 * tg.sigmoid(x @ W + s @ U) - 1,
    "a mask of data": lambda x, s: tg.astype(tg.constant(np.eye(2, 4) > 0), float) * s + np.tanh(x @ W),
    "summed over": lambda x, s: np.tanh(np.einsum("bi,ij->bj", tg.sigmoid(s @ U), MIX) + x @ W),
}


@each("name", NONE)
def test_what_may_leave_0_to_1_or_is_not_multiplied_is_no_gate(name: str) -> None:
    with pytest.raises(tg.GraphError, match="finds no gate"):
        tg.draw(loss(NONE[name]), "gates")


def test_parts_of_a_joint_gate_are_called_by_their_place_in_its_order() -> None:
    def cell(x: Any, s: Any) -> Any:
        g = tg.sigmoid((x @ W)[:, :3])
        return g[:, 1][:, None] * s + g[:, 0][:, None] * np.tanh(s @ U) + g[:, 2:3] * s

    seen = blocks(tg.draw(loss(cell), "gates"))
    right = sigmoid(XS[:, 0] @ WEIGHTS)
    assert [*seen] == ["g[:, 2:3]", "g[:, 1]", "g[:, 0]"], "from the foot up"
    for k, cells in enumerate([*seen.values()][::-1]):
        assert close(matrix(cells)[0], right[:, k])


def test_a_gate_made_before_time_is_one_and_one_number_a_sequence_is_that_of_the_sequence() -> None:
    made = tg.sigmoid(tg.constant(XS) @ W)

    def cell(g: Any, s: Any) -> Any:
        s = g * s + np.tanh(s @ U + 1) * (1 - g[:, 0])[:, None]
        return s, s

    drawing = tg.draw(tg.mean(tg.unroll(cell, made, np.zeros((2, 4)))[0]), "gates", item=1)
    assert "item 1 of a batch of 2" in drawing.picture.subtitle
    whole = max(map(matrix, blocks(drawing).values()), key=np.size)
    assert close(whole, sigmoid(XS[:, 1] @ WEIGHTS).T)


def test_ops_of_the_users_keep_what_they_count() -> None:
    class Noisy(tg.Op):
        def __init__(self) -> None:
            self.rng, self.calls = np.random.default_rng(0), 0

        def forward(self, x: Any) -> Any:
            if not np.abs(x).max() < 50:
                raise ValueError("too large")
            self.calls += 1
            return x + self.rng.normal(size=x.shape)

        def backward(self, gz: Any, z: Any, x: Any) -> Any:
            return gz

    noisy = Noisy()
    root = loss(lambda x, s: tg.sigmoid(noisy(x @ W)) * s + np.tanh(x @ W))
    before = noisy.calls, noisy.rng.bit_generator.state
    assert [*blocks(tg.draw(root, "gates"))] == ["sigmoid"]
    tg.draw(root, "states")
    assert (noisy.calls, noisy.rng.bit_generator.state) == before
