"""One band of a compiled picture: its blocks, boxes and arrows in their places, and how two bands stand."""

from __future__ import annotations

from collections.abc import Sequence

from ..colours import FORWARD, GREY, RED
from ..picture import Arrow, Band, Box, Note, Picture, Point
from ..views.unrolled import box_width
from ..views.wording import Words
from .frames import APART, STACK, Frame, centres, frame, height_of, plates, stand, tracks
from .items import OUTSIDE, Item, LoopCard, Side, handed
from .lanes import Ends, GroupRoutes, across

BUNDLE, FAINT = "#718096", "#b8c0cc"
EDGE, HEAD, BETWEEN = 26.0, 40.0, 46.0
"""Room in a band around its blocks, over them for its name, and between the bands."""


class Sketch:
    """One band while it is placed and drawn.

    Attributes:
        widths: of its boxes.
        frames: its blocks, side by side.
    """

    def __init__(self, name: str, side: Side) -> None:
        self.name, self.side = name, side
        self.widths = [box_width(_words(item)) for item in side.items]
        self.frames = [frame(side, card, self.widths) for card in plates(side.parts)]
        self.foot = self.top = self.left = self.right = 0.0

    def stand(self, columns: dict[int, tuple[float, float]], foot: float) -> None:
        """Put the blocks into their columns, on a band that begins at ``foot``."""
        base = foot + EDGE + tracks(handed(self.side, self.side.parts))
        tall = max((f.height + f.behind for f in self.frames), default=0.0)
        for f, (left, wide) in zip(self.frames, (columns[c] for c in _slots(self.frames)), strict=True):
            stand(f, left + (wide - f.width) / 2, base + (tall - f.height - f.behind) / 2)
        self.foot, self.top = foot, base + tall + EDGE + HEAD
        self.left = min((left for left, _ in columns.values()), default=0.0) - EDGE
        self.right = max((left + wide for left, wide in columns.values()), default=0.0) + EDGE + 3 * STACK

    def draw(self, picture: Picture) -> None:
        picture.bands.append(Band(self.left, self.right, self.foot, self.top, self.name, headed=True))
        first = len(picture.boxes)
        picture.boxes += [box(item, wide) for item, wide in zip(self.side.items, self.widths, strict=True)]
        floor = min((f.foot for f in self.frames), default=0.0)
        self._blocks(picture, first, self.frames, floor)

    def _blocks(self, picture: Picture, first: int, frames: Sequence[Frame], floor: float) -> None:
        for f in frames:
            if isinstance(f.block, LoopCard):
                times = 0 if f.block.number == OUTSIDE else f.block.steps
                edges = f.left, f.left + f.width, f.foot, f.foot + f.height
                picture.bands.append(Band(*edges, f.block.name, "", times, headed=True))
                self._blocks(picture, first, f.parts, min(p.foot for p in f.parts))
            else:
                self._group(picture, first, f)
        pairs = handed(self.side, [f.block for f in frames])
        for (a, b), points in across(frames, [*pairs], floor).items():
            self._bundle(picture, first, points, pairs[a, b], beside=b == a + 1)

    def _bundle(self, picture: Picture, first: int, points: list[Point], links: list[Ends], *, beside: bool) -> None:
        """One arrow for all values that a block hands to another, wider for more."""
        many = len({source for source, _ in links})
        words = f"{many} value{'s' * (many > 1)}"
        tail, head = links[0]
        wide = 1.2 + 0.5 * min(many, 6)
        picture.arrows.append(Arrow(first + tail, first + head, points, BUNDLE, wide, tip=words))
        y = points[0][1] + 10 if beside else points[6][1] + 6
        picture.notes.append(Note((points[0][0] + points[-1][0]) / 2, y, words, GREY, 9))

    def _group(self, picture: Picture, first: int, f: Frame) -> None:
        for i, (x, y) in centres(f).items():
            picture.boxes[first + i].x, picture.boxes[first + i].y = x, y
        ways = GroupRoutes(f, self.side.items, self.widths)
        for (a, b), points in ways.upward().items():
            gone = "removed" in (self.side.items[a].role, self.side.items[b].role)
            picture.arrows.append(Arrow(first + a, first + b, points, FAINT if gone else FORWARD, 1.1, gone))
        for (a, b), points in ways.round().items():
            picture.arrows.append(Arrow(first + a, first + b, points, RED, 1.8, tip="to the next step"))


def _slots(frames: Sequence[Frame]) -> list[int]:
    """The column of each block: loop k in 2 k + 1, what is between two loops in the one between."""
    found, loops = [], 0
    for f in frames:
        found.append(2 * loops + f.is_loop)
        loops += f.is_loop
    return found


def stacked(sketches: Sequence[Sketch]) -> None:
    """What was traced over what is run, the same loops in the same columns."""
    columns = _columns(sketches)
    foot = 0.0
    for sketch in reversed(sketches):
        sketch.stand(columns, foot)
        foot = sketch.top + BETWEEN


def beside(sketches: Sequence[Sketch]) -> None:
    """Without loops: what is run on the right of what was traced, so that the picture is not all height."""
    x = 0.0
    for sketch in sketches:
        sketch.stand({c: (x + left, wide) for c, (left, wide) in _columns([sketch]).items()}, 0.0)
        x = sketch.right + BETWEEN + EDGE
    for sketch in sketches:
        sketch.top = max(s.top for s in sketches)


def _columns(sketches: Sequence[Sketch]) -> dict[int, tuple[float, float]]:
    """Left edge and width of each column, so that a loop stands over the same loop."""
    wide: dict[int, float] = {}
    for sketch in sketches:
        for slot, f in zip(_slots(sketch.frames), sketch.frames, strict=True):
            wide[slot] = max(wide.get(slot, 0.0), f.width + f.behind)
    found, x = {}, 0.0
    for slot in sorted(wide):
        found[slot] = x, wide[slot]
        x += wide[slot] + APART
    return found


def _words(item: Item) -> Words:
    return Words(item.title, max(item.below.split("\n"), key=len), item.tip)


def box(item: Item, wide: float) -> Box:
    return Box(
        0.0, 0.0, wide, height_of(item), item.role, "#ffffff", item.title, item.below, item.tip, dashed=item.gone
    )
