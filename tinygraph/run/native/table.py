"""The table of sizes, strides and addresses that native code reads.

LLVM IR is generated from forms alone. A form holds no sizes, so actions of equal forms share their machine code.
A table is one array of int64. Its slots, in order::

    RELOCATION_COUNT    number of the relocations: addresses that are set anew at each run
    RELOCATIONS         slot at which the list of relocations starts
    ARRAYS              slot at which the addresses of the arrays start
    REFUSED             whether an index or a label was out of range, at which the program stops
    the actions         in order; a form knows the slots of its action
    the relocations     three numbers each: the slot to set, the index of the buffer, an offset in bytes
    the arrays          one per external buffer: the address of the array object, not of its memory

A view takes 1 + (axes) + (loops around it) slots: its address, its strides and its moves per step, all in bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ...plan.actions import Buffer, Call, Elementwise, Product, Reduction, Repeat, View
from ...plan.memory import views_of
from . import calls, forms, product_block
from .forms import PlacedForm, RepeatForm, ViewForm, inner, merged
from .instructions import ELEMENTS, code_of, is_supported

RELOCATION_COUNT, RELOCATIONS, ARRAYS, REFUSED, START = range(5)

HEAD = object.__basicsize__
"""Bytes from the start of an array object to the address of its memory.

numpy's struct begins with the header of a Python object and the field ``data`` (numpy/ndarraytypes.h). Native code
reads this field: ``array.ctypes.data`` takes half a microsecond per array, and a small step has a dozen arrays.
"""

EXTERNAL = ("argument", "parameter", "result")
"""Kinds of buffers whose addresses change from run to run."""


@dataclass
class Filling:
    """Fills a table, action by action.

    Attributes:
        values: the values of the slots so far.
        views: for each view the slot of its address, its buffer, and its offset in bytes.
        product_blocks: each product and the first slot of its block.
        lookups: each call that may be refused, the slot that says so, and the depths of the loops around it.
        around: depths of the loops around the current action.
        start: the first slot of the current action.
    """

    values: list[int] = field(default_factory=lambda: [0] * START)
    views: list[tuple[int, Buffer, int]] = field(default_factory=list)
    product_blocks: list[tuple[Product, int]] = field(default_factory=list)
    lookups: list[tuple[Call, int, tuple[int, ...]]] = field(default_factory=list)
    around: list[int] = field(default_factory=list)
    start: int = 0

    def add(self, action: Any) -> PlacedForm | RepeatForm:
        """Append the numbers of an action and return its form."""
        if isinstance(action, Repeat):
            return self._repeat(action)
        self.start = len(self.values)
        if isinstance(action, Call):
            return PlacedForm(self.start, self._call(action))
        return PlacedForm(self.start, _FILLERS[type(action)](self, action))

    def _call(self, action: Call) -> Any:
        same = calls.as_elementwise(action)
        return self._elementwise(same) if same else _CALLS[action.op.name](self, action)

    def _along(self, action: Call) -> Any:
        """`argmax`, `cumsum`, or a sum, max or min of integers."""
        lanes = calls.lanes(action)
        assert lanes
        x, out = lanes
        kept, (x_strides, out_strides) = merged(x.shape[:-1], [x.strides[:-1], out.strides[: len(x.shape) - 1]])
        slot = self._append([*kept, x.shape[-1]])
        x_form = self._view(x, inner(x.strides[-1], x.shape[-1], True), [*x_strides, x.strides[-1]])
        out_form = self._view(out, "strided", [*out_strides, *out.strides[len(x.shape) - 1 :]])
        if action.op.name == "argmax":
            return forms.ArgmaxForm(slot, len(kept), x_form, out_form)
        op = calls.COMBINED[action.op]
        return forms.RunningForm(op, action.op.name == "cumsum", slot, len(kept), x_form, out_form)

    def _lookup(self, action: Call) -> forms.LookupForm:
        rows = calls.rows(action)
        assert rows
        x, out, n = rows.x, rows.out, rows.outer
        outer, strides = merged(x.shape[:n], [v.strides[:n] for v in (x, out, *rows.indices)])
        within, (x_row, out_row) = merged(x.shape[n:], [x.strides[n:], out.strides[n:]])
        slot, itemsize = self._append([*outer, *within]), x.dtype.itemsize
        ends = self._append([*rows.sizes, *(stride * itemsize for stride in rows.strides)])
        refused = self._refusable(action)
        x_form = self._view(x, inner(x_row[-1], within[-1]), [*strides[0], *x_row])
        indices = [self._view(v, "strided", s) for v, s in zip(rows.indices, strides[2:], strict=True)]
        out_form = self._view(out, inner(out_row[-1], within[-1], True), [*strides[1], *out_row])
        return forms.LookupForm(slot, len(outer), len(within), ends, refused, x_form, tuple(indices), out_form)

    def _one_hot(self, action: Call) -> forms.OneHotForm:
        (labels,), out = action.inputs, action.out
        outer, (l_strides, out_strides) = merged(labels.shape, [labels.strides, out.strides[:-1]])
        slot, refused = self._append([*outer, out.shape[-1]]), self._refusable(action)
        labels_form, last = self._view(labels, "strided", l_strides), out.strides[-1]
        out_form = self._view(out, inner(last, out.shape[-1], True), [*out_strides, last])
        return forms.OneHotForm(slot, len(outer), refused, labels_form, out_form)

    def _refusable(self, action: Call) -> int:
        """Slots for whether the call was refused, and at which steps; returns the first one."""
        slot = self._append([0] * (1 + len(self.around)))
        self.lookups.append((action, self.start + slot, tuple(self.around)))
        return slot

    def _append(self, numbers: Sequence[int]) -> int:
        """Append numbers; returns their first slot, relative to the first slot of the action."""
        slot = len(self.values) - self.start
        self.values += numbers
        return slot

    def _view(self, view: View, inner: str, strides: Sequence[int]) -> ViewForm:
        size = view.dtype.itemsize
        moves = [view.per_step[depth] * size if depth < len(view.per_step) else 0 for depth in self.around]
        slot = self._append([0, *(stride * size for stride in strides), *moves])
        self.views.append((self.start + slot, view.buffer, view.offset * size))
        return ViewForm(code_of(view.dtype), inner, slot, len(strides))

    def _elementwise(self, action: Elementwise) -> forms.ElementwiseForm:
        views = [*action.loads, *(view for _, view in action.stores)]
        rows = [(*view.strides, 0) for _, _, view in action.reduces]
        sizes, strides = merged(action.shape, [*(view.strides for view in views), *rows])
        slot, first = self._append(sizes), len(action.loads)
        last = sizes[-1]
        loads = [self._view(v, inner(s[-1], last), s) for v, s in zip(action.loads, strides[:first], strict=True)]
        stores = [
            (number, self._view(v, inner(s[-1], last, store=True), s))
            for (number, v), s in zip(action.stores, strides[first : len(views)], strict=True)
        ]
        reduces = [
            (kind, number, self._view(v, "broadcast", s))
            for (kind, number, v), s in zip(action.reduces, strides[len(views) :], strict=True)
        ]
        instructions = tuple(
            forms.InstructionForm(i.op, i.args, code_of(i.dtype), own := tuple(sorted(i.attributes.items())), repr(own))
            for i in action.instructions
        )
        return forms.ElementwiseForm(slot, len(sizes), tuple(loads), instructions, tuple(stores), tuple(reduces))

    def _reduction(self, action: Reduction) -> forms.ReductionForm:
        x, out, rank = action.x, action.out, len(action.x.shape)
        reduced = [axis % rank for axis in action.axes]
        kept = [axis for axis in range(rank) if axis not in reduced]
        out_stride = dict(zip(kept, out.strides, strict=True))
        last = forms.innermost(x)
        group = reduced if last in reduced else kept
        group.append(group.pop(group.index(last)))
        kept_sizes, (x_strides, out_strides) = merged(
            [x.shape[i] for i in kept], [[x.strides[i] for i in kept], [out_stride[i] for i in kept]]
        )
        sizes, (strides,) = merged([x.shape[i] for i in reduced], [[x.strides[i] for i in reduced]])
        slot, along = self._append([*kept_sizes, *sizes]), group is reduced
        x_inner = inner(strides[-1], sizes[-1], True) if along else inner(x_strides[-1], kept_sizes[-1], True)
        out_inner = "contiguous" if along else inner(out_strides[-1], kept_sizes[-1], True)
        x_form = self._view(x, x_inner, [*x_strides, *strides])
        out_form = self._view(out, out_inner, out_strides)
        return forms.ReductionForm(action.kind, slot, len(kept_sizes), len(sizes), along, x_form, out_form)

    def _product(self, action: Product) -> forms.ProductForm:
        a, b, out = action.a, action.b, action.out
        shape = (a.shape[0], b.shape[1], a.shape[1])
        slot = self._append(product_block.block(shape, a.strides, b.strides, out.strides[0], a.dtype.itemsize))
        self.product_blocks.append((action, self.start + slot))
        packed = bool(self.around) and any(action.fixed)
        return forms.ProductForm(slot, packed, *(self._view(view, "contiguous", ()) for view in (a, b, out)))

    def _repeat(self, action: Repeat) -> RepeatForm:
        slot = len(self.values)
        self.values.append(action.steps)
        self.around.append(action.depth)
        body = tuple([self.add(child) for child in action.actions])
        self.around.pop()
        return RepeatForm(slot, action.depth, body)


_CALLS: dict[str, Any] = {
    **dict.fromkeys(("argmax", "cumsum", "max", "min", "sum"), Filling._along),
    "one_hot": Filling._one_hot,
    "pick": Filling._lookup,
    "take": Filling._lookup,
}

_FILLERS: dict[type, Any] = {
    Elementwise: Filling._elementwise,
    Reduction: Filling._reduction,
    Product: Filling._product,
}


def can_run(action: Any) -> bool:
    """Whether native code supports the action: its ops, and its dtypes."""
    if isinstance(action, Repeat):
        return all(can_run(child) for child in action.actions)
    if isinstance(action, Elementwise):
        codes = [code_of(v.dtype) for v in action.loads] + [code_of(i.dtype) for i in action.instructions]
        known = all(is_supported(i.op, code_of(i.dtype), [codes[k] for k in i.args]) for i in action.instructions)
        return known and {code_of(v.dtype) for v in views_of(action)} <= ELEMENTS.keys()
    if isinstance(action, Reduction):
        same = action.x.dtype == action.out.dtype
        return same and code_of(action.x.dtype) in ("f4", "f8") and action.kind in ("sum", "max", "min")
    if isinstance(action, Product):
        codes_of = {code_of(v.dtype) for v in (action.a, action.b, action.out)}
        return len(codes_of) == 1 and codes_of <= {"f4", "f8"}
    same_work = calls.as_elementwise(action)
    return can_run(same_work) if same_work else calls.can_run(action)
