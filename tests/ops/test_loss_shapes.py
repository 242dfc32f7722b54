"""Targets that would stretch the predictions are refused; those that are stretched themselves give right losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_same, each_backend
from tests.each import each

LOSSES = [tg.squared_error, tg.sigmoid_cross_entropy]


def of(*shape: int) -> np.ndarray:
    return np.linspace(0.1, 0.9, int(np.prod(shape))).reshape(shape)


@each("loss", LOSSES)
@each(
    "y, t", [((4, 1), (4,)), ((4,), (4, 1)), ((3,), (2, 3)), ((), (2,)), ((2, 1), (2, 3)), ((1,), (0,)), ((2,), (3,))]
)
def test_targets_beyond_the_predictions(loss: Any, y: Any, t: Any) -> None:
    with pytest.raises(tg.GraphError, match=r"targets do not broadcast to the predictions") as caught:
        loss(tg.parameter(of(*y)), of(*t))
    assert str(y) in str(caught.value) and str(t) in str(caught.value)
    with pytest.raises(tg.GraphError, match="do not broadcast to the predictions"):
        tg.compile(loss, backend="numpy")(of(*y), of(*t))
    with pytest.raises(tg.GraphError, match="do not broadcast to the predictions"):
        loss.forward(of(*y), of(*t))


@each_backend
@each("loss", LOSSES)
@each("y, t", [((4, 1), (1,)), ((2, 3), (3,)), ((2, 3), ()), ((2, 3), (2, 1)), ((0, 3), (3,)), ((), ())])
def test_targets_that_are_stretched(loss: Any, y: Any, t: Any, backend: str) -> None:
    def both(y: Any, t: Any) -> Any:
        losses = loss(y, t)
        return losses, tg.grad(tg.sum(losses * losses), [y, t])

    compiled = assert_same(both, of(*y), of(*t), backend=backend)
    losses, (gy, gt) = compiled(of(*y), of(*t))
    whole = both(tg.parameter(of(*y)), tg.constant(np.broadcast_to(of(*t), y)))
    np.testing.assert_allclose(losses, whole[0].value, 1e-12)
    np.testing.assert_allclose(gy, whole[1][0].value, 1e-12)
    assert gt.shape == t and np.sum(gt) == pytest.approx(np.sum(whole[1][1].value))


@each_backend
@each("loss", LOSSES)
def test_in_a_loop_where_the_predictions_stay_the_same(loss: Any, backend: str) -> None:
    w = tg.parameter(of(3))

    def run(ts: Any) -> Any:
        def cell(t: Any, total: Any) -> Any:
            total = total + tg.sum(loss(w, t)) + tg.sum(loss(tg.broadcast_to(w, (2, 3)), t))
            return total, total

        outputs, total = tg.unroll(cell, ts, 0.0)
        return outputs, tg.grad(total, w)

    assert_same(run, of(5, 3), backend=backend)


@each(
    "call",
    [
        lambda x: tg.softmax_cross_entropy(x, np.array([0.0, 1.0])),
        lambda x: tg.softmax_cross_entropy(x, np.array([0, 1], np.float32)),
        lambda x: tg.ops.entry(x, np.array([0.0, 1.0])),
        lambda x: tg.one_hot(np.array([0.0, 1.0]), 3),
        lambda x: tg.take(x, np.array([0.0, 1.0]), axis=0),
        lambda x: x[np.array([0.0, 1.0])],
    ],
)
def test_labels_in_floats_are_refused_by_their_dtype(call: Any) -> None:
    with pytest.raises(tg.GraphError, match=r"(?s)not integers.*float|invalid index.*float"):
        call(tg.parameter(of(2, 3)))
    with pytest.raises(tg.GraphError, match=r"(?s)not integers.*float|invalid index.*float"):
        tg.compile(call, backend="numpy")(of(2, 3))
