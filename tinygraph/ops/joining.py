"""numpy's functions that join, take apart and insert, made of ops: hstack, block, append, insert, array_split, ..."""

from __future__ import annotations

from collections.abc import Callable
from operator import index as as_int
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..core.errors import GraphError, MutationError, shown, users_line
from ..core.leaves import as_nodes
from ..core.node import Node
from . import rearranging, rounding, shape, slicing
from .broadcasting import broadcast_to
from .inference import promoted
from .lookup import take
from .numpy_functions import as_node, joined, opened
from .statistics import cast


def _cast(z: Node, parts: list[Node], dtype: Any, casting: Any) -> Node:
    target = z.dtype if dtype is None else dtype
    for x in parts:
        if not np.can_cast(x.dtype, target, casting):
            got, fix = f"{x.dtype} to {shown(target)}, casting={shown(casting)}", "z.astype(dtype)"
            raise GraphError("the parts cannot be cast", got=got, fix=fix)
    return z if dtype is None else cast(z, dtype)


def _nodes(arrays: Any) -> list[Node]:
    if hasattr(arrays, "__next__"):
        problem, fix = "the arrays come from an iterator, which numpy has emptied", "[f(x) for x in xs]  # a list"
        raise GraphError(problem, expected="a list or a tuple of arrays", got=type(arrays).__name__, fix=fix)
    return [x if isinstance(x, Node) else as_node(x) for x in arrays]


