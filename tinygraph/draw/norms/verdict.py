"""A matrix of gradient norms in words: vanishing or exploding, and how fast."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..labels import number
from .reach import Reach, spaced

LEAST = 8
"""Over fewer steps a factor per step says nothing of vanishing."""
SIDES = {1: "t > s", -1: "t < s"}
SHOWN = 10
"""Most rows and columns of the matrix as text."""


@dataclass(frozen=True)
class SideChange:
    """A ``word`` such as ``vanishing`` with its ``number``, ``× 0.62 a step``, its ``pace`` and its ``side``, if any.

    ``side``: ``t > s`` for the states before the step where the loss enters, ``t < s`` for later ones; "" if the
    losses reach states on one side only.
    """

    word: str
    number: str = ""
    pace: str = ""
    side: str = ""

    @property
    def told(self) -> str:
        return f"{self.word}: {self.number}" if self.number else self.word

    @property
    def line(self) -> str:
        """Returns all of it in one line."""
        pace = f", {self.pace}" if self.pace else ""
        return f"{self.side} {self.told}{pace}" if self.side else self.told + pace


def verdicts(reach: Reach) -> list[SideChange]:
    """Returns a verdict for each side on which losses reach states: how the norm changes with each step."""
    nonfinite = sum(not math.isfinite(x) for x in reach.norms.values())
    if nonfinite:
        return [SideChange("NaN or infinite", pace=f"in {nonfinite} of {len(reach.norms)} places")]
    if not any(reach.norms.values()):
        return [SideChange("gradient exactly 0")]
    if reach.blurred:
        return [SideChange("no verdict", pace=reach.blurred)]
    sides = reach.sides()
    if not sides:
        return [SideChange("reaches no step back")]
    return [_of_side(reach, side, SIDES[side] if len(sides) > 1 else "") for side in sides]


def _of_side(reach: Reach, side: int, name: str) -> SideChange:
    length, factor = reach.length(side), reach.factor(side)
    if length < LEAST or factor is None:
        is_zero = reach.length(side, zeros=True) > length
        why = f"exactly 0 beyond {length - 1} steps" if is_zero else f"fewer than {LEAST} steps"
        return SideChange("no verdict", pace=why, side=name)
    if between := _between([norm for d, norm in reach.medians(side) if d and norm]):
        return SideChange("no verdict", pace=between, side=name)
    rounded = float(f"{factor:.2g}")
    return SideChange(_word(factor, length - 1), f"× {number(rounded)} a step", _pace(factor), name)


def _between(norms: list[float]) -> str:
    """Says if norms fall or rise 10-fold beyond both ends between them: a factor of the ends alone would not."""
    ends = norms[:1] + norms[-1:] or [1.0]
    less, more = min(ends) / min(norms, default=1.0), max(norms, default=1.0) / max(ends)
    return f"{number(max(less, more))}-fold {'less' if less > more else 'more'} between" if max(less, more) > 10 else ""


def _word(factor: float, steps: int) -> str:
    """Returns the word for the change over so many steps; "vanishing": by a factor of 10 or more."""
    decades = steps * math.log10(factor)
    if abs(decades) > 1:
        return "vanishing" if decades < 0 else "exploding"
    return "falling" if factor < 0.9 else "growing" if factor > 1.1 else "steady"


def _pace(factor: float) -> str:
    direction = "less" if factor < 1 else "more"
    decades = abs(math.log10(factor))
    if decades > 1:
        return f"{number(10**decades)}-fold {direction} each step"
    return f"10-fold {direction} every {number(1 / decades)} steps" if decades > 0.004 else ""


def matrix_text(reach: Reach) -> list[str]:
    """Returns the matrix as lines of text, the last loss at the top; of more rows or columns, evenly spaced ones."""
    columns, rows = spaced(reach.columns, SHOWN), spaced(reach.rows, SHOWN)
    heading, told = reach.heading, [x.line for x in verdicts(reach)]
    lines = [f"{heading}: {told[0]}"] if len(told) == 1 else [f"{heading}:", *(f"  {x}" for x in told)]
    for t in reversed(rows):
        cells = [reach.value(t, s) for s in columns]
        lines.append(f"  loss at {t:<5}" + "".join(f"{'' if x is None else number(x):>8}" for x in cells))
    return [*lines, f"  {reach.state.name + ' at':13}" + "".join(f"{s:>8}" for s in columns)]
