"""Ops that no action of a plan covers, each as loops; and the walk's table of actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...ops.broadcasting import Elementwise as ElementwiseOp
from ...ops.einsum import spell_out
from ...plan.actions import Call, Elementwise, Instruction, Product, Reduction, Repeat, View
from ...plan.views import broadcast, indexed, reshaped
from . import indexing, products
from .indexing import moves, names_of
from .walk import KINDS, Walk

Rule = Callable[[Walk, Call], None]

REFUSED = {
    **dict.fromkeys(("cholesky", "det", "inv", "slogdet", "solve"), "solve the system outside, and pass the solution"),
}
"""Ops that have no loops here, with what to do instead."""


def run(walk: Walk, action: Any) -> None:
    """Writes one action."""
    if isinstance(action, Repeat):
        walk.repeat(action, lambda part: run(walk, part))
    elif isinstance(action, Elementwise):
        walk.elementwise(action)
    elif isinstance(action, Product):
        products.product(walk, action)
    elif isinstance(action, Reduction):
        products.reduction(walk, action)
    else:
        _call(walk, action)


def _call(walk: Walk, action: Call) -> None:
    if not int(np.prod(action.out.shape)):
        return
    op = action.op
    if isinstance(op, ElementwiseOp) or op.name == "astype":
        _elementwise(walk, action)
        return
    rule = RULES.get(op.name) if type(op).__module__.startswith("tinygraph.") else None
    if rule is None:
        own = "" if type(op).__module__.startswith("tinygraph.") else ", an op of your own,"
        fix = REFUSED.get(op.name, "write it with numpy functions instead of a class of tg.Op")
        raise GraphError(f"export: {op.name}{own} cannot be exported", fix=fix)
    rule(walk, action)


def _elementwise(walk: Walk, action: Call) -> None:
    """An op on whole numbers or float16, which no plan fuses."""
    _narrow(action)
    loads = tuple(broadcast(v, action.out.shape) for v in action.inputs)
    attributes = {} if action.op.name == "astype" else action.attributes
    step = Instruction(action.op.name, tuple(range(len(loads))), action.out.dtype, attributes)
    walk.elementwise(Elementwise(action.out.shape, loads, (step,), ((len(loads), action.out),)))


def _narrow(action: Call) -> None:
    """Refuses arithmetic that wraps around in few bits: here all whole numbers have 32."""
    dtype = action.out.dtype
    wraps = dtype.kind == "u" or (dtype.kind == "i" and dtype.itemsize < 4)
    if wraps and action.op.name not in ("astype", "where", "maximum", "minimum", "clip"):
        problem = f"export: {action.op.name} of {dtype} wraps around at {np.iinfo(dtype).max}, whole numbers here do not"
        raise GraphError(problem, fix="x.astype(np.int32) before it")


def _reduced(walk: Walk, action: Call) -> None:
    """Reductions of whole numbers and booleans, products, and those over no axis."""
    x, out, axis = action.inputs[0], action.out, action.attributes.get("axis")
    axes = range(len(x.shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(sorted({a % len(x.shape) for a in axes})) if x.shape else ()
    kept = tuple(n for k, n in enumerate(x.shape) if k not in axes)
    target = reshaped(out, kept)
    assert target is not None
    if not int(np.prod(x.shape)):
        with walk.loops(names_of(target.shape), target.shape):
            walk.line(f"{walk.at(target, moves(target))} = {walk.neutral(action.op.name)};")
    elif not axes:
        walk.copy(x, target)
    else:
        products.reduction(walk, Reduction(action.op.name, x, target, axes))


def _matmul(walk: Walk, action: Call) -> None:
    """Any product: vectors, stacks, whole numbers, mixed dtypes, no elements."""
    a, b = action.inputs
    out = action.out
    row, column = len(a.shape) == 1, len(b.shape) == 1
    a = indexed(a, (None, ...)) if row else a
    b = indexed(b, (..., None)) if column else b
    out = indexed(out, (..., None)) if column else out
    out = indexed(out, (..., None, slice(None))) if row else out
    lead, (m, n), depth = out.shape[:-2], out.shape[-2:], a.shape[-1]
    a, b = broadcast(a, (*lead, m, depth)), broadcast(b, (*lead, depth, n))
    letters = "".join(chr(ord("a") + k) for k in range(len(lead)))
    _contract(walk, [a, b], [letters + "xz", letters + "zy"], letters + "xy", out)


def _einsum(walk: Walk, action: Call) -> None:
    terms, target = spell_out(action.attributes["subscripts"], [len(v.shape) for v in action.inputs])
    _contract(walk, list(action.inputs), terms, target, action.out)


def _contract(walk: Walk, operands: list[View], terms: list[str], target: str, out: View) -> None:
    """out = the sum of products over the letters that are not in the target."""
    sizes: dict[str, int] = {}
    for view, term in zip(operands, terms, strict=True):
        for n, letter in zip(view.shape, term, strict=True):
            sizes[letter] = max(n, sizes.get(letter, 1)) if n else 0
    inner = [c for c in sizes if c not in target]
    name = {c: f"i{k}" for k, c in enumerate(sizes)}
    kind = KINDS[out.dtype.kind]
    with walk.loops([name[c] for c in target], [sizes[c] for c in target]):
        total = walk.new("s")
        walk.line(walk.dialect.variable(kind, total, "0"))
        with walk.loops([name[c] for c in inner], [sizes[c] for c in inner]):
            factors = []
            for view, term in zip(operands, terms, strict=True):
                at = [(name[c], s) for c, s, n in zip(term, view.strides, view.shape, strict=True) if n > 1]
                factors.append(walk.load(view, at))
            sign = "||" if kind == "flag" else "+"
            walk.line(f"{total} = {total} {sign} ({(' && ' if kind == 'flag' else ' * ').join(factors)});")
        at = [(name[c], s) for c, s in zip(target, out.strides, strict=True) if sizes[c] > 1]
        walk.line(f"{walk.at(out, at)} = {total};")


def _lanes(x: View, axis: int) -> tuple[list[int], int]:
    """The other axes, and the axis counted from the front."""
    at = axis % len(x.shape)
    return [k for k in range(len(x.shape)) if k != at], at


def _of_lane(view: View, at: int, name: str) -> list[tuple[str, int]]:
    pairs = enumerate(zip(view.shape, view.strides, strict=True))
    return [(name if k == at else f"i{k}", s) for k, (n, s) in pairs if n > 1 and s]


def _flat(action: Call) -> tuple[View, View, int]:
    """The input and the result of an op along an axis; both flat where it has none."""
    x, out, axis = action.inputs[0], action.out, action.attributes.get("axis", -1)
    if action.attributes.get("axis", 0) is None or not x.shape:
        flat, target = reshaped(x, (int(np.prod(x.shape)),)), reshaped(out, (int(np.prod(out.shape)),))
        if flat is None or target is None:
            raise GraphError(f"export: {action.op.name} of a transposed array that is flattened", fix="pass an axis")
        return flat, target, 0
    return x, out, axis


def _running(walk: Walk, action: Call) -> None:
    x, out, axis = _flat(action)
    axis = 0 if axis is None else axis
    others, at = _lanes(x, axis)
    kind, product = KINDS[out.dtype.kind], action.op.name == "cumprod"
    with walk.loops([f"i{k}" for k in others], [x.shape[k] for k in others]):
        total = walk.new("s")
        walk.line(walk.dialect.variable(kind, total, "1" if product else "0"))
        with walk.block(walk.dialect.loop("k0", x.shape[at])):
            walk.line(f"{total} {'*' if product else '+'}= {walk.load(x, _of_lane(x, at, 'k0'))};")
            walk.line(f"{walk.at(out, _of_lane(out, at, 'k0'))} = {total};")


def _leading(walk: Walk, action: Call) -> None:
    """argmax, and the place of the running extreme; of equal ones argmax takes the first, `leading` the last."""
    x, axis = action.inputs[0], action.attributes.get("axis", -1 if action.op.name == "leading" else None)
    out = action.out
    if axis is None or not x.shape:
        x, axis = reshaped(x, (int(np.prod(x.shape)),)) or _not_flat(action), 0
    others, at = _lanes(x, axis)
    running = action.op.name == "leading"
    kind = KINDS[x.dtype.kind]
    sign = ("<" if action.attributes.get("smallest") else ">") + "=" * running
    if not running:
        out = replace(out, shape=(*out.shape[:at], 1, *out.shape[at:]), strides=(*out.strides[:at], 0, *out.strides[at:]))
    with walk.loops([f"i{k}" for k in others], [x.shape[k] for k in others]):
        best, place = walk.new("s"), walk.new("s")
        walk.line(walk.dialect.variable(kind, best, walk.load(x, [p for p in _of_lane(x, at, "k0") if p[0] != "k0"])))
        walk.line(walk.dialect.variable("whole", place, "0"))
        with walk.block(walk.dialect.loop("k0", x.shape[at])):
            new = walk.new("v")
            walk.line(walk.dialect.constant(kind, new, walk.load(x, _of_lane(x, at, "k0"))))
            same = f"{new} != {new}" + ("" if running else f" && {best} == {best}")
            with walk.block(f"if ({new} {sign} {best} || ({same}))"):
                walk.line(f"{best} = {new};")
                walk.line(f"{place} = k0;")
            if running:
                walk.line(f"{walk.at(out, _of_lane(out, at, 'k0'))} = {place};")
        if not running:
            walk.line(f"{walk.at(out, _of_lane(out, at, 'k0'))} = {place};")


def _not_flat(action: Call) -> View:
    raise GraphError(f"export: {action.op.name} of a transposed array that is flattened", fix="pass an axis")


def _sorting(walk: Walk, action: Call) -> None:
    """Insertion into the places that are sorted already; NaN goes to the end."""
    x, out, axis = action.inputs[0], action.out, action.attributes.get("axis", -1)
    others, at = _lanes(x, axis)
    with walk.loops([f"i{k}" for k in others], [x.shape[k] for k in others]):
        with walk.block(walk.dialect.loop("k0", x.shape[at])):
            new, place = walk.new("v"), walk.new("s")
            walk.line(walk.dialect.constant(KINDS[x.dtype.kind], new, walk.load(x, _of_lane(x, at, "k0"))))
            walk.line(walk.dialect.variable("whole", place, "k0"))
            with walk.block(f"while ({place} > 0)"):
                old, value = walk.new("q"), walk.new("v")
                before = walk.at(out, _of_lane(out, at, f"({place} - 1)"))
                walk.line(walk.dialect.constant("whole", old, before))
                walk.line(walk.dialect.constant(KINDS[x.dtype.kind], value, walk.load(x, _of_lane(x, at, old))))
                walk.line(f"if (!({value} > {new} || ({value} != {value} && {new} == {new}))) break;")
                walk.line(f"{walk.at(out, _of_lane(out, at, place))} = {old};")
                walk.line(f"{place} -= 1;")
            walk.line(f"{walk.at(out, _of_lane(out, at, place))} = k0;")


def _ties(walk: Walk, action: Call) -> None:
    x, extreme = action.inputs
    axis = action.attributes.get("axis")
    axes = range(len(x.shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = sorted({a % len(x.shape) for a in axes}) if x.shape else []
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


def _within(walk: Walk, action: Call) -> None:
    x, out = action.inputs[0], action.out
    low, high = action.attributes.get("low", 0), action.attributes.get("high", 0)
    what = action.attributes.get("what", "a number")
    with walk.loops(names_of(x.shape), x.shape):
        name = walk.new("v")
        walk.line(walk.dialect.constant(KINDS[x.dtype.kind], name, walk.load(x, moves(x))))
        outside = f"!({name} >= {low} && {name} <= {high})"
        walk.line(walk.dialect.refuse(outside, f"{what} is not from {low} to {high}"))
        walk.line(f"{walk.at(out, moves(out))} = {name};")


def _write(walk: Walk, action: Call) -> None:
    x, *pieces = action.inputs
    walk.copy(x, action.out)
    for piece, index in zip(pieces, action.attributes["indexes"], strict=True):
        walk.copy(piece, indexed(action.out, index))


def _put(walk: Walk, action: Call) -> None:
    indexing.zero(walk, action.out)
    for piece, index in zip(action.inputs, action.attributes["indexes"], strict=True):
        part = indexed(action.out, index)
        source = broadcast(piece, part.shape)
        with walk.loops(names_of(part.shape), part.shape):
            walk.line(f"{walk.at(part, moves(part))} += {walk.load(source, moves(source))};")


def _scan(walk: Walk, action: Call) -> None:
    a, b = action.inputs
    adjoint, is_complex = action.attributes.get("adjoint", False), action.attributes.get("is_complex", False)
    out, T = action.out, b.shape[0] - 1
    a = broadcast(a, (T, *b.shape[1:]))
    last = T if adjoint else 0
    walk.copy(indexed(b, (last,)), indexed(out, (last,)))
    sizes = b.shape[1:-1] if is_complex else b.shape[1:]
    names = [f"i{k + 1}" for k in range(len(sizes))]
    if not T:
        return
    with walk.block(walk.dialect.loop("k0", T)):
        step = (f"({T - 1} - k0)", 1) if adjoint else ("k0", 1)
        with walk.loops(names, sizes):
            here = [(n, i + 1) for i, n in enumerate(names) if sizes[i] > 1]

            def at(view: View, shift: int, part: int | None) -> str:
                own = replace(view, offset=view.offset + shift * view.strides[0] + (part or 0) * view.strides[-1])
                return walk.load(own, [(step[0], view.strides[0]), *((n, view.strides[k]) for n, k in here)])

            _recurrence(walk, at, (a, b, out), 0 if adjoint else 1, 1 if adjoint else 0, is_complex, adjoint)


def _recurrence(walk: Walk, at: Any, views: Any, new: int, old: int, is_complex: bool, adjoint: bool) -> None:
    a, b, out = views
    if not is_complex:
        walk.line(f"{at(out, new, None)} = {at(a, 0, None)} * {at(out, old, None)} + {at(b, new, None)};")
        return
    names = [walk.new("v") for _ in range(4)]
    for name, text in zip(names, (at(a, 0, 0), at(a, 0, 1), at(out, old, 0), at(out, old, 1)), strict=True):
        walk.line(walk.dialect.constant("real", name, text))
    p, q, r, s = names
    minus, plus = ("+", "-") if adjoint else ("-", "+")
    walk.line(f"{at(out, new, 0)} = {p} * {r} {minus} {q} * {s} + {at(b, new, 0)};")
    walk.line(f"{at(out, new, 1)} = {p} * {s} {plus} {q} * {r} + {at(b, new, 1)};")


RULES: dict[str, Rule] = {
    "add_at": indexing.add_at,
    "argmax": _leading,
    "cumprod": _running,
    "cumsum": _running,
    "einsum": _einsum,
    "entry": indexing.entry,
    "last_written": indexing.last_written,
    "leading": _leading,
    "matmul": _matmul,
    **dict.fromkeys(("max", "min", "prod", "sum"), _reduced),
    "one_hot": indexing.one_hot,
    "onehot_like": indexing.one_hot,
    "pick": indexing.pick,
    "put": _put,
    "scan": _scan,
    "scatter": indexing.scatter_at,
    "sorting": _sorting,
    "take": indexing.take,
    "ties": _ties,
    "within": _within,
    "write": _write,
    "write_at": indexing.write_at,
}
