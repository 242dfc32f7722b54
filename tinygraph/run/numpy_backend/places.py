"""Places: the arrays that the generated code reads and writes, created once wherever possible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy import ndarray

from ...plan.actions import Buffer, View

ALIGNMENT_BYTES = 64


def aligned_block(size_bytes: int) -> ndarray:
    """Memory aligned to a cache line      result: (size_bytes,) uint8

    Example:
        >>> from tinygraph.run.numpy_backend import aligned_block
        >>> aligned_block(100).ctypes.data % 64
        0
    """
    block = np.empty(size_bytes + ALIGNMENT_BYTES, np.uint8)
    start = -block.ctypes.data % ALIGNMENT_BYTES
    return block[start : start + size_bytes]


@dataclass(frozen=True)
class ArrayPlace:
    """The layout of an array in a buffer, with one leading axis for every loop in which it moves.

    Attributes:
        loops: number of the leading axes that are steps of loops.
        whole: whether it is the whole buffer in C order.
    """

    buffer: Buffer
    shape: tuple[int, ...]
    strides_bytes: tuple[int, ...]
    offset_bytes: int
    loops: int
    whole: bool

    @classmethod
    def at(cls, view: View, steps: tuple[int, ...], moves: tuple[int, ...]) -> ArrayPlace:
        """The layout of ``view`` with leading axes of sizes ``steps``, along which it moves by ``moves`` elements."""
        shape, strides = steps + view.shape, moves + view.strides
        itemsize = view.dtype.itemsize
        base = view.buffer.offset_bytes if view.buffer.kind == "scratch" else 0
        whole = view.buffer.kind != "scratch" and not view.offset and is_contiguous(shape, strides)
        return cls(
            view.buffer, shape, tuple(s * itemsize for s in strides), base + view.offset * itemsize, len(steps), whole
        )

    @property
    def views(self) -> int:
        """Number of array objects: the product of the numbers of steps."""
        return prod(self.shape[: self.loops])

    def array(self, memory: ndarray) -> ndarray:
        """The array in the buffer's ``memory``      memory: flat, or of the shape of the layout"""
        if self.whole and memory.shape == self.shape:
            return memory
        if 0 in self.shape:
            return np.empty(self.shape, self.buffer.dtype)
        return np.ndarray(self.shape, self.buffer.dtype, memory, self.offset_bytes, self.strides_bytes)

    def place(self, memory: ndarray, listed: bool = False) -> Any:
        """The value of the place: the array, or the iterable of the loops; nested lists of arrays if ``listed``."""
        array = self.array(memory)
        if not self.loops:
            return array
        if listed:
            return _lists(array, self.loops)
        # Iteration over a one-dimensional array yields numbers, which cannot be written to.
        return Numbers(array) if array.ndim == self.loops else array


def is_contiguous(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Whether the strides are C-contiguous (axes of size 1 may have any stride)."""
    expected = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size != 1 and stride != expected:
            return False
        expected *= size
    return True


def _lists(array: ndarray, loops: int) -> list[Any]:
    if loops > 1:
        return [_lists(part, loops - 1) for part in array]
    return list(array) if array.ndim > 1 else list(Numbers(array))


class Numbers:
    """Iterates over the elements of an array as writable arrays of shape ()."""

    def __init__(self, array: ndarray) -> None:
        self.array = array

    def __iter__(self) -> Iterator[Any]:
        if self.array.ndim > 1:
            return map(Numbers, self.array)
        return (self.array[t, ...] for t in range(len(self.array)))


class CallBuffer:
    """A buffer whose memory comes with the call, and the places inside it.

    The places of a parameter are kept until its array changes; those of arguments and results are created at each call
    and released after it, so that the caller's memory is not kept alive.
    """

    def __init__(self, buffer: Buffer) -> None:
        self.buffer = buffer
        self.layouts: list[tuple[int, ArrayPlace]] = []
        self._memory: ndarray | None = None

    def bind(self, memory: ndarray, places: list[Any]) -> None:
        if memory is self._memory:
            return
        self._memory = None  # a fork or Ctrl-C in the middle must not leave some places at each array
        for number, layout in self.layouts:
            places[number] = layout.place(memory)
        if self.buffer.kind == "parameter":
            self._memory = memory

    def release(self, places: list[Any]) -> None:
        if self._memory is None:
            for number, _ in self.layouts:
                places[number] = None
