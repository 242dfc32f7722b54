"""Timing of one cell at one size: who takes part, whether they agree, how long each takes."""

from __future__ import annotations

import gc
import importlib
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from .recurrent_work import SIZES, Step, Work, work
from .turns import IN_A_ROW, medians

MODULES = ("tinygraph", "torch", "jax", "numpy")
FEWEST_ROUNDS, MOST_ROUNDS = 9, 60
TOLERANCE = 1e-4
"""Of the largest entry of a gradient: float32 sums of up to T * B = 3,200 products in different orders."""

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}

_shown: set[tuple[str, str]] = set()
"""Contenders and errors whose traceback was printed: once is enough for 24 cells and sizes."""

Makers = dict[str, Callable[[Work], Step]]


@dataclass
class Timing:
    """What was measured for one cell at one size.

    Attributes:
        seconds: contender -> median of one step.
        first_s: contender -> its first call in this process.
        failed: contender -> why it was not timed.
    """

    cell: str
    size: str
    rounds: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    first_s: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def contenders(wanted: Iterable[str] | None) -> Makers:
    """The makers of the steps of those that can be imported here; says who is left out."""
    found: Makers = {}
    for name in MODULES:
        try:
            found.update(importlib.import_module(f"{__package__}.recurrent_{name}").CONTENDERS)
        except ImportError as error:
            print(f"{name} is left out: {error}")
    names = list(wanted or ("native", "numpy", "torch", "torch_loop", "jax", "hand"))
    for name in names:
        if name not in found:
            print(f"{name} is left out: not there")
    return {name: found[name] for name in names if name in found}


def measure(cell: str, size: str, makers: Makers, seconds: float, quick: bool = False, clock: str = "wall") -> Timing:
    """Time one cell at one size for about ``seconds``, but no fewer than `FEWEST_ROUNDS` rounds (3 if quick)."""
    timing = Timing(cell, size)
    steps = _ready(timing, makers)
    if not steps:
        return timing
    once = sum(_elapsed(step) for step in steps.values())
    in_a_row = max(1, min(IN_A_ROW, int(0.5 / once)))
    timing.rounds = 3 if quick else max(FEWEST_ROUNDS, min(MOST_ROUNDS, int(seconds / (once * in_a_row))))
    gc.collect()
    gc.freeze()  # what the libraries hold would cost 0.1 s at each collection between turns
    timing.seconds = medians(steps, timing.rounds, in_a_row, CLOCKS[clock])
    gc.unfreeze()
    return timing


def _ready(timing: Timing, makers: Makers) -> dict[str, Step]:
    """The steps that ran and agree with the reference, numpy by hand; notes why the others do not take part."""
    task = work(timing.cell, SIZES[timing.size])
    reference = importlib.import_module(f"{__package__}.recurrent_numpy").hand(task)()
    steps = {}
    for name, make in makers.items():
        if name == "torch" and timing.cell == "MGU":
            continue  # PyTorch ships none
        try:
            step = make(task)
            start = time.perf_counter()
            answer = step()
            timing.first_s[name] = time.perf_counter() - start
            agree(answer, reference)
            steps[name] = step
        except Exception as error:  # a contender that fails must not end a run of minutes
            why = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            if (name, why) not in _shown:
                traceback.print_exc()
                _shown.add((name, why))
            timing.failed[name] = why
    return steps


def agree(answer: tuple[float, dict[str, np.ndarray]], reference: tuple[float, dict[str, np.ndarray]]) -> None:
    """Raise AssertionError unless loss and gradients are the reference's, to `TOLERANCE` of the largest entry."""
    # The loss is a sum of numbers of both signs, which may nearly cancel: it is held against their usual size.
    scale = max(abs(reference[0]), max(float(np.abs(g).max()) for g in reference[1].values()))
    assert abs(answer[0] - reference[0]) <= TOLERANCE * scale, f"loss {answer[0]} is not {reference[0]}"
    for name, expected in reference[1].items():
        error = float(np.abs(answer[1][name] - expected).max() / np.abs(expected).max())
        assert error <= TOLERANCE, f"gradient of {name} is off by {error:.1e} of its largest entry"


def _elapsed(step: Step) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start
