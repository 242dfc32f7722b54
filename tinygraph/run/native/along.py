"""Native loops along an axis: the place of the largest number, running sums, and sums of integers."""

from __future__ import annotations

import math

from .access import BYTES, Lanes, NativeProgram, first_lanes, lane_numbers, lanes_for, read_one
from .forms import ArgmaxForm, RunningForm
from .instructions import ELEMENTS, convert, instruction
from .text import FLOATS, Value


def write_argmax(program: NativeProgram, form: ArgmaxForm) -> None:
    """For each kept index: each lane keeps its largest number and the first place of it; then the lanes are compared.

    As in numpy a NaN is larger than all numbers.
    """
    writer, count = program.writer, lanes_for(program.writer, [form.x.code])
    stride = program.stride(form.x, form.kept) if form.x.inner == "strided" else None
    end = program.number(form.sizes + form.kept)
    with program.loops(form.sizes, range(form.kept), {v: program.start(v) for v in (form.x, form.out)}) as at:
        element, lowest = _lowest(form.x.code)
        best, place = writer.variable(writer.constant(element, count, lowest)), lane_numbers(writer, count)
        lanes = _Largest(form.x.code, best, writer.variable(place), count)
        whole = end - end % count
        with writer.loop(whole, by=count) as index:
            lanes.look(Lanes(writer, count, index, None), form, at[form.x], stride)
        with writer.when(whole.compare("slt", end)):
            lanes.look(Lanes(writer, count, whole, first_lanes(writer, count, end - whole)), form, at[form.x], stride)
        writer.store(convert(lanes.first(), ELEMENTS[form.out.code], "i8"), at[form.out])


def _lowest(code: str) -> tuple[str, float]:
    """The type in which numbers are compared, and its smallest number; a boolean is compared as a byte."""
    if code[0] == "f":
        return ELEMENTS[code], -math.inf
    return ("i8" if code == "b1" else ELEMENTS[code]), -(2 ** (8 * BYTES[code] - 1)) if code[0] == "i" else 0


class _Largest:
    """Of each lane the largest number so far and its first place, in the variables ``best`` and ``place``."""

    def __init__(self, code: str, best: Value, place: Value, count: int) -> None:
        self.writer, self.best, self.place, self.count = best.writer, best, place, count
        self.element, self.order = _lowest(code)[0], "s" if code[0] == "i" else "u"

    def look(self, lanes: Lanes, form: ArgmaxForm, start: Value, stride: Value | None) -> None:
        x = lanes.read(form.x, start, stride)
        x = x.cast("zext", "i8") if x.element == "i1" else x
        best, place = self._values()
        larger = x.compare("ugt" if x.element in FLOATS else f"{self.order}gt", best)
        if x.element in FLOATS:
            larger = larger & best.compare("ord", best)
        larger = larger if lanes.mask is None else larger & lanes.mask
        here = lanes.index.splat(self.count) + lane_numbers(self.writer, self.count)
        self.writer.store(larger.where(x, best), self.best)
        self.writer.store(larger.where(here, place), self.place)

    def first(self) -> Value:
        """The first place of the largest number of all lanes."""
        best, place = self._values()
        if self.element in FLOATS:
            top = self._across("fmaximum", best)
            same = best.compare("oeq", top.splat(self.count)) | best.compare("uno", best)
        else:
            top = self._across(f"{self.order}max", best)
            same = best.compare("eq", top.splat(self.count))
        return self._across("smin", same.where(place, place.like(2**63 - 1)))

    def _values(self) -> tuple[Value, Value]:
        load = self.writer.load
        return load(self.element, self.count, self.best), load("i64", self.count, self.place)

    def _across(self, verb: str, x: Value) -> Value:
        return self.writer.invoke(f"llvm.vector.reduce.{verb}.{x.mangled}", x.element, 1, x)


def write_running(program: NativeProgram, form: RunningForm) -> None:
    """A number after the other, in the dtype of the result, as numpy adds them."""
    writer, code = program.writer, form.out.code
    with program.loops(form.sizes, range(form.kept), {v: program.start(v) for v in (form.x, form.out)}) as at:
        total = writer.variable(writer.constant(ELEMENTS[code], 1, _neutral(form.op, code)))
        with program.loops(form.sizes, [form.kept], at) as here:
            x = convert(read_one(writer, form.x, here[form.x]), ELEMENTS[code], form.x.code)
            so_far = writer.load(ELEMENTS[code], 1, total)
            writer.store(instruction(form.op, [so_far, x], [code, code], code, {}), total)
            if form.every:
                _store(program, form, total, here[form.out])
        if not form.every:
            _store(program, form, total, at[form.out])


def _store(program: NativeProgram, form: RunningForm, total: Value, at: Value) -> None:
    value = program.writer.load(ELEMENTS[form.out.code], 1, total)
    program.writer.store(value.cast("zext", "i8") if form.out.code == "b1" else value, at)


def _neutral(op: str, code: str) -> float:
    if op == "add":
        return -0.0 if code[0] == "f" else 0
    low = _lowest(code)[1]
    return low if op == "maximum" else 1 if code == "b1" else 2 ** (8 * BYTES[code]) - 1 + low
