"""Native loops for sum, max and min over axes, along the innermost axis or across it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce

from .access import Lanes, NativeProgram, first_lanes, lanes_for
from .forms import ReductionForm, ViewForm
from .instructions import ELEMENTS, convert, instruction
from .text import LLVMWriter, Value

OPS = {"sum": ("add", 0.0), "max": ("maximum", -math.inf), "min": ("minimum", math.inf)}
"""Maps a reduction to the op that combines two elements and to its neutral element."""

UNROLL = 4
"""Independent accumulators (vectors or rows) of the innermost loop, which hide the latency of the additions."""

CHUNK = 4096
"""Elements that are summed in their own dtype; the chunk sums are added in float64."""

BLOCK = 4096
"""Columns of the result that are reduced completely before the next ones, so that they stay in the L1 cache."""


def write_reduction(program: NativeProgram, form: ReductionForm) -> None:
    """Write the loops of ``form``."""
    starts = {form.x: program.start(form.x), form.out: program.start(form.out)}
    (_along if form.along else _across)(program, form, starts)


def _combine(kind: str, x: Value, y: Value) -> Value:
    code = "f4" if x.element == "float" else "f8"
    return instruction(OPS[kind][0], [x, y], [code, code], code, {})


def _along(program: NativeProgram, form: ReductionForm, starts: dict[ViewForm, Value]) -> None:
    """For each element of the result: reduce chunks of the innermost axis to vectors, then these to a number."""
    writer, axes = program.writer, form.kept + form.reduced
    total_type = "double" if form.kind == "sum" else ELEMENTS[form.x.code]
    neutral = writer.constant(total_type, 1, OPS[form.kind][1])
    end = program.number(form.sizes + axes - 1)
    with program.loops(form.sizes, range(form.kept), starts) as kept:
        total = writer.variable(neutral)
        outer = program.loops(form.sizes, range(form.kept, axes - 1), {form.x: kept[form.x]})
        with outer as rows, writer.loop(end, by=CHUNK) as chunk:
            stop = (end - chunk).call("smin", CHUNK) + chunk
            chunk_total = convert(_chunk(program, form, rows[form.x], chunk, stop), total_type)
            so_far = writer.load(total_type, 1, total)
            writer.store(_combine(form.kind, so_far, chunk_total), total)
        result = convert(writer.load(total_type, 1, total), ELEMENTS[form.out.code])
        writer.store(result, kept[form.out])


def _chunk(program: NativeProgram, form: ReductionForm, row: Value, begin: Value, end: Value) -> Value:
    """Reduces the elements of a row from ``begin`` to ``end`` to a number."""
    writer, count = program.writer, lanes_for(program.writer, [form.x.code])
    stride = program.stride(form.x, form.x.axes - 1) if form.x.inner == "strided" else None
    neutral = writer.constant(ELEMENTS[form.x.code], count, OPS[form.kind][1])
    sums = [writer.variable(neutral) for _ in range(UNROLL)]
    whole = end - (end - begin) % (count * UNROLL)
    with writer.loop(whole, begin, by=count * UNROLL) as index:
        for k, pointer in enumerate(sums):
            x = Lanes(writer, count, index + k * count, None).read(form.x, row, stride)
            writer.store(_combine(form.kind, writer.load(x.element, count, pointer), x), pointer)
    with writer.loop(end, whole, by=count) as index:
        mask = first_lanes(writer, count, end - index)
        x = mask.where(Lanes(writer, count, index, mask).read(form.x, row, stride), neutral)
        writer.store(_combine(form.kind, writer.load(x.element, count, sums[0]), x), sums[0])
    vectors = [writer.load(neutral.element, count, pointer) for pointer in sums]
    return _across_lanes(form.kind, reduce(lambda x, y: _combine(form.kind, x, y), vectors))


def _across_lanes(kind: str, x: Value) -> Value:
    """Reduces the lanes of a vector to a scalar."""
    verb = {"sum": "fadd", "max": "fmaximum", "min": "fminimum"}[kind]
    name = f"llvm.vector.reduce.{verb}.{x.mangled}"
    if kind != "sum":
        return x.writer.invoke(name, x.element, 1, x)
    return x.writer.invoke(name, x.element, 1, x.writer.constant(x.element, 1, -0.0), x, flags="reassoc")


class Total:
    """An accumulator of a reduction: a vector with one partial result per lane."""

    def __init__(self, writer: LLVMWriter, kind: str, code: str, count: int) -> None:
        self.writer, self.kind = writer, kind
        self.neutral = writer.constant(ELEMENTS[code], count, OPS[kind][1])
        self.pointer = writer.variable(self.neutral)

    def add(self, value: Value, mask: Value | None) -> None:
        """Combine ``value``, of the same element type, into the lanes where the mask is true; None: all lanes."""
        if mask is not None:
            value = mask.where(value, self.neutral)
        so_far = self.writer.load(self.neutral.element, self.neutral.lanes, self.pointer)
        self.writer.store(_combine(self.kind, so_far, value), self.pointer)

    def result(self) -> Value:
        """Reduces all lanes to a number."""
        return _across_lanes(self.kind, self.writer.load(self.neutral.element, self.neutral.lanes, self.pointer))


def _across(program: NativeProgram, form: ReductionForm, starts: dict[ViewForm, Value]) -> None:
    """For each row of the result, a block of columns at a time: initialise it, then combine the rows of x into it."""
    writer, kept, axes = program.writer, form.kept, form.kept + form.reduced
    columns = program.number(form.sizes + kept - 1)
    with program.loops(form.sizes, range(kept - 1), starts) as outer, writer.loop(columns, by=BLOCK) as left:
        block = _Block(program, form, left, (columns - left).call("smin", BLOCK) + left, outer[form.out])
        block.add([])
        with program.loops(form.sizes, range(kept, axes - 1), {form.x: outer[form.x]}) as inner:
            _rows(program, form, block, inner[form.x])


def _rows(program: NativeProgram, form: ReductionForm, block: _Block, first: Value) -> None:
    writer, axes = program.writer, form.kept + form.reduced
    rows, step = program.number(form.sizes + axes - 1), program.stride(form.x, axes - 1)
    whole = rows - rows % UNROLL
    for begin, end, unroll in ((None, whole, UNROLL), (whole, rows, 1)):
        with writer.loop(end, begin, by=unroll) as row:
            block.add([writer.at(first, (row + k) * step) for k in range(unroll)])


@dataclass(frozen=True)
class _Block:
    """Columns ``left`` to ``right`` of a row of the result that starts at ``out``."""

    program: NativeProgram
    form: ReductionForm
    left: Value
    right: Value
    out: Value

    def add(self, lines: list[Value]) -> None:
        """Combine rows of x into the block; without rows, initialise the block with the neutral element."""
        writer, form, last = self.program.writer, self.form, self.form.kept - 1
        count = lanes_for(writer, [form.x.code])
        x_stride, out_stride = (
            self.program.stride(view, last) if view.inner == "strided" else None for view in (form.x, form.out)
        )
        with writer.loop(self.right, self.left, by=count) as index:
            lanes = Lanes(writer, count, index, first_lanes(writer, count, self.right - index))
            if lines:
                values = [lanes.read(form.x, line, x_stride) for line in lines]
                values.append(lanes.read(form.out, self.out, out_stride))
                value = reduce(lambda x, y: _combine(form.kind, x, y), values)
            else:
                value = writer.constant(ELEMENTS[form.x.code], count, OPS[form.kind][1])
            lanes.write(value, form.out, self.out, out_stride)
