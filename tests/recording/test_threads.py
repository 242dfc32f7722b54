"""Arrays that are written in one thread while others read them, or write rows of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.core.scope import _Now

START = np.array([0.1, -0.2, 0.3])
ALONE = "tinygraph.numpy" not in sys.modules
"""Whether no file of this process records for all threads by itself."""


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns after a few instructions."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def read_elsewhere(w: Any) -> Any:
    h = np.copy(w)
    with ThreadPoolExecutor(1) as pool:
        y = pool.submit(lambda: h * 2).result()
        row = pool.submit(lambda: h[1:]).result()
    h[0] = 5.0
    h[1] = w[0]
    return (y * w).sum() + (h**2).sum() + row.prod()


def filled_by_many(w: Any) -> Any:
    hs = np.zeros((8, 3))

    def job(k: int) -> None:
        hs[k] = np.tanh(w * (k + 1))
        hs[k, 0] = hs[k, 1] * w[2]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(job, range(8)))
    return (hs**2).sum()


def is_right(fn: Any, recorded: Any) -> None:
    w = tg.parameter(START, name="w")
    loss = recorded(w)
    np.testing.assert_allclose(loss.item(), fn(START), 1e-14)
    slopes = [(fn(START + s) - fn(START - s)) / 2e-6 for s in np.eye(3) * 1e-6]
    np.testing.assert_allclose(tg.grad(loss, w).value, slopes, 1e-7, 1e-8)


def test_what_another_thread_has_read_keeps_what_it_read() -> None:
    is_right(read_elsewhere, tg.recorded(read_elsewhere))


def test_threads_fill_the_rows_of_one_array(hasty: None) -> None:
    for _ in range(30):
        is_right(filled_by_many, tg.recorded(filled_by_many))


def test_two_recordings_at_once_leave_each_other_alone(hasty: None) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: is_right(read_elsewhere, tg.recorded(read_elsewhere)), range(40)))


def test_afterwards_no_thread_records() -> None:
    with ThreadPoolExecutor(1) as pool:
        tg.recorded(read_elsewhere)(tg.parameter(START))
        after = pool.submit(lambda: (tg.constant(START) * 2)._record).result()
    assert _Now.recorder is None and _Now.plain is True and after is None


def test_what_is_recorded_within_a_traced_function_ends_no_other_log() -> None:
    def inner(w: Any) -> Any:
        return np.copy(w) * 2

    def outer(w: Any) -> Any:
        h = np.copy(w)
        y = h * w
        inside = tg.recorded(inner)(w)
        h[0] = 3.0
        return (y * inside).sum() + h.sum()

    w = tg.parameter(START)
    loss, (g,) = tg.compile(tg.value_and_grad(lambda: tg.recorded(outer)(w), [w]))()
    np.testing.assert_allclose(loss, outer(START), 1e-14)
    np.testing.assert_allclose(g, 6 * START**2 + [0, 1, 1], 1e-14)


def test_it_is_so_in_a_process_that_never_imported_our_numpy() -> None:
    """There, no recorder is that of all threads between recordings."""
    code = "import sys; from tests.recording import test_threads as t; assert t.ALONE; "
    code += "t.test_what_another_thread_has_read_keeps_what_it_read(); t.test_afterwards_no_thread_records(); "
    code += "assert 'tinygraph.numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
