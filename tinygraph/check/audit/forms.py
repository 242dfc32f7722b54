"""Pieces of Python expressions: products, sums, slopes of activations, and how parts are exchanged in a tree."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from ...ops.inference import Shape

PRODUCTS = ("dot", "matmul", "outer")


def expression(text: str) -> ast.expr:
    return _parsed(text)


@cache
def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def times(a: ast.expr, b: ast.expr) -> ast.expr:
    return ast.BinOp(left=a, op=ast.Mult(), right=b)


def plus(a: ast.expr, b: ast.expr, op: ast.operator | None = None) -> ast.expr:
    return ast.BinOp(left=a, op=op or ast.Add(), right=b)


def turned(node: ast.expr) -> ast.expr:
    """The transpose; of a transpose what it is of."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(value=node, attr="T", ctx=ast.Load())


def method(owner: ast.expr, name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(func=ast.Attribute(value=owner, attr=name, ctx=ast.Load()), args=[*args], keywords=[])


def of_numpy(name: str, a: ast.expr, b: ast.expr) -> ast.Call:
    return ast.Call(func=expression(name), args=[a, b], keywords=[])


def called(node: ast.Call, args: Sequence[ast.expr]) -> ast.Call:
    return ast.Call(func=node.func, args=[*args], keywords=node.keywords)


def slopes(h: ast.expr) -> list[ast.expr]:
    """Derivatives as they are written by hand: of tanh, a sigmoid and relu, right and wrong."""
    one = ast.Constant(value=1)
    tanh, square = method(expression("np"), "tanh", h), ast.Constant(value=2)
    return [
        plus(one, ast.BinOp(left=h, op=ast.Pow(), right=square), ast.Sub()),
        times(h, plus(one, h, ast.Sub())),
        plus(one, ast.BinOp(left=tanh, op=ast.Pow(), right=square), ast.Sub()),
        plus(one, h, ast.Sub()),
        ast.Compare(left=h, ops=[ast.Gt()], comparators=[ast.Constant(value=0)]),
        h,
    ]


def slope_in(node: ast.expr) -> tuple[ast.expr | None, ast.expr | None]:
    """Of ``a * h * (1 - h)`` a and h, of ``1 - h**2`` None and h; h is None where there is no slope."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        h = _rest_of_one(node.right)
        if h is not None:
            last = node.left
            if _same(last, h):
                return None, h
            if isinstance(last, ast.BinOp) and isinstance(last.op, ast.Mult) and _same(last.right, h):
                return last.left, h
    square = _rest_of_one(node)
    return None, None if square is None else _root(square)


def _rest_of_one(node: ast.expr) -> ast.expr | None:
    """h of ``1 - h``."""
    one = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and isinstance(node.left, ast.Constant)
    return node.right if one and node.left.value == 1 else None  # type: ignore[attr-defined]


def _root(node: ast.expr) -> ast.expr | None:
    """h of ``h**2``, ``h * h``, ``np.square(h)`` and ``np.tanh(h)**2``."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        inner = node.left
        call = isinstance(inner, ast.Call) and ast.unparse(inner.func).endswith("tanh") and len(inner.args) == 1
        return inner.args[0] if call else inner  # type: ignore[attr-defined]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and _same(node.left, node.right):
        return node.left
    square = isinstance(node, ast.Call) and ast.unparse(node.func).endswith("square") and len(node.args) == 1
    return node.args[0] if square else None  # type: ignore[attr-defined]


def _same(a: ast.AST, b: ast.AST) -> bool:
    return ast.unparse(a) == ast.unparse(b)


def exchanged(parts: Sequence[ast.expr]) -> Iterator[list[ast.expr]]:
    """Two of the parts in each other's place; of three all orders."""
    orders = itertools.permutations(range(len(parts))) if len(parts) == 3 else _swaps(len(parts))
    for order in orders:
        if [*order] != [*range(len(parts))]:
            yield [parts[k] for k in order]


def _swaps(count: int) -> Iterator[list[int]]:
    for a, b in itertools.combinations(range(count), 2):
        yield [{a: b, b: a}.get(k, k) for k in range(count)]


def replaced(node: ast.AST, field: str, at: int | None, new: Any) -> Any:
    """The node with another part."""
    other = type(node)()
    other.__dict__.update(node.__dict__)  # four times as fast as copy.copy
    if at is None:
        setattr(other, field, new)
    else:
        parts = [*getattr(node, field)]
        parts[at] = new
        setattr(other, field, parts)
    return other


def children(node: ast.expr, place: str) -> Iterator[tuple[str, int | None, ast.expr, str]]:
    """The parts of an expression whose variants make sense, each with what it is there for."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if (owner is not None and not isinstance(owner, ast.Name)) or (
            owner is not None and name not in ("zeros_like", "zeros")
        ):
            yield "func", None, node.func, "function"
        yield from (("args", k, arg, "value") for k, arg in enumerate(node.args))
        return
    if isinstance(node, ast.Subscript):
        yield "slice", None, node.slice, "index"
        sliced = any(isinstance(x, ast.Slice) for x in ast.walk(node.slice))
        yield "value", None, node.value, place if place == "target" else "value" if sliced else "base"
        return
    if isinstance(node, ast.Attribute):
        if node.attr == "T" or place == "function":
            yield "value", None, node.value, "value"
        return
    inner = place if place in ("index", "target") else "value"
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)) and place in ("root", "term"):
        inner = "term"
    for field, part in ast.iter_fields(node):
        if isinstance(part, ast.expr):
            yield field, None, part, inner
        elif isinstance(part, list):
            yield from ((field, k, x, inner) for k, x in enumerate(part) if isinstance(x, ast.expr))


def product_shape(a: Shape, b: Shape) -> Shape | None:
    """Of ``a @ b`` for arrays of at most two axes; None if they do not fit."""
    if not 1 <= len(a) <= 2 or not 1 <= len(b) <= 2 or a[-1] != b[0]:
        return None
    return a[:-1] + b[1:]


def broadcast(a: Shape | None, b: Shape | None) -> Shape | bool | None:
    """The shape of ``a * b``; None if it is not known, False if they do not fit."""
    if a is None or b is None:
        return None
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        return False


def as_target(node: ast.expr) -> Any:
    """A name, an attribute or a place to write to."""
    new: Any = copy.copy(node)
    new.ctx = ast.Store()
    return new


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
