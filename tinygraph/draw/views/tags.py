"""Tags at arrows: which part of an array an arrow carries, such as the rows of one gate in a joint product."""

from __future__ import annotations

from collections.abc import Iterable

from ...core.node import Node
from ..colours import GREY
from ..labels import width
from ..picture import Note, Point
from ..shown.folding import Link
from .wording import tag_of

SIZE = 8.0


def tags(drawn: Iterable[tuple[Link, list[Point]]], beside: float = 0.0) -> list[Note]:
    """Returns a note at the head of each arrow that carries a part; ``beside``: how far from its middle it stands."""
    notes: list[Note] = []
    seen: set[tuple[Node, str]] = set()
    for link, points in drawn:
        text = tag_of(link.views)
        if text and (link.user, text) not in seen:  # of a sum of two products one tag says it for both
            seen.add((link.user, text))
            (x, y), (_, before) = points[-1], points[-2]
            side = 1 if points[0][0] <= x else -1  # the arrow comes from the other side
            away = beside + width(text, SIZE) / 2
            notes.append(Note(x + side * away, y + (SIZE if before > y else -SIZE), text, GREY, SIZE))
    return notes
