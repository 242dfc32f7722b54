"""A whole training step, one compiled call against its parts: gradients, clipping, Adam.

    python -m tests.bench.training [--sizes seed minchar small mid] [--rounds 40]

An LSTM in float32 with clipping by the norm of 5 and Adam; processor time. Bars: the step in one call takes at most
0.42 of its parts at the articles' sizes (seed), 0.56 at minchar's, and nowhere more than its parts.
"""

from __future__ import annotations

import argparse
import os
import time

# Before numpy reads it: two threads of a busy machine wait for each other in products as small as these.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Callable
from typing import Any

import tinygraph as tg

from .machine import description
from .recurrent_tinygraph import CELLS
from .recurrent_work import SIZES, Work, work
from .turns import medians

BARS = {"seed": 0.42, "minchar": 0.56}
MAX_NORM = 5.0


def network(task: Work) -> tuple[dict[str, tg.Node], Callable[..., tg.Node]]:
    """Parameters of its own and the loss of the LSTM."""
    weights = {name: tg.parameter(value, name) for name, value in task.weights.items()}

    def loss(xs: Any, state: Any, mix: Any) -> tg.Node:
        def cell(x: Any, state: Any) -> Any:
            new = CELLS["LSTM"](weights, x, state)
            return new[0], new

        return tg.sum(tg.unroll(cell, xs, state)[0] * mix)

    return weights, loss


def apart(task: Work) -> Callable[[], object]:
    """Compiled gradients, then clipping, then the optimizer."""
    weights, loss = network(task)
    gradients, adam = tg.compile(tg.value_and_grad(loss, weights)), tg.train.Adam(weights)

    def run() -> object:
        y, g = gradients(task.xs, task.state, task.mix)
        adam.step(tg.train.clip_by_norm(g, MAX_NORM))
        return y

    return run


def together(task: Work) -> Callable[[], object]:
    weights, loss = network(task)
    step = tg.train.step(loss, weights, tg.train.Adam(weights), clip=MAX_NORM)
    return lambda: step(task.xs, task.state, task.mix)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", default=["seed", "minchar", "small", "mid"], choices=SIZES)
    parser.add_argument("--rounds", type=int, default=40)
    chosen = parser.parse_args()
    print(description(1))
    for size in chosen.sizes:
        task = work("LSTM", SIZES[size])
        times = medians({"apart": apart(task), "one call": together(task)}, chosen.rounds, clock=time.process_time)
        ratio = times["one call"] / times["apart"]
        bar = BARS.get(size, 1.0)
        print(
            f"  {size:8} apart {1e3 * times['apart']:9.3f} ms   one call {1e3 * times['one call']:9.3f} ms   "
            f"ratio {ratio:.2f}   bar {bar:.2f} {'met' if ratio <= bar else 'MISSED'}"
        )


if __name__ == "__main__":
    main()
