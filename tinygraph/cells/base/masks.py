"""What dropout and zoneout draw: which units are kept, in training; and what stands for it else."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy import ndarray

from ...core.errors import GraphError


class MaskOwner(Protocol):
    """A module that draws."""

    training: bool

    def odds(self, place: int) -> tuple[float, float, float]:
        """Of the mask at a place: the share of ones, else zeros; what stands for a one; what fills it out of training.

        It is asked at each drawing, so that a rate may be changed between the calls of a compiled function.
        """


class Mask:
    """A function of a shape that draws a mask, for `noise`; one object for each place that draws.

    Args:
        owner: is asked at each drawing whether it is being trained, and for the odds.
        place: a number, by which the owner knows which mask it is.
        rng: what draws.
    """

    __slots__ = ("owner", "place", "rng")  # and no attributes, among which parameters would be looked for

    def __init__(self, owner: MaskOwner, place: int, rng: np.random.Generator) -> None:
        self.owner, self.place, self.rng = owner, place, rng

    def __call__(self, shape: tuple[int, ...]) -> ndarray:
        share, one, otherwise = self.owner.odds(self.place)
        if not self.owner.training:
            return np.full(shape, otherwise)
        return (self.rng.random(shape) < share) * one


def checked_rate(owner: str, p: Any) -> float:
    """The rate p.

    Raises:
        GraphError: it is no number from 0 to below 1.
    """
    if isinstance(p, bool) or not isinstance(p, (int, float, np.number)) or not 0 <= p < 1:
        raise GraphError(
            f"{owner}: the rate is a share of the units", expected="a number from 0 to below 1", got=repr(p)
        )
    return float(p)
