"""Element-wise ops as expressions that C and JavaScript share, for real numbers, whole numbers and booleans.

``{0}``, ``{1}`` stand for operands, which are names or numbers. Functions bear the names of C's math library; each
language has its own spelling of them. Steps before the last one are ``(letter, expression)``: ``{r}`` is the first's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...core.errors import GraphError

Formula = tuple[Any, ...]

ANY: dict[str, str] = {
    "add": "{0} + {1}",
    "astype": "{0}",
    "copy": "{0}",
    "equal": "{0} == {1}",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "maximum": "{0} >= {1} || {0} != {0} ? {0} : {1}",
    "minimum": "{0} <= {1} || {0} != {0} ? {0} : {1}",
    "multiply": "{0} * {1}",
    "negative": "-{0}",
    "not_equal": "{0} != {1}",
    "relu": "{0} < 0 ? 0 : {0}",
    "sign": "{0} < 0 ? -1 : {0} > 0 ? 1 : {0}",
    "square": "{0} * {0}",
    "squared_error": "({0} - {1}) * ({0} - {1})",
    "stop_gradient": "{0}",
    "subtract": "{0} - {1}",
    "where": "{0} ? {1} : {2}",
}

TAIL = "log1p(exp(-fabs({0})))"

REAL: dict[str, Formula] = {
    "abs": ("fabs({0})",),
    "divide": ("{0} / {1}",),
    "exp2": ("exp2({0})",),
    "floor_divide": (
        ("r", "fmod({0}, {1})"),
        ("e", "({0} - {r}) / {1}"),
        ("d", "{r} != 0 && ({r} < 0) != ({1} < 0) ? {e} - 1 : {e}"),
        ("f", "floor({d})"),
        ("n", "{d} == 0 ? copysign(0, {0} / {1}) : {d} - {f} > 0.5 ? {f} + 1 : {f}"),
        "{1} == 0 ? {0} / {1} : {n}",
    ),
    "fmax": ("{0} >= {1} || {1} != {1} ? {0} : {1}",),
    "fmin": ("{0} <= {1} || {1} != {1} ? {0} : {1}",),
    "logaddexp": (
        ("d", "fabs({0} - {1})"),
        "{0} == {1} ? {0} + " + repr(math.log(2)) + " : ({0} >= {1} || {0} != {0} ? {0} : {1}) + log1p(exp(-{d}))",
    ),
    "quotient": ("{0} != 0 ? {0} / {1} : 0",),
    "remainder": (
        ("r", "fmod({0}, {1})"),
        "{r} == 0 ? copysign(0, {1}) : ({r} < 0) != ({1} < 0) ? {r} + {1} : {r}",
    ),
    "sigmoid": ("sigmoid({0})",),
    "sigmoid_cross_entropy": (TAIL + " + ({0} > 0 ? {0} * (1 - {1}) : -{0} * {1})",),
    "softplus": ("({0} > 0 ? {0} : 0) + " + TAIL,),
    **{name: (f"{name}({{0}})",) for name in ("ceil", "cos", "cosh", "erf", "erfc", "exp", "expm1", "floor", "log")},
    **{name: (f"{name}({{0}})",) for name in ("log1p", "rint", "sin", "sinh", "sqrt", "tan", "tanh", "trunc")},
    **{name: (f"{name}({{0}}, {{1}})",) for name in ("copysign", "fmod", "hypot")},
    **{f"arc{name}": (f"a{name}({{0}})",) for name in ("cos", "cosh", "sin", "sinh", "tan", "tanh")},
    "arctan2": ("atan2({0}, {1})",),
}

WHOLE: dict[str, Formula] = {
    "abs": ("{0} < 0 ? -{0} : {0}",),
    "floor_divide": (
        ("r", "{1} == 0 ? 0 : {0} % {1}"),
        ("d", "{1} == 0 ? 0 : ({0} - {r}) / {1}"),
        "{d} - ({r} != 0 && ({r} < 0) != ({1} < 0) ? 1 : 0)",
    ),
    "remainder": (("r", "{1} == 0 ? 0 : {0} % {1}"), "({r} < 0) != ({1} < 0) && {r} != 0 ? {r} + {1} : {r}"),
}

FLAG = {"add": "{0} || {1}", "multiply": "{0} && {1}", "maximum": "{0} || {1}", "minimum": "{0} && {1}"}
"""Of booleans with a boolean result: the masks ``&`` and ``|``."""

MATH = (
    *("acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "copysign", "cos", "cosh", "erf", "erfc"),
    *("exp", "exp2", "expm1", "fabs", "floor", "fmod", "hypot", "log", "log1p", "pow", "rint", "sigmoid", "sin"),
    *("sinh", "sqrt", "tan", "tanh", "trunc"),
)
"""The functions that the formulas call, all of C's math library but ``sigmoid``."""

POWERS = {1.0: "{0}", 2.0: "{0} * {0}", 3.0: "{0} * {0} * {0}", 0.5: "sqrt({0})", -1.0: "1 / {0}"}
"""Powers without a logarithm; `power` of a known exponent."""


def formula(op: str, kind: str, attributes: Mapping[str, Any], numbers: list[float | None]) -> Formula:
    """The steps of one instruction.

    Args:
        kind: of the result: ``"real"``, ``"whole"`` or ``"flag"``.
        numbers: the value of each operand that is a known number.

    Raises:
        GraphError: there is no formula for it.
    """
    if op == "clip" and kind != "flag":
        return (_clip(attributes.get("a_min"), attributes.get("a_max")),)
    if kind == "flag" and op in FLAG:
        return (FLAG[op],)
    if kind == "real" and op in ("power", "scaled_power"):
        return (_power(op, numbers),)
    if kind == "real" and op == "round":
        return (_round(attributes.get("decimals", 0)),)
    if op == "quotient" and kind == "real" and numbers[0]:
        return ("{0} / {1}",)
    steps = REAL.get(op) if kind == "real" else WHOLE.get(op) if kind == "whole" else None
    if steps is None and op in ANY:
        return (ANY[op],)
    if steps is None:
        of = {"real": "numbers", "whole": "whole numbers", "flag": "booleans"}[kind]
        fix = "compute it outside and pass it as an argument" + (", or in floats: x.astype(float)" * (kind != "real"))
        raise GraphError(f"export: {op} of {of} cannot be exported", fix=fix)
    return steps


def _power(op: str, numbers: list[float | None]) -> str:
    exponent = numbers[-1]
    at = 1 if op == "scaled_power" else 0
    short = POWERS.get(exponent, "") if exponent is not None else ""
    power = short.replace("{0}", f"{{{at}}}") or f"pow({{{at}}}, {{{at + 1}}})"
    if at and numbers[0]:
        return f"{{0}} * ({power})"
    return f"{{0}} != 0 ? {{0}} * ({power}) : 0" if at else power


def _clip(low: Any, high: Any) -> str:
    if any(bound is not None and bound != bound for bound in (low, high)):
        return "{0} * NaN"
    inner = "{0}" if low is None else f"{{0}} < {float(low)!r} ? {float(low)!r} : {{0}}"
    return inner if high is None else f"{{0}} > {float(high)!r} ? {float(high)!r} : {inner}"


def _round(decimals: int) -> str:
    scale = repr(10.0 ** abs(decimals))
    if decimals < 0:
        return f"rint({{0}} / {scale}) * {scale}"
    return f"rint({{0}} * {scale}) / {scale}" if decimals else "rint({0})"
