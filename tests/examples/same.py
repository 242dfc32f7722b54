"""Whether a picture that is drawn now is the one that is kept: its words, its marks, and all places in it."""

from __future__ import annotations

import re

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
APART = 0.06
"""Points, or units of the last place shown: other versions of numpy and Python round a norm another way."""


def difference(drawn: str, kept: str) -> str:
    """The first mark of a picture that is not the kept one's; nothing if all are."""
    marks, old = drawn.split(">"), kept.split(">")
    for mark, one in zip(marks, old, strict=False):
        if not _same(mark, one):
            return f"{mark!r} where {one!r} was"
    return "" if len(marks) == len(old) else f"{len(marks)} marks where {len(old)} were"


def _same(mark: str, one: str) -> bool:
    numbers, old = ([float(x) for x in NUMBER.findall(text)] for text in (mark, one))
    alike = NUMBER.sub("#", mark) == NUMBER.sub("#", one) and len(numbers) == len(old)
    return alike and all(abs(a - b) <= APART for a, b in zip(numbers, old, strict=True))
