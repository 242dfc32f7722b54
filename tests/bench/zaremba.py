"""A whole model: one training step of Zaremba et al. 2014 "medium", ours against PyTorch's.

    python -m tests.bench.zaremba [--threads 1|2] [--rounds N] [--clock cpu] [--contenders native numpy eager torch]

Bar: at least as fast. Before the clock starts four steps of training must give the same losses to 1e-4.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import statistics
import time
from collections.abc import Callable

from .machine import description, set_threads


def contenders(wanted: list[str]) -> dict[str, Callable[[], float]]:
    import tinygraph as tg

    from .zaremba_steps import ByTinygraph, Model, by_torch

    missing = {
        "torch": importlib.util.find_spec("torch") is None,
        "numpy": not hasattr(tg, "compile"),
        "native": not hasattr(tg, "compile") or importlib.util.find_spec("llvmlite") is None,
    }
    found: dict[str, Callable[[], float]] = {}
    for name in wanted:
        if missing.get(name):
            print(f"{name} is left out: not there")
        elif name == "torch":
            found[name] = by_torch(Model())
        else:
            found[name] = ByTinygraph(Model(), None if name == "eager" else name)
    return found


def agree(steps: dict[str, Callable[[], float]]) -> None:
    """Raise unless all give the same four losses, which fall enough for that to say something of the gradients."""
    losses = {name: [step() for _ in range(4)] for name, step in steps.items()}
    reference = next(iter(losses.values()))
    assert reference[0] - reference[3] > 1e-2 * reference[0], f"the losses do not fall: {reference}"
    for name, found in losses.items():
        for expected, got in zip(reference, found, strict=True):
            assert abs(got - expected) <= 1e-4 * expected, f"{name}: losses {found}, expected {reference}"


def parts(step: Callable[[], float], clock: Callable[[], float]) -> str:
    """Where one of our steps spends its time, in milliseconds: medians of five."""
    ours = step.gradients, step.clipped, step.optimizer.step  # type: ignore[attr-defined]
    times = []
    for _ in range(5):
        marks = [clock()]
        _, gradients = ours[0]()
        marks.append(clock())
        clipped = ours[1](gradients)
        marks.append(clock())
        ours[2](clipped)
        marks.append(clock())
        times.append([1e3 * (after - before) for before, after in itertools.pairwise(marks)])
    gradients_ms, clip_ms, update_ms = (statistics.median(column) for column in zip(*times, strict=True))
    return f"gradients {gradients_ms:.1f}, clipping {clip_ms:.1f}, update {update_ms:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, choices=(1, 2), default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--contenders", nargs="+", default=["native", "numpy", "torch"])
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: processor time, one thread")
    chosen = parser.parse_args()
    clock = time.process_time if chosen.clock == "cpu" else time.perf_counter
    set_threads(chosen.threads)
    from .turns import medians  # after set_threads, as all that follows

    steps = contenders(chosen.contenders)
    agree(steps)
    times = medians(steps, chosen.rounds, 1, clock)
    print(description(chosen.threads))
    print(f"Milliseconds a training step, medians of {chosen.rounds} rounds in turns:")
    missed = False
    for name, seconds in times.items():
        line = f"  {name:<6} {seconds * 1e3:8.1f}"
        if name != "torch":
            line += f"   ({parts(steps[name], clock)})"
            if "torch" in times:
                ratio = times["torch"] / seconds
                missed |= name == "native" and ratio < 1
                line += f"   PyTorch's time over ours {ratio:.2f}, bar 1: {'met' if ratio >= 1 else 'MISSED'}"
        print(line)
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
