"""A process may fork while its threads call and compile: the children neither hang nor give a wrong number."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tinygraph import forking

from .comparing import each_backend

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.mark.parametrize("what", ["call", "compile"])
@each_backend
def test_twenty_children_of_a_busy_process(backend, what, tmp_path):
    command = [sys.executable, "-m", "tests.compiled.forked", backend, what]
    environment = os.environ | {"TINYGRAPH_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)
    assert done.stdout == "right\n", done.stderr


def child_of(work, holds):
    """The exit code of a child, forked while another thread holds a lock, which must end within a minute."""
    held, done = threading.Event(), threading.Event()

    def hold():
        with holds():
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    pid = os.fork()
    if pid == 0:
        try:
            threading.Timer(60, lambda: os._exit(3)).start()
            work()
            os._exit(0)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    done.set()
    thread.join()
    return code


def test_a_call_waits_while_a_fork_is_pending(monkeypatch):
    assert not forking.pending
    waits = []
    monkeypatch.setattr(forking, "pause", lambda: waits.append(forking.pending))
    f = tg.compile(lambda x: x + 1, backend="numpy")
    for pending in (False, True, False, True):
        monkeypatch.setattr(forking, "pending", pending)
        assert f(np.ones(1)) == 2.0
    assert waits == [True, True]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@each_backend
def test_locks_that_are_held_for_long_are_free_in_the_child(backend, monkeypatch):
    f = tg.compile(lambda x: tg.sum(x * x), backend=backend)
    f(np.ones(3))
    monkeypatch.setattr(forking, "LIMIT_S", 0.1)

    def calls():
        assert f(np.ones(3)) == 3 and f(np.ones(4)) == 4

    assert child_of(calls, lambda: f._lock) == 0


class Busy:
    """An owner of a lock that another thread holds."""

    def __init__(self):
        self.lock, self.waits = self, []

    def acquire(self, timeout):
        self.waits.append(timeout)
        return False


@pytest.mark.parametrize("limit", [0.0, 50.0])
def test_a_fork_waits_for_all_calls_together_no_longer_than_its_limit(limit, monkeypatch):
    owners = [Busy(), Busy()]
    monkeypatch.setattr(forking, "LIMIT_S", limit)
    for owner in owners:
        forking.wait_for(owner, "lock")
    forking._before()
    assert forking.pending
    forking._after()
    assert not forking.pending
    waits = [wait for owner in owners for wait in owner.waits]
    assert len(waits) == 2 and all((0.6 * limit <= wait <= limit) for wait in waits)
    forking._before()
    forking._in_child()
    assert not forking.pending and all(owner.lock.acquire(timeout=0) for owner in owners)


@each_backend
def test_a_fork_waits_for_calls_and_compilations_of_other_threads(backend):
    f = tg.compile(lambda x: x + 1, backend=backend)
    order, started = [], threading.Barrier(3)

    def works(lock):
        with lock:
            started.wait()
            time.sleep(0.3)
            order.append("worked")

    threads = [threading.Thread(target=works, args=(lock,)) for lock in (f._lock, forking.LOCK)]
    for thread in threads:
        thread.start()
    started.wait()
    forking._before()
    assert order == ["worked", "worked"]
    late = threading.Thread(target=lambda: order.append(f(np.ones(1)).item()))
    late.start()
    late.join(0.1)
    assert late.is_alive() and len(order) == 2
    forking._after()
    for thread in (*threads, late):
        thread.join()
    assert order == ["worked", "worked", 2.0]
