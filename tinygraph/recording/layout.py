"""The layout of an array: whether numpy would make a view of it by reshape, or has to copy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .. import ops
from ..core.node import Node
from ..ops.broadcasting import Elementwise

VIEWS = frozenset((ops.getitem, ops.reshape, ops.transpose, ops.swapaxes))
"""Ops whose result is a view in numpy: what is written there is written in the array that it shows."""


def layout(node: Node) -> np.ndarray | None:
    """An array of the node's shape and strides, of which no number may be read; None where the order is not known."""
    record = node._record
    if record is not None and record.layout is not None:
        return record.layout
    if record is not None and record.base is not None and record.stands_for is not None:
        op, settings = record.how
        return viewed(op, settings, record.base)[0]
    if record is not None and record.scattered:
        return None
    return _in_c_order(node.shape) if node._value is None else node._value


def keep_layout(node: Node, new: Node) -> None:
    """Notes the layout of an array that gets the value of ``new``: numpy would write it into the same memory."""
    record, value = node._record, node._value
    if record.layout is None and value is not None:
        other = new._value.strides if new._value is not None else _in_c_order(node.shape).strides
        if value.strides != other:
            record.layout = _with_strides(value.shape, [n // value.itemsize for n in value.strides])
            record.session.odd = True


def in_order(known: np.ndarray | None, shape: tuple[int, ...], order: str) -> np.ndarray | None:
    """The layout of a copy in the order "C", "F" or "K" of an array whose layout is ``known``."""
    if order == "C" or (known is not None and known.flags.c_contiguous and order != "F"):
        return _in_c_order(shape)
    if order == "F":
        return _in_c_order(shape[::-1]).T
    return None if known is None else np.empty_like(known, np.int8, order="K", subok=False)


def _in_c_order(shape: tuple[int, ...]) -> np.ndarray:
    return _with_strides(shape, [math.prod(shape[k + 1 :]) for k in range(len(shape))])


def _with_strides(shape: tuple[int, ...], strides: list[int]) -> np.ndarray:
    return as_strided(np.empty(1, np.int8), shape, strides)


def viewed(op: Any, settings: Any, x: Node) -> tuple[np.ndarray | None, bool]:
    """The layout of a view of ``x``, and whether numpy makes a view at all."""
    before = layout(x)
    if op is ops.reshape:
        return _reshaped(before, x, settings["shape"])
    return (None if before is None else op.forward(before, **settings)), True


def _reshaped(before: np.ndarray | None, x: Node, shape: Any) -> tuple[np.ndarray | None, bool]:
    target = np.broadcast_to(np.empty((), np.int8), x.shape).reshape(shape).shape
    if before is None:  # but axes of size 1 come and go in any view
        same = [n for n in x.shape if n != 1] == [n for n in target if n != 1]
        return (None, True) if same else (_in_c_order(target), False)
    try:
        return before.reshape(target, copy=False), True
    except ValueError:  # it would have to copy
        return _in_c_order(target), False


IN_C_ORDER = frozenset((ops.matmul, ops.sum, ops.mean, ops.stack, ops.concatenate, ops.copy, ops.write, ops.write_at))
"""Ops that, like the element-wise ones, make arrays in C order of such arrays."""
KEEPS_C_ORDER = {
    *(np.var, np.std, np.average, np.ptp, np.nansum, np.nanmean, np.nanmax, np.nanmin, np.linalg.norm),
    *(np.where, np.stack, np.concatenate),
    *(np.tril, np.triu, np.tile, np.roll, np.outer, np.tensordot, np.inner, np.nan_to_num, np.cumsum, np.clip),
}
"""Functions of numpy's that are made of several ops here, whose results are in C order if the arguments are."""
SHOWS = {
    *(np.reshape, np.ravel, np.expand_dims, np.squeeze, np.moveaxis, np.rollaxis, np.matrix_transpose, np.real),
    *(np.atleast_1d, np.atleast_2d, np.atleast_3d, np.flip, np.fliplr, np.flipud, np.rot90, np.diagonal, np.diag),
    *(np.broadcast_to, np.lib.stride_tricks.sliding_window_view, np.linalg.matrix_transpose),
    *(np.diff, np.linalg.matrix_power, np.apply_over_axes),  # none, or one of them
}
"""Such functions whose result may be a view of the argument, or the argument itself; that of others is a new array."""


def is_scattered(node: Node) -> bool:
    """Whether a traced result may lie otherwise than in C order: numpy's indexing and einsum have their own."""
    if node.ndim < 2:
        return False
    usual = isinstance(node._op, Elementwise) or node._op in IN_C_ORDER
    return not usual or any(x.ndim > 1 and not is_in_c_order(x) for x in node._inputs)


def is_in_c_order(x: Node) -> bool:
    known = layout(x)
    return known is not None and known.flags.c_contiguous


def is_odd(x: Node) -> bool:
    """Whether the value of an array that was computed lies otherwise than numpy's array would."""
    record = x._record
    if record is None or x.ndim < 2:
        return False
    known, value = record.layout, x._value
    if known is None:
        return bool(record.scattered)
    own = [n // known.itemsize for n in known.strides]
    return own != [n // value.itemsize for n in value.strides]
