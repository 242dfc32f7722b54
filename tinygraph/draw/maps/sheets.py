"""A sheet: a matrix of numbers with time from left to right, folded by averages where it is too large."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np


@dataclass
class Ticks:
    """What stands along one side of a matrix: ``labels`` such as steps or units, maybe a token each, and a caption."""

    labels: list[str]
    caption: str
    tokens: list[str] = field(default_factory=list)

    def token(self, i: int) -> str:
        return self.tokens[i] if self.tokens else ""

    def folded(self, groups: list[tuple[int, int]]) -> Ticks:
        labels = ["–".join(dict.fromkeys((self.labels[a], self.labels[b - 1]))) for a, b in groups]
        whole = all(b - a == 1 for a, b in groups)
        return Ticks(labels, self.caption, self.tokens if whole else [])


def plain_ticks(count: int, caption: str) -> Ticks:
    return Ticks([str(i) for i in range(count)], caption)


Told = Callable[[str, str], str]
"""Says what a number is, from the labels of its row and its column."""


@dataclass
class Sheet:
    """What a heat map shows of one state, gate, head or input.

    Attributes:
        heading: such as ``LSTM · c``.
        values: the numbers (rows, columns); row 0 is at the top.
        absent: where there is no number; ``padding``: where this is for padding.
        across, down: what stands along the columns and the rows.
        block: sheets of one block stand one over the other and share their columns.
        told: what a tip says before the number.
        strip: whether its only row is shown high, with its numbers.
    """

    heading: str
    values: np.ndarray
    absent: np.ndarray
    across: Ticks
    down: Ticks
    block: int = 0
    told: Told = "{} {}".format
    strip: bool = False
    padding: np.ndarray = field(kw_only=True)

    def folded(self, rows: int, columns: int) -> Sheet:
        """Returns a sheet of at most so many rows and columns; each number is the mean of those that it stands for."""
        down, across = _groups(self.values.shape[0], rows), _groups(self.values.shape[1], columns)
        if len(down) == self.values.shape[0] and len(across) == self.values.shape[1]:
            return self
        sums = _summed(np.where(self.absent, 0.0, self.values), down, across)
        counts = _summed(1.0 - self.absent, down, across)
        with np.errstate(all="ignore"):
            means = np.where(counts > 0, sums / counts, 0.0)
        padding = _summed(1.0 - self.padding, down, across) == 0
        across_ticks, down_ticks = self.across.folded(across), self.down.folded(down)
        return replace(self, values=means, absent=counts == 0, padding=padding, across=across_ticks, down=down_ticks)


def _groups(count: int, most: int) -> list[tuple[int, int]]:
    """Returns at most so many runs of places, all of the same length but the last."""
    size = math.ceil(count / max(most, 1))
    return [(a, min(a + size, count)) for a in range(0, count, size)]


def _summed(x: np.ndarray, down: list[tuple[int, int]], across: list[tuple[int, int]]) -> np.ndarray:
    with np.errstate(all="ignore"):
        rows = np.add.reduceat(x, [a for a, _ in down], axis=0)
        return np.add.reduceat(rows, [a for a, _ in across], axis=1)


UNITS = {"t": "steps", "key": "keys", "query": "queries", "unit": "units", "feature": "features", "‖∂‖": "features"}
"""What a caption counts."""


def notes(item: int, batch: int, sheets: list[Sheet], shrunk: list[Sheet], tokens: int) -> Iterator[str]:
    """Yields what is shown and what is not; ``sheets`` before and ``shrunk`` after they were folded."""
    if batch > 1:
        yield f"item {item} of a batch of {batch}"
    if len(shrunk) < len(sheets):
        yield f"the first {len(shrunk)} of {len(sheets)}"
    pairs = list(zip(sheets, shrunk, strict=False))
    rows = [(_mean(len(a.values), len(b.values)), a.down.caption) for a, b in pairs]
    columns = [(_mean(a.values.shape[1], b.values.shape[1]), a.across.caption) for a, b in pairs]
    means = [f"{n} {UNITS[caption.split()[0]]}" for n, caption in (max(rows), max(columns)) if n > 1]
    if means:
        yield f"a square is the mean of {' × '.join(means)}"
    count = sum(len([x for x in ticks.tokens if x]) for ticks in {a.block: a.across for a, _ in pairs}.values())
    if tokens < count:
        yield f"{tokens} of {count} tokens have room"


def _mean(before: int, after: int) -> int:
    return math.ceil(before / after)
