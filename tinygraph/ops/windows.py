"""numpy's functions of pieces of an array: np.apply_along_axis, sliding_window_view, correlate, piecewise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple
from numpy.lib.stride_tricks import sliding_window_view as _view

from ..core.errors import GraphError, shown
from ..core.node import Node
from ..core.scope import now
from . import shape, slicing
from .differences import convolve
from .inference import hollow
from .lookup import ARRAY, scatter, take
from .numpy_functions import SEQUENCES, as_node, expand_dims, joined, moveaxis
from .questions import nonzero
from .running import backwards
from .statistics import in_floats_alone


def apply_along_axis(func1d: Any, axis: Any, arr: Any, *args: Any, **settings: Any) -> Node:
    x = as_node(arr)
    axis = normalize_axis_index(axis, x.ndim)
    rows = moveaxis(x, axis, -1)
    lines = shape.reshape(rows, (-1, x.shape[axis]))
    results = [as_node(joined(func1d(line, *args, **settings), SEQUENCES)) for line in lines]
    if not results:
        raise GraphError("np.apply_along_axis: there is nothing to apply it to", got=str(x.shape))
    part = results[0].ndim
    z = shape.reshape(slicing.stack(results), (*rows.shape[:-1], *results[0].shape))
    lead = x.ndim - 1
    order = [*range(axis), *range(lead, lead + part), *range(axis, lead)]
    return shape.transpose(z, tuple(order))


def apply_over_axes(func: Any, a: Any, axes: Any) -> Node:
    x = as_node(a)
    for axis in axes if np.iterable(axes) else (axes,):
        z = as_node(func(x, axis))
        x = z if z.ndim == x.ndim else expand_dims(z, axis)
    return x


def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: Any = False, writeable: Any = False
) -> Node:
    x = as_node(x)
    if writeable:
        problem = "windows of a node cannot be written"
        raise GraphError(problem, got="writeable=True", fix="write into the array itself")
    view = _windows(x, window_shape, axis)
    settings = {"window_shape": window_shape, "axis": axis}
    return view if now.recorder is None else now.recorder.shown(view, x, _windows, settings)


def _windows(x: Node, window_shape: Any, axis: Any) -> Node:
    try:
        _view(hollow(x), window_shape, axis)
    except ValueError as error:
        got = f"{x.shape}, window_shape={shown(window_shape)}, axis={shown(axis)}"
        raise GraphError(str(error), got=got) from None
    sizes = tuple(window_shape) if np.iterable(window_shape) else (window_shape,)
    axes = normalize_axis_tuple(range(x.ndim) if axis is None else axis, x.ndim, allow_duplicate=True)
    for at, size in zip(axes, sizes, strict=True):
        places = np.arange(x.shape[at] - size + 1)[:, None] + np.arange(size)
        x = moveaxis(take(x, places, axis=at), at + 1, -1)
    return x


def correlate(a: Any, v: Any, mode: Any = "valid") -> Node:
    a, v = as_node(a), as_node(v)
    if a.size >= v.size:
        return convolve(a, backwards(v, 0), mode)
    return backwards(convolve(v, backwards(a, 0), mode), 0)


def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **settings: Any) -> Node:
    """np.piecewise: each function gets the elements of its own condition alone."""
    x = in_floats_alone("piecewise", x)
    if not x.ndim:  # np.nonzero wants an axis
        told = [np.reshape(condition, (1,)) for condition in condlist]
        return shape.reshape(piecewise(shape.reshape(x, (1,)), told, funclist, *args, **settings), ())
    conditions = [condlist] if np.ndim(condlist[0]) == 0 else [*condlist]
    masks = [np.asarray(nonzero_mask(c)) for c in conditions]
    if len(funclist) == len(masks) + 1:
        masks.append(~np.logical_or.reduce(masks))
    total, later = np.zeros(x.shape, x.dtype), np.zeros(x.shape, bool)
    z: Any = total
    for mask, function in zip(masks[::-1], [*funclist][::-1], strict=True):
        places = np.nonzero(mask & ~later)
        later |= mask
        part = function(x[places], *args, **settings) if callable(function) else np.full(places[0].size, function)
        index = (ARRAY,) * x.ndim
        z = z + scatter(shape.astype(as_node(part), x.dtype), *places, shape=x.shape, index=index)
    return z


def nonzero_mask(condition: Any) -> np.ndarray:
    """A condition as an array of booleans, whose values are read."""
    mask = np.zeros(np.shape(condition), bool)
    mask[nonzero(condition)] = True
    return mask


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.apply_along_axis: apply_along_axis,
    np.apply_over_axes: apply_over_axes,
    np.lib.stride_tricks.sliding_window_view: sliding_window_view,
    np.correlate: correlate,
    np.piecewise: piecewise,
}
