"""Lines of the user's code: where a node was made, the source there, and the name that the statement gives it."""

from __future__ import annotations

import ast
import linecache
import os
from collections.abc import Iterable
from functools import lru_cache
from types import CodeType
from typing import NamedTuple

import numpy as np

from ...core.node import Node
from ...core.trail import trail_of
from .source import walked

_OURS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep
_LIBRARIES = (_OURS, os.path.dirname(os.path.abspath(np.__file__)) + os.sep, os.path.dirname(os.__file__) + os.sep)
_ELSEWHERE = (*_LIBRARIES, "<frozen")


class Line(NamedTuple):
    """A place in the user's code.

    Attributes:
        file: its path.
        function: the name of the function.
        number: the line of the statement.
        source: the statement, as it stands there.
        expression: the part of it that made the node.
        target: what the statement assigns to; empty if it assigns nothing.
        whole: whether the expression is all that is assigned.
    """

    file: str
    function: str
    number: int
    source: str
    expression: str
    target: str
    whole: bool


def key_of(node: Node) -> tuple[tuple[CodeType, int], ...]:
    """What is equal for nodes that the same operation of the same calls made, such as one line in a loop."""
    return tuple(trail_of(node))


def line_of(node: Node) -> Line | None:
    """The innermost line of the user's that made a node; None if nobody's line is known.

    A short function, such as one that returns the slope of tanh, stands for an expression: its caller's line is meant.
    """
    users = [spot for spot in trail_of(node) if not spot[0].co_filename.startswith(_ELSEWHERE)]
    for (code, position), more in zip(users, [*users[1:], None], strict=False):
        if more is None or not _is_expression(code):
            return _line(code, position)
    return None


def lines_of(node: Node) -> list[Line]:
    """The user's lines that were running when a node was made, the innermost first."""
    users = [spot for spot in trail_of(node) if not spot[0].co_filename.startswith(_ELSEWHERE)]
    lines = [_line(code, position) for code, position in users]
    own = line_of(node)
    return lines[lines.index(own) :] if own in lines else lines


@lru_cache(maxsize=1024)
def _is_expression(code: CodeType) -> bool:
    """Whether a function only computes one thing from its one or two arguments, and writes nothing."""
    statement = _functions(code.co_filename).get((code.co_name, code.co_firstlineno))
    if statement is None or code.co_argcount > 2 or "self" in code.co_varnames or len(statement.body) > 3:
        return False
    plain = (ast.Return, ast.Expr)
    bodies = [x for x in statement.body if not isinstance(x, plain) and not _binds_a_name(x)]
    return not bodies and isinstance(statement.body[-1], ast.Return)


def _binds_a_name(x: ast.stmt) -> bool:
    return isinstance(x, ast.Assign) and all(isinstance(target, ast.Name) for target in x.targets)


UNREAD = "(the source of this line cannot be read)"


