"""Lines that are missing: a gradient that never grows, a variable that is never carried to the step before."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ...ops.inference import Shape
from .atoms import is_atom
from .forms import as_target, is_text, method, times
from .results import names_gradient
from .terms import Terms

MISSING = "a line is missing"
GROWS, CARRIED, MORE = range(3)
Inserted = tuple[tuple[ast.stmt, ...], str, float]


@dataclass(frozen=True)
class Gap:
    """A place after a statement, and a variable that a line there may set.

    Attributes:
        at: the statement.
        node: the variable.
        block: the number of the block.
        where: that of the statement in it.
        last: whether it is the last one.
        role: whether it is a gradient that grows, a variable that is carried on, or a sum that lacks a term.
    """

    at: ast.stmt
    node: ast.expr
    block: int
    where: int
    last: bool
    role: int

    @property
    def operators(self) -> tuple[ast.operator | None, ...]:
        return {GROWS: (ast.Add(), ast.Sub()), CARRIED: (None,), MORE: (ast.Add(),)}[self.role]


class Inserts:
    """Makes lines to put after a statement.

    Args:
        terms: what they can be made of.
        wrong: the shapes of the gradients that are wrong.
        names: the parameters in their order, in which people write the lines of their gradients, too.
    """

    def __init__(self, terms: Terms, wrong: Collection[Shape], names: Sequence[str]) -> None:
        self._terms, self._wrong, self._names = terms, wrong, names
        self._scope = terms.scope
        tree = terms.scope.source.tree
        self._stores = _stores(tree)
        loops = [x.body for x in ast.walk(tree) if isinstance(x, ast.For) and any(map(_stores, x.body))]
        self._blocks = [_GapBlock(body) for body in (*loops, tree.body)]
        self._known: dict[Shape, list[tuple[ast.expr, float]]] = {}

    def gaps(self, at: ast.stmt) -> Iterator[Gap]:
        """What lines may be missing after a statement."""
        for number, block in enumerate(self._blocks):
            where = next((k for k, x in enumerate(block.body) if x is at), None)
            if where is None or isinstance(at, ast.Return):
                continue
            for text in self._scope.arrays:
                node = self._scope.nodes[text]
                for role in () if _is_place(node) else self._roles(text, block, where):
                    yield Gap(at, node, number, where, where == block.last, role)

    def _roles(self, text: str, block: _GapBlock, where: int) -> Iterator[int]:
        if text in self._terms.inputs or (text.isidentifier() and text not in self._stores):
            return  # what stands outside of the function is no variable of it
        due = self._scope.arrays[text] in self._wrong
        if text not in block.own and due:
            yield GROWS
        if where < block.last:
            return
        if (due and text not in block.own) or (text in block.reads and text in self._stores):
            yield CARRIED
        if text in block.own and (block is not self._blocks[-1] or len(self._blocks) == 1):
            yield MORE

    def values(self, gap: Gap) -> list[tuple[ast.expr, float]]:
        """Expressions of the variable's shape."""
        shape = self._scope.arrays[ast.unparse(gap.node)]
        if shape not in self._known:
            self._known[shape] = [*self._values(shape)]
        return self._known[shape]

    def line(self, gap: Gap, op: ast.operator | None, value: ast.expr, weight: float) -> Inserted:
        """The line; it comes after the last one that reads what it reads, or beside another that adds it up."""
        block = self._blocks[gap.block]
        beside = block.beside(value)
        target = as_target(gap.node)
        new: ast.stmt = ast.Assign(targets=[target], value=value)
        if op is not None:
            new = ast.AugAssign(target=target, op=op, value=value)
        outside = 0.6 if gap.block else 0.0  # a loop is where most of it is made
        if gap.role == GROWS:
            apart = self._apart(gap, value)
            far = -0.41 if gap.where == block.made_at(value) else -0.4 if gap.where in (beside, block.last) else 0.3
            outside += far if apart is None else 0.02 * apart - 0.5
        elif gap.role == CARRIED:
            outside += 0.0 if ast.unparse(gap.node) in block.own else -0.4
        elif gap.role == MORE:
            outside += 0.8
        where = (
            gap.where
            if gap.role == GROWS
            else max(beside, block.beside(gap.node, beside), block.after_others(gap.node))
        )
        return (block.body[where], new), MISSING, weight + outside

    def _apart(self, gap: Gap, value: ast.expr) -> float | None:
        """How far it is in the order of the parameters from those whose gradients are made beside it; None if none is.

        A line comes after those of the parameters before its own, and before those of the others.
        """
        block, options = self._blocks[gap.block], []
        parts, own = _loads([value]) & block.own, self._order(gap.node)
        near = (gap.at, 1), *((x, -1) for x in block.body[gap.where + 1 : gap.where + 2])
        beside = [(x, side) for at, side in near for x in ast.walk(at)]  # also under a condition
        for x, side in beside:
            if isinstance(x, ast.AugAssign) and _loads([x]) & parts:
                apart = (own - self._order(x.target)) * side
                options.append(apart if apart > 0 else 0.5 - apart)
        return min(min(options), 4) if options else None

    def _order(self, node: ast.expr) -> int:
        text = ast.unparse(node).replace("']", "").replace("['", ".")
        return next((k for k, name in enumerate(self._names) if names_gradient(text, name)), len(self._names) + 4)

    def _values(self, shape: Shape) -> Iterator[tuple[ast.expr, float]]:
        for text in self._scope.alike(shape):
            yield self._scope.nodes[text], 2.0 - 0.3 * (text in self._terms.unread)
        for node, weight in self._terms.of(shape):
            yield node, weight + 0.1
        rates = [text for text in self._scope.sizes if text not in self._scope.whole]
        for rate, text in itertools.product(rates, self._scope.alike(shape)):
            yield times(self._scope.nodes[rate], self._scope.nodes[text]), 1.9
        for text, other in self._scope.arrays.items():
            for axis in range(len(other)):
                if other[:axis] + other[axis + 1 :] == shape:
                    yield _summed(self._scope.nodes[text], axis, False), 2.1
                if (*other[:axis], 1, *other[axis + 1 :]) == shape:
                    yield _summed(self._scope.nodes[text], axis, True), 2.1
        yield from self._slices(shape)

    def _slices(self, shape: Shape) -> Iterator[tuple[ast.expr, float]]:
        """Parts of arrays of which no part is read, such as that of a state next to an input's."""
        for (text, other), size in itertools.product(self._scope.arrays.items(), self._scope.sizes):
            if len(other) == len(shape) and other != shape and text in self._terms.unread:
                differing = [k for k in range(len(other)) if other[k] != shape[k]]
                for lower in (True, False) if len(differing) == 1 else ():
                    bound = self._scope.nodes[size]
                    part = ast.Slice(lower=bound) if lower else ast.Slice(upper=bound)
                    yield _part(self._scope.nodes[text], differing[0], part), 1.9


