"""Small questions about nodes and statements: clipping, operands exchanged, joins that do not fit, texts of edits."""

from __future__ import annotations

import ast
import random
import signal
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import (
    asked,
    auditor,
    clipped,
    kinds,
    lines,
    off_by,
    plain_file,
    surroundings,
    wording,
    written,
)
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.source import source_of
from tinygraph.check.audit.subject import copied
from tinygraph.check.audit.truncation import _Graph
from tinygraph.recording.recorded import code_of

rng = np.random.default_rng(5)
A, B = rng.normal(size=(2, 3, 3))


def node(array: Any = A) -> Any:
    return tg.parameter(np.asarray(array, float), "g")


@each(
    "make, yes",
    [
        (lambda g: np.clip(g, -1, 1), True),
        (lambda g: np.minimum(g, 1.0), True),
        (lambda g: np.maximum(g, -1.0), True),
        (lambda g: g / np.sqrt(np.sum(g * g)), True),
        (lambda g: g * (3.0 / np.sqrt(np.sum(g * g))), True),
        (lambda g: g * 2.0, False),
        (lambda g: g / np.sqrt(np.sum(node(B) ** 2)), False),
        (lambda g: g * g, False),
        (lambda g: g - np.sum(g), False),
        (lambda g: np.sum(g) * g, False),
        (lambda g: np.tanh(g), False),
        (lambda g: g, False),
    ],
)
def test_a_gradient_is_clipped_by_a_limit_or_by_a_number_that_is_computed_from_it(make: Any, yes: bool) -> None:
    assert written._is_clipping(make(node())) is yes


def exchanged(make: Any, made: tuple[Any, Any], due: Any, computes: bool = True) -> bool:
    x = make(*[node(a) for a in made])
    values = {y: np.asarray(a, float) for y, a in zip(x.inputs, made, strict=True)} if x.op else {}
    run: Any = SimpleNamespace(
        needs={x: np.asarray(due, float)}, made=values | {x: x.value}, computes=lambda y: computes and y is x
    )
    return off_by.is_exchanged(run, x)


COLUMN, ROW = A[:, :1], B[:1]


@each(
    "make, made, due, yes",
    [
        (np.matmul, (A, B), B @ A, True),
        (np.matmul, (A, B), B.T @ A.T, True),
        (np.matmul, (A, B), (A @ B).T, True),
        (np.matmul, (A, B), A.T @ B, False),
        (np.matmul, (A, B), A @ B.T, False),
        (np.matmul, (COLUMN, ROW), ROW @ COLUMN, True),
        (np.matmul, (COLUMN, ROW), ROW.T @ COLUMN.T, True),
        (np.matmul, (A[:, :2], B[:2, :2]), B[:2, :2].T @ A[:, :2].T, True),
        (np.multiply, (A, B), A @ B, False),
        (np.multiply, (A, B), B @ A, True),
        (np.multiply, (A, B), (A * B).T, True),
        (np.add, (A, B), B @ A, False),
    ],
)
def test_operands_that_are_exchanged_make_what_is_due_in_the_other_order(
    make: Any, made: Any, due: Any, yes: bool
) -> None:
    assert exchanged(make, made, due) is yes
    assert not exchanged(make, made, due, computes=False)


@each(
    "made, right, yes",
    [
        (A, A * (B > 0), False),
        (A, A * B, True),
        (A, A * (1 - B), True),
        (A * 2.0, A, False),
        (A, np.where(B > 0, A, 0), True),
        (A[0], A, False),
        (np.array([2.0]), np.array([4.0]), False),
    ],
)
def test_a_factor_that_is_missing_is_a_thing_or_a_mask(made: Any, right: Any, yes: bool) -> None:
    forms = np.array([B.ravel(), 1 - B.ravel()])
    own: Any = SimpleNamespace(written=SimpleNamespace(right=SimpleNamespace(factors=lambda n: forms[:, :n])))
    mask = bool(np.any(np.asarray(right) == 0))
    assert kinds._Kinds._is_factor(own, made, right) is (yes or mask)


@each(
    "own, due, yes",
    [
        (None, A, False),
        (A[:2], A, False),
        (A, A, True),
        (A * (1 + 1e-9), A, True),
        (A * (1 + 1e-6), A, False),
        (np.clip(A, -0.3, 0.3), A, True),
        (np.clip(A, -0.3, 0.4), A, False),
        (A * 0.25, A, True),
        (A * 1.25, A, False),
        (-A, A, False),
        (A * np.nan, A, False),
        (A + B, A, False),
    ],
)
def test_what_may_be_a_clipped_gradient(own: Any, due: Any, yes: bool) -> None:
    assert clipped.may_be_clipped(own, due, 1e-8) is yes


def test_gradients_that_are_none_or_of_another_shape_are_not_the_same() -> None:
    assert not clipped._same(None, A, 1.0) and not clipped._same(A[0], A, 1.0) and clipped._same(A, A, 0.0)


@each("text, kind", [([[1.0], [2.0, 3.0]], "O"), ([1, 2], "i"), (1.5, "f"), ("a", "U"), ([True], "b")])
def test_rows_of_different_lengths_are_no_array(text: Any, kind: str) -> None:
    assert asked._kind(text) == kind


def forward(w: Any, v: Any, x: Any) -> Any:
    h = np.zeros(3)
    for t in range(len(x)):
        h = np.tanh(w @ h + v * x[t])
    return np.sum(h)


