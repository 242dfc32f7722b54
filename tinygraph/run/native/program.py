"""The text of a whole program from the forms of its actions: one function for each form, and ``run`` to call them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from . import product_block
from .access import NativeProgram
from .elementwise import write_elementwise
from .reduction import write_reduction
from .table import GIVEN, HEAD, LIST, MOVED, ElementwiseForm, Form, PlacedForm, ProductForm, ReductionForm, RepeatForm
from .text import LLVMWriter, Value

WRITERS: dict[type, Callable[[NativeProgram, Any], None]] = {
    ElementwiseForm: write_elementwise,
    ReductionForm: write_reduction,
}


@lru_cache(maxsize=256)
def program_text(forms: tuple[PlacedForm | RepeatForm, ...], vector_bytes: int) -> str:
    """LLVM text of ``void run(int64 *table)``, for a processor whose widest vectors have ``vector_bytes``."""
    text = _Text(vector_bytes)
    run = text.program(())
    _move_views(run)
    for form in forms:
        text.write(run, form)
    run.writer.loops = max(run.writer.loops, text.loops)
    main = run.writer.function("run", "ptr %table")
    return "\n".join([*text.functions.values(), main, run.writer.declarations()])


@dataclass
class _Text:
    """A text under way: one function for each form, however many actions have it, and ``run`` which calls them.

    Attributes:
        names: of the functions, each by its form, the depths around it, and which function of a product it calls.
        functions: the text of each.
        declared, loops: as in `LLVMWriter`.
    """

    vector_bytes: int
    names: dict[tuple[Form, tuple[int, ...], int], str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    loops: int = 0

    def program(self, depths: tuple[int, ...]) -> NativeProgram:
        """A function of a table and of the number of the step in each loop around it."""
        writer = LLVMWriter(self.vector_bytes, declared=self.declared)
        return NativeProgram(
            writer, Value(writer, "ptr", 1, "%table"), {d: Value(writer, "i64", 1, f"%d{d}") for d in depths}
        )

    def write(self, program: NativeProgram, form: PlacedForm | RepeatForm, which: int = product_block.RUN) -> None:
        """Write the call of an action's function, or a loop of such."""
        if isinstance(form, RepeatForm):
            self._repeat(program, form)
            return
        key = form.form, tuple(program.steps), which
        name = self.names.setdefault(key, f"action{len(self.names)}")
        if name not in self.functions:
            self.functions[name] = self._function(name, *key)
        arguments = ", ".join(map(str, [program.place(form.at), *program.steps.values()]))
        program.writer.do(f"call void @{name}({arguments})")

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
                with writer.when(program.number(child.at + child.form.site + product_block.PACK).compare("ne", 0)):
                    self.write(program, child, product_block.PACK)
        with writer.loop(steps) as step:
            program.steps[form.depth] = step
            for child in form.body:
                self.write(program, child)
        del program.steps[form.depth]


def _move_views(program: NativeProgram) -> None:
    """Set the addresses of the views whose buffers are new at each run."""
    writer = program.writer
    given = program.number(GIVEN) * 8
    entry = program.writer.at(program.table, program.number(LIST) * 8)
    with writer.loop(program.number(MOVED)) as index:
        here = writer.at(entry, index * 24)
        slot, buffer, offset = (writer.load("i64", 1, writer.at(here, writer.int64(8 * k))) for k in range(3))
        array = writer.load("ptr", 1, writer.at(program.table, given + buffer * 8))
        base = writer.load("i64", 1, writer.at(array, writer.int64(HEAD)))
        writer.store(base + offset, writer.at(program.table, slot * 8))


def _call(program: NativeProgram, form: ProductForm, which: int) -> None:
    """Call a function of the product's block with the addresses of this step."""
    block = program.place(form.site)
    function = program.writer.load("ptr", 1, program.place(form.site + which))
    operands = ", ".join(str(program.start(view)) for view in (form.a, form.b, form.out))
    program.writer.do(f"call void {function.name}({block}, {operands})")
