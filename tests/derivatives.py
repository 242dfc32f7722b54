"""First and second derivatives against differences, all parameters moved at once: for networks with many of them.

`tg.check.gradients` moves one parameter after the other, for reports that name it; that costs as many times more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

import tinygraph as tg

from .ops.slopes import directions, inner

TOLERANCE = np.finfo(float).eps ** 0.5
"""Relative, as that of `tg.check.gradients`."""
STEPS = [np.finfo(float).eps ** 0.2 / shorter for shorter in (1, 8, 64)]
"""The first is the best for a function that bends little; of a wrong derivative all of them tell."""
SHARE = 1e-3
"""A parameter that adds less to the slope than this part is moved alone: else a wrong gradient of it could hide."""

Moved = Sequence[tg.Parameter]


def assert_derivatives(fn: Callable[[], tg.Node], moved: Moved) -> None:
    """The gradients of the number that ``fn`` computes from parameters in float64, and the gradients of those."""
    starts = [x.value for x in moved]
    along = directions(starts, 1)

    def slope() -> tg.Node:
        terms = [tg.sum(g * v) for g, v in zip(tg.grad(fn(), moved), along, strict=True)]
        return tg.sum(tg.stack(terms))

    for order, f in ((1, fn), (2, slope)):
        gradients = [g.value for g in tg.grad(f(), moved)]
        ways = [_way(g, v) for g, v in zip(gradients, directions(starts, order + 1), strict=True)]
        shares = [abs(inner([g], [w])) for g, w in zip(gradients, ways, strict=True)]
        small = [k for k, share in enumerate(shares) if share < SHARE * max(shares)]
        large = [k for k in range(len(moved)) if k not in small]
        for group in [large, *([k] for k in small)]:
            told = f"order {order} of {', '.join(moved[k].name or str(k) for k in group)}"
            _agree(f, [moved[k] for k in group], [ways[k] for k in group], [gradients[k] for k in group], told)


def _way(gradient: np.ndarray, random: np.ndarray) -> np.ndarray:
    """A direction of length 1 along which the slope is not near 0."""
    largest = np.abs(gradient).max(initial=0)
    way = random + (gradient / largest if largest else 0)
    return way / max(float(np.linalg.norm(way)), np.finfo(float).tiny)


def _agree(
    f: Callable[[], tg.Node], moved: Moved, ways: list[np.ndarray], gradients: list[np.ndarray], told: str
) -> None:
    analytic, starts = inner(gradients, ways), [x.value for x in moved]
    wide = max(1.0, *(float(np.abs(x).max(initial=0)) for x in starts))

    def at(t: float) -> float:
        for x, start, way in zip(moved, starts, ways, strict=True):
            x.value = start + t * way
        return f().item()

    numeric = []
    try:
        # Below this the difference is rounding of f itself, and no relative error can be told.
        floor = abs(at(0.0)) * np.finfo(float).eps / (wide * STEPS[0]) / TOLERANCE
        for h in (wide * step for step in STEPS):
            numeric.append((at(-2 * h) - 8 * at(-h) + 8 * at(h) - at(2 * h)) / (12 * h))
            if abs(analytic - numeric[-1]) <= TOLERANCE * max(abs(analytic), abs(numeric[-1]), floor):
                return
    finally:
        for x, start in zip(moved, starts, strict=True):
            x.value = start
    raise AssertionError(f"{told}: {analytic} by tg.grad, by differences {numeric}")
