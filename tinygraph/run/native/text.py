"""Writes LLVM IR by Python expressions: typed values with operators, and loops as ``with`` blocks."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FLOATS = {"float": 32, "double": 64}
"""Bits of the floating types."""


@dataclass(frozen=True, eq=False)
class Value:
    """A value of LLVM IR; ``+ - * /`` and the methods write an instruction and return its result.

    Attributes:
        writer: the writer of the function.
        element: the LLVM type of a lane: ``float``, ``double``, ``i1``, ``i8``, ``i32``, ``i64`` or ``ptr``.
        lanes: number of lanes; 1 for a scalar.
        name: the operand in LLVM IR, a register or a constant.
    """

    writer: LLVMWriter
    element: str
    lanes: int
    name: str

    @property
    def type(self) -> str:
        return vector(self.element, self.lanes)

    @property
    def mangled(self) -> str:
        return mangled(self.element, self.lanes)

    def __str__(self) -> str:
        return f"{self.type} {self.name}"

    def __add__(self, other: Value | float) -> Value:
        return self._binary("add", other)

    def __sub__(self, other: Value | float) -> Value:
        return self._binary("sub", other)

    def __mul__(self, other: Value | float) -> Value:
        return self._binary("mul", other)

    def __truediv__(self, other: Value | float) -> Value:
        return self._binary("div", other)

    def __rsub__(self, other: float) -> Value:
        return self.like(other) - self

    def __mod__(self, other: int) -> Value:
        return self._make(self.element, f"srem {self}, {self.like(other).name}")

    def __neg__(self) -> Value:
        return self._make(self.element, f"fneg {self}")

    def __and__(self, other: Value | float) -> Value:
        return self._make(self.element, f"and {self}, {self.like(other).name}")

    def __or__(self, other: Value | float) -> Value:
        return self._make(self.element, f"or {self}, {self.like(other).name}")

    def _binary(self, name: str, other: Value | float) -> Value:
        # Of LLVM's fast-math flags only contract: a * b + c may become an fma; NaN and infinity keep their meaning.
        code = f"f{name} contract" if self.element in FLOATS else name
        return self._make(self.element, f"{code} {self}, {self.like(other).name}")

    def _make(self, element: str, code: str) -> Value:
        return self.writer.emit(element, self.lanes, code)

    def like(self, other: Value | float) -> Value:
        """``other``; a Python number becomes a constant of this type."""
        return other if isinstance(other, Value) else self.writer.constant(self.element, self.lanes, other)

    def compare(self, relation: str, other: Value | float) -> Value:
        """``self relation other`` per lane, with LLVM's names: ``ogt`` (false for NaN), ``une``, ``slt``, ..."""
        code = "fcmp" if self.element in FLOATS else "icmp"
        return self._make("i1", f"{code} {relation} {self}, {self.like(other).name}")

    def where(self, true: Value | float, false: Value) -> Value:
        """Selects ``true`` in the lanes where this boolean is true, else ``false``."""
        return false._make(false.element, f"select {self}, {false.like(true)}, {false}")

    def cast(self, code: str, element: str) -> Value:
        """Converts to another type by the LLVM instruction ``code``, for example ``fptrunc``."""
        return self._make(element, f"{code} {self} to {vector(element, self.lanes)}")

    def call(self, name: str, *others: Value | float) -> Value:
        """Calls the intrinsic ``llvm.name`` with this value and others of the same type."""
        return self.writer.intrinsic(name, self, *(self.like(other) for other in others))

    def by_c(self, name: str, *others: Value) -> Value:
        """Calls C's function ``name``, for floats ``namef``, for one lane after the other."""
        symbol, args = name + ("f" if self.element == "float" else ""), (self, *others)
        total = self.writer.emit(self.element, self.lanes, f"freeze {self.type} poison")
        for k in range(self.lanes):
            lane = [self.writer.emit(self.element, 1, f"extractelement {x}, i64 {k}") for x in args]
            total = total._make(
                self.element,
                f"insertelement {total}, {self.writer.invoke(symbol, self.element, 1, *lane)}, i64 {k}",
            )
        return total

    def fma(self, factor: Value | float, term: Value | float) -> Value:
        """self * factor + term, rounded once if the processor has a fused multiply-add."""
        return self.call("fmuladd", factor, term)

    def splat(self, lanes: int) -> Value:
        """Copies this scalar to every lane of a vector."""
        dtype = vector(self.element, lanes)
        first = self.writer.emit(self.element, lanes, f"insertelement {dtype} poison, {self}, i64 0")
        return first._make(self.element, f"shufflevector {first}, {dtype} poison, <{lanes} x i32> zeroinitializer")


def vector(element: str, lanes: int) -> str:
    """The LLVM type of a vector of ``lanes`` elements; a scalar type for one lane.

    Example:
        >>> from tinygraph.run.native.text import vector
        >>> vector("float", 16), vector("i64", 1)
        ('<16 x float>', 'i64')
    """
    return element if lanes == 1 else f"<{lanes} x {element}>"


def mangled(element: str, lanes: int) -> str:
    """The name of a type in the name of an overloaded intrinsic.

    Example:
        >>> from tinygraph.run.native.text import mangled
        >>> mangled("float", 16), mangled("double", 1), mangled("ptr", 8)
        ('v16f32', 'f64', 'v8p0')
    """
    scalar = "p0" if element == "ptr" else f"f{FLOATS[element]}" if element in FLOATS else element
    return scalar if lanes == 1 else f"v{lanes}{scalar}"


