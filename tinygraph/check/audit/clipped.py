"""Clipping: gradients that are right but for a limit on their elements or their norm, and which it leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

Pair = tuple[Mapping[str, np.ndarray | None], Mapping[str, np.ndarray]]
"""Hand-written and right gradients of one run."""


@dataclass(frozen=True)
class Clipping:
    """What was clipped.

    Attributes:
        limits: the words for each clipped gradient, by number of the run and name of the parameter.
        left_out: parameters that a clipping does not touch, though it touches others.
        how: the clipping in words; empty if there is none.
    """

    limits: Mapping[tuple[int, str], str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    how: str = ""

    def words(self, run: int, parameter: str) -> str:
        return self.limits.get((run, parameter), "")

    @property
    def left_out_by(self) -> str:
        """A sentence on what is left out; empty if nothing is."""
        way = "norm" if "norm" in self.how else "value"
        return f"clipping by {way} leaves out {', '.join(self.left_out)}" if self.left_out else ""


def clipping_in(pairs: Sequence[Pair], tolerance: float) -> Clipping:
    """Finds a clipping by value or by norm in the gradients of several runs."""
    ways = [way for way in (_by_value(pairs, tolerance), _by_norm(pairs, tolerance)) if way is not None]
    return max(ways, key=lambda way: len(way.limits), default=Clipping())


def may_be_clipped(own: np.ndarray | None, due: np.ndarray, tolerance: float) -> bool:
    """Whether a gradient is right, or what some clipping makes of the right one, whatever it does to others."""
    if own is None or own.shape != due.shape or not np.isfinite(own).all():
        return False
    limit = float(np.abs(own).max(initial=0))
    by_value = np.allclose(np.clip(due, -limit, limit), own, rtol=10 * tolerance, atol=10 * tolerance * limit)
    return by_value or _factor(own, due, tolerance) is not None


def _by_value(pairs: Sequence[Pair], tolerance: float) -> Clipping | None:
    limits: dict[tuple[int, str], float] = {}
    certain = False
    for k, (hand, right) in enumerate(pairs):
        for name, due in right.items():
            own = hand.get(name)
            if own is None or own.shape != due.shape or not np.any(own):
                continue
            limit = float(np.abs(own).max())
            beyond = float(np.abs(due).max()) > limit * (1 + 2 * tolerance)
            if beyond and np.allclose(np.clip(due, -limit, limit), own, rtol=tolerance, atol=tolerance * limit):
                limits[k, name] = limit
                certain = certain or _tells(due, limit)
    if not certain or not _agree([*limits.values()], tolerance):
        return None
    limit = max(limits.values())
    missed = [
        name
        for hand, right in pairs
        for name, due in right.items()
        if np.abs(due).max(initial=0) > limit * (1 + 1e-6) and _same(hand.get(name), due, tolerance)
    ]
    return _told(limits, f"clipped at {limit:.4g}", missed)


def _tells(due: np.ndarray, limit: float) -> bool:
    """Whether it is no chance: any number is a clipped one, and of a few the limit has to be one that people write."""
    return bool(np.count_nonzero(due) > 3) or (due.size > 1 and is_round(limit))


def _by_norm(pairs: Sequence[Pair], tolerance: float) -> Clipping | None:
    """All that are shortened by one factor have a norm together that is the same in each run, or a round number."""
    limits: dict[tuple[int, str], float] = {}
    missed: list[str] = []
    for k, (hand, right) in enumerate(pairs):
        factors = {n: f for n, due in right.items() if (f := _factor(hand.get(n), due, tolerance)) is not None}
        short = {name: f for name, f in factors.items() if f < 1 - 2 * tolerance}
        if not short:
            continue
        groups = [[*short]] if _agree([*short.values()], tolerance) else [[name] for name in short]
        for group in groups:
            norm = float(np.linalg.norm([np.linalg.norm(np.asarray(hand[name])) for name in group]))
            limits |= {(k, name): norm for name in group}
        missed += [name for name, f in factors.items() if name not in short]
    values = [*limits.values()]
    runs = {k for k, _ in limits}
    if not limits or not _agree(values, 1e-5) or not (len(runs) > 1 or is_round(values[0])):
        return None
    return _told(limits, f"clipped to the norm {round(max(values), 5):.4g}", missed)


def _told(limits: Mapping[tuple[int, str], float], how: str, missed: Sequence[str]) -> Clipping:
    touched = {name for _, name in limits}
    left_out = tuple(dict.fromkeys(name for name in missed if name not in touched))
    return Clipping(dict.fromkeys(limits, how), left_out, how)


def _factor(own: np.ndarray | None, due: np.ndarray, tolerance: float) -> float | None:
    """The positive factor, at most 1, with own = factor * due."""
    size = float(np.vdot(due, due))
    if own is None or own.shape != due.shape or not size:
        return None
    factor = float(np.vdot(own, due)) / size
    fits = 0 < factor < 1 + 100 * tolerance and _same(own, factor * due, tolerance)
    return factor if fits else None


def _same(own: np.ndarray | None, due: np.ndarray, tolerance: float) -> bool:
    if own is None or own.shape != due.shape:
        return False
    return bool(np.linalg.norm(own - due) <= 10 * tolerance * np.linalg.norm(due))


def _agree(values: Sequence[float], near: float) -> bool:
    return max(values) - min(values) <= max(10 * near, 1e-9) * max(values)


def is_round(x: float) -> bool:
    """Whether a limit looks like one that people write: of two digits."""
    digits = float(f"{x:.2g}")
    return abs(x - digits) <= 1e-5 * digits
