"""LLVM IR of a whole program: one function for each form of action, and ``run``, which calls them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from . import forms, product_block, table
from .access import NativeProgram
from .along import write_argmax, write_running
from .elementwise import write_elementwise
from .forms import Form, PlacedForm, ProductForm, RepeatForm
from .lookup import write_lookup, write_one_hot
from .reduction import write_reduction
from .text import LLVMWriter, Value

WRITERS: dict[type, Callable[[NativeProgram, Any], None]] = {
    forms.ElementwiseForm: write_elementwise,
    forms.ReductionForm: write_reduction,
    forms.ArgmaxForm: write_argmax,
    forms.RunningForm: write_running,
    forms.LookupForm: write_lookup,
    forms.OneHotForm: write_one_hot,
}


@lru_cache(maxsize=256)
def program_text(actions: tuple[PlacedForm | RepeatForm, ...], vector_bytes: int) -> str:
    """LLVM IR of ``void run(int64 *table)``, for a processor whose widest vectors have ``vector_bytes``."""
    text = _Text(vector_bytes)
    run = text.program(())
    _relocate(run)
    for form in actions:
        text.write(run, form)
    run.writer.loops = max(run.writer.loops, text.loops)
    main = run.writer.function("run", "ptr %table")
    return "\n".join([*text.functions.values(), main, run.writer.declarations()])


@dataclass
class _Text:
    """The functions of a program; actions of equal forms share one.

    Attributes:
        names: maps the form, the depths of the loops around and the slot of a product's pointer to a function name.
        functions: maps a function name to its LLVM IR.
        declared, loops: as in `LLVMWriter`.
    """

    vector_bytes: int
    names: dict[tuple[Form, tuple[int, ...], int], str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    loops: int = 0

    def program(self, depths: tuple[int, ...]) -> NativeProgram:
        """A new function; its arguments are a table and the step index of each loop around."""
        writer = LLVMWriter(self.vector_bytes, declared=self.declared)
        steps = {depth: Value(writer, "i64", 1, f"%d{depth}") for depth in depths}
        return NativeProgram(writer, Value(writer, "ptr", 1, "%table"), steps)

    def write(self, program: NativeProgram, form: PlacedForm | RepeatForm, which: int = product_block.RUN) -> None:
        """Write the call of an action's function, or a loop of such calls."""
        if isinstance(form, RepeatForm):
            self._repeat(program, form)
            return
        key = form.form, tuple(program.steps), which
        name = self.names.setdefault(key, f"action{len(self.names)}")
        if name not in self.functions:
            self.functions[name] = self._function(name, *key)
        arguments = ", ".join(map(str, [program.slot(form.start), *program.steps.values()]))
        program.writer.do(f"call void @{name}({arguments})")
        if isinstance(form.form, (forms.LookupForm, forms.OneHotForm)):
            with program.writer.when(program.number(form.start + form.form.refused).compare("ne", 0)):
                program.leave(table.REFUSED)

    def _function(self, name: str, form: Form, depths: tuple[int, ...], which: int) -> str:
        inner = self.program(depths)
        if isinstance(form, ProductForm):
            _call(inner, form, which)
        else:
            WRITERS[type(form)](inner, form)
        self.loops = max(self.loops, inner.writer.loops)
        arguments = ", ".join(map(str, [inner.table, *inner.steps.values()]))
        return inner.writer.function(name, arguments, "noinline")

    def _repeat(self, program: NativeProgram, form: RepeatForm) -> None:
        writer = program.writer
        steps = program.number(form.steps)
        program.steps[form.depth] = writer.int64(0)
        for child in form.body:
            if isinstance(child, PlacedForm) and isinstance(child.form, ProductForm) and child.form.packed:
                with writer.when(program.number(child.start + child.form.block + product_block.PACK).compare("ne", 0)):
                    self.write(program, child, product_block.PACK)
        with writer.loop(steps) as step:
            program.steps[form.depth] = step
            for child in form.body:
                self.write(program, child)
        del program.steps[form.depth]


def _relocate(program: NativeProgram) -> None:
    """Set the addresses of the views of external buffers, which change from run to run."""
    writer = program.writer
    arrays = program.number(table.ARRAYS) * 8
    relocations = writer.at(program.table, program.number(table.RELOCATIONS) * 8)
    with writer.loop(program.number(table.RELOCATION_COUNT)) as index:
        entry = writer.at(relocations, index * 24)
        slot, buffer, offset = (writer.load("i64", 1, writer.at(entry, writer.int64(8 * k))) for k in range(3))
        array = writer.load("ptr", 1, writer.at(program.table, arrays + buffer * 8))
        base = writer.load("i64", 1, writer.at(array, writer.int64(table.HEAD)))
        writer.store(base + offset, writer.at(program.table, slot * 8))


def _call(program: NativeProgram, form: ProductForm, which: int) -> None:
    """Call a function pointer of the product block with the addresses of the current step."""
    block = program.slot(form.block)
    function = program.writer.load("ptr", 1, program.slot(form.block + which))
    operands = ", ".join(str(program.start(view)) for view in (form.a, form.b, form.out))
    program.writer.do(f"call void {function.name}({block}, {operands})")
