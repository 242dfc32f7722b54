"""What the first call of a compiled training step costs: in a fresh process, in a second one, for a new length.

    python -m tests.bench.first_call [--threads N] CELL BACKEND [SIZE]

runs one process and prints its times in seconds as JSON. `measure` runs two, with an empty `TINYGRAPH_CACHE_DIR` that
the second finds filled.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

from .machine import set_threads

BARS = {"native": (3.0, 0.3), "numpy": (0.3, 0.3)}
"""Seconds for a first call at most, cold and warm."""
NEW_LENGTH_BAR = 0.02


class Start(NamedTuple):
    """Seconds: the first call in a fresh process, in a second one, and there one more with a T and a B never seen
    (what it takes over a plain call of that size)."""

    cell: str
    backend: str
    cold: float
    warm: float
    new_length: float


def measure(cell: str, backend: str, threads: int, size: str = "small") -> Start:
    """Two processes, the second with the first one's cache on disk."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-m", f"{__package__}.first_call", "--threads", str(threads), cell, backend, size]
        environment = {**os.environ, "TINYGRAPH_CACHE_DIR": cache}
        answers = []
        for _ in range(2):
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"first call of {cell} by {backend} failed:\n{done.stderr}")
            answers.append(json.loads(done.stdout))
    return Start(cell, backend, answers[0]["first_s"], answers[1]["first_s"], answers[1]["new_length_s"])


def table(starts: list[Start]) -> tuple[str, list[str]]:
    """A Markdown table, and lines of what is missed."""
    lines, missed = ["| cell | backend | cold | warm | new T and B, over a plain call |", "|---|---|---|---|---|"], []
    for s in starts:
        row = [s.cell, s.backend]
        found = ("cold", s.cold), ("warm", s.warm), ("new length", s.new_length)
        for (what, seconds), bar in zip(found, (*BARS[s.backend], NEW_LENGTH_BAR), strict=True):
            row.append(f"{seconds:.3f} ({bar:g}) {'met' if seconds <= bar else 'MISSED'}")
            if seconds > bar:
                missed.append(f"{s.cell}, first call, {s.backend}, {what}: {seconds:.3f} s, bar {bar:g}")
        lines.append(f"| {' | '.join(row)} |")
    return "First calls, seconds (bar):\n\n" + "\n".join(lines), missed


def one_process(cell: str, backend: str, size: str) -> dict[str, float]:
    """Seconds of the first call, of a plain one, and of the first of another T and B over a plain one of it."""
    from .recurrent_tinygraph import training_step
    from .recurrent_work import SIZES, work

    task = work(cell, SIZES[size])
    other = work(cell, task.sizes._replace(T=task.sizes.T + 3, B=task.sizes.B + 2))
    step = training_step(task, backend)

    def seconds(of: object) -> float:
        start = time.perf_counter()
        step(of.xs, of.state, of.mix)  # type: ignore[attr-defined]
        return time.perf_counter() - start

    first = seconds(task)
    plain = min(seconds(task) for _ in range(5))
    new = seconds(other)
    return {"first_s": first, "plain_s": plain, "new_length_s": new - min(seconds(other) for _ in range(5))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("cell")
    parser.add_argument("backend")
    parser.add_argument("size", nargs="?", default="small")
    chosen = parser.parse_args()
    set_threads(chosen.threads)
    print(json.dumps(one_process(chosen.cell, chosen.backend, chosen.size)))


if __name__ == "__main__":
    main()
