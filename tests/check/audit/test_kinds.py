"""Kinds of faults in a pass that the bench does not plant: each is told by its name, at its line, and alone."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import kinds
from tinygraph.check.audit.lines import Line
from tinygraph.check.audit.report import AuditReport

from .passes import loaded

RIGHT = '''
import numpy as np


class Net:
    """States in a list that begins with zeros, one sum of squares at the end, an update at the rate lr."""

    def __init__(self):
        rng = np.random.default_rng(3)
        self.A, self.C = rng.normal(size=(5, 3)) / 2, rng.normal(size=(5, 5)) / 2
        self.b, self.D = rng.normal(size=5) / 2, rng.normal(size=(4, 5)) / 2

    def forward(self, xs):
        self.xs, self.states, self.outs = xs, [np.zeros(5)], []
        for x in xs:
            self.states.append(np.tanh(self.A @ x + self.C @ self.states[-1] + self.b))
            self.outs.append(1 / (1 + np.exp(-(self.D @ self.states[-1]))))
        return self.outs

    def backward(self, ts, lr=0.1):
        dA, dC, db, dD = (np.zeros_like(p) for p in (self.A, self.C, self.b, self.D))
        late = np.zeros(5)
        for t in range(len(ts) - 1, -1, -1):
            out, state = self.outs[t], self.states[t + 1]
            slope = out * (1 - out)
            dout = 2 * (out - ts[t]) * slope
            dD += np.outer(dout, state)
            dstate = self.D.T @ dout + late
            draw = dstate * (1 - state**2)
            dA += np.outer(draw, self.xs[t])
            dC += np.outer(draw, self.states[t])
            db += draw
            late = self.C.T @ draw
        self.A -= lr * dA
        self.C -= lr * dC
        self.b -= lr * db
        self.D -= lr * dD


def loss(outs, ts):
    return sum(np.sum((o - t) ** 2) for o, t in zip(outs, ts))
'''

SLOPE, INDEX, LESS = "the wrong form of an activation's derivative", "a wrong index", "a term missing"
FACTOR, NAME = "a factor missing", "another variable"
FAULTS = {
    "slope of a sigmoid for tanh": ("draw = dstate * (1 - state**2)", "draw = dstate * state * (1 - state)", SLOPE),
    "slope of what is activated": (
        "draw = dstate * (1 - state**2)",
        "draw = dstate * (1 - np.tanh(state) ** 2)",
        SLOPE,
    ),
    "slope of tanh for a sigmoid": ("slope = out * (1 - out)", "slope = 1 - out * out", SLOPE),
    "half of a slope": ("slope = out * (1 - out)", "slope = out", FACTOR),
    "the square alone": ("draw = dstate * (1 - state**2)", "draw = dstate * -(state**2)", LESS),
    "one alone": ("draw = dstate * (1 - state**2)", "draw = dstate * 1", LESS),
    "no slope": ("draw = dstate * (1 - state**2)", "draw = dstate + 0", FACTOR),
    "no carry": ("dstate = self.D.T @ dout + late", "dstate = self.D.T @ dout", LESS),
    "the carry alone": ("dstate = self.D.T @ dout + late", "dstate = late", LESS),
    "the state after": ("dC += np.outer(draw, self.states[t])", "dC += np.outer(draw, self.states[t + 1])", INDEX),
    "the first state": ("dC += np.outer(draw, self.states[t])", "dC += np.outer(draw, self.states[0])", INDEX),
    "the last state": ("draw = dstate * (1 - state**2)", "draw = dstate * (1 - self.states[-1] ** 2)", INDEX),
    "before its slope": ("dA += np.outer(draw, self.xs[t])", "dA += np.outer(dstate, self.xs[t])", NAME),
    "no 2": ("dout = 2 * (out - ts[t]) * slope", "dout = (out - ts[t]) * slope", FACTOR),
    "3 for 2": ("dout = 2 * (out - ts[t]) * slope", "dout = 3 * (out - ts[t]) * slope", "a wrong constant factor"),
    "less": ("dC += np.outer(draw, self.states[t])", "dC -= np.outer(draw, self.states[t])", "a wrong sign"),
    "turned": ("late = self.C.T @ draw", "late = self.C @ draw", "a transpose too many or missing"),
    "a carry that grows": ("late = self.C.T @ draw", "late += self.C.T @ draw", "`+=` in place of `=`"),
    "another gradient": ("db += draw", "dC += draw", NAME),
    "no rate": ("self.C -= lr * dC", "self.C -= dC", FACTOR),
    "no sum": ("self.C -= lr * dC", "self.C = lr * dC", "`=` in place of `+=`"),
    "no rate, written out": ("self.C -= lr * dC", "self.C = self.C - dC", FACTOR),
    "ascent, written out": ("self.C -= lr * dC", "self.C = self.C + lr * dC", "a wrong sign"),
}


def report_of(folder: Path, *edits: tuple[str, str]) -> tuple[AuditReport, list[int]]:
    text, lines = RIGHT, []
    for old, new in edits:
        assert text.count(old) == 1, old
        lines.append(text[: text.index(old)].count("\n") + 1)
        text = text.replace(old, new)
    # A name of its own: of two files of one name, size and second Python runs the first one's bytecode.
    file = folder / f"own{len([*folder.iterdir()])}.py"
    file.write_text(text, encoding="utf-8")
    module, rng = loaded(file), np.random.default_rng(1)
    xs, ts = list(rng.normal(size=(4, 3))), list(rng.uniform(size=(4, 4)))
    return tg.check.audit(module.Net(), loss=module.loss, inputs=xs, targets=ts, repair=False), lines


def test_the_right_pass_is_right(tmp_path: Path) -> None:
    report, _ = report_of(tmp_path)
    assert report.passed and not report.findings, str(report)


@each("fault", list(FAULTS))
def test_a_fault_is_told_by_its_name(fault: str, tmp_path: Path) -> None:
    old, new, kind = FAULTS[fault]
    report, (line,) = report_of(tmp_path, (old, new))
    assert not report.passed and report.findings, str(report)
    first = report.findings[0]
    assert first.line == line and first.kind == kind, str(report)
    assert len(report.findings) == 1 and set() < {*first.parameters} <= {*report.wrong}, str(report)


PAIRS = {
    "one behind the other": [FAULTS["slope of what is activated"][:2], FAULTS["a carry that grows"][:2]],
    "the wrong shape behind a sign": [
        ("dstate = self.D.T @ dout + late", "dstate = -(self.D.T @ dout + late)"),
        ("late = self.C.T @ draw", "late = db @ draw"),
    ],
    "two readers of one wrong thing": [
        ("dstate = self.D.T @ dout + late", "dstate = self.D.T @ dout"),
        ("dA += np.outer(draw, self.xs[t])", "dA = np.outer(draw, self.xs[t])"),
    ],
}


@each("pair", list(PAIRS))
def test_faults_that_hide_each_other_are_all_found(pair: str, tmp_path: Path) -> None:
    report, lines = report_of(tmp_path, *PAIRS[pair])
    assert {f.line for f in report.findings} == {*lines}, str(report)


ONE, TWO, ROW = np.ones(1), np.full(1, 2.0), np.array([1.0, -3.0])


@each(
    "pairs, statement, kind",
    [
        ([(ROW, -ROW)], "a = b", "a wrong sign"),
        ([(ROW, 2 * ROW)], "a = b", FACTOR),
        ([(ROW, 2 * ROW)], "a = 4 * b", "a wrong constant factor"),
        ([(ROW, -2 * ROW)], "a = b", "a wrong constant factor"),
        ([(ROW, ROW)], "a = b", ""),
        ([(ROW, ROW + 1)], "a = b", ""),
        ([(ONE, TWO)], "a = b", ""),  # any number is a multiple of any other
        ([(ONE, TWO), (TWO, 2 * TWO)], "a = b", FACTOR),
        ([(ONE, TWO), (TWO, TWO)], "a = b", ""),
    ],
)
def test_a_scale_is_told_by_an_array_or_by_several_numbers(pairs: Any, statement: str, kind: str) -> None:
    own: Any = kinds._Kinds.__new__(kinds._Kinds)
    vars(own).update(_pairs=[pairs], statement=ast.parse(statement).body[0])
    assert own._of_scale() == kind


def test_zeros_lack_no_term_and_are_no_product() -> None:
    own: Any = kinds._Kinds.__new__(kinds._Kinds)
    run: Any = SimpleNamespace(near=[np.zeros(2)], root=None)
    book: Any = SimpleNamespace(look=lambda *_: [], factors=lambda size: np.ones((1, size)))
    line = Line(__file__, "f", 1, "", "", "", True)
    vars(own).update(
        _pairs=[[(ROW, 0 * ROW)]], line=line, written=SimpleNamespace(book=book, right=book, look=book.look)
    )
    assert own._of_factor() == "" and own._is_term(run, ROW, 0 * ROW) is False
    assert own._is_term(run, ROW, np.ones(2)) is True and own._is_term(run, ONE, ONE) is False
    vars(own).update(_pairs=[[(ROW, 0 * ROW), (ROW, ROW)]])
    assert own._of_factor() == FACTOR


@each(
    "made, lost, yes",
    [
        ([1.0], [1.0], True),
        ([-2.0], [2.0], True),
        ([2.0], [-2.0], True),
        ([2.0], [3.0], False),
        ([2.0], [], False),
        ([], [-1.0], True),
        ([], [2.0], False),
        ([2.0, -5.0], [5.0], True),
        ([2.0], [1.0], True),
    ],
)
def test_a_term_that_is_missing_is_a_thing_or_the_multiple_that_was_made(made: Any, lost: Any, yes: bool) -> None:
    def matches(factors: Any) -> Any:
        return lambda *_: [SimpleNamespace(factor=factor) for factor in factors]

    own: Any = kinds._Kinds.__new__(kinds._Kinds)
    own.written = SimpleNamespace(book=SimpleNamespace(look=matches(made)), look=matches(lost))
    assert own._is_term(SimpleNamespace(near=[], root=None), ROW, np.array([0.3, 0.7])) is yes
