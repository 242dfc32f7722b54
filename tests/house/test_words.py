"""Words: what modules say first, what public names explain, and what no file may say."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import tinygraph as tg

from .sources import EVERY, PAGES, SHOWN, short, tree

NO_ARRAYS = {"scope", "step", "nonfinite", "zero_grad"}
"""Public names that take no array and give none."""

GIVEN = {
    "Constant", "Drawing", "GradientError", "GraphError", "MutationError", "NonFiniteError", "Parameter",
    "Report", "Row",
}  # fmt: skip
"""Classes that nobody calls: they come from functions, which explain them."""

SHAPE = re.compile(r"shape|\(\.\.\.|\([A-Z](, [A-Z])*\)|\([A-Z], \.\.\.\)|of one element|one number")

UNFINISHED = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error", "HA" + "CK"]
PLACES = ["/work" + "/", "/tmp" + "/", "/root" + "/", "/home" + "/"]


def public() -> dict[str, Any]:
    """Everything that a user calls, under the name by which it is called."""
    found = {f"tg.{name}": getattr(tg, name) for name in tg.__all__}
    for part in ("ops", "train", "check", "cells"):
        module = getattr(tg, part)
        names = getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")])
        names = [*names, *getattr(module, "FOR_GRADIENTS", [])]
        found |= {f"tg.{part}.{name}": getattr(module, name) for name in names}
    return {name: thing for name, thing in found.items() if not inspect.ismodule(thing)}


def doc(thing: Any) -> str:
    return inspect.getdoc(type(thing) if isinstance(thing, tg.Op) else thing) or ""


@pytest.mark.parametrize("path", EVERY, ids=short)
def test_every_module_says_what_it_holds(path: Path) -> None:
    if not path.read_text(encoding="utf-8"):
        assert path.name == "__init__.py" and "tests" in path.parts, "only a test folder's mark may be empty"
        return
    first = (ast.get_docstring(tree(path)) or "").partition("\n")[0]
    assert len(first) >= 15, "the first line says what the module holds"
    assert first.endswith((".", "?", ":", ",")) or "\n" in (ast.get_docstring(tree(path)) or "")


def test_the_public_names_were_found() -> None:
    some = {"tg.grad", "tg.matmul", "tg.unroll", "tg.ops.quotient", "tg.train.Adam", "tg.check.gradients"}
    assert some <= public().keys()


@pytest.mark.parametrize("name", public())
def test_every_public_name_explains_itself_by_an_example(name: str) -> None:
    text = doc(public()[name])
    assert text, f"{name} has no docstring"
    if name.split(".")[-1] in GIVEN:
        return
    assert "Example:" in text, f"{name} shows no example"
    assert ">>>" in text or "See `" in text, f"the example of {name} does not run"


@pytest.mark.parametrize("name", [name for name in public() if name.split(".")[-1] not in NO_ARRAYS | GIVEN])
def test_every_public_name_tells_the_shapes(name: str) -> None:
    assert SHAPE.search(doc(public()[name])), f"{name} does not say which shapes it takes and gives"


@pytest.mark.parametrize("path", [*EVERY, *PAGES], ids=short)
def test_nothing_is_left_unfinished_and_no_machine_is_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not [word for word in UNFINISHED if word in text]
    assert not [place for place in PLACES if re.search(rf"(?<![\w.~}}]){place}", text)]


def test_nothing_shown_is_empty() -> None:
    """``pass`` as the whole of a function promises what is not there."""
    for path in SHOWN:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is None:
                assert not isinstance(node.body[0], ast.Pass), f"{short(path)}:{node.lineno}"
