"""A fused chain of element-wise ops as numpy calls that write into existing memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import ops
from ...plan.actions import Elementwise, Instruction

if TYPE_CHECKING:
    from .source import NumpyWriter

UFUNCS = {
    "add": "add", "subtract": "subtract", "multiply": "multiply", "divide": "divide", "negative": "negative",
    "power": "power", "exp": "exp", "log": "log", "sqrt": "sqrt", "tanh": "tanh", "maximum": "maximum",
    "minimum": "minimum", "abs": "absolute", "sign": "sign", "greater": "greater", "greater_equal": "greater_equal",
    "less": "less", "less_equal": "less_equal", "equal": "equal", "not_equal": "not_equal",
    "sin": "sin", "cos": "cos", "floor": "floor",
    **{name: name for name in (
        "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "ceil", "copysign", "cosh", "exp2",
        "expm1", "floor_divide", "fmax", "fmin", "fmod", "hypot", "log1p", "logaddexp", "remainder", "rint", "sinh",
        "tan", "trunc",
    )},
}  # fmt: skip
REDUCTIONS = {"sum": "add", "max": "maximum", "min": "minimum"}
_OUT_BY_NAME = {"maximum", "minimum", "fmax", "fmin"}
"""Ufuncs whose ``out`` numpy requires as a keyword."""
COPIES = {"copy", "astype", "stop_gradient", "broadcast_to"}
BOOL = np.dtype(bool)


class Chain:
    """Writes the lines of an `Elementwise`; a value goes directly to its store's view if nothing reads that later."""

    FUNCTIONS = (*sorted(set(UFUNCS.values())), "reciprocal", "logical_not", "copyto")

    def __init__(self, action: Elementwise, writer: NumpyWriter) -> None:
        self.action, self.writer = action, writer
        self.first = len(action.loads)
        self.names = [writer.operand(view) for view in action.loads]
        self.dtypes = [view.dtype for view in action.loads] + [i.dtype for i in action.instructions]
        self.stores = [(value, writer.view(view), view.dtype) for value, view in action.stores]
        self.reduces = [(kind, value, writer.view(view)) for kind, value, view in action.reduces]
        self.temporaries = writer.temporaries(action.shape)

    def lines(self) -> list[str]:
        lines = self._saved_loads()
        for k, instruction in enumerate(self.action.instructions):
            lines += self._instruction(k, instruction)
        lines += [f"{REDUCTIONS[kind]}.reduce({self.names[value]}, -1, None, {to})" for kind, value, to in self.reduces]
        lines += [
            f"{place}[...] = {self.names[value]}" for value, place, _ in self.stores if self.names[value] != place
        ]
        return lines

    def _saved_loads(self) -> list[str]:
        """Copies of loads that would be overwritten before they are stored elsewhere."""
        targets, lines = {place for _, place, _ in self.stores}, []
        for value, place, _ in self.stores:
            name = self.names[value] if value < self.first else place
            if name != place and name in targets:
                copy = self.temporaries.take(self.dtypes[value])
                lines.append(f"{copy}[...] = {name}")
                self.names[value] = copy
        return lines

    def _instruction(self, k: int, instruction: Instruction) -> list[str]:
        value, later = self.first + k, self._read_after(k)
        out = next(
            (p for v, p, dtype in self.stores if v == value and dtype == instruction.dtype and p not in later), None
        ) or self.temporaries.take(instruction.dtype)
        args = [self.names[arg] for arg in instruction.args]
        call = _OpCall(instruction, args, [self.dtypes[arg] for arg in instruction.args], self)
        lines = call.lines(out)
        self.names.append(out)
        for name in {*args, out} - self._read_after(k):
            self.temporaries.give(name)
        return lines

    def _read_after(self, k: int) -> set[str]:
        """Names of the values that instructions after number ``k``, or the copies at the end, still read."""
        args = {arg for i in self.action.instructions[k + 1 :] for arg in i.args}
        ends = {value for value, _, _ in self.stores} | {value for _, value, _ in self.reduces}
        return {self.names[value] for value in args | ends if value < len(self.names)}


class _OpCall:
    """One op; ``lines(out)`` returns the numpy calls that write it to ``out``, which may be one of its operands."""

    def __init__(self, instruction: Instruction, args: list[str], dtypes: list[np.dtype], chain: Chain) -> None:
        self.op, self.dtype, self.attributes = instruction.op, instruction.dtype, instruction.attributes
        self.args, self.dtypes = args, dtypes
        self.writer, self.temporaries = chain.writer, chain.temporaries
        self._temporary_names: list[str] = []

    def lines(self, out: str) -> list[str]:
        if self.op in UFUNCS:
            target = f"out={out}" if self.op in _OUT_BY_NAME else out
            lines = [f"{UFUNCS[self.op]}({', '.join(self.args)}, {target})"]
        elif self.op in COPIES:
            lines = [f"{out}[...] = {self.args[0]}"]
        else:
            lines = FORMS.get(self.op, _forward)(self, out)
        for name in self._temporary_names:
            self.temporaries.give(name)
        return lines

    def temporary(self, dtype: np.dtype | None = None) -> str:
        """The name of a temporary array, which is released after the op."""
        self._temporary_names.append(self.temporaries.take(self.dtype if dtype is None else dtype))
        return self._temporary_names[-1]

    def floating(self, place: str) -> list[str]:
        """Copies a first operand of integers to ``place``, as numbers of the result's dtype: -1 is 255 in uint8."""
        if self.dtypes[0].kind == "f":
            return []
        lines = [f"{place}[...] = {self.args[0]}"]
        self.args = [place, *self.args[1:]]
        return lines

    def number(self, value: Any, dtype: np.dtype | None = None) -> str:
        return self.writer.number(value, self.dtype if dtype is None else dtype)


