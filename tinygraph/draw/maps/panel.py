"""Draws a matrix of gradient norms: tiles, axes, cuts, heading, and bars of the medians."""

from __future__ import annotations

import math

from ..colours import GREY, INK, RED
from ..labels import number, width
from ..norms.heat import Heat
from ..norms.reach import Reach
from ..norms.verdict import SIDES, verdicts
from ..picture import Cut, Note, Picture, Tile, TileNumber
from ..shown.folding import When

GROUND, LINE = "#f8fafc", "#c3ccd8"
BLUE, GREEN = "#2b6cb0", "#276749"
COLOURS = {
    "vanishing": BLUE,
    "falling": BLUE,
    "exploding": RED,
    "growing": RED,
    "steady": GREEN,
    "NaN or infinite": "#6b46c1",
}
FEW, SIZE, PAD, HEAD, BAR, CLOSE = 10, 10.0, 18.0, 84.0, 56.0, 14.0
"""Most steps with numbers in tiles; size of labels; space beside, over the matrix; highest bar; least gap of cuts."""
ROOM = 440.0
"""Width of a matrix of many steps."""


class Look:
    """What all panels of a picture share: colours, tile sizes, texts of the steps.

    ``room``: the width of a matrix in points; if there is less than ROOM, neither numbers nor bars.
    """

    def __init__(self, heat_map: Heat, shown: list[Reach], tokens: dict[When, str], room: float) -> None:
        self.heat_map, self.tokens = heat_map, {when: text for when, text in tokens.items() if text}
        count = max(len(x) for reach in shown for x in (reach.columns, reach.rows))
        self.rows = max(len(reach.rows) for reach in shown)
        self.terse = room < ROOM
        self.numbers = count <= FEW and not self.terse
        side = min(max(room / count, 7.0 if room == ROOM else 3.0), 26.0)
        self.wide, self.high = (46.0, 30.0) if self.numbers else (side, side)
        widths = [width(x, SIZE, True) + 8 for x in self.tokens.values()]
        self.has_tokens = bool(widths) and max(widths) <= 84 and count <= 2 * FEW
        if self.rows == 1:
            self.high = max(self.high, 26.0)
        if self.has_tokens:
            self.wide = max(self.wide, *widths)
        self.gap = 1.5 if count <= 26 else 0.0
        self.top = HEAD + max(len(x.rows) * self.high + (BAR + 10) * (len(x.rows) == 1) for x in shown)
        strips = max((len(reach.sides()) for reach in shown if not reach.blurred), default=1)
        self.strip = BAR + 44 + 10 * self.numbers
        self.base = -44.0 - 13 * self.has_tokens
        self.foot = self.base - (10 + max(strips, 1) * self.strip if self.rows > 1 and not self.terse else 8)

    def label(self, phase: int, t: int) -> str:
        """Returns the label of a step at the left of its row."""
        return f"{self.tokens[phase, t]}  {t}" if (phase, t) in self.tokens and self.high > 11 else str(t)


class PanelPlace:
    """Edges of a panel's background and of the matrix inside; words for where the steps of its medians start."""

    def __init__(self, reach: Reach, look: Look, left: float) -> None:
        labels = max([width(look.label(reach.of_losses, t), SIZE, True) for t in reach.rows] + [54.0])
        inner = len(reach.columns) * look.wide
        told = max(width(x.line if x.side else x.told, 12, True) for x in verdicts(reach))
        sides = () if len(reach.rows) == 1 or reach.blurred or look.terse else reach.sides() or [1]
        start = "the loss" if reach.entry is None else f"t = {reach.entry}"
        self.starts = {side: start + f", {SIDES[side]}" * (len(sides) > 1) for side in sides}
        below = [width(f"{reach.state.name} at time s →", SIZE, True)]
        below += [width(f"median by steps from {x} →", SIZE, True) for x in self.starts.values()]
        wide = max(labels + max(inner, *below) + 8, told, width(reach.heading, 15, True))
        self.left, self.right = left, left + wide + 2 * PAD
        self.x = left + PAD + (wide - inner - labels - 8) / 2 + labels + 8
        self.labels = labels
        self.inner, self.height = inner, len(reach.rows) * look.high
        self.middle = self.x + inner / 2


def panel(picture: Picture, reach: Reach, look: Look, left: float) -> float:
    """Draw a panel and return its right edge."""
    frame = PanelPlace(reach, look, left)
    x, y = (frame.left + frame.right) / 2, (look.top + look.foot) / 2
    picture.tiles.append(Tile(x, y, frame.right - frame.left, look.top - look.foot, GROUND, reach.heading))
    _matrix(picture, reach, look, frame)
    _axes(picture, reach, look, frame)
    _cut(picture, reach, look, frame)
    _heading(picture, reach, look, frame)
    _bars(picture, reach, look, frame)
    return frame.right


def _matrix(picture: Picture, reach: Reach, look: Look, frame: PanelPlace) -> None:
    for border, ground in ((3.0, LINE), (2.0, "#ffffff")):
        wide, high = frame.inner + 2 * border, frame.height + 2 * border
        picture.tiles.append(Tile(frame.middle, frame.height / 2, wide, high, ground, ""))
    table = f"‖∂ {reach.loss} at t / ∂ {reach.state.heading} at s‖"
    for i, t in enumerate(reach.rows):
        for j, s in enumerate(reach.columns):
            norm = reach.value(t, s)
            if norm is not None:
                x, y = frame.x + (j + 0.5) * look.wide, (i + 0.5) * look.high
                tip = f"‖∂ {reach.loss} at {t} / ∂ {reach.state.heading} at {s}‖ = {number(norm, 4)}"
                text = number(norm) if look.numbers else ""
                ends = look.label(reach.of_losses, t), look.label(reach.of_state, s)
                fill = look.heat_map.colour(norm)
                cell = TileNumber(table, "loss at t ↓, s →", *ends, number(norm, 3))
                picture.tiles.append(Tile(x, y, look.wide - look.gap, look.high - look.gap, fill, tip, text, cell))