@dataclass
class LLVMWriter:
    """Writes the body of one function line by line.

    Attributes:
        vector_bytes: bytes of the processor's widest vector register.
        lines: the lines of the body so far.
        variables: the ``alloca`` lines, which go to the start of the function.
        declared: maps the functions used to their declarations; shared by the functions of a module.
        block: label of the current basic block.
        loops: number of loops so far; functions of one module may use the same loop names.
    """

    vector_bytes: int
    lines: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    declared: dict[str, str] = field(default_factory=dict)
    block: str = "start"
    loops: int = 0
    _count: int = 0

    def emit(self, element: str, lanes: int, code: str) -> Value:
        """Write an instruction and return its result in a new register."""
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"{name} = {code}")
        return Value(self, element, lanes, name)

    def do(self, code: str) -> None:
        """Write an instruction without result."""
        self.lines.append(code)

    def constant(self, element: str, lanes: int, number: Any) -> Value:
        """A constant in every lane; floats in LLVM's exact hexadecimal notation."""
        text = _hexadecimal(element, number) if element in FLOATS else str(int(number))
        return Value(self, element, lanes, text if lanes == 1 else f"splat ({element} {text})")

    def int64(self, number: int) -> Value:
        return self.constant("i64", 1, number)

    def intrinsic(self, name: str, *arguments: Value) -> Value:
        """Calls ``llvm.name``, overloaded for the type of the first argument, which is also the result's type."""
        first = arguments[0]
        return self.invoke(f"llvm.{name}.{first.mangled}", first.element, first.lanes, *arguments)

    def invoke(self, name: str, element: str, lanes: int, *arguments: Value, flags: str = "") -> Value:
        """Call the function ``name`` and declare it with the types of this call."""
        dtype = vector(element, lanes)
        self.declared[name] = f"declare {dtype} @{name}({', '.join(a.type for a in arguments)})"
        call = f"call {flags} {dtype} @{name}({', '.join(map(str, arguments))})"
        if element != "void":
            return self.emit(element, lanes, call)
        self.do(call)
        return Value(self, element, lanes, "")

    def variable(self, start: Value) -> Value:
        """A pointer to a stack variable with the value ``start``; LLVM promotes it to a register."""
        self._count += 1
        name = f"%r{self._count}"
        self.variables.append(f"{name} = alloca {start.type}")
        pointer = Value(self, "ptr", 1, name)
        self.store(start, pointer)
        return pointer

    def load(self, element: str, lanes: int, pointer: Value, align: int = 0) -> Value:
        aligned = f", align {align}" if align else ""
        return self.emit(element, lanes, f"load {vector(element, lanes)}, {pointer}{aligned}")

    def store(self, value: Value, pointer: Value, align: int = 0) -> None:
        self.do(f"store {value}, {pointer}" + (f", align {align}" if align else ""))

    def at(self, base: Value, offset: Value) -> Value:
        """The address ``offset`` bytes beyond ``base``."""
        return self.emit("ptr", max(base.lanes, offset.lanes), f"getelementptr i8, {base}, {offset}")

    def label(self) -> str:
        self._count += 1
        return f"L{self._count}"

    def start(self, label: str) -> None:
        """Begin the basic block ``label``."""
        self.lines.append(f"{label}:")
        self.block = label

    @contextmanager
    def loop(self, end: Value, begin: Value | None = None, by: int = 1) -> Iterator[Value]:
        """A loop over indices from ``begin`` (0) below ``end`` in steps of ``by``; yields the index."""
        head, body, done = self.label(), self.label(), self.label()
        before, following = self.block, f"%{self.label()}n"
        self.do(f"br label %{head}")
        self.start(head)
        latch = self.label()
        index = self.emit("i64", 1, f"phi i64 [{begin.name if begin else 0}, %{before}], [{following}, %{latch}]")
        inside = index.compare("slt", end)
        self.do(f"br {inside}, label %{body}, label %{done}")
        self.start(body)
        yield index
        self.do(f"br label %{latch}")
        self.start(latch)
        self.do(f"{following} = add nsw i64 {index.name}, {by}")
        self.do(f"br label %{head}, !llvm.loop {self._loop_metadata()}")
        self.start(done)

    def _loop_metadata(self) -> str:
        """The metadata of a loop that is not unrolled: its body is whole vectors, and compiling takes less time."""
        self.loops += 1
        return f"!{self.loops}"

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """A branch: the code inside runs if ``condition`` is true."""
        body, done = self.label(), self.label()
        self.do(f"br {condition}, label %{body}, label %{done}")
        self.start(body)
        yield
        self.do(f"br label %{done}")
        self.start(done)

    def function(self, name: str, arguments: str, attributes: str = "") -> str:
        """The LLVM IR of a function without result that has this body."""
        body = "\n".join([*self.variables, *self.lines])
        linkage, group = ("internal ", f"#0 {attributes}") if attributes else ("", "#0")
        return f"define {linkage}void @{name}({arguments}) {group} {{\nstart:\n{body}\nret void\n}}\n"

    def declarations(self) -> str:
        """The end of a module: declarations of the functions used and metadata of the loops."""
        loops = [f"!{k} = distinct !{{!{k}, !0}}" for k in range(1, self.loops + 1)]
        return "\n".join([*sorted(self.declared.values()), '!0 = !{!"llvm.loop.unroll.disable"}', *loops]) + "\n"


def _hexadecimal(element: str, number: Any) -> str:
    if element == "float":
        with np.errstate(over="ignore"):  # as numpy's cast, but that the code is written once
            number = np.float32(number)
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"
