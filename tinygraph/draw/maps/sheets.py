"""A sheet: a matrix of numbers with time from left to right, folded by averages where it is too large."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

from ..colours import INK


@dataclass
class Ticks:
    """What stands along one side of a matrix: ``labels`` such as steps or units, maybe a token each, and a caption."""

    labels: list[str]
    caption: str
    tokens: list[str] = field(default_factory=list)

    def token(self, i: int) -> str:
        return self.tokens[i] if self.tokens else ""

    def text(self, i: int, form: str = "{token}  {label}") -> str:
        """Returns a label with its token, if it has one."""
        return form.format(label=self.labels[i], token=self.token(i)).strip()

    @property
    def steps(self) -> list[int]:
        """Returns the labels as numbers if these rise or fall, else the places of the labels."""
        numbers = [int(x) for x in self.labels if x.isdigit()]
        rises = {a < b for a, b in pairwise(numbers)}
        return numbers if len(numbers) == len(self.labels) and len(rises) < 2 else [*range(len(self.labels))]

    def folded(self, size: int) -> Ticks:
        """Returns one label for each ``size`` of them."""
        groups = [self.labels[i : i + size] for i in range(0, len(self.labels), size)]
        labels = ["–".join(dict.fromkeys((x[0], x[-1]))) for x in groups]
        return Ticks(labels, self.caption, self.tokens if size == 1 else [])


def plain_ticks(count: int, caption: str) -> Ticks:
    return Ticks([str(i) for i in range(count)], caption)


Told = Callable[[str, str], str]
"""Says what a number is, from the labels of its row and its column."""


class Remark(NamedTuple):
    """A text over a matrix."""

    text: str
    colour: str = INK
    size: float = 12.0


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
        bars: the height of the bar of a number, 0 to 1, if its only row is shown as bars.
        table: the name of its table, if it is not the heading.
        remarks: lines under the heading.
        cuts: the columns before which a cut is.
    """

    heading: str
    values: np.ndarray
    absent: np.ndarray
    across: Ticks
    down: Ticks
    block: int = 0
    told: Told = "{} {}".format
    strip: bool = False
    bars: Callable[[float], float] | None = None
    table: str = ""
    remarks: list[Remark] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    padding: np.ndarray = field(kw_only=True)

    @property
    def lines(self) -> list[Remark]:
        return [Remark(self.heading), *self.remarks]

    def folded(self, rows: int, columns: int) -> Sheet:
        """Returns a sheet of at most so many rows and columns; each number is the mean of those that it stands for."""
        high, wide = (math.ceil(n / max(most, 1)) for n, most in zip(self.values.shape, (rows, columns), strict=True))
        if high == wide == 1:
            return self

        def summed(x: np.ndarray) -> np.ndarray:
            x = np.add.reduceat(x, range(0, x.shape[0], high), axis=0)
            return np.add.reduceat(x, range(0, x.shape[1], wide), axis=1)

        with np.errstate(all="ignore"):
            sums, counts = summed(np.where(self.absent, 0.0, self.values)), summed(1.0 - self.absent)
            means = np.where(counts > 0, sums / counts, 0.0)
        padding, across, down = summed(1.0 - self.padding) == 0, self.across.folded(wide), self.down.folded(high)
        return replace(self, values=means, absent=counts == 0, padding=padding, across=across, down=down)


def blocks_of(sheets: list[Sheet]) -> list[list[Sheet]]:
    return [[*block] for _, block in groupby(sheets, lambda x: x.block)]


UNITS = {"t": "steps", "key": "keys", "query": "queries", "unit": "units", "feature": "features", "‖∂‖": "features"}
"""What a caption counts."""


def notes(item: int, batch: int, sheets: list[Sheet], shrunk: list[Sheet], tokens: int) -> Iterator[str]:
    """Yields what is shown and what is not; ``sheets`` before and ``shrunk`` after they were folded."""
    if batch > 1:
        yield f"item {item} of a batch of {batch}"
    if len(shrunk) < len(sheets):
        yield f"the first {len(shrunk)} of {len(sheets)}"
    pairs = list(zip(sheets, shrunk, strict=False))
    rows = max((math.ceil(len(a.values) / len(b.values)), a.down.caption) for a, b in pairs)
    columns = max((math.ceil(len(a.values.T) / len(b.values.T)), a.across.caption) for a, b in pairs)
    means = [f"{n} {UNITS[caption.split()[0]]}" for n, caption in (rows, columns) if n > 1]
    if means:
        yield f"a square is the mean of {' × '.join(means)}"
    count = sum(len([x for x in ticks.tokens if x]) for ticks in {a.block: a.across for a, _ in pairs}.values())
    if tokens < count:
        yield f"{tokens} of {count} tokens have room"
