"""The numbers that a native program reads at each run (sizes, strides, addresses), and its form without them.

The text of a program is written from forms alone, which hold no size: whoever has the same forms shares the code.
A table is one array of int64. Its places, in order::

    MOVED, LIST, GIVEN     how many addresses depend on this run, where their list and where the given arrays start
    the actions' places    in order; a form knows where its own start
    the list               three numbers for each: the place to set, the number of its buffer, an offset in bytes
    the given arrays       one a buffer that is new at each run: where the array object is, not its memory

A view takes 1 + (axes) + (repeats around it) places: its address, its strides and its moves a step, all in bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...plan.actions import Buffer, Elementwise, Product, Reduction, Repeat, View
from ...plan.memory import views_of
from . import product_block
from .instructions import code_of

MOVED, LIST, GIVEN, START = range(4)

HEAD = object.__basicsize__
"""Bytes from the start of an array object to the address of its memory.

numpy's struct begins with Python's own head and the field ``data`` (numpy/ndarraytypes.h). A program reads the
field itself: asking numpy for it takes Python half a microsecond an array, and a small step has a dozen of them.
"""

OUTSIDE = ("argument", "parameter", "result")
"""Kinds of buffers whose addresses are given at each run."""


class ViewForm(NamedTuple):
    """A view without its sizes.

    Attributes:
        code: its dtype, as `instructions.code_of` gives it.
        inner: along the innermost axis: ``"same"`` (stride 0), ``"near"`` (1) or ``"far"`` (any other).
        slot: where its places start, counted from its action's first.
        axes: how many strides it has there.
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
    """An `Elementwise`. ``sizes``: where the sizes of the loops start; ``axes``: how many they are."""

    sizes: int
    axes: int
    loads: tuple[ViewForm, ...]
    instructions: tuple[InstructionForm, ...]
    stores: tuple[tuple[int, ViewForm], ...]
    reduces: tuple[tuple[str, int, ViewForm], ...]


class ReductionForm(NamedTuple):
    """A `Reduction`: its sizes are those of the kept axes, then of the reduced ones; so are the strides of x.

    Attributes:
        along: whether the innermost loop runs along a reduced axis; if not, along the last of the kept ones.
    """

    kind: str
    sizes: int
    kept: int
    reduced: int
    along: bool
    x: ViewForm
    out: ViewForm


class ProductForm(NamedTuple):
    """A `Product`. ``site``: where its block starts; ``packed``: whether an operand is fixed in the repeat around."""

    site: int
    packed: bool
    a: ViewForm
    b: ViewForm
    out: ViewForm


Form = ElementwiseForm | ReductionForm | ProductForm


class PlacedForm(NamedTuple):
    """A form, and where the places of its action start."""

    at: int
    form: Form


class RepeatForm(NamedTuple):
    """A `Repeat`. ``steps``: where their number stands."""

    steps: int
    depth: int
    body: tuple[Any, ...]


@dataclass
class Filling:
    """A table as it is being filled, action by action.

    Attributes:
        values: the places so far.
        views: place, buffer and offset in bytes of each view's address.
        sites: the product that each block stands for, and where it starts.
        around: depths of the repeats around the action at hand.
        start: of the action at hand, its first place.
    """

    values: list[int] = field(default_factory=lambda: [0] * START)
    views: list[tuple[int, Buffer, int]] = field(default_factory=list)
    sites: list[tuple[Product, int]] = field(default_factory=list)
    around: list[int] = field(default_factory=list)
    start: int = 0

    def add(self, action: Any) -> PlacedForm | RepeatForm:
        """Fill in an action's numbers; what is left of it is its form. Equal forms share their code."""
        if isinstance(action, Repeat):
            return self._repeat(action)
        self.start = len(self.values)
        return PlacedForm(self.start, _FILLERS[type(action)](self, action))

    def _numbers(self, numbers: Sequence[int]) -> int:
        at = len(self.values) - self.start
        self.values += numbers
        return at

    def _view(self, view: View, inner: str, strides: Sequence[int]) -> ViewForm:
        size = view.dtype.itemsize
        moves = [view.per_step[depth] * size if depth < len(view.per_step) else 0 for depth in self.around]
        at = self._numbers([0, *(stride * size for stride in strides), *moves])
        self.views.append((self.start + at, view.buffer, view.offset * size))
        return ViewForm(code_of(view.dtype), inner, at, len(strides))

    def _elementwise(self, action: Elementwise) -> ElementwiseForm:
        views = [*action.loads, *(view for _, view in action.stores)]
        rows = [(*view.strides, 0) for _, _, view in action.reduces]
        sizes, strides = merged(action.shape, [*(view.strides for view in views), *rows])
        at, first = self._numbers(sizes), len(action.loads)
        last = sizes[-1]
        loads = [self._view(v, inner(s[-1], last), s) for v, s in zip(action.loads, strides[:first], strict=True)]
        stores = [
            (number, self._view(v, inner(s[-1], last, store=True), s))
            for (number, v), s in zip(action.stores, strides[first : len(views)], strict=True)
        ]
        reduces = [
            (kind, number, self._view(v, "same", s))
            for (kind, number, v), s in zip(action.reduces, strides[len(views) :], strict=True)
        ]
        steps = tuple(
            InstructionForm(i.op, i.args, code_of(i.dtype), tuple(sorted(i.attributes.items())) if i.attributes else ())
            for i in action.instructions
        )
        return ElementwiseForm(at, len(sizes), tuple(loads), steps, tuple(stores), tuple(reduces))

    def _reduction(self, action: Reduction) -> ReductionForm:
        x, out, rank = action.x, action.out, len(action.x.shape)
        reduced = [axis % rank for axis in action.axes]
        kept = [axis for axis in range(rank) if axis not in reduced]
        to = dict(zip(kept, out.strides, strict=True))
        near = innermost(x)
        group = reduced if near in reduced else kept
        group.append(group.pop(group.index(near)))
        kept_sizes, kept_strides = merged(
            [x.shape[i] for i in kept], [[x.strides[i] for i in kept], [to[i] for i in kept]]
        )
        sizes, (strides,) = merged([x.shape[i] for i in reduced], [[x.strides[i] for i in reduced]])
        at = self._numbers([*kept_sizes, *sizes])
        along = group is reduced
        last, stride, to_stride = (
            (sizes[-1], strides[-1], 1) if along else (kept_sizes[-1], kept_strides[0][-1], kept_strides[1][-1])
        )
        how = "near" if stride == 1 or last == 1 else "far"
        to_how = "near" if to_stride == 1 or last == 1 else "far"
        x_form = self._view(x, how, [*kept_strides[0], *strides])
        out_form = self._view(out, to_how, kept_strides[1])
        return ReductionForm(action.kind, at, len(kept_sizes), len(sizes), along, x_form, out_form)

    def _product(self, action: Product) -> ProductForm:
        a, b, out = action.a, action.b, action.out
        block = [0] * product_block.SIZE
        block[product_block.M : product_block.ITEMSIZE + 1] = [
            *(a.shape[0], b.shape[1], a.shape[1]),
            *a.strides,
            *b.strides,
            out.strides[0],
            a.dtype.itemsize,
        ]
        at = self._numbers(block)
        self.sites.append((action, self.start + at))
        packed = bool(self.around) and any(action.fixed)
        return ProductForm(at, packed, *(self._view(view, "near", ()) for view in (a, b, out)))

    def _repeat(self, action: Repeat) -> RepeatForm:
        at = len(self.values)
        self.values.append(action.steps)
        self.around.append(action.depth)
        body = tuple([self.add(child) for child in action.actions])
        self.around.pop()
        return RepeatForm(at, action.depth, body)


