"""numpy's functions of one variable and of columns, made of ops: interp, polyval, sinc, cbrt, cov, vander, nanvar."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import GraphError, shown
from ..core.leaves import as_nodes
from ..core.node import Node
from . import choice, exponential, periodic, product, reduction, rounding, shape, slicing
from .differences import diff
from .lookup import take
from .numpy_functions import as_node, copied, like, moveaxis
from .numpy_products import with_axes
from .reduction import mean
from .running import cumprod, cumsum
from .statistics import accumulating, cast, in_floats_alone, var


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Node:
    x, xp, fp = cast(x, np.float64), cast(xp, np.float64), cast(fp, np.float64)
    if period is not None or xp.ndim != 1 or xp.shape != fp.shape or xp.size < 2:
        got = f"xp {xp.shape}, fp {fp.shape}, period={shown(period)}"
        raise GraphError("np.interp: not supported on nodes", expected="xp and fp of one axis, no period", got=got)
    place = reduction.sum(shape.astype(x[..., None] >= xp[1:-1], np.int64), axis=-1)
    slopes = diff(fp) / diff(xp)
    z = take(fp, place, axis=0) + take(slopes, place, axis=0) * (x - take(xp, place, axis=0))
    z = choice.where(x < xp[0], fp[0] if left is None else left, z)
    z = choice.where(x > xp[-1], fp[-1] if right is None else right, z)
    return choice.where(x == x, z, x)


def polyval(p: Any, x: Any) -> Node:
    p, x = as_node(p), in_floats_alone("polyval", x)
    y: Any = x * 0
    for k in range(len(p)):
        y = y * x + p[k]
    return y


def vander(x: Any, N: Any = None, increasing: Any = False) -> Node:
    x = with_axes("np.vander", in_floats_alone("vander", x), 1, 1).astype(np.float64)
    powers, count = [as_node(np.ones(x.shape))], x.shape[0] if N is None else N
    for _ in range(count - 1):
        powers.append(powers[-1] * x)
    return slicing.stack(powers if increasing else powers[::-1], axis=1)[:, :count]


def cbrt(x: Any) -> Node:
    x = in_floats_alone("cbrt", x)
    return choice.sign(x) * choice.abs(x) ** (1 / 3)


def sinc(x: Any) -> Node:
    """A series near 0, where the derivatives of sin(a) / a are small differences of large numbers."""
    angle = in_floats_alone("sinc", x) * math.pi
    near = choice.abs(angle) < 0.5
    inner, series = choice.where(near, angle, 0), np.ones((), angle.dtype)
    for k in range(16, 0, -2):
        series = 1 - series * (inner * inner) * (1 / (k * (k + 1)))
    far = choice.where(near, 1, angle)
    return choice.where(near, series, periodic.sin(far) / far)


def heaviside(x: Any, h: Any) -> Node:
    x, h = as_nodes((x, h))
    x = in_floats_alone("heaviside", x)
    return choice.where(x == 0, h, choice.where(x == x, choice.where(x > 0, np.ones((), x.dtype), 0), x))


def modf(x: Any) -> tuple[Node, Node]:
    whole = rounding.trunc(in_floats_alone("modf", x))
    return x - whole, whole


def logaddexp2(x: Any, y: Any) -> Node:
    scale, dtype = math.log(2), np.result_type(*(v.dtype for v in as_nodes((x, y))))
    x, y = [cast(in_floats_alone("logaddexp2", v), dtype) for v in as_nodes((x, y))]
    return exponential.logaddexp(x * scale, y * scale) * (1 / scale)


def cov(
    m: Any,
    y: Any = None,
    rowvar: Any = True,
    bias: Any = False,
    ddof: Any = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Node:
    if fweights is not None or aweights is not None:
        raise GraphError("np.cov: weights are not supported on nodes", got="fweights or aweights", fix="repeat columns")
    x = cast(with_axes("np.cov", in_floats_alone("cov", m), 0, 2), np.float64 if dtype is None else dtype)
    x = shape.reshape(x, (1, -1)) if x.ndim < 2 else x
    x = shape.transpose(x) if not rowvar and x.shape[0] != 1 else x
    if y is not None:
        other = cast(y, x.dtype)
        other = shape.reshape(other, (1, -1)) if other.ndim < 2 else other
        x = slicing.concatenate([x, shape.transpose(other) if not rowvar and other.shape[0] != 1 else other])
    count = x.shape[1] - (ddof if ddof is not None else 0 if bias else 1)
    if count <= 0:
        raise GraphError("np.cov: no degrees of freedom are left", got=str(x.shape), fix="more columns, or ddof=0")
    apart = x - mean(x, axis=1, keepdims=True)
    z = product.matmul(apart, shape.transpose(apart)) / count
    return shape.reshape(z, tuple([n for n in z.shape if n != 1]))


def corrcoef(x: Any, y: Any = None, rowvar: Any = True, *, dtype: Any = None) -> Node:
    c = cov(x, y, rowvar, dtype=dtype)
    if not c.ndim:
        return c / c
    spread = exponential.sqrt(c[np.arange(len(c)), np.arange(len(c))])
    return c / spread[:, None] / spread


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Node:
    z = diff(shape.reshape(in_floats_alone("ediff1d", ary), -1))
    ends = [None if end is None else cast(shape.reshape(as_node(end), -1), z.dtype) for end in (to_begin, to_end)]
    parts = [part for part in (ends[0], z, ends[1]) if part is not None]
    return slicing.concatenate(parts) if len(parts) > 1 else z


def resize(a: Any, new_shape: Any) -> Node:
    x = shape.reshape(as_node(a), -1)
    sizes = tuple(new_shape) if np.iterable(new_shape) else (new_shape,)
    return shape.reshape(take(x, np.arange(math.prod(sizes)) % max(x.size, 1), axis=0), sizes)


def nanvar(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False) -> Node:
    x = in_floats_alone("nanvar", a)
    some = shape.stop_gradient(x == x)
    z = var(choice.where(some, x, 0), axis, dtype, ddof=ddof, keepdims=keepdims, where=some)
    return choice.where(reduction.sum(some * 1, axis=axis, keepdims=keepdims) > ddof, z, np.asarray(np.nan, z.dtype))


def nanstd(*args: Any, **settings: Any) -> Node:
    z = nanvar(*args, **settings)
    return choice.where(z == 0, 0, exponential.sqrt(z))


def _without_nan(name: str, op: Any, instead: int) -> Callable[..., Node]:
    whole = accumulating(name, op)

    def function(a: Any, *args: Any, **settings: Any) -> Node:
        x = in_floats_alone(name, a)
        return whole(choice.where(x == x, x, instead), *args, **settings)

    return function


def _cumulative(op: Any, first: int) -> Callable[..., Node]:
    """np.cumulative_sum or np.cumulative_prod."""

    def function(
        x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: Any = False
    ) -> Node:
        x = cast(in_floats_alone(op.name, x), dtype)
        if axis is None and x.ndim > 1:
            raise GraphError("np.cumulative_sum: which axis?", expected="axis=", got=str(x.shape))
        z = cast(op(x, axis=axis or 0), dtype)
        if not include_initial:
            return z
        sizes = tuple([1 if i == (axis or 0) % z.ndim else n for i, n in enumerate(z.shape)])
        return slicing.concatenate([np.full(sizes, first, z.dtype), z], axis=axis or 0)

    return function


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Node, ...]:
    rows = moveaxis(as_node(x), axis, 0)
    return tuple([rows[k] for k in range(len(rows))])


UFUNCS: dict[Any, Callable[..., Any]] = {
    np.cbrt: cbrt,
    np.heaviside: heaviside,
    np.modf: modf,
    np.logaddexp2: logaddexp2,
    np.conjugate: lambda x: as_node(x).astype(np.int8) if x.dtype == bool else copied(as_node(x)),
}

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.interp: interp,
    np.polyval: polyval,
    np.vander: vander,
    np.sinc: sinc,
    np.cov: cov,
    np.corrcoef: corrcoef,
    np.ediff1d: ediff1d,
    np.resize: resize,
    np.nanvar: nanvar,
    np.nanstd: nanstd,
    np.nancumsum: _without_nan("nancumsum", cumsum, 0),
    np.nancumprod: _without_nan("nancumprod", cumprod, 1),
    np.cumulative_sum: _cumulative(cumsum, 0),
    np.cumulative_prod: _cumulative(cumprod, 1),
    np.unstack: unstack,
    np.real: as_node,
    np.diag_indices_from: like(np.diag_indices_from),
    np.tril_indices_from: like(np.tril_indices_from),
    np.triu_indices_from: like(np.triu_indices_from),
}
