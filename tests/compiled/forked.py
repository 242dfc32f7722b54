"""A process that forks while its other threads call and compile; `test_forks` runs it as a process of its own.

Usage: ``python -m tests.compiled.forked BACKEND WHAT``; it fails where a child hangs or gives a wrong number.
"""

from __future__ import annotations

import multiprocessing
import sys
import threading
from collections.abc import Callable
from itertools import count

import numpy as np

import tinygraph as tg

FORKS, LIMIT_S = 20, 30
W = np.arange(30.0).reshape(6, 5) / 30
LARGE = np.linspace(-1, 1, 512 * 256).reshape(512, 256)
"""A product of this size is shared by several threads, if there are processors for them."""


def program(number: int, backend: str) -> Callable[[np.ndarray], np.ndarray]:
    """A compiled function; another number is another program, not another plan of the same."""

    def fn(x: tg.Node) -> tg.Node:
        for k in range(number % 7 + 1):
            x = np.tanh(x @ tg.constant(W @ W.T) / (number + k + 1)) + np.exp(-x * x)
        total = tg.sum(x * number)
        return total + tg.sum(tg.constant(LARGE.T) @ (tg.constant(LARGE) * total)) * 0 if number == 3 else total

    return tg.compile(fn, backend=backend)


def expected(number: int, x: np.ndarray) -> float:
    for k in range(number % 7 + 1):
        x = np.tanh(x @ W @ W.T / (number + k + 1)) + np.exp(-x * x)
    return float(np.sum(x * number))


def right(function: Callable[[np.ndarray], np.ndarray], number: int, rows: int) -> bool:
    x = np.linspace(-1, 1, 6 * rows).reshape(rows, 6)
    return bool(np.isclose(function(x), expected(number, x), rtol=1e-9))


def in_child(shared: Callable[[np.ndarray], np.ndarray], backend: str, number: int) -> None:
    """Calls what the other thread was calling, compiles anew what it was compiling, and ends with 0 if all is right."""
    new = program(number, backend)
    results = [right(shared, 3, 40), right(shared, 3, 41 + number % 3), right(new, number, 4), right(new, number, 5)]
    sys.exit(0 if all(results) else 1)


def worker(what: str, shared: Callable[[np.ndarray], np.ndarray], backend: str, done: threading.Event) -> None:
    for number in count(1000):
        if done.is_set():
            return
        assert right(shared, 3, 40) if what == "call" else right(program(number, backend), number, 3)


def main(backend: str, what: str) -> None:
    # Forked before anything of the backend was loaded, if the other thread compiles.
    shared, done = program(3, backend), threading.Event()
    if what == "call":
        right(shared, 3, 40)
    threads = [threading.Thread(target=worker, args=(what, shared, backend, done), daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    context = multiprocessing.get_context("fork")
    for number in range(FORKS):
        child = context.Process(target=in_child, args=(shared, backend, number))
        child.start()
        child.join(LIMIT_S)
        if child.exitcode != 0:
            child.kill()
            sys.exit(f"child {number}: {'hangs' if child.exitcode is None else 'is wrong'}")
    done.set()
    for thread in threads:
        thread.join(LIMIT_S)
    print("right")


if __name__ == "__main__":
    main(*sys.argv[1:])
