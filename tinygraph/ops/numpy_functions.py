"""numpy functions that are no ops of their own: np.dot, np.expand_dims, np.reciprocal and the like, made of ops."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..core.errors import GraphError, MutationError, shown
from ..core.leaves import node_of
from ..core.node import Node
from ..core.op import Spec
from ..core.scope import now
from . import arithmetic, broadcasting, choice, exponential, rounding, shape, slicing
from .inference import MOST_AXES, floating, hollow


def as_node(x: Any) -> Node:
    """``x`` as a node by itself: other than beside a node in an op, a Python number is a float64 or an int64."""
    return x if isinstance(x, Node) else node_of(joined(x))


def opened(a: Any, axis: Any) -> tuple[Node, int]:
    """``a`` and its axis, counted from 0; for None the flattened ``a``, as numpy does."""
    x = as_node(a)
    return (shape.reshape(x, -1), 0) if axis is None else (x, normalize_axis_index(axis, x.ndim))


SEQUENCES = (list, tuple)
"""What `joined` joins where a tuple cannot be several inputs."""


def joined(x: Any, kinds: Any = (list,), depth: int = MOST_AXES) -> Any:
    """An array of nodes of one element, or a list with nodes, as one node; with ``kinds`` tuples, too."""
    if isinstance(x, Node):
        return x
    if isinstance(x, np.ndarray) and x.dtype.hasobject:
        return shape.reshape(slicing.stack(list(x.flat)), x.shape)
    # A tuple may be several inputs. A list may hold itself, so the depth is bounded.
    if isinstance(x, kinds) and depth and any(isinstance(part, (Node, *kinds)) for part in x):
        parts = [joined(part, kinds, depth - 1) for part in x]
        return slicing.stack(parts) if any(isinstance(part, Node) for part in parts) else x
    return x


def cast_for(ufunc: Any, inputs: tuple[Any, ...], dtype: Any = None) -> list[Node]:
    """The inputs in the dtypes in which ``ufunc`` computes, or does when its result shall be of ``dtype``."""
    kinds = [type(x) if type(x) in (int, float) else as_node(x).dtype for x in inputs]
    asked = {} if dtype is None else {"signature": (*[None] * len(kinds), np.dtype(dtype)), "casting": "same_kind"}
    nodes = [*map(as_node, inputs)]
    dtypes = ufunc.resolve_dtypes((*kinds, None), **asked)
    return [x if x.dtype == d else shape.astype(x, d) for x, d in zip(nodes, dtypes, strict=False)]


def _shape_of(function: Callable[..., Any], x: Any, *args: Any) -> tuple[int, ...]:
    """The shape of ``function(x, *args)``, a numpy view; numpy's error becomes a `GraphError`."""
    try:
        return function(hollow(x), *args).shape
    except (ValueError, IndexError, TypeError) as error:
        got = f"{x.shape}, {', '.join(map(shown, args))}"
        raise GraphError(f"np.{function.__name__}: {error}", got=got) from None


def expand_dims(a: Any, axis: Any) -> Node:
    return shape.reshape(a, _shape_of(np.expand_dims, a, axis))


def squeeze(a: Any, axis: Any = None) -> Node:
    return shape.reshape(a, _shape_of(np.squeeze, a, axis))


def moveaxis(a: Any, source: Any, destination: Any) -> Node:
    return shape.transpose(a, as_order(np.moveaxis, a, source, destination))


def as_order(function: Callable[..., Any], a: Any, *args: Any) -> list[int]:
    """The order of axes to which ``function(a, *args)`` brings those of ``a``."""
    numbered = Spec(tuple(range(1, a.ndim + 1)), a.dtype)
    return [n - 1 for n in _shape_of(function, numbered, *args)]


def reshape(a: Any, /, shape: Any, order: Any = "C", *, copy: Any = None) -> Node:
    if copy is False:
        raise GraphError("np.reshape: a node is never a view that one can rely on", got="copy=False", fix="omit copy=")
    z = _in_order(a, shape, order)
    return copied(z) if copy else z


