"""What it costs that nodes keep where the user's code made them, from which pictures tell the time in unmarked loops.

    OPENBLAS_NUM_THREADS=1 python -m tests.bench.unmarked [--rounds N]

A training step, forward and backward, of an LSTM in a plain loop. Under `tg.step` nodes keep nothing, so the same code
within one step is what it would take without. Bar: 3% more. On a busy machine steps differ by more than that, and so do
medians from run to run: lower quartiles of many rounds in turns differ less. Instructions do not differ at all:

    valgrind --tool=cachegrind --cache-sim=no python -m tests.bench.unmarked --steps N [--marked]
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable

import numpy as np

import tinygraph as tg

from .machine import description

T, B, H = 50, 16, 64
BAR = 1.03


def lstm() -> Callable[[], tg.Node]:
    """A training step as an article writes it."""
    rng = np.random.default_rng(0)
    W, U = (tg.parameter(rng.normal(size=(H, 4 * H)) / 8) for _ in range(2))
    b = tg.parameter(np.zeros(4 * H))
    xs = rng.normal(size=(T, B, H))

    def step() -> tg.Node:
        h = c = tg.constant(np.zeros((B, H)))
        loss = tg.constant(0.0)
        for t in range(T):
            gates = xs[t] @ W + h @ U + b
            i, f, o, g = (gates[:, k * H : (k + 1) * H] for k in range(4))
            c = tg.sigmoid(f) * c + tg.sigmoid(i) * np.tanh(g)
            h = tg.sigmoid(o) * np.tanh(c)
            loss = loss + np.mean(h * h)
        loss.backward()
        return loss

    return step


def within_step(work: Callable[[], tg.Node]) -> tg.Node:
    with tg.step(0):
        return work()


def quartiles(contenders: dict[str, Callable[[], object]], rounds: int) -> dict[str, tuple[float, float]]:
    """The lower quartile and the median of each contender's processor time in seconds, in turns."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for n in range(rounds + 1):
        for name in [*contenders][:: 1 if n % 2 else -1]:
            gc.collect()
            for _ in range(2):
                start = time.process_time()
                contenders[name]()
                if n:
                    times[name].append(time.process_time() - start)
    return {name: (statistics.quantiles(t, n=4)[0], statistics.median(t)) for name, t in times.items()}


def count(steps: int, marked: bool) -> None:
    work = lstm()
    for _ in range(steps):
        within_step(work) if marked else work()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--steps", type=int, default=0, help="only take so many steps, for a count of instructions")
    parser.add_argument("--marked", action="store_true", help="take them within tg.step")
    options = parser.parse_args()
    rounds = options.rounds
    if options.steps:
        count(options.steps, options.marked)
        return
    print(description(1))
    work = lstm()
    taken = quartiles({"unmarked": work, "within tg.step": lambda: within_step(work)}, rounds)
    for name, (quartile, median) in taken.items():
        print(f"  {name:<16} {quartile * 1e3:7.2f} ms   median {median * 1e3:7.2f} ms")
    share = taken["unmarked"][0] / taken["within tg.step"][0]
    print(f"  lower quartiles: {share:.3f}, bar {BAR}: {'met' if share <= BAR else 'MISSED'}")
    raise SystemExit(0 if share <= BAR else 1)


if __name__ == "__main__":
    main()
