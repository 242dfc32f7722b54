"""Values of an ONNX graph with Python's operators, in which the forms of ops that ONNX lacks are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .writer import Writer


class Wire:
    """A named value; numbers beside it take its dtype."""

    def __init__(self, writer: Writer, name: str, dtype: np.dtype) -> None:
        self.writer, self.name, self.dtype = writer, name, np.dtype(dtype)

    def of(self, kind: str, *others: Any, **settings: Any) -> Wire:
        """The node ``kind`` of this value and others, of this dtype."""
        return Wire(self.writer, self.writer.write(kind, self, *map(self.like, others), **settings), self.dtype)

    def like(self, other: Any) -> Wire:
        """A number as a value of this dtype; a value stays."""
        return other if isinstance(other, Wire) else Wire(self.writer, self._constant(other), self.dtype)

    def _constant(self, number: Any) -> str:
        return self.writer.constant(number, self.dtype)

    def to(self, dtype: Any) -> Wire:
        """The value in a dtype."""
        dtype = np.dtype(dtype)
        return self if dtype == self.dtype else Wire(self.writer, self.writer.cast(self.name, dtype), dtype)

    def _true(self, kind: str, other: Any) -> Wire:
        return Wire(self.writer, self.writer.write(kind, self, self.like(other)), np.dtype(bool))

    def __add__(self, other: Any) -> Wire:
        return self.of("Add", other)

    def __sub__(self, other: Any) -> Wire:
        return self.of("Sub", other)

    def __rsub__(self, other: Any) -> Wire:
        return self.like(other) - self

    def __mul__(self, other: Any) -> Wire:
        return self.of("Mul", other)

    def __truediv__(self, other: Any) -> Wire:
        return self.of("Div", other)

    def __rtruediv__(self, other: Any) -> Wire:
        return self.like(other) / self

    def __neg__(self) -> Wire:
        return self.of("Neg")

    def __abs__(self) -> Wire:
        return self.of("Abs")

    def __gt__(self, other: Any) -> Wire:
        return self._true("Greater", other)

    def __lt__(self, other: Any) -> Wire:
        return self._true("Less", other)

    def __or__(self, other: Any) -> Wire:
        return self._true("Or", other)

    def __and__(self, other: Any) -> Wire:
        return self._true("And", other)

    def __invert__(self) -> Wire:
        return Wire(self.writer, self.writer.write("Not", self), np.dtype(bool))

    def same(self, other: Any) -> Wire:
        """Where it equals the other."""
        return self._true("Equal", other)

    def where(self, x: Wire, y: Any) -> Wire:
        """x where this boolean is True, else y."""
        return Wire(self.writer, self.writer.write("Where", self, x, x.like(y)), x.dtype)
