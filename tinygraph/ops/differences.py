"""numpy's functions along an axis, made of ops: diff, gradient, trapezoid, convolve, sort, take_along_axis."""

from __future__ import annotations

from collections.abc import Callable
from operator import index as as_int
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from ..core.errors import GraphError, shown
from ..core.node import Node
from . import arithmetic, choice, product, reduction, shape, slicing
from .broadcasting import broadcast_to
from .lookup import ARRAY, pick, take
from .numpy_functions import as_node, opened
from .running import along, backwards, leading, sorting


def diff(a: Any, n: Any = 1, axis: Any = -1, prepend: Any = None, append: Any = None) -> Node:
    x = as_node(a)
    if n <= 0:
        if n < 0:
            raise GraphError("np.diff: n is negative", expected="0 or more", got=shown(n))
        return x
    axis = normalize_axis_index(axis, x.ndim)
    one = tuple([1 if i == axis else size for i, size in enumerate(x.shape)])
    ends = [None if e is None else as_node(e) for e in (prepend, append)]
    first, last = [e if e is None or e.ndim else broadcast_to(e, one) for e in ends]
    if first is not None or last is not None:
        x = slicing.concatenate([part for part in (first, x, last) if part is not None], axis=axis)
    for _ in range(min(as_int(n), x.shape[axis])):  # of no elements there is nothing more to do
        later, before = along(x, axis, slice(1, None)), along(x, axis, slice(None, -1))
        x = choice.not_equal(later, before) if x.dtype.kind == "b" else arithmetic.subtract(later, before)
    return x


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    """np.gradient: a node, or of several axes a tuple of nodes."""
    f = as_node(f)
    x = f if f.dtype.kind == "f" else shape.astype(f, np.float64)
    axes = normalize_axis_tuple(range(x.ndim) if axis is None else axis, x.ndim)
    if f.dtype.kind == "b":
        raise GraphError("np.gradient: booleans have no difference", got=str(f.dtype), fix="x.astype(float)")
    if edge_order not in (1, 2):
        raise GraphError("np.gradient: unknown edge_order", expected="1 or 2", got=shown(edge_order))
    if len(varargs) not in (0, 1, len(axes)) or (len(varargs) == 1 != len(axes) and np.ndim(varargs[0])):
        got = f"{len(varargs)} for {len(axes)} axes"
        raise GraphError("np.gradient: wrong number of distances", expected="none, one, or one an axis", got=got)
    distances = varargs if len(varargs) == len(axes) else (varargs or (1.0,)) * len(axes)
    slopes = tuple([_slope(x, i, _steps(d, x.shape[i]), edge_order) for i, d in zip(axes, distances, strict=True)])
    return slopes[0] if len(axes) == 1 else slopes


def _steps(distance: Any, size: int) -> np.ndarray:
    """The distances between neighbours: of one distance, or of coordinates."""
    distance = np.asarray(distance, float)
    if distance.ndim and distance.shape != (size,):
        raise GraphError("np.gradient: wrong coordinates", expected=f"a number or ({size},)", got=str(distance.shape))
    return np.diff(distance) if distance.ndim else np.broadcast_to(distance, max(size - 1, 0))


