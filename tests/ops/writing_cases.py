"""Cases of the ops that write into an array: the answers assign place after place, as lists of Python numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygraph.ops.lookup import ARRAY

from .case import Array, Case, spaced

_every = slice(None)


def _assigned(x: Array, pieces: Any, indexes: Any) -> Array:
    numbers, order = x.ravel().tolist(), np.arange(x.size).reshape(x.shape)
    for piece, index in zip(pieces, indexes, strict=True):
        for place, number in zip(np.ravel(order[index]).tolist(), piece.ravel().tolist(), strict=True):
            numbers[place] = number
    return np.array(numbers, dtype=float).reshape(x.shape)


def _written(x: Array, *pieces: Array, indexes: Any) -> Array:
    return _assigned(x, pieces, indexes)


def _filled(index: Any, arrays: Any) -> Any:
    rest = iter(arrays)
    return tuple(next(rest) if i is ARRAY else i for i in index)


def _written_at(x: Array, v: Array, *arrays: Array, index: Any) -> Array:
    return _assigned(x, [v], [_filled(index, arrays)])


def _last(*arrays: Array, shape: Any, index: Any) -> Array:
    order = np.arange(np.prod(shape, dtype=int)).reshape(shape)[_filled(index, arrays)]
    flat = order.ravel().tolist()
    return np.array([place not in flat[k + 1 :] for k, place in enumerate(flat)], dtype=bool).reshape(order.shape)


_PLACES: list[Any] = [
    ((3,), (3, 4), ([0, 2, 0], [3, -1, 3]), (ARRAY, ARRAY)),
    ((2, 2, 4), (2, 3, 4), ([1, 1],), (_every, ARRAY)),
    ((0, 4), (3, 4), ([],), (ARRAY,)),
    ((2,), (1, 2), ([0, 1],), (-1, ARRAY)),
    ((2, 3), (2, 3, 2), ([1, 0], [0, 0]), (ARRAY, _every, ARRAY)),
]

CASES = [
    *(Case("copy", spaced(s), lambda x: x) for s in ((2, 3), (), (0, 2))),
    Case("write", spaced((4, 3), (3,), (3,)), _written, {"indexes": [(1,), (-1,)]}),
    Case("write", spaced((2, 5), (2,), (2, 2)), _written, {"indexes": [(_every, 0), (..., slice(3, None))]}),
    Case("write", spaced((2, 3), ()), _written, {"indexes": [(0, 1)]}),
    Case("write", spaced((2, 3), (1, 2, 3)), _written, {"indexes": [(None, ..., slice(None, None, -1))]}),
    Case("write", spaced((2, 3), (0, 3)), _written, {"indexes": [(slice(1, 1),)]}),
    Case("write", spaced((3,)), _written, {"indexes": []}),
    *(
        Case("write_at", (*spaced(x, v), *(np.array(a, dtype=int) for a in arrays)), _written_at, {"index": index})
        for v, x, arrays, index in _PLACES
    ),
    *(
        Case(
            "last_written",
            tuple(np.array(a, dtype=int) for a in arrays),
            _last,
            {"shape": shape, "index": index},
            result="bool",
        )
        for _, shape, arrays, index in _PLACES
    ),
]
