"""Inputs that are named by one letter, as in formulas, are not hidden by names that the loops of a file need."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.targets.js import run_in_node

from .in_c import Library

LETTERS = "ikpqstvnxS"
"""Those of which names of loops and results are made, and some others."""
X = np.random.default_rng(0).normal(size=(3, 4))
ROWS, COLUMNS = np.array([2, 0, 1]), np.array([3, 3, 1])


def work(x: Any) -> tuple[Any, ...]:
    """What needs loops of many kinds."""
    best = tg.sum(tg.max(x, axis=0) * np.arange(4.0)) + tg.sum(tg.prod(x, axis=1))
    products = x @ x.T + tg.einsum("ij,kj->ik", x, x * 2.0)
    moved = tg.concatenate([x[::-1], x[:1]]) - tg.mean(x, axis=0)
    picked = x[ROWS, COLUMNS] * tg.take(x, ROWS, axis=0)[:, 1]
    running = tg.cumsum(x, axis=1) + np.cumprod(x, axis=1)
    return np.sort(x, axis=0), tg.argmax(x, axis=1), running, tg.grad(best, x), products, moved, picked, tg.softmax(x)


def function(letter: str) -> Any:
    names: dict[str, Any] = {"work": work}
    exec(f"def fn({letter}): return work({letter})", names)
    return names["fn"]


FUNCTIONS = {f"of_{letter}_{letter.isupper():d}": function(letter) for letter in LETTERS}
EXAMPLES = dict.fromkeys(FUNCTIONS, (X,))
RIGHT = [np.asarray(y.value) for y in work(tg.parameter(X))]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_in_c(tmp_path: Path) -> None:
    library = Library(tmp_path, double=True)
    library.add("op", FUNCTIONS, EXAMPLES)
    assert not library.problems
    library.build()
    for name in FUNCTIONS:
        for a, b in zip(library.call(f"op_{name}", (X,), RIGHT), RIGHT, strict=True):
            np.testing.assert_allclose(a, b, 1e-12, 1e-12, err_msg=name)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_in_javascript(tmp_path: Path) -> None:
    tg.export.js(FUNCTIONS, EXAMPLES, tmp_path / "op.js")
    calls = {f"op_{name}": [X.ravel().tolist()] for name in FUNCTIONS}
    for name, results in run_in_node(tmp_path, calls, "op").items():
        assert not isinstance(results, str), f"{name}: {results}"
        for a, b in zip(results, RIGHT, strict=True):
            np.testing.assert_allclose(np.array(a, float), b.ravel(), 1e-12, 1e-12, err_msg=name)