def _slope(x: Node, axis: int, steps: np.ndarray, edge_order: int) -> Node:
    size, before, after = x.shape[axis], steps[:-1], steps[1:]
    if size <= edge_order:
        raise GraphError("np.gradient: too few elements", expected=f"{edge_order + 1} or more", got=f"shape {x.shape}")

    def weighed(part: slice, weights: Any) -> Node:
        sizes = (-1,) + (1,) * (x.ndim - 1 - axis)
        return along(x, axis, part) * np.asarray(weights, x.dtype).reshape(sizes)

    def edge(k: int, signed: np.ndarray) -> Node:
        """The slope at the first element, or at the last, seen from there."""
        places = [slice(i, i + 1 or None) for i in range(k, k + 3 * (2 * k + 1), 2 * k + 1)]
        near, far = [*signed, 1.0][:2]
        if edge_order == 1:
            return weighed(places[1], [1 / near]) - weighed(places[0], [1 / near])
        both = near + far
        return (
            weighed(places[0], [-(near + both) / (near * both)])
            + weighed(places[1], [both / (near * far)])
            - weighed(places[2], [near / (far * both)])
        )

    inside = weighed(slice(2, None), before / (after * (before + after)))
    inside = inside - weighed(slice(None, -2), after / (before * (before + after)))
    if (before != after).any():
        inside = inside + weighed(slice(1, -1), (after - before) / (before * after))
    return slicing.concatenate([edge(0, steps[:2]), inside, edge(-1, -steps[::-1][:2])], axis=axis)


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> Node:
    y = as_node(y)
    axis = normalize_axis_index(axis, y.ndim)
    if x is not None:
        x = as_node(x)
        dx = diff(x) if x.ndim == 1 else diff(x, axis=axis)
        dx = shape.reshape(dx, (-1,) + (1,) * (y.ndim - 1 - axis)) if x.ndim == 1 else dx
    both = along(y, axis, slice(1, None)) + along(y, axis, slice(None, -1))
    return reduction.sum(dx * both / 2.0, axis=axis)


def convolve(a: Any, v: Any, mode: Any = "full") -> Node:
    a, v = (shape.reshape(x, -1) if x.ndim == 0 else x for x in (as_node(a), as_node(v)))
    if a.ndim != 1 or v.ndim != 1 or not a.size or not v.size:
        raise GraphError("np.convolve: vectors are needed", expected="(n,) and (m,)", got=f"{a.shape} and {v.shape}")
    if mode not in ("full", "same", "valid"):
        raise GraphError("np.convolve: unknown mode", expected="'full', 'same' or 'valid'", got=shown(mode))
    long, short = (a, v) if a.size >= v.size else (v, a)
    n, m = long.size, short.size
    sides = {"full": m - 1, "same": m // 2, "valid": 0}[mode]
    count = {"full": n + m - 1, "same": n, "valid": n - m + 1}[mode]
    if sides:
        zeros = np.zeros(sides, long.dtype)
        long = slicing.concatenate([zeros, long, zeros])
    windows = take(long, np.arange(count)[:, None] + np.arange(m), axis=0)
    return product.matmul(windows, backwards(short, 0))


def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Node:
    (x, axis), places = opened(arr, axis), as_node(indices)
    if places.dtype.kind not in "iu" or places.ndim != x.ndim:
        expected, got = f"integers with {x.ndim} axes", f"{places.dtype} {places.shape}"
        raise GraphError("np.take_along_axis: wrong indices", expected=expected, got=got)
    if x.ndim == 1:
        return take(x, places, axis=0)
    others = [np.arange(n).reshape((-1,) + (1,) * (x.ndim - 1 - i)) for i, n in enumerate(x.shape)]
    return pick(x, *[places if i == axis else k for i, k in enumerate(others)], index=(ARRAY,) * x.ndim)


def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Node:
    """np.sort; every ``kind`` gives the same numbers."""
    x = as_node(a)
    if order is not None:
        raise GraphError("np.sort: a node has no fields", got=f"order={shown(order)}", fix="omit order=")
    if axis is None:
        x, axis = shape.reshape(x, -1), 0
    return take_along_axis(x, sorting(x, axis=axis), axis)


def extremes(smallest: bool) -> Callable[..., Node]:
    """np.maximum.accumulate or np.minimum.accumulate; of equal numbers the last one gets the gradient."""

    def accumulate(array: Any, axis: Any = 0) -> Node:
        x = as_node(array)
        return take_along_axis(x, leading(x, axis=axis, smallest=smallest), axis)

    return accumulate


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.diff: diff,
    np.gradient: gradient,
    np.trapezoid: trapezoid,
    np.convolve: convolve,
    np.take_along_axis: take_along_axis,
    np.sort: sort,
}
