"""Bad calls: each says which op, what was expected, what came, and leaves everything as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygraph as tg


def p(*shape: int) -> tg.Node:
    return tg.parameter(np.ones(shape))


EXPECTED: dict[str, Callable[[], Any]] = {
    "add: shapes": lambda: tg.add(p(2, 3), p(2)),
    "multiply: shapes": lambda: p(2, 3) * np.ones((3, 2)),
    "where: shapes": lambda: tg.where(np.ones(2, bool), p(3), 0.0),
    "squared_error: shapes": lambda: tg.squared_error(p(2), p(3)),
    "sigmoid_cross_entropy: shapes": lambda: tg.sigmoid_cross_entropy(p(2), p(3)),
    "matmul: inner": lambda: p(2, 3) @ p(2, 3),
    "matmul: vectors": lambda: p(3) @ p(2),
    "matmul: leading": lambda: p(2, 2, 3) @ p(3, 3, 2),
    "matmul: number": lambda: p() @ p(2),
    "softmax_cross_entropy: axes": lambda: tg.softmax_cross_entropy(p(2, 3), np.array([[0], [1]])),
    "softmax_cross_entropy: dense": lambda: tg.softmax_cross_entropy(p(2, 3), p(2, 2)),
    "softmax_cross_entropy: float labels": lambda: tg.softmax_cross_entropy(p(2, 3), np.array([0.0, 1.0])),
    "softmax_cross_entropy: no axis": lambda: tg.softmax_cross_entropy(p(), 0),
    "softmax_cross_entropy: label 3 of 3": lambda: tg.softmax_cross_entropy(p(2, 3), [0, 3]),
    "softmax_cross_entropy: label -1": lambda: tg.softmax_cross_entropy(p(2, 3), [0, -1]),
    "one_hot: label 3 of 3": lambda: tg.one_hot([0, 3], 3),
    "one_hot: label -1": lambda: tg.one_hot([-1], 3),
    "one_hot: float labels": lambda: tg.one_hot([0.0], 3),
    "add: one argument": lambda: tg.add(p(2)),
    "tanh: two arguments": lambda: tg.tanh(p(2), p(2)),
    "sum: unknown setting": lambda: tg.sum(p(2), dims=0),
    "einsum: unknown setting": lambda: tg.einsum("i->", p(2), dtype=float),
    "sum: too many settings": lambda: tg.sum(p(2), 0, False, 3),
    "concatenate: no axis": lambda: tg.concatenate([p(2), p(2)], axis=None),
    "einsum: operands": lambda: tg.einsum("ij,jk->ik", p(2, 2)),
}

GOT: dict[str, Callable[[], Any]] = {
    "reshape": lambda: tg.reshape(p(2, 3), (4, 2)),
    "transpose": lambda: tg.transpose(p(2, 3), (0, 0)),
    "swapaxes": lambda: tg.swapaxes(p(2, 3), 0, 2),
    "broadcast_to": lambda: tg.broadcast_to(p(2, 3), (2, 2)),
    "sum": lambda: tg.sum(p(2, 3), axis=2),
    "max": lambda: tg.max(p(0, 3), axis=0),
    "logsumexp": lambda: tg.logsumexp(p(2, 3), axis=5),
    "softmax": lambda: tg.softmax(p(2, 3), axis=2),
    "take": lambda: tg.take(p(2, 3), [2], axis=0),
    "getitem": lambda: p(2, 3)[5],
    "concatenate": lambda: tg.concatenate([p(2, 3), p(3, 2)]),
    "stack": lambda: tg.stack([p(2, 3), p(3, 2)]),
    "split": lambda: tg.split(p(2, 3), 2, axis=1),
    "einsum": lambda: tg.einsum("ij,jk->ik", p(2, 3), p(2, 3)),
}


@pytest.mark.parametrize("call", EXPECTED)
def test_the_message_says_what_was_expected(call: str) -> None:
    with pytest.raises(tg.GraphError) as caught:
        EXPECTED[call]()
    text = str(caught.value)
    assert text.startswith(call.split(":")[0])
    assert "\n  expected  " in text
    assert "\n  got       " in text or "unknown setting" in call


@pytest.mark.parametrize("call", GOT)
def test_the_message_says_what_came(call: str) -> None:
    with pytest.raises(tg.GraphError) as caught:
        GOT[call]()
    text = str(caught.value)
    assert text.startswith(call)
    assert "\n  got       " in text


def test_the_message_names_node_step_shapes_and_a_way_out() -> None:
    with pytest.raises(tg.GraphError) as caught, tg.step(3):
        tg.matmul(p(32, 64), p(65, 128), name="h_proj")
    assert str(caught.value).splitlines()[:3] == [
        "matmul 'h_proj' at step 3: inner sizes differ",
        "  expected  (..., M, K) @ (..., K, N)",
        "  got       (32, 64) @ (65, 128)",
    ]
    assert "\n  fix       " in str(caught.value)


def test_a_refused_call_leaves_the_inputs_alone() -> None:
    w, x = p(2, 3), p(2, 3)
    before = (w.value.copy(), x.value.copy())
    with pytest.raises(tg.GraphError):
        w @ x
    np.testing.assert_array_equal((w.value, x.value), before)
    assert w.grad is None and tg.sum(w * x).item() == 6
