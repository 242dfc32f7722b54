"""Native instructions for each element-wise op, with the semantics of its ``forward`` in numpy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from . import integers, maths
from .text import FLOATS, Value

ELEMENTS = {"f4": "float", "f8": "double", "b1": "i1", **{f"{k}{n}": f"i{8 * n}" for k in "iu" for n in (1, 2, 4, 8)}}
"""Maps the supported dtypes to LLVM types in registers; in memory a boolean takes a byte."""

Emitter = Callable[[list[Value], Mapping[str, Any]], Value]


def code_of(dtype: np.dtype) -> str:
    """The short name of a dtype.

    Example:
        >>> import numpy as np
        >>> from tinygraph.run.native.instructions import code_of
        >>> code_of(np.dtype("float32")), code_of(np.dtype(bool))
        ('f4', 'b1')
    """
    return (
        f"{dtype.kind}{dtype.itemsize}" if dtype.isnative else dtype.str
    )  # in the other order of bytes it is left to numpy


def convert(x: Value, element: str, code: str = "") -> Value:
    """Convert x, of the dtype ``code``, to the LLVM type ``element``; what is not 0 becomes True, True becomes 1."""
    if x.element == element:
        return x
    if x.element == "i1":
        return x.cast("uitofp" if element in FLOATS else "zext", element)
    if x.element not in FLOATS or element not in (*FLOATS, "i1"):
        return integers.convert(x, element, code)
    if element == "i1":
        return x.compare("une", 0.0)
    return x.cast("fpext" if element == "double" else "fptrunc", element)


def instruction(op: str, args: list[Value], codes: Sequence[str], code: str, attributes: Mapping[str, Any]) -> Value:
    """Write one instruction and return its value.

    Args:
        op: name of the op.
        args: operands in registers, of any dtypes.
        codes: their dtypes, as `code_of` returns them.
        code: dtype of the result.
        attributes: keyword arguments of the op.
    """
    if op in COMPARISONS:
        return _compared(op, args, codes)
    element = ELEMENTS[code]
    if op == "where":
        condition = convert(args[0], "i1", codes[0])
        x, y = (convert(a, element, c) for a, c in zip(args[1:], codes[1:], strict=True))
        return condition.where(x, y)
    operands = [convert(a, element, c) for a, c in zip(args, codes, strict=True)]
    if op not in COPIES and code[0] not in "f":
        return integers.rules_of(code)[op](*operands)
    return RULES[op](operands, attributes)


def is_supported(op: str, code: str, codes: Sequence[str]) -> bool:
    """Whether ``op`` on operands of the dtypes ``codes`` has native instructions for a result of the dtype ``code``."""
    if not {code, *codes} <= ELEMENTS.keys():
        return False
    if op in COMPARISONS:
        return integers.common(codes) is not None
    if op in COPIES or op == "where":
        of_floats = code in ("f4", "f8", "b1", "i4", "i8")  # of integers, those of 32 and 64 bits with a sign alone
        return of_floats or all(c[0] != "f" for c in codes[op == "where" :])
    if code[0] != "f":
        return op in integers.rules_of(code)
    return op in RULES and (op in integers.MIXED or all(c[0] not in "iu" for c in codes))


def _compared(op: str, args: list[Value], codes: Sequence[str]) -> Value:
    """A comparison in the dtype that numpy compares in; booleans as floats."""
    common = integers.common(codes)
    assert common
    x, y = (convert(a, ELEMENTS[common], c) for a, c in zip(args, codes, strict=True))
    relation = COMPARISONS[op] if common[0] == "f" else integers.RELATIONS[op].format("u" if common[0] == "u" else "s")
    return x.compare(relation, y)


def _larger(x: Value, y: Value) -> Value:
    return (x.compare("oge", y) | x.compare("uno", x)).where(x, y)


def _smaller(x: Value, y: Value) -> Value:
    return (x.compare("ole", y) | x.compare("uno", x)).where(x, y)


def _sign(x: Value) -> Value:
    sign = x.compare("olt", 0.0).where(-1.0, x.compare("ogt", 0.0).where(1.0, x))
    return x.compare("oeq", 0.0).where(0.0, sign)


def _clip(x: Value, attributes: Mapping[str, Any]) -> Value:
    low, high = attributes.get("a_min"), attributes.get("a_max")
    if any(bound is not None and bound != bound for bound in (low, high)):
        return x.like(math.nan)  # as in numpy, where nothing is above or below NaN
    x = x if low is None else maths.at_least(x, low)
    return x if high is None else maths.at_most(x, high)


def _quotient(g: Value, x: Value) -> Value:
    return g.compare("une", 0.0).where(g / x, g.like(0.0))


def _scaled_power(g: Value, x: Value, p: Value) -> Value:
    return g * g.compare("une", 0.0).where(x.call("pow", p), g.like(0.0))


def _sigmoid_cross_entropy(x: Value, t: Value) -> Value:
    return maths.log_tail(x) + x.compare("ogt", 0.0).where(x * (1.0 - t), -x * t)


def _squared_error(y: Value, t: Value) -> Value:
    return (y - t) * (y - t)


def _logaddexp(x: Value, y: Value) -> Value:
    # Infinity less infinity would be NaN.
    return x.compare("oeq", y).where(x + math.log(2), _larger(x, y) + maths.log_tail(x - y))


def _round(x: Value, decimals: int) -> Value:
    """numpy's steps, which round three times."""
    if decimals < 0:
        return (x / 10.0**-decimals).call("rint") * 10.0**-decimals
    return (x * 10.0**decimals).call("rint") / 10.0**decimals if decimals else x.call("rint")


