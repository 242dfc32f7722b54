"""Draws sheets of numbers: tiles, what stands along their sides, and headings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import NamedTuple

from ..colours import GREY, INK
from ..labels import number, width
from ..picture import SMALL, Note, Picture, Tile, TileNumber
from .sheets import Sheet, Ticks

GROUND, LINE, PADDED = "#f8fafc", "#c3ccd8", "#dde3ea"
PAD, APART, LANES = 16.0, 24.0, 3
"""Space at the sides of a block; between blocks; most rows of tokens under a matrix."""
LEAST_WIDE, LEAST_HIGH, MOST_COLUMNS, MOST_ROWS = 6.0, 3.5, 100, 128
"""Smallest tile; the most columns side by side, and rows one over the other."""
NUMBERED, STRIP = (48.0, 22.0), 24.0
"""Size of a tile with its number, and height of a strip."""
OVER = 40.0
"""Space over a matrix for its heading and captions."""


class Room(NamedTuple):
    """The room for all matrices of a picture, in points."""

    width: float = 900.0
    height: float = 520.0


class _Tiles(NamedTuple):
    """The size of tiles, and whether they have numbers."""

    wide: float
    high: float
    numbers: bool


def folded(blocks: list[list[Sheet]], room: Room) -> list[list[Sheet]]:
    """Returns the sheets of each block with at most as many rows and columns as there is room for."""
    rows = int(min(room.height / LEAST_HIGH, MOST_ROWS))
    columns = int(min(room.width / LEAST_WIDE, MOST_COLUMNS))
    total = sum(block[0].values.shape[1] for block in blocks)
    return [
        [x.folded(rows // len(block), columns * x.values.shape[1] // max(total, columns)) for x in block]
        for block in blocks
    ]


def plot(picture: Picture, blocks: list[list[Sheet]], colour: Callable[[float], str], room: Room) -> int:
    """Draw blocks of folded sheets side by side; returns for how many tokens there was room."""
    plotting = _Plotting(picture, colour, _tiles(blocks, room))
    left = 0.0
    for block in blocks:
        left = plotting.block(block, left) + APART
    return plotting.tokens


def _tiles(blocks: list[list[Sheet]], room: Room) -> _Tiles:
    columns = sum(block[0].values.shape[1] for block in blocks)
    rows = max(sum(x.values.shape[0] for x in block if not x.strip) for block in blocks) or 1
    wide, high = NUMBERED
    if columns * wide <= room.width and rows * high <= room.height:
        return _Tiles(wide, high, True)
    return _Tiles(min(room.width / columns, wide), min(max(room.height / rows, LEAST_HIGH), 14.0), False)


class _Plotting:
    """A picture under construction; ``tokens``: how many are written."""

    def __init__(self, picture: Picture, colour: Callable[[float], str], tiles: _Tiles) -> None:
        self.picture, self.colour, self.tiles, self.tokens = picture, colour, tiles, 0

    def block(self, block: list[Sheet], left: float) -> float:
        """Draw sheets one over the other, the first on top, and return the right edge."""
        across, tiles = block[-1].across, self.tiles
        over = _over(across, tiles.wide)
        texts = [y for x in block for y in (x.down.caption, *(x.down.text(i) for i in range(len(x.down.labels))))]
        labels = max(width(text, SMALL, True) for text in (*texts, across.caption)) + 8 + over
        inner = max(len(across.labels) * tiles.wide + over, *(width(x.heading, 12, True) for x in block))
        x, wide, y, ground = left + PAD + labels, labels + inner, 0.0, len(self.picture.tiles)
        for sheet in reversed(block):
            high = STRIP if sheet.strip else tiles.high
            top = y + high * len(sheet.values)
            self._matrix(sheet, tiles._replace(high=high), (x, top))
            self._down(sheet.down, (x, top), high)
            self._write(x + width(sheet.heading, 12, True) / 2, top + 24, sheet.heading, INK, 12)
            y = top + OVER
        foot = self._across(across, x)
        frame = Tile(left + PAD + wide / 2, (y + foot) / 2, wide + 2 * PAD, y - foot, GROUND, "")
        self.picture.tiles.insert(ground, frame)
        return left + wide + 2 * PAD

    def _write(self, x: float, y: float, text: str, colour: str, size: float = SMALL) -> None:
        if text:
            self.picture.notes.append(Note(x, y, text, colour, size))

    def _tile(self, x: float, y: float, wide: float, high: float, fill: str, tip: str = "", text: str = "") -> None:
        self.picture.tiles.append(Tile(x, y, wide, high, fill, tip, text))

    def _matrix(self, sheet: Sheet, tiles: _Tiles, corner: tuple[float, float]) -> None:
        (x, top), (rows, columns) = corner, sheet.values.shape
        wide, high = columns * tiles.wide, rows * tiles.high
        for border, fill in ((2.0, LINE), (1.0, "#ffffff")):
            self._tile(x + wide / 2, top - high / 2, wide + 2 * border, high + 2 * border, fill)
        gap = 1.0 if min(tiles.wide, tiles.high) > 8 else 0.0
        whole = [column.all() for column in sheet.padding.T]
        for run in [[*run] for is_padded, run in groupby(range(columns), whole.__getitem__) if is_padded]:
            room = len(run) * tiles.wide - gap
            words = "padding" if room > width("padding", SMALL, True) and high > 12 else ""
            middle = (run[0] + run[-1] + 1) / 2 * tiles.wide
            self._tile(x + middle, top - high / 2, room, high - gap, PADDED, "padding", words)
        numbers = tiles.numbers or (sheet.strip and tiles.wide >= 34)
        for i, j in ((i, j) for i in range(rows) for j in range(columns)):
            place = x + (j + 0.5) * tiles.wide, top - (i + 0.5) * tiles.high, tiles.wide - gap, tiles.high - gap
            if not sheet.absent[i, j]:
                value = sheet.values[i, j]
                self._tile(*place, self.colour(value), _tip(sheet, i, j), number(value) if numbers else "")
                axes = f"{sheet.down.caption.split()[0]} ↓, {sheet.across.caption.split()[0]} →"
                labels = sheet.down.text(i), sheet.across.text(j, "{label} {token}")
                self.picture.tiles[-1].cell = TileNumber(sheet.heading, axes, *labels, number(value, 3))
            elif sheet.padding[i, j] and not whole[j]:
                self._tile(*place, PADDED, "padding")

    def _down(self, ticks: Ticks, corner: tuple[float, float], high: float) -> None:
        """Write the labels at the left of the rows, right-aligned, and their caption over them."""
        x, top = corner
        for i in _every(len(ticks.labels), 1.2 * SMALL, high):
            label = ticks.text(i)
            self._write(x - 7 - width(label, SMALL) / 2, top - (i + 0.5) * high, label, GREY)
        y = top + 11 if len(ticks.labels) > 1 else top - high / 2
        self._write(x - 7 - width(ticks.caption, SMALL, True) / 2, y, ticks.caption, INK)

    def _across(self, ticks: Ticks, left: float) -> float:
        """Write labels and tokens under the columns, and return the foot of what was written."""
        wide = self.tiles.wide
        need = max(width(label, SMALL, True) for label in ticks.labels) + 5
        for i in _every(len(ticks.labels), need, wide):
            self._write(left + (i + 0.5) * wide, -11, ticks.labels[i], GREY)
        caption_at = left - 7 - _over(ticks, wide) - width(ticks.caption, SMALL, True) / 2
        self._write(caption_at, -11, ticks.caption, INK)
        ends, lanes = [-math.inf] * LANES, 0
        for i, token in enumerate(ticks.tokens):
            x, half = left + (i + 0.5) * wide, width(token, SMALL, True) / 2 + 2
            lane = next((k for k, end in enumerate(ends) if x - half >= end), None)
            if token and lane is not None:
                ends[lane], lanes = x + half, max(lanes, lane + 1)
                self._write(x, -25 - 13 * lane, token, INK)
                self.tokens += 1
        return -24.0 - 13 * lanes


def _over(across: Ticks, wide: float) -> float:
    """Returns how far texts of the first or last column stand out at its side."""
    ends = [width(text, SMALL, True) for i in (0, -1) for text in (across.labels[i], *across.tokens[i:][:1])]
    return max(max(ends) - wide, 0.0) / 2


def _tip(sheet: Sheet, i: int, j: int) -> str:
    row, column = sheet.down.labels[i], sheet.across.labels[j]
    token = sheet.across.token(j)
    mean = "mean of " if "–" in row + column else ""
    return f"{mean}{sheet.told(row, column)}: {number(sheet.values[i, j], 4)}" + (f" · {token}" if token else "")


def _every(count: int, need: float, have: float) -> Iterator[int]:
    """Yields the places that get a label, if a label needs as much room as ``need`` and a place has ``have``."""
    most = max(need / have, 1.0)
    stride = next(k * 10**p for p in range(9) for k in (1, 2, 5) if k * 10**p >= most)
    yield from range(0, count, stride)
