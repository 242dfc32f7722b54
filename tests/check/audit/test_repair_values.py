"""Edits are found by the values that they must make: missing lines, late faults, two at once, in a pass of its own."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.check.audit.forms import expression
from tinygraph.check.audit.values import NoValueError, Values

from .passes import loaded

TEXT = """
import numpy as np

def loss(A, R, c, G, xs, ts):
    s, kept, total = np.zeros(c.shape), [], 0.0
    for k in range(len(xs)):
        old, s = s, 1 / (1 + np.exp(-(A.dot(xs[k]) + R.dot(s) + c)))
        e = G.dot(s) - ts[k]
        kept.append((old, s, e))
        total += np.sum(e * e)
    return total, kept

def backward(A, R, c, G, xs, ts, kept):
    gA, gR, gc, gG = np.zeros_like(A), np.zeros_like(R), np.zeros_like(c), np.zeros_like(G)
    back = np.zeros_like(c)
    for k in reversed(range(len(xs))):
        old, s, e = kept[k]
        q = 2 * e
        gG += np.outer(q, s)
        a = (G.T.dot(q) + back) * s * (1 - s)
        gA += np.outer(a, xs[k])
        gR += np.outer(a, old)
        gc += a
        back = R.T.dot(a)
    return gA, gR, gc, gG
"""


def repaired(folder: Path, *changes: tuple[str, str], text: str = TEXT) -> Any:
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    file = folder / "own_pass.py"
    file.write_text(text, encoding="utf-8")
    module, rng = loaded(file), np.random.default_rng(5)
    weights = {n: rng.normal(size=s) * 0.5 for n, s in {"A": (4, 3), "R": (4, 4), "c": (4,), "G": (2, 4)}.items()}
    arguments = {"xs": rng.normal(size=(3, 3)), "ts": rng.normal(size=(3, 2))}
    return tg.check.audit(module.backward, module.loss, weights, arguments)


@pytest.mark.parametrize("line", ["gA += np.outer(a, xs[k])", "gR += np.outer(a, old)", "gc += a", "back = R.T.dot(a)"])
def test_a_line_that_is_missing_is_put_in(line: str, tmp_path: Path) -> None:
    """Also ``gR``, which is zero at one step, so that nobody can tell what is due at one of two."""
    (first,) = repaired(tmp_path, (f"        {line}\n", "")).repairs
    assert first.kind == "a line is missing" and first.after.splitlines()[-1].strip() == line and first.alone


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("gR += np.outer(a, old)", "gR += -np.outer(a, old)"),
        ("gG += np.outer(q, s)", "gG += np.outer(q, old)"),
        ("a = (G.T.dot(q) + back) * s * (1 - s)", "a = (G.T.dot(q) - back) * s * (1 - s)"),
        ("back = R.T.dot(a)", "back = np.dot(a, gc.T)"),
    ],
)
def test_a_line_makes_what_is_due(old: str, new: str, tmp_path: Path) -> None:
    first = repaired(tmp_path, (old, new)).repairs[0]
    number = next(n for n, row in enumerate(TEXT.splitlines(), start=1) if old in row)
    assert first.line == number and first.alone and {2, 4} <= {*first.proven_at}


@pytest.mark.parametrize(
    "changes",
    [
        (("gG += np.outer(q, s)", "gG = np.outer(q, s)"), ("back = R.T.dot(a)", "back += R.T.dot(a)")),
        (("q = 2 * e", "q = -2 * e"), ("back = R.T.dot(a)", "back = R.dot(a)")),
        (("gA += np.outer(a, xs[k])", "gA += np.outer(a, xs[k - 1])"), ("        gc += a\n", "")),
    ],
)
def test_two_faults_of_which_one_may_show_late(changes: Any, tmp_path: Path) -> None:
    """``+=`` for a carried gradient is seen from three steps on."""
    repairs = repaired(tmp_path, *changes).repairs
    assert len(repairs) == 2 and not any(r.alone for r in repairs)


def test_an_expression_has_the_value_that_python_gives_it() -> None:
    a, b = np.arange(6.0).reshape(2, 3), {"w": [np.ones(3), np.full(3, 2.0)]}
    values = Values(sys._getframe())
    texts = (
        "a.T @ a",
        "-b['w'][-1] ** 2",
        "a[:, 1:] / 2",
        "np.sum(a, axis=0)",
        "(a > 1) * len(b)",
        "[x for x in (1, 2)]",
    )
    for text in texts:
        assert np.array_equal(values.of(expression(text)), eval(text))
    with pytest.raises(NoValueError):
        values.of(expression("a @ a"))
    due = a + b["w"][0]
    assert values.makes(expression("b['w'][0]"), ast.Add(), expression("a"), due, near=1e-9)
    assert not values.makes(expression("b['w'][1]"), ast.Add(), expression("a"), due, near=1e-9)
