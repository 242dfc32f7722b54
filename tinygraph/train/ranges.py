"""Ranges of the options of optimizers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from numbers import Real
from typing import Any

from ..core.checks import flag, integer, positive
from ..core.errors import GraphError, shown


def share(owner: str, name: str, number: Any) -> float:
    """A number in [0, 1)."""
    return _within(owner, name, number, 1.0, "a number in [0, 1)")


def zero_or_more(owner: str, name: str, number: Any) -> float:
    """A finite number of 0 or more."""
    return _within(owner, name, number, float("inf"), "a finite number of 0 or more")


def two_shares(owner: str, name: str, betas: Any) -> tuple[float, float]:
    """Two numbers in [0, 1)."""
    if isinstance(betas, (tuple, list)) and len(betas) == 2 and all(_is_within(b, 1.0) for b in betas):
        return float(betas[0]), float(betas[1])
    raise GraphError(f"{owner}: a beta is out of range", expected="two numbers in [0, 1)", got=shown(betas))


def _within(owner: str, name: str, number: Any, below: float, expected: str) -> float:
    if not _is_within(number, below):
        raise GraphError(f"{owner}: {name} is out of range", expected=expected, got=shown(number))
    return float(number)


def _is_within(number: Any, below: float) -> bool:
    return isinstance(number, Real) and not isinstance(number, bool) and 0 <= float(number) < below


RANGES: dict[str, Callable[[str, str, Any], Any]] = {
    **dict.fromkeys(("momentum", "dampening", "alpha", "rho"), share),
    **dict.fromkeys(("weight_decay", "momentum_decay", "rate_decay", "first_sum"), zero_or_more),
    **dict.fromkeys(("nesterov", "amsgrad", "centered"), flag),
    "betas": two_shares,
    "eps": positive,
    "rounds": partial(integer, least=1),
}
"""The options of our optimizers, each with what checks it."""
