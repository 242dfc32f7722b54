"""Integers and booleans as inputs: numpy's promotion, and gradients for the floating inputs beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend

M, V = np.array([[1, -2, 3], [4, 5, -6]]), np.array([2, 1, 3])

SAME = [
    (tg.add, np.add, (M, V)), (tg.subtract, np.subtract, (M, V)), (tg.multiply, np.multiply, (M, V)),
    (tg.divide, np.divide, (M, V)), (tg.power, np.power, (M, V)), (tg.negative, np.negative, (M,)),
    (tg.square, np.square, (M,)), (tg.exp, np.exp, (M,)), (tg.log, np.log, (V,)), (tg.sqrt, np.sqrt, (V,)),
    (tg.tanh, np.tanh, (M,)), (tg.abs, np.abs, (M,)), (tg.sign, np.sign, (M,)), (tg.maximum, np.maximum, (M, V)),
    (tg.minimum, np.minimum, (M, V)), (tg.matmul, np.matmul, (M, V)), (tg.sum, np.sum, (M,)), (tg.mean, np.mean, (M,)),
    (tg.max, np.max, (M,)), (tg.min, np.min, (M,)), (tg.where, np.where, (M > 0, M, V)), (tg.take, np.take, (M, V)),
    (tg.greater, np.greater, (M, V)), (tg.transpose, np.transpose, (M,)), (tg.sum, np.sum, (M > 0,)),
    (tg.sigmoid, lambda x: 1 / (1 + np.exp(-x)), (M,)), (tg.softplus, lambda x: np.log1p(np.exp(x)), (M,)),
    (tg.relu, lambda x: np.maximum(x, 0), (M,)), (tg.squared_error, lambda a, b: np.square(a - b), (M, V)),
    (tg.softmax, lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True), (M,)),
    (tg.logsumexp, lambda x: np.log(np.exp(x).sum()), (M,)), (tg.argmax, np.argmax, (M,)),
]  # fmt: skip


@pytest.mark.parametrize(("op", "numpys", "arrays"), SAME, ids=lambda x: getattr(x, "name", ""))
def test_integers_give_numpys_numbers_and_dtypes(op: Any, numpys: Any, arrays: Any) -> None:
    z, expected = op(*arrays), np.asarray(numpys(*arrays))
    np.testing.assert_allclose(z.value, expected, rtol=1e-12)
    assert z.dtype == expected.dtype
    assert op.infer(*(tg.core.op.Spec(a.shape, a.dtype) for a in arrays)).dtype == z.dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("other", [V, V.astype(np.int8), np.array([True, False, True]), 2, True, 2.5])
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
    for fn in (
        tg.softmax_cross_entropy,
        lambda x, i: tg.take(x, i, axis=1),
        lambda x, i: x[[0, 1], i],
        lambda x, i: x[:, i],
        lambda x, i: tg.one_hot(i, 3) * x,
    ):
        z, right = fn(x, labels), fn(x, wide)
        np.testing.assert_array_equal(z.value, right.value)
        np.testing.assert_array_equal(tg.grad(tg.sum(z), x).value, tg.grad(tg.sum(right), x).value)


@each_backend
def test_a_label_out_of_range_is_that_of_the_users_op(backend: str) -> None:
    step = tg.compile(lambda x, labels: tg.softmax_cross_entropy(x, labels), backend=backend)
    for labels in ([0, 7], [-1, 0]):
        with pytest.raises(tg.GraphError, match=r"^softmax_cross_entropy: a label is out of range"):
            step(np.ones((2, 3)), np.array(labels))
