"""Ops along one axis, and over several: running sums, places of the largest, sorting, ties."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from ...core.errors import GraphError
from ...plan.actions import Call, View
from ...plan.views import reshaped
from .indexing import moves
from .walk import KINDS, Walk


def _lanes(x: View, axis: int) -> tuple[list[int], int]:
    """The other axes, and the axis counted from the front."""
    at = axis % len(x.shape)
    return [k for k in range(len(x.shape)) if k != at], at


def _of_lane(view: View, at: int, name: str) -> list[tuple[str, int]]:
    pairs = enumerate(zip(view.shape, view.strides, strict=True))
    return [(name if k == at else f"i{k}", s) for k, (n, s) in pairs if n > 1]


def _flat(action: Call) -> tuple[View, View, int]:
    """The input and the result of an op along an axis; both flat where it has none."""
    x, out, axis = action.inputs[0], action.out, action.attributes.get("axis")
    if axis is None or not x.shape:
        flat, target = reshaped(x, (prod(x.shape),)), reshaped(out, (prod(out.shape),))
        if flat is None or target is None:
            raise GraphError(f"export: {action.op.name} of a transposed array that is flattened", fix="pass an axis")
        return flat, target, 0
    return x, out, axis


def running(walk: Walk, action: Call) -> None:
    x, out, axis = _flat(action)
    others, at = _lanes(x, axis)
    kind, product = KINDS[out.dtype.kind], action.op.name == "cumprod"
    with walk.loops([f"i{k}" for k in others], [x.shape[k] for k in others]):
        total = walk.new("s")
        walk.line(walk.dialect.variable(kind, total, "1" if product else "0"))
        with walk.block(walk.dialect.loop("k0", x.shape[at])):
            walk.line(f"{total} {'*' if product else '+'}= {walk.load(x, _of_lane(x, at, 'k0'))};")
            walk.line(f"{walk.at(out, _of_lane(out, at, 'k0'))} = {total};")


def leading(walk: Walk, action: Call) -> None:
    """argmax, and the place of the running extreme; of equal ones argmax takes the first, `leading` the last."""
    x, axis = action.inputs[0], action.attributes.get("axis", -1 if action.op.name == "leading" else None)
    out = action.out
    if axis is None or not x.shape:
        x, axis = reshaped(x, (prod(x.shape),)) or _not_flat(action), 0
    others, at = _lanes(x, axis)
    running = action.op.name == "leading"
    kind = KINDS[x.dtype.kind]
    sign = ("<" if action.attributes.get("smallest") else ">") + "=" * running
    if not running:
        out = replace(
            out, shape=(*out.shape[:at], 1, *out.shape[at:]), strides=(*out.strides[:at], 0, *out.strides[at:])
        )
    with walk.loops([f"i{k}" for k in others], [x.shape[k] for k in others]):
        best, place = walk.new("s"), walk.new("s")
        walk.line(walk.dialect.variable(kind, best, walk.load(x, [p for p in _of_lane(x, at, "k0") if p[0] != "k0"])))
        walk.line(walk.dialect.variable("whole", place, "0"))
        with walk.block(walk.dialect.loop("k0", x.shape[at])):
            new = walk.new("v")
            walk.line(walk.dialect.constant(kind, new, walk.load(x, _of_lane(x, at, "k0"))))
            same = f"{new} != {new}" + ("" if running else f" && {best} == {best}")
            nan = f" || ({same})" * (kind == "real")
            with walk.block(f"if ({new} {sign} {best}{nan})"):
                walk.line(f"{best} = {new};")
                walk.line(f"{place} = k0;")
            if running:
                walk.line(f"{walk.at(out, _of_lane(out, at, 'k0'))} = {place};")
        if not running:
            walk.line(f"{walk.at(out, _of_lane(out, at, 'k0'))} = {place};")


def _not_flat(action: Call) -> View:
    raise GraphError(f"export: {action.op.name} of a transposed array that is flattened", fix="pass an axis")


def sorting(walk: Walk, action: Call) -> None:
    """Insertion into the places that are sorted already; NaN goes to the end."""
    x, axis = action.inputs[0], action.attributes.get("axis", -1)
    others, at = _lanes(x, axis)
    loop = walk.dialect.loop("k0", x.shape[at])
    with walk.loops([f"i{k}" for k in others], [x.shape[k] for k in others]), walk.block(loop):
        _insert(walk, x, action.out, at)


def _insert(walk: Walk, x: View, out: View, at: int) -> None:
    kind = KINDS[x.dtype.kind]
    new, place = walk.new("v"), walk.new("s")
    walk.line(walk.dialect.constant(kind, new, walk.load(x, _of_lane(x, at, "k0"))))
    walk.line(walk.dialect.variable("whole", place, "k0"))
    with walk.block(f"while ({place} > 0)"):
        old, value = walk.new("q"), walk.new("v")
        walk.line(walk.dialect.constant("whole", old, walk.at(out, _of_lane(out, at, f"({place} - 1)"))))
        walk.line(walk.dialect.constant(kind, value, walk.load(x, _of_lane(x, at, old))))
        nan = f" || ({value} != {value} && {new} == {new})" * (kind == "real")
        walk.line(f"if (!({value} > {new}{nan})) break;")
        walk.line(f"{walk.at(out, _of_lane(out, at, place))} = {old};")
        walk.line(f"{place} -= 1;")
    walk.line(f"{walk.at(out, _of_lane(out, at, place))} = k0;")


def ties(walk: Walk, action: Call) -> None:
    x, extreme = action.inputs
    axis = action.attributes.get("axis")
    wanted = range(len(x.shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = sorted({a % len(x.shape) for a in wanted}) if x.shape else []
    others = [k for k in range(len(x.shape)) if k not in axes]
    kept = reshaped(extreme, [x.shape[k] for k in others])
    assert kept is not None
    out = action.out
    with walk.loops([f"i{k}" for k in others], [x.shape[k] for k in others]):
        best, count = walk.new("v"), walk.new("s")
        at = [(f"i{k}", s) for k, s in zip(others, kept.strides, strict=True) if x.shape[k] > 1]
        walk.line(walk.dialect.constant("real", best, walk.load(kept, at)))
        walk.line(walk.dialect.variable("real", count, "0"))
        names, sizes = [f"i{k}" for k in axes], [x.shape[k] for k in axes]
        with walk.loops(names, sizes):
            walk.line(f"{count} += {walk.load(x, moves(x))} == {best} ? 1 : 0;")
        with walk.loops(names, sizes):
            value = f"{walk.load(x, moves(x))} == {best} ? 1 / {count} : 0"
            walk.line(f"{walk.at(out, moves(out))} = {value};")
