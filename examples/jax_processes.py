"""Trains an LSTM on several processes by JAX, each with a part of the batch; on one machine or on many.

Start one process for each part, with the address of the first; here two on one machine:

    python examples/jax_processes.py 127.0.0.1:12345 2 0 & python examples/jax_processes.py 127.0.0.1:12345 2 1

Each prints the loss, the largest difference of its gradients from those of one process, and the time of a step beside
that of one process with the whole batch. Needs the extra ``jax``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np

import tinygraph as tg

T, B, I, H = 16, 8, 12, 24  # noqa: E741  the axes' names
CALLS = 20


def main(address: str, processes: int, number: int) -> None:
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(address, processes, number)
    rng = np.random.default_rng(0)  # the same numbers on every process
    cell = tg.cells.LSTM(I, H, rng=0, dtype=np.float64)
    xs, targets = rng.normal(size=(T, B, I)), rng.normal(size=(T, B, H))

    def loss(xs: tg.Node, targets: tg.Node) -> tg.Node:
        return tg.mean(tg.square(tg.unroll(cell, xs)[0] - targets))

    gradient = tg.value_and_grad(loss, cell.parameters())
    split = {"xs": 1, "targets": 1}
    step = jax.jit(tg.export.jax(gradient, cell.parameters(), devices=processes, split=split, combine="mean"))
    values = {name: p.value for name, p in cell.parameters().items()}
    text = str(step.lower(values, xs, targets).compile().as_text())
    value, gradients = step(values, xs, targets)
    _, alone = tg.compile(gradient)(xs, targets)
    apart = max(float(np.abs(np.asarray(gradients[name]) - g).max()) for name, g in alone.items())
    one = jax.jit(tg.export.jax(gradient, cell.parameters()))  # the whole batch, computed here
    times = [timed(jax, f, values, xs, targets) for f in (step, one)]
    told = "{:.2f} ms, one process {:.2f} ms".format(*times)
    print(f"loss {float(value):.12f}, apart {apart:.1e}, {told}, all-gather {'all-gather' in text}")


def timed(jax: Any, step: Callable[..., Any], *args: Any) -> float:
    """Milliseconds of a step, the first one apart."""
    jax.block_until_ready(step(*args))
    start = perf_counter()
    for _ in range(CALLS):
        jax.block_until_ready(step(*args))
    return 1e3 * (perf_counter() - start) / CALLS


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
