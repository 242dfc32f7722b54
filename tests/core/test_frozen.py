"""Arrays that change after they entered a graph: values and gradients are those of the moment of their use."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each


def test_a_factor_that_is_overwritten_after_its_use() -> None:
    w, a = tg.parameter([2.0]), np.array([3.0])
    y = tg.sum(w * a)
    a[:] = 100
    y.backward()
    np.testing.assert_array_equal(w.grad, [3.0])


def by_hand(U: np.ndarray, W: np.ndarray, hot: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """dU and dW of sum(h*h), h = tanh(U e_i + W h) for i in ``hot``, by numpy alone."""
    states, h = [np.zeros((2, 1))], np.zeros((2, 1))
    for i in hot:
        h = np.tanh(U[:, [i]] + W @ h)
        states.append(h)
    dU, dW, dh = np.zeros_like(U), np.zeros_like(W), 2 * h
    for i, now, before in zip(reversed(hot), states[:0:-1], states[-2::-1], strict=True):
        da = dh * (1 - now * now)
        dU[:, [i]] += da
        dW += da @ before.T
        dh = W.T @ da
    return dU, dW


def test_one_buffer_for_the_input_of_every_step() -> None:
    U = tg.parameter([[0.1, -0.2, 0.3], [0.4, 0.0, -0.5]])
    W = tg.parameter([[0.2, 0.1], [-0.3, 0.4]])
    xb, h = np.zeros((3, 1)), np.zeros((2, 1))
    for i in (0, 2, 1):
        xb[:] = 0
        xb[i] = 1
        h = np.tanh(U @ xb + W @ h)
    tg.sum(h * h).backward()
    dU, dW = by_hand(U.value, W.value, [0, 2, 1])
    np.testing.assert_allclose(U.grad, dU, rtol=1e-12)
    np.testing.assert_allclose(W.grad, dW, rtol=1e-12)
    np.testing.assert_allclose(dU, [[0.0681, -0.3226, 0.0639], [-0.0585, -0.4564, -0.1868]], atol=5e-5)


def test_a_state_buffer_that_takes_the_new_state() -> None:
    W, h0 = tg.parameter([[0.5, -0.2], [0.1, 0.3]]), np.ones((1, 2))
    h = tg.tanh(h0 @ W)
    twice = tg.tanh(h @ W)
    h0[:] = h.value
    np.testing.assert_allclose(tg.grad(tg.sum(twice), W).value, [[0.6856, 0.9208], [0.2804, 0.4860]], atol=5e-5, rtol=0)


X = np.arange(6.0).reshape(2, 3)


def cell(x: Any, h: Any) -> Any:
    h = tg.tanh(x * 0.3 + h * 0.5)
    return h, h


USES: dict[str, tuple[Callable[[Any, np.ndarray], Any], np.ndarray]] = {
    "right factor": (lambda x, a: x * a, X + 1),
    "left factor": (lambda x, a: a * x, X + 1),
    "matmul": (lambda x, a: x @ a, X.T.copy()),
    "view of the user's array": (lambda x, a: x * a[::-1], X + 1),
    "broadcast view": (lambda x, a: x * np.broadcast_to(a, (2, 3)), np.arange(3.0)),
    "list of arrays": (lambda x, a: x * [a, a], np.arange(3.0)),
    "constant": (lambda x, a: x * tg.constant(a), X + 1),
    "einsum": (lambda x, a: tg.einsum("ij,kj->ik", x, a), X + 1),
    "condition": (lambda x, a: tg.where(a, x, x * x), X > 2),
    "boolean mask": (lambda x, a: x[a], X > 2),
    "row mask": (lambda x, a: x[a], np.array([True, False])),
    "index array": (lambda x, a: x[a], np.array([0, 0])),
    "index array beside a slice": (lambda x, a: x[:, a], np.array([2, 0])),
    "counter": (lambda x, a: x[:, a : a + 2], np.array(0)),
    "take": (lambda x, a: tg.take(x, a, axis=1), np.array([1, 1])),
    "labels": (lambda x, a: tg.softmax_cross_entropy(x, a), np.array([0, 2])),
    "targets": (lambda x, a: tg.squared_error(x, a), X[::-1].copy()),
    "power": (lambda x, a: (x + 1) ** a, np.full((2, 3), 2.0)),
    "stack": (lambda x, a: tg.stack([x, a]) * tg.stack([a, x]), X + 1),
    "unroll's inputs": (lambda x, a: tg.unroll(cell, a, x[0])[0], X * 0.1),
    "unroll's state": (lambda x, a: tg.unroll(cell, x, a)[0] * 2, np.ones(3)),
    "unroll's mask": (lambda x, a: tg.unroll(cell, x, np.zeros(3), mask=a)[0], np.array([[True] * 3, [False] * 3])),
    "unroll's lengths": (lambda x, a: tg.unroll(cell, x, np.zeros(3), lengths=a)[0], np.array([2, 1, 2])),
    "scan": (lambda x, a: tg.scan(x, a) if hasattr(tg, "scan") else x * a, X * 0.1),
}


def gradient(use: Callable[..., Any], start: np.ndarray, *, spoiled: bool, backward: bool) -> np.ndarray:
    x, a = tg.parameter(X * 0.7), start.copy()
    y = use(x, a)
    y = tg.sum(y * y)
    if spoiled:
        a[...] = ~a if a.dtype == bool else 1 - a % 2 if a.dtype.kind == "i" else -9.0
    if not backward:
        return tg.grad(y, x).value
    y.backward()
    assert x.grad is not None
    return x.grad


@each("backward", [True, False])
@each("name", list(USES))
def test_gradients_are_of_the_arrays_at_their_use(name: str, backward: bool) -> None:
    use, start = USES[name]
    expected = gradient(use, start, spoiled=False, backward=backward)
    np.testing.assert_array_equal(gradient(use, start, spoiled=True, backward=backward), expected)


def test_the_gradient_that_arrives_may_change_afterwards() -> None:
    x, gy = tg.parameter(X), np.ones((2, 3))
    (y, pull), g = tg.vjp(lambda v: v * v, x), tg.grad(x * x, x, gy)
    pulled = pull(gy)[0]
    gy[:] = 7
    np.testing.assert_array_equal(tg.grad(tg.sum(g * y), x).value, 2 * y.value + 2 * X * 2 * X)
    np.testing.assert_array_equal(pulled.value, 2 * X)


def test_settings_that_are_lists_may_change_afterwards() -> None:
    x, shape, axes = tg.parameter(X), [3, 2], [1, 0]
    y, z = tg.reshape(x, shape), tg.transpose(x, axes)
    shape[:], axes[:] = [6, 1], [0, 1]
    weights = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(tg.grad(tg.sum(y * weights), x).value, weights.reshape(2, 3))
    np.testing.assert_array_equal(tg.grad(tg.sum(z * weights), x).value, weights.T)


def test_nobody_writes_into_a_node() -> None:
    W = tg.parameter([2.0, 3.0])
    nodes = [W, tg.constant([1.0, 2.0]), W * W, tg.sum(W), tg.grad(tg.sum(W * W), W), W[:1], tg.reshape(W, (2, 1))]
    for node in nodes:
        with pytest.raises(ValueError, match="read-only"):
            node.value[...] = 0
        with pytest.raises(ValueError, match="read-only"):
            node.value += 1
    loss = tg.sum(W * W * W)
    loss.backward()
    np.testing.assert_array_equal(W.grad, [12.0, 27.0])


def test_nobody_changes_the_settings_of_a_node() -> None:
    y = tg.sum(tg.parameter(X), axis=0)
    with pytest.raises(TypeError):
        y.attributes["axis"] = 1
    assert y.attributes == {"axis": 0}


def test_the_mask_of_an_array_is_not_ignored() -> None:
    masked = np.ma.array(X, mask=X > 2)  # type: ignore[no-untyped-call]
    with pytest.raises(tg.GraphError, match="masked"):
        tg.parameter(X) * masked


def test_a_parameter_copies_the_array_that_it_is_set_to() -> None:
    p, v = tg.parameter(np.zeros(3)), np.ones(3)
    p.value = v
    loss = tg.sum(p * p)
    v[:] = 7
    loss.backward()
    np.testing.assert_array_equal(p.value, [1.0, 1.0, 1.0])
    np.testing.assert_array_equal(p.grad, [2.0, 2.0, 2.0])


def test_what_nobody_can_write_to_is_not_copied() -> None:
    array = np.arange(4.0)
    array.setflags(write=False)
    assert np.shares_memory(tg.constant(array).value, array)
    assert np.shares_memory(tg.constant(array[1:]).value, array)
    assert np.shares_memory((tg.parameter(1.0) * array).inputs[1].value, array)
    window = np.arange(4.0)[1:]
    window.setflags(write=False)  # its base can still be written to
    assert not np.shares_memory(tg.constant(window).value, window)


def test_a_mapped_file_that_another_mapping_changes(tmp_path: Path) -> None:
    np.arange(4.0).tofile(tmp_path / "numbers")
    reading = np.memmap(tmp_path / "numbers", float, "r")
    writing = np.memmap(tmp_path / "numbers", float, "r+")
    w = tg.parameter(np.ones(4))
    loss = tg.sum(w * reading)
    writing[:] = 7
    loss.backward()
    np.testing.assert_array_equal(w.grad, np.arange(4.0))


@each("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_keep_their_gradient_or_are_refused(duplicate: Callable[[Any], Any]) -> None:
    x = tg.parameter(X, "x")
    x.grad = X + 1
    with pytest.raises(tg.GraphError, match="multiply cannot be deep-copied"):
        duplicate([x, x * 2])
    twin = duplicate(x)
    later = tg.constant(1.0)
    assert twin.name == "x" and x.serial < twin.serial < later.serial
    np.testing.assert_array_equal(twin.grad, X + 1)
    np.testing.assert_array_equal(tg.grad(tg.sum(twin * twin), twin).value, 2 * X)
    twin.value = X * 0
    np.testing.assert_array_equal(x.value, X)
    assert duplicate(tg.tanh) is tg.tanh and duplicate(tg.sum) is tg.sum
    layer = tg.cells.LSTM(2, 3, rng=0)
    again = duplicate(layer)
    again.weight_ih.value = 0 * again.weight_ih.value
    assert layer.weight_ih.value.all() and again.parameters().keys() == layer.parameters().keys()


def test_a_shallow_copy_keeps_its_inputs_and_so_its_gradient() -> None:
    x = tg.parameter(X)
    np.testing.assert_array_equal(tg.grad(tg.sum(copy.copy(x * x)), x).value, 2 * X)


@each("make", [tg.parameter, tg.constant])
def test_a_pickle_with_buffers_of_its_own_is_copied(make: Callable[[Any], Any]) -> None:
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(make(X), protocol=5, buffer_callback=buffers.append)
    memory = [bytearray(buffer.raw()) for buffer in buffers]
    twin = pickle.loads(data, buffers=memory)
    assert memory
    for part in memory:
        part[:] = bytes(len(part))
    np.testing.assert_array_equal(twin.value, X)
