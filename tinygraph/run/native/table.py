"""The table of sizes, strides and addresses that native code reads, and the forms of actions.

LLVM IR is generated from forms alone. A form holds no sizes, so actions of equal forms share their machine code.
A table is one array of int64. Its slots, in order::

    RELOCATION_COUNT    number of the relocations: addresses that are set anew at each run
    RELOCATIONS         slot at which the list of relocations starts
    ARRAYS              slot at which the addresses of the arrays start
    the actions         in order; a form knows the slots of its action
    the relocations     three numbers each: the slot to set, the index of the buffer, an offset in bytes
    the arrays          one per external buffer: the address of the array object, not of its memory

A view takes 1 + (axes) + (loops around it) slots: its address, its strides and its moves per step, all in bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...plan.actions import Buffer, Elementwise, Product, Reduction, Repeat, View
from ...plan.memory import views_of
from . import product_block
from .instructions import code_of, is_supported

RELOCATION_COUNT, RELOCATIONS, ARRAYS, START = range(4)

HEAD = object.__basicsize__
"""Bytes from the start of an array object to the address of its memory.

numpy's struct begins with the header of a Python object and the field ``data`` (numpy/ndarraytypes.h). Native code
reads this field: ``array.ctypes.data`` takes half a microsecond per array, and a small step has a dozen arrays.
"""

EXTERNAL = ("argument", "parameter", "result")
"""Kinds of buffers whose addresses change from run to run."""


class ViewForm(NamedTuple):
    """A view without its sizes.

    Attributes:
        code: its dtype, as `instructions.code_of` returns it.
        inner: its stride along the innermost axis: ``"broadcast"`` (0), ``"contiguous"`` (1) or ``"strided"`` (other).
        slot: its first slot, relative to the first slot of its action.
        axes: number of its strides.
    """

    code: str
    inner: str
    slot: int
    axes: int


class InstructionForm(NamedTuple):
    """An `Instruction`, its attributes as sorted pairs."""

    op: str
    args: tuple[int, ...]
    code: str
    attributes: tuple[tuple[str, Any], ...]


class ElementwiseForm(NamedTuple):
    """An `Elementwise`. ``sizes``: the first slot of the loops' sizes; ``axes``: the number of loops."""

    sizes: int
    axes: int
    loads: tuple[ViewForm, ...]
    instructions: tuple[InstructionForm, ...]
    stores: tuple[tuple[int, ViewForm], ...]
    reduces: tuple[tuple[str, int, ViewForm], ...]


class ReductionForm(NamedTuple):
    """A `Reduction`. Its sizes, and the strides of x, are those of the kept axes and then of the reduced axes.

    Attributes:
        along: whether the innermost loop runs along a reduced axis; if not, along the last kept axis.
    """

    kind: str
    sizes: int
    kept: int
    reduced: int
    along: bool
    x: ViewForm
    out: ViewForm


class ProductForm(NamedTuple):
    """A `Product`. ``block``: first slot of its product block; ``packed``: whether an operand is loop-invariant."""

    block: int
    packed: bool
    a: ViewForm
    b: ViewForm
    out: ViewForm


Form = ElementwiseForm | ReductionForm | ProductForm


class PlacedForm(NamedTuple):
    """A form, and the first slot of its action."""

    start: int
    form: Form


class RepeatForm(NamedTuple):
    """A `Repeat`. ``steps``: the slot of the number of steps."""

    steps: int
    depth: int
    body: tuple[Any, ...]


