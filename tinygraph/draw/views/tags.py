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

HEAD, SIDE = 8.0, 0.25
"""Length of an arrow's head, and what of it counts as half of its width."""
_SIGNS = np.array([[1], [1], [-1], [-1]])  # of left, foot, right, top: one comparison tells what meets a text
_ALONG = np.linspace(0, 1, 25)[:, None]
_BEZIER = np.hstack([(1 - _ALONG) ** 3, 3 * (1 - _ALONG) ** 2 * _ALONG, 3 * (1 - _ALONG) * _ALONG**2, _ALONG**3])


def tag(links: Iterable[tuple[Link, list[Point]]], taken: Taken) -> None:
    """Adds a note at the head of each arrow that carries a part, at the nearest place that no arrow and no box takes.

    Of a sum of two products one tag says it for both; where all places are taken there is none.
    """
    seen: set[tuple[Node, str]] = set()
    for link, points in links:
        text = tag_of(link.views)
        if text and (link.user, text) not in seen:
            place = taken.free(text, points)
            if place is not None:
                seen.add((link.user, text))
                taken.picture.notes.append(Note(*place, text, GREY, SMALL))


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
    def shapes(self) -> tuple[np.ndarray, np.ndarray]:
        """The edges of boxes, straight lines, bent ones and sides of heads; and the points of the last two."""
        sizes = [(b.x, b.y, b.width / 2, b.height / 2) for b in self.picture.boxes]
        boxes = [[x - wide, y - high, x + wide, y + high] for x, y, wide, high in sizes]
        ways = [a.points for a in self.picture.arrows]
        flat = [v for way in ways for i in range(0, len(way) - 1, 3) for point in way[i : i + 4] for v in point]
        curves = np.hstack([np.array(flat).reshape(-1, 4, 2).swapaxes(0, 1), _heads(self.picture)])
        edges = np.hstack([curves.min(axis=0), curves.max(axis=0)])
        bent = (edges[:, :2] < edges[:, 2:]).all(axis=1)  # points of `_BEZIER` are too few for a long straight one
        return _SIGNS * np.vstack([boxes, edges[~bent], edges[bent]]).T, curves[:, bent]

    def free(self, text: str, points: list[Point]) -> Point | None:
        """Takes and returns the place of a text beside the end of an arrow, or where there is none along its way."""
        places = _beside(points, width(text, SMALL) / 2)
        return self._first(places, width(text, SMALL, True) / 2, 1.0, SMALL / 2 + 1)

    def placed(self, note: Note, places: Iterable[Point], margin: float = 0.0) -> Note:
        """Returns a note at the first of the places that nothing takes, and takes it; where there is none as it is."""
        half, here = width(note.text, note.size, True) / 2, (note.x, note.y)
        x, y = self._first([here, *places], half, margin, note.size / 2) or here
        return replace(note, x=x, y=y)

    def _first(self, places: Iterable[Point], half: float, margin: float, high: float) -> Point | None:
        for x, y in places:
            on_text = any(abs(x - a) < half + margin + wide and abs(y - b) < SMALL for a, b, wide in self.texts)
            if not on_text and self.is_free(x, y, half + margin, high):
                self.texts.append((x, y, half))
                return x, y
        return None

    def is_free(self, x: float, y: float, half: float, high: float) -> bool:
        """Whether a text around a place meets no box and no arrow; half its width and height."""
        around = np.array([[x + half], [y + high], [half - x], [high - y]])
        edges, curves = self.shapes
        met = np.logical_and.reduce(edges < around)
        filled = len(met) - curves.shape[1]
        if met[:filled].any():
            return False
        on = (_BEZIER @ curves[:, met[filled:]].reshape(4, -1)).reshape(len(_BEZIER), -1, 2)
        return not ((on > (x - half, y - high)) & (on < (x + half, y + high))).all(axis=-1).any()


def _beside(points: list[Point], half: float) -> Iterator[Point]:
    """Yields places beside an arrow, from its end on, first on the side from which it does not come; then over it."""
    (x, y), (_, before) = points[-1], points[-2]
    side, under = 1 if points[0][0] <= x else -1, 1 if before > y else -1
    for down in (SMALL, 1.5 * SMALL, 2.25 * SMALL, 3 * SMALL, 4 * SMALL):
        for away in (4.0, 9.0, 15.0, 22.0, 30.0, 40.0, 2.0):
            yield from ((x + turn * (away + half), y + under * down) for turn in (side, -side))
    for u, v in along(points)[::-2]:
        yield from ((u + turn * (away + half), v) for away in (5.0, 9.0) for turn in (side, -side))
    for u, v in along(points)[::-2]:
        yield from ((u, v + turn * away) for away in (SMALL, 1.5 * SMALL) for turn in (1, -1))


def _heads(picture: Picture) -> np.ndarray:
    """The sides of the heads, as curves; the room around a text is enough for the rest of their width."""
    ends = np.array([a.points[:-3:-1] for a in picture.arrows if a.pointed]).reshape(-1, 2, 2)
    tip, back = ends[:, 0], ends[:, 1] - ends[:, 0]
    back *= HEAD / np.maximum(np.hypot(*back.T), 1e-9)[:, None]
    aside = SIDE * back[:, ::-1] * (1, -1)
    return np.hstack([np.stack([tip, tip, end, end]) for end in (tip + back + aside, tip + back - aside)])
