"""Threads that call compiled functions at once get their own right answers."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np

import tinygraph as tg

from .comparing import assert_near, each_backend, eager
from .test_shapes import data, lstm_step

THREADS, CALLS = 4, 12


def in_threads(work):
    """``work(k)`` for each of some threads, all begun at once; raises what one of them raised."""
    start = Barrier(THREADS)

    def begin(k):
        start.wait()
        return work(k)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


@each_backend
def test_one_function_one_shape(backend):
    fn = lstm_step()
    compiled = tg.compile(fn, backend=backend)
    inputs = [data(20, 3) * (k + 1) for k in range(THREADS)]
    expected = [eager(fn, xs) for xs in inputs]

    def work(k):
        for _ in range(CALLS):
            assert_near(compiled(inputs[k]), expected[k])

    in_threads(work)


@each_backend
def test_one_function_many_shapes(backend):
    fn = lstm_step()
    compiled = tg.compile(fn, backend=backend)
    inputs = [[data(5 + n, 1 + k) for n in range(4)] for k in range(THREADS)]
    expected = [[eager(fn, xs) for xs in row] for row in inputs]

    def work(k):
        for call in range(CALLS):
            assert_near(compiled(inputs[k][call % 4]), expected[k][call % 4])

    in_threads(work)


@each_backend
def test_different_functions(backend):
    fns = [lstm_step(seed) for seed in range(THREADS)]
    xs = data(15, 2)
    expected = [eager(fn, xs) for fn in fns]

    def work(k):
        compiled = tg.compile(fns[k], backend=backend)
        for _ in range(CALLS):
            assert_near(compiled(xs), expected[k])

    in_threads(work)


@each_backend
def test_tracing_in_one_thread_leaves_the_others_computing(backend):
    w = tg.parameter(np.ones(3))

    def work(k):
        for call in range(CALLS):
            if k % 2:
                got = tg.compile(lambda x: tg.exp(x) @ w, backend=backend)(np.ones(3))
                assert_near(got, np.asarray(3 * np.exp(1.0)))
            else:
                y = tg.sum(tg.square(w) * call)
                assert y.item() == 3 * call and tg.grad(y, w).value.tolist() == [2.0 * call] * 3

    in_threads(work)


@each_backend
def test_an_error_in_one_thread_leaves_the_others_alone(backend):
    fn = lstm_step()
    compiled = tg.compile(fn, backend=backend)
    xs = data(10, 2)
    expected = eager(fn, xs)

    def work(k):
        failed = 0
        for _ in range(CALLS):
            if k == 0:
                try:
                    compiled(np.ones((3, 2, 9)))
                except tg.GraphError:
                    failed += 1
            else:
                assert_near(compiled(xs), expected)
        return failed

    assert in_threads(work)[0] == CALLS
