"""Values of expressions at a place of the user's code, each part computed once: edits share most of their parts."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
    ast.MatMult: lambda a, b: a @ b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
    ast.USub: lambda a: -a,
    ast.UAdd: lambda a: +a,
    ast.Not: lambda a: not a,
    ast.Gt: lambda a, b: a > b,
    ast.Lt: lambda a, b: a < b,
    ast.GtE: lambda a, b: a >= b,
    ast.LtE: lambda a, b: a <= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}


class NoValueError(Exception):
    """An expression does not run where it is asked for."""


class Values:
    """Computes expressions in a frame as it is now; the nodes must live as long as this does."""

    def __init__(self, frame: FrameType) -> None:
        self._names = {**vars(builtins), **frame.f_globals, **frame.f_locals}
        self._known: dict[int, Any] = {}

    def of(self, node: ast.expr) -> Any:
        """The value of an expression.

        Raises:
            NoValueError: it has none here.
        """
        key = id(node)
        if key not in self._known:
            try:
                self._known[key] = RULES.get(type(node), Values._other)(self, node)
            except Exception:  # whatever the user's names make of it
                self._known[key] = NoValueError
        value = self._known[key]
        if value is NoValueError:
            raise NoValueError
        return value

    def makes(self, node: ast.expr, op: ast.operator | None, target: ast.expr, due: np.ndarray, near: float) -> bool:
        """Whether ``target = node``, or ``target op= node``, sets what is due, as near as that."""
        try:
            value = self.of(node)
            if op is not None:
                value = OPERATORS[type(op)](self.of(target), value)
            if np.shape(value) != due.shape:
                return False
            return float(np.abs(np.asarray(value, float) - due).max(initial=0)) < near
        except Exception:  # no value, or one that is no array
            return False

    def added(self, total: Any, before: Any, op: ast.operator | None, node: ast.expr) -> Any:
        """The total with one more value; at first it is what was there before. None if there is no value."""
        try:
            total = before if total is None else total
            return None if op is None else OPERATORS[type(op)](total, self.of(node))
        except Exception:  # no value, or one of another shape
            return None

    def _binary(self, node: ast.BinOp) -> Any:
        return OPERATORS[type(node.op)](self.of(node.left), self.of(node.right))

    def _compare(self, node: ast.Compare) -> Any:
        (op,), (right,) = node.ops, node.comparators
        return OPERATORS[type(op)](self.of(node.left), self.of(right))

    def _call(self, node: ast.Call) -> Any:
        words = {str(word.arg): self.of(word.value) for word in node.keywords}
        return self.of(node.func)(*map(self.of, node.args), **words)

    def _slice(self, node: ast.Slice) -> slice:
        return slice(*[None if part is None else self.of(part) for part in (node.lower, node.upper, node.step)])

    def _other(self, node: ast.expr) -> Any:
        return eval(ast.unparse(node), self._names)  # the user's own expression, as it would run there


RULES: dict[type, Callable[[Values, Any], Any]] = {
    ast.Name: lambda values, node: values._names[node.id],
    ast.Constant: lambda values, node: node.value,
    ast.Attribute: lambda values, node: getattr(values.of(node.value), node.attr),
    ast.Subscript: lambda values, node: values.of(node.value)[values.of(node.slice)],
    ast.Tuple: lambda values, node: tuple(map(values.of, node.elts)),
    ast.List: lambda values, node: [*map(values.of, node.elts)],
    ast.UnaryOp: lambda values, node: OPERATORS[type(node.op)](values.of(node.operand)),
    ast.Slice: Values._slice,
    ast.BinOp: Values._binary,
    ast.Compare: Values._compare,
    ast.Call: Values._call,
}
