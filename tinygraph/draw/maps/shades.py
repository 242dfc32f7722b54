"""Colours of numbers that are no gradients: signed or not, none of them red, told apart in grey by their lightness."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..colours import mixed
from ..labels import number
from ..norms.heat import ODD
from ..picture import Ruler

LEVELS = 32
"""Steps of a scale: neighbours look alike."""
_SIGNED = [(255, 243, 163), (212, 208, 168), (164, 171, 179), (82, 111, 160), (11, 36, 97)]
"""Yellow over grey to blue, from light to dark all the way."""
_PLAIN = [(244, 248, 252), (198, 219, 239), (107, 174, 214), (33, 113, 181), (8, 48, 107)]
"""Light to dark blue, after ColorBrewer's Blues."""


@dataclass(frozen=True)
class Shade:
    """A linear colour scale from ``low`` to ``high``; ``signed`` if zero is in its middle."""

    low: float
    high: float
    signed: bool = False

    def colour(self, value: float) -> str:
        """Returns the colour of a number, as ``#rrggbb``; that of NaN and infinity is the same in all pictures."""
        if not math.isfinite(value):
            return ODD
        return self.at(min(max((value - self.low) / (self.high - self.low), 0.0), 1.0))

    def at(self, level: float) -> str:
        """Returns the colour at a level from 0 to 1."""
        return mixed(_SIGNED if self.signed else _PLAIN, round(level * LEVELS) / LEVELS)

    def ruler(self, words: str) -> Ruler:
        """Returns the scale for the legend."""
        return Ruler(
            [self.at(i / 8) for i in range(9)], number(self.low), words, number(self.high), (self.low, self.high)
        )


def shade_of(values: np.ndarray, *, signed: bool) -> Shade:
    """Returns a scale that covers numbers: from 0, or as far down as up if one of them may be negative."""
    most = np.abs(values[np.isfinite(values)]).max(initial=0.0) or 1.0
    return Shade(-most if signed else 0.0, most, signed)
