"""Lines that are missing: a gradient that never grows, a variable that is never carried to the step before."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence

from .atoms import is_atom
from .forms import Shape, as_target, method
from .results import plain
from .terms import Terms

MISSING = "a line is missing"
Inserted = tuple[tuple[ast.stmt, ...], str, float]


class Inserts:
    """Makes lines to put after a statement."""

    def __init__(self, terms: Terms, wrong: Sequence[str]) -> None:
        self._terms, self._wrong = terms, [plain(name) for name in wrong]
        self._scope = terms.scope
        tree = terms.scope.source.tree
        self._stores = _stores(tree)
        loops = [x for x in ast.walk(tree) if isinstance(x, ast.For)]
        self._in_loops = [(loop, {text for x in loop.body for text in _stores(x)}) for loop in loops]
        self._blocks = [(loop.body, own) for loop, own in self._in_loops if any(own)]
        self._blocks.append((tree.body, {*self._stores}))
        self._reads = [_loads(block) for block, _ in self._blocks]

    def after(self, at: ast.stmt) -> Iterator[Inserted]:
        """Lines that may be missing after a statement."""
        for (block, own), reads in zip(self._blocks, self._reads, strict=True):
            where = next((k for k, x in enumerate(block) if x is at), None)
            if where is None or isinstance(at, ast.Return):
                continue
            last = all(isinstance(x, ast.Return) for x in block[where + 1 :])
            outside = 0.6 if block is not self._blocks[0][0] else 0.0  # a loop is where most of it is made
            for line, weight in self._lines(at, own, reads, last):
                yield (at, line), MISSING, weight + outside

    def _lines(self, at: ast.stmt, own: set[str], reads: set[str], last: bool) -> Iterator[tuple[ast.stmt, float]]:
        for text, shape in self._scope.arrays.items():
            node = self._scope.nodes[text]
            if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
                continue
            due = plain(text.replace("']", "").replace("['", ".")) in self._wrong and text not in self._terms.inputs
            if text not in own and due:
                own_reads = _loads([at]) & own if isinstance(at, ast.AugAssign) else set()
                for value, weight in self._values(shape):
                    near = bool(own_reads) and bool(_loads([value]) & own_reads)  # next to its like
                    far = 0.0 if near else 0.05 if last else 0.8
                    yield ast.AugAssign(target=as_target(node), op=ast.Add(), value=value), weight - 0.5 + far
                    if last:
                        yield ast.Assign(targets=[as_target(node)], value=value), weight
            elif last and text not in own and text in reads and text in self._stores:
                for value, weight in self._values(shape):
                    yield ast.Assign(targets=[as_target(node)], value=value), weight - 0.4
            elif text in _stores(at) or (last and text in own and not due):
                yield from self._more(node, shape)

    def _more(self, node: ast.expr, shape: Shape) -> Iterator[tuple[ast.stmt, float]]:
        """What may be missing after a line that sets a variable."""
        for value, weight in self._values(shape):
            yield ast.AugAssign(target=as_target(node), op=ast.Add(), value=value), weight + 0.8

    def _values(self, shape: Shape) -> Iterator[tuple[ast.expr, float]]:
        """Expressions of one shape."""
        for text in self._scope.alike(shape):
            yield self._scope.nodes[text], 2.0 - 0.3 * (text in self._terms.unread)
        for node, weight in self._terms.of(shape):
            yield node, weight + 0.1
        for text, other in self._scope.arrays.items():
            for axis in range(len(other)):
                if other[:axis] + other[axis + 1 :] == shape:
                    yield _summed(self._scope.nodes[text], axis, False), 2.1
                if len(other) > 1 and (*other[:axis], 1, *other[axis + 1 :]) == shape:
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
        if is_atom(node) and isinstance(getattr(node, "ctx", None), ast.Store):
            texts.add(ast.unparse(node))
            if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
                texts.add(ast.unparse(node.value))
    return texts


def _loads(block: Sequence[ast.AST]) -> set[str]:
    nodes = [n for x in block for n in ast.walk(x)]
    return {ast.unparse(n) for n in nodes if is_atom(n) and isinstance(getattr(n, "ctx", None), ast.Load)}
