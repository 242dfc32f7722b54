"""Long graphs: no recursion, nodes in proportion to steps, freed without the cycle collector."""

import ctypes
import gc
import subprocess
import sys
import weakref

import numpy as np
import pytest

import tinygraph as tg

T = 5000


def _rnn(steps):
    """The sum of all states of a tanh RNN of one unit, h_t = tanh(w h_{t-1} + x_t), and its parameter."""
    w = tg.parameter(0.9, name="w")
    h = tg.constant(0.0)
    loss = tg.constant(0.0)
    for t in range(steps):
        with tg.step(t):
            h = tg.tanh(w * h + np.sin(t))
            loss = loss + h
    return loss, w


def _by_hand(steps, w=0.9):
    """The loss and dloss/dw of `_rnn`, by forward sensitivities in a plain loop."""
    h = dh = loss = dloss = 0.0
    for t in range(steps):
        z = np.tanh(w * h + np.sin(t))
        h, dh = z, (1 - z * z) * (h + w * dh)
        loss, dloss = loss + h, dloss + dh
    return loss, dloss


def _count(node):
    seen, stack = {node}, [node]
    while stack:
        new = [x for x in stack.pop().inputs if x not in seen]
        seen.update(new)
        stack += new
    return len(seen)


def test_backward_of_five_thousand_steps_is_right():
    loss, w = _rnn(T)
    expected, slope = _by_hand(T)
    np.testing.assert_allclose(loss.item(), expected, rtol=1e-10)
    loss.backward()
    np.testing.assert_allclose(w.grad, slope, rtol=1e-10)


def test_grad_of_many_steps_is_right_and_can_be_differentiated():
    steps = T // 4  # more nodes in a row than calls may be nested, as with T
    loss, w = _rnn(steps)
    g = tg.grad(loss, w)
    np.testing.assert_allclose(g.item(), _by_hand(steps)[1], rtol=1e-10)
    step = 1e-5
    central = (_by_hand(steps, 0.9 + step)[1] - _by_hand(steps, 0.9 - step)[1]) / (2 * step)
    np.testing.assert_allclose(tg.grad(g, w).item(), central, rtol=1e-6)


def test_nodes_grow_in_proportion_to_steps():
    sizes = [_count(tg.grad(*_rnn(steps))) for steps in (50, 100, 150)]
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0] > 0


def test_a_dropped_graph_is_freed_without_the_cycle_collector():
    gc.collect()
    gc.disable()
    try:
        loss, w = _rnn(T)
        loss.backward()
        g = tg.grad(loss, w)
        watched = [weakref.ref(node) for node in (loss, loss.inputs[0], loss.inputs[1], g, g.inputs[0])]
        del loss, g
        assert [ref() for ref in watched] == [None] * len(watched)
    finally:
        gc.enable()


def test_weight_gradients_over_many_steps_agree_with_the_graphs_own():
    """`backward` joins the products of a weight over time, `grad` adds one a step: to rounding they agree."""
    rng = np.random.default_rng(0)
    wx, wh, left = (tg.parameter(rng.normal(0, 0.3, shape)) for shape in ((3, 4), (4, 4), (2, 4)))
    vector = tg.constant(np.ones(4))
    h = tg.constant(np.zeros((2, 4)))
    total = tg.constant(0.0)
    for t in range(200):
        with tg.step(t):
            h = tg.tanh(rng.normal(size=(2, 3)) @ wx + h @ wh)
            total = total + tg.sum(left @ h[0]) + tg.sum(left @ tg.transpose(h)) + tg.sum((vector * h[1]) @ wh)
    parameters = [wx, wh, left]
    total.backward()
    for parameter, g in zip(parameters, tg.grad(total, parameters), strict=True):
        np.testing.assert_allclose(parameter.grad, g.value, rtol=1e-12, atol=1e-12 * np.abs(g.value).max())


def test_joined_products_of_many_sizes_and_dtypes_agree_with_the_nodes():
    rng = np.random.default_rng(5)
    w = tg.parameter(rng.normal(size=(3, 4)), name="w")
    rows = [1, 100, 30, 1, 300, 0, 127, 128, 129, 2]
    terms = []
    for n, size in enumerate(rows):
        x = rng.normal(size=(size, 3)).astype(np.float32 if n % 3 == 1 else np.float64)
        terms.append(
            tg.sum(tg.tanh(x @ w)) + tg.sum(w @ rng.normal(size=(4, size))) + tg.sum(rng.normal(size=(2, 5, 3)) @ w)
        )
    loss = tg.sum(tg.stack(terms)) + tg.sum(w[0] * w[1])
    loss.backward()
    expected = tg.grad(loss, w).value
    assert np.abs(w.grad - expected).max() <= 1e-12 * np.abs(expected).max()
    assert w.grad.base is None and w.grad.dtype == np.float64


def test_joined_products_keep_float32():
    w = tg.parameter(np.ones((3, 4), np.float32))
    for _ in range(2):
        loss = sum((tg.sum(np.ones((90, 3), np.float32) @ w) for _ in range(3)), tg.constant(np.float32(0)))
        loss.backward()
    assert w.grad.dtype == np.float32 and (w.grad == 540).all()


def test_malloc_keeps_what_a_step_frees():
    """glibc maps blocks of their own for what is large, and gives them back: 20 MB are no longer that large."""
    code = (
        "import ctypes, numpy as np, tinygraph as tg\n"
        "libc = ctypes.CDLL(None)\n"
        "names = 'arena', 'free', 'fast', 'mapped', *'abcdef'\n"
        "class Info(ctypes.Structure): _fields_ = [(n, ctypes.c_size_t) for n in names]\n"
        "libc.mallinfo2.restype = Info\n"
        "before = libc.mallinfo2().mapped\n"
        "kept = [np.empty(size << 20, np.uint8) for size in (1, 20, 30)]\n"
        "print(libc.mallinfo2().mapped - before)\n"
    )
    if sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallinfo2"):
        pytest.skip("mallinfo2 is glibc's")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert run.stdout.split() == ["0"]
