"""The record of a layout: where each box and column is, and how near things stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ...core.node import Node
from ..picture import Point
from .layers import GAP

HEIGHT, PITCH = 40.0, 84.0
"""Height of a box; distance of rows on a card, and of those with many arrows."""
PORT, APART = 45.0, 5.0
"""Points from the middle of a box and its gradient's box to the ports of vertical arrows; half the distance between a
vertical arrow and the gradient's arrow beside it, where they pass other boxes."""


class Grid(NamedTuple):
    """How near things stand, in points.

    Attributes:
        pitch: the least distance of two rows.
        gutter: the gap between columns, in which arrows through time turn.
        gap: that between two boxes of a row.
        height: that of a box.
        margin: the least distance of a box from the edge of its column.
        banded: whether layers and directions have rows of their own, and a state runs on a straight rail.
        lane: the distance of lanes under the bars over the columns, one for each bar; 0 without lanes.
        ports: how far a straight vertical arrow runs beside the middle of its box, and a bent one beside its bends.
        past: the distance of an arrow from the boxes over or under which it runs: less if its gradient runs beside it.
        seam: the gap between a box and that of its gradient.
    """

    pitch: float = 58.0
    gutter: float = 44.0
    gap: float = GAP
    height: float = HEIGHT
    margin: float = 14.0
    banded: bool = True
    lane: float = 0.0
    ports: tuple[float, float] = (0.0, 0.0)
    past: float = 14.0
    seam: float = 24.0

    @property
    def half(self) -> float:
        return self.height / 2


CLOSE, TERSE = Grid(), Grid(44.0, 32.0, 8.0, 26.0, 8.0)
PAIRS = Grid(PITCH, 100.0, 20.0, HEIGHT, 18.0, False, 8.0, (-PORT, -APART))
TERSE_PAIRS = PAIRS._replace(pitch=70.0, gap=14.0, seam=12.0)
"""For boxes, for boxes of one line, and for both where those of their gradients stand beside them."""


class Spot(NamedTuple):
    """The bounding box of a box: centre and width, its row in the column, and the column (None for a bar)."""

    x: float
    y: float
    width: float
    row: int
    column: int | None


@dataclass
class Placed:
    """The layout of a picture.

    Attributes:
        spots: maps each box to its position.
        bends: maps (lower box, upper box) to the points through which the arrow between them passes, upward;
            None stands for a bar, if the other is in a column.
        edges: maps each column to its left and right edge; -1 is the column before the first step, the last may be
            the one after the last step.
        foot, top: lower and upper edge of the columns' bands; ``over``: where lanes and bars over them begin.
        crowded: the bars whose texts are wider than what is free between the arrows that pass.
    """

    grid: Grid = CLOSE
    spots: dict[Node, Spot] = field(default_factory=dict)
    bends: dict[tuple[Node | None, Node | None], list[Point]] = field(default_factory=dict)
    edges: dict[int, Point] = field(default_factory=dict)
    foot: float = 0.0
    top: float = 0.0
    over: float = 0.0
    crowded: set[Node] = field(default_factory=set)
