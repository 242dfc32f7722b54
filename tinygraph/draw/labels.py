"""Text in pictures: escaping for DOT and SVG, shortening, width, and numbers and shapes as words."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from ..core.errors import plain
from ..core.node import Node

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_IN_LABELS = str.maketrans(_ENTITIES | {"\\": "\\\\"})
_IN_TOOLTIPS = str.maketrans(_ENTITIES | {"\\": "\\" * 4, "\n": "&#10;"})
_WIDE = "mwMW@%—×…"
HEAD = 14.0
"""Font size of a column's title, and of a phase's."""
WHOLE = 60
"""Names are not cut up to this length."""
_NARROW = "iljtf.,:;'|![]() ·"
_LOW = "₀₁₂₃₄₅₆₇₈₉₊₋ₜ‖"


@lru_cache(maxsize=4096)
def clean(text: str, limit: int = WHOLE) -> str:
    """Returns the text on one line, cut to ``limit`` characters; U+FFFD replaces what no reader sees.

    Among it is what XML 1.0 forbids: with control characters, surrogates, U+FFFE or U+FFFF an SVG is not valid.
    """
    return plain(text, limit)


def html(text: str) -> str:
    """Escape cleaned text for an HTML-like label.

    A backslash is doubled, because Graphviz 2.43 and 16.1 interpret ``\\N`` and ``\\G`` in these labels too.
    """
    return text.translate(_IN_LABELS)


def tooltip(lines: list[str]) -> str:
    """Join and escape lines for a quoted ``tooltip`` attribute of a node.

    Both versions of Graphviz unescape a node's tooltip twice, so one backslash becomes four.
    """
    return "\n".join([plain(line, 500) for line in lines]).translate(_IN_TOOLTIPS)


@lru_cache(maxsize=4096)
def width(text: str, size: float, bold: bool = False) -> float:
    """Returns an upper estimate of a text's width, in points; no font is available where DOT is written."""
    if text.isascii():
        wide = sum(map(text.count, "mwMW@%"))
        narrow = sum(map(text.count, "iljtf.,:;'|![]() "))
        ems = 0.63 * len(text) + 0.3 * wide - 0.25 * narrow
    else:
        ems = sum(map(_ems, text))
    return ems * size * (1.1 if bold else 1.0)


def _ems(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    return 0.93 if character in _WIDE else 0.38 if character in _NARROW else 0.5 if character in _LOW else 0.63


def cells(text: str) -> int:
    """Returns the width of a text in cells of a terminal: two for Chinese letters and the like."""
    if text.isascii():
        return len(text)
    wide = (unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + sum(wide) - sum(map(bool, map(unicodedata.combining, text)))


def filled(text: str, room: int, side: str = "<") -> str:
    """Returns the text with spaces behind it, or before it (``>``), so that it takes so many cells of a terminal."""
    gap = " " * (room - cells(text))
    return gap + text if side == ">" else text + gap


def number(x: float, digits: int = 2) -> str:
    """Returns a number with so many significant digits: ``0.12``, ``3.5e-6``, ``1200``."""
    if not math.isfinite(x):
        return "NaN" if math.isnan(x) else "∞" if x > 0 else "-∞"
    if x == 0:
        return "0"
    if 1e-3 <= abs(x) < 10**digits - 0.5:
        return f"{x:#.{digits}g}".rstrip(".")
    if 1e-3 <= abs(x) < 1e5:
        return f"{x:.0f}"
    mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def shape(sizes: tuple[int, ...]) -> str:
    """Returns ``100×1``, or ``scalar``."""
    return "×".join(map(str, sizes)) if sizes else "scalar"


def shapes(nodes: Iterable[Node]) -> str:
    """Returns the shapes that several arrays have, of more than two the first: ``2×2, 2×3, …``."""
    told = [*dict.fromkeys(shape(x.shape) for x in nodes)]
    return ", ".join([*told[:2], *["…"] * (len(told) > 2)])


def op_words(name: str) -> str:
    """Returns an op's name in words: ``softmax cross-entropy``."""
    return clean(name.replace("cross_entropy", "cross-entropy").replace("_", " "))
