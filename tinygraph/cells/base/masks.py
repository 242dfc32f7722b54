"""Random masks for dropout and zoneout: drawn in training, constant in evaluation."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy import ndarray

from ...core.errors import GraphError, shown


class MaskOwner(Protocol):
    """A module that draws masks."""

    training: bool

    def odds(self, place: int) -> tuple[float, float, float]:
        """For mask number ``place``: the share of units kept, the value of a kept unit, the value in evaluation.

        A mask calls it each time it draws, so that a rate may be changed between calls of a compiled function.
        """


class Mask:
    """Maps a shape to a random mask, for `noise`; each place in a network that draws has a mask of its own.

    Args:
        owner: the module; each drawing reads its ``training`` and its ``odds``.
        place: the mask's number in the module.
        rng: the numpy Generator that draws.
    """

    __slots__ = ("owner", "place", "rng")  # no __dict__, so that no parameters are looked for in it

    def __init__(self, owner: MaskOwner, place: int, rng: np.random.Generator) -> None:
        self.owner, self.place, self.rng = owner, place, rng

    def __call__(self, shape: tuple[int, ...]) -> ndarray:
        share, kept, constant = self.owner.odds(self.place)
        if not self.owner.training:
            return np.full(shape, constant)
        return (self.rng.random(shape) < share) * kept


def checked_rate(owner: str, p: Any) -> float:
    """Returns p as a float.

    Raises:
        GraphError: p is not a number in [0, 1).
    """
    if isinstance(p, bool) or not isinstance(p, (int, float, np.number)) or not 0 <= p < 1:
        raise GraphError(f"{owner}: the rate is a share of the units", expected="a number in [0, 1)", got=shown(p))
    return float(p)
