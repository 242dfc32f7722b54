"""docs/coming_from.md: each row of its tables runs; of the NumPy table both columns, with the same numbers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg

from .sources import ROOT, python_blocks, text

PAGE = ROOT / "docs" / "coming_from.md"
ROW = re.compile(r"^\| (.+?) \| (.+) \|$", flags=re.MULTILINE)
HEADS = ("PyTorch", "Keras", "JAX", "NumPy")


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def parts() -> Iterator[tuple[int, str, str]]:
    """Line, left and right of each row; a block has an empty left."""
    whole = text(PAGE)
    rows = [(whole.count("\n", 0, m.start()) + 1, m[1], m[2]) for m in ROW.finditer(whole)]
    yield from sorted([*rows, *((line, "", code) for line, code in python_blocks(PAGE))])


def test_every_row_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {"__name__": "__main__"}
    ran = dict.fromkeys(HEADS, 0)
    twins, head = False, ""
    for line, left, right in parts():
        if not left:
            exec(compile("\n" * (line - 1) + right, str(PAGE), "exec"), scope)
        elif left in HEADS:
            head, twins = left, right == "the same with nodes"
        elif not left.startswith("-"):
            ran[head] += 1
            row = codes(right)
            assert row, f"{PAGE.name}:{line}: a row without code"
            for code in row:
                try:
                    exec(compile("\n" * (line - 1) + code, str(PAGE), "exec"), scope)
                except Exception as error:
                    error.add_note(f"{PAGE.name}:{line}: {code}")
                    raise
            if twins:
                _alike(line, codes(left), row, scope)
    assert all(count >= 15 for count in ran.values()), ran


def _alike(line: int, left: list[str], right: list[str], scope: dict[str, Any]) -> None:
    for ours, theirs in zip(right, left, strict=True):
        node, array = eval(ours, scope), eval(theirs, scope)
        value = node.value if isinstance(node, tg.Node) else node
        np.testing.assert_allclose(value, array, rtol=1e-14, err_msg=f"{PAGE.name}:{line}")


def test_the_left_columns_are_python() -> None:
    for _, left, _ in parts():
        for code in codes(left):
            ast.parse(f"{code} pass" if code.endswith(":") else f"{code}: pass" if code.startswith("class ") else code)
