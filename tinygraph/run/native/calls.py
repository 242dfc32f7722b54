"""Calls of ops that native code has instructions or loops for: what each reads and writes, as views."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ... import ops
from ...ops.lookup import ARRAY
from ...plan import views
from ...plan.actions import Call, Elementwise, Instruction, View
from ...plan.schedule import FUSABLE
from .instructions import ELEMENTS, code_of, is_supported


def as_elementwise(action: Call) -> Elementwise | None:
    """The call of an element-wise op, which the planner fuses on floats alone, as a group of one."""
    if action.op not in FUSABLE:
        return None
    loads = tuple([views.broadcast(v, action.out.shape) for v in action.inputs])
    attributes = {} if action.op is ops.astype else action.attributes
    instruction = Instruction(action.op.name, tuple(range(len(loads))), action.out.dtype, attributes)
    return Elementwise(action.out.shape, loads, (instruction,), ((len(loads), action.out),))


def can_run(action: Call) -> bool:
    """Whether native code has loops for the call; those without numbers are left to numpy and its errors."""
    every = (*action.inputs, action.out)
    rule = _RULES.get(action.op)
    if rule is None or not {code_of(v.dtype) for v in every} <= ELEMENTS.keys() or any(0 in v.shape for v in every):
        return False
    return rule(action)


def lanes(action: Call) -> tuple[View, View] | None:
    """x with the axis of the call as its last one, and the result likewise, which has it or not; None if it is no view.

    Without an axis it is that of the flattened x.
    """
    (x,), out, axis = action.inputs, action.out, action.attributes.get("axis")
    if isinstance(axis, tuple):
        if len(axis) != 1:
            return None
        axis = axis[0]
    if axis is None or not x.shape:
        flat = views.reshaped(x, (prod(x.shape),))
        return None if flat is None else (flat, out)
    last = [a for a in range(len(x.shape)) if a != axis % len(x.shape)] + [axis % len(x.shape)]
    return views.transposed(x, last), views.transposed(out, last) if len(out.shape) == len(last) else out


class LookedUp(NamedTuple):
    """A lookup as copies of rows.

    Attributes:
        x: of the shape of the result; it moves not along the axes of the indices.
        out: the result.
        outer: the number of axes that come before the rows.
        indices: of the shape of the outer axes.
        sizes, strides: those of x along the axis of each index, in elements.
    """

    x: View
    out: View
    outer: int
    indices: tuple[View, ...]
    sizes: tuple[int, ...]
    strides: tuple[int, ...]


def rows(action: Call) -> LookedUp | None:
    """The rows that the call copies; None if views cannot say it."""
    x, *indices = action.inputs
    if action.op is ops.pick:
        template = action.attributes["index"]
        whole = _whole_index(template, len(x.shape))
        places = [k for k, i in enumerate(template) if i is ARRAY]
        if whole is None or places[-1] - places[0] >= len(places):
            return None
        x, first, count = views.indexed(x, whole[0]), whole[1], len(places)
    else:
        axis, count = action.attributes.get("axis"), 1
        flat = views.reshaped(x, (prod(x.shape),)) if axis is None or not x.shape else x
        if flat is None:
            return None
        x, first = flat, 0 if axis is None else axis % len(flat.shape)
    return _rows(x, action.out, indices, first, count)


def _rows(x: View, out: View, indices: list[View], first: int, count: int) -> LookedUp:
    """The rows of x, whose axes from ``first`` on, ``count`` of them, are told by indices."""
    joint = out.shape[first : len(out.shape) - (len(x.shape) - first - count)]
    outer = first + len(joint)
    none = (0,) * len(joint)
    still = View(x.buffer, x.offset, out.shape, (*x.strides[:first], *none, *x.strides[first + count :]), x.per_step)
    wide_indices = []
    for v in indices:
        wide = views.broadcast(v, joint)
        wide_indices.append(View(v.buffer, v.offset, out.shape[:outer], ((0,) * first + wide.strides), v.per_step))
    told = slice(first, first + count)
    return LookedUp(still, out, outer, tuple(wide_indices), x.shape[told], x.strides[told])


def _whole_index(template: tuple[Any, ...], rank: int) -> tuple[tuple[Any, ...], int] | None:
    """The index with whole axes in place of the arrays, and the axis of the first one then; None with numbers in it."""
    if any(isinstance(i, (int, np.integer)) for i in template):
        return None
    used = sum(1 for i in template if i is not None and i is not Ellipsis)
    index: list[Any] = []
    for i in (*template, *(() if Ellipsis in template else (Ellipsis,))):
        index += [slice(None)] * (rank - used) if i is Ellipsis else [i]
    first = index.index(ARRAY)
    return tuple([slice(None) if i is ARRAY else i for i in index]), first


def _is_lookup(action: Call) -> bool:
    kinds = {v.dtype.kind for v in action.inputs[1:]}
    # numpy converts no uint64 to an index, and a mask among several arrays is not one.
    wide = any(code_of(v.dtype) == "u8" for v in action.inputs[1:])
    return kinds <= {"i", "u"} and not wide and rows(action) is not None


def _is_combined(action: Call) -> bool:
    """Integers and booleans; of floats a running sum alone, as other sums are not added one after the other."""
    code, op = code_of(action.out.dtype), COMBINED[action.op]
    known = action.op is ops.cumsum if code[0] == "f" else is_supported(op, code, [code, code])
    return known and lanes(action) is not None


COMBINED = {ops.cumsum: "add", ops.sum: "add", ops.max: "maximum", ops.min: "minimum"}
"""The op by which two numbers are combined."""

_RULES: dict[Any, Callable[[Call], bool]] = {
    ops.argmax: lambda action: lanes(action) is not None,
    **dict.fromkeys(COMBINED, _is_combined),
    ops.one_hot: lambda action: True,
    ops.pick: _is_lookup,
    ops.take: _is_lookup,
}
