"""Sizes that stay free: told from two traces at unlike sizes, as one that differs is T, B or their product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy import ndarray

from ...core.errors import GraphError

TRIED = ({"T": 23, "B": 29}, {"T": 37, "B": 54})
"""Sizes of the two traces: no difference of one is a multiple of another's, so none is taken for another."""
STEPS = (14, 25, 11, 9, 13, 17)
"""By so much the sizes of further letters grow from one trace to the other."""
BEYOND = 64
"""The most by which a size may be above or below a multiple of free ones, such as T - 1."""

FIX = "compute it by ops of the inputs (tg.mean, x.sum(axis=0)), or dynamic=() for fixed sizes"


@dataclass(frozen=True)
class Size:
    """``factor`` times the product of ``letters``, plus ``more``: T, 4 B, T B, T - 1."""

    letters: tuple[str, ...]
    factor: int = 1
    more: int = 0

    def __str__(self) -> str:
        text = " ".join(map(str, [*([self.factor] if self.factor != 1 else []), *self.letters]))
        return text if not self.more else f"{text} {'+' if self.more > 0 else '-'} {abs(self.more)}"


def tried(letters: tuple[str, ...]) -> tuple[dict[str, int], dict[str, int]]:
    """The two sizes of each letter."""
    first = {letter: TRIED[0].get(letter, 31 + 10 * k) for k, letter in enumerate(letters)}
    second = {x: TRIED[1].get(x, first[x] + STEPS[k % len(STEPS)]) for k, x in enumerate(letters)}
    return first, second


class Solver:
    """Tells sizes, settings and numbers of one trace from those of another.

    Args:
        letters: the free sizes.
    """

    def __init__(self, letters: tuple[str, ...]) -> None:
        self.first, self.second = tried(letters)
        products = [(x,) for x in letters] + [(x, y) for k, x in enumerate(letters) for y in letters[k + 1 :]]
        self._known = [(p, prod(self.first[x] for x in p), prod(self.second[x] for x in p)) for p in products]

    def size(self, a: int, b: int) -> int | Size:
        """The size that was ``a`` in the first trace and ``b`` in the second.

        Raises:
            GraphError: it is no multiple of a free size or of a product of two, plus or minus a few.
        """
        if a == b:
            return int(a)
        fits = []
        for letters, p, q in self._known:
            factor, rest = divmod(a - b, p - q)
            more = a - factor * p
            if not rest and abs(more) <= BEYOND:
                fits.append((abs(more), Size(letters, int(factor), int(more))))
        if fits:
            return min(fits, key=lambda fit: fit[0])[1]
        raise UnsolvedError(f"a size is {a} at {_told(self.first)} and {b} at {_told(self.second)}", fix=FIX)

    def setting(self, a: Any, b: Any) -> Any:
        """A setting of an op with a `Size` in place of each number that differs."""
        if isinstance(a, (int, np.integer)) and not isinstance(a, bool):
            return self.size(int(a), int(b))
        if isinstance(a, (tuple, list)) and len(a) == len(b):
            return type(a)([self.setting(x, y) for x, y in zip(a, b, strict=True)])
        if isinstance(a, slice):
            return slice(*[self.setting(getattr(a, k), getattr(b, k)) for k in ("start", "stop", "step")])
        if isinstance(a, Mapping):
            return {k: self.setting(x, b[k]) for k, x in a.items()}
        if isinstance(a, ndarray):
            return self.array(a, b)
        if type(a) is not type(b) or not (a is b or a == b or a != a):
            raise UnsolvedError(f"a setting is {a!r} at {_told(self.first)} and {b!r} at {_told(self.second)}", fix=FIX)
        return a

    def array(self, a: ndarray, b: ndarray) -> ndarray | Filled:
        """An array that is the same in both traces, or what it is filled with by size.

        Raises:
            GraphError: it depends on the sizes in another way.
        """
        if a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes():
            return a
        shape = tuple([self.size(n, m) for n, m in zip(a.shape, b.shape, strict=True)])
        if not a.size and not b.size:
            return Filled(0, shape, a.dtype)
        if a.size and b.size and _is_one_number(a) and _is_one_number(b):
            return Filled(self._number(a.flat[0], b.flat[0]), shape, a.dtype)
        for axis in range(a.ndim):
            counts = [np.arange(x.shape[axis]).reshape((-1,) + (1,) * (x.ndim - 1 - axis)) for x in (a, b)]
            starts = [x.reshape(-1)[0] for x in (a, b)]
            counting = all((x == c + s).all() for x, c, s in zip((a, b), counts, starts, strict=True))
            if counting and starts[0] == starts[1]:
                return Filled(starts[0], shape, a.dtype, axis)
        problem = f"an array {a.shape} holds other numbers at {_told(self.first)} than at {_told(self.second)}"
        raise UnsolvedError(problem, fix=FIX)

    def _number(self, a: Any, b: Any) -> Any:
        if a == b or (a != a and b != b):
            return a
        if float(a).is_integer() and float(b).is_integer():
            return self.size(int(a), int(b))
        raise UnsolvedError(f"a number is {a} at {_told(self.first)} and {b} at {_told(self.second)}", fix=FIX)


@dataclass(frozen=True)
class Filled:
    """An array of free sizes: one number everywhere, or numbers that count up along an axis.

    Attributes:
        number: that number, or `Size`; the first, if they count.
        axis: along which it counts; None for one number.
    """

    number: Any
    shape: tuple[int | Size, ...]
    dtype: np.dtype
    axis: int | None = None


class UnsolvedError(GraphError):
    """Something depends on T or B in a way that no exporter can follow."""


def _is_one_number(x: ndarray) -> bool:
    first = x.flat[0]
    return bool((x == first if first == first else x != x).all())


def _told(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{k} = {n}" for k, n in sizes.items())
