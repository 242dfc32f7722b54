"""The source of a user's function as a syntax tree, and runs of the function with an edited tree."""

from __future__ import annotations

import ast
import inspect
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any, cast

from ...core.errors import GraphError

FUTURE = 0x1FE0000
"""The flags of a code object that `from __future__` sets; a function compiled again needs the same."""

BLOCKS = ("body", "orelse", "finalbody")


@dataclass(frozen=True)
class Source:
    """A function's text.

    Attributes:
        function: of the user.
        file: its path.
        tree: its definition, with the file's own lines and columns.
        lines: the file's lines from the first of the definition on.
    """

    function: FunctionType
    file: str
    tree: ast.FunctionDef
    lines: tuple[str, ...]

    def line(self, number: int) -> str:
        """A line of the file by its number; empty outside of the function."""
        at = number - self.function.__code__.co_firstlineno
        return self.lines[at].rstrip("\n") if 0 <= at < len(self.lines) else ""


def source_of(function: FunctionType) -> Source:
    """Reads the source of a function.

    Raises:
        GraphError: there is none, it is a lambda, or the file is not the one that was imported.
    """
    try:
        lines, first = inspect.getsourcelines(function.__code__)
        tree = ast.parse("if 1:\n" + "".join(lines) if lines[0][:1].isspace() else "".join(lines))
    except (OSError, TypeError, SyntaxError) as error:
        raise _unreadable(function, f"its source cannot be read ({error})") from None
    ast.increment_lineno(tree, first - (2 if lines[0][:1].isspace() else 1))
    tree_of = next((x for x in walked(tree) if isinstance(x, (ast.FunctionDef, ast.AsyncFunctionDef))), None)
    if not isinstance(tree_of, ast.FunctionDef) or tree_of.name != function.__name__:
        raise _unreadable(function, "it is no plain `def`")
    if compiled(function, tree_of).co_varnames != function.__code__.co_varnames:
        raise _unreadable(function, "its file is not what was imported")
    return Source(function, function.__code__.co_filename, tree_of, tuple(lines))


def _unreadable(function: FunctionType, why: str) -> GraphError:
    problem = f"audit: {function.__qualname__} cannot be edited: {why}"
    return GraphError(problem, expected="a function that stands in a file or a notebook's cell", fix="write a `def`")


def compiled(function: FunctionType, tree: ast.FunctionDef) -> CodeType:
    """The code of a tree in the place of the function's own: with its closure, class and flags; without decorators."""
    free = function.__code__.co_freevars
    outer, _, _ = function.__qualname__.rpartition(".")
    owner = outer.rpartition(".")[2]
    bare = ast.copy_location(_without_decorators(tree, free), tree)
    inner: ast.stmt = bare
    if owner and owner != "<locals>":
        inner = _around(f"class {owner}: pass", inner, tree)
        free = tuple(name for name in free if name != "__class__")
    if free:
        inner = _around(f"def closure({', '.join(free)}): pass", inner, tree)
    module = ast.Module(body=[inner], type_ignores=[])
    flags = function.__code__.co_flags & FUTURE
    whole = compile(module, function.__code__.co_filename, "exec", flags=flags, dont_inherit=True)
    return next(code for code in _codes(whole) if code.co_name == tree.name)


def _without_decorators(tree: ast.FunctionDef, free: tuple[str, ...]) -> ast.FunctionDef:
    """Names of the closure are kept in a line that never runs: an edit may have taken the last that reads one.

    It stands at the end, as a name that is ``nonlocal`` must not be used before that is said.
    """
    kept: list[ast.stmt] = []
    if free:
        names: list[ast.stmt] = [ast.Expr(ast.Name(id=name, ctx=ast.Load())) for name in free]
        kept = [ast.If(test=ast.Constant(value=False), body=names, orelse=[])]
        ast.fix_missing_locations(ast.copy_location(kept[0], tree))
    # defaults are the function's own, but a missing one would make the code's arguments others
    return ast.FunctionDef(**{**dict(ast.iter_fields(tree)), "decorator_list": [], "body": [*tree.body, *kept]})


def _around(head: str, inner: ast.stmt, tree: ast.FunctionDef) -> ast.stmt:
    outer: Any = ast.parse(head).body[0]
    outer.body = [inner]
    return cast(ast.stmt, ast.copy_location(outer, tree))


def _codes(code: CodeType) -> Iterator[CodeType]:
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield part
            yield from _codes(part)


@contextmanager
def swapped(function: FunctionType, tree: ast.FunctionDef | CodeType) -> Iterator[None]:
    """A context in which the function runs another tree, or another code; its own comes back in any case."""
    before = function.__code__
    try:
        function.__code__ = tree if isinstance(tree, CodeType) else compiled(function, tree)
        yield
    finally:
        function.__code__ = before


def walked(tree: ast.AST) -> Iterator[ast.AST]:
    """What can hold statements, in the order of `ast.walk`: no expressions, which are most of a tree."""
    left = deque([tree])
    while left:
        node = left.popleft()
        yield node
        left.extend(
            x for x in ast.iter_child_nodes(node) if isinstance(x, (ast.stmt, ast.excepthandler, ast.match_case))
        )


def blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """The lists of statements of a tree, outer ones first; those of nested functions with them."""
    for node in walked(tree):
        for name in BLOCKS:
            if block := getattr(node, name, None):
                yield block


def statements(tree: ast.AST) -> list[ast.stmt]:
    """All statements by lines, headers of loops and conditions too; no docstrings."""
    every = [x for block in blocks(tree) for x in block]
    kept = [x for x in every if not (isinstance(x, ast.Expr) and isinstance(x.value, ast.Constant))]
    return sorted(kept, key=lambda x: (x.lineno, x.col_offset))


def statements_at(tree: ast.AST, line: int) -> list[ast.stmt]:
    """The statements that a line belongs to: of a header only its own lines."""
    return [x for x in statements(tree) if x.lineno <= line <= last_line(x)]


def last_line(x: ast.stmt) -> int:
    """The last line of a statement; of one with a body that of its header."""
    body = getattr(x, "body", None)
    return max(x.lineno, body[0].lineno - 1) if body else x.end_lineno or x.lineno


def inner_loop(function: FunctionType) -> ast.For | None:
    """The loop within another one that begins or ends at its variable: ``for i in range(t, -1, -1)`` for each t.

    A loop over what the variable holds, such as the steps of an example, is none.
    """
    try:
        tree = source_of(function).tree
    except GraphError:
        return None
    for outer in (x for x in walked(tree) if isinstance(x, ast.For)):
        names = {x.id for x in ast.walk(outer.target) if isinstance(x, ast.Name)}
        inner = [x for part in outer.body for x in walked(part) if isinstance(x, ast.For)]
        for loop in inner:
            ends = [x for x in ast.walk(loop.iter) if isinstance(x, ast.Subscript) or _is_range(x)]
            if any(isinstance(x, ast.Name) and x.id in names for end in ends for x in ast.walk(end)):
                return loop
    return None


def _is_range(x: ast.AST) -> bool:
    return isinstance(x, ast.Call) and ast.unparse(x.func).endswith("range")
