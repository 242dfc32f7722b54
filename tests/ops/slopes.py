"""Slopes by differences, the tests' own: nothing of tinygraph's checker is used, so both can be wrong only apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

STEP = 1e-3
"""Five-point rule: error about STEP**4 / 30 times a fifth derivative, and 1e-16 / STEP of rounding."""


def along(f: Callable[..., Any], x: list[np.ndarray], v: list[np.ndarray]) -> Any:
    """d/dt f(x + t v) at t = 0, by the five-point central difference; an x whose v is 0 stays as it is."""

    def moved(t: float) -> Any:
        return f(*(a + t * b if b.any() else a for a, b in zip(x, v, strict=True)))

    return (moved(-2 * STEP) - 8 * moved(-STEP) + 8 * moved(STEP) - moved(2 * STEP)) / (12 * STEP)


def directions(arrays: list[np.ndarray], seed: int) -> list[np.ndarray]:
    """One random array for each given one, of its shape."""
    rng = np.random.default_rng(seed)
    return [rng.uniform(0.5, 1.0, a.shape) * rng.choice([-1.0, 1.0], a.shape) for a in arrays]


def inner(a: list[Any], b: list[Any]) -> float:
    return float(sum(np.sum(np.asarray(x, float) * np.asarray(y, float)) for x, y in zip(a, b, strict=True)))
