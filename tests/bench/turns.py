"""Timing in turns: every contender once a round, so that a busy second of the machine falls on all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable


def medians(contenders: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median time in seconds of one call of each contender, after one round that is not counted.

    The order turns by one place each round. Garbage of one contender is collected outside of
    the clock, before the next one starts; inside of it the collector runs as it does for a user.
    """
    names = list(contenders)
    times: dict[str, list[float]] = {name: [] for name in names}
    for n in range(rounds + 1):
        for name in names[n % len(names) :] + names[: n % len(names)]:
            gc.collect()
            start = time.perf_counter()
            contenders[name]()
            if n:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(t) for name, t in times.items()}
