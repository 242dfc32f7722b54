"""Ops that read and write at integer indices: take, ``x[i, j]``, one_hot, and their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...ops.lookup import ARRAY
from ...plan.actions import Call, View
from ...plan.views import broadcast, reshaped, row_major
from .walk import Walk


@dataclass(frozen=True)
class Picked:
    """The elements of a view that an index with arrays selects, as axes of the result.

    Attributes:
        view: at index 0 of each array; it does not move along the axes of these.
        arrays: for each array its view, broadcast to the result, the size of its axis, and what one place moves by.
    """

    view: View
    arrays: list[tuple[View, int, int]]


def picked(x: View, index: Sequence[Any], arrays: Sequence[View], joint: tuple[int, ...]) -> Picked:
    """Where ``x[index]`` is, with ``arrays`` in place of `ARRAY`; ``joint`` is their shape after broadcasting."""
    entries = _spelled_out(index, len(x.shape))
    numbers = [k for k, e in enumerate(entries) if e is ARRAY or isinstance(e, (int, np.integer))]
    together = numbers == [*range(numbers[0], numbers[-1] + 1)]
    place = numbers[0] if together else 0
    offset, axis, before, after = x.offset, 0, list[tuple[int, int]](), list[tuple[int, int]]()
    moves: list[tuple[int, int]] = []
    for k, entry in enumerate(entries):
        target = before if together and k < place else after
        if entry is None:
            target.append((1, 0))
            continue
        n, stride = x.shape[axis], x.strides[axis]
        axis += 1
        if isinstance(entry, slice):
            start, stop, step = entry.indices(n)
            offset += start * stride
            target.append((len(range(start, stop, step)), stride * step))
        elif entry is ARRAY:
            moves.append((n, stride))
        else:
            offset += (int(entry) % n) * stride
    axes = [*before, *((n, 0) for n in joint), *after]
    shape, strides = tuple(n for n, _ in axes), tuple(s for _, s in axes)
    spread = [_placed(broadcast(a, joint), len(before), shape, len(after)) for a in arrays]
    return Picked(
        replace(x, offset=offset, shape=shape, strides=strides),
        [(a, n, stride) for a, (n, stride) in zip(spread, moves, strict=True)],
    )


def _placed(a: View, before: int, shape: tuple[int, ...], after: int) -> View:
    return replace(a, shape=shape, strides=(*(0,) * before, *a.strides, *(0,) * after))


def _spelled_out(index: Sequence[Any], axes: int) -> list[Any]:
    """The index with an entry for each axis."""
    used = sum(1 for e in index if e is not None and e is not ...)
    entries = [*index] if any(e is ... for e in index) else [*index, ...]
    at = next(k for k, e in enumerate(entries) if e is ...)
    return [*entries[:at], *(slice(None),) * (axes - used), *entries[at + 1 :]]


def names_of(shape: Sequence[int]) -> list[str]:
    return [f"i{k}" for k in range(len(shape))]


def moves(view: View) -> list[tuple[str, int]]:
    """What the index grows by in a loop over all axes of the view."""
    return [(f"i{k}", s) for k, (n, s) in enumerate(zip(view.shape, view.strides, strict=True)) if n > 1]


def place(walk: Walk, where: Picked, what: str, wrap: bool = True) -> list[tuple[str, int]]:
    """Writes the indices of one element, looked at; what the view's index grows by with each."""
    steps: list[tuple[str, int]] = []
    for array, n, stride in where.arrays:
        name = walk.new("p")
        low = -n if wrap else 0
        index = walk.load(array, moves(array))
        walk.line(walk.dialect.constant("whole", f"{name}n", index))
        walk.line(walk.dialect.refuse(f"{name}n < {low} || {name}n >= {n}", f"{what} is not from {low} to {n - 1}"))
        if not stride:
            continue
        value = f"{name}n < 0 ? {name}n + {n} : {name}n" if wrap else f"{name}n"
        walk.line(walk.dialect.constant("whole", name, value))
        steps.append((name, stride))
    return [*moves(where.view), *steps]


