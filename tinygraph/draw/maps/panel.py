"""A panel of the flow view as sheets: a matrix of gradient norms with its verdict, and bars of the medians."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ..colours import GREY, RED
from ..norms.reach import Reach
from ..norms.verdict import SIDES, verdicts
from ..shown.folding import When
from .sheets import Remark, Sheet, Ticks

BLUE = "#2b6cb0"
COLOURS = {
    "vanishing": BLUE,
    "falling": BLUE,
    "exploding": RED,
    "growing": RED,
    "steady": "#276749",
    "NaN or infinite": "#6b46c1",
}


def matrix(
    reach: Reach, steps: list[int], tokens: dict[When, str], level: Callable[[float], float] | None = None
) -> Sheet:
    """Returns the norms of losses, from the last one on, with respect to the states at steps; a single row as bars."""
    rows = reach.rows[::-1]
    norms = [[reach.value(t, s) if s in reach.columns else None for s in steps] for t in rows]
    absent = np.array([[x is None for x in row] for row in norms])
    values = np.array([[x or 0.0 for x in row] for row in norms])
    across = Ticks([*map(str, steps)], "state at s →", [tokens.get((reach.of_state, s), "") for s in steps])
    down = Ticks([*map(str, rows)], "loss at t ↑", [tokens.get((reach.of_losses, t), "") for t in rows])

    def told(t: str, s: str) -> str:
        return f"‖∂ {reach.loss} at {t} / ∂ {reach.state.heading} at {s}‖"

    sheet = Sheet(reach.heading, values, absent, across, down, told=told, padding=absent & False)
    sheet.table, sheet.remarks = told("t", "s"), _verdict(reach)
    behind = {sum(s <= a for s in steps) for (_, a), _ in reach.state.cuts}
    sheet.cuts = sorted(behind - {0, len(steps)})
    if len(rows) == 1:
        sheet.strip, sheet.bars = True, level
    return sheet


def _verdict(reach: Reach) -> list[Remark]:
    told = verdicts(reach)
    if len(told) > 1:
        return [Remark(x.line, COLOURS.get(x.word, GREY), 11) for x in told]
    (x,) = told
    return [Remark(x.told, COLOURS.get(x.word, GREY)), *[Remark(x.pace, GREY, 10)] * bool(x.pace)]


def medians(reach: Reach, level: Callable[[float], float]) -> Iterator[Sheet]:
    """Yields the median norm by number of steps from where the loss enters, for each side; none of a single row."""
    sides = () if len(reach.rows) == 1 or reach.blurred else reach.sides() or [1]
    entry = "the loss" if reach.entry is None else f"t = {reach.entry}"
    for side in sides:
        start = entry + f", {SIDES[side]}" * (len(sides) > 1)
        pairs = reach.medians(side)[: len(reach.columns)]
        if not pairs:
            continue
        values, heading = np.array([[norm for _, norm in pairs]]), f"median by steps from {start}"
        across, down = Ticks([str(d) for d, _ in pairs], "steps →"), Ticks([""], "‖∂‖")
        told, absent = f"{{1}} steps from {start}".format, np.zeros(values.shape, bool)
        sheet = Sheet(heading, values, absent, across, down, told=told, strip=True, padding=absent)
        sheet.bars, sheet.table = level, f"{reach.heading}: {heading}"
        yield sheet
