"""The floors: a file imports from lower floors and from earlier files of its own, never upward and never in a ring."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .sources import LIBRARY, ROOT, imports, module_name, short, tree

FLOORS = {
    "core": 0, "ops": 1, "accumulation": 2, "engine": 2, "transforms": 2, "lifting": 2, "loop": 2, "noise": 2,
    "rolled": 2, "segments": 2, "windows": 2, "scan": 2, "callables": 2, "padding": 2, "feedback": 2, "driver": 2,
    "given": 2, "unroll": 2, "checkpoint": 2, "cells": 2, "analysis": 2, "passes": 3, "plan": 4, "run": 5,
    "compiled": 6, "lower": 6, "draw": 7, "check": 8, "train": 8,
}  # fmt: skip
SIBLINGS = [{"run", "lower", "draw"}, {"check", "train"}]
"""Folders none of which imports another of its set."""


def part(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def files() -> list[Path]:
    return [path for path in LIBRARY if module_name(path) != "tinygraph"]


def test_every_file_stands_on_a_floor() -> None:
    assert {part(module_name(path)) for path in files()} <= FLOORS.keys()


@pytest.mark.parametrize("path", files(), ids=short)
def test_no_import_goes_upward(path: Path) -> None:
    own = part(module_name(path))
    for module in imports(path):
        other = part(module)
        assert other, f"{short(path)} imports tinygraph itself, the roof"
        assert FLOORS[other] <= FLOORS[own], f"{short(path)} imports {module}, a higher floor"
        assert own == other or not any({own, other} <= group for group in SIBLINGS), f"{short(path)} imports {module}"


def test_no_imports_run_in_a_ring() -> None:
    below = {module_name(path): set(imports(path)) - {module_name(path)} for path in files()}
    for module, found in below.items():
        # A package's first file gathers its modules; they do not know it.
        found.discard(module.rpartition(".")[0])
    left = dict(below)
    while left:
        free = [module for module, found in left.items() if not found & left.keys()]
        assert free, f"a ring among {sorted(left)}"
        for module in free:
            del left[module]


def test_the_imports_were_read_at_all() -> None:
    engine = set(imports(ROOT / "tinygraph" / "engine.py"))
    assert {"tinygraph.core.node", "tinygraph.core.graph", "tinygraph.ops"} <= engine
    assert "tinygraph.core.op" not in set(imports(ROOT / "tinygraph" / "core" / "node.py")), "a type annotation alone"
    assert "tinygraph.ops" in set(imports(ROOT / "tinygraph" / "__init__.py"))


def test_the_ground_floor_names_no_op() -> None:
    import tinygraph as tg

    for path in sorted((ROOT / "tinygraph" / "core").glob("*.py")):
        words = {node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant)}
        assert not words & set(tg.ops.__all__), f"{short(path)} treats an op by its name"


STOREYS = {"colours": 0, "labels": 0, "picture": 0, "wishes": 0, "summary": 0, "shown": 1, "norms": 2, "layout": 3,
           "views": 4, "compiled": 5, "write": 6, "drawing": 7, "draw": 8}  # fmt: skip
"""Inside of `draw`: what is shown -> its norms -> its places -> views -> writers."""


def storey(module: str) -> int:
    return STOREYS[[*module.split("."), "draw"][2]]


@pytest.mark.parametrize("path", [p for p in files() if part(module_name(p)) == "draw"], ids=short)
def test_a_picture_is_made_in_one_direction(path: Path) -> None:
    for module in imports(path):
        if part(module) == "draw":
            assert storey(module) <= storey(module_name(path)), f"{short(path)} imports {module}"
