"""A picture as plain data for any writer: boxes, arrows, bands and texts with positions in points."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ..core.node import Node
from .labels import width

Point = tuple[float, float]
TITLE, SMALL = 13.0, 11.0
"""Sizes of a box's title, and of all texts but titles and tokens, in points."""
BADGE = 126.0
"""Width of the badge of a cut."""
MANY = 10_000
"""Above so many boxes tooltips have no statistics and texts are not centred: both take a fifth of the time."""


class Part(NamedTuple):
    """A part of a title: ``kind`` is ``"text"``, ``"chip"`` for a parameter, ``"value"`` for a computed number."""

    text: str
    kind: str = "text"


def lengths(title: list[Part]) -> tuple[list[float], list[float]]:
    """Returns the room that each part of a title takes, and the gap after it: small beside a chip, which has edges."""
    rooms, chips = [width(part.text, TITLE, True) for part in title], [part.kind == "chip" for part in title]
    if True not in chips:
        return rooms, [5.0] * len(title)
    # Beside a chip a text has room on its other side.
    widths = [room + 6 if chip else 0.95 * room for room, chip in zip(rooms, chips, strict=True)]
    return widths, [3.5 if True in chips[k : k + 2] else 5.0 for k in range(len(title))]


def text_width(title: list[Part], below: str) -> float:
    """Returns the room that the texts of a box take."""
    widths, gaps = lengths(title)
    return max(sum(widths) + sum(gaps[:-1]), width(below, SMALL))


@dataclass
class Rectangle:
    """``x, y``: its centre, y upward."""

    x: float
    y: float
    width: float
    height: float


@dataclass
class Box(Rectangle):
    """One node; ``node`` and the ``norm`` of its gradient, for further details."""

    role: str
    fill: str
    title: list[Part]
    below: str
    tip: list[str]
    node: Node | None = None
    norm: float | None = None
    dashed: bool = False
    core: float = 0.0
    """The width that is filled, of a bar over all columns: more of its colour would outshine the columns."""


@dataclass
class Arrow:
    """A route through ``points``, a chain of cubic Bezier curves (1 + 3 n points), from box tail to box head."""

    tail: int
    head: int
    points: list[Point]
    colour: str
    width: float
    dashed: bool = False
    pointed: bool = True
    tip: str = ""


@dataclass
class Band:
    """The background of a column, and the two texts at its foot; for a cell run several ``times``, a stack of cards.

    ``headed``: whether the title is at the upper left, as on a card.
    """

    left: float
    right: float
    foot: float
    top: float
    title: str
    token: str = ""
    times: int = 0
    at: float | None = None

    @property
    def middle(self) -> float:
        """Returns the x of the texts: the middle of the column, unless arrows pass there."""
        return (self.left + self.right) / 2 if self.at is None else self.at

    headed: bool = False


@dataclass
class Note:
    """A small text, centred at ``x, y``; ``box``: the number of the box whose gradient it tells."""

    x: float
    y: float
    text: str
    colour: str
    size: float = SMALL
    box: int | None = None


class TileNumber(NamedTuple):
    """The place of a tile's number in a table: the table's name, words of its corner, heads of row and column."""

    table: str
    corner: str
    row: str
    column: str
    number: str


@dataclass
class Tile(Rectangle):
    """A coloured rectangle that shows a number by its colour or size."""

    fill: str
    tip: str
    text: str = ""
    """Text inside, if it fits."""
    cell: TileNumber | None = None


@dataclass
class Cut:
    """A cut of the gradient through time: a line at ``x`` from ``foot`` to ``top``, maybe with a ``badge`` below.

    Where an arrow would cross the badge, its middle is ``aside`` of the line.
    """

    x: float
    foot: float
    top: float
    badge: bool = True
    aside: float = 0.0


@dataclass
class Opening(Rectangle):
    """An opening in a bar, through which an arrow passes that has nothing to do with it; ``role``: that of the bar."""

    role: str


@dataclass(order=True)
class Rim(Rectangle):
    """A frame around a box or a tile that differs from that of another picture; double if it is in one only."""

    dashed: bool


@dataclass
class Use:
    """A row of the parameters' table."""

    name: str
    shape: str
    uses: int | str
    norm: str | None
    full: str | None = None
    """Another norm beside it: that without cuts, if ``norm`` is that of a truncated gradient."""
    size: int = 0
    """How many numbers it holds."""


class Ruler(NamedTuple):
    """A colour scale for the legend: its colours from low to high, and the texts at its left, middle and right."""

    colours: list[str]
    low: str
    words: str
    high: str
    span: tuple[float, float]
    """The numbers of both ends."""


@dataclass
class Picture:
    """All parts of a drawing; ``scale``: the two ends of the colour scale if gradients are shown."""

    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    unseen: list[tuple[int, int]] = field(default_factory=list)
    """Tail and head of the arrows that are not drawn, as both are dots."""
    bands: list[Band] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    tiles: list[Tile] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    scale: tuple[float, float] | None = None
    openings: list[Opening] = field(default_factory=list)
    rims: list[Rim] = field(default_factory=list)
    border: Point = (1e9, -1e9)
    """Right of it or under it stands the second of two networks: none is so far."""
    listed: list[str] = field(default_factory=list)
    """What differs between two pictures, in words."""
    differs: str = ""
    """What a dashed rim says."""
    ruler: Ruler | None = None
    """The scale of colours that are no gradients."""
    view: str = "unrolled"
    """The view that made it, by its name."""
    level: str = "op"
    """The content of its boxes, of views that have several levels."""
    lang: str = "en"
    """The language of our own words."""
    names: frozenset[str] = frozenset()
    """The user's names and tokens, which stay in every language."""
    title: str | None = None
    subtitle: str = ""
    keys: list[tuple[str, str]] = field(default_factory=list)
    """More lines of the legend: colour and text."""
    plain_text: list[str] = field(default_factory=list)
    """The picture as lines of plain text, if these are not its columns."""
    truncation: str = ""
    """How gradients are truncated, for the head of the table: ``k=2``, or ``cut``."""
    beside: str = "full BPTT"
    """The head of the second column of norms."""
    aside: str = "auto"
    """Where table and legend stand: ``"right"``, ``"below"``, ``"over"``, nowhere, or where all is largest."""
    sheet: float = 16 / 9
    """Width over height of the sheet on which it is to be large."""
    scaled: float = 1.0
    """How much larger files show it than its points say, to fill the area that it was fitted to."""

    def side(self, x: float, y: float) -> int:
        """Returns 1 for a place in the second of two networks, else 0."""
        return int(x > self.border[0] or y < self.border[1])
