"""Cases of the ops that rearrange, join, look up and reduce."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np

from tinygraph.ops.lookup import ARRAY

from .case import Array, Case, at, by_group, places, spaced


def _reshaped(x: Array, shape: Any = -1) -> Array:
    sizes = [shape] if isinstance(shape, int) else list(shape)
    if -1 in sizes:
        sizes[sizes.index(-1)] = x.size // -math.prod(sizes)
    z = np.empty(sizes)
    for value, index in zip(x.tolist() if x.ndim == 1 else x.ravel().tolist(), places(z.shape), strict=True):
        z[index] = value
    return z


def _transposed(x: Array, axes: Any = None) -> Array:
    order = list(range(x.ndim))[::-1] if axes is None else [a % x.ndim for a in axes]
    z = np.empty([x.shape[a] for a in order])
    for index in places(x.shape):
        z[tuple(index[a] for a in order)] = x[index]
    return z


def _swapped(x: Array, axis1: int, axis2: int) -> Array:
    order = list(range(x.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return _transposed(x, order)


def _broadcast(x: Array, shape: tuple[int, ...]) -> Array:
    return np.array([at(x, index) for index in places(shape)], dtype=float).reshape(shape)


def _summed_to(x: Array, shape: tuple[int, ...]) -> Array:
    z = np.zeros(shape)
    for index in places(x.shape):
        own = index[x.ndim - len(shape) :]
        z[tuple(i if n != 1 else 0 for i, n in zip(own, shape, strict=True))] += x[index]
    return z


def _flat_places(shape: tuple[int, ...], index: Any) -> list[int]:
    """Which flat places numpy's own indexing selects, in order."""
    return np.arange(math.prod(shape)).reshape(shape)[index].ravel().tolist()


def _put(*pieces: Array, shape: tuple[int, ...], indexes: Any) -> Array:
    z = [0.0] * math.prod(shape)
    for piece, index in zip(pieces, indexes, strict=True):
        for place, value in zip(_flat_places(shape, index), piece.ravel().tolist(), strict=True):
            z[place] += value
    return np.array(z, dtype=float).reshape(shape)


def _filled(index: tuple[Any, ...], arrays: Any) -> tuple[Any, ...]:
    rest = list(arrays)
    return tuple(rest.pop(0) if isinstance(i, str) else i for i in index)


def _picked(x: Array, *arrays: Array, index: Any) -> Array:
    key = _filled(index, arrays)
    shape = np.empty(x.shape)[key].shape
    return np.array([x.ravel().tolist()[p] for p in _flat_places(x.shape, key)], dtype=float).reshape(shape)


def _scattered(g: Array, *arrays: Array, shape: Any, index: Any) -> Array:
    return _put(g, shape=shape, indexes=[_filled(index, arrays)])


def _taken(x: Array, indices: Array, axis: int | None = None) -> Array:
    if axis is None:
        x, axis = x.reshape(-1), 0
    axis %= x.ndim
    z = np.empty(x.shape[:axis] + indices.shape + x.shape[axis + 1 :])
    for index in places(z.shape):
        middle = index[axis : axis + indices.ndim]
        z[index] = x[(*index[:axis], indices[middle], *index[axis + indices.ndim :])]
    return z


def _added_at(g: Array, indices: Array, shape: tuple[int, ...], axis: int | None = None) -> Array:
    z = np.zeros(shape)
    rows, lane = (z.reshape(-1), 0) if axis is None else (z, axis % len(shape))
    for index in places(g.shape):
        middle = index[lane : lane + indices.ndim]
        rows[(*index[:lane], indices[middle], *index[lane + indices.ndim :])] += g[index]
    return z


def _one_hot(labels: Array, depth: int, **_: Any) -> Array:
    rows = [[1.0 if k == label else 0.0 for k in range(depth)] for label in labels.ravel().tolist()]
    return np.array(rows, dtype=float).reshape((*labels.shape, depth))


def _concatenated(*arrays: Array, axis: int = 0) -> Array:
    axis %= arrays[0].ndim
    lanes = [_transposed(x, [axis, *(i for i in range(x.ndim) if i != axis)]) for x in arrays]
    joined = np.array([row for lane in lanes for row in lane]).reshape((-1, *lanes[0].shape[1:]))
    return _transposed(joined, [*range(1, axis + 1), 0, *range(axis + 1, joined.ndim)])


def _stacked(*arrays: Array, axis: int = 0) -> Array:
    axis %= arrays[0].ndim + 1
    z = np.empty((*arrays[0].shape[:axis], len(arrays), *arrays[0].shape[axis:]))
    for k, x in enumerate(arrays):
        for index in places(x.shape):
            z[(*index[:axis], k, *index[axis:])] = x[index]
    return z


def _logsumexp(numbers: list[float]) -> float:
    return math.log(math.fsum(math.exp(x) for x in numbers))


