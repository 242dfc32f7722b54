"""numpy's functions that move, repeat, choose and surround elements, made of ops: roll, tile, pad, tril, diagonal."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from operator import index as as_int
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from ..core.errors import GraphError, shown
from ..core.node import Node
from . import choice, reduction, shape, slicing
from .broadcasting import broadcast_to
from .differences import take_along_axis
from .inference import hollow
from .lookup import take, within
from .numpy_functions import SEQUENCES, as_node, as_order, copied, joined
from .numpy_functions import broadcast_to as shown_in
from .running import along, backwards
from .statistics import cast


def repeat(a: Any, repeats: Any, axis: Any = None) -> Node:
    x = as_node(a)
    if axis is None or not x.ndim:
        x, axis = shape.reshape(x, -1), axis or 0
    axis = normalize_axis_index(axis, x.ndim)
    places = np.repeat(np.arange(x.shape[axis]), repeats)
    if np.size(repeats) != 1:
        return take(x, places, axis=axis)
    left, right = x.shape[: axis + 1], x.shape[axis + 1 :]
    wide = broadcast_to(shape.reshape(x, (*left, 1, *right)), (*left, int(np.ravel(repeats)[0]), *right))
    return shape.reshape(wide, (*left[:-1], places.size, *right))


def tile(A: Any, reps: Any) -> Node:
    x = as_node(A)
    times = tuple(map(as_int, reps)) if np.iterable(reps) else (as_int(reps),)
    ndim = max(len(times), x.ndim)
    times, sizes = (1,) * (ndim - len(times)) + times, (1,) * (ndim - x.ndim) + x.shape
    apart = shape.reshape(x, tuple(chain(*[(1, n) for n in sizes])))
    wide = broadcast_to(apart, tuple(chain(*zip(times, sizes, strict=True))))
    return shape.reshape(wide, tuple([t * n for t, n in zip(times, sizes, strict=True)]))


def pad(array: Any, pad_width: Any, mode: Any = "constant", **settings: Any) -> Node:
    x = as_node(array)
    if isinstance(pad_width, dict):
        by_axis = {normalize_axis_index(axis, x.ndim): width for axis, width in pad_width.items()}
        pad_width = [np.broadcast_to(by_axis.get(i, 0), 2) for i in range(x.ndim)]
    widths = np.broadcast_to(pad_width, (x.ndim, 2)).tolist()
    known = {"constant": {"constant_values"}, "edge": set(), "wrap": set()}
    known |= {"reflect": {"reflect_type"}, "symmetric": {"reflect_type"}}
    if mode not in known or not settings.keys() <= known[mode] or settings.get("reflect_type", "even") != "even":
        got = f"mode={shown(mode)}" + "".join(f", {k}={shown(v)}" for k, v in settings.items())
        raise GraphError("np.pad: not supported on nodes", expected=", ".join(known), got=got, fix="np.concatenate")
    if mode == "constant":
        return _surrounded(x, widths, settings.get("constant_values", 0))
    for axis, width in enumerate(widths):
        if any(width):
            x = take(x, np.pad(np.arange(x.shape[axis]), width, mode), axis=axis)
    return x


def _surrounded(x: Node, widths: list[list[int]], values: Any) -> Node:
    values = np.broadcast_to(joined(values, SEQUENCES), (x.ndim, 2)).astype(x.dtype)
    for axis, width in enumerate(widths):
        sizes = [(*x.shape[:axis], as_int(n), *x.shape[axis + 1 :]) for n in width]
        first, last = [np.broadcast_to(value, size) for size, value in zip(sizes, values[axis], strict=True)]
        if any(width):
            x = slicing.concatenate([first, x, last], axis=axis)
    return x


def _triangle(upper: bool) -> Callable[..., Node]:
    def triangle(m: Any, k: Any = 0) -> Node:
        x = as_node(m)
        below = np.tri(x.shape[-2] if x.ndim > 1 else x.size, x.shape[-1], k - upper, bool)
        zero = np.zeros(1, x.dtype)
        return choice.where(below, zero, x) if upper else choice.where(below, x, zero)

    return triangle


def diagonal(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Node:
    x = as_node(a)
    axes = normalize_axis_tuple((axis1, axis2), x.ndim)
    x = shape.transpose(x, (*[i for i in range(x.ndim) if i not in axes], *axes))
    *lead, n, m = x.shape
    flat = shape.reshape(x, (*lead, n * m))
    return along(flat, -1, _on_diagonal(n, m, as_int(offset)))


def _on_diagonal(n: int, m: int, offset: int) -> slice:
    """Where a diagonal of an (n, m) matrix lies in its flattened elements."""
    count, start = min(n + min(offset, 0), m - max(offset, 0)), offset if offset >= 0 else -offset * m
    return slice(start, start + (count - 1) * (m + 1) + 1, m + 1) if count > 0 else slice(0, 0)


def trace(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1, dtype: Any = None, out: Any = None) -> Node:
    return cast(reduction.sum(cast(diagonal(a, offset, axis1, axis2), dtype), axis=-1), dtype)


def diag(v: Any, k: Any = 0) -> Node:
    x = as_node(v)
    if x.ndim not in (1, 2):
        raise GraphError("np.diag: one or two axes are needed", got=str(x.shape), fix="np.diagonal, or x.reshape(-1)")
    if x.ndim == 2:
        return diagonal(x, k)
    n = x.size + abs(as_int(k))
    square = slicing.put(x, shape=(n * n,), indexes=((_on_diagonal(n, n, as_int(k)),),))
    return shape.reshape(square, (n, n))


def roll(a: Any, shift: Any, axis: Any = None) -> Node:
    x = as_node(a)
    if axis is None:
        return shape.reshape(roll(shape.reshape(x, -1), shift, 0), x.shape)
    axes = normalize_axis_tuple(axis, x.ndim, allow_duplicate=True)
    if not x.ndim:
        raise GraphError("np.roll: a single number has no axis", got=f"axis={shown(axis)}")
    for by, at in np.broadcast(shift, axes):
        by = as_int(by) % max(x.shape[at], 1)
        if by:
            x = slicing.concatenate([along(x, at, slice(-by, None)), along(x, at, slice(None, -by))], axis=at)
    return x


def flip(m: Any, axis: Any = None) -> Node:
    x = as_node(m)
    for at in normalize_axis_tuple(range(x.ndim) if axis is None else axis, x.ndim):
        x = backwards(x, at)
    return x


def rot90(m: Any, k: Any = 1, axes: Any = (0, 1)) -> Node:
    x = as_node(m)
    if len(axes) != 2:
        raise GraphError("np.rot90: two axes are needed", got=shown(axes))
    first, second = normalize_axis_tuple(axes, x.ndim)
    for _ in range(k % 4):
        x = shape.swapaxes(flip(x, second), first, second)
    return x


def _upright(function: Any) -> Callable[..., Any]:
    """np.atleast_1d and the like: a node, or of several arrays a tuple of nodes."""

    def of_each(*arrays: Any) -> Any:
        nodes = [*map(as_node, arrays)]
        tall = tuple([x if x.ndim >= 3 else shape.reshape(x, function(hollow(x)).shape) for x in nodes])
        return tall[0] if len(tall) == 1 else tall

    return of_each


def broadcast_arrays(*args: Any, subok: Any = False) -> tuple[Node, ...]:
    nodes = [*map(as_node, args)]
    joint = np.broadcast_shapes(*[x.shape for x in nodes])
    return tuple([x if x.shape == joint else shown_in(x, joint) for x in nodes])


def meshgrid(*xi: Any, copy: Any = True, sparse: Any = False, indexing: Any = "xy") -> tuple[Node, ...]:
    if indexing not in ("xy", "ij"):
        raise GraphError("np.meshgrid: unknown indexing", expected="'xy' or 'ij'", got=shown(indexing))
    places = [*range(len(xi))]
    if indexing == "xy":
        places[:2] = places[:2][::-1]
    sizes = [tuple([-1 if i == at else 1 for i in range(len(xi))]) for at in places]
    lines = [shape.reshape(as_node(x), size) for x, size in zip(xi, sizes, strict=True)]
    grids = tuple(lines) if sparse else broadcast_arrays(*lines)
    return tuple(map(copied, grids)) if copy else grids


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Node:
    if len(condlist) != len(choicelist):
        got = f"{len(condlist)} and {len(choicelist)}"
        raise GraphError("np.select: as many choices as conditions are needed", got=got)
    for condition, x in zip(condlist[::-1], choicelist[::-1], strict=True):
        if as_node(condition).dtype.kind != "b":
            raise GraphError("np.select: a condition does not hold booleans", got=str(as_node(condition).dtype))
        default = choice.where(condition, x, default)
    return default


def choose(a: Any, choices: Any, out: Any = None, mode: Any = "raise") -> Node:
    if mode != "raise":
        raise GraphError("np.choose: mode is not supported on nodes", got=shown(mode), fix="np.clip(a, 0, n - 1)")
    chosen, *same = broadcast_arrays(a, *choices)
    at = within(chosen, low=0, high=len(same) - 1, what="np.choose: a choice")
    z = take_along_axis(slicing.stack(same), shape.reshape(at, (1, *at.shape)), 0)
    return shape.reshape(z, at.shape)


def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Node:
    if np.ndim(condition) != 1:
        raise GraphError("np.compress: the condition needs one axis", got=f"{np.ndim(condition)} axes")
    return take(as_node(a), np.flatnonzero(condition), axis=axis)


def clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None) -> Node:
    if (a_min is not None and min is not None) or (a_max is not None and max is not None):
        raise GraphError("np.clip: a limit was passed twice", expected="a_min or min, a_max or max")
    return choice.clip(a, min if a_min is None else a_min, max if a_max is None else a_max)


FULL: dict[Any, Callable[..., Any]] = {np.clip: clip}
"""numpy's functions that are ops, too, with the settings that the ops lack."""

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.repeat: repeat,
    np.tile: tile,
    np.pad: pad,
    np.tril: _triangle(upper=False),
    np.triu: _triangle(upper=True),
    np.diag: diag,
    np.diagflat: lambda v, k=0: diag(shape.reshape(as_node(v), -1), k),
    np.diagonal: diagonal,
    np.trace: trace,
    np.roll: roll,
    np.flip: flip,
    np.fliplr: lambda m: flip(m, 1),
    np.flipud: lambda m: flip(m, 0),
    np.rot90: rot90,
    np.rollaxis: lambda a, axis, start=0: shape.transpose(a, as_order(np.rollaxis, a, axis, start)),
    np.atleast_1d: _upright(np.atleast_1d),
    np.atleast_2d: _upright(np.atleast_2d),
    np.atleast_3d: _upright(np.atleast_3d),
    np.broadcast_arrays: broadcast_arrays,
    np.meshgrid: meshgrid,
    np.select: select,
    np.choose: choose,
    np.compress: compress,
    np.extract: lambda condition, arr: take(as_node(arr), np.flatnonzero(np.asarray(condition))),
}
