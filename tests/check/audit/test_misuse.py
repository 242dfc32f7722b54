"""Misuse: what cannot be audited ends in one clear message, never in a traceback from within."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

rng = np.random.default_rng(4)
P = {"w": rng.normal(size=(3, 2)), "b": rng.normal(size=2)}
A = {"x": rng.normal(size=(6, 3)), "y": rng.normal(size=(6, 2))}


def loss(w: Any, b: Any, x: Any, y: Any) -> Any:
    return np.sum((np.tanh(x @ w + b) - y) ** 2)


def backward(w: Any, b: Any, x: Any, y: Any) -> Any:
    h = np.tanh(x @ w + b)
    dz = 2 * (h - y) * (1 - h**2)
    return x.T @ dz, dz.sum(0)


def raises(w: Any, b: Any, x: Any, y: Any) -> Any:
    raise RuntimeError("not ready")


def out_of_range(w: Any, b: Any, x: Any, y: Any) -> Any:
    return x[99], b


def leaves(w: Any, b: Any, x: Any, y: Any) -> Any:
    sys.exit(3)


class Cell:
    """Takes a state besides its inputs."""

    def __init__(self) -> None:
        self.U = np.ones((2, 3))

    def forward(self, x: Any, h0: Any) -> Any:
        self.x = x
        return x @ self.U.T + h0

    def backward(self, dy: Any) -> Any:
        return dy.T @ self.x


def half(outputs: Any, targets: Any) -> Any:
    return 0.5 * np.sum((outputs - targets) ** 2)


def audit(*arguments: Any, **keywords: Any) -> Any:
    return tg.check.audit(*arguments, repair=False, **keywords)


MISUSES: list[tuple[Any, str]] = [
    (partial(audit, None), "audit: no parameters"),
    (partial(audit, backward), "audit: no parameters"),
    (partial(audit, backward, loss, {}, A), "audit: no parameters"),
    (partial(audit, backward, loss, 3, A), "audit: no parameters"),
    (partial(audit, "backward", loss, P, A), "audit: no backward pass"),
    (partial(audit, backward, "mse", P, A), "audit: loss is no function"),
    (partial(audit, Cell(), loss="mse", inputs=A["x"]), "audit: loss is no function"),
    (partial(audit, Cell, loss=half, inputs=A["x"]), "audit: a class in place of an object"),
    (partial(audit, Cell(), half, None, A), "audit: arguments are those of functions"),
    (partial(audit, Cell(), loss=half, inputs=A["x"], targets=A["y"]), "audit: Cell.forward takes h0"),
    (partial(audit, backward, loss, P, A, inputs=A["x"]), "audit: inputs cannot go with parameters"),
    (partial(audit, backward, loss, P, {"x": A["x"]}), "audit: loss takes y, and there is no value for y"),
    (partial(audit, backward, loss, P, (A["y"], A["x"])), r"audit: loss stops at .*test_misuse.py:\d+: return np.sum"),
    (partial(audit, loss, backward, P, A), "audit: no loss was returned"),
    (partial(audit, backward, loss, {**P, "w": "abc"}, A), "audit: w is no parameter"),
    (partial(audit, backward, loss, {**P, "w": 1j * P["w"]}, A), "audit: w is no parameter"),
    (partial(audit, backward, loss, {**P, "w": P["w"].view(np.matrix)}, A), "audit: w is of the kind matrix"),
    (partial(audit, backward, loss, P, {**A, "x": np.ma.array(A["x"])}), "audit: x is of the kind MaskedArray"),
    (partial(audit, backward, loss, P, A["x"]), "audit: no arguments"),
    (partial(audit, backward, loss, P, None), "audit: no arguments"),
    (partial(audit, leaves, loss, P, A), "audit: leaves stops at .*: sys.exit.3."),
    (partial(audit, backward, loss, P, A, seed=-1), "audit: no seed"),
    (partial(audit, backward, loss, P, A, seed=1.5), "audit: no seed"),
    (partial(audit, backward, loss, P, A, seed="1"), "audit: no seed"),
    (partial(audit, Cell().backward), "audit: no parameters"),
    (partial(audit, raises, loss, P, A), r"audit: raises stops at .*test_misuse.py:\d+: raise RuntimeError"),
    (partial(audit, out_of_range, loss, P, A), "audit: out_of_range stops at .*: return x.99., b"),
    (partial(audit, backward, loss, {"a": {"w": P["w"]}, "c": {"w": P["w"]}, "w": P["w"]}, A), "two parameters"),
]


@each("call, message", MISUSES)
def test_misuse_ends_in_one_clear_message(call: Any, message: str) -> None:
    with pytest.raises(tg.GraphError) as told:
        call()
    assert re.match(f"(audit: )?{message}", str(told.value)), told.value


def test_a_seed_is_a_whole_number_of_python_or_numpy() -> None:
    assert audit(backward, loss, P, A, seed=np.int64(3)).passed


def test_the_error_of_the_users_code_is_told_and_kept() -> None:
    with pytest.raises(tg.GraphError, match="RuntimeError: not ready") as told:
        audit(raises, loss, P, A)
    assert isinstance(told.value.__cause__, RuntimeError)


def test_a_bug_of_the_auditor_is_not_laid_at_the_users_door(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    broken.__code__ = broken.__code__.replace(co_filename=tg.check.__file__)
    monkeypatch.setattr(sys.modules["tinygraph.check.audit.auditor"], "rows", broken)
    with pytest.raises(ZeroDivisionError):
        audit(backward, loss, P, A)


def test_a_number_of_steps_at_which_the_code_raises_is_a_note() -> None:
    def step(w: Any, xs: Any) -> Any:
        if len(xs) == 1:
            raise ValueError("too short")
        y = sum(np.sum(x * w) for x in xs)
        return y, sum(x for x in xs)

    report = audit(step, parameters={"w": np.ones(3)}, arguments={"xs": rng.normal(size=(5, 3))})
    assert report.passed
    assert {row.steps for row in report.rows} == {2, 4}
    assert "T = 1 was not judged (ValueError: too short)" in report.notes


def test_what_is_no_gradient_is_told() -> None:
    def nothing(w: Any, b: Any, x: Any, y: Any) -> None:
        backward(w, b, x, y)

    def turned(w: Any, b: Any, x: Any, y: Any) -> Any:
        dw, _ = backward(w, b, x, y)
        return dw.T, x

    told = audit(nothing, loss, P, A)
    assert not told.passed
    assert any("no gradient was seen" in note for note in told.notes)
    words = {row.parameter: row.name for row in audit(turned, loss, P, A).rows}
    assert words == {"w": "of shape (2, 3), not (3, 2): transposed", "b": "of shape (6, 3), not (2,)"}


def test_a_gradient_of_another_shape_is_as_if_no_line_made_it() -> None:
    def turned(w: Any, b: Any, x: Any, y: Any) -> Any:
        dw, db = backward(w, b, x, y)
        return dw.T, db

    report = audit(turned, loss, P, A)
    assert report.wrong == ("w",) and [f.due[:14] for f in report.findings] == ["the gradient o"], report
    assert report.findings[0].parameters == ("w",) and "which no line makes" in report.findings[0].due


def test_a_generator_of_gradients_is_read_to_its_end() -> None:
    def one_by_one(w: Any, b: Any, x: Any, y: Any) -> Iterator[Any]:
        yield from backward(w, b, x, y)

    assert audit(one_by_one, loss, P, A).passed


def test_code_without_a_source_is_judged_and_said_to_have_none() -> None:
    scope: dict[str, Any] = {"np": np}
    exec(
        "def bad(w, b, x, y):\n    h = np.tanh(x @ w + b)\n    dz = 2 * (h - y) * (1 - h)\n"
        "    return x.T @ dz, dz.sum(0)\n",
        scope,
    )
    report = audit(scope["bad"], loss, P, A)
    assert set(report.wrong) == {"w", "b"}
    assert "the source of this line cannot be read" in str(report) or not report.findings
