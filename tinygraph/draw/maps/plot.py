"""Draws sheets of numbers: tiles or bars, what stands along their sides, headings, and cuts."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple

from ..colours import GREY, INK, RED
from ..labels import number, width
from ..picture import SMALL, Cut, Note, Picture, Tile, TileNumber
from .sheets import Sheet, Ticks

GROUND, LINE, PADDED = "#f8fafc", "#c3ccd8", "#dde3ea"
PAD, APART, LANES = 16.0, 24.0, 3
"""Space at the sides of a block; between blocks; most rows of tokens under a matrix."""
LEAST_WIDE, LEAST_HIGH, MOST_COLUMNS, MOST_ROWS = 6.0, 3.5, 100, 128
"""Smallest tile; the most columns side by side, and rows one over the other."""
NUMBERED, STRIP, BAR = (48.0, 22.0), 24.0, 56.0
"""Size of a tile with its number, height of a strip, and of its highest bar."""
OVER, LINE_HIGH, CLOSE = 40.0, 15.0, 14.0
"""Space over a matrix for its heading and captions; height of a verdict's line; least gap of cuts."""


class Room(NamedTuple):
    """The room for all matrices of a picture, and the highest tile without a number, in points."""

    width: float = 900.0
    height: float = 520.0
    tallest: float = 14.0


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
    return _Tiles(min(room.width / columns, wide), min(max(room.height / rows, LEAST_HIGH), room.tallest), False)