def _ties(x: Array, extreme: Array, axis: Any = None) -> Array:
    counts = by_group(lambda group: sum(v == max(group) for v in group))(x, axis, True)
    peaks = by_group(max)(x, axis, True)
    shares = [(at(x, i) == at(peaks, i)) / at(counts, i) for i in places(x.shape)]
    return np.array(shares, dtype=float).reshape(x.shape)


def _rounded(x: Array, dtype: str) -> Array:
    code = {"float32": "f", "float64": "d", "int64": "q"}[dtype]
    values = [struct.unpack(code, struct.pack(code, int(v) if code == "q" else v))[0] for v in x.ravel().tolist()]
    return np.array(values, dtype=dtype).reshape(x.shape)


def _reductions(name: str, fn: Any, **settings: Any) -> list[Case]:
    calls: list[tuple[tuple[int, ...], dict[str, Any]]] = [
        ((2, 3), {}),
        ((2, 3, 2), {"axis": 1}),
        ((2, 3, 2), {"axis": (0, -1)}),
        ((2, 3), {"axis": -1, "keepdims": True}),
        ((2, 3), {"keepdims": True}),
        ((), {}),
        ((4,), {"axis": 0}),
        ((0, 3), {"axis": 1}),
        ((2, 1, 3), {"axis": (1, 2)}),
    ]
    return [Case(name, spaced(shape), by_group(fn), attributes, **settings) for shape, attributes in calls]


def _ties_case(x: list[Any], axis: Any = None) -> Case:
    array = np.array(x, dtype=float)
    return Case("ties", (array, np.asarray(by_group(max)(array, axis))), _ties, {"axis": axis})


def _ints(*values: Any) -> Array:
    return np.array(*values, dtype=np.int64)


_every = slice(None)
REDUCTION = [
    *_reductions("sum", math.fsum),
    Case("sum", spaced((0, 3)), by_group(math.fsum), {"axis": 0}),
    *_reductions("prod", math.prod),
    Case("prod", (np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 4.0]]),), by_group(math.prod), {"axis": 1}),
    *_reductions("mean", lambda group: math.fsum(group) / len(group)),
    *_reductions("max", max),
    *_reductions("min", min),
    *_reductions("logsumexp", _logsumexp),
    *(
        Case("argmax", spaced(shape), by_group(lambda g: g.index(max(g))), {"axis": axis}, result="int64")
        for shape, axis in (((2, 3), None), ((2, 3), 1), ((3, 2, 2), 0), ((0, 3), -1))
    ),
    _ties_case([[1, 2], [2, 0]]),
    _ties_case([[1, 2], [2, 2]], axis=1),
    _ties_case([[3, 3], [1, 3]], axis=0),
    Case("ties", spaced((0, 3), (0,)), _ties, {"axis": 1}),
]

SHAPE = [
    *(Case("reshape", spaced(x), _reshaped, {"shape": shape})
      for x, shape in (((2, 3), (3, 2)), ((2, 3), -1), ((4,), (2, -1)), ((), (1, 1)), ((0, 3), (3, 0)))),
    *(Case("transpose", spaced(x), _transposed, {"axes": axes})
      for x, axes in (((2, 3), None), ((2, 3, 4), (1, 2, 0)), ((2, 3, 4), (-1, 0, 1)), ((3,), None), ((), None),
                               ((0, 3), None))),
    *(Case("swapaxes", spaced(x), _swapped, {"axis1": a, "axis2": b})
      for x, a, b in (((2, 3, 4), 0, 2), ((2, 3), -1, -2), ((0, 3), 0, 1), ((2, 3), 1, 1))),
    *(Case("broadcast_to", spaced(x), _broadcast, {"shape": shape})
      for x, shape in (((3,), (2, 3)), ((2, 1), (2, 3)), ((), (2, 2)), ((1, 3), (0, 3)), ((0, 3), (2, 0, 3)),
                               ((2, 3), (2, 3)))),
    *(Case("sum_to", spaced(x), _summed_to, {"shape": shape})
      for x, shape in (((2, 3), (3,)), ((2, 3), (2, 1)), ((2, 3), ()), ((4, 2, 3), (1, 3)), ((0, 3), (3,)),
                               ((2,), (2,)))),
    *(Case("astype", spaced(x), _rounded, {"dtype": "float64"}, result="float64") for x in ((2, 3), (), (0, 2))),
    Case("astype", spaced((2, 3)), _rounded, {"dtype": "int64"}, wrt=(), result="int64"),
    *(Case("within", spaced(s), lambda x, low, high: x, {"low": -1e30, "high": 1e30}) for s in ((2, 3), (0, 2))),
    *(Case("stop_gradient", spaced(x), lambda x: x) for x in ((2, 3), (), (0, 2))),
]  # fmt: skip

