"""What a matrix of gradient norms comes to, in words: vanishing or exploding, and how fast."""

from __future__ import annotations

import math

from ..labels import number
from .reach import Reach, spaced

SHOWN = 10
"""Rows and columns of the text form."""


def verdict(reach: Reach) -> tuple[str, str]:
    """Two lines: ``vanishing: × 0.62 a step``, ``10-fold less every 4.8 steps``."""
    odd = sum(not math.isfinite(x) for x in reach.norms.values())
    if odd:
        return "NaN or infinite", f"in {odd} of {len(reach.norms)} places"
    if not any(reach.norms.values()):
        return "gradient exactly 0", ""
    factor = reach.factor()
    if factor is None:
        return "reaches no step back", ""
    return f"{_word(reach, factor)}: × {number(float(f'{factor:.2g}'))} a step", _pace(factor)


def _word(reach: Reach, factor: float) -> str:
    """What the change over the longest way back is called: vanishing from 10-fold on."""
    way = max(distance for distance, _ in reach.medians())
    whole = way * math.log10(factor)
    if abs(whole) > 1:
        return "vanishing" if whole < 0 else "exploding"
    return "falling" if factor < 0.9 else "growing" if factor > 1.1 else "steady"


def _pace(factor: float) -> str:
    turn = "less" if factor < 1 else "more"
    decades = abs(math.log10(factor))
    if decades > 1:
        return f"{number(10**decades)}-fold {turn} each step"
    return f"10-fold {turn} every {number(1 / decades)} steps" if decades > 0.004 else ""


def matrix_text(reach: Reach) -> list[str]:
    """The matrix as lines of text, the last loss on top; of more rows and columns some, evenly spaced."""
    columns, rows = spaced(reach.columns, SHOWN), spaced(reach.rows, SHOWN)
    lines = [f"{reach.state.heading}: {'; '.join(x for x in verdict(reach) if x)}"]
    for t in reversed(rows):
        cells = [reach.value(t, s) for s in columns]
        lines.append(f"  loss at {t:<5}" + "".join(f"{'' if x is None else number(x):>8}" for x in cells))
    return [*lines, f"  {reach.state.name + ' at':13}" + "".join(f"{s:>8}" for s in columns)]