def test_gradients_of_a_truncated_pass_have_the_shapes_of_the_parameters() -> None:
    subject = Functions(lambda w, v, x: (w, v), forward, {"w": A, "v": A[0]}, {"x": rng.normal(size=(4, 3))})
    case = Cases(subject).case(4)
    graph = _Graph(subject.on_nodes(case, back=False))
    right = graph.full
    assert graph.fits(right, right) and graph.last == 3
    small = {name: np.clip(g, -0.01, 0.01) for name, g in right.items()}
    assert graph.fits(small, right) and not graph.fits({**right, "v": -right["v"]}, right)
    assert not graph.fits({**right, "v": None}, right) and not graph.fits({**right, "v": right["v"][:2]}, right)


def test_random_numbers_of_each_kind_come_again() -> None:
    for dice in (random.Random(3), np.random.RandomState(3), np.random.default_rng(3)):
        restore = surroundings._of_generator(dice)
        first = [dice.random() for _ in range(3)]
        assert [dice.random() for _ in range(3)] != first
        restore()
        assert [dice.random() for _ in range(3)] == first
        twin = copied(dice)
        assert twin is not dice and twin.random() == dice.random()


def test_a_cell_of_a_closure_into_which_nothing_was_put_is_left_alone() -> None:
    def outer(put: bool) -> Any:
        def inner() -> Any:
            return later

        if put:
            later = [1]
        return inner

    empty = outer(False)
    with surroundings.Keeper([empty]).kept():
        pass
    with pytest.raises(ValueError, match="empty"):
        empty.__closure__[0].cell_contents  # noqa: B018
    full = outer(True)
    with surroundings.Keeper([full]).kept():
        full().append(2)
        full.__closure__[0].cell_contents = 3
    assert full() == [1]


def test_of_a_place_without_columns_there_is_no_text() -> None:
    assert lines._segment(__file__, 1, 1, None, 3) == lines._segment(__file__, 1, 1, 0, None) == ""
    assert lines._segment(__file__, 3, 2, 0, 3) == "" and lines._segment(__file__, 3, 3, 5, 15) == "__future__"


def test_a_text_that_does_not_mean_the_edit_gives_way_to_the_edit_itself() -> None:
    source = source_of(code_of(forward))
    at: Any = source.tree.body[0]
    (new,) = ast.parse("h = np.ones(3)").body
    options = [*wording._options(at, new, source.line(at.lineno))]
    assert options[-1] == "    h = np.ones(3)" and options[-2] == "    h = np.ones(3)"
    header: Any = source.tree.body[1]
    (other,) = ast.parse("while x: pass").body
    assert [*wording._options(header, other, source.line(header.lineno))][-1] == "    while x:"
    assert wording._places(header, source.line(header.lineno), header) == (4, len(source.line(header.lineno)))


def test_a_function_whose_file_is_another_by_now_cannot_be_edited() -> None:
    def f(a: Any, b: Any) -> Any:
        return a * b

    f.__code__ = f.__code__.replace(co_varnames=("a", "c"))
    with pytest.raises(tg.GraphError, match="f cannot be edited: its file is not what was imported"):
        source_of(f)  # type: ignore[arg-type]


def test_in_another_thread_an_assignment_has_no_alarm() -> None:
    seen: list[Any] = []

    def within() -> None:
        before = signal.getsignal(signal.SIGALRM)
        with plain_file._in_time():
            seen.append(signal.getsignal(signal.SIGALRM) == before)

    thread = threading.Thread(target=within)
    thread.start()
    thread.join()
    within()
    assert seen == [True, False]


@each(
    "raised, told",
    [
        ("marks_of", {"wrong": ("w", "v"), "findings": 1}),
        ("search", {"wrong": ("w", "v"), "findings": 1}),
        ("findings_of", {"wrong": ("w", "v"), "findings": 0}),
    ],
)
def test_a_report_says_what_it_can_without_lines_repairs_or_marks(
    raised: str, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def back(w: Any, v: Any, x: Any) -> Any:
        h, dw, dv = [np.zeros(3)], np.zeros_like(w), np.zeros_like(v)
        for t in range(len(x)):
            h.append(np.tanh(w @ h[-1] + v * x[t]))
        late = np.ones(3)
        for t in reversed(range(len(x))):
            dz = -late * (1 - h[t + 1] ** 2)
            dw += np.outer(dz, h[t])
            dv += dz * x[t]
            late = w.T @ dz
        return dw, dv

    def broken(*_: Any) -> Any:
        raise tg.GraphError("nothing here")

    with monkeypatch.context() as patch:
        patch.setattr(auditor, raised, broken)
        weights, data = {"w": A, "v": A[0]}, {"x": rng.normal(size=(4, 3))}
        report = tg.check.audit(back, forward, weights, data, repair=raised == "search")
    assert {"wrong": report.wrong, "findings": len(report.findings)} == told and report.repairs == ()
    followed = [note for note in report.notes if "could not be followed (GraphError: nothing here)" in note]
    assert len(followed) == (raised == "findings_of")


def test_a_pass_that_does_not_run_on_nodes_has_a_table_and_no_lines() -> None:
    def back(w: Any, v: Any, x: Any) -> Any:
        if type(w) is not np.ndarray:
            raise TypeError("arrays only")
        return w, v

    report = tg.check.audit(back, forward, {"w": A, "v": A[0]}, {"x": rng.normal(size=(4, 3))}, repair=False)
    assert report.wrong == ("w", "v") and report.findings == ()
    assert "the lines could not be followed (TypeError: arrays only)" in report.notes
    with pytest.raises(tg.GraphError, match=r"back stops at (?s:.*)TypeError: arrays only"):
        report.picture()
