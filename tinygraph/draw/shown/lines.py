"""What the lines that made a node call it: ``f = sigmoid(z)`` makes f."""

from __future__ import annotations

import ast
import linecache
import os
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from types import CodeType
from typing import NamedTuple

from ..unmarked.bytecode import LIBRARIES, OURS

_CELLS = os.path.join(OURS, "cells") + os.sep
_SHARED = tuple(os.path.join(_CELLS, room) + os.sep for room in ("base", "around"))
_EQUATIONS = tuple(os.path.join(_CELLS, "base", f"{name}.py") for name in ("linear", "packed", "input_gated"))
LONGEST = 20
"""The longest name, in characters, that is worth its room in a box."""

Span = tuple[int, int, int, int]
"""First and last line of an expression, and its first and last column."""


class Named(NamedTuple):
    """What is done with the value of an expression.

    Attributes:
        names: the names that it gets; several where it is unpacked, ``*rest`` for a list of what is left.
        returned: whether it is what its function returns, so that the caller's line may name it, too.
    """

    names: tuple[str, ...] = ()
    returned: bool = False


def naming(trail: list[tuple[CodeType, int]]) -> tuple[tuple[str, ...], tuple[tuple[CodeType, int], ...]]:
    """Returns the names that a trail gives what was made there, and the part of it that begins with their line."""
    best: tuple[tuple[str, ...], tuple[tuple[CodeType, int], ...]] = (), ()
    for i, (code, position) in enumerate(trail):
        if not is_authors(code.co_filename):
            continue
        named = _named(code, position)
        if named is not None and named.names:
            best = named.names, tuple(trail[i:])
        if named is None or not named.returned:
            break
    return best


@lru_cache(maxsize=1024)
def is_authors(file: str) -> bool:
    """Whether a file is the user's, or has the equations of a cell; shared parts and other libraries name nothing."""
    if file.startswith(_CELLS):
        return file in _EQUATIONS or not file.startswith(_SHARED)
    return not file.startswith(LIBRARIES)


@lru_cache(maxsize=4096)
def _named(code: CodeType, position: int) -> Named | None:
    """What the line at a position of a code does with the value that it makes there; None if it only goes on."""
    spot = next(islice(code.co_positions(), position // 2, None), None)
    if spot is None or None in spot:
        return None
    named = _expressions("".join(linecache.getlines(code.co_filename))).get(spot)  # type: ignore[arg-type]
    if named is None or code.co_name.startswith("<"):
        return named
    known = {*code.co_varnames, *code.co_names, *code.co_cellvars, *code.co_freevars}
    # The file may have been edited since it was run: a name must be one that the code knows.
    return named if known.issuperset(name.lstrip("*").partition("[")[0] for name in named.names) else None


@lru_cache(maxsize=64)
def _expressions(text: str) -> dict[Span, Named]:
    """Maps each expression of a source text whose value is given a name, or returned, to what is done with it."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return {}
    return dict(_uses(tree, frozenset()))


def _uses(tree: ast.AST, locals_returned: frozenset[str]) -> Iterator[tuple[Span, Named]]:
    for x in ast.iter_child_nodes(tree):
        inner = locals_returned
        if isinstance(x, (ast.FunctionDef, ast.Lambda)):
            inner = _returned(x)
        elif isinstance(x, (ast.For, ast.While)):
            inner = frozenset()  # of what a loop assigns again and again only the last is returned
        if isinstance(x, ast.Lambda):
            yield from _spread(x.body, Named(returned=True))
        elif isinstance(x, ast.Return) and x.value is not None:
            yield from _spread(x.value, Named(returned=True))
        elif isinstance(x, ast.Assign):
            for target in x.targets:
                yield from _assigned(target, x.value, inner)
        elif isinstance(x, (ast.AnnAssign, ast.NamedExpr)) and x.value is not None:
            yield from _assigned(x.target, x.value, inner)
        elif isinstance(x, ast.AugAssign):
            yield from _assigned(x.target, x, inner)  # Python counts the whole statement as the operation
        yield from _uses(x, inner)


def _returned(function: ast.FunctionDef | ast.Lambda) -> frozenset[str]:
    """The locals that a function returns as they are."""
    values = [x.value for x in ast.walk(function) if isinstance(x, ast.Return)]
    return frozenset(x.id for x in values if isinstance(x, ast.Name))


def _assigned(target: ast.expr, value: ast.AST, returned: frozenset[str]) -> Iterator[tuple[Span, Named]]:
    if not isinstance(target, (ast.Tuple, ast.List)):
        name = _name(target)
        yield from _spread(value, Named((name,), name in returned)) if name else ()
    elif isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
        for part, one in zip(target.elts, value.elts, strict=True):
            yield from _assigned(part, one, returned)
    else:
        names = tuple(map(_name, target.elts))
        yield from _spread(value, Named(names)) if all(names) else ()


def _name(target: ast.expr) -> str:
    """What a target is called: ``h`` of ``h`` and ``self.h``, ``hs[t]``, ``*rest``; empty if it is no name."""
    if isinstance(target, ast.Starred):
        return f"*{_name(target.value)}"
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Name):
        return f"{_name(target.value)}[{target.slice.id}]"
    name = target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""
    return name if len(name) <= LONGEST else ""


def _spread(value: ast.AST, named: Named) -> Iterator[tuple[Span, Named]]:
    """The expressions that may be the value: both branches of ``a if b else c``, the element of a comprehension."""
    if isinstance(value, ast.IfExp):
        yield from _spread(value.body, named)
        yield from _spread(value.orelse, named)
        return
    several = len(named.names) > 1 or "".join(named.names).startswith("*")
    if several and isinstance(value, (ast.GeneratorExp, ast.ListComp)):
        value = value.elt
    if isinstance(value, (ast.expr, ast.stmt)) and value.end_lineno is not None and value.end_col_offset is not None:
        yield (value.lineno, value.end_lineno, value.col_offset, value.end_col_offset), named
