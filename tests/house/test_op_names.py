"""Ops that code knows by their names exist: what a name is compared with, and lists whose line says "Ops ..."."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any

import tinygraph as tg
from tests.each import each
from tests.house.sources import LOADABLE, module_name, short, text, tree
from tinygraph.core.op import Op


@cache
def names() -> set[str]:
    """Of all ops, those without a function of their own included."""
    kinds, left = set[str](), [Op]
    while left:
        kind = left.pop()
        kinds.add(getattr(kind, "name", ""))
        left += kind.__subclasses__()
    return kinds | {str(getattr(x, "name", "")) for x in vars(tg.ops).values()}


KNOWING = [path for path in LOADABLE if "op.name" in text(path) or '"""Ops ' in text(path)]
"""Files that know ops by their names."""


def _is_name(x: ast.AST) -> bool:
    """Whether it is ``op.name`` or ``node.op.name``."""
    if not isinstance(x, ast.Attribute) or x.attr != "name":
        return False
    return getattr(x.value, "id", None) == "op" or getattr(x.value, "attr", None) in ("op", "_op")


def compared(source: ast.AST) -> Iterator[str]:
    """The texts that a name of an op is compared with."""
    for x in ast.walk(source):
        sides = [x.left, *x.comparators] if isinstance(x, ast.Compare) else []
        if any(map(_is_name, sides)):
            parts = [part for side in sides for part in ast.walk(side)]
            yield from (part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))


def listed(source: ast.Module) -> Iterator[str]:
    """The lists whose line below says that they are of ops, and those in which a name of an op is looked for."""
    for x in ast.walk(source):
        if isinstance(x, ast.Compare) and _is_name(x.left):
            yield from (y.id for side in x.comparators for y in ast.walk(side) if isinstance(y, ast.Name))
    for a, b in pairwise(source.body):
        target = a.targets[0] if isinstance(a, ast.Assign) else getattr(a, "target", None)
        told = b.value.value if isinstance(b, ast.Expr) and isinstance(b.value, ast.Constant) else None
        if isinstance(target, ast.Name) and str(told).startswith("Ops ") and target.id != "__all__":
            yield target.id


def test_a_name_of_an_op_is_compared_with_names_of_ops() -> None:
    texts = {x: short(path) for path in KNOWING for x in compared(tree(path))}
    assert len(texts) > 25 and not {x: path for x, path in texts.items() if x not in names()}


def test_lists_of_ops_are_of_ops() -> None:
    lists: dict[str, Any] = {}
    for path in KNOWING:
        for name in listed(tree(path)):
            lists[f"{short(path)}: {name}"] = getattr(import_module(module_name(path)), name, ())
    kinds = (set, frozenset, tuple, list, dict)
    known = {k: [x for x in ops if isinstance(x, str)] for k, ops in lists.items() if isinstance(ops, kinds)}
    assert len(known) > 20 and not {k: wrong for k, ops in known.items() if (wrong := {*ops} - names())}


@each(
    "code, texts",
    [
        ("x.op.name == 'add_'", ["add_"]),
        ("op is None or op.name not in ('take', 'get')", ["take", "get"]),
        ("'tanh' == node._op.name", ["tanh"]),
        ("x.name == 'h'", []),
        ("kind.op.name", []),
    ],
)
def test_what_is_compared_is_seen(code: str, texts: list[str]) -> None:
    assert [*compared(ast.parse(code))] == texts
    assert [*listed(ast.parse("OPS = {}\n'Ops of some kind.'\nA = 1\n'Others.'"))] == ["OPS"]
