"""The door of a traced function: arrays that enter it without being arguments are noted, and compared later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ref

import numpy as np
from numpy import ndarray

from ..core.errors import line_at, users_place
from ..core.frozen import frozen, read_only
from .numbers import Number

CHUNK = 1 << 20
"""Bytes that are compared at a time."""

MOST_CHUNKS = 64
"""Of a larger array so many chunks are compared, which lie evenly over it."""


class Door:
    """Notes arrays and settings that enter a traced function; an `Entrance`, see `core/scope.py`.

    Attributes:
        entered: the arrays that somebody else may change, in the order in which they came.
    """

    def __init__(self) -> None:
        self.entered: list[Entered] = []

    def array(self, value: Any, kept: ndarray) -> None:
        """Notes ``value`` if it may change: the graph has ``kept``, its numbers of now."""
        if value is not kept and (type(value) is ndarray or not np.isscalar(value)):
            self.entered.append(Entered(value, kept, users_place()))

    def setting(self, value: Any) -> Any:
        """A setting of an op with copies of its arrays, lists and dicts; a `Number` in it is asked for its value."""
        if isinstance(value, ndarray):
            kept = read_only(frozen(value))
            self.array(value, kept)
            return kept
        cls = type(value)
        if cls is list or cls is tuple:
            return cls([self.setting(v) for v in value])
        if cls is dict:
            return {k: self.setting(v) for k, v in value.items()}
        if cls is slice:
            return slice(self.setting(value.start), self.setting(value.stop), self.setting(value.step))
        return value.ask() if cls is Number else value

    def changed(self) -> list[Entered]:
        """The arrays that are still there and hold other numbers than when they entered."""
        return [entry for entry in self.entered if entry.has_changed()]


class Entered:
    """An array of the user's that entered a traced function.

    It holds no strong reference to an array, so that its memory can be freed; such an array cannot change any more.
    """

    def __init__(self, value: Any, copy: ndarray, place: tuple[str, int]) -> None:
        self.copy, self.place = copy, place
        self._read = _reader(value) if isinstance(value, ndarray) else lambda: np.asarray(value)

    def __str__(self) -> str:
        return f"{self.copy.dtype} {self.copy.shape}, used in {line_at(*self.place)}"

    def has_changed(self) -> bool:
        try:
            array = self._read()
        except ValueError:  # a list whose rows have other lengths now
            return True
        return array is not None and not same_bytes(array, self.copy)


def _reader(array: ndarray) -> Callable[[], ndarray | None]:
    """A function that returns the array as it is now, a view or not; None when its memory has been freed."""
    owner = array
    while isinstance(owner.base, ndarray):
        owner = owner.base
    held, size = ref(owner), owner.nbytes
    offset = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    layout = array.shape, array.dtype, array.strides

    def read() -> ndarray | None:
        base = held()
        if base is None or base.nbytes != size:
            return None
        shape, dtype, strides = layout
        first = base.__array_interface__["data"][0] + offset
        return np.asarray(_Address(first, shape, dtype, strides, base))

    return read


class _Address:
    """Memory that numpy reads as an array by ``__array_interface__``."""

    def __init__(self, first: int, shape: Any, dtype: np.dtype, strides: Any, owner: ndarray) -> None:
        self.owner = owner
        entries = {"data": (first, True), "shape": shape, "strides": strides, "typestr": dtype.str, "version": 3}
        self.__array_interface__ = entries


def same_bytes(a: ndarray, b: ndarray) -> bool:
    """Whether two arrays hold the same bytes, so that NaN equals NaN; of large ones most is skipped."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    a, b = (np.ascontiguousarray(x).reshape(-1).view(np.uint8) for x in (a, b))
    step = CHUNK * max(1, -(-a.size // (CHUNK * MOST_CHUNKS)))
    return all(np.array_equal(a[k : k + CHUNK], b[k : k + CHUNK]) for k in range(0, a.size, step))
