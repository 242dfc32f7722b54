"""Names that are bound without computing: ``da = dh`` or ``h, c = cache[t]`` makes a node, too, and so has a line.

In a backward pass what is made of data alone does, too: ``dy = -target``, ``dh = np.zeros(5)``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...core.leaves import constant
from ...core.node import Node
from ...ops.writing import copy
from .source import compiled, source_of, swapped

_NAME, _MADE = "(bound)", "(made)"
"""Names that no user's code can hold."""


@contextmanager
def bindings_seen(functions: Iterable[FunctionType], backward: FunctionType | None = None) -> Iterator[None]:
    """A context in which binding a name in these functions makes a node; where no source can be read, none.

    Data that is bound in ``backward`` becomes a node, too.
    """
    with ExitStack() as stack:
        for function in functions:
            code = _code(function, function is backward)
            if code is not None:
                stack.enter_context(_defined(function.__globals__))
                stack.enter_context(swapped(function, code))
        yield


@contextmanager
def _defined(names: dict[str, Any]) -> Iterator[None]:
    known = _NAME in names
    try:
        names |= {_NAME: bound, _MADE: made}
        yield
    finally:
        if not known:
            del names[_NAME], names[_MADE]


def bound(x: Any, unpacked: bool = False) -> Any:
    """A copy of a node, or of each in a tuple: at the user's line, with its place in the tuple as its name."""
    if isinstance(x, Node):
        return copy(x) if x.dtype.kind == "f" and x.size > 1 else x
    if type(x) is tuple or (unpacked and type(x) is list):
        return tuple([copy(part, name=f"({k})") if isinstance(part, Node) else part for k, part in enumerate(x)])
    return x


def made(x: Any) -> Any:
    """Data as a node."""
    data = type(x) is np.ndarray and x.dtype.kind == "f" and x.size > 1
    return copy(constant(x)) if data else x


_codes: dict[tuple[CodeType, str, bool], CodeType | None] = {}
"""By the code of a function and its file, since equal code may stand in two files: an audit runs each many times."""


def _code(function: FunctionType, of_data: bool) -> CodeType | None:
    key = function.__code__, function.__code__.co_filename, of_data
    if key not in _codes:
        if len(_codes) > 500:
            _codes.clear()
        _codes[key] = _rewritten(function, of_data)
    return _codes[key]


def _rewritten(function: FunctionType, of_data: bool) -> CodeType | None:
    try:
        source = source_of(function)
    except GraphError:
        return None
    written = _written(source.tree)
    return compiled(function, _Binding(written, of_data).visit(source.tree))


def _written(tree: ast.AST) -> set[str]:
    """The names of arrays that are changed in place: a copy would not change with them."""
    names = set()
    for x in ast.walk(tree):
        if isinstance(x, ast.AugAssign):
            names.add(_base(x.target))
        elif isinstance(x, ast.Assign):
            names |= {_base(t) for t in x.targets if isinstance(t, ast.Subscript)}
    return names


def _base(x: ast.AST) -> str:
    return ast.unparse(x.value) if isinstance(x, ast.Subscript) else ast.unparse(x)


class _Binding(ast.NodeTransformer):
    """Wraps what is bound as it is: a name, an attribute, an item, a tuple of them, a returned value."""

    def __init__(self, written: set[str], of_data: bool) -> None:
        self._written, self._of_data = written, of_data

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        unpacked = any(isinstance(t, (ast.Tuple, ast.List)) for t in node.targets)
        targets = {ast.unparse(t) for t in node.targets}
        if not targets & self._written:
            node.value = self._wrapped(node.value, unpacked)
            if self._of_data and not unpacked:
                node.value = _called(_MADE, node.value)
        return node

    def visit_Return(self, node: ast.Return) -> ast.Return:
        if node.value is not None:
            node.value = self._wrapped(node.value, False)
        return node

    def _wrapped(self, x: ast.expr, unpacked: bool) -> ast.expr:
        if isinstance(x, ast.Tuple):
            x.elts = [self._wrapped(part, False) for part in x.elts]
            return x
        if isinstance(x, ast.Dict):
            x.values = [self._wrapped(part, False) for part in x.values]
            return x
        if isinstance(x, ast.IfExp):
            x.body, x.orelse = self._wrapped(x.body, unpacked), self._wrapped(x.orelse, unpacked)
            return x
        plain = isinstance(x, (ast.Name, ast.Attribute, ast.Subscript))
        if not plain:
            return x
        return _called(_NAME, x, *[ast.copy_location(ast.Constant(value=True), x)] * unpacked)


def _called(name: str, x: ast.expr, *more: ast.expr) -> ast.expr:
    function = ast.copy_location(ast.Name(id=name, ctx=ast.Load()), x)
    return ast.copy_location(ast.Call(func=function, args=[x, *more], keywords=[]), x)
