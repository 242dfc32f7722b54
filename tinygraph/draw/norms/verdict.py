"""A matrix of gradient norms in words: vanishing or exploding, and how fast."""

from __future__ import annotations

import math

from ..labels import number
from .reach import Reach, spaced

SHOWN = 10
"""Most rows and columns of the matrix as text."""


def verdict(reach: Reach) -> tuple[str, str]:
    """Returns two lines: ``vanishing: × 0.62 a step``, ``10-fold less every 4.8 steps``."""
    nonfinite = sum(not math.isfinite(x) for x in reach.norms.values())
    if nonfinite:
        return "NaN or infinite", f"in {nonfinite} of {len(reach.norms)} places"
    if not any(reach.norms.values()):
        return "gradient exactly 0", ""
    factor = reach.factor()
    if factor is None:
        return "reaches no step back", ""
    return f"{_word(reach, factor)}: × {number(float(f'{factor:.2g}'))} a step", _pace(factor)


def _word(reach: Reach, factor: float) -> str:
    """Returns the word for the change over the longest distance; "vanishing": by a factor of 10 or more."""
    distance = max(steps for steps, _ in reach.medians())
    decades = distance * math.log10(factor)
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
    lines = [f"{reach.state.heading}: {'; '.join(x for x in verdict(reach) if x)}"]
    for t in reversed(rows):
        cells = [reach.value(t, s) for s in columns]
        lines.append(f"  loss at {t:<5}" + "".join(f"{'' if x is None else number(x):>8}" for x in cells))
    return [*lines, f"  {reach.state.name + ' at':13}" + "".join(f"{s:>8}" for s in columns)]
