"""Integers and booleans as inputs: numpy's promotion, and gradients for the floating inputs beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg

I, J = np.array([[1, -2, 3], [4, 5, -6]]), np.array([2, 1, 3])

SAME = [
    (tg.add, np.add, (I, J)), (tg.subtract, np.subtract, (I, J)), (tg.multiply, np.multiply, (I, J)),
    (tg.divide, np.divide, (I, J)), (tg.power, np.power, (I, J)), (tg.negative, np.negative, (I,)),
    (tg.square, np.square, (I,)), (tg.exp, np.exp, (I,)), (tg.log, np.log, (J,)), (tg.sqrt, np.sqrt, (J,)),
    (tg.tanh, np.tanh, (I,)), (tg.abs, np.abs, (I,)), (tg.sign, np.sign, (I,)), (tg.maximum, np.maximum, (I, J)),
    (tg.minimum, np.minimum, (I, J)), (tg.matmul, np.matmul, (I, J)), (tg.sum, np.sum, (I,)), (tg.mean, np.mean, (I,)),
    (tg.max, np.max, (I,)), (tg.min, np.min, (I,)), (tg.where, np.where, (I > 0, I, J)), (tg.take, np.take, (I, J)),
    (tg.greater, np.greater, (I, J)), (tg.transpose, np.transpose, (I,)), (tg.sum, np.sum, (I > 0,)),
    (tg.sigmoid, lambda x: 1 / (1 + np.exp(-x)), (I,)), (tg.softplus, lambda x: np.log1p(np.exp(x)), (I,)),
    (tg.relu, lambda x: np.maximum(x, 0), (I,)), (tg.squared_error, lambda a, b: np.square(a - b), (I, J)),
    (tg.softmax, lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True), (I,)),
    (tg.logsumexp, lambda x: np.log(np.exp(x).sum()), (I,)), (tg.argmax, np.argmax, (I,)),
]  # fmt: skip


@pytest.mark.parametrize(("op", "numpys", "arrays"), SAME, ids=lambda x: getattr(x, "name", ""))
def test_integers_give_numpys_numbers_and_dtypes(op: Any, numpys: Any, arrays: Any) -> None:
    z, expected = op(*arrays), np.asarray(numpys(*arrays))
    np.testing.assert_allclose(z.value, expected, rtol=1e-12)
    assert z.dtype == expected.dtype
    assert op.infer(*(tg.core.op.Spec(a.shape, a.dtype) for a in arrays)).dtype == z.dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("other", [J, J.astype(np.int8), np.array([True, False, True]), 2, True, 2.5])
def test_a_floating_input_beside_integers(dtype: Any, other: Any) -> None:
    x = tg.parameter(np.array([[0.5, 1.5, -1.0]], dtype))
    z = x * other
    assert z.dtype == (x.value * other).dtype
    np.testing.assert_array_equal(z.value, x.value * other)
    g = tg.grad(tg.sum(z), x)
    assert g.dtype == dtype
    np.testing.assert_array_equal(g.value, np.broadcast_to(np.asarray(other, float), x.shape))


@pytest.mark.parametrize("kind", [np.int8, np.int32, np.int64, np.uint8, np.uint16])
def test_labels_and_indices_of_any_integer_dtype(kind: Any) -> None:
    x, labels = tg.parameter([[1.0, 2.0, 4.0], [0.0, 1.0, 0.0]]), np.array([2, 0], kind)
    wide = labels.astype(np.int64)
    for fn in (tg.softmax_cross_entropy, lambda x, i: tg.take(x, i, axis=1), lambda x, i: x[[0, 1], i],
               lambda x, i: x[:, i], lambda x, i: tg.one_hot(i, 3) * x):  # fmt: skip
        z, right = fn(x, labels), fn(x, wide)
        np.testing.assert_array_equal(z.value, right.value)
        np.testing.assert_array_equal(tg.grad(tg.sum(z), x).value, tg.grad(tg.sum(right), x).value)
