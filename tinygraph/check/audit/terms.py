"""Terms of a function: the shapes of its expressions, the products it has, and those that it could have."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from typing import cast

import numpy as np

from ...ops.inference import Shape
from .atoms import Scope, is_atom
from .forms import PRODUCTS, broadcast, method, of_numpy, product_shape, replaced, times, turned

GATES = set("ifogczrnu")


class Terms:
    """What can stand in a sum.

    Attributes:
        unread: variables that nobody reads, which is a hint.
        inputs: the function's arguments.
        products: how the function writes products of matrices.
        seen: the products in it, each with its shape.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.unread = unread(scope)
        self.inputs = {node.arg for node in ast.walk(scope.source.tree) if isinstance(node, ast.arg)}
        self.products = products_in(scope)
        self.seen = self._seen()
        self._known: dict[Shape, list[tuple[ast.expr, float]]] = {}

    def of(self, shape: Shape) -> list[tuple[ast.expr, float]]:
        """Products of one shape: those seen elsewhere, then those of names."""
        if shape not in self._known:
            self._known[shape] = [*self._products(shape)]
        return self._known[shape]

    def _products(self, shape: Shape) -> Iterator[tuple[ast.expr, float]]:
        for node, own in self.seen:
            if own == shape:
                yield node, 1.9
        for a, left in self.scope.arrays.items():
            for b, right in self.scope.arrays.items():
                near = 0.3 * ((a in self.unread) + (b in self.unread))
                for x, y in itertools.product((0, 1), repeat=2):
                    if product_shape(left[:: 1 - 2 * x], right[:: 1 - 2 * y]) == shape and len(left) + len(right) > 2:
                        operands = [
                            turned(self.scope.nodes[n]) if t else self.scope.nodes[n] for n, t in ((a, x), (b, y))
                        ]
                        yield self.product(*operands), 2.3 - near
                if left == right == shape and a < b:
                    yield times(self.scope.nodes[a], self.scope.nodes[b]), 2.4 - near
                if left + right == shape and len(left) == len(right) == 1:
                    yield of_numpy("np.outer", self.scope.nodes[a], self.scope.nodes[b]), 2.2 - near

    def product(self, a: ast.expr, b: ast.expr) -> ast.expr:
        """The product as the function writes products."""
        if self.products == "@":
            return ast.BinOp(left=a, op=ast.MatMult(), right=b)
        return method(a, "dot", b) if self.products == ".dot" else of_numpy(self.products, a, b)

    def _seen(self) -> list[tuple[ast.expr, Shape]]:
        """Products that stand somewhere in the function, also with the names of another gate in all places."""
        texts: dict[str, ast.expr] = {}
        for node in ast.walk(self.scope.source.tree):
            if isinstance(node, (ast.BinOp, ast.Call)) and self.shape(node):
                for new in (node, *renamed(node, self.scope)):
                    texts.setdefault(ast.unparse(new), new)
        shapes = [(node, self.shape(node)) for node in texts.values()]
        return [(node, shape) for node, shape in shapes if shape]

    def shape(self, node: ast.expr) -> Shape | None:
        """The shape of an expression; None where it is not known."""
        if is_atom(node) and (own := self.scope.shapes.get(ast.unparse(node))) is not None:
            return own
        if isinstance(node, ast.Constant):
            return ()
        if isinstance(node, ast.Attribute) and node.attr == "T":
            inner = self.shape(node.value)
            return inner and inner[::-1]
        if isinstance(node, ast.UnaryOp):
            return self.shape(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = self.shape(node.left), self.shape(node.right)
            if left is None or right is None:
                return None
            return product_shape(left, right) if isinstance(node.op, ast.MatMult) else _broadcast(left, right)
        return self._shape_of_call(node) if isinstance(node, ast.Call) else None

    def _shape_of_call(self, node: ast.Call) -> Shape | None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        operands = node.args if len(node.args) == 2 else [getattr(node.func, "value", node), *node.args]
        if name in PRODUCTS and len(operands) == 2:
            left, right = self.shape(operands[0]), self.shape(operands[1])
            if left is None or right is None:
                return None
            return (int(np.prod(left)), int(np.prod(right))) if name == "outer" else product_shape(left, right)
        alike = name in ("tanh", "exp", "square", "zeros_like", "sqrt", "copy") and len(node.args) == 1
        return self.shape(node.args[0]) if alike else None


def _broadcast(a: Shape, b: Shape) -> Shape | None:
    shape = broadcast(a, b)
    return shape if isinstance(shape, tuple) else None


def products_in(scope: Scope) -> str:
    """How the function writes products of matrices: ``@``, ``np.dot``, ``np.matmul`` or ``.dot``."""
    for node in ast.walk(scope.source.tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            return "@"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("dot", "matmul"):
            return ast.unparse(node.func) if len(node.args) == 2 else ".dot"
    return "@"


def unread(scope: Scope) -> set[str]:
    """Variables that the function sets or takes and never reads: what stands in their place may be wrong."""
    tree = scope.source.tree
    read = {ast.unparse(n) for n in ast.walk(tree) if is_atom(n) and isinstance(getattr(n, "ctx", None), ast.Load)}
    bases = {text for text in scope.shapes if text.partition("[")[0] not in read and text.partition(".")[0] not in read}
    return {text for text in scope.shapes if text not in read and ("[" not in text or "['" in text or text in bases)}


def is_gate(a: str, b: str) -> bool:
    """Whether two names differ in a gate's letter alone."""
    differing = [{x, y} for x, y in zip(a, b, strict=False) if x != y]
    return len(a) == len(b) and len(differing) == 1 and differing[0] <= GATES


def begin_alike(a: str, b: str) -> bool:
    """Whether two names begin or end alike."""
    return a[:1] == b[:1] or a.endswith(b[-2:])


def renamed(node: ast.expr, scope: Scope) -> Iterator[ast.expr]:
    """The expression with another gate's letter in all its variables, where there are such variables."""
    atoms = [n for n in ast.walk(node) if is_atom(n) and ast.unparse(n) in scope.shapes]
    texts = {ast.unparse(n) for n in atoms}
    for old, new in itertools.permutations(sorted(GATES), 2):
        others = {text: _letter(text, old, new, scope) for text in texts}
        if any(others[text] != text for text in texts):
            yield _substituted(node, others, scope)


def _letter(text: str, old: str, new: str, scope: Scope) -> str:
    options = [text[:k] + new + text[k + 1 :] for k, letter in enumerate(text) if letter == old]
    return next((option for option in options if option in scope.shapes), text)


def _substituted(node: ast.expr, others: dict[str, str], scope: Scope) -> ast.expr:
    class Other(ast.NodeTransformer):
        def generic_visit(self, part: ast.AST) -> ast.AST:
            text = ast.unparse(part) if is_atom(part) else ""
            if text in others:
                return scope.nodes[others[text]]
            for field, inner in ast.iter_fields(part):
                if isinstance(inner, ast.AST):
                    part = replaced(part, field, None, self.visit(inner))
                elif isinstance(inner, list):
                    for k, x in enumerate(inner):
                        if isinstance(x, ast.AST):
                            part = replaced(part, field, k, self.visit(x))
            return part

    return cast(ast.expr, Other().visit(node))