def _axes(picture: Picture, reach: Reach, look: Look, frame: PanelPlace) -> None:
    for i in _marked(reach.rows, 15 / look.high):
        label = look.label(reach.of_losses, reach.rows[i])
        picture.notes.append(Note(frame.x - 8 - width(label, SIZE) / 2, (i + 0.5) * look.high, label, GREY, SIZE))
    room = width(str(reach.columns[-1]), SIZE, True) + 4
    for i in _marked(reach.columns, room / look.wide):
        x = frame.x + (i + 0.5) * look.wide
        picture.notes.append(Note(x, -12, str(reach.columns[i]), GREY, SIZE))
        token = look.tokens.get((reach.of_state, reach.columns[i]))
        if look.has_tokens and token:
            picture.notes.append(Note(x, -25, token, INK, SIZE))
    y = -30.0 - 13 * look.has_tokens
    picture.notes.append(Note(frame.middle, y, f"{reach.state.name} at time s →", INK, SIZE))
    picture.notes.append(Note(frame.x - 6 - frame.labels / 2, frame.height + 10, "loss at t ↑", INK, SIZE))


def _marked(steps: list[int], least: float) -> list[int]:
    """Returns the indices of the steps that get a label, if a label needs the width of ``least`` steps."""
    stride = max((steps[-1] - steps[0]) // max(len(steps) - 1, 1), 1)
    round_ones = (k * 10**p for p in range(6) for k in (1, 2, 5))
    every = next((x for x in round_ones if x >= least * stride and x % stride == 0), math.ceil(least) * stride)
    rest = 0 if any(t % every == 0 for t in steps) else steps[-1] % every
    return [i for i, t in enumerate(steps) if t % every == rest]


def _cut(picture: Picture, reach: Reach, look: Look, frame: PanelPlace) -> None:
    """Draw a line at each cut; if lines were closer than CLOSE, only the grey tiles and the subtitle show them."""
    behind = sorted({sum(s <= a for s in reach.columns) for (_, a), _ in reach.state.cuts} - {0, len(reach.columns)})
    if len(behind) * CLOSE > frame.inner:
        return
    last = -1000.0
    for j in behind:
        x = frame.x + j * look.wide
        picture.cuts.append(Cut(x, -4, frame.height + 5, badge=False))
        if x - last >= 30:
            picture.notes.append(Note(x, frame.height + 11, "cut", RED, SIZE))
            last = x


def _heading(picture: Picture, reach: Reach, look: Look, frame: PanelPlace) -> None:
    told = verdicts(reach)
    middle = (frame.left + frame.right) / 2
    lines = [(18.0, reach.heading, INK, 15)]
    for i, x in enumerate(told):
        colour = COLOURS.get(x.word, GREY)
        both = [(38.0, x.told, colour, 12), (53.0, x.pace, GREY, 10)]
        lines += both if len(told) == 1 else [(38.0 + 16 * i, x.line, colour, 11)]
    picture.notes += [Note(middle, look.top - down, text, ink, size) for down, text, ink, size in lines if text]


def _bars(picture: Picture, reach: Reach, look: Look, frame: PanelPlace) -> None:
    """Draw under the matrix the median norm by number of steps, a strip for each side; over a single row its own."""
    if len(reach.rows) == 1:
        t = reach.rows[0]
        reached = [(j, s) for j, s in enumerate(reach.columns) if (t, s) in reach.norms]
        values = [(j, f"{reach.state.name} at {s}", reach.norms[t, s]) for j, s in reached]
        _strip(picture, look, frame, frame.height + 22, values)
        return
    for k, (side, start) in enumerate(frame.starts.items()):
        base = look.base - BAR - 20 - 10 * look.numbers - k * look.strip
        medians = reach.medians(side)[: len(reach.columns)]
        steps = [d for d, _ in medians]
        for i in _marked(steps, (width(str(steps[-1]), SIZE, True) + 4) / look.wide) if steps else []:
            picture.notes.append(Note(frame.x + (i + 0.5) * look.wide, base - 10, str(steps[i]), GREY, SIZE))
        told = f"median by steps from {start}"
        picture.notes.append(Note(frame.middle, base - 25, f"{told} →", INK, SIZE))
        values = [(i, f"{d} steps from {start}", norm) for i, (d, norm) in enumerate(medians)]
        _strip(picture, look, frame, base, values)
        for tile, (d, norm) in zip(picture.tiles[len(picture.tiles) - len(medians) :], medians, strict=True):
            tile.cell = TileNumber(f"{reach.heading}: {told}", "steps", reach.state.name, str(d), number(norm, 3))


def _strip(picture: Picture, look: Look, frame: PanelPlace, base: float, values: list[tuple[int, str, float]]) -> None:
    picture.tiles.append(Tile(frame.middle, base - 0.5, frame.inner, 1, LINE, ""))
    for i, what, norm in values:
        high = 2 + (BAR - 2) * look.heat_map.level(norm)
        x = frame.x + (i + 0.5) * look.wide
        tip = f"{what}: {number(norm, 4)}"
        picture.tiles.append(Tile(x, base + high / 2, look.wide * 0.7, high, look.heat_map.colour(norm), tip))
        if look.numbers:
            picture.notes.append(Note(x, base + high + 7, number(norm), GREY, 9))
