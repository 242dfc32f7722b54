"""Ops in ONNX that write to places of an array: the gradients of slices and lookups, and `write`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ...core.node import Node
from ..traced.free import Free
from ..traced.sizes import Size
from .shapes import OpRow, joined, picked, reshaped, sliced, taken, unsqueezed, whole_index
from .wires import Wire
from .writer import Writer


def positions(w: Writer, sizes: Sequence[int | Size]) -> Wire:
    """The numbers 0, 1, ... of all places of an array of this shape."""
    with w.in_main(), w.at("sizes"):
        count = w.write("Squeeze", _count(w, sizes))
        line = Wire(w, w.write("Range", w.constant(0, np.int64), count, w.constant(1, np.int64)), np.dtype(np.int64))
        return reshaped(w, line, sizes)


def _count(w: Writer, sizes: Sequence[int | Size]) -> str:
    """The product of sizes, an array of one integer."""
    name: str = w.write("ReduceProd", w.shape(sizes), keepdims=1)
    return name


def scattered(
    w: Writer, into: Wire | None, sizes: Sequence[int | Size], parts: list[tuple[Wire, Wire]], add: bool = True
) -> Wire:
    """Pieces added at, or written to, places of an array: pairs of places, from `positions`, and pieces.

    Args:
        into: the array (``sizes``) before; None for zeros.
    """
    dtype = parts[0][1].dtype
    if into is None:
        flat = Wire(w, w.write("Expand", w.constant(0, dtype), _count(w, sizes)), dtype)
    else:
        flat = reshaped(w, into, [-1])
    for places, piece in parts:
        rows = unsqueezed(w, reshaped(w, places, [-1]), [1])
        flat = flat.of("ScatterND", rows, reshaped(w, piece, [-1]), reduction="add" if add else "none")
    return reshaped(w, flat, sizes)


def _put(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    sizes, indexes = free.shape(node), free.setting(node, "indexes")
    pieces = [x.to(node.dtype) for x in inputs]
    axis = tiled(indexes, sizes)
    if axis is not None:
        return joined(w, pieces, axis)
    places = [sliced(w, positions(w, sizes), whole_index(i, node.ndim)) for i in indexes]
    return scattered(w, None, sizes, [*zip(places, pieces, strict=True)])


def tiled(indexes: Any, sizes: tuple[int | Size, ...]) -> int | None:
    """The axis along which the indexes split an array into adjacent parts; None if they do not."""
    whole = [whole_index(i, len(sizes)) for i in indexes]
    if any(len(i) != len(sizes) or not all(isinstance(s, slice) and s.step in (None, 1) for s in i) for i in whole):
        return None
    cut = {axis for i in whole for axis, s in enumerate(i) if s != slice(None) and s != slice(0, sizes[axis])}
    if len(cut) != 1:
        return None
    (axis,) = cut
    ends = [(i[axis].start or 0, i[axis].stop) for i in whole]
    follows = all(a[1] == b[0] for a, b in pairwise(ends))
    return axis if ends[0][0] == 0 and ends[-1][1] == sizes[axis] and follows else None


def _write(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    sizes, indexes = free.shape(node), free.setting(node, "indexes")
    into, *pieces = [x.to(node.dtype) for x in inputs]
    if not pieces:
        return into
    places = [sliced(w, positions(w, sizes), whole_index(i, node.ndim)) for i in indexes]
    return scattered(w, into, sizes, [*zip(places, pieces, strict=True)], add=False)


def _scatter(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    sizes, arrays = free.shape(node), node._inputs[1:]
    ranks = [a.ndim for a in arrays]
    places = picked(w, positions(w, sizes), node.ndim, inputs[1:], ranks, free.setting(node, "index"))
    return scattered(w, None, sizes, [(places, inputs[0])])


def _add_at(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    sizes, axis = free.shape(node), node._attributes.get("axis")
    places = taken(w, positions(w, sizes), inputs[1], None if axis is None or not sizes else axis % len(sizes))
    return scattered(w, None, sizes, [(places, inputs[0])])


ROWS: dict[str, OpRow] = {"add_at": _add_at, "put": _put, "scatter": _scatter, "write": _write}