def gather(walk: Walk, where: Picked, out: View, what: str, wrap: bool = True) -> None:
    """out = the elements."""
    with walk.loops(names_of(out.shape), out.shape):
        steps = place(walk, where, what, wrap)
        scale = walk.places[where.view.buffer].scale
        value = walk.load(where.view, steps)
        if scale is not None:
            rows = [(name, s // scale[1]) for name, s in steps if abs(s) >= scale[1]]
            value += f" * {scale[0]}[{_sum(rows, where.view.offset // scale[1])}]"
        walk.line(f"{walk.at(out, moves(out))} = {value};")


def _sum(rows: list[tuple[str, int]], first: int) -> str:
    return (
        " + ".join([*(name if s == 1 else f"{s} * {name}" for name, s in rows), *([str(first)] if first else [])])
        or "0"
    )


def scatter(walk: Walk, g: View, where: Picked, out: View, what: str) -> None:
    """out = zeros, to whose elements those of g are added."""
    zero(walk, out)
    with walk.loops(names_of(g.shape), g.shape):
        steps = place(walk, where, what)
        walk.line(f"{walk.at(where.view, steps)} += {walk.load(g, moves(g))};")


def zero(walk: Walk, out: View) -> None:
    with walk.loops(names_of(out.shape), out.shape):
        walk.line(f"{walk.at(out, moves(out))} = 0;")


def take(walk: Walk, action: Call) -> None:
    x, indices = action.inputs
    x, index = _along(x, action.attributes.get("axis"))
    gather(walk, picked(x, index, [indices], indices.shape), action.out, "take: an index")


def add_at(walk: Walk, action: Call) -> None:
    g, indices = action.inputs
    out, index = _along(action.out, action.attributes.get("axis"))
    scatter(walk, g, picked(out, index, [indices], indices.shape), out, "add_at: an index")


def _along(x: View, axis: int | None) -> tuple[View, list[Any]]:
    """The view, flat if there is no axis, and the index of arrays along the axis."""
    if axis is None or not x.shape:
        flat = reshaped(x, (prod(x.shape),))
        if flat is None:
            raise GraphError("export: take of a transposed array that is flattened", fix="pass take an axis")
        return flat, [ARRAY]
    return x, [*(slice(None),) * (axis % len(x.shape)), ARRAY]


def _joint(arrays: Sequence[View]) -> tuple[int, ...]:
    return np.broadcast_shapes(*(a.shape for a in arrays))


def pick(walk: Walk, action: Call) -> None:
    x, *arrays = action.inputs
    gather(walk, picked(x, action.attributes["index"], arrays, _joint(arrays)), action.out, "an index")


def scatter_at(walk: Walk, action: Call) -> None:
    g, *arrays = action.inputs
    where = picked(action.out, action.attributes["index"], arrays, _joint(arrays))
    scatter(walk, replace(broadcast(g, where.view.shape)), where, action.out, "an index")


def write_at(walk: Walk, action: Call) -> None:
    x, v, *arrays = action.inputs
    walk.copy(x, action.out)
    where = picked(action.out, action.attributes["index"], arrays, _joint(arrays))
    with walk.loops(names_of(where.view.shape), where.view.shape):
        v = broadcast(v, where.view.shape)
        steps = place(walk, where, "an index")
        walk.line(f"{walk.at(where.view, steps)} = {walk.load(v, moves(v))};")


def last_written(walk: Walk, action: Call) -> None:
    """A place is compared with all later ones."""
    shape = tuple(action.attributes["shape"])
    grid = View(action.out.buffer, 0, shape, row_major(shape))
    where = picked(grid, action.attributes["index"], action.inputs, _joint(action.inputs))
    size = prod(where.view.shape)
    fixed = row_major(where.view.shape)
    with walk.loops(names_of(where.view.shape), where.view.shape):
        own = _number(walk, where, [(f"i{k}", n) for k, n in enumerate(where.view.shape)])
        last = walk.new("s")
        walk.line(walk.dialect.variable("whole", last, "1"))
        first = " + ".join(f"{s} * i{k}" for k, s in enumerate(fixed) if where.view.shape[k] > 1) or "0"
        with walk.block(walk.dialect.loop("k0", size)), walk.block(f"if (k0 > {first})"):
            later = [walk.new("q") for _ in fixed]
            for name, s, n in zip(later, fixed, where.view.shape, strict=True):
                walk.line(walk.dialect.constant("whole", name, f"{walk.dialect.quotient('k0', s)} % {n}"))
            other = _number(walk, where, [*zip(later, where.view.shape, strict=True)])
            walk.line(f"if ({own} == {other}) {last} = 0;")
        walk.line(f"{walk.at(action.out, moves(action.out))} = {last};")


def _number(walk: Walk, where: Picked, axes: list[tuple[str, int]]) -> str:
    """Writes the number of a place in an array of the target's shape; its name."""
    terms = [f"{s} * {name}" for (name, n), s in zip(axes, where.view.strides, strict=True) if n > 1 and s]
    for array, n, stride in where.arrays:
        at = [(name, s) for (name, size), s in zip(axes, array.strides, strict=True) if size > 1]
        index = walk.new("q")
        walk.line(walk.dialect.constant("whole", index, walk.load(array, at)))
        terms.append(f"{stride} * ({index} < 0 ? {index} + {n} : {index})")
    name = walk.new("q")
    walk.line(walk.dialect.constant("whole", name, " + ".join(terms) or "0"))
    return name


def entry(walk: Walk, action: Call) -> None:
    x, labels = action.inputs
    n, stride = x.shape[-1], x.strides[-1]
    where = Picked(replace(x, shape=x.shape[:-1], strides=x.strides[:-1]), [(labels, n, stride)])
    gather(walk, where, action.out, "a label", wrap=False)


def one_hot(walk: Walk, action: Call) -> None:
    labels, out = action.inputs[0], action.out
    checked = action.op.name == "one_hot"
    *_, depth = out.shape
    names = names_of(out.shape)
    wide = replace(labels, shape=out.shape, strides=(*labels.strides, 0))
    with walk.loops(names[:-1], out.shape[:-1]):
        name = walk.new("p")
        walk.line(walk.dialect.constant("whole", name, walk.load(wide, moves(wide))))
        if checked:
            walk.line(walk.dialect.refuse(f"{name} < 0 || {name} >= {depth}", f"a label is not from 0 to {depth - 1}"))
        with walk.block(walk.dialect.loop("k0", depth)):
            at = [(name if name != names[-1] else "k0", s) for name, s in moves(out)]
            walk.line(f"{walk.at(out, at)} = {name} == k0 ? 1 : 0;")
