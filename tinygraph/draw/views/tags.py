"""Tags at arrows: which part of an array an arrow carries, such as the rows of one gate in a joint product."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np

from ...core.node import Node
from ..colours import GREY
from ..labels import width
from ..picture import SMALL, Note, Picture, Point
from ..shown.folding import Link
from ..shown.slices import tag_of

_ALONG = np.linspace(0, 1, 25)[:, None]
_BEZIER = np.hstack([(1 - _ALONG) ** 3, 3 * (1 - _ALONG) ** 2 * _ALONG, 3 * (1 - _ALONG) * _ALONG**2, _ALONG**3])


def tag(picture: Picture, links: Iterable[tuple[Link, list[Point]]], taken: Taken | None = None) -> None:
    """Adds a note at the head of each arrow that carries a part, at the nearest place that no arrow and no box takes.

    Of a sum of two products one tag says it for both; where all places are taken there is none.
    """
    seen: set[tuple[Node, str]] = set()
    taken = taken or Taken(picture)
    for link, points in links:
        text = tag_of(link.views)
        if text and (link.user, text) not in seen:
            place = taken.free(text, points)
            if place is not None:
                seen.add((link.user, text))
                taken.take(text, place)
                picture.notes.append(Note(*place, text, GREY, SMALL))


def along(way: list[Point]) -> list[Point]:
    """Returns places on an arrow, from its tail to its head."""
    curves = [_BEZIER @ np.array(way[i : i + 4]) for i in range(0, len(way) - 1, 3)]
    return [(x, y) for curve in curves for x, y in curve.tolist()]


class Taken:
    """What arrows, boxes and notes of a picture take."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.texts = [(note.x, note.y, width(note.text, note.size, True) / 2) for note in picture.notes]

    @cached_property
    def shapes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The edges of what fills them, boxes and straight lines; and of bent ones, with their points."""
        sizes = [(b.x, b.y, b.width / 2, b.height / 2) for b in self.picture.boxes]
        boxes = [[x - wide, y - high, x + wide, y + high] for x, y, wide, high in sizes]
        ways = [a.points for a in self.picture.arrows]
        curves = np.array([way[i : i + 4] for way in ways for i in range(0, len(way) - 1, 3)])
        edges = np.hstack([curves.min(axis=1), curves.max(axis=1)])
        bent = (edges[:, :2] < edges[:, 2:]).all(axis=1)  # points of `_BEZIER` are too few for a long straight one
        return np.vstack([boxes, edges[~bent]]).T, edges[bent].T, curves[bent]

    def free(self, text: str, points: list[Point]) -> tuple[float, float] | None:
        """The place of a text beside the end of an arrow, or where there is none along its way."""
        half = width(text, SMALL) / 2
        nearest = None
        for place in _beside(points, half):
            if self.is_free(*place, half + 2, SMALL / 2 + 1):
                if not self.is_told(*place, half):
                    return place
                nearest = nearest or place
        return nearest

    def placed(self, note: Note, places: Iterable[Point], margin: float = 0.0) -> Note:
        """Returns a note at the first of the places that nothing takes, and takes it; where there is none as it is."""
        half, high = width(note.text, note.size, True) / 2 + margin, note.size / 2
        for x, y in [(note.x, note.y), *places]:
            if not self.is_told(x, y, half) and self.is_free(x, y, half, high):
                note = replace(note, x=x, y=y)
                break
        self.take(note.text, (note.x, note.y))
        return note

    def take(self, text: str, place: Point) -> None:
        """Keeps the place of a text, on which no other is to stand if there is room."""
        self.texts.append((*place, width(text, SMALL) / 2))

    def is_told(self, x: float, y: float, half: float) -> bool:
        """Whether a text would stand on another one."""
        return any(abs(x - a) < half + wide + 2 and abs(y - b) < SMALL for a, b, wide in self.texts)

    def is_free(self, x: float, y: float, half: float, high: float) -> bool:
        """Whether a text around a place meets no box and no arrow; half its width and height."""
        low, top = (x - half, y - high), (x + half, y + high)
        filled, edges, curves = self.shapes
        if _meets(filled, low, top).any():
            return False
        on = np.einsum("ab,cbd->cad", _BEZIER, curves[_meets(edges, low, top)])
        return not ((on > low) & (on < top)).all(axis=-1).any()


def _beside(points: list[Point], half: float) -> Iterator[Point]:
    """Yields places beside an arrow, from its end on, first on the side from which it does not come."""
    (x, y), (_, before) = points[-1], points[-2]
    side, under = 1 if points[0][0] <= x else -1, 1 if before > y else -1
    for down in (SMALL, 1.5 * SMALL, 2.25 * SMALL, 3 * SMALL, 4 * SMALL):
        for away in (4.0, 9.0, 15.0, 22.0, 30.0, 40.0, 2.0):
            yield from ((x + turn * (away + half), y + under * down) for turn in (side, -side))
    for u, v in along(points)[::-4]:
        yield from ((u + turn * (away + half), v) for away in (5.0, 9.0) for turn in (side, -side))


def _meets(edges: np.ndarray, low: Point, top: Point) -> np.ndarray:
    left, foot, right, head = edges
    return (left < top[0]) & (foot < top[1]) & (right > low[0]) & (head > low[1])
