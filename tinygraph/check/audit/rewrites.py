"""Expressions written another way: what a line of a backward pass may have been meant to read, each a small change."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from typing import Any

from ...ops.inference import Shape
from .atoms import Scope, ends_of, is_atom
from .forms import (
    PRODUCTS,
    as_target,
    broadcast,
    called,
    children,
    exchanged,
    expression,
    is_text,
    method,
    plus,
    replaced,
    slope_in,
    slopes,
    times,
    turned,
)
from .terms import Terms, begin_alike, is_gate

Variant = tuple[ast.expr, str, float]
"""An expression, the kind of fault that it mends, and how far it is from what stands there."""

INDEX, NAME, GATE = "a wrong index", "another variable", "another gate's variable"
MORE, LESS = "a term too many", "a term missing"
FACTOR_MORE, FACTOR_LESS = "a factor too many", "a factor missing"
SCALE, SIGN = "a wrong constant factor", "a wrong sign"
TURNED, ORDER = "a transpose too many or missing", "operands in the wrong order"
SLOPE, PARTS = "the wrong form of an activation's derivative", "parts in the wrong order"


class Rewrites:
    """Variants of expressions, by what is in scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.indices = [(text, expression(text)) for text in scope.indices]
        self.terms = Terms(scope)
        self.shape, self.unread = self.terms.shape, self.terms.unread
        self.ends = ends_of(scope.source.tree)

    def of(self, node: ast.expr, place: str = "value") -> Iterator[Variant]:
        """All variants of an expression, those of its parts too."""
        yield from self._own(node, place)
        for field, at, child, inner in children(node, place):
            for new, kind, weight in self.of(child, inner):
                yield replaced(node, field, at, new), kind, weight

    def _own(self, node: ast.expr, place: str) -> Iterator[Variant]:
        if place == "index":
            yield from self._index(node)
        if place in ("index", "base", "function"):
            return
        if is_atom(node):
            yield from self._atom(node, place)
        if place == "target":
            if isinstance(node, ast.Tuple):
                yield from permuted(node)
            return
        for kind, rule in RULES.items():
            if isinstance(node, kind):
                yield from rule(self, node)
        if place != "keyword" and not isinstance(node, (ast.Constant, ast.Tuple, ast.List)):
            yield from self._scaled(node, place)
            yield from self._slopes(node)

    def _index(self, node: ast.expr) -> Iterator[Variant]:
        if isinstance(node, (ast.Name, ast.BinOp, ast.UnaryOp, ast.Constant)) and not is_text(node):
            own = ast.unparse(node)
            for text, new in self.indices:
                if text != own:
                    yield new, INDEX, 1.0 + 0.2 * (" - 1 - " in text) + 0.1 * (text in ("-1", "0"))
        if isinstance(node, ast.Slice) and (node.lower is None) != (node.upper is None):
            yield ast.Slice(lower=node.upper, upper=node.lower), INDEX, 1.5
            for text in self.scope.sizes:
                bound = expression(text)
                for lower, upper in ((bound, None), (None, bound)):
                    yield ast.Slice(lower=lower, upper=upper), INDEX, 2.2

    def _atom(self, node: ast.expr, place: str) -> Iterator[Variant]:
        own, shape = ast.unparse(node), self.shape(node)
        whole = own in self.scope.whole
        for text, other in self.scope.shapes.items():
            if text == own or (text in self.scope.whole) != whole:
                continue
            same = shape is None or shape == other
            new = self.scope.nodes[text]
            kind = GATE if is_gate(own, text) else NAME
            near = 0.3 * (text in self.unread) + 0.2 * begin_alike(own, text)
            if place == "target":
                if isinstance(new, ast.Subscript) and not is_text(new.slice):
                    continue
                new = as_target(new)
            yield new, kind, (1.2 if same else 2.3) - near + 0.4 * (place == "target")

    def _attribute(self, node: ast.Attribute) -> Iterator[Variant]:
        if node.attr == "T":
            yield node.value, TURNED, 1.0

    def _operation(self, node: ast.BinOp) -> Iterator[Variant]:
        op, left, right = node.op, node.left, node.right
        if isinstance(op, (ast.Add, ast.Sub)):
            yield left, MORE, 1.0
            yield (right if isinstance(op, ast.Add) else ast.UnaryOp(op=ast.USub(), operand=right)), MORE, 1.0
            yield ast.BinOp(left=left, op=ast.Sub() if isinstance(op, ast.Add) else ast.Add(), right=right), SIGN, 1.0
            if isinstance(op, ast.Sub):
                yield ast.BinOp(left=right, op=op, right=left), SIGN, 1.2
        elif isinstance(op, (ast.Mult, ast.Div)):
            kind = SCALE if isinstance(left, ast.Constant) or isinstance(right, ast.Constant) else FACTOR_MORE
            yield left, kind, 1.0
            if isinstance(op, ast.Mult):
                yield right, kind, 1.0
        elif isinstance(op, ast.Pow):
            yield left, FACTOR_MORE, 1.2
        elif isinstance(op, ast.MatMult):
            yield from self._product(left, right, lambda a, b: ast.BinOp(left=a, op=op, right=b))

    def _product(self, a: ast.expr, b: ast.expr, build: Any) -> Iterator[Variant]:
        """Both orders, and with each operand turned."""
        yield build(b, a), ORDER, 1.0
        for first, second, weight in ((a, b, 1.0), (b, a, 1.3)):
            for turns in ((1, 0), (0, 1), (1, 1)):
                x, y = (turned(v) if turn else v for v, turn in zip((first, second), turns, strict=True))
                yield build(x, y), TURNED if first is a else ORDER, weight + 0.1 * sum(turns)

    def _call(self, node: ast.Call) -> Iterator[Variant]:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in PRODUCTS and len(node.args) == 2:
            yield from self._product(node.args[0], node.args[1], lambda a, b: called(node, [a, b]))
        elif name in PRODUCTS and isinstance(node.func, ast.Attribute) and len(node.args) == 1:
            yield from self._product(node.func.value, node.args[0], lambda a, b: method(a, name, b))
        elif len(node.args) == 1 and not node.keywords and not isinstance(node.args[0], (ast.Tuple, ast.List)):
            yield node.args[0], FACTOR_MORE, 1.5
            if is_atom(node.args[0]):
                yield from ((new, SLOPE, 1.2) for new in slopes(node.args[0]))
        elif len(node.args) > 1:
            yield from ((called(node, new), PARTS, 1.4) for new in exchanged(node.args))
        for at, word in enumerate(node.keywords):
            if word.arg == "axis":
                rest = [*node.keywords[:at], *node.keywords[at + 1 :]]
                for axis in (0, 1, -1):
                    new = ast.keyword(arg="axis", value=expression(str(axis)))
                    yield ast.Call(func=node.func, args=node.args, keywords=[*rest, new]), INDEX, 1.4

    def _unary(self, node: ast.UnaryOp) -> Iterator[Variant]:
        if isinstance(node.op, ast.USub):
            yield node.operand, SIGN, 0.9
            yield plus(ast.Constant(value=1), node.operand, ast.Sub()), LESS, 1.2

    def _constant(self, node: ast.Constant) -> Iterator[Variant]:
        if type(node.value) in (int, float):
            yield from ((ast.Constant(value=v), SCALE, 1.4) for v in (1, 2, 0.5, 0) if v != node.value)

    def _sequence(self, node: ast.List | ast.Tuple) -> Iterator[Variant]:
        yield from permuted(node)

    def _compare(self, node: ast.Compare) -> Iterator[Variant]:
        for op in (ast.Gt(), ast.Lt(), ast.GtE(), ast.LtE(), ast.NotEq(), ast.Eq()):
            if len(node.ops) == 1 and type(op) is not type(node.ops[0]):
                yield ast.Compare(left=node.left, ops=[op], comparators=node.comparators), SIGN, 1.8

    def _scaled(self, node: ast.expr, place: str) -> Iterator[Variant]:
        """A factor or a term that is missing; first those of the whole value, then those of its parts."""
        deep = 0.0 if place == "root" else 0.4
        shape = self.shape(node)
        if place in ("root", "term"):
            for value in (2.0, 0.5):
                yield times(ast.Constant(value=value if value != 2 else 2), node), SCALE, 1.3 + deep
            yield ast.UnaryOp(op=ast.USub(), operand=node), SIGN, 1.2 + deep
            yield from ((new, FACTOR_LESS, w + deep) for new, w in self._divided(node))
        yield ast.BinOp(left=node, op=ast.Pow(), right=ast.Constant(value=2)), FACTOR_LESS, 1.5 + deep
        yield plus(ast.Constant(value=1), node, ast.Sub()), LESS, 1.5 + deep
        if ast.unparse(node) in self.scope.whole:
            return
        for text, other in self.scope.arrays.items():
            fits = 0.0 if other == shape else 0.6 if shape is None else 1.2
            near, atom = 0.4 * (text in self.unread), self.scope.nodes[text]
            if broadcast(shape, other) is not False:
                yield times(node, atom), FACTOR_LESS, 1.7 + deep + fits - near
                for k, slope in enumerate(slopes(atom)):
                    yield times(node, slope), FACTOR_LESS, 1.75 + deep + fits + (0, 0.05, 0.3, 0.35, 0.6, 0.6)[k]
            if fits < 1:
                yield plus(node, atom), LESS, 1.7 + deep + fits - near
                yield plus(node, atom, ast.Sub()), LESS, 2.0 + deep + fits - near
        yield from self._longer(node, shape, deep)

    def _longer(self, node: ast.expr, shape: Shape | None, deep: float) -> Iterator[Variant]:
        if deep or shape is None:
            return
        for new, weight in self.terms.of(shape):
            yield plus(node, new), LESS, weight
            yield plus(node, new, ast.Sub()), LESS, weight + 0.7
        names = self.scope.alike(shape)
        for a, b in itertools.permutations(names, 2):
            far = 0.3 * ((a not in self.unread) + (b not in self.unread))
            one, other = self.scope.nodes[a], self.scope.nodes[b]
            yield times(node, ast.BinOp(left=one, op=ast.Sub(), right=other)), FACTOR_LESS, 2.2 + far
            if a < b:
                yield times(node, times(one, other)), FACTOR_LESS, 2.3 + far

    def _divided(self, node: ast.expr) -> Iterator[tuple[ast.expr, float]]:
        sizes = [*dict.fromkeys([*self.scope.sizes, *self.ends])]
        pairs = [f"({a} * {b})" for a, b in itertools.combinations(self.scope.sizes[:6], 2)]
        counts = [f"{text}.size" for text in self.scope.arrays if text.isidentifier() or text in self.unread]
        rows = [f"{text}.shape[0]" for text in self.scope.arrays if text.isidentifier()]
        for text in (*sizes, *pairs, *counts, *rows):
            unread = 0.4 * any(name in self.unread for name in (text, *text.strip("()").split(" * ")))
            weight = 1.6 - unread + 0.4 * ("(" in text) + 0.5 * ("." in text)
            yield ast.BinOp(left=node, op=ast.Div(), right=expression(text)), weight
            if text in self.scope.sizes:
                yield times(node, expression(text)), weight + 0.2

    def _slopes(self, node: ast.expr) -> Iterator[Variant]:
        head, h = slope_in(node)
        if h is None:
            return
        for new in slopes(h):
            yield (new if head is None else times(head, new)), SLOPE, 1.0


RULES: dict[type, Any] = {
    ast.Attribute: Rewrites._attribute,
    ast.BinOp: Rewrites._operation,
    ast.Call: Rewrites._call,
    ast.UnaryOp: Rewrites._unary,
    ast.Constant: Rewrites._constant,
    ast.List: Rewrites._sequence,
    ast.Tuple: Rewrites._sequence,
    ast.Compare: Rewrites._compare,
}


def permuted(node: ast.List | ast.Tuple) -> Iterator[Variant]:
    for parts in exchanged(node.elts):
        yield type(node)(elts=parts, ctx=node.ctx), PARTS, 1.2
