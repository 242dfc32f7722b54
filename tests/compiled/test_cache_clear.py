"""`tg.cache_clear`: what no plan uses goes, on disk and in memory; what runs goes on running."""

import gc
import threading
import weakref

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.run.native import compiler, disk

from .comparing import assert_near, each_backend, eager
from .test_shapes import data, lstm_step

pytest.importorskip("llvmlite")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYGRAPH_CACHE_DIR", str(tmp_path))
    compiler.forget()


def program(length):
    """A compiled function that no other test has, and the machine code of its plan."""

    def fn(x):
        for _ in range(length):
            x = tg.sin(x) + tg.tanh(x)
        return x

    f = tg.compile(fn, backend="native")
    assert_near(f(np.ones(3)), eager(fn, np.ones(3)))
    (code,) = f.plan.code_bytes
    return f, weakref.ref(code)


def test_files_and_unused_code_go_and_plans_stay():
    (f, code), (g, other) = program(41), program(42)
    assert len([*disk.folder().glob("*.o")]) == 2
    del g
    gc.collect()
    assert other() is not None, "of the latest programs some are kept, for functions that are compiled anew"
    tg.cache_clear()
    gc.collect()
    assert [*disk.folder().glob("*.o")] == []
    assert other() is None and code() is not None
    assert_near(f(np.ones(3)), program(41)[0](np.ones(3)))
    program(42)


def test_nothing_to_clear():
    tg.cache_clear()
    tg.cache_clear()
    assert not disk.folder().exists()


@each_backend
def test_code_that_a_thread_runs_is_not_freed(backend):
    fn, xs, stop = lstm_step(), data(60, 3), threading.Event()
    expected, wrong = eager(fn, xs), []

    def calls(f):
        while not stop.is_set():
            try:
                assert_near(f(xs), expected)
            except AssertionError as error:
                wrong.append(error)

    threads = [threading.Thread(target=calls, args=(tg.compile(fn, backend=backend),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        tg.cache_clear()
        assert_near(tg.compile(fn, backend=backend)(xs), expected)
        gc.collect()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


def test_few_programs_stay_in_memory_unused(monkeypatch):
    monkeypatch.setattr(compiler, "RECENT", 2)
    codes = [program(length)[1] for length in range(43, 48)]
    gc.collect()
    assert [code() is None for code in codes] == [True, True, True, False, False]
