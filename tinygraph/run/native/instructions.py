"""Native instructions for each element-wise op, with the semantics of its ``forward`` in numpy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import maths
from .text import FLOATS, Value

ELEMENTS = {"f4": "float", "f8": "double", "b1": "i1"}
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
    return f"{dtype.kind}{dtype.itemsize}"


def convert(x: Value, element: str) -> Value:
    """Convert x to the LLVM type ``element``: a float becomes the boolean x != 0, a boolean becomes 1.0 or 0.0."""
    if x.element == element:
        return x
    if element == "i1":
        return x.compare("une", 0.0)
    if x.element == "i1":
        return x.cast("uitofp", element)
    return x.cast("fpext" if element == "double" else "fptrunc", element)


def instruction(op: str, args: list[Value], code: str, attributes: Mapping[str, Any]) -> Value:
    """Write one instruction and return its value.

    Args:
        op: name of the op.
        args: operands in registers, of any dtypes.
        code: dtype of the result, as `code_of` returns it.
        attributes: keyword arguments of the op.
    """
    element = ELEMENTS[code]
    if op in COMPARISONS:
        x, y = (convert(a, _widest(args)) for a in args)
        return x.compare(COMPARISONS[op], y)
    if op == "where":
        condition, *branches = args
        x, y = (convert(a, element) for a in branches)
        return convert(condition, "i1").where(x, y)
    return RULES[op]([convert(a, element) for a in args], attributes)


def is_supported(op: str, code: str) -> bool:
    """Whether ``op`` with a result of this dtype has native instructions."""
    return code in ELEMENTS and (code != "b1" or op in BOOLEAN) and (op in RULES or op in BOOLEAN)


def _widest(args: list[Value]) -> str:
    """The type of a comparison: the widest float type of the operands; booleans are compared as floats."""
    return max((a.element for a in args if a.element != "i1"), key=FLOATS.__getitem__, default="float")


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


def _of(function: Callable[..., Value]) -> Emitter:
    return lambda args, attributes: function(*args)


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
}

BOOLEAN = {*COMPARISONS, "where", "astype", "copy", "stop_gradient"}
"""Ops whose result may be boolean."""