def _summed(node: ast.expr, axis: int, keep: bool) -> ast.expr:
    call = method(node, "sum")
    call.keywords = [ast.keyword(arg="axis", value=ast.Constant(value=axis))]
    if keep:
        call.keywords.append(ast.keyword(arg="keepdims", value=ast.Constant(value=True)))
    return call


def _part(node: ast.expr, axis: int, part: ast.Slice) -> ast.expr:
    index: ast.expr = ast.Tuple(elts=[*[ast.Slice() for _ in range(axis)], part], ctx=ast.Load()) if axis else part
    return ast.Subscript(value=node, slice=index, ctx=ast.Load())


def _stores(tree: ast.AST) -> set[str]:
    """What a tree sets, by text; of an array whose part is set the array too."""
    texts = set()
    for node in ast.walk(tree):
        if isinstance(getattr(node, "ctx", None), ast.Store):
            texts.add(ast.unparse(node))
            if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
                texts.add(ast.unparse(node.value))
    return texts


def _loads(block: Sequence[ast.AST]) -> set[str]:
    nodes = [n for x in block for n in ast.walk(x)]
    return {ast.unparse(n) for n in nodes if is_atom(n) and isinstance(getattr(n, "ctx", None), ast.Load)}


class _GapBlock:
    """The lines of a loop or a function."""

    def __init__(self, body: Sequence[ast.stmt]) -> None:
        self.body = body
        self.own, self.reads = {text for x in body for text in _stores(x)}, _loads(body)
        self.last = max((k for k, x in enumerate(body) if not isinstance(x, ast.Return)), default=0)
        self._set = [_stores(x) for x in body]
        self._touched = [_loads([x]) | stored for x, stored in zip(body, self._set, strict=True)]

    def made_at(self, value: ast.expr) -> int | None:
        """The last line that sets what the value is made of."""
        parts = _loads([value]) & self.own
        return max((k for k, stored in enumerate(self._set) if stored & parts), default=None)

    def after_others(self, node: ast.expr) -> int:
        """The line that carries on what is read before this variable: people write both in one order."""
        reads = [_loads([x]) for x in self.body]
        first = {text: next((k for k, own in enumerate(reads) if text in own), len(reads)) for text in self.own}
        carried = [(k, text) for k, texts in enumerate(self._set) for text in texts if first[text] < k]
        own = next((k for k, texts in enumerate(reads) if ast.unparse(node) in texts), -1)
        return max((k for k, text in carried if first[text] < own), default=0)

    def beside(self, value: ast.expr, default: int | None = None) -> int:
        """The last line that reads or sets what the value is made of, as far as the block makes it."""
        parts = _loads([value]) & self.own
        places = [k for k, touched in enumerate(self._touched) if touched & parts and k <= self.last]
        return max(places, default=self.last if default is None else default)


def _is_place(node: ast.expr) -> bool:
    return isinstance(node, ast.Subscript) and not is_text(node.slice)
