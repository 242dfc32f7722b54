"""Code for access to the table and to views: slots, pointers, vector loads and stores with masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from .forms import ViewForm
from .instructions import ELEMENTS, convert
from .text import FLOATS, LLVMWriter, Value, mangled

BYTES = {code: int(code[1]) for code in ELEMENTS}


@dataclass
class NativeProgram:
    """The function that is being written.

    Attributes:
        writer: writes its LLVM IR.
        table: the pointer to the table.
        steps: maps the depth of each loop around to its step index, the outermost first.
    """

    writer: LLVMWriter
    table: Value
    steps: dict[int, Value] = field(default_factory=dict)

    def slot(self, number: int) -> Value:
        """The address of a slot of the table."""
        return self.writer.at(self.table, self.writer.int64(8 * number))

    def number(self, slot: int) -> Value:
        return self.writer.load("i64", 1, self.slot(slot))

    def start(self, view: ViewForm) -> Value:
        """The address of a view's first element at the current step."""
        pointer = self.writer.load("ptr", 1, self.slot(view.slot))
        for number, step in enumerate(self.steps.values()):
            pointer = self.writer.at(pointer, step * self.number(view.slot + 1 + view.axes + number))
        return pointer

    def stride(self, view: ViewForm, axis: int) -> Value:
        """The stride of a view along an axis, in bytes."""
        return self.number(view.slot + 1 + axis)

    def leave(self, slot: int) -> None:
        """Set a slot to 1 and return from the function, within a branch."""
        self.writer.store(self.writer.int64(1), self.slot(slot))
        self.writer.do("ret void")
        self.writer.start(self.writer.label())

    @contextmanager
    def loops(self, sizes: int, axes: Sequence[int], views: dict[ViewForm, Value]) -> Iterator[dict[ViewForm, Value]]:
        """Nested loops over ``axes``, whose sizes start at the slot ``sizes``; yields where each view starts inside."""
        if not axes:
            yield views
            return
        axis = axes[0]
        strides = {view: self.stride(view, axis) for view in views if axis < view.axes}
        with self.writer.loop(self.number(sizes + axis)) as index:
            moved = {v: self.writer.at(p, index * strides[v]) if v in strides else p for v, p in views.items()}
            with self.loops(sizes, axes[1:], moved) as inside:
                yield inside


@dataclass(frozen=True)
class Lanes:
    """A vector of consecutive elements along the innermost axis.

    Attributes:
        writer: writes the LLVM IR.
        count: number of elements.
        index: index of the first element.
        mask: true for elements inside the axis; None if all are.
    """

    writer: LLVMWriter
    count: int
    index: Value
    mask: Value | None

    def read(self, view: ViewForm, start: Value, stride: Value | None) -> Value:
        """Load the elements of a view that starts at ``start``; ``stride`` in bytes if the view is ``"strided"``."""
        element = memory_type(view.code)
        pointers = self._pointers(view, start, stride)
        if view.inner == "contiguous" and self.mask is None:
            value = self.writer.load(element, self.count, pointers, BYTES[view.code])
        else:
            verb = "load" if view.inner == "contiguous" else "gather"
            name = f"llvm.masked.{verb}.{mangled(element, self.count)}.{pointers.mangled}"
            zeros = self.writer.constant(element, self.count, 0)
            value = self.writer.invoke(name, element, self.count, pointers, *self._alignment_and_mask(view), zeros)
        return _from_memory(value, view.code)

    def write(self, value: Value, view: ViewForm, start: Value, stride: Value | None) -> None:
        """Store the elements into a view."""
        value = convert(value, ELEMENTS[view.code])
        if value.element == "i1":
            value = value.cast("zext", "i8")
        pointers = self._pointers(view, start, stride)
        if view.inner == "contiguous" and self.mask is None:
            self.writer.store(value, pointers, BYTES[view.code])
            return
        verb = "store" if view.inner == "contiguous" else "scatter"
        name = f"llvm.masked.{verb}.{value.mangled}.{pointers.mangled}"
        self.writer.invoke(name, "void", 1, value, pointers, *self._alignment_and_mask(view))

    def _pointers(self, view: ViewForm, start: Value, stride: Value | None) -> Value:
        """The pointer to the first of contiguous elements, or a vector of pointers to strided ones."""
        if view.inner == "contiguous":
            return self.writer.at(start, self.index * BYTES[view.code])
        assert stride is not None
        indices = self.index.splat(self.count) + lane_numbers(self.writer, self.count)
        return self.writer.at(start, indices * stride.splat(self.count))

    def _alignment_and_mask(self, view: ViewForm) -> tuple[Value, Value]:
        mask = self.mask or self.writer.constant("i1", self.count, 1)
        return self.writer.constant("i32", 1, BYTES[view.code]), mask


def memory_type(code: str) -> str:
    """The LLVM type of an element in memory."""
    return "i8" if code == "b1" else ELEMENTS[code]


def _from_memory(value: Value, code: str) -> Value:
    """Booleans take a byte in memory and a bit in a register."""
    return value.compare("ne", 0) if code == "b1" else value


def read_one(writer: LLVMWriter, view: ViewForm, pointer: Value) -> Value:
    """Load a single element."""
    return _from_memory(writer.load(memory_type(view.code), 1, pointer, BYTES[view.code]), view.code)


def lane_numbers(writer: LLVMWriter, lanes: int) -> Value:
    """The vector 0, 1, 2, ... of i64."""
    numbers = ", ".join(f"i64 {k}" for k in range(lanes))
    return Value(writer, "i64", lanes, f"<{numbers}>")


def lanes_for(writer: LLVMWriter, codes: Sequence[str]) -> int:
    """The number of lanes at which the narrowest float among ``codes`` fills the widest vector register."""
    bits = min((FLOATS[ELEMENTS[code]] for code in codes if code[0] == "f"), default=32)
    return writer.vector_bytes * 8 // bits


def first_lanes(writer: LLVMWriter, count: int, left: Value) -> Value:
    """A mask that is true in the first ``left`` lanes."""
    return lane_numbers(writer, count).compare("slt", left.splat(count))
