"""`tg.train.bucketed`: a few T for any T, exact where the lengths are heeded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each


def test_few_sizes_hold_all_and_little_is_padding() -> None:
    for padding in (0.0, 0.1, 0.2, 0.5):
        sizes = [len(tg.train.bucketed(np.ones((T, 1)), padding=padding)[0]) for T in range(1, 301)]
        assert all(n >= T and n - T <= padding * n for T, n in enumerate(sizes, 1)) and sizes == sorted(sizes)
        assert padding or sizes == [*range(1, 301)]
    assert len(set(sizes)) == 8


def test_what_is_added_is_marked() -> None:
    x, ids, weights, flags = np.ones((4, 2, 3), "f4"), np.ones((4, 2), "u1"), np.ones((4, 2)), np.ones((4, 2), bool)
    longer = tg.train.bucketed(x, ids, weights, flags, lengths=[4, 1])
    assert [a.shape for a in longer] == [(5, 2, 3), (5, 2), (5, 2), (5, 2), (2,)] and longer[-1].tolist() == [4, 1]
    assert [a[:4].tolist() for a in longer[:4]] == [a.tolist() for a in (x, ids, weights, flags)]
    assert [a[4].max() for a in longer[:4]] == [0, -1, 0, False] and longer[0].dtype == np.float32


def test_a_loss_and_its_gradient_are_those_of_the_batch_itself() -> None:
    cell, rng = tg.cells.LSTM(3, 4, rng=0, dtype=np.float64), np.random.default_rng(0)
    x, y = rng.normal(size=(6, 2, 3)), rng.integers(0, 4, (6, 2))

    def loss(x: Any, y: Any, lengths: Any) -> Any:
        return tg.train.mean_cross_entropy(tg.unroll(cell, x, lengths=lengths)[0], y)

    step = tg.compile(tg.value_and_grad(loss, cell.parameters()), backend="numpy")
    padded, alone = step(*tg.train.bucketed(x, y)), step(x, y, np.array([6, 6]))
    assert padded[0] == pytest.approx(alone[0], rel=1e-14)
    for name, g in alone[1].items():
        np.testing.assert_allclose(padded[1][name], g, 1e-12, 1e-15)


@each(
    "call, words",
    [
        (lambda: tg.train.bucketed(np.ones(3)), "steps or rows"),
        (lambda: tg.train.bucketed(np.ones((0, 3))), "steps or rows"),
        (lambda: tg.train.bucketed(np.ones((3, 2)), np.ones(2)), "steps or rows"),
        (lambda: tg.train.bucketed(np.ones((3, 2)), np.ones((3, 1))), "steps or rows"),
        (lambda: tg.train.bucketed(np.ones((3, 2)), padding=1.0), "bucketed: padding is a share"),
        (lambda: tg.train.bucketed("text"), "array of numbers"),
        (lambda: tg.train.bucketed(np.ones((3, 2)), lengths=[3]), "lengths do not match"),
        (lambda: tg.train.bucketed(np.ones((3, 2)), lengths=[3, 4]), "lengths do not match"),
        (lambda: tg.train.bucketed(np.ones((3, 2)), lengths=[3.0, 2.0]), "lengths do not match"),
    ],
    ids=["vector", "empty", "vector of targets", "rows", "share", "text", "few", "long", "float"],
)
def test_a_wrong_call_is_one_error(call: Any, words: str) -> None:
    with pytest.raises(tg.GraphError, match=words):
        call()
