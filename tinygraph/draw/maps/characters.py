"""Sheets as plain text: numbers where there are few columns, else a character for each."""

from __future__ import annotations

import math
from functools import partial

from ..labels import cells, filled, number
from .shades import Shade
from .sheets import Sheet

FEW, MOST, ROWS, WIDE = 10, 80, 32, 8
"""Most columns with numbers; most columns and rows with characters; characters of a number."""
LEVELS, BELOW = ".123456789", ".abcdefghi"
"""Tenths of the scale, up from zero and down from it."""


def lines(sheet: Sheet, shade: Shade) -> list[str]:
    """Returns heading, rows and columns of a sheet; what is longer is folded by averages."""
    small = len(sheet.across.labels) <= FEW
    sheet = sheet.folded(ROWS, FEW if small else MOST)
    labels = [sheet.down.text(i, "{token} {label}") for i in range(len(sheet.values))]
    room = max(map(cells, [*labels, sheet.down.caption, sheet.across.caption])) + 1
    out = [sheet.heading]
    for i, label in enumerate(labels):
        values = zip(sheet.values[i], sheet.absent[i], sheet.padding[i], strict=True)
        told = number if small else partial(character, shade=shade)
        texts = [" _"[bool(padded)] if absent else told(v) for v, absent, padded in values]
        told_row = "".join(filled(x, WIDE, ">") for x in texts) if small else " " + "".join(texts)
        out.append(filled(label, room, ">") + told_row)
    return [*out, *_foot(sheet, room, small)]


def character(value: float, shade: Shade) -> str:
    """Returns the tenths of the scale that a number reaches: ``.`` for none, ``9`` for all, letters below zero."""
    if not math.isfinite(value):
        return "?"
    part = min(int(abs(value) / shade.high * 10), 9)
    return (LEVELS if value >= 0 else BELOW)[part]


def key(sheets: list[Sheet], shade: Shade) -> list[str]:
    """Returns what the characters mean, if there are any."""
    means = []
    if any(len(x.across.labels) > FEW for x in sheets):
        down = [f"a to i: down to {number(shade.low)}"] * shade.signed
        means += [". near 0", f"1 to 9: up to {number(shade.high)}", *down, "? NaN or infinite"]
    means += ["_ padding"] * any(x.padding.any() for x in sheets)
    return ["", ", ".join(means)] if means else []


def _foot(sheet: Sheet, room: int, small: bool) -> list[str]:
    """Returns the labels of the columns and their tokens; with characters those of each tenth column."""
    across = sheet.across
    if small:
        rows = [across.labels, across.tokens]
        return [
            filled(across.caption * (not k), room, ">") + "".join(filled(_cut(x), WIDE, ">") for x in row)
            for k, row in enumerate(rows)
            if any(row)
        ]
    line = ""
    for i in range(0, len(across.labels), 10):
        line = line.ljust(i) + across.labels[i].partition("–")[0]
    return [f"{filled(across.caption, room, '>')} {line}"]


def _cut(text: str) -> str:
    while cells(text) >= WIDE:
        text = text[:-2] + "…"
    return text
