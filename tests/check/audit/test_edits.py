"""The edits of a statement hold the right one, likely ones first, and their text keeps the user's own line."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest

from tinygraph.check.audit.atoms import ScopeWatch
from tinygraph.check.audit.edits import Edits
from tinygraph.check.audit.forms import expression
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.source import statements_at
from tinygraph.check.audit.wording import texts
from tinygraph.recording.recorded import code_of


def loss(W: Any, U: Any, b: Any, x: Any) -> Any:
    hs = [np.zeros((3, 1))]
    for t in range(len(x)):
        hs.append(np.tanh(W @ x[t] + U @ hs[t] + b))
    return sum(np.sum(h) for h in hs), hs


def backward(W: Any, U: Any, b: Any, x: Any, hs: Any) -> Any:
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    dnext = np.zeros_like(b)
    for t in reversed(range(len(x))):
        dh = 1 + dnext
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += dz @ x[t].T
        dU += dz @ hs[t].T  # the state before
        db += dz
        dnext = U.T @ dz
    return dW, dU, db


def subject() -> Functions:
    rng = np.random.default_rng(0)
    weights = {"W": rng.normal(size=(3, 2)), "U": rng.normal(size=(3, 3)), "b": rng.normal(size=(3, 1))}
    return Functions(backward, loss, weights, {"x": rng.normal(size=(4, 2, 1))})


def options(line: str) -> list[tuple[str, str]]:
    """Texts and kinds of all edits of a line of the backward pass, by weight."""
    from tinygraph.check.audit.cases import Cases

    one = subject()
    scope = ScopeWatch(one, Cases(one).case(2)).scopes[code_of(backward)]
    source = scope.source
    number = next(n for n in range(source.tree.lineno, 10**6) if line in source.line(n))
    (at,) = statements_at(source.tree, number)
    return [(texts(edit, source)[1].strip(), edit.kind) for edit in Edits(scope).of(at)]


@pytest.mark.parametrize(
    ("line", "new", "kind"),
    [
        ("dU += dz @ hs[t].T", "dU += dz @ hs[t - 1].T  # the state before", "a wrong index"),
        ("dU += dz @ hs[t].T", "dU += dz @ hs[-1].T  # the state before", "a wrong index"),
        ("dU += dz @ hs[t].T", "dU = dz @ hs[t].T  # the state before", "`+=` where `=` is due"),
        ("dU += dz @ hs[t].T", "dU += dh @ hs[t].T  # the state before", "another variable"),
        ("dU += dz @ hs[t].T", "dU += hs[t] @ dz.T  # the state before", "operands in the wrong order"),
        ("dh = 1 + dnext", "dh = 1", "a term too many"),
        ("dh = 1 + dnext", "dh = 2 * (1 + dnext)", "a wrong constant factor"),
        ("dz = dh * (1 - hs[t + 1] ** 2)", "dz = dh", "a factor too many"),
        ("dnext = U.T @ dz", "dnext = U @ dz", "a transpose too many or missing"),
        ("dz = dh *", "dz = dh * (hs[t + 1] * (1 - hs[t + 1]))", "the wrong form of an activation's derivative"),
        ("db += dz", "db -= dz", "a wrong sign"),
        ("for t in", "for t in range(len(x)):", "a wrong range"),
    ],
)
def test_the_edit_is_among_the_first(line: str, new: str, kind: str) -> None:
    found = options(line)
    assert (new, kind) in found[:400]


def test_a_text_means_what_its_edit_means() -> None:
    for line in ("dU += dz", "dh = 1", "dz = dh", "dnext = U.T"):
        for text, _ in options(line)[:300]:
            ast.parse(text)


def test_a_missing_carry_is_put_at_the_end_of_the_loop() -> None:
    assert ("db += dz\ndnext = U.T @ dz") not in [text for text, _ in options("db += dz")]  # it is there


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("range(n)", ["range(n - 1)", "range(n + 1)", "range(0)", "range(-1)", "range(1)", "range(1, n)"]),
        ("enumerate(xs)", []),
        ("zip(a, b)", []),
        ("xs", []),
    ],
)
def test_the_bounds_of_a_range_alone_are_moved(text: str, due: list[str]) -> None:
    from tinygraph.check.audit.cases import Cases

    one = subject()
    edits = Edits(ScopeWatch(one, Cases(one).case(2)).scopes[code_of(backward)])
    told = [ast.unparse(new) for new, _, _ in edits._ranges(expression(text))]
    assert told == [*due, f"reversed({text})"]
    turned = [ast.unparse(new) for new, _, _ in edits._ranges(expression(f"reversed({text})"))]
    assert turned == [text, *(f"reversed({x})" for x in told)]
    nothing = ast.parse("def f():\n    return").body[0].body[0]  # type: ignore[attr-defined]
    assert edits.of(nothing) == []
