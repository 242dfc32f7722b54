"""The door of a traced function: arrays that enter it without being arguments are noted, and compared later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary, ref

import numpy as np
from numpy import ndarray

from ..core.errors import line_at, users_place
from ..core.frozen import frozen, read_only
from .numbers import Number

CHUNK = 1 << 20
"""Bytes that are compared at a time."""

MOST_CHUNKS = 64
"""Of a larger array so many chunks are compared, which lie evenly over it."""
Copies = WeakValueDictionary[Any, ndarray]


class Door:
    """Notes arrays and settings that enter a traced function; an `Entrance`, see `core/scope.py`.

    Args:
        copies: earlier copies of large arrays, by their places in memory, which the plans of one function share.

    Attributes:
        entered: the arrays that somebody else may change, in the order in which they came.
        trained: whether parameters were trained of which the function read it; None where it set it before.
    """

    def __init__(self, copies: Copies) -> None:
        self.entered: list[Entered] = []
        self.trained: dict[Any, bool | None] = {}
        self._copies = copies

    def array(self, value: Any, kept: ndarray) -> ndarray:
        """``kept``, the numbers of ``value`` of now; notes ``value`` if it may change."""
        if value is kept or (type(value) is not ndarray and np.isscalar(value)):
            return kept
        if isinstance(value, ndarray) and kept.nbytes >= CHUNK:
            kept = self._shared(value, kept)
        self.entered.append(Entered(value, kept, users_place()))
        return kept

    def _shared(self, value: ndarray, kept: ndarray) -> ndarray:
        """The copy that an earlier plan has of the same numbers, or ``kept`` for later ones."""
        key = value.__array_interface__["data"][0], value.shape, value.strides, value.dtype
        copy = self._copies.get(key)
        if copy is None or not same_bytes(kept, copy, exactly=True):
            self._copies[key] = copy = kept
        return copy

    def setting(self, value: Any) -> Any:
        """A setting of an op with copies of its arrays, lists and dicts; a `Number` in it is asked for its value."""
        if isinstance(value, ndarray):
            return self.array(value, read_only(frozen(value)))
        cls = type(value)
        if cls is list or cls is tuple:
            return cls([self.setting(v) for v in value])
        if cls is dict:
            return {k: self.setting(v) for k, v in value.items()}
        if cls is slice:
            return slice(self.setting(value.start), self.setting(value.stop), self.setting(value.step))
        if isinstance(value, np.integer):  # backends write settings down as Python
            return int(value)
        return value.ask() if cls is Number else value

    def fits(self) -> bool:
        """Whether the parameters of which the function read whether they are trained are so now."""
        return all(trained is None or p._trained == trained for p, trained in self.trained.items())

    def changed(self) -> list[Entered]:
        """The arrays that hold other numbers than when they entered; those that are gone are forgotten."""
        self.entered = [entry for entry in self.entered if not entry.is_gone()]
        return [entry for entry in self.entered if entry.has_changed()]


class Entered:
    """An array of the user's that entered a traced function.

    It holds no strong reference to an array, so that its memory can be freed; such an array cannot change any more.
    """

    def __init__(self, value: Any, copy: ndarray, place: tuple[str, int]) -> None:
        self.copy, self.place = copy, place
        never = lambda: False, lambda: np.asarray(value)
        self.is_gone, self._read = _reader(value) if isinstance(value, ndarray) else never

    def __str__(self) -> str:
        return f"{self.copy.dtype} {self.copy.shape}, used in {line_at(*self.place)}"

    def has_changed(self) -> bool:
        try:
            array = self._read()
        except ValueError:  # a list whose rows have other lengths now
            return True
        return array is not None and not same_bytes(array, self.copy)


def _reader(array: ndarray) -> tuple[Callable[[], bool], Callable[[], ndarray | None]]:
    """Functions that tell whether the array's memory has been freed, and return the array, a view or not, if not."""
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

    return lambda: held() is None, read


class _Address:
    """Memory that numpy reads as an array by ``__array_interface__``."""

    def __init__(self, first: int, shape: Any, dtype: np.dtype, strides: Any, owner: ndarray) -> None:
        self.owner = owner
        entries = {"data": (first, True), "shape": shape, "strides": strides, "typestr": dtype.str, "version": 3}
        self.__array_interface__ = entries


def same_bytes(a: ndarray, b: ndarray, exactly: bool = False) -> bool:
    """Whether two arrays hold the same bytes, so that NaN equals NaN; of large ones most is skipped."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    a, b = (np.ascontiguousarray(x).reshape(-1).view(np.uint8) for x in (a, b))
    step = CHUNK if exactly else CHUNK * max(1, -(-a.size // (CHUNK * MOST_CHUNKS)))
    return all(np.array_equal(a[k : k + CHUNK], b[k : k + CHUNK]) for k in range(0, a.size, step))
