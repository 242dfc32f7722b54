"""Time per step of long unrolled graphs, how they are freed, and what `import tinygraph` costs.

    python -m tests.bench.scaling

Bars: the time per step at T = 5,000 at most 1.5 times that at T = 500; the graph freed at once with the
cycle collector off; the import under 0.2 s over numpy's own.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg

LENGTHS = (500, 1000, 2500, 5000)
H = 16


def build(steps: int) -> tuple[tg.Node, list[tg.Node]]:
    """A tanh RNN of H units over ``steps`` random inputs (1, H), loss = sum of the last state."""
    rng = np.random.default_rng(0)
    xs = rng.normal(size=(steps, 1, H))
    parameters = [tg.parameter(rng.normal(0, 0.2, (H, H)), name) for name in ("Wx", "Wh")]
    wx, wh = parameters
    h: Any = tg.constant(np.zeros((1, H)))
    for t in range(steps):
        with tg.step(t):
            h = tg.tanh(xs[t] @ wx + h @ wh)
    return tg.sum(h), list(parameters)


def actions() -> dict[str, Callable[[tg.Node, list[tg.Node]], object]]:
    """What is done to a graph once it is built; draw is there when the package has it."""
    found: dict[str, Callable[[tg.Node, list[tg.Node]], object]] = {
        "backward": lambda loss, parameters: loss.backward(),
        "grad": tg.grad,
    }
    if callable(getattr(tg, "draw", None)):
        found["draw"] = lambda loss, parameters: len(tg.draw(loss).source)
    return found


def microseconds_per_step(steps: int, rounds: int) -> dict[str, float]:
    """The median of ``rounds`` for each action."""
    times: dict[str, list[float]] = {"build": [], **{name: [] for name in actions()}}
    for _ in range(rounds):
        gc.collect()
        start = time.perf_counter()
        loss, parameters = build(steps)
        times["build"].append(time.perf_counter() - start)
        for name, action in actions().items():
            start = time.perf_counter()
            action(loss, parameters)
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(t) / steps * 1e6 for name, t in times.items()}


def freed_at_once(steps: int) -> bool:
    """Whether the nodes of a differentiated graph die with the last name for its loss, the collector being off."""
    gc.collect()
    gc.disable()
    try:
        loss, parameters = build(steps)
        loss.backward()
        gradients = tg.grad(loss, parameters)
        watched = [weakref.ref(node) for node in (loss, loss.inputs[0], gradients[0])]
        del loss, gradients
        return all(ref() is None for ref in watched)
    finally:
        gc.enable()


def import_seconds(rounds: int) -> float:
    """Median over rounds of `import tinygraph` less `import numpy`, each in a fresh process, in turns."""

    def seconds(module: str) -> float:
        code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
        return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)

    return statistics.median(seconds("tinygraph") - seconds("numpy") for _ in range(rounds))


def main() -> None:
    rounds = 5
    build(100)
    print(f"microseconds per step, tanh RNN of {H} units, medians of {rounds} rounds")
    table = {steps: microseconds_per_step(steps, rounds) for steps in LENGTHS}
    print("       T" + "".join(f"{name:>10}" for name in table[LENGTHS[0]]))
    for steps, row in table.items():
        print(f"  {steps:6}" + "".join(f"{value:10.1f}" for value in row.values()))
    growth = {name: table[LENGTHS[-1]][name] / table[LENGTHS[0]][name] for name in table[LENGTHS[0]]}
    print("  growth" + "".join(f"{value:10.2f}" for value in growth.values()) + "   bar 1.50")
    freed = freed_at_once(LENGTHS[-1])
    print(f"graph of {LENGTHS[-1]} steps freed at once, cycle collector off: {freed}")
    cost = import_seconds(11)
    print(f"import tinygraph over import numpy: {cost:.3f} s, median of 11   bar 0.200")
    raise SystemExit(0 if max(growth.values()) <= 1.5 and freed and cost < 0.2 else 1)


if __name__ == "__main__":
    main()