def concatenate(
    arrays: Any, /, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> Node:
    if out is not None:  # an older numpy does not tell that it is the third argument
        problem, fix = "np.concatenate would change an array in place (out=)", "omit out= and use the result"
        raise MutationError(problem, got=users_line(), fix=fix)
    parts = _nodes(arrays)
    if axis is None:
        parts, axis = [shape.reshape(x, -1) for x in parts], 0
    return _cast(slicing.concatenate(parts, axis=axis), parts, dtype, casting)


def stack(arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind") -> Node:
    parts = _nodes(arrays)
    return _cast(slicing.stack(parts, axis=axis), parts, dtype, casting)


def taken(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: Any = "raise") -> Node:
    if mode not in ("raise", "wrap", "clip"):
        raise GraphError("no such mode", expected="'raise', 'wrap' or 'clip'", got=shown(mode))
    x = as_node(a)
    if mode == "raise":
        return take(x, indices, axis=axis)
    size = x.size if axis is None else x.shape[normalize_axis_index(axis, x.ndim)]
    places: Any = joined(indices, (list, tuple))
    places = places if isinstance(places, Node) else np.asarray(places)
    return take(x, np.clip(places, 0, size - 1) if mode == "clip" else np.mod(places, size), axis=axis)


def _upright(arrays: Any, function: Any) -> list[Node]:
    return [rearranging.FUNCTIONS[function](x) for x in arrays]


def hstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Node:
    parts = _upright(tup, np.atleast_1d)
    return concatenate(parts, 0 if parts[0].ndim == 1 else 1, dtype=dtype, casting=casting)


def vstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Node:
    return concatenate(_upright(tup, np.atleast_2d), dtype=dtype, casting=casting)


def column_stack(tup: Any) -> Node:
    parts = [x if x.ndim > 1 else shape.reshape(x, (-1, 1)) for x in map(as_node, tup)]
    return concatenate(parts, 1)


def block(arrays: Any) -> Node:
    depth = _depth(arrays)
    return _blocked(arrays, depth, max(depth, _most_axes(arrays)))


def _depth(arrays: Any) -> int:
    """How deep the lists are; numpy wants all equally deep."""
    if not isinstance(arrays, list):
        return 0
    depths = {_depth(x) for x in arrays}
    if len(depths) != 1:
        raise GraphError("np.block: lists are empty, or not equally deep", got=shown(arrays))
    return 1 + depths.pop()


def _most_axes(arrays: Any) -> int:
    return max(map(_most_axes, arrays)) if isinstance(arrays, list) else as_node(arrays).ndim


def _blocked(arrays: Any, depth: int, ndim: int) -> Node:
    if not depth:
        x = as_node(arrays)
        return shape.reshape(x, (1,) * (ndim - x.ndim) + x.shape)
    return concatenate([_blocked(x, depth - 1, ndim) for x in arrays], -depth)


def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Node:
    x, at = opened(arr, axis)
    new, size = cast(values, x.dtype), x.shape[at]
    count = np.insert(np.arange(size), obj, 0).size - size  # numpy refuses a wrong index
    if count == 1:
        new = shape.reshape(new, (1,) * (x.ndim - new.ndim) + new.shape)
        if np.ndim(obj) == 0 and not isinstance(obj, slice):
            new = shape.transpose(new, _first_to(new.ndim, at))
        count = new.shape[at]
        obj = np.full(count, np.arange(size)[obj] if isinstance(obj, slice) else np.ravel(obj)[0])
    places = np.insert(np.arange(size), obj, size + np.arange(count))
    new = broadcast_to(new, (*x.shape[:at], count, *x.shape[at + 1 :]))
    return take(slicing.concatenate([x, new], axis=at), places, axis=at)


def _first_to(ndim: int, axis: int) -> tuple[int, ...]:
    """The order of axes that brings the first one to ``axis``."""
    rest = [*range(1, ndim)]
    return (*rest[:axis], 0, *rest[axis:])


def delete(arr: Any, obj: Any, axis: Any = None) -> Node:
    x, at = opened(arr, axis)
    return take(x, np.delete(np.arange(x.shape[at]), obj), axis=at)


def array_split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> list[Node]:
    x = as_node(ary)
    if np.iterable(indices_or_sections):
        return slicing.split(x, indices_or_sections, axis)
    axis = normalize_axis_index(axis, x.ndim)
    sizes = [part.size for part in np.array_split(np.arange(x.shape[axis]), as_int(indices_or_sections))]
    return slicing.split(x, np.cumsum(sizes[:-1]).tolist(), axis)


def _splitting(name: str, axis: int, least: int) -> Callable[..., list[Node]]:
    def function(ary: Any, indices_or_sections: Any) -> list[Node]:
        x = as_node(ary)
        if x.ndim < least:
            raise GraphError(f"np.{name}: too few axes", expected=f"{least} or more", got=str(x.shape))
        return slicing.split(x, indices_or_sections, min(axis, x.ndim - 1))

    return function


def linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: Any = True,
    retstep: Any = False,
    dtype: Any = None,
    axis: Any = 0,
    *,
    device: Any = None,
) -> Any:
    num, (start, stop) = as_int(num), as_nodes((joined(start), joined(stop)))
    both = promoted(start.dtype, stop.dtype)
    start, stop = [cast(x, both if both.kind == "f" else np.float64) for x in (start, stop)]
    if num < 0:
        raise GraphError("np.linspace: num is negative", expected="0 or more", got=str(num))
    steps, apart = num - bool(endpoint), stop - start
    parts = np.arange(num, dtype=apart.dtype).reshape((-1,) + (1,) * apart.ndim)
    y = start + parts / max(steps, 1) * apart
    if endpoint and num > 1:
        y = slicing.concatenate([y[:-1], broadcast_to(stop, apart.shape)[None]])  # not a rounded stop
    if dtype is not None:
        y = cast(rounding.floor(y) if np.dtype(dtype).kind in "iu" else y, dtype)
    at = normalize_axis_index(axis, y.ndim)
    y = shape.transpose(y, _first_to(y.ndim, at)) if at else y
    return (y, apart / steps if steps > 0 else np.nan) if retstep else y


FULL: dict[Any, Callable[..., Any]] = {np.concatenate: concatenate, np.stack: stack, np.take: taken}
"""numpy's functions that are ops, too, with the settings that the ops lack."""

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.hstack: hstack,
    np.vstack: vstack,
    np.dstack: lambda tup: concatenate(_upright(tup, np.atleast_3d), 2),
    np.column_stack: column_stack,
    np.block: block,
    np.append: lambda arr, values, axis=None: concatenate((arr, values), axis),
    np.insert: insert,
    np.delete: delete,
    np.split: lambda ary, indices_or_sections, axis=0: slicing.split(ary, indices_or_sections, axis),
    np.array_split: array_split,
    np.hsplit: _splitting("hsplit", 1, 1),
    np.vsplit: _splitting("vsplit", 0, 2),
    np.dsplit: _splitting("dsplit", 2, 3),
    np.linspace: linspace,
}