def _in_order(a: Node, sizes: Any, order: Any) -> Node:
    """numpy's reshape: with order "F" the first index changes fastest, in ``a`` as in the result."""
    letter = "C" if order is None else order.upper() if isinstance(order, str) else ""
    if letter == "C":
        return shape.reshape(a, sizes)
    if letter != "F":
        got, fix = f"order={shown(order)}", "order='C' or 'F'; or the shape, x.reshape(len(x), -1)"
        raise GraphError("reshape: a node has no order in memory that one can rely on", got=got, fix=fix)
    turned = tuple(sizes)[::-1] if np.iterable(sizes) else (sizes,)
    return shape.transpose(shape.reshape(shape.transpose(a), turned))


def positive(x: Node) -> Node:
    if x.dtype.kind == "b":
        fix = "x.astype(int), or tg.where"
        raise GraphError("np.positive: booleans have no sign", expected="numbers", got=str(x.dtype), fix=fix)
    return copied(x)


def reciprocal(x: Node) -> Node:
    if x.dtype.kind != "f":
        problem, fix = "np.reciprocal: of integers numpy gives 0, -1 or 1", "1 / x, or x.astype(float)"
        raise GraphError(problem, expected="floating-point numbers", got=str(x.dtype), fix=fix)
    return 1 / x


def copied(a: Node, order: Any = "K") -> Node:
    """The node itself, which nobody can change; where arrays may be written, another one of the same value."""
    copy: Node = a if now.recorder is None else now.recorder.copied(a, order)
    return copy


def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Node:
    view: Node = broadcasting.broadcast_to(array, shape)
    return view if now.recorder is None or not isinstance(array, Node) else now.recorder.shown(view, array)


def divmod(x: Any, y: Any) -> tuple[Node, Node]:
    return rounding.floor_divide(x, y), rounding.remainder(x, y)


def times(factor: float) -> Callable[[Node], Node]:
    """The function ``x * factor``, with integers as the floats that numpy makes of them."""
    return lambda x: floating(x) * factor


def nan_to_num(x: Any, copy: Any = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Node:
    if not copy:
        problem, fix = "np.nan_to_num would change a node in place", "omit copy=, and use the result"
        raise MutationError(problem, got=f"copy={shown(copy)}", fix=fix)
    if x.dtype.kind != "f":
        return as_node(x)
    ends, inf = np.finfo(x.dtype), np.asarray(np.inf, x.dtype)
    x = choice.where(choice.equal(x, inf), ends.max if posinf is None else posinf, x)
    x = choice.where(choice.equal(x, -inf), ends.min if neginf is None else neginf, x)
    return choice.where(choice.not_equal(x, x), nan, x)


def like(function: Any) -> Callable[..., np.ndarray]:
    return lambda a, *args, **settings: function(np.broadcast_to(np.empty((), a.dtype), a.shape), *args, **settings)


UFUNCS: dict[Any, Callable[..., Any]] = {
    np.float_power: lambda *xs: arithmetic.power(*[shape.astype(as_node(x), np.float64) for x in xs]),
    np.positive: positive,
    np.reciprocal: reciprocal,
    np.log2: lambda x: exponential.log(x) * (1 / math.log(2)),
    np.log10: lambda x: exponential.log(x) * (1 / math.log(10)),
    np.fabs: lambda x: choice.abs(x if x.dtype.kind == "f" else shape.astype(x, np.fabs(np.ones(1, x.dtype)).dtype)),
    np.divmod: divmod,
    **dict.fromkeys([np.deg2rad, np.radians], times(math.pi / 180)),
    **dict.fromkeys([np.rad2deg, np.degrees], times(180 / math.pi)),
}
"""Ufuncs that no op is named after."""

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.reshape: reshape,
    np.ravel: lambda a, order="C": _in_order(a, -1, order),
    np.expand_dims: expand_dims,
    np.squeeze: squeeze,
    np.moveaxis: moveaxis,
    np.around: lambda a, decimals=0: rounding.round(a, decimals=decimals),
    np.fix: lambda x: rounding.trunc(x),
    np.nan_to_num: nan_to_num,
    np.copy: lambda a, order="K", subok=False: copied(a, order),
    np.broadcast_to: broadcast_to,
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: np.size(np.broadcast_to(0, a.shape), axis),
    np.zeros_like: like(np.zeros_like),
    np.ones_like: like(np.ones_like),
    np.full_like: like(np.full_like),
    np.empty_like: like(np.empty_like),
}
"""Functions that no op is named after."""
