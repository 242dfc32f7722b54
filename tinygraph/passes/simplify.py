"""Rewrite rules that simplify a node: identities are removed, equivalent ops get one canonical form."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from .. import ops
from ..core.leaves import Constant
from ..core.node import Node
from ..ops.broadcasting import Elementwise
from ..ops.inference import at_least_float32
from ..ops.slicing import _tiled_axis


def simplify(node: Node) -> Node | None:
    """A simpler node of the same value, or None."""
    rule = RULES.get(node._op)
    if rule is not None:
        return rule(node)
    return _without_broadcasts(node) if isinstance(node._op, Elementwise) else None


def _without_broadcasts(node: Node) -> Node | None:
    """Removes `broadcast_to` from the inputs of an element-wise op, which broadcasts by itself."""
    for x in node._inputs:  # most nodes have none
        if x._op is ops.broadcast_to:
            break
    else:
        return None
    first = node._op.leads and node._inputs[0]  # type: ignore[union-attr]
    inputs = tuple(x._inputs[0] if x._op is ops.broadcast_to and x is not first else x for x in node._inputs)
    if all(a is b for a, b in zip(inputs, node._inputs, strict=True)):
        return None
    if np.broadcast_shapes(*(x.shape for x in inputs)) != node.shape:
        return None
    return node._op(*inputs, **node._attributes)  # type: ignore[misc]


def _scalar(x: Node) -> Any:
    """The value of a constant with a single distinct element, broadcast or not; None for any other node."""
    while x._op is ops.broadcast_to or x._op is ops.reshape:
        x = x._inputs[0]
    return x._value.reshape(-1)[0] if type(x) is Constant and x._value.size == 1 else None


def _add(node: Node) -> Node | None:
    x, y = node._inputs
    if _is(y, 0, node, x):
        return x
    if _is(x, 0, node, y):
        return y
    if y._op is ops.negative:
        return ops.subtract(x, y._inputs[0])
    return ops.subtract(y, x._inputs[0]) if x._op is ops.negative else _without_broadcasts(node)


def _multiply(node: Node) -> Node | None:
    x, y = node._inputs
    if _is(y, 1, node, x):
        return x
    return y if _is(x, 1, node, y) else _without_broadcasts(node)


def _is(x: Node, number: int, node: Node, other: Node) -> bool:
    return _scalar(x) == number and other.shape == node.shape and other.dtype == node.dtype


def _where(node: Node) -> Node | None:
    _, x, y = node._inputs
    return x if x is y and x.shape == node.shape else _without_broadcasts(node)


def _same(node: Node) -> Node:
    return node._inputs[0]


def _reshape(node: Node) -> Node | None:
    x = node._inputs[0]
    if x.shape == node.shape:
        return x
    if x._op is ops.reshape:
        return ops.reshape(x._inputs[0], node.shape)
    shape = node._attributes.get("shape", -1)
    return None if type(shape) is tuple and shape == node.shape else ops.reshape(x, node.shape)


def _transpose(node: Node) -> Node | None:
    x, axes = node._inputs[0], _axes(node)
    if axes == tuple(range(x.ndim)):
        return x
    if x._op is ops.transpose:
        inner = _axes(x)
        return ops.transpose(x._inputs[0], tuple(inner[a] for a in axes))
    if x._op is ops.matmul and all(i.ndim == 2 for i in x._inputs):
        a, b = x._inputs
        return ops.matmul(ops.transpose(b, (1, 0)), ops.transpose(a, (1, 0)))
    return None if node._attributes.get("axes") == axes else ops.transpose(x, axes)


def _axes(node: Node) -> tuple[int, ...]:
    ndim = node.ndim
    axes = node._attributes.get("axes")
    return tuple(range(ndim))[::-1] if axes is None else tuple(a % ndim for a in axes)


def _swapaxes(node: Node) -> Node:
    axes = list(range(node.ndim))
    i, j = node._attributes.get("axis1", 0), node._attributes.get("axis2", 1)
    axes[i], axes[j] = axes[j], axes[i]
    return ops.transpose(node._inputs[0], tuple(axes))


def _same_spec(node: Node) -> Node | None:
    x = node._inputs[0]
    return x if x.shape == node.shape and x.dtype == node.dtype else None


def _negative(node: Node) -> Node | None:
    x = node._inputs[0]
    return x._inputs[0] if x._op is ops.negative else None


def _mean(node: Node) -> Node:
    x = node._inputs[0]
    # As in numpy, where integers are summed as float64 and float16 as float32.
    wide = at_least_float32(node.dtype)
    total = ops.sum(x if x.dtype == wide else ops.astype(x, wide), **node._attributes)
    z = ops.divide(total, np.asarray(x.size // max(node.size, 1), wide))
    return z if wide == node.dtype else ops.astype(z, node.dtype)


def _sum_to(node: Node) -> Node:
    x, shape = node._inputs[0], node.shape
    lead = x.ndim - len(shape)
    axes = (*range(lead), *(i + lead for i, n in enumerate(shape) if n == 1 and x.shape[i + lead] != 1))
    return ops.reshape(ops.sum(x, axis=axes), shape)


def _sum(node: Node) -> Node | None:
    """Canonical form: axes as a sorted tuple, without ``keepdims``; nested sums are merged."""
    x, axis = node._inputs[0], node._attributes.get("axis")
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(sorted(a % x.ndim for a in axes)) if x.ndim else ()  # numpy accepts axis 0 for a scalar
    if node._attributes.get("keepdims"):
        return ops.reshape(ops.sum(x, axis=axes), node.shape)
    if x._op is ops.sum and isinstance(x._attributes.get("axis"), tuple) and not x._attributes.get("keepdims"):
        left = [i for i in range(x._inputs[0].ndim) if i not in x._attributes["axis"]]
        return ops.sum(x._inputs[0], axis=tuple(sorted((*x._attributes["axis"], *(left[a] for a in axes)))))
    if not axes:
        return x if x.dtype == node.dtype else ops.astype(x, node.dtype)
    return None if axis == axes else ops.sum(x, axis=axes)


def _getitem(node: Node) -> Node | None:
    x, index = node._inputs[0], node._attributes["index"]
    if x.shape == node.shape and all(type(i) is slice and i.step in (None, 1) for i in index):
        return x
    if x._op is ops.concatenate:
        axis = x._attributes.get("axis", 0) % x.ndim
        ends = np.cumsum([0, *(part.shape[axis] for part in x._inputs)]).tolist()
        if len(index) == axis + 1 and type(index[axis]) is slice and all(i == slice(None) for i in index[:axis]):
            cut = index[axis].indices(x.shape[axis])
            for part, (a, b) in zip(x._inputs, pairwise(ends), strict=True):
                if cut == (a, b, 1):
                    return part
    return None


def _put(node: Node) -> Node | None:
    axis = _tiled_axis(node._attributes["indexes"], node.shape)
    return None if axis is None else ops.concatenate(list(node._inputs), axis=axis)


def _concatenate(node: Node) -> Node | None:
    return node._inputs[0] if len(node._inputs) == 1 else None


def _stack(node: Node) -> Node:
    axis = node._attributes.get("axis", 0) % node.ndim
    return ops.concatenate([ops.reshape(x, (*x.shape[:axis], 1, *x.shape[axis:])) for x in node._inputs], axis=axis)


def _matmul(node: Node) -> Node | None:
    """Canonical form: products of matrices; a vector becomes a row, leading axes of the left operand become rows."""
    w, x = node._inputs
    if w.ndim == x.ndim == 2 or not (w.size and x.size):
        return None
    if w.ndim == 1 and x.ndim == 1:
        return ops.sum(ops.multiply(w, x)) if node.dtype.kind == "f" else None  # of booleans it is no sum
    if x.ndim == 2:
        rows = ops.reshape(w, (math.prod(w.shape[:-1]), w.shape[-1]))
        return ops.reshape(ops.matmul(rows, x), node.shape)
    if x.ndim == 1:
        rows = ops.reshape(w, (math.prod(w.shape[:-1]), w.shape[-1]))
        product = ops.matmul(ops.reshape(x, (1, x.size)), ops.transpose(rows, (1, 0)))
        return ops.reshape(product, node.shape)
    return None


RULES: dict[Any, Callable[[Node], Node | None]] = {
    ops.add: _add, ops.multiply: _multiply, ops.where: _where, ops.stop_gradient: _same, ops.copy: _same,
    ops.reshape: _reshape,
    ops.transpose: _transpose, ops.swapaxes: _swapaxes, ops.broadcast_to: _same_spec, ops.astype: _same_spec,
    ops.negative: _negative, ops.mean: _mean, ops.sum_to: _sum_to, ops.sum: _sum, ops.getitem: _getitem,
    ops.put: _put, ops.concatenate: _concatenate, ops.stack: _stack, ops.matmul: _matmul,
}  # fmt: skip
