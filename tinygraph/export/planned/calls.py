"""Ops that no action of a plan covers, each as loops; and the walk's table of actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Any

from ...core.errors import GraphError
from ...ops.broadcasting import Elementwise as ElementwiseOp
from ...ops.einsum import spell_out
from ...plan.actions import Call, Elementwise, Instruction, Product, Reduction, Repeat, View
from ...plan.views import broadcast, indexed, reshaped
from . import indexing, lanes, products
from .indexing import moves, names_of
from .walk import KINDS, Walk

CallLoops = Callable[[Walk, Call], None]

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
    if not prod(action.out.shape):
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
    loads = tuple(broadcast(v, action.out.shape) for v in action.inputs)
    attributes = {} if action.op.name == "astype" else action.attributes
    step = Instruction(action.op.name, tuple(range(len(loads))), action.out.dtype, attributes)
    walk.elementwise(Elementwise(action.out.shape, loads, (step,), ((len(loads), action.out),)))


def _reduced(walk: Walk, action: Call) -> None:
    """Reductions of whole numbers and booleans, products, and those over no axis."""
    x, out, axis = action.inputs[0], action.out, action.attributes.get("axis")
    axes = range(len(x.shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(sorted({a % len(x.shape) for a in axes})) if x.shape else ()
    kept = tuple(n for k, n in enumerate(x.shape) if k not in axes)
    target = reshaped(out, kept)
    assert target is not None
    if not prod(x.shape):
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
        with walk.loops(names_of(part.shape), part.shape):
            walk.line(f"{walk.at(part, moves(part))} += {walk.load(piece, moves(piece))};")


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


RULES: dict[str, CallLoops] = {
    "add_at": indexing.add_at,
    "argmax": lanes.leading,
    "cumprod": lanes.running,
    "cumsum": lanes.running,
    "einsum": _einsum,
    "entry": indexing.entry,
    "last_written": indexing.last_written,
    "leading": lanes.leading,
    "matmul": _matmul,
    **dict.fromkeys(("max", "min", "prod", "sum"), _reduced),
    "one_hot": indexing.one_hot,
    "onehot_like": indexing.one_hot,
    "pick": indexing.pick,
    "put": _put,
    "scan": _scan,
    "scatter": indexing.scatter_at,
    "sorting": lanes.sorting,
    "take": indexing.take,
    "ties": lanes.ties,
    "within": _within,
    "write": _write,
    "write_at": indexing.write_at,
}
