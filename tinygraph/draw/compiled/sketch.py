"""One band of a compiled picture: positions of its blocks, boxes and arrows; and of the two bands."""

from __future__ import annotations

from collections.abc import Sequence

from ..colours import FORWARD, GREY, STATE
from ..picture import Arrow, Band, Box, Note, Picture, Point
from .frames import APART, STACK, Ends, GroupRoutes, across, measure, place, plates, tracks
from .items import Block, ItemGroup, LoopCard, Side, handed

BUNDLE, FAINT = "#718096", "#b8c0cc"
EDGE, HEAD, BETWEEN = 26.0, 40.0, 46.0
"""Padding of a band, height of its name, and gap between the bands."""

LoopSlot = tuple[int, bool]
"""A column of blocks: the number of loops at its left, and whether it is that of the next loop."""


class Sketch:
    """One band while it is placed and drawn; ``cards``: its blocks, side by side, in the columns ``slots``."""

    def __init__(self, name: str, side: Side) -> None:
        self.name, self.side = name, side
        self.cards = plates(side.parts, "once")
        loops = [card.is_loop for card in self.cards]
        self.slots: list[LoopSlot] = [(sum(loops[:k]), is_loop) for k, is_loop in enumerate(loops)]
        for card in self.cards:
            measure(side, card)
        self.foot = self.top = self.left = self.right = 0.0

    def place(self, columns: dict[LoopSlot, tuple[float, float]], foot: float) -> None:
        """Place the blocks in their columns, in a band that starts at ``foot``."""
        base = foot + EDGE + tracks(handed(self.side, self.side.parts))
        tall = max((x.height + x.behind for x in self.cards), default=0.0)
        for x, slot in zip(self.cards, self.slots, strict=True):
            left, wide = columns[slot]
            place(self.side, x, left + (wide - x.width - x.behind) / 2, base + (tall - x.height - x.behind) / 2)
        self.foot, self.top = foot, base + tall + EDGE + HEAD
        self.left = min((left for left, _ in columns.values()), default=0.0) - EDGE
        self.right = max((left + wide for left, wide in columns.values()), default=0.0) + EDGE + 3 * STACK

    def draw(self, picture: Picture) -> None:
        picture.bands.append(Band(self.left, self.right, self.foot, self.top, self.name, headed=True))
        first = len(picture.boxes)
        for x in self.side.items:
            oblong = x.x, x.y, x.width, x.height
            picture.boxes.append(Box(*oblong, x.role, "#ffffff", x.title, x.below, x.tip, dashed=x.gone))
        self._blocks(picture, first, self.cards)

    def _blocks(self, picture: Picture, first: int, blocks: Sequence[Block]) -> None:
        for x in blocks:
            if isinstance(x, LoopCard):
                edges = x.left, x.left + x.width, x.foot, x.foot + x.height
                picture.bands.append(Band(*edges, x.name, "", x.steps * x.is_loop, headed=True))
                self._blocks(picture, first, x.parts)
            else:
                self._group(picture, first, x)
        pairs = handed(self.side, blocks)
        for (a, b), points in across(blocks, [*pairs]).items():
            self._bundle(picture, first, points, pairs[a, b], beside=b == a + 1)

    def _bundle(self, picture: Picture, first: int, points: list[Point], links: list[Ends], *, beside: bool) -> None:
        """Draw one arrow for all values that a block passes to another, wider for more values."""
        count = len({source for source, _ in links})
        caption = f"{count} value{'s' * (count > 1)}"
        tail, head = links[0]
        wide = 1.2 + 0.5 * min(count, 6)
        picture.arrows.append(Arrow(first + tail, first + head, points, BUNDLE, wide, tip=caption))
        y = points[0][1] + 10 if beside else points[6][1] + 7 + wide / 2
        picture.notes.append(Note((points[0][0] + points[-1][0]) / 2, y, caption, GREY))

    def _group(self, picture: Picture, first: int, group: ItemGroup) -> None:
        items = self.side.items
        routes = GroupRoutes(group, items)
        for (a, b), points in routes.upward().items():
            removed = "removed" in (items[a].role, items[b].role)
            picture.arrows.append(Arrow(first + a, first + b, points, FAINT if removed else FORWARD, 1.1, removed))
        for (a, b), points in routes.round().items():
            picture.arrows.append(Arrow(first + a, first + b, points, STATE, 1.8, tip="to the next step"))


def stacked(sketches: Sequence[Sketch]) -> None:
    """Place the traced ops over the actions, with the same loops in the same columns."""
    columns = _columns(sketches)
    foot = 0.0
    for sketch in reversed(sketches):
        sketch.place(columns, foot)
        foot = sketch.top + BETWEEN


def beside(sketches: Sequence[Sketch]) -> None:
    """Place the actions at the right of the traced ops if there are no loops, so that the picture is not too high."""
    x = 0.0
    for sketch in sketches:
        sketch.place({c: (x, wide) for c, (_, wide) in _columns([sketch]).items()}, 0.0)
        x = sketch.right + BETWEEN + EDGE
    for sketch in sketches:
        sketch.top = max(s.top for s in sketches)


def _columns(sketches: Sequence[Sketch]) -> dict[LoopSlot, tuple[float, float]]:
    """Maps each column to its left edge and width, so that a loop is over the same loop."""
    wide: dict[LoopSlot, float] = {}
    for sketch in sketches:
        for slot, card in zip(sketch.slots, sketch.cards, strict=True):
            wide[slot] = max(wide.get(slot, 0.0), card.width + card.behind)
    columns, x = {}, 0.0
    for slot in sorted(wide):
        columns[slot] = x, wide[slot]
        x += wide[slot] + APART
    return columns
