"""View arithmetic: slices, transposes, reshapes and time steps by offsets and strides, not by copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .actions import Buffer, View


def whole(buffer: Buffer, shape: Sequence[int]) -> View:
    """The whole buffer as a C-contiguous array of ``shape``."""
    return View(buffer, 0, tuple(shape), row_major(shape))


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides, in elements, of a C-contiguous array of ``shape``."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= max(n, 1)
    return tuple(reversed(strides))


def transposed(v: View, axes: Sequence[int]) -> View:
    return replace(v, shape=tuple(v.shape[a] for a in axes), strides=tuple(v.strides[a] for a in axes))


def broadcast(v: View, shape: Sequence[int]) -> View:
    """The view broadcast to ``shape``: stride 0 along broadcast axes."""
    lead = len(shape) - len(v.shape)
    strides = [0] * lead
    for n, size, stride in zip(v.shape, shape[lead:], v.strides, strict=True):
        strides.append(stride if n == size else 0)
    return replace(v, shape=tuple(shape), strides=tuple(strides))


def indexed(v: View, index: tuple[Any, ...]) -> View:
    """The view ``v[index]`` for ints, slices, None and ``...``."""
    indexed_axes = sum(1 for i in index if i is not None and i is not Ellipsis)
    if Ellipsis not in index:
        index = (*index, Ellipsis)
    at = index.index(Ellipsis)
    index = (*index[:at], *(slice(None),) * (len(v.shape) - indexed_axes), *index[at + 1 :])
    offset, shape, strides, axis = v.offset, [], [], 0
    for i in index:
        if i is None:
            shape.append(1)
            strides.append(0)
            continue
        n, stride = v.shape[axis], v.strides[axis]
        axis += 1
        if isinstance(i, slice):
            start, stop, step = i.indices(n)
            offset += start * stride
            shape.append(len(range(start, stop, step)))
            strides.append(stride * step)
        else:
            offset += (int(i) % n) * stride
    return replace(v, offset=offset, shape=tuple(shape), strides=tuple(strides))


def reshaped(v: View, shape: Sequence[int]) -> View | None:
    """The view in another shape, or None where strides cannot express it."""
    if any(n == 0 for n in v.shape):
        return replace(v, shape=tuple(shape), strides=row_major(shape))
    runs = _runs(v)
    strides: list[int] = []
    for n in shape:
        if n == 1:
            strides.append(0)
            continue
        size, stride = runs.pop(0) if runs else (1, 0)
        if size % n:
            return None
        strides.append(stride * (size // n))
        if size > n:
            runs.insert(0, (size // n, stride))
    return replace(v, shape=tuple(shape), strides=tuple(strides))


def _runs(v: View) -> list[tuple[int, int]]:
    """Size and stride of each axis; axes that are contiguous with each other are merged."""
    runs: list[tuple[int, int]] = []
    for n, stride in zip(v.shape, v.strides, strict=True):
        if n == 1:
            continue
        if runs and runs[-1][1] == n * stride:
            runs[-1] = (runs[-1][0] * n, stride)
        else:
            runs.append((n, stride))
    return runs


def one_step(v: View, depth: int, steps: int, reverse: bool) -> View:
    """The view of an array (T, ...) inside the loop at ``depth``: row t, which moves with each step."""
    move, offset = v.strides[0], v.offset
    if reverse:
        move, offset = -move, offset + (steps - 1) * move
    per_step = (*v.per_step, *(0,) * (depth - len(v.per_step)), move)
    return replace(v, offset=offset, shape=v.shape[1:], strides=v.strides[1:], per_step=per_step)


def all_steps(v: View, depth: int, steps: int, reverse: bool) -> View:
    """The view of all steps, as an array (T, ...) outside of the loop at ``depth``: the inverse of `one_step`."""
    stride, offset = v.per_step[depth] if len(v.per_step) > depth else 0, v.offset
    if reverse:
        stride, offset = -stride, offset + (steps - 1) * stride
    shape, strides = (steps, *v.shape), (stride, *v.strides)
    return replace(v, offset=offset, shape=shape, strides=strides, per_step=v.per_step[:depth])


def without(v: View, axes: Sequence[int]) -> View:
    """The view without some axes of size 1."""
    return transposed(v, [a for a in range(len(v.shape)) if a not in axes])
