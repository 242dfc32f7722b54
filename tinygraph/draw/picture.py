"""A picture as plain data: boxes, arrows, bands and texts with their places in points, ready for any writer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ..core.node import Node

Point = tuple[float, float]
MANY = 10_000
"""Of more boxes tooltips hold no statistics, and texts stand where Graphviz puts them: a fifth of the time."""


class Part(NamedTuple):
    """A piece of a title: ``kind`` is ``"text"``, ``"chip"`` for a parameter, ``"value"`` for the number found."""

    text: str
    kind: str = "text"


@dataclass
class Box:
    """One node. ``x, y``: its centre, y upwards; ``node`` and the ``norm`` of its gradient for who asks for more."""

    x: float
    y: float
    width: float
    height: float
    role: str
    fill: str
    title: list[Part]
    below: str
    tip: list[str]
    node: Node | None = None
    norm: float | None = None
    dashed: bool = False


@dataclass
class Arrow:
    """A way through ``points``, a chain of cubic curves (1 + 3 n points), between the boxes numbered tail and head."""

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
    """The ground of a column, and the two texts at its foot; of a cell run several ``times``, a stack of cards.

    ``headed``: whether the title stands at the upper left, as a card's does.
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
        """Where the texts stand: in the middle of the column, unless arrows pass there."""
        return (self.left + self.right) / 2 if self.at is None else self.at

    headed: bool = False


@dataclass
class Note:
    """A small text, its middle at ``x, y``."""

    x: float
    y: float
    text: str
    colour: str
    size: float = 10


@dataclass
class Tile:
    """A plain coloured rectangle that tells a number by its colour or size; ``x, y``: its centre."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    tip: str
    text: str = ""
    """Written inside, where there is room."""


@dataclass
class Cut:
    """Where time is cut for gradients: a line at ``x`` from ``foot`` to ``top``, with or without a ``badge`` below."""

    x: float
    foot: float
    top: float
    badge: bool = True


@dataclass
class Use:
    """A line of the parameters' table."""

    name: str
    shape: str
    uses: int
    norm: str | None
    full: str | None = None
    """The norm through all of time, where ``norm`` is that of a gradient cut in time."""


@dataclass
class Picture:
    """All parts of a drawing; ``scale`` holds the two ends of the colour scale where gradients are shown."""

    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    tiles: list[Tile] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    scale: tuple[float, float] | None = None
    title: str | None = None
    subtitle: str = ""
    keys: list[tuple[str, str]] = field(default_factory=list)
    """More lines of the legend: colour and words."""
    told: list[str] = field(default_factory=list)
    """The lines of the picture as plain text, where these are not its columns."""
    truncation: str = ""
    """How time is cut for gradients, at the head of the table: ``k=2``, or ``cut``."""
    layout: str = "time"
    """Who places what is rendered: ``"time"``, the places here; ``"dot"``, Graphviz, and the places here serve
    the plain text and the page."""
