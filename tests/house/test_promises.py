"""docs/promises.md: each promise names a test, and each test that it names is there."""

from __future__ import annotations

import ast
import re

from .sources import ROOT

PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_each_promise_names_a_test() -> None:
    promises = re.split(r"\n(?=- )", PAGE)[1:]
    bare = [p.splitlines()[0] for p in promises if not TEST.search(p)]
    assert len(promises) > 5 and not bare, f"name the test that holds it: {bare}"


def test_each_test_that_is_named_is_there() -> None:
    for path, name in TEST.findall(PAGE):
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in functions, f"docs/promises.md names {path}::{name}, which is not there"
