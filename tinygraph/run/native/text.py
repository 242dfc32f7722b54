"""LLVM text, written by Python expressions: values that know their type, and loops as ``with`` blocks."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

FLOATS = {"float": 32, "double": 64}
"""Bits of the floating types."""


@dataclass(frozen=True, eq=False)
class Value:
    """A value of the program under way; ``+ - * /`` and the methods write the instruction for their result.

    Attributes:
        writer: what writes it.
        element: the LLVM type of one lane: ``float``, ``double``, ``i1``, ``i8``, ``i32``, ``i64`` or ``ptr``.
        lanes: how many side by side; 1 is a plain scalar.
        name: the operand as LLVM reads it, a register or a constant.
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
        return self._two("add", other)

    def __sub__(self, other: Value | float) -> Value:
        return self._two("sub", other)

    def __mul__(self, other: Value | float) -> Value:
        return self._two("mul", other)

    def __truediv__(self, other: Value | float) -> Value:
        return self._two("div", other)

    def __rsub__(self, other: float) -> Value:
        return self.like(other) - self

    def __rtruediv__(self, other: float) -> Value:
        return self.like(other) / self

    def __mod__(self, other: int) -> Value:
        return self._make(self.element, f"srem {self}, {self.like(other).name}")

    def __neg__(self) -> Value:
        return self._make(self.element, f"fneg {self}")

    def __and__(self, other: Value | float) -> Value:
        return self._make(self.element, f"and {self}, {self.like(other).name}")

    def __or__(self, other: Value | float) -> Value:
        return self._make(self.element, f"or {self}, {self.like(other).name}")

    def _two(self, verb: str, other: Value | float) -> Value:
        # contract alone: a * b + c may be rounded once instead of twice; NaN and infinity keep their meaning.
        code = f"f{verb} contract" if self.element in FLOATS else verb
        return self._make(self.element, f"{code} {self}, {self.like(other).name}")

    def _make(self, element: str, code: str) -> Value:
        return self.writer.emit(element, self.lanes, code)

    def like(self, other: Value | float) -> Value:
        """``other``, a number made a constant of this type."""
        return other if isinstance(other, Value) else self.writer.constant(self.element, self.lanes, other)

    def compare(self, relation: str, other: Value | float) -> Value:
        """Truth lane by lane of ``self relation other``; LLVM's names: ``ogt`` (false with NaN), ``une``, ``slt``."""
        code = "fcmp" if self.element in FLOATS else "icmp"
        return self._make("i1", f"{code} {relation} {self}, {self.like(other).name}")

    def where(self, true: Value | float, false: Value) -> Value:
        """``true`` in the lanes where this one holds, else ``false``."""
        return false._make(false.element, f"select {self}, {false.like(true)}, {false}")

    def cast(self, code: str, element: str) -> Value:
        """The same number in another type by LLVM's instruction ``code``, ``fptrunc`` say."""
        return self._make(element, f"{code} {self} to {vector(element, self.lanes)}")

    def call(self, name: str, *others: Value | float) -> Value:
        """The intrinsic ``llvm.name`` of this value and others of its type."""
        return self.writer.intrinsic(name, self, *(self.like(other) for other in others))

    def fma(self, factor: Value | float, term: Value | float) -> Value:
        """self * factor + term, rounded once where the processor can."""
        return self.call("fmuladd", factor, term)

    def spread(self, lanes: int) -> Value:
        """This scalar in every lane."""
        kind = vector(self.element, lanes)
        one = self.writer.emit(self.element, lanes, f"insertelement {kind} poison, {self}, i64 0")
        return one._make(self.element, f"shufflevector {one}, {kind} poison, <{lanes} x i32> zeroinitializer")


def vector(element: str, lanes: int) -> str:
    """The LLVM type of ``lanes`` elements side by side.

    Example:
        >>> from tinygraph.run.native.text import vector
        >>> vector("float", 16), vector("i64", 1)
        ('<16 x float>', 'i64')
    """
    return element if lanes == 1 else f"<{lanes} x {element}>"


def mangled(element: str, lanes: int) -> str:
    """How a type is written in an intrinsic's name.

    Example:
        >>> from tinygraph.run.native.text import mangled
        >>> mangled("float", 16), mangled("double", 1), mangled("ptr", 8)
        ('v16f32', 'f64', 'v8p0')
    """
    one = "p0" if element == "ptr" else f"f{FLOATS[element]}" if element in FLOATS else element
    return one if lanes == 1 else f"v{lanes}{one}"


