"""An LSTM trained over 20,000 steps: all of its past kept, against segments computed again in the backward pass.

    python -m tests.bench.long_sequence [--steps T] [--backend native|numpy] [--threads 1|2] [--clock cpu]

The size is "small" (B = 16, I = 64, H = 128). The loss is the mean square of a linear readout against a target, formed
in the cell: only (T, B) numbers leave the loop, as a loss over so long a sequence should be written. Bars for
`tg.compile(..., memory="checkpoint")`: a tenth of the memory, at most 1.5 times the time, the same gradients to 1e-4.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .machine import description, set_threads

MODES = ("keep", "checkpoint")


def training_step(steps: int, backend: str | None, mode: str) -> tuple[Any, tuple[Any, ...]]:
    """The function and its arguments: xs (T, B, I), targets (T, B), state."""
    import numpy as np

    import tinygraph as tg

    from .recurrent_tinygraph import lstm
    from .recurrent_work import SIZES, work

    task = work("LSTM", SIZES["small"]._replace(T=steps))
    w = {name: tg.parameter(value, name) for name, value in task.weights.items()}
    readout = np.random.default_rng(7).normal(0, 0.1, task.sizes.H).astype(np.float32)

    def cell(given: Any, state: Any) -> tuple[Any, Any]:
        x, target = given
        state = lstm(w, x, state)
        error = state[0] @ readout - target
        return error * error, state

    def loss(xs: Any, targets: Any, state: Any) -> Any:
        return tg.mean(tg.unroll(cell, (xs, targets), state)[0])

    step = tg.value_and_grad(loss, w)
    if backend:
        step = tg.compile(step, backend=backend, **({"memory": mode} if mode != "keep" else {}))
    targets = np.sin(np.arange(steps, dtype=np.float32) / 10)[:, None] * np.ones(task.sizes.B, np.float32)
    return step, (task.xs, targets, task.state)


def one_process(steps: int, backend: str, mode: str, path: str, clock: Callable[[], float]) -> dict[str, float]:
    """Seconds a step and peak bytes over what was there before; writes the gradients to ``path``."""
    import numpy as np

    from .memory import peak_over

    step, given = training_step(50, backend, mode)
    step(*given)
    step, given = training_step(steps, backend, mode)
    peak = peak_over(lambda: step(*given), times=2)
    times = []
    for _ in range(3):
        start = clock()
        loss, grads = step(*given)
        times.append(clock() - start)
    np.savez(path, **grads)
    return {"seconds": statistics.median(times), "peak": peak, "loss": float(loss)}


def compare(chosen: argparse.Namespace) -> list[str]:
    """Print one line a mode; gives the bars that are missed."""
    import numpy as np

    found, gradients = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for mode in MODES:
            path = str(Path(folder, f"{mode}.npz"))
            command = [
                sys.executable,
                "-m",
                f"{__package__}.long_sequence",
                "--threads",
                str(chosen.threads),
                "--clock",
                chosen.clock,
            ]
            child = ["--child", str(chosen.steps), chosen.backend, mode, path]
            done = subprocess.run([*command, *child], stdout=subprocess.PIPE, text=True, check=True)
            found[mode], gradients[mode] = json.loads(done.stdout), dict(np.load(path))
            print(f"  {mode:<10} {found[mode]['seconds']:7.2f} s a step   peak {found[mode]['peak'] / 2**20:8.1f} MiB")
    memory, seconds = (found["checkpoint"][k] / found["keep"][k] for k in ("peak", "seconds"))
    pairs = [(gradients["checkpoint"][name], g) for name, g in gradients["keep"].items()]
    error = max(float(np.abs(got - g).max() / np.abs(g).max()) for got, g in pairs)
    measured = {"memory": (memory, 0.1), "time": (seconds, 1.5), "difference of gradients": (error, 1e-4)}
    for what, (value, bar) in measured.items():
        print(f"  {what}: {value:.2g}, bar {bar:g}: {'met' if value <= bar else 'MISSED'}")
    return [what for what, (value, bar) in measured.items() if value > bar]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--backend", choices=("native", "numpy"), default="native")
    parser.add_argument("--threads", type=int, choices=(1, 2), default=1)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: processor time, one thread")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    set_threads(chosen.threads)
    clock = time.process_time if chosen.clock == "cpu" else time.perf_counter
    if chosen.child:
        steps, backend, mode, path = chosen.child
        print(json.dumps(one_process(int(steps), backend, mode, path, clock)))
        return
    print(f"{description(chosen.threads)}\nLSTM, small, T = {chosen.steps:,}, {chosen.backend}:")
    raise SystemExit(1 if compare(chosen) else 0)


if __name__ == "__main__":
    main()
