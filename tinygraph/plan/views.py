"""Arithmetic of views: slices, transposes, reshapes and time steps of memory, none of which moves a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .actions import Buffer, View


def whole(buffer: Buffer, shape: Sequence[int]) -> View:
    """All of a buffer as an array of ``shape``, rows one after the other."""
    return View(buffer, 0, tuple(shape), row_major(shape))


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides in elements of an array whose last axis lies densest."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= max(n, 1)
    return tuple(reversed(strides))


def transposed(v: View, axes: Sequence[int]) -> View:
    return replace(v, shape=tuple(v.shape[a] for a in axes), strides=tuple(v.strides[a] for a in axes))


def broadcast(v: View, shape: Sequence[int]) -> View:
    """The view repeated to ``shape``, with stride 0 where it is."""
    lead = len(shape) - len(v.shape)
    strides = [0] * lead
    for have, want, stride in zip(v.shape, shape[lead:], v.strides, strict=True):
        strides.append(stride if have == want else 0)
    return replace(v, shape=tuple(shape), strides=tuple(strides))


def indexed(v: View, index: tuple[Any, ...]) -> View:
    """The view ``v[index]`` for ints, slices, None and ``...``."""
    taken = sum(1 for i in index if i is not None and i is not Ellipsis)
    if Ellipsis not in index:
        index = (*index, Ellipsis)
    at = index.index(Ellipsis)
    index = (*index[:at], *(slice(None),) * (len(v.shape) - taken), *index[at + 1 :])
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
    """The view in another shape, or None where its numbers do not lie so that strides could say it."""
    if any(n == 0 for n in v.shape):
        return replace(v, shape=tuple(shape), strides=row_major(shape))
    runs = _runs(v)
    strides: list[int] = []
    for n in shape:
        if n == 1:
            strides.append(0)
            continue
        have, stride = runs.pop(0) if runs else (1, 0)
        if have % n:
            return None
        strides.append(stride * (have // n))
        if have > n:
            runs.insert(0, (have // n, stride))
    return replace(v, shape=tuple(shape), strides=tuple(strides))


def _runs(v: View) -> list[tuple[int, int]]:
    """Size and stride of the axes, those as one that lie end to end."""
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
    """What the loop at ``depth`` sees of an array (T, ...): row t, moving with the steps."""
    stride = v.strides[0]
    before = v.per_step + (0,) * (depth - len(v.per_step))
    offset = v.offset + (steps - 1) * stride if reverse else v.offset
    return replace(
        v, offset=offset, shape=v.shape[1:], strides=v.strides[1:], per_step=(*before, -stride if reverse else stride)
    )


def all_steps(v: View, depth: int, steps: int, reverse: bool) -> View:
    """What lies outside of the loop at ``depth`` of a view inside: an array (T, ...), the reverse of `one_step`."""
    stride = v.per_step[depth] if len(v.per_step) > depth else 0
    offset = v.offset + (steps - 1) * stride if reverse else v.offset
    return replace(
        v,
        offset=offset,
        shape=(steps, *v.shape),
        strides=(-stride if reverse else stride, *v.strides),
        per_step=v.per_step[:depth],
    )


def without(v: View, axes: Sequence[int]) -> View:
    """The view without some axes of size 1."""
    left = [a for a in range(len(v.shape)) if a not in axes]
    return transposed(v, left)
