"""Element-wise ops in ONNX: a node where there is one, else a form made of several."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .wires import Wire

NODES: dict[str, str] = {
    "abs": "Abs",
    "add": "Add",
    "arccos": "Acos",
    "arccosh": "Acosh",
    "arcsin": "Asin",
    "arcsinh": "Asinh",
    "arctan": "Atan",
    "arctanh": "Atanh",
    "ceil": "Ceil",
    "cos": "Cos",
    "divide": "Div",
    "erf": "Erf",
    "exp": "Exp",
    "floor": "Floor",
    "log": "Log",
    "maximum": "Max",
    "minimum": "Min",
    "multiply": "Mul",
    "negative": "Neg",
    "power": "Pow",
    "rint": "Round",
    "sigmoid": "Sigmoid",
    "sign": "Sign",
    "sin": "Sin",
    "sqrt": "Sqrt",
    "subtract": "Sub",
    "tanh": "Tanh",
}
"""Maps an op to the node of the same meaning."""

FLOATS: dict[str, str] = {"cosh": "Cosh", "relu": "Relu", "sinh": "Sinh", "softplus": "Softplus", "tan": "Tan"}
"""Those that onnxruntime has for float32 alone, or not for integers; in other dtypes they have a form below."""

TRUE: dict[str, str] = {
    "equal": "Equal",
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "less": "Less",
    "less_equal": "LessOrEqual",
}
"""Comparisons."""

OF_BOOLEANS: dict[str, str] = {"add": "Or", "maximum": "Or", "fmax": "Or", "multiply": "And", "minimum": "And"}
"""What numpy's arithmetic of booleans is."""


def _nan(x: Wire) -> Wire:
    return ~x.same(x)


def log1p(x: Wire) -> Wire:
    """Exact near 0: what rounding took from 1 + x divides out."""
    u = x + 1
    near = u.same(1).where(x, u.of("Log") * x / u.same(1).where(u.like(1), u - 1))
    return (abs(x) > 0.5).where(u.of("Log"), near)


def _softplus(x: Wire) -> Wire:
    return x.of("Max", 0) + log1p((-abs(x)).of("Exp"))


def _trunc(x: Wire) -> Wire:
    return x.of("Sign") * abs(x).of("Floor")


def _arctan2(y: Wire, x: Wire) -> Wire:
    angle = (y / x.same(0).where(x.like(1), x)).of("Atan")
    turned = angle + _below(x).where(_below(y).where(x.like(-math.pi), math.pi), 0)
    upright = y.of("Sign") * (math.pi / 2)
    return (x.same(0) & ~y.same(0)).where(upright, turned)


def _below(x: Wire) -> Wire:
    """Where the sign is minus; 1 / -0.0 is -inf."""
    return (x < 0) | (x.same(0) & ((1 / x) < 0))


def _copysign(x: Wire, y: Wire) -> Wire:
    return _below(y).where(-abs(x), abs(x))


def _fmod(x: Wire, y: Wire) -> Wire:
    return x.of("Mod", y, fmod=1)


def _remainder(x: Wire, y: Wire) -> Wire:
    if x.dtype.kind != "f":
        return x.of("Mod", y)
    rest = _fmod(x, y)
    turned = (rest < 0).of("Xor", y < 0) & ~rest.same(0)
    return turned.where(rest + y, rest)


def _floor_divide(x: Wire, y: Wire) -> Wire:
    whole = (x - _remainder(x, y)) / y
    return whole.of("Round") if x.dtype.kind == "f" else whole


def _hypot(x: Wire, y: Wire) -> Wire:
    large, small = abs(x).of("Max", abs(y)), abs(x).of("Min", abs(y))
    share = small / large.same(0).where(large.like(1), large)
    return large * (share * share + 1).of("Sqrt")


def _logaddexp(x: Wire, y: Wire) -> Wire:
    apart = -abs(x - y)
    return x.same(y).where(x + math.log(2), x.of("Max", y) + log1p(apart.of("Exp")))


def _quotient(g: Wire, x: Wire) -> Wire:
    return g.same(0).where(g.like(0), g / x)


