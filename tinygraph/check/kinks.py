"""Kinks: finds out whether a function has one near a point, where its slope jumps and no gradient can be compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..core.leaves import Parameter
from ..core.node import Node

PARTS = 8
ROUNDS = 8
SMOOTH = 0.3
"""A bend that is this much smaller at the end, in an interval 4^3 to 4^8 times as short, is none of a kink."""


class Kink(NamedTuple):
    """A place on the line x + t v where the slope of a function jumps, or its value."""

    t: float
    bend: float
    """At least half of the difference of the slopes on its two sides."""


def find(f: Callable[[], Node], x: Parameter, v: np.ndarray, reach: float) -> Kink | None:
    """The sharpest kink within ``reach`` of x along v: the bend that stays as large however near one looks.

    Of a smooth function the slopes of neighbouring intervals differ the less, the shorter these are; across a kink the
    difference stays, and across a jump it grows. Each round looks at `PARTS` intervals and goes on with the two around
    the largest difference, until `ROUNDS` are over or rounding is as large as an eighth of it.
    """
    start, eps = x.value, float(np.finfo(x.dtype).eps)
    low, high, bends = -reach, reach, []
    for _ in range(ROUNDS):
        places = np.linspace(low, high, PARTS + 1)
        values = [_at(f, x, start, v, t) for t in places]
        width = (high - low) / PARTS
        differences = np.abs(np.diff(np.diff(values))) / width
        most = float(differences.max())
        noise = 4 * eps * float(np.abs(values).max()) / width
        if not np.isfinite(most) or noise > most / 8:
            break
        bends.append(most)
        k = int(differences.argmax())
        low, high = float(places[k]), float(places[k + 2])
    if len(bends) < 4 or bends[-1] <= SMOOTH * bends[0]:
        return None
    return Kink((low + high) / 2, bends[-1])


def _at(f: Callable[[], Node], x: Parameter, start: np.ndarray, v: np.ndarray, t: float) -> float:
    try:
        x.value = (start + np.asarray(t, v.dtype) * v).astype(v.dtype, copy=False)
        with np.errstate(all="ignore"):
            return f().item()
    finally:
        x.value = start


def place(f: Callable[[], Node], kink: Kink, x: Parameter, v: np.ndarray, reach: float) -> str:
    """The element of x at the kink, as ``x[0, 2] = 0.5``: the direction is halved as long as a half meets a kink."""
    at = np.flatnonzero(v)
    while len(at) > 1:
        halves = (at[: len(at) // 2], at[len(at) // 2 :])
        meeting = [half for half in halves if find(f, x, _only(v, half), reach) is not None]
        if not meeting:
            break
        at = meeting[0]
    index = tuple(int(i) for i in np.unravel_index(at[0], x.shape))
    which = f"[{', '.join(map(str, index))}]" if index else ""
    distance = abs(kink.t * float(v[index])) if index else abs(kink.t * float(v))
    near = "" if distance < reach / 4**6 else f", {distance:.1e} beside it"
    return f"{x.name or x.label()}{which} = {float(x.value[index]):.6g}{near}"


def _only(v: np.ndarray, at: np.ndarray) -> np.ndarray:
    part = np.zeros_like(v)
    part.flat[at] = v.flat[at]
    return part


def right_around(compare: Callable[[], tuple[float, bool]], x: Parameter, h: float, tolerance: float, rng: Any) -> bool:
    """Whether the gradient fits around a kink: at some points on all sides of it, and wrong at none but at other kinks.

    ``compare`` gives the error at the present value of x, and whether there is a kink, too, where that is too large.
    """
    start, fits = x.value, 0
    offsets = [steps * h * rng.uniform(-1, 1, x.shape) for steps in (20, 20, 5)]
    try:
        for offset in (np.asarray(side * offset) for offset in offsets for side in (1, -1)):
            x.value = (start + offset).astype(x.dtype)
            with np.errstate(all="ignore"):
                error, kink = compare()
            fits += error <= tolerance
            if error > tolerance and not kink:
                return False
    finally:
        x.value = start
    return fits > 0
