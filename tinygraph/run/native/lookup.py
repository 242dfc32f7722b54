"""Native loops that look up rows by indices, and one-hot vectors; an index out of range stops the program.

Nothing is read at such an index: the action writes at which steps of the loops around it was, and returns. Then numpy
does this one call anew, for the error that it raises.
"""

from __future__ import annotations

from .access import Lanes, NativeProgram, first_lanes, lane_numbers, lanes_for, read_one
from .elementwise import RowLoop
from .forms import ElementwiseForm, InstructionForm, LookupForm, OneHotForm, ViewForm
from .instructions import ELEMENTS, convert
from .text import Value


def write_lookup(program: NativeProgram, form: LookupForm) -> None:
    """For each of the outer indices: the address of a row of x, which is copied."""
    writer, count = program.writer, len(form.indices)
    starts = {view: program.start(view) for view in (form.x, form.out, *form.indices)}
    last = form.outer + form.inner - 1
    strides = {view: program.stride(view, last) for view in (form.x, form.out) if view.inner == "strided"}
    copy = InstructionForm("copy", (0,), form.out.code, ())
    with program.loops(form.sizes, range(form.outer), starts) as at:
        row = at[form.x]
        for k, view in enumerate(form.indices):
            index = _checked(program, form, view, at[view], program.number(form.ends + k), from_end=True)
            row = writer.at(row, index * program.number(form.ends + count + k))
        with program.loops(form.sizes, range(form.outer, last), {form.x: row, form.out: at[form.out]}) as rows:
            one = ElementwiseForm(form.sizes, 1, (form.x,), (copy,), ((1, form.out),), ())
            RowLoop(writer, one, rows, strides).write(program.number(form.sizes + last))


def write_one_hot(program: NativeProgram, form: OneHotForm) -> None:
    """For each label a row of zeros and a one."""
    writer, count = program.writer, lanes_for(program.writer, [form.out.code])
    stride = program.stride(form.out, form.outer) if form.out.inner == "strided" else None
    depth = program.number(form.sizes + form.outer)
    starts = {view: program.start(view) for view in (form.labels, form.out)}
    with program.loops(form.sizes, range(form.outer), starts) as at:
        label = _checked(program, form, form.labels, at[form.labels], depth, from_end=False).splat(count)
        with writer.loop(depth, by=count) as index:
            here = index.splat(count) + lane_numbers(writer, count)
            lanes = Lanes(writer, count, index, first_lanes(writer, count, depth - index))
            one = convert(here.compare("eq", label), ELEMENTS[form.out.code], "b1")
            lanes.write(one, form.out, at[form.out], stride)


def _checked(
    program: NativeProgram, form: LookupForm | OneHotForm, view: ViewForm, start: Value, end: Value, from_end: bool
) -> Value:
    """The index at ``start``, from 0 below ``end``; if it is none, the function notes the steps around and returns."""
    writer = program.writer
    index = convert(read_one(writer, view, start), "i64", view.code)
    if from_end:
        index = index.compare("slt", 0).where(index + end, index)
    with writer.when(index.compare("uge", end)):
        for number, step in enumerate(program.steps.values()):
            writer.store(step, program.slot(form.refused + 1 + number))
        program.leave(form.refused)
    return index
