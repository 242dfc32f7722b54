"""The book: looks up an array among those of the right graph, whatever its sign, its scale, or a transpose."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from .right import Thing

NEAR = 1e-8
"""Relative difference up to which two arrays are the same: float64 sums in another order differ by 1e-15 a term."""


class Match(NamedTuple):
    """A thing of the right graph that an array is ``factor`` times, perhaps transposed."""

    thing: Thing
    factor: float
    transposed: bool

    @property
    def is_exact(self) -> bool:
        """Whether the factor is 1."""
        return abs(self.factor - 1) <= NEAR


class Book:
    """Arrays of the right graph by their numbers."""

    def __init__(self, things: Iterable[Thing]) -> None:
        pages: dict[int, list[tuple[float, int, Thing]]] = defaultdict(list)
        for k, thing in enumerate(things):
            if thing.array.size > 1 and thing.array.any() and np.isfinite(thing.array).all():
                pages[thing.array.size].append((_mark(thing.array), k, thing))
        self._pages = {size: sorted(page) for size, page in pages.items()}
        self._marks = {size: [mark for mark, _, _ in page] for size, page in self._pages.items()}
        self._rows = {size: np.array(marks) for size, marks in self._marks.items()}

    def look(self, array: np.ndarray) -> list[Match]:
        """What the array is, those of factor 1 first; empty if the right graph has no such array."""
        page = self._pages.get(array.size)
        mark = _mark(array) if page else np.nan
        if not page or not np.isfinite(mark):
            return []
        marks = self._marks[array.size]
        matches = []
        for k in range(bisect_left(marks, mark - 10 * NEAR), len(page)):
            if marks[k] > mark + 10 * NEAR:
                break
            match = _match(array, page[k][2])
            if match is not None:
                matches.append((not match.is_exact, match.transposed, page[k][1], match))
        # The thing that was there first: marks of one array and its transpose differ by rounding, on some machines.
        return [match for *_, match in sorted(matches, key=lambda entry: entry[:3])]

    def may_have(self, stack: np.ndarray) -> np.ndarray:
        """Of arrays along the first axis, which the book can have."""
        flat = stack.reshape(len(stack), -1)
        marks = self._rows.get(flat.shape[1])
        if marks is None:
            return np.zeros(len(stack), bool)
        square = flat * flat
        total = square.sum(axis=1)
        own = np.einsum("ij,ij->i", square, square) / np.where(total, total**2, np.nan)
        near = (np.searchsorted(marks, own + sign * 11 * NEAR) for sign in (-1, 1))
        return np.isfinite(own) & np.less(*near)


def _mark(array: np.ndarray) -> float:
    """A number that scale, sign and order of the elements leave alone; NaN for zeros."""
    flat = array.ravel()
    square = flat * flat
    total = float(np.dot(flat, flat))
    return float(np.dot(square, square)) / total**2 if total else np.nan


def _match(array: np.ndarray, thing: Thing) -> Match | None:
    for transposed in (False, True):
        other = thing.array.T if transposed else thing.array
        factor = ratio(array.ravel(), other.ravel())
        if factor is not None:
            return Match(thing, factor, other.shape != thing.array.shape)
        if array.ndim < 2:
            break
    return None


def ratio(a: np.ndarray, b: np.ndarray) -> float | None:
    """c where a = c * b; None if there is no such number."""
    size = float(np.dot(b, b))
    if not size:
        return None
    c = float(np.dot(a, b)) / size
    return c if c and same(c * b, a) else None


def same(a: np.ndarray | None, b: np.ndarray, near: float = NEAR) -> bool:
    """Whether the arrays are equal, up to rounding."""
    if a is None or a.shape != b.shape:
        return False
    away, own = (a - b).ravel(), b.ravel()
    square, limit = float(np.dot(away, away)), near * near * float(np.dot(own, own))
    if square > away.size * limit or square * own.size < limit:  # a root of it is between the largest and the norm
        return square * own.size < limit
    return bool(np.abs(a - b).max(initial=0.0) <= near * max(np.abs(b).max(initial=0.0), 1e-300))
