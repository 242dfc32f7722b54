"""Timing in turns: every contender once a round, so that a busy second of the machine falls on all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable

IN_A_ROW = 5
"""Calls in one turn, unless told otherwise."""


def medians(
    contenders: dict[str, Callable[[], object]],
    rounds: int,
    in_a_row: int = IN_A_ROW,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """The median time in seconds of one call of each contender, after one round that is not counted.

    The order turns by one place each round. A turn is ``in_a_row`` calls, each timed: training steps follow
    their like, and so each contender pays for its own garbage, as it does for a user. What is left at
    the end of a turn is collected outside of the clock, so that the next contender does not pay for it.
    """
    names = list(contenders)
    times: dict[str, list[float]] = {name: [] for name in names}
    for n in range(rounds + 1):
        for name in names[n % len(names) :] + names[: n % len(names)]:
            gc.collect()
            for _ in range(in_a_row):
                start = clock()
                contenders[name]()
                if n:
                    times[name].append(clock() - start)
    return {name: statistics.median(t) for name, t in times.items()}
