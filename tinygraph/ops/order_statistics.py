"""numpy's functions of sorted numbers, made of ops: median, quantile, percentile, partition, unique."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..core.errors import GraphError, shown
from ..core.node import Node
from . import choice, reduction, shape, slicing
from .differences import sort, take_along_axis
from .lookup import take
from .numpy_functions import opened
from .questions import question
from .running import along
from .statistics import cast, in_floats_alone

BETWEEN: dict[str, Callable[[float], float]] = {
    "linear": lambda part: part,
    "lower": lambda part: 0.0,
    "higher": lambda part: float(part > 0),
    "midpoint": lambda part: 0.5 * (part > 0),
}
"""Maps a method of np.quantile to how much of the way from one sorted number to the next it goes."""


def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: Any = False,
    method: Any = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
) -> Node:
    x, asked = in_floats_alone("quantile", a), np.asarray(q, float)
    if method not in BETWEEN or weights is not None or ((asked < 0) | (asked > 1)).any() or not x.size:
        expected = f"one number or more, q from 0 to 1, method one of {', '.join(BETWEEN)}, no weights"
        got = f"shape {x.shape}, q={shown(q)}, method={shown(method)}, weights={shown(weights)}"
        raise GraphError("np.quantile: not supported on nodes", expected=expected, got=got)
    axes = normalize_axis_tuple(range(x.ndim) if axis is None else axis, x.ndim)
    kept = [i for i in range(x.ndim) if i not in axes]
    count = math.prod([x.shape[i] for i in axes])
    rows = shape.reshape(shape.transpose(x, (*kept, *axes)), (*[x.shape[i] for i in kept], count))
    rows, q = sort(rows, axis=-1), asked if isinstance(q, Node) else q
    last = along(rows, -1, slice(-1, None))[..., 0]  # NaN, if there is one
    dtype = np.quantile(np.ones(1, x.dtype), q, method=method).dtype
    z = slicing.stack([choice.where(last == last, _at(rows, p, method, dtype), last) for p in np.asarray(q).flat])
    sizes = [1 if i in axes else n for i, n in enumerate(x.shape)] if keepdims else [x.shape[i] for i in kept]
    return shape.reshape(z, (*asked.shape, *sizes))


def _at(rows: Node, q: Any, method: str, dtype: np.dtype) -> Node:
    place = q * (rows.shape[-1] - 1)  # in q's dtype, and the way between two numbers in theirs, as numpy has it
    low = math.floor(place)
    part = BETWEEN[method](place - low)
    first, second = rows[..., low], rows[..., low + (part > 0)]
    if part in (0, 1):
        return cast(second, dtype)
    if method == "midpoint":  # of two infinities it is infinite
        return cast(first, dtype) * np.asarray(0.5, dtype) + cast(second, dtype) * np.asarray(0.5, dtype)
    way = cast(second - first, dtype)
    return first + way * np.asarray(part, dtype) if part < 0.5 else second - way * np.asarray(1 - part, dtype)


def percentile(a: Any, q: Any, *args: Any, **settings: Any) -> Node:
    q = np.asarray(q, float) if isinstance(q, Node) else q
    return quantile(a, q / 100 if isinstance(q, (int, float)) else np.true_divide(q, 100), *args, **settings)


def partition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None) -> Node:
    if order is not None:
        raise GraphError("np.partition: a node has no fields", got=f"order={shown(order)}", fix="omit order=")
    x, axis = opened(a, axis)
    return take_along_axis(x, _order(x, kth, axis=axis), axis)


_order = question(np.argpartition)


def unique(ar: Any, *args: Any, **settings: Any) -> Any:
    """np.unique: of floating-point numbers they carry their gradient, of which the first of equal numbers has all."""
    if not isinstance(ar, Node) or ar.dtype.kind != "f" or {"axis"} & settings.keys() or args:
        return _unique(ar, *args, **settings)
    _, places, *rest = _unique(ar, **{**settings, "return_index": True})
    z = take(shape.reshape(ar, -1), places, axis=0)
    parts = [*([places] if settings.get("return_index") else []), *rest]
    return (z, *parts) if parts else z


_unique = question(np.unique)


def _apart_from_nan(op: Any, hidden: float) -> Callable[..., Node]:
    """np.nanmax or np.nanmin."""

    def extreme(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Node:
        x = in_floats_alone(f"nan{op.name}", a)
        z = op(choice.where(x == x, x, np.asarray(hidden, x.dtype)), axis=axis, keepdims=keepdims)
        some = reduction.largest(shape.astype(x == x, np.int8), axis=axis, keepdims=keepdims)
        return choice.where(some > 0, z, np.asarray(np.nan, x.dtype))

    return extreme


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.quantile: quantile,
    np.percentile: percentile,
    np.median: lambda a, axis=None, out=None, overwrite_input=False, keepdims=False: quantile(
        a, 0.5, axis, method="midpoint", keepdims=keepdims
    ),
    np.partition: partition,
    np.unique: unique,
    np.nanmax: _apart_from_nan(reduction.largest, -np.inf),
    np.nanmin: _apart_from_nan(reduction.smallest, np.inf),
}