_FILLERS: dict[type, Any] = {
    Elementwise: Filling._elementwise,
    Reduction: Filling._reduction,
    Product: Filling._product,
}


def inner(stride: int, last: int, store: bool = False) -> str:
    """How a view runs along the innermost loop, of ``last`` steps; of one step all ways are right."""
    if stride == 0 and not store:
        return "same"
    return "near" if stride == 1 or last == 1 else "far"


def innermost(x: View) -> int:
    """The axis of x to run along in the innermost loop: the last one with stride 1, else the last one."""
    return max((axis for axis, stride in enumerate(x.strides) if stride == 1), default=len(x.shape) - 1)


def merged(shape: Sequence[int], strides: Sequence[Sequence[int]]) -> tuple[list[int], list[list[int]]]:
    """The same loops with neighbouring axes made one where every view allows it; as many axes, the outer ones 1.

    Args:
        shape: sizes of the axes; none counts as one axis of size 1.
        strides: of each view, one an axis, in elements.

    Example:
        >>> from tinygraph.run.native.table import merged
        >>> merged((4, 5, 6), [(30, 6, 1), (0, 0, 0)])
        ([1, 1, 120], [[0, 0, 1], [0, 0, 0]])
        >>> merged((4, 5, 6), [(30, 6, 1), (6, 0, 1)])
        ([4, 5, 6], [[30, 6, 1], [6, 0, 1]])
    """
    if not shape:
        return [1], [[1] for _ in strides]
    size, steps = shape[-1], [s[-1] for s in strides]
    sizes, found = [], []
    for axis in range(len(shape) - 2, -1, -1):
        here = [s[axis] for s in strides]
        if shape[axis] == 1:
            continue
        if all(step * size == wide for step, wide in zip(steps, here, strict=True)):
            size *= shape[axis]
            continue
        sizes.append(size)
        found.append(steps)
        size, steps = shape[axis], here
    empty = len(shape) - len(sizes) - 1
    sizes = [1] * empty + [size, *reversed(sizes)]
    found = [[0] * len(strides)] * empty + [steps, *reversed(found)]
    return sizes, [list(s) for s in zip(*found, strict=True)] if strides else []


def can_run(action: Any) -> bool:
    """Whether native code does this action: its ops are known, its dtypes float32, float64 and bool."""
    from .instructions import known

    if isinstance(action, Repeat):
        return all(can_run(child) for child in action.actions)
    if isinstance(action, Elementwise):
        codes = {code_of(v.dtype) for v in views_of(action)}
        return codes <= {"f4", "f8", "b1"} and all(known(i.op, code_of(i.dtype)) for i in action.instructions)
    if isinstance(action, Reduction):
        same = action.x.dtype == action.out.dtype
        return same and code_of(action.x.dtype) in ("f4", "f8") and action.kind in ("sum", "max", "min")
    if isinstance(action, Product):
        codes = {code_of(v.dtype) for v in (action.a, action.b, action.out)}
        return len(codes) == 1 and codes <= {"f4", "f8"}
    return False
