"""One compiled function over many lengths and batches: cheap new shapes, no new native code, memory within a bound."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

import tinygraph as tg
from tinygraph import compiled as compiled_module

from .comparing import assert_near, each_backend, eager, needs_native

I, H = 4, 6  # noqa: E741


def lstm_step(seed=0, H=H, dtype="f8"):
    rng = np.random.default_rng(seed)
    w = [tg.parameter((rng.normal(size=s) * 0.4).astype(dtype)) for s in ((I, 4 * H), (H, 4 * H), (4 * H,))]

    def cell(x, state):
        h, c = state
        i, f, g, o = tg.split(x @ w[0] + h @ w[1] + w[2], 4, axis=-1)
        c = tg.sigmoid(f) * c + tg.sigmoid(i) * tg.tanh(g)
        h = tg.sigmoid(o) * tg.tanh(c)
        return h, (h, c)

    def loss(xs):
        zero = np.zeros((xs.shape[1], H), xs.dtype)
        return tg.sum(tg.square(tg.unroll(cell, xs, (zero, zero))[0]))

    return tg.value_and_grad(loss, w)


def data(T, B, dtype="f8"):
    return np.random.default_rng(T * 100 + B).normal(size=(T, B, I)).astype(dtype)


@each_backend
def test_many_lengths_and_batches(backend):
    fn = lstm_step()
    compiled = tg.compile(fn, backend=backend)
    shapes = [(T, B) for T in (1, 2, 3, 9, 17) for B in (1, 2, 5, 16)]
    for T, B in [*shapes, *shapes[::-3]]:
        xs = data(T, B)
        assert_near(compiled(xs), eager(fn, xs))


@needs_native
def test_a_new_length_or_batch_compiles_nothing():
    from tinygraph.run.native import compiler

    compiled = tg.compile(lstm_step(), backend="native")
    for T, B in ((7, 3), (8, 3), (7, 5)):
        compiled(data(T, B))
    before = compiler.compiled.count + compiler.compiled.from_disk
    for T, B in ((2, 2), (9, 3), (50, 7), (3, 64), (11, 40), (200, 2)):
        compiled(data(T, B))
    assert compiler.compiled.count + compiler.compiled.from_disk == before


@needs_native
def test_a_new_state_size_compiles_nothing_either():
    from tinygraph.run.native import compiler

    for k in (5, 6):
        tg.compile(lstm_step(H=k), backend="native")(data(7, 3))
    before = compiler.compiled.count + compiler.compiled.from_disk
    fn = lstm_step(H=11)
    assert_near(tg.compile(fn, backend="native")(data(6, 5)), eager(fn, data(6, 5)))
    assert compiler.compiled.count + compiler.compiled.from_disk == before


@needs_native
@pytest.mark.filterwarnings("ignore::tinygraph.WideningWarning")
def test_a_new_dtype_compiles_once():
    from tinygraph.run.native import compiler

    compiled = tg.compile(lstm_step(dtype="f4"), backend="native")
    before = compiler.compiled.count + compiler.compiled.from_disk
    for T in (6, 7, 8):
        compiled(data(T, 3, "f4"))
    first = compiler.compiled.count + compiler.compiled.from_disk - before
    for T in (6, 7, 8):
        compiled(data(T, 3, "f8"))
    assert compiler.compiled.count + compiler.compiled.from_disk - before <= 2 * max(first, 3)


@each_backend
def test_a_new_length_costs_little(backend):
    compiled = tg.compile(lstm_step(), backend=backend)
    compiled(data(10, 3))
    costs = []
    for T in range(11, 18):
        compiled(data(T, 3))
        costs.append(compiled.plan.compile_s)
    assert min(costs) < 0.1  # the bench holds the figure itself; this machine may be busy


@each_backend
def test_tracing_costs_the_same_at_any_length(backend):
    compiled = tg.compile(lstm_step(), backend=backend)
    compiled(data(3, 2))

    def cost(T):
        return min(_compile_s(compiled, T + k) for k in range(4))

    def _compile_s(compiled, T):
        compiled(data(T, 2))
        return compiled.plan.compile_s

    short, long = cost(5), cost(1000)
    assert long < 2 * short + 0.02


@each_backend
def test_a_known_shape_is_not_traced_again(backend):
    calls = []

    def fn(x):
        calls.append(x.shape)
        return tg.sum(x)

    compiled = tg.compile(fn, backend=backend)
    for n in (2, 3, 2, 3, 3, 2):
        compiled(np.ones(n))
    compiled(np.ones(2, "f4"))
    compiled(tg.constant(np.ones(2)))
    assert calls == [(2,), (3,), (2,)]


@each_backend
def test_the_cell_is_traced_once_a_length_whatever_the_length(backend):
    calls = []

    def cell(x, h):
        calls.append(1)
        h = tg.tanh(x + h)
        return h, h

    compiled = tg.compile(lambda xs: tg.unroll(cell, xs, np.zeros(2))[0], backend=backend)
    for T in (1, 500):
        calls.clear()
        compiled(np.ones((T, 2)))
        assert len(calls) == 1


def test_plans_are_dropped_beyond_the_memory_bound(monkeypatch):
    fn, traced = lstm_step(), []

    def counted(xs):
        traced.append(xs.shape)
        return fn(xs)

    # By numpy, whose plans of about one size hold about the same; packed weights may make them uneven.
    compiled = tg.compile(counted, backend="numpy")
    compiled(data(8, 3))
    one = compiled.plan.held_bytes
    assert one > 0
    monkeypatch.setattr(compiled_module, "KEPT_BYTES", 5 * one)
    for T in range(9, 19):
        compiled(data(T, 3))
        compiled(data(8, 3))  # used all the time, so it stays
    assert sum(p.held_bytes for p in compiled._plans.values()) <= 5 * one
    assert 2 <= len(compiled._plans) < 6
    assert_near(compiled(data(9, 3)), eager(fn, data(9, 3)))
    assert traced.count((8, 3, I)) == 1 and traced.count((9, 3, I)) == 2
    monkeypatch.setattr(compiled_module, "KEPT_BYTES", 0)
    assert_near(compiled(data(12, 4)), eager(fn, data(12, 4)))
    assert len(compiled._plans) == 1


@each_backend
def test_a_compiled_function_lets_go_of_its_memory(backend):
    compiled = tg.compile(lstm_step(), backend=backend)
    compiled(data(8, 3))
    held = weakref.ref(compiled.plan._runner.memory)
    del compiled
    gc.collect()
    assert held() is None


@each_backend
def test_calls_after_the_first_allocate_nothing_that_grows_with_the_length(backend):
    compiled = tg.compile(lstm_step(), backend=backend)
    peaks = []
    for T in (100, 400):
        xs = data(T, 8)
        compiled(xs)
        compiled(xs)
        tracemalloc.start()
        compiled(xs)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2000  # one value over 300 more steps is 300 * 8 * 24 * 8 bytes = 460 kB
    assert peaks[1] < 100_000  # numpy's own buffer of 8192 numbers is among them


@each_backend
def test_keys_in_another_order_are_another_plan(backend):
    """Arrays go into a plan by position: the same dict, written the other way round, must not swap them."""
    a, b = np.array([5.0, 1.0]), np.array([1.0, 2.0])
    compiled = tg.compile(lambda d, **more: d["a"] - d["b"] + 10 * (more["p"] - more["q"]), backend=backend)
    for d in ({"a": a, "b": b}, {"b": b, "a": a}):
        for more in ({"p": a, "q": b}, {"q": b, "p": a}):
            assert compiled(d, **more).tolist() == [44.0, -11.0]


@each_backend
def test_nesting_and_plain_values_are_part_of_the_plan(backend):
    a, b, c = (np.full(2, n) for n in (1.0, 10.0, 100.0))
    compiled = tg.compile(lambda s, flip=False: s[0][0] - s[-1][-1] if flip else s[0][-1] - s[-1][0], backend=backend)
    assert compiled(((a, b), (c,)))[0] == -90 and compiled(((a,), (b, c)))[0] == -9
    assert compiled(((a, b), (c,)), flip=True)[0] == -99 and compiled(((a,), (b, c)), flip=True)[0] == -99
