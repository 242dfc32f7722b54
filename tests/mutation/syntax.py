"""The parts of a syntax tree whose change a program can notice: no texts, annotations or names for type checkers."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .changes import SAME

MESSAGE = {"problem", "expected", "got", "fix", "message", "doc"}
"""Variables and keywords that hold the text of an error."""
IDLE = (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Assert, ast.JoinedStr, ast.operator, ast.expr_context)
"""Statements and expressions in which nothing is changed."""
PLATFORMS = ("TYPE_CHECKING", "sys.platform", "HAS_OWNERS", "os.name")
"""Conditions that no test on one machine can see both ways."""


def changing(tree: ast.AST) -> Iterator[ast.AST]:
    """All parts of a tree in which a change can be noticed."""
    left = [tree]
    while left:
        node = left.pop()
        if isinstance(node, ast.If) and _is_of_platform(node.test):
            left += node.orelse
        elif isinstance(node, ast.Raise):
            yield node
        elif not (isinstance(node, IDLE) or _is_text(node) or _is_for_types(node)):
            yield node
            left += _children(node)


def _is_of_platform(test: ast.expr) -> bool:
    text = ast.unparse(test)
    return any(word in text for word in PLATFORMS)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield from (default for default in [*node.args.defaults, *node.args.kw_defaults] if default)
        yield from node.body
    elif isinstance(node, ast.ClassDef):
        yield from node.body
    elif isinstance(node, ast.AnnAssign):
        yield from [node.value] if node.value else []
    else:
        yield from ast.iter_child_nodes(node)


def _is_text(node: ast.AST) -> bool:
    """A docstring or the text of an error, or what puts it together."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        return name.endswith(("Error", "Warning")) or name in ("warn", "cast", "TypeVar")
    if isinstance(node, ast.keyword):
        return node.arg in MESSAGE | SAME
    return isinstance(node, (ast.Assign, ast.AugAssign)) and bool(_targets(node) & MESSAGE)


def _is_for_types(node: ast.AST) -> bool:
    """A type alias, a list of names, or a function that only type checkers read."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return any(ast.unparse(d).endswith("overload") for d in node.decorator_list)
    if isinstance(node, (ast.Assign, ast.AugAssign)):
        names = _targets(node)
        return any(name.startswith("__") or (name[0].isupper() and not name.isupper()) for name in names)
    return False


def _targets(node: ast.Assign | ast.AugAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