class _Plotting:
    """A picture under construction; ``tokens``: how many are written."""

    def __init__(self, picture: Picture, colour: Callable[[float], str], tiles: _Tiles) -> None:
        self.picture, self.colour, self.tiles, self.tokens = picture, colour, tiles, 0

    def block(self, block: list[Sheet], left: float) -> float:
        """Draw sheets one over the other, the first on top, and return the right edge.

        Those whose columns are as those of the first stand over the same labels, others with their own below them.
        """
        wide, caption = self.tiles.wide, block[0].across.caption
        over_one, below = ([x for x in block if (x.across.caption == caption) is one] for one in (True, False))
        over = max(_over(x.across, wide) for x in block)
        down = [x.down.text(i) for x in block for i in range(len(x.down.labels))]
        captions = [text for x in block for text in (x.down.caption, x.across.caption)]
        labels = max(width(text, SMALL, True) for text in (*down, *captions)) + 8 + over
        inner = max(len(x.across.labels) * wide + over for x in block)
        lines = max(width(line.text, line.size, True) for x in block for line in x.lines)
        centred = bool(block[0].remarks)
        right = left + max(labels + inner, lines + (0 if centred else labels)) + 2 * PAD
        middle = (left + right) / 2 if centred else None
        x, y, ground = left + PAD + labels, 0.0, len(self.picture.tiles)
        for sheet in reversed(over_one):
            y = self._sheet(sheet, x, y + self._high(sheet) * len(sheet.values), middle)
        foot = self._across(over_one[-1].across, x, 0.0)
        for sheet in below:
            top = foot - OVER
            self._sheet(sheet, x, top, middle)
            foot = self._across(sheet.across, x, top - self._high(sheet))
        frame = Tile((left + right) / 2, (y + foot) / 2, right - left, y - foot, GROUND, "")
        self.picture.tiles.insert(ground, frame)
        return right

    def _high(self, sheet: Sheet) -> float:
        return BAR if sheet.bars else STRIP if sheet.strip else self.tiles.high

    def _sheet(self, sheet: Sheet, x: float, top: float, middle: float | None) -> float:
        """Draw a sheet from its upper left corner on, its lines in the middle or over the corner; return its top."""
        high = self._high(sheet)
        if sheet.bars:
            self._bars(sheet, sheet.bars, (x, top - high))
        else:
            self._matrix(sheet, self.tiles._replace(high=high), (x, top))
        self._down(sheet.down, (x, top), high)
        self._cuts(sheet, (x, top), high)
        y = top + OVER - LINE_HIGH + LINE_HIGH * len(sheet.lines)
        for k, line in enumerate(sheet.lines):
            at = x + width(line.text, line.size, True) / 2 if middle is None else middle
            self._write(at, y - 16 - LINE_HIGH * k, line.text, line.colour, line.size)
        return y

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
        numbers = self._has_numbers(sheet)
        for i, j in ((i, j) for i in range(rows) for j in range(columns)):
            place = x + (j + 0.5) * tiles.wide, top - (i + 0.5) * tiles.high, tiles.wide - gap, tiles.high - gap
            if not sheet.absent[i, j]:
                self._number(sheet, (i, j), place, number(sheet.values[i, j]) if numbers else "")
            elif sheet.padding[i, j] and not whole[j]:
                self._tile(*place, PADDED, "padding")

    def _has_numbers(self, sheet: Sheet) -> bool:
        return self.tiles.numbers or (sheet.strip and self.tiles.wide >= 34)

    def _number(self, sheet: Sheet, at: tuple[int, int], place: tuple[float, float, float, float], text: str) -> None:
        (i, j), value = at, sheet.values[at]
        self._tile(*place, self.colour(value), _tip(sheet, i, j), text)
        axes = f"{sheet.down.caption.split()[0]} ↓, {sheet.across.caption.split()[0]} →"
        labels = sheet.down.text(i), sheet.across.text(j, "{label} {token}")
        self.picture.tiles[-1].cell = TileNumber(sheet.table or sheet.heading, axes, *labels, number(value, 3))

    def _bars(self, sheet: Sheet, level: Callable[[float], float], corner: tuple[float, float]) -> None:
        """Draw the only row as bars on a line."""
        (x, foot), wide = corner, self.tiles.wide
        inner = sheet.values.shape[1] * wide
        self._tile(x + inner / 2, foot - 0.5, inner, 1, LINE)
        for j, value in ((j, value) for j, value in enumerate(sheet.values[0]) if not sheet.absent[0, j]):
            middle, high = x + (j + 0.5) * wide, 2 + (BAR - 2) * level(value)
            self._number(sheet, (0, j), (middle, foot + high / 2, wide * 0.7, high), "")
            if self._has_numbers(sheet):
                self._write(middle, foot + high + 7, number(value), GREY, 9)

    def _cuts(self, sheet: Sheet, corner: tuple[float, float], high: float) -> None:
        """Draw a line at each cut; if lines were closer than CLOSE, only the grey tiles and the subtitle show them."""
        (x, top), wide = corner, self.tiles.wide
        if len(sheet.cuts) * CLOSE > sheet.values.shape[1] * wide:
            return
        last = -math.inf
        for at in (x + j * wide for j in sheet.cuts):
            self.picture.cuts.append(Cut(at, top - high * len(sheet.values) - 4, top + 5, badge=False))
            if at - last >= 30:
                self._write(at, top + 11, "cut", RED)
                last = at

    def _down(self, ticks: Ticks, corner: tuple[float, float], high: float) -> None:
        """Write the labels at the left of the rows, right-aligned, and their caption over them."""
        x, top = corner
        for i in marked(ticks.steps, 1.2 * SMALL / high):
            label = ticks.text(i)
            self._write(x - 7 - width(label, SMALL) / 2, top - (i + 0.5) * high, label, GREY)
        y = top + 11 if any(ticks.labels) else top - high / 2
        self._write(x - 7 - width(ticks.caption, SMALL, True) / 2, y, ticks.caption, INK)

    def _across(self, ticks: Ticks, left: float, y: float) -> float:
        """Write labels and tokens under the columns, and return the foot of what was written."""
        wide = self.tiles.wide
        need = max(width(label, SMALL, True) for label in ticks.labels) + 5
        for i in marked(ticks.steps, need / wide):
            self._write(left + (i + 0.5) * wide, y - 11, ticks.labels[i], GREY)
        caption_at = left - 7 - _over(ticks, wide) - width(ticks.caption, SMALL, True) / 2
        self._write(caption_at, y - 11, ticks.caption, INK)
        ends, lanes = [-math.inf] * LANES, 0
        for i, token in enumerate(ticks.tokens):
            x, half = left + (i + 0.5) * wide, width(token, SMALL, True) / 2 + 2
            lane = next((k for k, end in enumerate(ends) if x - half >= end), None)
            if token and lane is not None:
                ends[lane], lanes = x + half, max(lanes, lane + 1)
                self._write(x, y - 25 - 13 * lane, token, INK)
                self.tokens += 1
        return y - 24.0 - 13 * lanes


def _over(across: Ticks, wide: float) -> float:
    """Returns how far texts of the first or last column stand out at its side."""
    ends = [width(text, SMALL, True) for i in (0, -1) for text in (across.labels[i], *across.tokens[i:][:1])]
    return max(max(ends) - wide, 0.0) / 2


def _tip(sheet: Sheet, i: int, j: int) -> str:
    row, column = sheet.down.labels[i], sheet.across.labels[j]
    token = sheet.across.token(j)
    mean = "mean of " if "–" in row + column else ""
    said = sheet.told(row, column)
    sign = " =" if said.endswith("‖") else ":"
    return f"{mean}{said}{sign} {number(sheet.values[i, j], 4)}" + (f" · {token}" if token else "")


def marked(steps: list[int], least: float) -> list[int]:
    """Returns the indices of the steps that get a label, if a label needs the width of ``least`` steps."""
    stride = max((max(steps) - min(steps)) // max(len(steps) - 1, 1), 1)
    round_ones = (k * 10**p for p in range(9) for k in (1, 2, 5))
    every = next((x for x in round_ones if x >= least * stride and x % stride == 0), math.ceil(least) * stride)
    rest = 0 if any(t % every == 0 for t in steps) else max(steps) % every
    return [i for i, t in enumerate(steps) if t % every == rest]