SLICING = [
    Case("getitem", spaced((3, 4)), lambda x, index: [row[1::2] for row in x.tolist()[:0:-1]],
         {"index": (slice(None, 0, -1), slice(1, None, 2))}),
    Case("getitem", spaced((3, 4)), lambda x, index: x.tolist()[-1], {"index": (-1,)}),
    Case("getitem", spaced((2, 3, 2)), lambda x, index: [[[row[1] for row in x.tolist()[0]]]],
         {"index": (None, 0, None, ..., 1)}),
    Case("getitem", spaced((2, 3)), lambda x, index: x.tolist()[1][2], {"index": (1, 2)}),
    Case("getitem", spaced((2, 3)), lambda x, index: x, {"index": (...,)}),
    Case("getitem", spaced((2, 3)), lambda x, index: np.zeros((0, 3)), {"index": (slice(5, 9),)}),
    Case("getitem", spaced((0, 3)), lambda x, index: np.zeros(0), {"index": (_every, 1)}),
    Case("put", spaced((3,), (2, 2), ()), _put,
         {"shape": (2, 3), "indexes": [(0,), (_every, slice(None, None, 2)), (-1, -1)]}),
    Case("put", spaced((2, 0)), _put, {"shape": (2, 3), "indexes": [(_every, slice(3, None))]}),
    *(Case("concatenate", spaced(*shapes), _concatenated, {"axis": axis})
      for shapes, axis in ((((2, 3), (1, 3)), 0), (((2, 3), (2, 1), (2, 2)), -1), (((3,),), 0), (((0, 2), (3, 2)), 0),
                           (((2, 1, 2), (2, 3, 2)), 1))),
    *(Case("stack", spaced(*shapes), _stacked, {"axis": axis})
      for shapes, axis in ((((2, 3), (2, 3)), 0), (((2, 3),) * 3, -1), (((), ()), 0), (((0, 2),) * 2, 1))),
]  # fmt: skip

LOOKUP = [
    *(Case("take", (*spaced(x), _ints(indices)), _taken, {"axis": axis})
      for x, indices, axis in (((4, 2), [2, 0, 2], 0), ((4, 2), [[1, -1], [0, 0]], 0), ((2, 3, 2), [2, 2], 1),
                               ((2, 3), [0, 5, -6, 0], None), ((2, 3), 1, -1), ((4, 2), [], 0), ((4, 0), [1, 1], 0),
                               ((2, 3), [[2], [0]], -1), ((1, 2), [0, 0], 0))),
    *(Case("add_at", (*spaced(g), _ints(indices)), _added_at, {"shape": shape, "axis": axis})
      for g, indices, shape, axis in (((3, 2), [2, 0, 2], (4, 2), 0), ((2, 2, 2), [[1, -1], [0, 0]], (4, 2), 0),
                                      ((2, 2, 2), [2, 2], (2, 3, 2), 1), ((4,), [0, 5, -6, 0], (2, 3), None),
                                      ((2,), 1, (2, 3), -1), ((0, 2), [], (4, 2), 0), ((2, 0), [1, 1], (4, 0), 0),
                                      ((2,), [0, 0], (1,), 0))),
    *(Case("pick", (*spaced(x), *(_ints(a) for a in arrays)), _picked, {"index": index})
      for x, arrays, index in (((3, 4), ([0, 2, 0], [3, -1, 3]), (ARRAY, ARRAY)),
                               ((2, 3, 4), ([1, 1],), (_every, ARRAY)),
                               ((2, 3, 4), ([1, 0], [[2], [1]]), (ARRAY, slice(None, None, -1), ARRAY)),
                               ((3, 4), ([2, 2],), (..., ARRAY)), ((3, 4), ([1],), (0, ARRAY)),
                               ((3, 4), ([],), (ARRAY,)),
                               ((3, 2), ([1, 0],), (None, ARRAY)), ((1, 2), ([0, 0],), (ARRAY, -1)))),
    *(Case("scatter", (*spaced(g), *(_ints(a) for a in arrays)), _scattered, {"shape": shape, "index": index})
      for g, arrays, shape, index in (((3,), ([0, 2, 0], [3, -1, 3]), (3, 4), (ARRAY, ARRAY)),
                                      ((2, 2, 4), ([1, 1],), (2, 3, 4), (_every, ARRAY)),
                                      ((0, 4), ([],), (3, 4), (ARRAY,)), ((2,), ([0, 0],), (1, 2), (ARRAY, -1)))),
    *(Case("one_hot", (_ints(labels),), _one_hot, {"depth": depth}, result="float64")
      for labels, depth in (([2, 0, 2], 3), ([[1], [3]], 4), (1, 2), ([], 3), ([0, 0], 1))),
    *(Case("onehot_like", (_ints(labels), *spaced(like)), lambda labels, like: _one_hot(labels, like.shape[-1]))
      for labels, like in (([2, 0], (2, 3)), ([[1], [3]], (2, 1, 4)), ([], (0, 3)))),
]  # fmt: skip

CASES = [*REDUCTION, *SHAPE, *SLICING, *LOOKUP]
