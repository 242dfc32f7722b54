"""Lines of the user's code: which made a node, what it sets, what it binds, and which line sets something in vain."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import lines
from tinygraph.recording.recorded import recording

from .passes import loaded

TEXT = '''
import numpy as np


def slope(h):
    """An expression with a name."""
    return 1 - h ** 2


def long(h, other, third):
    return h * other * third


def twice(h):
    k = 2.0
    return k * h


class Net:
    def method(self, h):
        return 3.0 * h

    def update(self, lr):
        self.b -= lr
        self.W = self.W - lr
        self.V = lr
        self.W -= lr


def run(x):
    a = slope(x)
    b = long(x, x, x)
    c = twice(x)
    d = Net().method(x)
    é, f = x * 5.0, (x
                     + 6.0)
    g = np.tanh(x) * 7.0
    return a, b, c, d, é, f, g


def vain(x):
    unused = x * 2
    y = x * 3
    _ = x * 4
    return y * 5


def fine(x):
    y = x * 3
    return y * 5
'''


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    file = tmp_path_factory.mktemp("lines") / "net.py"
    file.write_text(TEXT, encoding="utf-8")
    return loaded(file)


def number(text: str) -> int:
    return next(k for k, row in enumerate(TEXT.splitlines(), start=1) if row.strip().startswith(text))


def at(module: ModuleType, text: str) -> lines.Line:
    first = lines.Line(str(module.__file__), "run", number(text), "", "", "", True)
    return lines.line_at(first, number(text))


@each(
    "place, where, expression, target, whole",
    [
        (0, "a = ", "slope(x)", "a", True),  # a short function stands for an expression
        (1, "return h * other", "h * other * third", "", True),
        (2, "c = twice", "twice(x)", "c", True),
        (3, "return 3.0 * h", "3.0 * h", "", True),
        (4, "é, f", "x * 5.0", "(é, f)", False),
        (5, "é, f", "x + 6.0", "(é, f)", False),
        (6, "g = ", "np.tanh(x) * 7.0", "g", True),
    ],
)
def test_a_node_knows_the_line_that_means_it(
    module: ModuleType, place: int, where: str, expression: str, target: str, whole: bool
) -> None:
    with recording(follows=True):
        node = module.run(tg.parameter(np.ones(3)))[place]
    line = lines.line_of(node)
    assert line is not None and (line.number, line.file) == (number(where), module.__file__)
    assert (line.expression, line.target, line.whole) == (expression, target, whole)
    assert line.source.startswith(where)
    every = lines.lines_of(node)
    assert every[0] == line and [x.function for x in every].count("run") == 1
    inner = node.inputs[0] if node.inputs[0].op else node
    assert lines.key_of(node) and (lines.key_of(inner) == lines.key_of(node)) == (inner is node)


def test_of_a_parameter_and_of_our_own_lines_there_is_none() -> None:
    assert lines.line_of(tg.parameter(np.ones(2))) is None


@each(
    "text, target",
    [
        ("a = b", "a"),
        ("a, b = c", "(a, b)"),
        ("a = b = c", "a, b"),
        ("a.x += 1", "a.x"),
        ("a: int = 1", "a"),
        ("f(a)", ""),
    ],
)
def test_what_a_statement_assigns_to(text: str, target: str) -> None:
    assert lines.target_of(ast.parse(text).body[0]) == target


def test_which_statements_bind_several_things(module: ModuleType) -> None:
    assert lines.binds_many(at(module, "é, f")) and lines.binds_many(at(module, "return a, b"))
    assert not lines.binds_many(at(module, "a = ")) and not lines.binds_many(at(module, "return y * 5"))
    assert not lines.binds_many(at(module, "def run"))


def test_the_line_that_updates_an_attribute(module: ModuleType) -> None:
    first = at(module, "def update")
    told = lines.line_that_sets("W", first)
    assert told is not None and told.source == "self.W = self.W - lr"
    other = lines.line_that_sets("W", told)
    assert other is not None and other.source == "self.W -= lr"
    assert lines.line_that_sets("W", other) is None and lines.line_that_sets("V", first) is None
    b = lines.line_that_sets("b", first)
    assert b is not None and (b.target, b.number, b.function, b.whole) == ("self.b", first.number + 1, "run", True)


def test_a_variable_is_set_in_vain_before_a_line(module: ModuleType) -> None:
    def line(text: str, function: str) -> lines.Line:
        return at(module, text)._replace(function=function)

    rows = TEXT.splitlines()
    assert lines.sets_in_vain(line("_ = x * 4", "vain"))
    own = line("unused", "vain")
    assert not lines.sets_in_vain(own) and lines.sets_in_vain(own._replace(number=own.number + 1))
    after = len(rows)
    assert not lines.sets_in_vain(own._replace(number=after, function="fine"))
    assert not lines.sets_in_vain(own._replace(number=own.number + 1, function="fine"))


def test_of_a_file_that_is_no_python_nothing_is_told(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("def f(:\n    a = 1\n", encoding="utf-8")
    assert lines.statement_at(str(file), 2) is None
    assert lines.line_at(lines.Line(str(file), "f", 1, "", "", "", True), 2).source == "a = 1"
    file.write_text("def f():\n    a = 1\n", encoding="utf-8")
    lines.read_again([str(file)])
    statement: Any = lines.statement_at(str(file), 2)
    assert lines.target_of(statement) == "a" and lines.statement_at(str(file), 5) is None


CHOICE = """
import numpy as np


def forward(xs, W, U):
    h, states = np.zeros(4), []
    for x in xs:
        h = np.tanh(W @ h + U @ x)
        states.append(h)
    return states


def loss(xs, ts, W, U):
    return sum(0.5 * np.sum((h - t) ** 2) for h, t in zip(forward(xs, W, U), ts))


def cell(W, x, h, before, dh):
    dz = dh * (1 - h**2)
    return np.outer(dz, before), np.outer(dz, x), W.T @ dz


def backward(xs, ts, W, U):
    states, none = forward(xs, W, U), np.zeros(4)
    dW, dU, late = np.zeros_like(W), np.zeros_like(U), none
    for t in reversed(range(len(xs))):
        before = states[t] if t > 0 else none
        a, b, late = cell(W, xs[t], states[t], before, states[t] - ts[t] + late)
        dW += a
        dU += b
    return dW, dU
"""


def test_a_wrong_choice_between_two_things_is_named_where_it_is_bound(tmp_path: Path) -> None:
    """And not in the function that is called with it, and reads it."""
    file = tmp_path / "choice.py"
    file.write_text(CHOICE, encoding="utf-8")
    module, rng = loaded(file), np.random.default_rng(4)
    parameters = {"W": rng.normal(size=(4, 4)), "U": rng.normal(size=(4, 3))}
    arguments = {"xs": rng.normal(size=(5, 3)), "ts": rng.normal(size=(5, 4))}
    report = tg.check.audit(module.backward, module.loss, parameters, arguments, repair=False)
    told = [(f.source, f.kind, f.parameters) for f in report.findings]
    assert told == [("before = states[t] if t > 0 else none", "a wrong index", ("W",))], str(report)
    file = tmp_path / "chosen.py"
    file.write_text(CHOICE.replace("states[t] if", "states[t - 1] if"), encoding="utf-8")
    module = loaded(file)
    assert tg.check.audit(module.backward, module.loss, parameters, arguments).passed
