"""The changes that make a mutant: each gives the part of the syntax tree that is replaced, and the new text."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import Any

Change = tuple[ast.expr | ast.stmt, str]

COMPARES: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATORS: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mod,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
ONE_SIDED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)
COPIES = {"astype", "copy", "reshape", "strip", "transpose"}
"""Methods that give their object in another form; without the call it keeps its own."""
UNORDERED = ("isinstance", "getattr", "hasattr", "min", "max", "np.minimum", "np.maximum")
"""Calls whose first two arguments stay: exchanged, they give an error at once, or the same."""
SAME = {"strict", "stacklevel"}
"""Keywords that change nothing while the program is right."""


def changes(node: ast.AST) -> Iterator[Change]:
    """All changes of this node itself; those of the nodes below are theirs."""
    change = CHANGES.get(type(node))
    if change:
        yield from change(node)
    test = getattr(node, "test", None)
    if isinstance(test, ast.expr):
        yield test, _negated(test)


def _with(node: Any, **fields: Any) -> str:
    """The text of the node with other parts; in parentheses, since it may stand within a larger expression."""
    return _text(_changed(node, **fields))


def _text(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if isinstance(node, (ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript)) else f"({text})"


def _negated(node: ast.expr) -> str:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _text(node.operand)
    return f"(not {_text(node)})"


def _compare(node: ast.Compare) -> Iterator[Change]:
    for k, op in enumerate(node.ops):
        yield node, _with(node, ops=[*node.ops[:k], COMPARES[type(op)](), *node.ops[k + 1 :]])
    for side in (node.left, *node.comparators):
        if isinstance(side, ast.Constant) and isinstance(side.value, str):
            yield side, repr(side.value + "_")


def _binary(node: ast.BinOp) -> Iterator[Change]:
    if type(node.op) in OPERATORS:
        yield node, _with(node, op=OPERATORS[type(node.op)]())
    if isinstance(node.op, ONE_SIDED):
        yield node, _with(node, left=node.right, right=node.left)


def _boolean(node: ast.BoolOp) -> Iterator[Change]:
    yield node, _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for k in range(len(node.values)):
        rest = [*node.values[:k], *node.values[k + 1 :]]
        yield node, _with(node, values=rest) if len(rest) > 1 else _text(rest[0])


def _unary(node: ast.UnaryOp) -> Iterator[Change]:
    if isinstance(node.op, (ast.Not, ast.USub)):
        yield node, _text(node.operand)


def _constant(node: ast.Constant) -> Iterator[Change]:
    if isinstance(node.value, bool):
        yield node, str(not node.value)
    elif isinstance(node.value, int):
        yield node, str(node.value + 1)
        yield node, f"({node.value - 1})"
    elif isinstance(node.value, float):
        yield node, repr(2 * node.value or 1.0)


def _call(node: ast.Call) -> Iterator[Change]:
    plain = not any(isinstance(a, ast.Starred) for a in node.args)
    if plain and len(node.args) > 1 and ast.unparse(node.func) not in UNORDERED:
        yield node, _with(node, args=[node.args[1], node.args[0], *node.args[2:]])
    for k, keyword in enumerate(node.keywords):
        if keyword.arg and keyword.arg not in SAME:
            yield node, _with(node, keywords=[*node.keywords[:k], *node.keywords[k + 1 :]])
    if isinstance(node.func, ast.Attribute) and node.func.attr in COPIES:
        yield node, _text(node.func.value)
    elif plain and len(node.args) == 1 and not node.keywords:
        yield node, _text(node.args[0])
    for arg in node.args:
        if isinstance(arg, (ast.Tuple, ast.List)) and len(arg.elts) > 1:
            for k in range(len(arg.elts)):
                yield arg, ast.unparse(_changed(arg, elts=[*arg.elts[:k], *arg.elts[k + 1 :]]))


def _changed(node: Any, **fields: Any) -> Any:
    other = copy.copy(node)
    vars(other).update(fields)
    return other


def _dict(node: ast.Dict) -> Iterator[Change]:
    for k in range(len(node.keys)):
        rest = {"keys": [*node.keys[:k], *node.keys[k + 1 :]], "values": [*node.values[:k], *node.values[k + 1 :]]}
        yield node, ast.unparse(_changed(node, **rest))


def _comprehension(node: Any) -> Iterator[Change]:
    for generator in node.generators:
        for condition in generator.ifs:
            yield condition, _negated(condition)
            yield condition, "True"


def _augmented(node: ast.AugAssign) -> Iterator[Change]:
    yield node, "pass"
    if type(node.op) in OPERATORS:
        yield node, ast.unparse(_changed(node, op=OPERATORS[type(node.op)]()))


def _assigned(node: ast.Assign) -> Iterator[Change]:
    if all(isinstance(target, (ast.Attribute, ast.Subscript)) for target in node.targets):
        yield node, "pass"


def _dropped(node: ast.stmt) -> Iterator[Change]:
    yield node, "pass"


CHANGES: dict[type, Any] = {
    ast.Compare: _compare, ast.BinOp: _binary, ast.BoolOp: _boolean, ast.UnaryOp: _unary, ast.Constant: _constant,
    ast.Call: _call, ast.Dict: _dict, ast.ListComp: _comprehension,
    ast.SetComp: _comprehension, ast.GeneratorExp: _comprehension, ast.DictComp: _comprehension,
    ast.AugAssign: _augmented, ast.Assign: _assigned, ast.Expr: _dropped, ast.Raise: _dropped,
    ast.Continue: _dropped, ast.Break: _dropped, ast.Delete: _dropped,
}  # fmt: skip
