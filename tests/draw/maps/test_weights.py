"""What may be attention: weights along what a product sums over, that are no less than 0 and sum to 1."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.draw.maps.attention import _padding, _summed_over, _sums_to_one

A, B = (tg.tanh(tg.constant(np.ones((3, 3)), name=name)) for name in "AB")
V, C = tg.tanh(tg.constant(np.ones(3), name="v")), tg.tanh(tg.constant(np.ones((3, 3, 3)), name="C"))


@each(
    "node, summed",
    [
        (A @ B, [(A, -1, B), (B, -2, A)]),
        (A @ V, [(A, -1, V), (V, -1, A)]),
        (np.einsum("tb,tbd->bd", A, C), [(A, -2, C), (C, -3, A)]),
        (np.einsum("ts,td->d", A, B), [(A, -2, B), (B, -2, A)]),
        (np.einsum("ts,st->", A, B), []),
        (np.einsum("bt,bt->bt", A, B), []),
        (np.einsum("ts->t", A), []),
        (np.einsum("t,ts,s->", V, A, V), []),
        (tg.sum(A * B, axis=0), [(A, -2, B), (B, -2, A)]),
        (tg.mean(A * B, axis=-1), [(A, -1, B), (B, -1, A)]),
        (tg.sum(A * B, axis=(1,)), [(A, -1, B), (B, -1, A)]),
        (tg.sum(A * B, axis=(0, 1)), []),
        (tg.sum(A * B), []),
        (tg.max(A * B, axis=0), []),
        (tg.sum(A + B, axis=0), []),
        (tg.sum(tg.constant(np.ones((3, 3))), axis=0), []),
        (tg.constant(np.ones(3)), []),
    ],
)
def test_what_a_product_sums_over(node: Any, summed: list[Any]) -> None:
    assert [(id(x), axis, id(y)) for x, axis, y in _summed_over(node)] == [(id(x), a, id(y)) for x, a, y in summed]


@each(
    "numbers, axis, kind, right",
    [
        ([[0.25, 0.75], [1.0, 0.0]], -1, "exp", True),
        ([[0.25, 0.75], [1.0, 0.0]], -2, "exp", False),
        ([[0.25, 0.75], [0.75, 0.25]], -2, "exp", True),
        ([[0.25, 0.75], [0.5, 0.4]], -1, "exp", False),
        ([[2.0, -1.0]], -1, "exp", False),
        ([[0, 1], [1, 0]], -1, "exp", False),  # picks, no weights
        ([[1.0], [1.0]], -1, "exp", False),
        ([0.5, 0.5], -2, "exp", False),
        ([[0.5, 0.5], [np.nan, np.nan]], -1, "softmax", True),
        ([[0.5, 0.5], [np.nan, np.nan]], -1, "exp", False),
        ([[0.5, 0.5], [0.5, 0.6]], -1, "softmax", False),
    ],
)
def test_weights_sum_to_one(numbers: Any, axis: int, kind: str, right: bool) -> None:
    """A softmax of what is not finite is attention, too."""
    assert _sums_to_one(tg.constant(np.array(numbers)), axis, getattr(tg, kind)(np.ones(2))) is right


def test_padding_is_a_row_of_it_and_a_column_of_it_that_has_no_weight() -> None:
    reading: Any = SimpleNamespace(is_padding=lambda column: column == (0, 1))
    values = np.array([[0.7, 0.3, 0.0], [0.9, 0.1, 0.0], [1.0, 0.0, 0.0], [1.0, -np.inf, -np.inf]])
    steps = [(0, t) for t in range(3)]
    column = np.array([[False, False, False], [False, False, False], [False, True, False], [False, True, False]])
    row = np.arange(4)[:, None] == 1
    assert np.array_equal(_padding(reading, steps, [], values), column)
    assert np.array_equal(_padding(reading, [], [*steps, (0, 3)], values), row | np.zeros(3, bool))
    assert np.array_equal(_padding(reading, steps, [*steps, (0, 3)], values), row | column)
