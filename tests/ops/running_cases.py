"""Cases of the ops that run along an axis: cumsum, cumprod, leading, sorting."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from operator import mul
from typing import Any

import numpy as np

from .case import Array, Case, by_lane, spaced


def _running(fn: Callable[[list[float]], list[float]]) -> Callable[..., Array]:
    def reference(x: Array, axis: int | None = None) -> Array:
        flat = axis is None or not x.ndim
        return by_lane(fn)(x.reshape(-1) if flat else x, 0 if axis is None else axis)

    return reference


def _places(fn: Callable[[list[float]], list[float]]) -> Callable[..., Array]:
    return lambda x, axis=-1, **_: by_lane(fn)(x, axis)


def _leading(better: Callable[[float, float], bool]) -> Callable[[list[float]], list[float]]:
    def lane(numbers: list[float]) -> list[float]:
        return [
            float(max(k for k in range(i + 1) if not any(better(v, numbers[k]) for v in numbers[: i + 1])))
            for i in range(len(numbers))
        ]

    return lane


def _sorted(numbers: list[float]) -> list[float]:
    return [float(k) for k in sorted(range(len(numbers)), key=numbers.__getitem__)]


_SHAPES: list[tuple[tuple[int, ...], Any]] = [
    *(((4,), None), ((4,), 0), ((2, 3), None), ((2, 3), 1), ((2, 3), 0), ((2, 3, 2), -2)),
    *(((), None), ((), 0), ((1,), 0), ((0, 3), 0), ((0, 3), 1), ((2, 0), None)),
]
ZEROS = np.array([[2.0, 0.0, 3.0, -1.5], [0.0, 0.5, 0.0, 4.0]])
TIES = np.array([[2.0, 2.0, 3.0, 1.0, 3.0], [0.0, -1.0, -1.0, 0.0, -3.0]])

CASES = [
    *(
        Case(name, spaced(shape), _running(lambda lane, f=f: [*accumulate(lane, f)]), {"axis": axis})
        for name, f in (("cumsum", None), ("cumprod", mul))
        for shape, axis in _SHAPES
    ),
    Case("cumprod", (ZEROS,), _running(lambda lane: [*accumulate(lane, mul)]), {"axis": 1}, note="zeros"),
    Case("cumprod", (ZEROS,), _running(lambda lane: [*accumulate(lane, mul)]), {"axis": 0}, note="zeros"),
    *(
        Case("leading", (x,), _places(_leading(better)), {"axis": axis, "smallest": smallest}, result="int64")
        for x, axis in ((TIES, 1), (TIES, 0), (TIES, -1), (np.zeros((2, 0)), 1))
        for smallest, better in ((False, float.__gt__), (True, float.__lt__))
    ),
    *(
        Case("sorting", (x,), _places(_sorted), {"axis": axis}, result="int64")
        for x, axis in ((TIES, 1), (TIES, 0), (*spaced((3, 2, 4)), -1), (np.zeros((0, 2)), 0))
    ),
]
