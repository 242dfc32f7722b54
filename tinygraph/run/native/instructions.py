"""Each element-wise op as native instructions, with the meaning that its ``forward`` has in numpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import maths
from .text import FLOATS, Value

ELEMENTS = {"f4": "float", "f8": "double", "b1": "i1"}
"""The dtypes that native code handles, and what they are in a register; in memory a boolean takes a byte."""

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
    """x as ``element``: of a float its truth is x != 0, of a truth its float is 1 or 0."""
    if x.element == element:
        return x
    if element == "i1":
        return x.compare("une", 0.0)
    if x.element == "i1":
        return x.cast("uitofp", element)
    return x.cast("fpext" if element == "double" else "fptrunc", element)


def instruction(op: str, args: list[Value], code: str, attributes: Mapping[str, Any]) -> Value:
    """The value of one instruction.

    Args:
        op: its name.
        args: its operands, in registers, of any dtypes.
        code: the dtype of its result, as `code_of` gives it.
        attributes: its settings.
    """
    element = ELEMENTS[code]
    if op in COMPARISONS:
        x, y = (convert(a, _common(args)) for a in args)
        return x.compare(COMPARISONS[op], y)
    if op == "where":
        condition, *branches = args
        x, y = (convert(a, element) for a in branches)
        return convert(condition, "i1").where(x, y)
    return RULES[op]([convert(a, element) for a in args], attributes)


def known(op: str, code: str) -> bool:
    """Whether ``op`` with a result of this dtype has native instructions."""
    return code in ELEMENTS and (code != "b1" or op in FOR_TRUTH) and (op in RULES or op in FOR_TRUTH)


def _common(args: list[Value]) -> str:
    """The type in which values are compared: that of the widest; truths are compared as floats."""
    return max((a.element for a in args if a.element != "i1"), key=FLOATS.__getitem__, default="float")


def _larger(x: Value, y: Value) -> Value:
    return (x.compare("oge", y) | x.compare("uno", x)).where(x, y)


def _smaller(x: Value, y: Value) -> Value:
    return (x.compare("ole", y) | x.compare("uno", x)).where(x, y)


def _sign(x: Value) -> Value:
    one = x.compare("olt", 0.0).where(-1.0, x.compare("ogt", 0.0).where(1.0, x))
    return x.compare("oeq", 0.0).where(0.0, one)


def _clip(x: Value, attributes: Mapping[str, Any]) -> Value:
    low, high = attributes.get("a_min"), attributes.get("a_max")
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

FOR_TRUTH = {*COMPARISONS, "where", "astype", "copy", "stop_gradient"}
"""Ops that may have booleans as their result."""
