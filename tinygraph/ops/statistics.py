"""numpy's reductions with all of their settings, made of ops: var, std, average, nansum, np.sum with where=."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..core.errors import GraphError, shown, users_line
from ..core.node import Node
from . import arithmetic, choice, exponential, reduction, running, shape
from .broadcasting import broadcast_to
from .inference import in_floats
from .numpy_functions import as_node


def cast(x: Any, dtype: Any) -> Node:
    x = as_node(x)
    return x if dtype is None or np.dtype(dtype) == x.dtype else shape.astype(x, dtype)


def in_floats_alone(name: str, x: Any) -> Node:
    """``x`` as a node of floating-point numbers; others are refused."""
    x = as_node(x)
    if x.dtype.kind != "f":
        raise GraphError(f"np.{name}: numbers without a gradient", got=str(x.dtype), fix="x.astype(float)")
    return x


def _unhidden(x: Node, where: Any, hidden: Any) -> Node:
    return x if where is True else choice.where(where, x, hidden)


def _with(combine: Any, z: Node, initial: Any) -> Node:
    if initial is None:
        return z
    return combine(z, cast(initial, z.dtype) if isinstance(initial, Node) else np.asarray(initial, z.dtype))


def _total(name: str, op: Any, hidden: int, combine: Any) -> Callable[..., Node]:
    """np.sum or np.prod; what ``where`` hides counts as ``hidden``."""

    def function(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None,
        where: Any = True,
    ) -> Node:  # fmt: skip
        z = op(_unhidden(cast(a, dtype), where, hidden), axis=axis, keepdims=keepdims)
        return _with(combine, cast(z, dtype), initial)

    return function


def _extreme(name: str, op: Any, combine: Any) -> Callable[..., Node]:
    def function(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None, where: Any = True
    ) -> Node:
        a = as_node(a)
        if where is not True and initial is None:
            fix = f"initial=, the result where all is hidden, as numpy wants it for np.{name}"
            raise GraphError(f"np.{name}: where= hides elements, and none may be left", got=users_line(), fix=fix)
        if initial is not None and not isinstance(initial, Node):
            initial = np.asarray(initial, a.dtype)
        return _with(combine, op(_unhidden(a, where, initial), axis=axis, keepdims=keepdims), initial)

    return function


sum, prod = _total("sum", reduction.sum, 0, arithmetic.add), _total("prod", reduction.prod, 1, arithmetic.multiply)
max, min = _extreme("max", reduction.largest, choice.maximum), _extreme("min", reduction.smallest, choice.minimum)


def _floats(name: str, a: Any, dtype: Any) -> Node:
    """``a`` in ``dtype``, else as it is or, if it holds integers, in float64."""
    x = as_node(a)
    if dtype is None:
        return x if x.dtype.kind == "f" else shape.astype(x, np.float64)
    if np.dtype(dtype).kind != "f":
        raise GraphError(f"np.{name}: dtype is not a floating-point one", got=shown(dtype), fix="z.astype(dtype)")
    return cast(x, dtype)


def _count(name: str, x: Node, axis: Any, keepdims: Any, where: Any, less: Any = 0) -> Any:
    """How many elements each result is made of, less ``less``: a number or an array; refused where none is left."""
    if where is True:
        axes = normalize_axis_tuple(range(x.ndim) if axis is None else axis, x.ndim)
        count = math.prod([x.shape[i] for i in axes]) - less
    else:
        count = np.sum(np.broadcast_to(where, x.shape), axis=axis, keepdims=keepdims) - less
    if isinstance(count, Node):
        return count
    if np.any(np.less_equal(count, 0)):
        got = f"shape {x.shape}, axis {shown(axis)}" + f", {less} degrees of freedom less" * bool(less)
        raise GraphError(f"np.{name}: no elements are left to divide by", expected="one or more", got=got)
    return np.asarray(count, x.dtype)


def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
) -> Node:
    x = _floats("mean", a, dtype)
    if where is True:
        return reduction.mean(x, axis=axis, keepdims=keepdims)
    return cast(_mean_of(in_floats(x), axis, keepdims, where), x.dtype)


def _mean_of(x: Node, axis: Any, keepdims: Any, where: Any) -> Node:
    total = reduction.sum(_unhidden(x, where, 0), axis=axis, keepdims=keepdims)
    return total / _count("mean", x, axis, keepdims, where)


def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Node:
    x = _floats("var", a, dtype)
    wide = in_floats(x)
    count = _count("var", wide, axis, keepdims, where, float(ddof if correction is None else correction))
    apart = wide - (_mean_of(wide, axis, True, where) if mean is None else mean)
    total = reduction.sum(_unhidden(apart * apart, where, 0), axis=axis, keepdims=keepdims)
    return cast(total / count, x.dtype)


def std(*args: Any, **settings: Any) -> Node:
    """The square root of `var`; where that is 0, the gradient is 0, too, and not NaN."""
    z = var(*args, **settings)
    return choice.where(z == 0, 0, exponential.sqrt(z))


def average(a: Any, axis: Any = None, weights: Any = None, returned: Any = False, *, keepdims: Any = False) -> Any:
    x = as_node(a)
    if weights is None:
        z = mean(x, axis, keepdims=keepdims)
        total: Any = np.full(z.shape, x.size / z.size, z.dtype)
        return (z, total) if returned else z
    w = as_node(weights)
    if w.kind == "constant" and not np.all(w.value.sum(axis=axis if w.shape == x.shape else None)):
        raise GraphError("np.average: the weights sum to 0", got=shown(weights))
    w = _beside(w, x, axis)
    dtype = np.result_type(x.dtype, w.dtype, *[] if x.dtype.kind == "f" else [np.float64])
    x, w = cast(x, dtype), cast(w, dtype)
    total = reduction.sum(w, axis=axis, keepdims=keepdims)
    z = reduction.sum(x * w, axis=axis, keepdims=keepdims) / total
    return (z, broadcast_to(total, z.shape)) if returned else z


def _beside(w: Node, x: Node, axis: Any) -> Node:
    """Weights of the averaged axes alone, with axes of size 1 for the others."""
    if w.shape == x.shape:
        return w
    axes = normalize_axis_tuple(() if axis is None else axis, x.ndim)
    if axis is None or w.shape != tuple([x.shape[i] for i in axes]):
        expected = f"{x.shape}, or the sizes of the axes in axis="
        got = f"{w.shape}, axis {shown(axis)}"
        raise GraphError("np.average: weights have the wrong shape", expected=expected, got=got)
    turned = shape.transpose(w, tuple(np.argsort(axes).tolist()))
    return shape.reshape(turned, tuple([n if i in axes else 1 for i, n in enumerate(x.shape)]))


def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Node:
    return max(a, axis, keepdims=keepdims) - min(a, axis, keepdims=keepdims)


def _passing_nan_by(function: Callable[..., Node], instead: int) -> Callable[..., Node]:
    def of_others(a: Any, *args: Any, **settings: Any) -> Node:
        x = as_node(a)
        return function(choice.where(x == x, x, instead) if x.dtype.kind == "f" else x, *args, **settings)

    return of_others


def nanmean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
) -> Node:
    x = _floats("nanmean", a, dtype)
    some = (x == x) if where is True else (x == x) * where
    return mean(choice.where(some, x, 0), axis, keepdims=keepdims, where=some)


def accumulating(name: str, op: Any) -> Callable[..., Node]:
    def function(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Node:
        return cast(op(cast(a, dtype), axis=axis), dtype)

    return function


FULL: dict[Any, Callable[..., Any]] = {
    np.sum: sum,
    np.prod: prod,
    np.mean: mean,
    np.max: max,
    np.min: min,
    np.amax: max,
    np.amin: min,
    np.cumsum: accumulating("cumsum", running.cumsum),
    np.cumprod: accumulating("cumprod", running.cumprod),
}
"""numpy's functions that are ops, too, with the settings that the ops lack."""

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.amax: reduction.largest,
    np.amin: reduction.smallest,
    np.var: var,
    np.std: std,
    np.average: average,
    np.ptp: ptp,
    np.nansum: _passing_nan_by(sum, 0),
    np.nanprod: _passing_nan_by(prod, 1),
    np.nanmean: nanmean,
}