def _forward(call: _OpCall, out: str) -> list[str]:
    op = getattr(ops, call.op)
    return [f"{out}[...] = {call.writer.function(op, call.attributes)}({', '.join(call.args)})"]


def _clip(call: _OpCall, out: str) -> list[str]:
    lines, last = [], call.args[0]
    for ufunc, name in (("maximum", "a_min"), ("minimum", "a_max")):
        if call.attributes.get(name) is not None:
            lines.append(f"{ufunc}({last}, {call.number(call.attributes[name])}, out={out})")
            last = out
    return lines or [f"{out}[...] = {last}"]


def _sigmoid(call: _OpCall, out: str) -> list[str]:
    call.writer.quiet = True
    return [
        *call.floating(out),
        f"negative({call.args[0]}, {out})",
        f"exp({out}, {out})",
        f"add({out}, {call.number(1)}, {out})",
        f"reciprocal({out}, {out})",
    ]


def _log1p_exp(x: str, out: str) -> list[str]:
    """out = ln(1 + exp(-|x|))"""
    return [f"absolute({x}, {out})", f"negative({out}, {out})", f"exp({out}, {out})", f"log1p({out}, {out})"]


def _softplus(call: _OpCall, out: str) -> list[str]:
    lines, tail = call.floating(out), call.temporary()
    x = call.args[0]
    return [*lines, *_log1p_exp(x, tail), f"maximum({x}, {call.number(0)}, out={out})", f"add({out}, {tail}, {out})"]


def _quotient(call: _OpCall, out: str) -> list[str]:
    g, x = call.args
    mask = call.temporary(BOOL)
    lines = [f"not_equal({g}, {call.number(0, call.dtypes[0])}, {mask})"]
    division = f"divide({g}, {x}, {out}, where={mask})"
    if out == g:
        return [*lines, division]
    if out == x:
        return [*lines, division, f"logical_not({mask}, {mask})", f"copyto({out}, {call.number(0)}, where={mask})"]
    return [*lines, f"{out}.fill(0)", division]


def _scaled_power(call: _OpCall, out: str) -> list[str]:
    g, x, p = call.args
    mask, powers = call.temporary(BOOL), call.temporary()
    return [
        f"not_equal({g}, {call.number(0, call.dtypes[0])}, {mask})",
        f"{powers}.fill(0)",
        f"power({x}, {p}, {powers}, where={mask})",
        f"multiply({g}, {powers}, {out})",
    ]


def _where(call: _OpCall, out: str) -> list[str]:
    (c, x, y), lines, place = call.args, [], out
    if call.dtypes[0] != BOOL:
        mask = call.temporary(BOOL)
        lines.append(f"not_equal({c}, {call.number(0, call.dtypes[0])}, {mask})")
        c = mask
    if out in (c, x):
        place = call.temporary()
    lines += [f"{place}[...] = {y}"] if place != y else []
    lines.append(f"copyto({place}, {x}, where={c})")
    return lines if place == out else [*lines, f"{out}[...] = {place}"]


def _squared_error(call: _OpCall, out: str) -> list[str]:
    return [f"subtract({', '.join(call.args)}, {out})", f"multiply({out}, {out}, {out})"]


def _sigmoid_cross_entropy(call: _OpCall, out: str) -> list[str]:
    lines = call.floating(call.temporary())
    (x, t), tail, one, other, mask = (
        call.args,
        call.temporary(),
        call.temporary(),
        call.temporary(),
        call.temporary(BOOL),
    )
    return [
        *lines,
        *_log1p_exp(x, tail),
        f"subtract({call.number(1)}, {t}, {one})",
        f"multiply({x}, {one}, {one})",
        f"negative({x}, {other})",
        f"multiply({other}, {t}, {other})",
        f"greater({x}, {call.number(0)}, {mask})",
        f"copyto({other}, {one}, where={mask})",
        f"add({tail}, {other}, {out})",
    ]


FORMS: dict[str, Callable[[_OpCall, str], list[str]]] = {
    "square": lambda call, out: [f"multiply({call.args[0]}, {call.args[0]}, {out})"],
    "relu": lambda call, out: [f"maximum({call.args[0]}, {call.number(0)}, out={out})"],
    "clip": _clip, "sigmoid": _sigmoid, "softplus": _softplus, "quotient": _quotient, "scaled_power": _scaled_power,
    "where": _where, "squared_error": _squared_error, "sigmoid_cross_entropy": _sigmoid_cross_entropy,
}  # fmt: skip
