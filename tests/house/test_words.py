"""Words: what modules say first, what public names explain, and what no file may say."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import tinygraph as tg

from .sources import EVERY, PAGES, SHOWN, line_of, short, text, tree

NO_ARRAYS = {"cache_clear", "scope", "step", "nonfinite", "zero_grad", "metadata", "fit", "Checkpoint"} | {
    "constant",
    "step_decay",
    "exponential",
    "cosine",
    "one_cycle",
    "plateau",
}
"""Public names that take no array and give none."""

GIVEN = {
    "Constant",
    "Drawing",
    "GradientError",
    "GraphError",
    "MutationError",
    "NonFiniteError",
    "Parameter",
    "Report",
    "Row",
}
"""Classes that nobody calls: they come from functions, which explain them."""

SHAPE = re.compile(r"shape|\(\.\.\.|\([A-Z](, [A-Z])*\)|\([A-Z], \.\.\.\)|of one element|one number")

UNFINISHED = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error", "HA" + "CK"]
PLACES = ["/work" + "/", "/tmp" + "/", "/root" + "/", "/home" + "/"]


@cache
def public() -> dict[str, Any]:
    """Everything that a user calls, under the name by which it is called."""
    things = {f"tg.{name}": getattr(tg, name) for name in tg.__all__}
    for part in ("ops", "train", "check", "cells", "export"):
        module = getattr(tg, part)
        names = getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")])
        names = [*names, *getattr(module, "FOR_GRADIENTS", [])]
        things |= {f"tg.{part}.{name}": getattr(module, name) for name in names}
    return {name: thing for name, thing in things.items() if not inspect.ismodule(thing)}


def doc(thing: Any) -> str:
    return inspect.getdoc(type(thing) if isinstance(thing, tg.Op) else thing) or ""


def none_of(offenders: Iterable[str | None]) -> None:
    """No rule is broken: the message names all places where one is."""
    told = [offender for offender in offenders if offender]
    assert not told, "\n".join(told)


def test_every_module_says_what_it_holds() -> None:
    none_of(map(_unsaid, EVERY))


def _unsaid(path: Path) -> str | None:
    if not text(path):
        mark = path.name == "__init__.py" and "tests" in path.parts
        return None if mark else f"{short(path)}: only a test folder's mark may be empty"
    said = ast.get_docstring(tree(path)) or ""
    first = said.partition("\n")[0]
    if len(first) < 15:
        return f"{short(path)}:1: the first line does not say what the module holds"
    ended = first.endswith((".", "?", ":", ",")) or "\n" in said
    return None if ended else f"{short(path)}:1: the first line is no sentence"


def test_the_public_names_were_found() -> None:
    some = {"tg.grad", "tg.matmul", "tg.unroll", "tg.ops.quotient", "tg.train.Adam", "tg.check.gradients"}
    assert some <= public().keys()


def test_every_public_name_explains_itself_by_an_example() -> None:
    none_of(_unexplained(name, doc(thing)) for name, thing in public().items())


def _unexplained(name: str, said: str) -> str | None:
    if not said:
        return f"{name} has no docstring"
    if name.split(".")[-1] in GIVEN:
        return None
    if "Example:" not in said:
        return f"{name} shows no example"
    return None if ">>>" in said or "See `" in said else f"the example of {name} does not run"


def test_every_public_name_tells_the_shapes() -> None:
    names = [name for name in public() if name.split(".")[-1] not in NO_ARRAYS | GIVEN]
    assert names
    silent = [name for name in names if not SHAPE.search(doc(public()[name]))]
    none_of(f"{name} does not say which shapes it takes and gives" for name in silent)


def test_nothing_is_left_unfinished_and_no_machine_is_named() -> None:
    none_of(offender for path in [*EVERY, *PAGES] for offender in _left(path))


def _left(path: Path) -> list[str]:
    whole = text(path)
    places = [(whole.index(word), word) for word in UNFINISHED if word in whole]
    for place in PLACES:
        places += [(m.start(), place) for m in re.finditer(rf"(?<![\w.~}}]){place}", whole)]
    return [f"{short(path)}:{line_of(whole, at)}: {word}" for at, word in places]


def test_nothing_shown_is_empty() -> None:
    """``pass`` as the whole of a function promises what is not there."""
    none_of(
        f"{short(path)}:{node.lineno}: an empty function"
        for path in SHOWN
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is None and isinstance(node.body[0], ast.Pass)
    )
