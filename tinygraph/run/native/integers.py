"""Native instructions of integers and masks, with the meaning that they have in numpy: numbers wrap around."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .text import FLOATS, Value

IntegerRule = Callable[..., Value]

RELATIONS = {
    "greater": "{}gt",
    "greater_equal": "{}ge",
    "less": "{}lt",
    "less_equal": "{}le",
    "equal": "eq",
    "not_equal": "ne",
}
"""LLVM's names, with a place for ``s`` or ``u``: signed or unsigned."""

MIXED = {"add", "subtract", "multiply", "divide", "maximum", "minimum"}
"""Ops with a floating result that may have integers among their operands: numpy converts these first."""


def bits(element: str) -> int:
    return int(element[1:])


def convert(x: Value, element: str, code: str) -> Value:
    """Convert x, of the dtype ``code``, where x or the result is no float."""
    signed = code[0] == "i"
    if element == "i1":
        return x.compare("ne", 0)
    if x.element in FLOATS:
        return _whole(x, element)
    if element in FLOATS:
        return x.cast("sitofp" if signed else "uitofp", element)
    return x.cast("trunc" if bits(element) < bits(x.element) else "sext" if signed else "zext", element)


def _whole(x: Value, element: str) -> Value:
    """Towards zero; what is too large, and NaN, becomes the smallest integer, as the processor has it in numpy."""
    limit = 2.0 ** (bits(element) - 1)
    fits = x.compare("oge", -limit) & x.compare("olt", limit)
    return fits.where(x.cast("fptosi", element), x.writer.constant(element, x.lanes, -(2 ** (bits(element) - 1))))


def common(codes: Sequence[str]) -> str | None:
    """The dtype in which numpy compares; None where it compares exactly what no dtype holds."""
    if all(code == "b1" for code in codes):
        return "f4"
    dtype = np.result_type(*codes)
    if dtype.kind == "f" and all(code[0] in "iub" for code in codes):
        return None
    return f"{dtype.kind}{dtype.itemsize}"


def rules_of(code: str) -> dict[str, IntegerRule]:
    """The instructions for a result of the dtype ``code``: a boolean, or an integer."""
    return {"b": MASKS, "i": SIGNED, "u": UNSIGNED}[code[0]]


def _negative(x: Value) -> Value:
    return x.like(0) - x


def _larger(relation: str) -> IntegerRule:
    return lambda x, y: x.compare(relation, y).where(x, y)


def _safe(y: Value) -> Value:
    """The divisor, 1 in place of 0 and -1: the processor stops at the one, and at the smallest number by the other."""
    return (y.compare("eq", 0) | y.compare("eq", -1)).where(1, y)


def _divided(x: Value, y: Value) -> Value:
    """Rounded down; by 0 it is 0."""
    by = _safe(y)
    quotient, rest = x._make(x.element, f"sdiv {x}, {by.name}"), x._make(x.element, f"srem {x}, {by.name}")
    down = rest.compare("ne", 0) & rest.compare("slt", 0).compare("ne", by.compare("slt", 0))
    quotient = down.where(quotient - 1, quotient)
    quotient = y.compare("eq", -1).where(_negative(x), quotient)
    return y.compare("eq", 0).where(0, quotient)


def _remainder(x: Value, y: Value) -> Value:
    """With the sign of y; by 0 it is 0."""
    by = _safe(y)
    rest = x._make(x.element, f"srem {x}, {by.name}")
    other = rest.compare("ne", 0) & rest.compare("slt", 0).compare("ne", by.compare("slt", 0))
    return (y.compare("eq", 0) | y.compare("eq", -1)).where(0, other.where(rest + by, rest))


def _unsigned(code: str) -> IntegerRule:
    def by(x: Value, y: Value) -> Value:
        none = y.compare("eq", 0)
        safe = none.where(1, y)
        return none.where(0, x._make(x.element, f"{code} {x}, {safe.name}"))

    return by


MASKS: dict[str, IntegerRule] = {
    "add": lambda x, y: x | y,
    "maximum": lambda x, y: x | y,
    "minimum": lambda x, y: x & y,
    "multiply": lambda x, y: x & y,
}

_EITHER: dict[str, IntegerRule] = {
    "add": lambda x, y: x + y,
    "multiply": lambda x, y: x * y,
    "negative": _negative,
    "square": lambda x: x * x,
    "subtract": lambda x, y: x - y,
}

SIGNED: dict[str, IntegerRule] = {
    **_EITHER,
    "abs": lambda x: x.compare("slt", 0).where(_negative(x), x),
    "floor_divide": _divided,
    "maximum": _larger("sgt"),
    "minimum": _larger("slt"),
    "remainder": _remainder,
}

UNSIGNED: dict[str, IntegerRule] = {
    **_EITHER,
    "abs": lambda x: x,
    "floor_divide": _unsigned("udiv"),
    "maximum": _larger("ugt"),
    "minimum": _larger("ult"),
    "remainder": _unsigned("urem"),
}
