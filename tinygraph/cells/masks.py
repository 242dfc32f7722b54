"""What dropout and zoneout draw: which units are kept, in training; and what stands for it else."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..core.errors import GraphError
from .module import Module


class Mask:
    """A function of a shape that draws a mask, for `noise`; one object for each place that draws.

    Args:
        owner: is asked at each drawing whether it is being trained.
        share: of the ones in the mask, else zeros.
        ones: the number that stands for a one.
        rng: what draws.
        otherwise: fills the mask when the owner is not trained.
    """

    def __init__(self, owner: Module, share: float, ones: float, rng: np.random.Generator, otherwise: float) -> None:
        self.owner, self.share, self.ones, self.rng, self.otherwise = owner, share, ones, rng, otherwise

    def __call__(self, shape: tuple[int, ...]) -> ndarray:
        if not self.owner.training:
            return np.full(shape, self.otherwise)
        return (self.rng.random(shape) < self.share) * self.ones


def checked_rate(owner: str, p: Any) -> float:
    """The rate p.

    Raises:
        GraphError: it is no number from 0 to below 1.
    """
    if isinstance(p, bool) or not isinstance(p, (int, float, np.number)) or not 0 <= p < 1:
        raise GraphError(f"{owner}: the rate is a share of the units", expected="a number from 0 to below 1",
                         got=repr(p))  # fmt: skip
    return float(p)
