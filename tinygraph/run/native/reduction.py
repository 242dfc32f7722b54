"""Sums, largest and smallest over axes as native loops, along the innermost axis or across it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce

from .access import Lanes, NativeProgram, first_lanes, lanes_for
from .instructions import ELEMENTS, convert, instruction
from .table import ReductionForm, ViewForm
from .text import LLVMWriter, Value

OPS = {"sum": ("add", 0.0), "max": ("maximum", -math.inf), "min": ("minimum", math.inf)}
"""What joins two elements, and where it starts."""

AT_ONCE = 4
"""Vectors, or rows, joined in one turn of the innermost loop: so many additions are under way at a time."""

CHUNK = 4096
"""Elements that are summed in their own dtype before the sum of such sums, in float64, takes over."""

BLOCK = 4096
"""Columns of the result that are finished before the next ones: they stay in the first cache."""


def write_reduction(program: NativeProgram, form: ReductionForm) -> None:
    """Write the loops of ``form``."""
    starts = {form.x: program.start(form.x), form.out: program.start(form.out)}
    (_along if form.along else _across)(program, form, starts)


def _join(kind: str, x: Value, y: Value) -> Value:
    code = "f4" if x.element == "float" else "f8"
    return instruction(OPS[kind][0], [x, y], code, {})


def _along(program: NativeProgram, form: ReductionForm, starts: dict[ViewForm, Value]) -> None:
    """For each kept element: chunks of the innermost reduced axis into vectors, those into one number."""
    writer, axes = program.writer, form.kept + form.reduced
    total_type = "double" if form.kind == "sum" else ELEMENTS[form.x.code]
    start = writer.constant(total_type, 1, OPS[form.kind][1])
    end = program.number(form.sizes + axes - 1)
    with program.loops(form.sizes, range(form.kept), starts) as kept:
        total = writer.variable(start)
        outer = program.loops(form.sizes, range(form.kept, axes - 1), {form.x: kept[form.x]})
        with outer as rows, writer.loop(end, by=CHUNK) as chunk:
            stop = (end - chunk).call("smin", CHUNK) + chunk
            found = convert(_chunk(program, form, rows[form.x], chunk, stop), total_type)
            before = writer.load(total_type, 1, total)
            writer.store(_join(form.kind, before, found), total)
        result = convert(writer.load(total_type, 1, total), ELEMENTS[form.out.code])
        writer.store(result, kept[form.out])


def _chunk(program: NativeProgram, form: ReductionForm, row: Value, begin: Value, end: Value) -> Value:
    """One number out of the elements from ``begin`` to ``end`` of a row."""
    writer, count = program.writer, lanes_for(program.writer, [form.x.code])
    far = program.stride(form.x, form.x.axes - 1) if form.x.inner == "far" else None
    empty = writer.constant(ELEMENTS[form.x.code], count, OPS[form.kind][1])
    sums = [writer.variable(empty) for _ in range(AT_ONCE)]
    whole = end - (end - begin) % (count * AT_ONCE)
    with writer.loop(whole, begin, by=count * AT_ONCE) as index:
        for k, place in enumerate(sums):
            x = Lanes(writer, count, index + k * count, None).read(form.x, row, far)
            writer.store(_join(form.kind, writer.load(x.element, count, place), x), place)
    with writer.loop(end, whole, by=count) as index:
        mask = first_lanes(writer, count, end - index)
        x = mask.where(Lanes(writer, count, index, mask).read(form.x, row, far), empty)
        writer.store(_join(form.kind, writer.load(x.element, count, sums[0]), x), sums[0])
    one = reduce(lambda x, y: _join(form.kind, x, y), [writer.load(empty.element, count, place) for place in sums])
    return _across_lanes(form.kind, one)


def _across_lanes(kind: str, x: Value) -> Value:
    name = {"sum": "fadd", "max": "fmaximum", "min": "fminimum"}[kind]
    full = f"llvm.vector.reduce.{name}.{x.mangled}"
    if kind != "sum":
        return x.writer.invoke(full, x.element, 1, x)
    return x.writer.invoke(full, x.element, 1, x.writer.constant(x.element, 1, -0.0), x, flags="reassoc")


class Total:
    """A sum, largest or smallest that gathers in the lanes of one vector."""

    def __init__(self, writer: LLVMWriter, kind: str, code: str, count: int) -> None:
        self.writer, self.kind = writer, kind
        self.empty = writer.constant(ELEMENTS[code], count, OPS[kind][1])
        self.place = writer.variable(self.empty)

    def join(self, value: Value, mask: Value | None) -> None:
        """Join the lanes of ``value``, of the total's element type, that the mask names; None: all."""
        if mask is not None:
            value = mask.where(value, self.empty)
        before = self.writer.load(self.empty.element, self.empty.lanes, self.place)
        self.writer.store(_join(self.kind, before, value), self.place)

    def result(self) -> Value:
        """All lanes as one number."""
        return _across_lanes(self.kind, self.writer.load(self.empty.element, self.empty.lanes, self.place))


def _across(program: NativeProgram, form: ReductionForm, starts: dict[ViewForm, Value]) -> None:
    """For each row of the result, a block of columns at a time: start it, then join rows of x into it, some at once."""
    writer, kept, axes = program.writer, form.kept, form.kept + form.reduced
    columns = program.number(form.sizes + kept - 1)
    with program.loops(form.sizes, range(kept - 1), starts) as outer, writer.loop(columns, by=BLOCK) as left:
        block = _Block(program, form, left, (columns - left).call("smin", BLOCK) + left, outer[form.out])
        block.join([])
        with program.loops(form.sizes, range(kept, axes - 1), {form.x: outer[form.x]}) as inner:
            _rows(program, form, block, inner[form.x])


def _rows(program: NativeProgram, form: ReductionForm, block: _Block, first: Value) -> None:
    writer, axes = program.writer, form.kept + form.reduced
    rows, step = program.number(form.sizes + axes - 1), program.stride(form.x, axes - 1)
    whole = rows - rows % AT_ONCE
    for begin, end, at_once in ((None, whole, AT_ONCE), (whole, rows, 1)):
        with writer.loop(end, begin, by=at_once) as row:
            block.join([writer.at(first, (row + k) * step) for k in range(at_once)])


@dataclass(frozen=True)
class _Block:
    """The columns from ``left`` to ``right`` of a row of the result, which starts at ``out``."""

    program: NativeProgram
    form: ReductionForm
    left: Value
    right: Value
    out: Value

    def join(self, lines: list[Value]) -> None:
        """Join rows of x into the block; none: start the block."""
        writer, form, last = self.program.writer, self.form, self.form.kept - 1
        count = lanes_for(writer, [form.x.code])
        far = {view: self.program.stride(view, last) if view.inner == "far" else None for view in (form.x, form.out)}
        with writer.loop(self.right, self.left, by=count) as index:
            lanes = Lanes(writer, count, index, first_lanes(writer, count, self.right - index))
            if lines:
                values = [lanes.read(form.x, line, far[form.x]) for line in lines]
                values.append(lanes.read(form.out, self.out, far[form.out]))
                found = reduce(lambda x, y: _join(form.kind, x, y), values)
            else:
                found = writer.constant(ELEMENTS[form.x.code], count, OPS[form.kind][1])
            lanes.write(found, form.out, self.out, far[form.out])
