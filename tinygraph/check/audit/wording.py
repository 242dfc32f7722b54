"""The text of an edit: the user's own line, changed where the edit changes it and nowhere else."""

from __future__ import annotations

import ast
import difflib
import textwrap
from collections.abc import Iterator
from typing import Any

from .edits import Edit
from .forms import replaced
from .source import Source, last_line

OLD = "_old_"


def texts(edit: Edit, source: Source) -> tuple[str, str]:
    """The lines of a statement as they stand in the file, and as they are with the edit."""
    if len(edit.new) > 1:  # a line that was missing
        before, indent = source.line(edit.line), " " * edit.at.col_offset
        return before, "\n".join([before, *(indent + ast.unparse(x) for x in edit.new[1:])])
    new = edit.new[0]
    before = "\n".join(source.line(n) for n in range(edit.line, last_line(edit.at) + 1))
    for text in _options(edit.at, new, before):
        if _means(text, edit.at, new):
            break
    return before, text


def _means(text: str, at: ast.stmt, new: ast.stmt) -> bool:
    """Whether a text is the statement that is meant; of a header, the header."""
    body = "\n    pass" if hasattr(at, "body") else ""
    text = textwrap.dedent(text)
    try:  # an elif is an if
        own = ast.parse((text.removeprefix("el") if isinstance(at, ast.If) else text) + body).body
    except SyntaxError:
        return False
    want = replaced(replaced(new, "body", None, [ast.Pass()]), "orelse", None, []) if body else new
    return any(ast.dump(x) == ast.dump(want) for x in own)


def _options(at: ast.stmt, new: ast.stmt, before: str) -> Iterator[str]:
    """Texts for the statement, those nearest to the user's first; the last is always right."""
    start, last, assigns = at.col_offset, at.lineno + len(before.splitlines()), (ast.Assign, ast.AugAssign)

    def stands_there(x: ast.AST) -> bool:  # an edit before may have put it there
        return at.lineno <= getattr(x, "lineno", 0) <= getattr(x, "end_lineno", 0) < last

    if isinstance(at, assigns) and isinstance(new, assigns) and stands_there(at.value):
        left = at.targets[0] if isinstance(at, ast.Assign) else at.target
        target, value = _segment(left, before, at), _segment(at.value, before, at)
        sign = (
            "=" if isinstance(new, ast.Assign) else ast.unparse(new).replace(ast.unparse(new.target), "", 1).split()[0]
        )
        yield _spliced(before, at, at, f"{target} {sign} {value}")
    old, other = _difference(at, new)
    if isinstance(old, ast.expr) and isinstance(other, ast.expr) and stands_there(old):
        own = _segment(old, before, at)
        bare = ast.unparse(_with_mark(other, old))
        for text in (bare.replace(OLD, own), bare.replace(OLD, f"({own})"), f"({bare.replace(OLD, own)})"):
            yield _spliced(before, at, old, text)
            yield _spliced(before, at, old, f"({text})")
    head = "el" * before.lstrip().startswith("elif") + ast.unparse(new).splitlines()[0]
    whole = head if hasattr(at, "body") else ast.unparse(new)
    yield _spliced(before, at, at, textwrap.indent(whole, " " * start).lstrip())
    yield textwrap.indent(whole, " " * start)


def _difference(old: ast.AST, new: ast.AST) -> tuple[ast.AST, ast.AST]:
    """The smallest part in which two trees differ."""
    if type(old) is not type(new):
        return old, new
    pairs: list[tuple[ast.AST, ast.AST]] = []
    for field in old._fields:
        parts: list[Any] = [getattr(x, field, None) for x in (old, new)]
        a, b = parts
        if isinstance(a, ast.AST) and isinstance(b, ast.AST):
            pairs += [] if ast.dump(a) == ast.dump(b) else [(a, b)]
        elif isinstance(a, list) and len(a) == len(b):
            pairs += [(x, y) for x, y in zip(a, b, strict=True) if ast.dump(x) != ast.dump(y)]
        elif a != b:
            return old, new
    if len(pairs) == 1 and isinstance(pairs[0][0], ast.expr):
        return _difference(*pairs[0])
    return old, new


def _with_mark(new: ast.expr, old: ast.expr) -> ast.expr:
    """The new part with a mark in the place of the old one, if it holds it."""
    if new is old:
        return ast.Name(id=OLD)
    for field, part in ast.iter_fields(new):
        if isinstance(part, ast.expr):
            other = _with_mark(part, old)
            if other is not part:
                return replaced(new, field, None, other)
    return new


def _segment(node: ast.expr, text: str, at: ast.stmt) -> str:
    start, end = _places(node, text, at)
    return text[start:end]


def _places(node: ast.expr | ast.stmt, text: str, at: ast.stmt) -> tuple[int, int]:
    lines = text.splitlines(keepends=True)
    rows = [0]
    for line in lines:
        rows.append(rows[-1] + len(line))

    def place(line: int, column: int) -> int:
        row = lines[line - at.lineno]
        return rows[line - at.lineno] + len(row.encode()[:column].decode())

    if node is at and hasattr(at, "body"):
        return place(at.lineno, at.col_offset), len(text)
    return place(node.lineno, node.col_offset), place(node.end_lineno or node.lineno, node.end_col_offset or 0)


def _spliced(text: str, at: ast.stmt, node: ast.expr | ast.stmt, new: str) -> str:
    start, end = _places(node, text, at)
    return text[:start] + new + text[end:]


def lines_of(before: str, after: str) -> list[str]:
    """A diff of two texts without its head."""
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in " +-"]