def _opposite(x: Value, y: Value) -> Value:
    return x.compare("olt", 0.0).compare("ne", y.compare("olt", 0.0))


def _remainder(x: Value, y: Value) -> Value:
    """C's remainder, which has the sign of x, moved to the sign of y."""
    rest = x.by_c("fmod", y)
    moved = _opposite(rest, y).where(rest + y, rest)
    return rest.compare("oeq", 0.0).where(rest.like(0.0).call("copysign", y), moved)


def _floor_divide(x: Value, y: Value) -> Value:
    """numpy's steps: the exact multiple of y, divided, and rounded to the nearest whole number."""
    rest = x.by_c("fmod", y)
    exact = (x - rest) / y
    exact = (_opposite(rest, y) & rest.compare("une", 0.0)).where(exact - 1.0, exact)
    low = exact.call("floor")
    near = (exact - low).compare("ogt", 0.5).where(low + 1.0, low)
    near = exact.compare("oeq", 0.0).where(exact.like(0.0).call("copysign", x / y), near)
    return y.compare("oeq", 0.0).where(x / y, near)


def _of(function: Callable[..., Value]) -> Emitter:
    return lambda args, attributes: function(*args)


def _intrinsic(name: str) -> Emitter:
    return lambda args, attributes: args[0].call(name, *args[1:])


def _by_c(name: str) -> Emitter:
    return lambda args, attributes: args[0].by_c(name, *args[1:])


COMPARISONS = {"greater": "ogt", "greater_equal": "oge", "less": "olt", "less_equal": "ole", "equal": "oeq",
               "not_equal": "une"}  # fmt: skip

RULES: dict[str, Emitter] = {
    "abs": _of(maths.absolute),
    "add": _of(lambda x, y: x + y),
    "astype": _of(lambda x: x),
    "clip": lambda args, attributes: _clip(args[0], attributes),
    "copy": _of(lambda x: x),
    "cos": _of(lambda x: x.call("cos")),
    "divide": _of(lambda x, y: x / y),
    "exp": _of(maths.exp),
    "floor": _of(lambda x: x.call("floor")),
    "log": _of(maths.log),
    "maximum": _of(_larger),
    "minimum": _of(_smaller),
    "multiply": _of(lambda x, y: x * y),
    "negative": _of(lambda x: -x),
    "power": _of(lambda x, p: x.call("pow", p)),
    "quotient": _of(_quotient),
    "relu": _of(lambda x: maths.at_least(x, 0.0)),
    "scaled_power": _of(_scaled_power),
    "sigmoid": _of(maths.sigmoid),
    "sigmoid_cross_entropy": _of(_sigmoid_cross_entropy),
    "sign": _of(_sign),
    "sin": _of(lambda x: x.call("sin")),
    "softplus": _of(maths.softplus),
    "sqrt": _of(lambda x: x.call("sqrt")),
    "square": _of(lambda x: x * x),
    "squared_error": _of(_squared_error),
    "stop_gradient": _of(lambda x: x),
    "subtract": _of(lambda x, y: x - y),
    "tanh": _of(maths.tanh),
    "floor_divide": _of(_floor_divide),
    "log1p": _of(maths.log1p),
    "logaddexp": _of(_logaddexp),
    "remainder": _of(_remainder),
    "round": lambda args, attributes: _round(args[0], attributes.get("decimals", 0)),
    **{name: _intrinsic(name) for name in ("ceil", "copysign", "exp2", "rint", "trunc")},
    "expm1": _of(maths.expm1),
    "fmax": _intrinsic("maxnum"),
    "fmin": _intrinsic("minnum"),
    **{name: _by_c(name) for name in ("cosh", "erf", "erfc", "fmod", "hypot", "sinh", "tan")},
    **{f"arc{name}": _by_c(f"a{name}") for name in ("cos", "cosh", "sin", "sinh", "tan", "tan2", "tanh")},
}

COPIES = {"astype", "copy", "stop_gradient"}
"""Ops that change nothing but the dtype."""

NAMES = {*RULES, *COMPARISONS, "where"}
"""All ops that have instructions."""