@dataclass
class LLVMWriter:
    """The body of one function, written line by line.

    Attributes:
        vector_bytes: of the processor's widest vector.
        lines: of the body so far.
        variables: lines that make room for variables, at the start of the function.
        declared: intrinsics used, name to declaration; functions of one text share it.
        block: the label of the block under way.
        loops: how many were written; functions of one text may name theirs alike.
    """

    vector_bytes: int
    lines: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    declared: dict[str, str] = field(default_factory=dict)
    block: str = "start"
    loops: int = 0
    _count: int = 0

    @property
    def scales(self) -> bool:
        """Whether the processor multiplies by 2**n in one instruction, as AVX-512 does."""
        return self.vector_bytes == 64

    def emit(self, element: str, lanes: int, code: str) -> Value:
        """Write ``code`` and give its result a register."""
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"{name} = {code}")
        return Value(self, element, lanes, name)

    def do(self, code: str) -> None:
        """Write ``code``, which has no result."""
        self.lines.append(code)

    def constant(self, element: str, lanes: int, number: Any) -> Value:
        """A constant in every lane; floats in LLVM's exact hexadecimal form."""
        text = _hexadecimal(element, number) if element in FLOATS else str(int(number))
        return Value(self, element, lanes, text if lanes == 1 else f"splat ({element} {text})")

    def int64(self, number: int) -> Value:
        return self.constant("i64", 1, number)

    def intrinsic(self, name: str, *arguments: Value) -> Value:
        """``llvm.name`` overloaded by the type of the first argument, which is also its result's; see `Value.call`."""
        first = arguments[0]
        return self.invoke(f"llvm.{name}.{first.mangled}", first.element, first.lanes, *arguments)

    def invoke(self, name: str, element: str, lanes: int, *arguments: Value, flags: str = "") -> Value:
        """Call the function ``name``, declared as it is used here."""
        kind = vector(element, lanes)
        self.declared[name] = f"declare {kind} @{name}({', '.join(a.type for a in arguments)})"
        call = f"call {flags} {kind} @{name}({', '.join(map(str, arguments))})"
        if element != "void":
            return self.emit(element, lanes, call)
        self.do(call)
        return Value(self, element, lanes, "")

    def variable(self, like: Value) -> Value:
        """Room for one value of the type of ``like``, as a pointer; LLVM turns it into a register."""
        self._count += 1
        name = f"%r{self._count}"
        self.variables.append(f"{name} = alloca {like.type}")
        place = Value(self, "ptr", 1, name)
        self.store(like, place)
        return place

    def load(self, element: str, lanes: int, place: Value, align: int = 0) -> Value:
        aligned = f", align {align}" if align else ""
        return self.emit(element, lanes, f"load {vector(element, lanes)}, {place}{aligned}")

    def store(self, value: Value, place: Value, align: int = 0) -> None:
        self.do(f"store {value}, {place}" + (f", align {align}" if align else ""))

    def at(self, base: Value, offset: Value) -> Value:
        """The address ``offset`` bytes beyond ``base``."""
        return self.emit("ptr", max(base.lanes, offset.lanes), f"getelementptr i8, {base}, {offset}")

    def label(self) -> str:
        self._count += 1
        return f"L{self._count}"

    def start(self, label: str) -> None:
        """What follows is the block ``label``."""
        self.lines.append(f"{label}:")
        self.block = label

    @contextmanager
    def loop(self, end: Value, begin: Value | None = None, by: int = 1) -> Iterator[Value]:
        """What is written inside runs for each index from ``begin`` (0) in steps of ``by`` while below ``end``."""
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
        self.do(f"br label %{head}, !llvm.loop {self._own_loop()}")
        self.start(done)

    def _own_loop(self) -> str:
        """A name for one more loop, not to be unrolled: its body is whole vectors, and compiling takes less time."""
        self.loops += 1
        return f"!{self.loops}"

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """What is written inside runs where ``condition`` holds."""
        body, done = self.label(), self.label()
        self.do(f"br {condition}, label %{body}, label %{done}")
        self.start(body)
        yield
        self.do(f"br label %{done}")
        self.start(done)

    def function(self, name: str, arguments: str, attributes: str = "") -> str:
        """The whole text of a function without result that has this body."""
        body = "\n".join([*self.variables, *self.lines])
        linkage, group = ("internal ", f"#0 {attributes}") if attributes else ("", "#0")
        return f"define {linkage}void @{name}({arguments}) {group} {{\nstart:\n{body}\nret void\n}}\n"

    def declarations(self) -> str:
        """What the functions of a text refer to, to stand behind the last one: intrinsics, and wishes of the loops."""
        loops = [f"!{k} = distinct !{{!{k}, !0}}" for k in range(1, self.loops + 1)]
        return "\n".join([*sorted(self.declared.values()), '!0 = !{!"llvm.loop.unroll.disable"}', *loops]) + "\n"


def _hexadecimal(element: str, number: Any) -> str:
    if element == "float":
        number = struct.unpack("<f", struct.pack("<f", number))[0]
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"
