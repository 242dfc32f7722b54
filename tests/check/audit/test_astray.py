"""Lines that add to another variable: in which function they stand, and what may have had to hold the gradient."""

from __future__ import annotations

import ast
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tinygraph.check.audit import astray, findings
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.lines import Line
from tinygraph.recording.recorded import code_of

from .test_report import FIRST


def guarded(x: Any) -> Any:
    """Its code has places without a line, as those behind a ``with`` are."""
    with np.errstate(all="ignore"):
        x = x / x
    return x * 2


def test_a_function_holds_the_lines_of_its_file_alone_whatever_python_adds() -> None:
    first = guarded.__code__.co_firstlineno
    assert None in {n for *_, n in guarded.__code__.co_lines()}
    subject: Any = SimpleNamespace(functions=(code_of(guarded),))
    for line, there in ((first - 1, False), (first, True), (first + 4, True), (first + 5, False)):
        assert (astray.function_of(subject, __file__, line) is not None) is there
    elsewhere = replace(FIRST, file="/a/net.py", line=first + 1)
    assert findings.suspects(subject, [elsewhere]) == []


@pytest.mark.parametrize(
    ("lines", "target", "due"),
    [
        (["dV += a", "gU = b"], "dV", ["gU"]),  # nothing of W's name to exchange
        (["dW += a", "dU += U @ b", "U.shape"], "dW", ["dU", "dU"]),  # U is no gradient of itself
        (["W += a"], "W", []),
    ],
)
def test_what_may_hold_a_gradient(lines: list[str], target: str, due: list[str]) -> None:
    tree = ast.parse("def f():\n    " + "\n    ".join(lines))
    line: Any = SimpleNamespace(target=target)
    assert [*astray._targets(tree, "U", ("W", line))] == due


def loss(W: Any, q: Any, x: Any) -> Any:
    return np.sum((W @ x) ** 2) + np.sum(q)


def nowhere(W: Any, q: Any, x: Any) -> Any:
    own = np.zeros_like(W)
    own += 2 * np.outer(W @ x, x)
    return own, None


def test_of_a_gradient_that_nothing_may_hold_no_line_is_told() -> None:
    subject = Functions(nowhere, loss, {"W": np.ones((2, 3)), "q": np.ones(2)}, {"x": np.ones(3)})
    first = nowhere.__code__.co_firstlineno
    beside = "W", Line(__file__, "nowhere", first + 2, "", "", "own", True)
    case = Cases(subject).case(None)
    assert astray.line_astray(subject, case, "q", beside) is None
    assert astray.line_astray(subject, case, "q", ("W", beside[1]._replace(number=1))) is None