@dataclass
class Filling:
    """Fills a table, action by action.

    Attributes:
        values: the values of the slots so far.
        views: for each view the slot of its address, its buffer, and its offset in bytes.
        product_blocks: each product and the first slot of its block.
        around: depths of the loops around the current action.
        start: the first slot of the current action.
    """

    values: list[int] = field(default_factory=lambda: [0] * START)
    views: list[tuple[int, Buffer, int]] = field(default_factory=list)
    product_blocks: list[tuple[Product, int]] = field(default_factory=list)
    around: list[int] = field(default_factory=list)
    start: int = 0

    def add(self, action: Any) -> PlacedForm | RepeatForm:
        """Append the numbers of an action and return its form."""
        if isinstance(action, Repeat):
            return self._repeat(action)
        self.start = len(self.values)
        return PlacedForm(self.start, _FILLERS[type(action)](self, action))

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

    def _elementwise(self, action: Elementwise) -> ElementwiseForm:
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
            InstructionForm(i.op, i.args, code_of(i.dtype), tuple(sorted(i.attributes.items())))
            for i in action.instructions
        )
        return ElementwiseForm(slot, len(sizes), tuple(loads), instructions, tuple(stores), tuple(reduces))

    def _reduction(self, action: Reduction) -> ReductionForm:
        x, out, rank = action.x, action.out, len(action.x.shape)
        reduced = [axis % rank for axis in action.axes]
        kept = [axis for axis in range(rank) if axis not in reduced]
        out_stride = dict(zip(kept, out.strides, strict=True))
        last = innermost(x)
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
        return ReductionForm(action.kind, slot, len(kept_sizes), len(sizes), along, x_form, out_form)

    def _product(self, action: Product) -> ProductForm:
        a, b, out = action.a, action.b, action.out
        shape = (a.shape[0], b.shape[1], a.shape[1])
        slot = self._append(product_block.block(shape, a.strides, b.strides, out.strides[0], a.dtype.itemsize))
        self.product_blocks.append((action, self.start + slot))
        packed = bool(self.around) and any(action.fixed)
        return ProductForm(slot, packed, *(self._view(view, "contiguous", ()) for view in (a, b, out)))

    def _repeat(self, action: Repeat) -> RepeatForm:
        slot = len(self.values)
        self.values.append(action.steps)
        self.around.append(action.depth)
        body = tuple([self.add(child) for child in action.actions])
        self.around.pop()
        return RepeatForm(slot, action.depth, body)


_FILLERS: dict[type, Any] = {
    Elementwise: Filling._elementwise,
    Reduction: Filling._reduction,
    Product: Filling._product,
}


def inner(stride: int, last: int, store: bool = False) -> str:
    """Classifies the innermost stride of a view (see `ViewForm`); with ``last`` = 1 step the stride does not matter."""
    if stride == 0 and not store:
        return "broadcast"
    return "contiguous" if stride == 1 or last == 1 else "strided"


def innermost(x: View) -> int:
    """The axis of x for the innermost loop: the last axis with stride 1, else the last axis."""
    return max((axis for axis, stride in enumerate(x.strides) if stride == 1), default=len(x.shape) - 1)


def merged(shape: Sequence[int], strides: Sequence[Sequence[int]]) -> tuple[list[int], list[list[int]]]:
    """Merges adjacent axes where the strides of every view allow it; outer axes of size 1 keep the rank.

    Args:
        shape: sizes of the axes; no axes count as one axis of size 1.
        strides: the strides of each view, in elements.

    Example:
        >>> from tinygraph.run.native.table import merged
        >>> merged((4, 5, 6), [(30, 6, 1), (0, 0, 0)])
        ([1, 1, 120], [[0, 0, 1], [0, 0, 0]])
        >>> merged((4, 5, 6), [(30, 6, 1), (6, 0, 1)])
        ([4, 5, 6], [[30, 6, 1], [6, 0, 1]])
    """
    if not shape:
        return [1], [[1] for _ in strides]
    sizes, columns = [shape[-1]], [[s[-1] for s in strides]]  # the axes so far, the innermost first
    for axis in range(len(shape) - 2, -1, -1):
        outer = [s[axis] for s in strides]
        if shape[axis] == 1:
            continue
        if all(inner_stride * sizes[-1] == stride for inner_stride, stride in zip(columns[-1], outer, strict=True)):
            sizes[-1] *= shape[axis]
        else:
            sizes.append(shape[axis])
            columns.append(outer)
    missing = len(shape) - len(sizes)
    sizes += [1] * missing
    columns += [[0] * len(strides)] * missing
    return sizes[::-1], [list(s) for s in zip(*columns[::-1], strict=True)] if strides else []


def can_run(action: Any) -> bool:
    """Whether native code supports the action: all of its ops, and its dtypes float32, float64 and bool."""
    if isinstance(action, Repeat):
        return all(can_run(child) for child in action.actions)
    if isinstance(action, Elementwise):
        codes = {code_of(v.dtype) for v in views_of(action)}
        return codes <= {"f4", "f8", "b1"} and all(is_supported(i.op, code_of(i.dtype)) for i in action.instructions)
    if isinstance(action, Reduction):
        same = action.x.dtype == action.out.dtype
        return same and code_of(action.x.dtype) in ("f4", "f8") and action.kind in ("sum", "max", "min")
    if isinstance(action, Product):
        codes = {code_of(v.dtype) for v in (action.a, action.b, action.out)}
        return len(codes) == 1 and codes <= {"f4", "f8"}
    return False
