"""Ops in ONNX that rearrange: reshape, transpose, slices, joins, and what gathers and scatters by positions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.node import Node
from ...ops.lookup import ARRAY
from ..traced.free import Free
from ..traced.sizes import Filled, Size
from .wires import Wire
from .writer import Writer

OpRow = Callable[[Writer, Free, Node, list[Wire]], Wire]
"""Writes the nodes of an op; returns its value."""

LAST, FIRST = np.iinfo(np.int64).max, np.iinfo(np.int64).min
"""Beyond the ends of every axis."""


def reshaped(w: Writer, x: Wire, sizes: Sequence[int | Size]) -> Wire:
    """x in another shape; one free size is left to the product of the others."""
    free = [k for k, n in enumerate(sizes) if isinstance(n, Size)]
    if len(free) == 1 and all(n for n in sizes if not isinstance(n, Size)):
        sizes = [-1 if k in free else n for k, n in enumerate(sizes)]
    return x.of("Reshape", Wire(w, w.shape(sizes), np.dtype(np.int64)))


def _reshape(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    return reshaped(w, inputs[0], free.shape(node))


def _same(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    return inputs[0]


def _transpose(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    axes = node._attributes.get("axes")
    count = node.ndim
    if not count:
        return inputs[0]
    return inputs[0].of("Transpose", perm=[a % count for a in (axes or range(count)[::-1])])


def _swapaxes(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    perm = [*range(node.ndim)]
    a, b = (node._attributes.get(name, default) for name, default in (("axis1", 0), ("axis2", 1)))
    perm[a], perm[b] = perm[b], perm[a]
    return inputs[0].of("Transpose", perm=perm)


def _broadcast_to(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    return inputs[0].of("Expand", Wire(w, w.shape(free.shape(node)), np.dtype(np.int64)))


def _astype(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    return inputs[0].to(node.dtype)


def _concatenate(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    return joined(w, [x.to(node.dtype) for x in inputs], node._attributes.get("axis", 0) % node.ndim)


def joined(w: Writer, parts: list[Wire], axis: int) -> Wire:
    return Wire(w, w.write("Concat", *parts, axis=axis), parts[0].dtype)


def _stack(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    axis = node._attributes.get("axis", 0) % node.ndim
    return joined(w, [unsqueezed(w, x.to(node.dtype), [axis]) for x in inputs], axis)


def unsqueezed(w: Writer, x: Wire, axes: Sequence[int]) -> Wire:
    return x.of("Unsqueeze", Wire(w, w.constant(axes, np.int64), np.dtype(np.int64))) if axes else x


def squeezed(w: Writer, x: Wire, axes: Sequence[int]) -> Wire:
    return x.of("Squeeze", Wire(w, w.constant(axes, np.int64), np.dtype(np.int64))) if axes else x


def _getitem(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    return sliced(w, inputs[0], whole_index(free.setting(node, "index"), node._inputs[0].ndim))


def whole_index(index: Any, ndim: int) -> tuple[Any, ...]:
    """The index as a tuple without ``...``, an entry for each axis besides its None."""
    index = index if isinstance(index, tuple) else (index,)
    count = sum(i is not None and i is not ... for i in index)
    place = next((k for k, i in enumerate(index) if i is ...), len(index))
    return (*index[:place], *[slice(None)] * (ndim - count), *index[place + 1 :])


def sliced(w: Writer, x: Wire, index: tuple[Any, ...]) -> Wire:
    """x[index] for an index of ints, slices and None, of which numbers may be free sizes."""
    whole = [i for i in index if i is not None]
    numbers = [axis for axis, i in enumerate(whole) if not isinstance(i, slice)]
    cuts = {axis: i for axis, i in enumerate(whole) if isinstance(i, slice) and i != slice(None)}
    if len(numbers) == 1 and not cuts and not isinstance(whole[numbers[0]], Size):
        x = x.of("Gather", Wire(w, w.constant(int(whole[numbers[0]]), np.int64), np.dtype(np.int64)), axis=numbers[0])
    else:
        cuts |= {axis: _only(whole[axis]) for axis in numbers}
        x = squeezed(w, _cut(w, x, cuts), numbers)
    kept = [i for i in index if i is None or isinstance(i, slice)]
    return unsqueezed(w, x, [axis for axis, i in enumerate(kept) if i is None])


def _only(number: Any) -> slice:
    if isinstance(number, Size):
        return slice(number, Size(number.letters, number.factor, number.more + 1))
    return slice(int(number), LAST if number == -1 else int(number) + 1)


def _cut(w: Writer, x: Wire, cuts: dict[int, slice]) -> Wire:
    if not cuts:
        return x
    steps = [1 if s.step is None else s.step for s in cuts.values()]
    starts = [(0 if n > 0 else LAST) if s.start is None else s.start for s, n in zip(cuts.values(), steps, strict=True)]
    stops = [
        (LAST if n > 0 else FIRST) if s.stop is None else s.stop for s, n in zip(cuts.values(), steps, strict=True)
    ]
    told = [w.shape(starts), w.shape(stops), w.constant([*cuts], np.int64)]
    if any(n != 1 for n in steps):
        told.append(w.shape(steps))
    return Wire(w, w.write("Slice", x, *told), x.dtype)


def as_index(x: Wire) -> Wire:
    """Indices in a dtype that ONNX takes."""
    return x if x.dtype in (np.int32, np.int64) else x.to(np.int64)


def taken(w: Writer, x: Wire, indices: Wire, axis: int | None) -> Wire:
    if axis is None:
        x, axis = reshaped(w, x, [-1]), 0
    return x.of("Gather", as_index(indices), axis=axis)


def _take(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    axis, count = node._attributes.get("axis"), node._inputs[0].ndim
    return taken(w, inputs[0], inputs[1], None if axis is None or not count else axis % count)


def picked(w: Writer, x: Wire, ndim: int, arrays: list[Wire], ranks: list[int], index: Any) -> Wire:
    """x[index] with integer arrays in the index, as numpy orders the axes of the result."""
    index = whole_index(index, ndim)
    own = [i for i in index if i is not None]
    advanced = [axis for axis, i in enumerate(own) if i is ARRAY or not isinstance(i, slice)]
    x = _cut(w, x, {axis: i for axis, i in enumerate(own) if isinstance(i, slice) and i != slice(None)})
    rest, rank_of = iter(arrays), iter(ranks)
    number = [(next(rest), next(rank_of)) if own[a] is ARRAY else (_number(w, own[a]), 0) for a in advanced]
    rank = max((r for _, r in number), default=0)
    if len(advanced) == 1:
        z, at = taken(w, x, number[0][0], advanced[0]), advanced[0]
    else:
        others = [a for a in range(ndim) if a not in advanced]
        if advanced != [*range(len(advanced))]:
            x = x.of("Transpose", perm=[*advanced, *others])
        z, at = x.of("GatherND", _together(w, [n for n, _ in number], rank)), 0
        places = [k for k, i in enumerate(index) if i is ARRAY or (i is not None and not isinstance(i, slice))]
        if advanced[0] and places == [*range(places[0], places[0] + len(places))]:
            before = [rank + k for k in range(advanced[0])]
            after = [rank + k for k in range(advanced[0], len(others))]
            z, at = z.of("Transpose", perm=[*before, *range(rank), *after]), advanced[0]
    news = _new_axes(index, advanced, at, rank)
    return unsqueezed(w, z, news)


def _new_axes(index: tuple[Any, ...], advanced: list[int], at: int, rank: int) -> list[int]:
    """Where None in an index puts axes of size 1 into the result, whose indexed axes begin at ``at``."""
    if None not in index:
        return []
    axes, own, news = 0, 0, []
    for i in index:
        if i is None:
            news.append(axes)
            axes += 1
            continue
        if own in advanced:
            axes += rank if own == advanced[0] else 0
        else:
            axes += 1
        own += 1
    return news


def _number(w: Writer, number: Any) -> Wire:
    if isinstance(number, Size):
        return squeezed(w, Wire(w, w.size(number), np.dtype(np.int64)), [0])
    return Wire(w, w.constant(int(number), np.int64), np.dtype(np.int64))


def _together(w: Writer, arrays: list[Wire], rank: int) -> Wire:
    """Index arrays, broadcast, as one array whose last axis tells them apart."""
    arrays = [a.to(np.int64) for a in arrays]
    total = arrays[0] * 0
    for a in arrays[1:]:
        total = total + a * 0
    return joined(w, [unsqueezed(w, total + a, [rank]) for a in arrays], rank)


def _pick(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    x, *arrays = node._inputs
    return picked(w, inputs[0], x.ndim, inputs[1:], [a.ndim for a in arrays], free.setting(node, "index"))


def _entry(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    last = node.ndim
    column = unsqueezed(w, as_index(inputs[1]), [last])
    return squeezed(w, inputs[0].of("GatherElements", column, axis=last), [last])


def hot(w: Writer, labels: Wire, rank: int, depth: int | Size, dtype: Any) -> Wire:
    """One-hot vectors of labels with so many axes."""
    classes = w.filled(Filled(0, (depth,), np.dtype(np.int64), 0))
    column = unsqueezed(w, labels.to(np.int64), [rank])
    return column.same(Wire(w, classes, np.dtype(np.int64))).to(dtype)


def _one_hot(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    return hot(w, inputs[0], node.ndim - 1, free.shape(node)[-1], node.dtype)


ROWS: dict[str, OpRow] = {
    "astype": _astype,
    "broadcast_to": _broadcast_to,
    "concatenate": _concatenate,
    "copy": _same,
    "entry": _entry,
    "getitem": _getitem,
    "one_hot": _one_hot,
    "onehot_like": _one_hot,
    "pick": _pick,
    "reshape": _reshape,
    "stack": _stack,
    "stop_gradient": _same,
    "swapaxes": _swapaxes,
    "take": _take,
    "transpose": _transpose,
    "within": _same,
}