def _scaled_power(g: Wire, x: Wire, p: Wire) -> Wire:
    return g.same(0).where(g.like(0), g * x.of("Pow", p))


def _sigmoid_cross_entropy(x: Wire, t: Wire) -> Wire:
    return log1p((-abs(x)).of("Exp")) + (x > 0).where(x * (1 - t), -(x * t))


def _squared_error(y: Wire, t: Wire) -> Wire:
    return (y - t) * (y - t)


FORMS: dict[str, Callable[..., Wire]] = {
    "arctan2": _arctan2,
    "copysign": _copysign,
    "cosh": lambda x: (x.of("Exp") + (-x).of("Exp")) * 0.5,
    "erfc": lambda x: 1 - x.of("Erf"),
    "exp2": lambda x: x.like(2).of("Pow", x),
    "expm1": lambda x: (x * 0.5).of("Tanh") * (x.of("Exp") + 1),
    "floor_divide": _floor_divide,
    "fmax": lambda x, y: _nan(x).where(y, _nan(y).where(x, x.of("Max", y))),
    "fmin": lambda x, y: _nan(x).where(y, _nan(y).where(x, x.of("Min", y))),
    "fmod": _fmod,
    "hypot": _hypot,
    "log1p": log1p,
    "logaddexp": _logaddexp,
    "quotient": _quotient,
    "relu": lambda x: x.of("Max", 0),
    "remainder": _remainder,
    "scaled_power": _scaled_power,
    "sigmoid_cross_entropy": _sigmoid_cross_entropy,
    "sinh": lambda x: (x.of("Exp") - (-x).of("Exp")) * 0.5,
    "softplus": _softplus,
    "square": lambda x: x * x,
    "squared_error": _squared_error,
    "tan": lambda x: x.of("Sin") / x.of("Cos"),
    "trunc": _trunc,
}
"""Ops that are made of several nodes, in one dtype."""


def _clip(x: Wire, settings: Mapping[str, Any]) -> Wire:
    low, high = settings.get("a_min"), settings.get("a_max")
    x = x if low is None else x.of("Max", low)
    return x if high is None else x.of("Min", high)


def _rounded(x: Wire, settings: Mapping[str, Any]) -> Wire:
    decimals = settings.get("decimals", 0)
    if decimals < 0:
        return (x / 10.0**-decimals).of("Round") * 10.0**-decimals
    return (x * 10.0**decimals).of("Round") / 10.0**decimals if decimals else x.of("Round")


SET: dict[str, Callable[[Wire, Mapping[str, Any]], Wire]] = {"clip": _clip, "round": _rounded}
"""Ops with settings."""


def written(name: str, dtype: np.dtype, inputs: list[Wire], settings: Mapping[str, Any]) -> Wire:
    """The value of an element-wise op with a result of this dtype."""
    if name in TRUE or name == "not_equal":
        return _compared(name, inputs)
    if name == "where":
        condition, x, y = inputs[0].to(bool), inputs[1].to(dtype), inputs[2].to(dtype)
        if dtype.kind == "b":  # for which onnxruntime has no Where
            return (condition & x) | (~condition & y)
        return condition.where(x, y)
    inputs = [x.to(dtype) for x in inputs]
    if name in SET:
        return SET[name](inputs[0], settings)
    if dtype.kind == "b" and name in OF_BOOLEANS:
        return inputs[0].of(OF_BOOLEANS[name], inputs[1])
    kind = NODES.get(name) or (FLOATS.get(name) if dtype == np.float32 else None)
    return inputs[0].of(kind, *inputs[1:]) if kind else FORMS[name](*inputs)


def _compared(name: str, inputs: list[Wire]) -> Wire:
    x, y = inputs
    common = np.result_type(x.dtype, y.dtype)
    if common.kind == "b" and name not in ("equal", "not_equal"):
        common = np.dtype(np.int32)
    x, y = x.to(common), y.to(common)
    if name == "not_equal":
        return ~x.same(y)
    return Wire(x.writer, x.writer.write(TRUE[name], x, y), np.dtype(bool))


KNOWN = {*NODES, *FLOATS, *TRUE, *FORMS, *SET, "where", "not_equal"}
