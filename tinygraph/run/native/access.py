"""Reading and writing the table and the views of a program: places, pointers, vectors of neighbouring elements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from .instructions import ELEMENTS, convert
from .table import ViewForm
from .text import FLOATS, LLVMWriter, Value

BYTES = {"f4": 4, "f8": 8, "b1": 1}


@dataclass
class NativeProgram:
    """A program under way.

    Attributes:
        writer: of its text.
        table: the pointer to its numbers.
        steps: number of the step at hand of each repeat around, by depth, the outermost first.
    """

    writer: LLVMWriter
    table: Value
    steps: dict[int, Value] = field(default_factory=dict)

    def place(self, slot: int) -> Value:
        """The address of a place of the table."""
        return self.writer.at(self.table, self.writer.int64(8 * slot))

    def number(self, slot: int) -> Value:
        return self.writer.load("i64", 1, self.place(slot))

    def start(self, view: ViewForm) -> Value:
        """The address of a view's first element at this step."""
        pointer = self.writer.load("ptr", 1, self.place(view.slot))
        for number, step in enumerate(self.steps.values()):
            pointer = self.writer.at(pointer, step * self.number(view.slot + 1 + view.axes + number))
        return pointer

    def stride(self, view: ViewForm, axis: int) -> Value:
        """Bytes from one element to the next along an axis."""
        return self.number(view.slot + 1 + axis)

    @contextmanager
    def loops(self, sizes: int, axes: Sequence[int], views: dict[ViewForm, Value]) -> Iterator[dict[ViewForm, Value]]:
        """Loops over ``axes``, whose sizes start at the place ``sizes``; inside, where each view then starts."""
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
    """Some neighbouring elements of the innermost axis.

    Attributes:
        writer: of the program.
        count: how many.
        index: of the first.
        mask: which of them exist; None if all do.
    """

    writer: LLVMWriter
    count: int
    index: Value
    mask: Value | None

    def read(self, view: ViewForm, start: Value, stride: Value | None) -> Value:
        """Those elements of a view that starts at ``start``; ``stride`` in bytes where it is ``"far"``."""
        element = memory(view.code)
        places = self._places(view, start, stride)
        if view.inner == "near" and self.mask is None:
            found = self.writer.load(element, self.count, places, BYTES[view.code])
        else:
            name = (
                f"llvm.masked.{'load' if view.inner == 'near' else 'gather'}.{self._mangled(element)}.{places.mangled}"
            )
            rest = self.writer.constant(element, self.count, 0)
            found = self.writer.invoke(name, element, self.count, places, *self._under(view), rest)
        return _loaded(found)

    def write(self, value: Value, view: ViewForm, start: Value, stride: Value | None) -> None:
        """Put those elements into a view."""
        value = _stored(convert(value, ELEMENTS[view.code]))
        places = self._places(view, start, stride)
        if view.inner == "near" and self.mask is None:
            self.writer.store(value, places, BYTES[view.code])
            return
        name = f"llvm.masked.{'store' if view.inner == 'near' else 'scatter'}.{value.mangled}.{places.mangled}"
        self.writer.invoke(name, "void", 1, value, places, *self._under(view))

    def _places(self, view: ViewForm, start: Value, stride: Value | None) -> Value:
        if view.inner == "near":
            return self.writer.at(start, self.index * BYTES[view.code])
        assert stride is not None
        return self.writer.at(
            start, (self.index.spread(self.count) + steps(self.writer, self.count)) * stride.spread(self.count)
        )

    def _under(self, view: ViewForm) -> tuple[Value, Value]:
        mask = self.mask or self.writer.constant("i1", self.count, 1)
        return self.writer.constant("i32", 1, BYTES[view.code]), mask

    def _mangled(self, element: str) -> str:
        return self.writer.constant(element, self.count, 0).mangled


def memory(code: str) -> str:
    """The LLVM type of an element in memory."""
    return "i8" if code == "b1" else ELEMENTS[code]


def _loaded(found: Value) -> Value:
    return found.compare("ne", 0) if found.element == "i8" else found


def _stored(value: Value) -> Value:
    return value.cast("zext", "i8") if value.element == "i1" else value


def read_one(writer: LLVMWriter, view: ViewForm, place: Value) -> Value:
    """A single element."""
    return _loaded(writer.load(memory(view.code), 1, place, BYTES[view.code]))


def steps(writer: LLVMWriter, lanes: int) -> Value:
    """0, 1, 2, ... in the lanes, as i64."""
    numbers = ", ".join(f"i64 {k}" for k in range(lanes))
    return Value(writer, "i64", lanes, f"<{numbers}>")


def lanes_for(writer: LLVMWriter, codes: Sequence[str]) -> int:
    """How many elements side by side fill the widest vectors with the narrowest floats among ``codes``."""
    bits = min((FLOATS[ELEMENTS[code]] for code in codes if code != "b1"), default=32)
    return writer.vector_bytes * 8 // bits


@contextmanager
def masked(writer: LLVMWriter, count: int, end: Value) -> Iterator[Lanes]:
    """A loop over an axis of ``end`` elements, ``count`` at a time, the last ones under a mask."""
    with writer.loop(end, by=count) as index:
        yield Lanes(writer, count, index, first_lanes(writer, count, end - index))


def first_lanes(writer: LLVMWriter, count: int, left: Value) -> Value:
    """A mask of the first ``left`` lanes."""
    return steps(writer, count).compare("slt", left.spread(count))
