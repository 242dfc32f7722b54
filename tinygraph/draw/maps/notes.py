"""The line under the title of a heat map: which sequence it shows, and what it folds or leaves out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from .sheets import Sheet

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