@lru_cache(maxsize=4096)
def _line(code: CodeType, position: int) -> Line:
    spots = _positions(code)
    first, last, start, end = spots[min(position // 2, len(spots) - 1)]
    first = first or code.co_firstlineno
    statement = _statements(code.co_filename).get(first)
    expression = _segment(code.co_filename, first, last or first, start, end) or "what is made here"
    if statement is None:
        source = _text(code.co_filename, first) or UNREAD
        return Line(code.co_filename, code.co_name, first, source, expression, "", False)
    value = getattr(statement, "value", None)
    whole = value is not None and (value.lineno, value.col_offset, value.end_col_offset) == (first, start, end)
    number = statement.lineno
    return Line(
        code.co_filename, code.co_name, number, _text(code.co_filename, number), expression, target_of(statement), whole
    )


@lru_cache(maxsize=256)
def _positions(code: CodeType) -> list[tuple[int | None, int | None, int | None, int | None]]:
    return [*code.co_positions()]


def target_of(statement: ast.stmt) -> str:
    """What a statement assigns to, as text; empty if it assigns nothing."""
    if isinstance(statement, ast.Assign):
        return ", ".join(map(ast.unparse, statement.targets))
    if isinstance(statement, (ast.AugAssign, ast.AnnAssign)):
        return ast.unparse(statement.target)
    return ""


@lru_cache(maxsize=64)
def _every_statement(file: str) -> list[ast.stmt]:
    """All statements of a file, outer ones first."""
    try:
        return [x for x in walked(ast.parse("".join(linecache.getlines(file)))) if isinstance(x, ast.stmt)]
    except SyntaxError:
        return []


@lru_cache(maxsize=64)
def _functions(file: str) -> dict[tuple[str, int], ast.FunctionDef]:
    """The functions of a file by name and first line."""
    functions = [x for x in _every_statement(file) if isinstance(x, ast.FunctionDef)]
    return {(x.name, min([x.lineno, *(d.lineno for d in x.decorator_list)])): x for x in functions}


@lru_cache(maxsize=64)
def _statements(file: str) -> dict[int, ast.stmt]:
    """Maps each line of a file to the innermost statement that covers it."""
    lines: dict[int, ast.stmt] = {}
    for statement in _every_statement(file):
        for number in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1):
            lines[number] = statement
    return lines


def _segment(file: str, first: int, last: int, start: int | None, end: int | None) -> str:
    lines = [linecache.getline(file, number).rstrip("\n") for number in range(first, last + 1)]
    if not lines or start is None or end is None:
        return ""
    # Columns are in bytes, and text may hold other letters than ASCII.
    cut = [line.encode() for line in lines]
    cut[-1] = cut[-1][:end]
    cut[0] = cut[0][start:]
    return " ".join(part.decode(errors="replace").strip() for part in cut)


def _text(file: str, number: int) -> str:
    return linecache.getline(file, number).strip()


def read_again(files: Iterable[str]) -> None:
    """Forgets what was read of the user's files, which may have been edited since, or be copies of one another.

    Code objects of two files are equal if their text is.
    """
    for file in files:
        linecache.checkcache(file)
    for kept in (_is_expression, _line, _positions, _every_statement, _functions, _statements, sets_in_vain):
        kept.cache_clear()


def statement_at(file: str, number: int) -> ast.stmt | None:
    """The innermost statement of a line."""
    return _statements(file).get(number)


def function_at(file: str, number: int, name: str = "") -> ast.FunctionDef | None:
    """The innermost function, or the innermost of this name, that a line stands in."""
    every = [f for f in _functions(file).values() if name in ("", f.name)]
    inside = [f for f in every if f.lineno <= number <= (f.end_lineno or 0)]
    return inside[-1] if inside else None


def binds_many(line: Line) -> bool:
    """Whether the statement is one like ``a, b = ...`` or ``return a, b``."""
    statement = statement_at(line.file, line.number)
    if isinstance(statement, ast.Assign):
        return isinstance(statement.targets[0], (ast.Tuple, ast.List))
    return isinstance(statement, ast.Return) and isinstance(statement.value, ast.Tuple)


def line_that_sets(attribute: str, after: Line) -> Line | None:
    """The first line after another one, in its file, that updates an attribute of an object."""
    for number, statement in sorted(_statements(after.file).items()):
        target = target_of(statement)
        value = getattr(statement, "value", None)
        updates = isinstance(statement, ast.AugAssign) or (value is not None and target in ast.unparse(value))
        if number > after.number and updates and target.endswith(f".{attribute}"):
            return line_at(after, number)
    return None


def line_at(other: Line, number: int) -> Line:
    """A line of the same function as another one."""
    source, statement = _text(other.file, number), statement_at(other.file, number)
    return Line(other.file, other.function, number, source, source, target_of(statement) if statement else "", True)


@lru_cache(maxsize=1024)
def sets_in_vain(line: Line) -> bool:
    """Whether the function of a line sets a variable before it, and nowhere after it, that it never reads, of what the
    line reads itself: then that may be what is meant to be read there."""
    function = function_at(line.file, line.number, line.function)
    names = [x for x in ast.walk(function) if isinstance(x, ast.Name)] if function else []
    read = {x.id for x in names if isinstance(x.ctx, ast.Load)}
    last = {x.id: x.lineno for x in names if x.id not in read and x.id.strip("_")}
    own = _read_at(line.file, line.number)
    return any(number < line.number and own & _read_at(line.file, number) for number in last.values())


def _read_at(file: str, number: int) -> set[str]:
    """The variables that a statement reads, but for those in an index, and for dicts."""
    statement = statement_at(file, number)
    nodes = [*ast.walk(statement)] if statement is not None else []
    items = [x for x in nodes if isinstance(x, ast.Subscript)]
    others = [y for x in items for y in (*ast.walk(x.slice), *([x.value] if isinstance(x.slice, ast.Constant) else []))]
    names = [x for x in nodes if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Load) and x not in others]
    return {x.id for x in names} - {"np", "self"}
