"""The actions of one scheduled unit: a fused group, a matrix product, a reduction or a call of an op."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import ops
from ..core.node import Node
from . import views
from .actions import Buffer, Call, Elementwise, Instruction, Product, Reduction, Repeat, View
from .schedule import is_light

if TYPE_CHECKING:
    from .planner import Level

_REDUCTIONS = {ops.sum: "sum", ops.max: "max", ops.min: "min"}
_FLOATS = frozenset((np.dtype(np.float32), np.dtype(np.float64)))


def emit(level: Level, unit: list[Node]) -> list[Any]:
    """Returns the actions of one unit, whose inputs have views already; assigns views to its nodes."""
    node = unit[0]
    if is_light(node):
        return [_group(level, unit)]
    if node._op is ops.matmul and _is_product(node):
        return _product(level, node)
    if node._op is ops.matmul and level.fuses and _is_stack(node):
        return _stack_of_products(level, node)
    if node._op in _REDUCTIONS and node.dtype in _FLOATS and node._inputs[0].size:
        return [_reduction(level, node)]
    if node._op is ops.concatenate:
        return _concatenation(level, node)
    if node._op is ops.put and node.dtype in _FLOATS and all(x.dtype == node.dtype for x in node._inputs):
        return _put(level, node)
    assert node._op is not None
    return [Call(node._op, tuple(level.view(x) for x in node._inputs), node._attributes, level.place(node))]


def _instruction(n: Node, number: Mapping[Node, int]) -> Instruction:
    """The instruction of a node in a group; ``number`` maps each input to the index of its value."""
    assert n._op is not None
    attributes = {} if n._op is ops.astype else n._attributes  # the instruction holds the dtype of astype
    return Instruction(n._op.name, tuple(number[x] for x in n._inputs), n.dtype, attributes)


def _group(level: Level, unit: list[Node]) -> Elementwise:
    """One pass over the elements; only values that are read outside of the group are stored."""
    shape, inside = unit[0].shape, {*unit}
    sums = [n for n in unit if n._op in _REDUCTIONS]
    unit = [n for n in unit if n._op not in _REDUCTIONS]
    loads: dict[Node, int] = {}
    for n in unit:
        for x in n._inputs:
            if x not in inside:
                loads.setdefault(x, len(loads))
    number = dict(loads) | {n: len(loads) + k for k, n in enumerate(unit)}
    instructions = tuple(_instruction(n, number) for n in unit)
    kept = [n for n in unit if level.is_read_outside(n, inside)]
    stores = tuple((number[n], level.place(n)) for n in kept)
    reduces = tuple((_REDUCTIONS[n._op], number[n._inputs[0]], level.place(n)) for n in sums)  # type: ignore[index]
    sources = tuple(views.broadcast(level.view(x), shape) for x in loads)
    return Elementwise(shape, sources, instructions, stores, reduces)


def _is_product(node: Node) -> bool:
    a, b = node._inputs
    same = a.dtype == b.dtype == node.dtype and node.dtype in _FLOATS
    return same and a.ndim == b.ndim == 2 and bool(a.size and b.size)


def _product(level: Level, node: Node) -> list[Any]:
    before = len(level.actions)
    a, b = (_for_blas(level, level.view(x)) for x in node._inputs)
    copies, level.actions[before:] = level.actions[before:], []
    fixed = (level.is_fixed(node._inputs[0]), level.is_fixed(node._inputs[1]))
    out = level.place(node)
    if out.strides[1] == 1 or out.shape[1] == 1:
        return [*copies, Product(a, b, out, fixed)]
    buffer = level.allocate(node.shape, node.dtype)
    return [*copies, Product(a, b, buffer, fixed), copy(buffer, out)]


def _is_stack(node: Node) -> bool:
    """Whether the node is a batched matrix product with leading axes."""
    a, b = node._inputs
    same = a.dtype == b.dtype == node.dtype and node.dtype in _FLOATS
    return same and min(a.ndim, b.ndim) > 1 and node.ndim > 2 and bool(a.size and b.size)


def _stack_of_products(level: Level, node: Node) -> list[Any]:
    """A batched matrix product as loops over the leading axes around one `Product` with moving views."""
    lead, before = node.shape[:-2], len(level.actions)
    operands = [_for_blas(level, level.view(x)) for x in node._inputs]
    copies, level.actions[before:] = level.actions[before:], []
    out = level.place(node)
    target = out if out.strides[-1] == 1 or out.shape[-1] == 1 else level.allocate(node.shape, node.dtype)
    moving = [*(views.broadcast(v, (*lead, *v.shape[-2:])) for v in operands), target]
    for k, n in enumerate(lead):
        moving = [views.one_step(v, level.depth + k, n, False) for v in moving]
    a, b, product = moving
    action: Any = Product(a, b, product)
    for k in range(len(lead) - 1, -1, -1):
        action = Repeat(lead[k], level.depth + k, (action,))
    return [*copies, action] if target is out else [*copies, action, copy(target, out)]


def _for_blas(level: Level, v: View) -> View:
    """The view itself, or a contiguous copy if neither of its last two axes is contiguous, which BLAS requires."""
    if _is_dense(v, 1) or _is_dense(v, 0):
        return v
    contiguous = level.allocate(v.shape, v.dtype)
    level.copy(v, contiguous)
    return contiguous


def _is_dense(v: View, axis: int) -> bool:
    """Whether the elements along ``axis`` are contiguous and the lines along it do not overlap."""
    rows, columns = v.shape[-2:]
    row, column = v.strides[-2:]
    n, across, step, far = (columns, rows, column, row) if axis else (rows, columns, row, column)
    return (step == 1 or n == 1) and (across == 1 or far >= n)


def copy(source: View, target: View) -> Elementwise:
    return Elementwise(target.shape, (source,), (Instruction("copy", (0,), target.dtype),), ((1, target),))


def _reduction(level: Level, node: Node) -> Reduction | Call:
    x, axis = node._inputs[0], node._attributes.get("axis")
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(sorted(a % x.ndim for a in axes)) if x.ndim else ()
    out = level.place(node)
    if not axes or x.dtype != node.dtype:
        return Call(node._op, (level.view(x),), node._attributes, out)
    if node._attributes.get("keepdims"):
        out = views.without(out, axes)
    return Reduction(_REDUCTIONS[node._op], level.view(x), out, axes)  # type: ignore[index]


def _concatenation(level: Level, node: Node) -> list[Any]:
    """Copies of the parts that were not written directly into their slice of the result."""
    axis, at, actions = node._attributes.get("axis", 0) % node.ndim, 0, []
    out = level.place(node)
    for part in node._inputs:
        index = (*(slice(None),) * axis, slice(at, at + part.shape[axis]))
        at += part.shape[axis]
        target, source = views.indexed(out, index), level.view(part)
        if source.buffer is not target.buffer or source.offset != target.offset:
            actions.append(copy(source, target))
    return actions


def _put(level: Level, node: Node) -> list[Any]:
    out = level.place(node)
    zero = Buffer("constant", 1, node.dtype, np.zeros(1, node.dtype))
    actions = [copy(views.broadcast(views.whole(zero, ()), node.shape), out)]
    plus = Instruction("add", (0, 1), node.dtype)
    for piece, index in zip(node._inputs, node._attributes["indexes"], strict=True):
        part = views.indexed(out, index)
        source = views.broadcast(level.view(piece), part.shape)
        actions.append(Elementwise(part.shape, (part, source), (plus,), ((2, part),)))
    return actions
