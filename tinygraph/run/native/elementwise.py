"""Native loops for fused element-wise ops: whole vectors, then a masked one at the end of the row."""

from __future__ import annotations

from .access import Lanes, NativeProgram, first_lanes, lanes_for, read_one
from .forms import ElementwiseForm, ViewForm
from .instructions import instruction
from .reduction import Total
from .text import LLVMWriter, Value


def write_elementwise(program: NativeProgram, form: ElementwiseForm) -> None:
    """Write the loops of ``form``; the innermost one runs along a row.

    Lanes may run in any order: each lane reads all of its operands before it writes, and no store overlaps an element
    that another lane reads (see `plan.actions.Elementwise`).
    """
    views = [*form.loads, *(view for _, view in form.stores), *(view for _, _, view in form.reduces)]
    starts = {view: program.start(view) for view in views}
    last = form.axes - 1
    strides = {view: program.stride(view, last) for view in views if view.inner == "strided"}
    end = program.number(form.sizes + last)
    with program.loops(form.sizes, range(last), starts) as row_starts:
        RowLoop(program.writer, form, row_starts, strides).write(end)


class RowLoop:
    """One row of ``form``, whose views start at ``starts``; ``strides`` are those of the strided views."""

    def __init__(
        self, writer: LLVMWriter, form: ElementwiseForm, starts: dict[ViewForm, Value], strides: dict[ViewForm, Value]
    ) -> None:
        self.writer, self.form, self.starts, self.strides = writer, form, starts, strides
        count = lanes_for(writer, [*(view.code for view in starts), *(i.code for i in form.instructions)])
        broadcast = [view for view in form.loads if view.inner == "broadcast"]
        self.scalars = {view: read_one(writer, view, starts[view]).splat(count) for view in broadcast}
        self.totals = [Total(writer, kind, view.code, count) for kind, _, view in form.reduces]
        self.count = count

    def write(self, end: Value) -> None:
        writer, count = self.writer, self.count
        whole = end - end % count
        with writer.loop(whole, by=count) as index:
            self._vector(Lanes(writer, count, index, None))
        with writer.when(whole.compare("slt", end)):
            self._vector(Lanes(writer, count, whole, first_lanes(writer, count, end - whole)))
        for total, (_, _, view) in zip(self.totals, self.form.reduces, strict=True):
            writer.store(total.result(), self.starts[view])

    def _load(self, lanes: Lanes, view: ViewForm) -> Value:
        return self.scalars.get(view) or lanes.read(view, self.starts[view], self.strides.get(view))

    def _vector(self, lanes: Lanes) -> None:
        """Compute one vector of each instruction."""
        values = [self._load(lanes, view) for view in self.form.loads]
        codes = [*(view.code for view in self.form.loads), *(i.code for i in self.form.instructions)]
        for i in self.form.instructions:
            args, of_args = [values[k] for k in i.args], [codes[k] for k in i.args]
            values.append(instruction(i.op, args, of_args, i.code, dict(i.attributes)))
        for number, view in self.form.stores:
            lanes.write(values[number], view, self.starts[view], self.strides.get(view))
        for total, (_, number, _) in zip(self.totals, self.form.reduces, strict=True):
            total.add(values[number], lanes.mask)
