"""Matrix products and reductions as loops, ordered so that a compiler can take several numbers at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...plan.actions import Product, Reduction, View
from ...plan.views import transposed
from .walk import KINDS, Walk, total

UNROLL = 4
"""Products that are added up together, so that the result is read and written once for so many."""

CHUNK = 128
"""Numbers that are summed one after the other; longer sums are sums of such sums, which keeps float32 exact enough."""


def product(walk: Walk, action: Product) -> None:
    """out = a @ b: a row of b at a time where its elements are next to each other, else one number at a time."""
    a, b, out = action.a, action.b, action.out
    if b.strides[1] != 1 and out.strides[0] == 1 and a.strides[0] == 1 and out.shape[0] > 1:
        a, b, out = (transposed(v, (1, 0)) for v in (b, a, out))
    if out.shape[1] > 1 and b.strides[1] == 1:
        _by_rows(walk, a, b, out)
    else:
        _by_numbers(walk, a, b, out)


@dataclass(frozen=True)
class Along:
    """Places along the inner axis of a product: ``step`` times the loop ``name`` and ``plus``."""

    name: str
    step: int
    plus: int


def factor(walk: Walk, view: View, outer: str, axis: int, k: Along) -> tuple[str, str, bool]:
    """An element of a matrix, its scale, ``""`` where it has none, and whether that depends on the inner axis.

    Args:
        outer: the loop over the other axis.
        axis: the inner axis of the product.
    """
    across, along = view.strides[1 - axis], view.strides[axis]
    view = replace(view, offset=view.offset + k.plus * along)
    moves = [(outer, across if view.shape[1 - axis] > 1 else 0), (k.name, k.step * along)]
    element, scale = walk.load(view, moves), walk.places[view.buffer].scale
    if scale is None:
        return element, "", False
    name, columns = scale
    by_inner = along >= columns and view.shape[axis] > 1
    rows = [(word, move // columns) for word, move in moves if move >= columns]
    return element, f"{name}[{total(rows, view.offset // columns)}]", by_inner


def _by_rows(walk: Walk, a: View, b: View, out: View) -> None:
    """out[i] += a[i, k] * b[k] for some k at once."""
    (rows, depth), columns = a.shape, b.shape[1]
    whole = depth // UNROLL
    with walk.loops(["i0"], [rows]):
        if whole > 1:
            with walk.block(walk.dialect.loop("i1", columns)):
                walk.line(f"{walk.at(out, _pair(out, 'i0', 'i1'))} = 0;")
            with walk.block(walk.dialect.loop("k0", whole)):
                _add_rows(walk, a, b, out, [Along("k0", UNROLL, u) for u in range(UNROLL)])
        elif whole:
            _add_rows(walk, a, b, out, [Along("k0", 0, u) for u in range(UNROLL)], first=True)
        rest = [Along("k0", 0, k) for k in range(whole * UNROLL, depth)]
        if rest:
            _add_rows(walk, a, b, out, rest, first=not whole)


def _add_rows(walk: Walk, a: View, b: View, out: View, ks: list[Along], first: bool = False) -> None:
    terms = []
    for k in ks:
        left, left_scale, _ = factor(walk, a, "i0", 1, k)
        right, right_scale, _ = factor(walk, b, "i1", 0, k)
        name = walk.new("v")
        scales = [s for s in (left_scale, right_scale) if s and "i1" not in s]
        walk.line(walk.dialect.constant("real", name, " * ".join([left, *scales])))
        terms.append(f"{name} * {right}" + (f" * {right_scale}" if "i1" in right_scale else ""))
    with walk.block(walk.dialect.loop("i1", b.shape[1])):
        walk.line(f"{walk.at(out, _pair(out, 'i0', 'i1'))} {'=' if first else '+='} {' + '.join(terms)};")


def _by_numbers(walk: Walk, a: View, b: View, out: View) -> None:
    """out[i, j] = the sum of a[i, k] * b[k, j], in several partial sums."""
    (rows, depth), columns = a.shape, b.shape[1]
    parts = UNROLL if depth >= 2 * UNROLL else 1
    with walk.loops(["i0", "i1"], [rows, columns]):
        sums = [walk.new("s") for _ in range(parts)]
        for name in sums:
            walk.line(walk.dialect.variable("real", name, "0"))
        with walk.block(walk.dialect.loop("k0", depth // parts)):
            for u, name in enumerate(sums):
                term, scales = _term(walk, a, b, Along("k0", parts, u))
                walk.line(f"{name} += {term};")
        rest = [_term(walk, a, b, Along("k0", 0, k))[0] for k in range(depth - depth % parts, depth)]
        value = " + ".join([*sums, *rest])
        target = walk.at(out, _pair(out, "i0", "i1"))
        walk.line(f"{target} = {f'({value}){scales}' if scales else value};")


def _pair(view: View, row: str, column: str) -> list[tuple[str, int]]:
    return [(name, stride) for name, stride, n in zip((row, column), view.strides, view.shape, strict=True) if n > 1]


def _term(walk: Walk, a: View, b: View, k: Along) -> tuple[str, str]:
    """One product, and the scales that all of a sum have in common."""
    sides = [factor(walk, a, "i0", 1, k), factor(walk, b, "i1", 0, k)]
    inside = [scale for _, scale, by_inner in sides if scale and by_inner]
    outside = [scale for _, scale, by_inner in sides if scale and not by_inner]
    return " * ".join([*(element for element, _, _ in sides), *inside]), "".join(f" * {s}" for s in outside)


def reduction(walk: Walk, action: Reduction) -> None:
    """out = the sum, product, max or min of x over some axes."""
    x, axes = action.x, action.axes
    kept = [k for k in range(len(x.shape)) if k not in axes]
    outs = dict(zip(kept, action.out.strides, strict=True))
    if kept and kept[-1] == len(x.shape) - 1 and x.shape[kept[-1]] > 1:
        _across(walk, action, kept, outs)
    else:
        _along(walk, action, kept, outs)


def _moves(view: View, axes: list[int] | tuple[int, ...]) -> list[tuple[str, int]]:
    return [(f"i{k}", view.strides[k]) for k in axes if view.shape[k] > 1]


def _along(walk: Walk, action: Reduction, kept: list[int], outs: dict[int, int]) -> None:
    """Number by number: the partial results of the inner axes are reduced to those of the outer ones."""
    x, kind = action.x, KINDS[action.out.dtype.kind]
    at = walk.at(action.out, [(f"i{k}", outs[k]) for k in kept if x.shape[k] > 1])
    with walk.loops([f"i{k}" for k in kept], [x.shape[k] for k in kept]):
        name = _nested(walk, action, [k for k in action.axes if x.shape[k] > 1], kept, kind)
        walk.line(f"{at} = {name};")


def _nested(walk: Walk, action: Reduction, axes: list[int], outer: list[int], kind: str) -> str:
    """Writes the reduction over ``axes``; the name of its result."""
    x, name = action.x, walk.new("s")
    if not axes:
        element = walk.load(x, _moves(x, outer))
        walk.line(walk.dialect.constant(kind, name, element))
        return name
    walk.line(walk.dialect.variable(kind, name, _first(walk, action, outer)))
    k, n = axes[0], x.shape[axes[0]]
    if len(axes) == 1 and n > 2 * CHUNK and action.kind == "sum" and kind == "real":
        _in_chunks(walk, action, k, outer, name)
        return name
    with walk.block(walk.dialect.loop(f"i{k}", n)):
        part = _nested(walk, action, axes[1:], [*outer, k], kind)
        walk.line(f"{name} = {walk.combined(action.kind, name, part, kind)};")
    return name


def _in_chunks(walk: Walk, action: Reduction, axis: int, outer: list[int], name: str) -> None:
    x, n, part = action.x, action.x.shape[axis], walk.new("s")
    moves = _moves(x, outer)
    with walk.block(walk.dialect.loop("k0", n // CHUNK)):
        walk.line(walk.dialect.variable("real", part, "0"))
        with walk.block(walk.dialect.loop("k1", CHUNK)):
            walk.line(f"{part} += {walk.load(x, [*moves, (f'({CHUNK} * k0 + k1)', x.strides[axis])])};")
        walk.line(f"{name} += {part};")
    if n % CHUNK:
        with walk.block(walk.dialect.loop("k0", n % CHUNK)):
            walk.line(f"{name} += {walk.load(x, [*moves, (f'({n // CHUNK * CHUNK} + k0)', x.strides[axis])])};")


def _across(walk: Walk, action: Reduction, kept: list[int], outs: dict[int, int]) -> None:
    """Row by row: each is combined into the result."""
    x, last = action.x, kept[-1]
    target = walk.at(action.out, [(f"i{k}", outs[k]) for k in kept if x.shape[k] > 1])
    lead = kept[:-1]
    with walk.loops([f"i{k}" for k in lead], [x.shape[k] for k in lead]):
        with walk.block(walk.dialect.loop(f"i{last}", x.shape[last])):
            walk.line(f"{target} = {_first(walk, action, kept)};")
        inner = [*action.axes, last]
        with walk.loops([f"i{k}" for k in inner], [x.shape[k] for k in inner]):
            value = walk.load(x, _moves(x, [*range(len(x.shape))]))
            if action.kind == "sum":
                walk.line(f"{target} += {value};")
            else:
                name, kind = walk.new("v"), KINDS[x.dtype.kind]
                walk.line(walk.dialect.constant(kind, name, value))
                walk.line(f"{target} = {walk.combined(action.kind, target, name, kind)};")


def _first(walk: Walk, action: Reduction, kept: list[int]) -> str:
    """What a reduction begins with: whole numbers have no infinity, so it is the first of those that are reduced."""
    if action.out.dtype.kind in "iub" and action.kind in ("max", "min"):
        return walk.load(action.x, _moves(action.x, kept))
    return walk.neutral(action.kind)
