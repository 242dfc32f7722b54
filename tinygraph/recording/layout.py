"""The layout of an array: whether numpy would make a view of it by reshape, or has to copy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .. import ops
from ..core.node import Node

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
    if node._value is not None:
        return node._value
    return None if record is not None and record.scattered else _in_c_order(node.shape)


def keep_layout(node: Node, new: Node) -> None:
    """Notes the layout of an array that gets the value of ``new``: numpy would write it into the same memory."""
    record, value = node._record, node._value
    if record.layout is None and value is not None:
        other = new._value.strides if new._value is not None else _in_c_order(node.shape).strides
        if value.strides != other:
            record.layout = _with_strides(value.shape, [n // value.itemsize for n in value.strides])


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
    if before is None:
        return _in_c_order(target), False
    try:
        return before.reshape(target, copy=False), True
    except ValueError:  # it would have to copy
        return _in_c_order(target), False


def is_scattered(node: Node) -> bool:
    """Whether an op's result may lie otherwise than in C order, because one of its inputs does."""
    return any(x.ndim > 1 and ((known := layout(x)) is None or not known.flags.c_contiguous) for x in node._inputs)
