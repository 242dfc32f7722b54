"""A chain of element-wise ops as native loops: whole vectors at a time, the rest of a row under a mask."""

from __future__ import annotations

from .access import Lanes, NativeProgram, first_lanes, lanes_for, read_one
from .instructions import ELEMENTS, convert, instruction
from .reduction import Total
from .table import ElementwiseForm, ViewForm
from .text import Value


def write_elementwise(program: NativeProgram, form: ElementwiseForm) -> None:
    """Write the loops of ``form``: those over the outer axes read strides, the innermost one runs along a row.

    Every lane reads all its operands before it writes, and no store overlaps what another lane reads (see
    `plan.actions.Elementwise`), so no order among lanes is to be kept.
    """
    views = [*form.loads, *(view for _, view in form.stores), *(view for _, _, view in form.reduces)]
    starts = {view: program.start(view) for view in views}
    last = form.axes - 1
    far = {view: program.stride(view, last) for view in views if view.inner == "far"}
    end = program.number(form.sizes + last)
    with program.loops(form.sizes, range(last), starts) as rows:
        _row(program, form, rows, far, end)


def _row(
    program: NativeProgram, form: ElementwiseForm, rows: dict[ViewForm, Value], far: dict[ViewForm, Value], end: Value
) -> None:
    writer = program.writer
    codes = [view.code for view in rows] + [step.code for step in form.instructions]
    count = lanes_for(writer, codes)
    same = {view: read_one(writer, view, rows[view]) for view in form.loads if view.inner == "same"}
    spread = {view: one.spread(count) for view, one in same.items()}
    whole = end - end % count
    totals = [Total(writer, kind, view.code, count) for kind, _, view in form.reduces]
    with writer.loop(whole, by=count) as index:
        _body(Lanes(writer, count, index, None), form, rows, far, spread, totals)
    with writer.when(whole.compare("slt", end)):
        _body(Lanes(writer, count, whole, first_lanes(writer, count, end - whole)), form, rows, far, spread, totals)
    for total, (_, _, view) in zip(totals, form.reduces, strict=True):
        writer.store(total.result(), rows[view])


def _body(
    lanes: Lanes,
    form: ElementwiseForm,
    rows: dict[ViewForm, Value],
    far: dict[ViewForm, Value],
    same: dict[ViewForm, Value],
    totals: list[Total],
) -> None:
    values = [same[view] if view in same else lanes.read(view, rows[view], far.get(view)) for view in form.loads]
    for step in form.instructions:
        made = instruction(step.op, [values[k] for k in step.args], step.code, dict(step.attributes))
        values.append(convert(made, ELEMENTS[step.code]))
    for number, view in form.stores:
        lanes.write(values[number], view, rows[view], far.get(view))
    for total, (_, number, _) in zip(totals, form.reduces, strict=True):
        total.join(values[number], lanes.mask)
