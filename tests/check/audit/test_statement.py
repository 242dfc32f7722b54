"""What a part of a statement should have been is told from what is due."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import statement
from tinygraph.check.audit.statement import StatementRun, _solved
from tinygraph.check.audit.written import Written
from tinygraph.ops.lookup import ARRAY
from tinygraph.ops.writing import copy, write, write_at

rng = np.random.default_rng(6)


def array(*shape: int) -> np.ndarray:
    return rng.uniform(0.5, 2.0, shape) * rng.choice([-1, 1], shape)


TALL, WIDE, ROW, COLUMN, NUMBER = array(4, 3), array(3, 4), array(1, 4), array(3, 1), array()
SOLVED: list[tuple[Any, list[np.ndarray], int]] = [
    *[(f, [WIDE, array(3, 4)], k) for f in (np.add, np.subtract, np.multiply, np.divide) for k in (0, 1)],
    *[(f, [WIDE, NUMBER], 0) for f in (np.add, np.subtract, np.multiply, np.divide)],
    *[(f, [WIDE, ROW], 0) for f in (np.add, np.subtract, np.multiply, np.divide)],
    (np.multiply, [WIDE, NUMBER], 1),
    (np.multiply, [COLUMN, ROW], 0),
    (np.multiply, [COLUMN, ROW], 1),
    (np.matmul, [TALL, WIDE[:, :2]], 1),
    (np.matmul, [array(2, 3), WIDE], 0),
    (np.matmul, [array(3, 3), array(3, 3)], 0),
    (np.matmul, [array(3, 3), array(3, 3)], 1),
    (np.negative, [WIDE], 0),
    (np.transpose, [WIDE], 0),
    (lambda x: np.reshape(x, (4, 3)), [WIDE], 0),
    (copy, [WIDE], 0),
    (lambda x, v: write(x, v, indexes=[(1,)]), [WIDE, array(4)], 1),
    (lambda x, v: write_at(x, v, np.array([2, 0]), index=(ARRAY,)), [WIDE, array(2, 4)], 1),
]


@each("op, inputs, place", SOLVED)
def test_an_input_is_told_from_the_result_that_is_due(op: Any, inputs: list[np.ndarray], place: int) -> None:
    """With another array in its place the op makes what is due of that one."""
    part = op(*[tg.parameter(x) for x in inputs])
    wanted = [x * 1.5 + 0.1 if k == place else x for k, x in enumerate(inputs)]
    due = op(*[tg.parameter(x) for x in wanted]).value
    need = _solved(part, place, inputs, due)
    assert need is not None
    if inputs[place].size == 1:
        np.testing.assert_allclose(need, np.full(need.shape, wanted[place]), rtol=1e-10)
    else:
        np.testing.assert_allclose(need, wanted[place], rtol=1e-10)


@each(
    "op, inputs, place",
    [
        (np.tanh, [WIDE], 0),
        (np.matmul, [WIDE, TALL], 0),  # many answers
        (np.matmul, [WIDE, TALL], 1),
        (np.matmul, [WIDE, array(4)], 0),
        (np.sum, [WIDE], 0),
        (np.transpose, [array(2, 3, 4)], 0),
        (np.maximum, [WIDE, array(3, 4)], 0),
    ],
)
def test_where_there_is_no_one_answer_there_is_none(op: Any, inputs: list[np.ndarray], place: int) -> None:
    part = op(*[tg.parameter(x) for x in inputs])
    assert _solved(part, place, inputs, np.asarray(part.value)) is None


def test_of_a_reshape_with_another_number_of_elements_there_is_none() -> None:
    part = copy(tg.parameter(WIDE))
    assert _solved(part, 0, [WIDE], ROW) is None
    assert _solved(-tg.parameter(WIDE), 0, [WIDE], WIDE) == pytest.approx(-WIDE)


@each("value, there", [(array(4), True), (NUMBER, False), (array(1), False)])
def test_what_is_written_into_a_row_is_told_where_it_is_a_row(value: np.ndarray, there: bool) -> None:
    x, v = tg.parameter(WIDE), tg.parameter(value)
    part = write(x, v, indexes=[(1,)])
    due = part.value.copy()
    due[1] = array(4)
    run: Any = SimpleNamespace(made={x: x.value, v: v.value}, _written=SimpleNamespace(run=Written.run))
    needs = dict(StatementRun._needs_of(run, part, {part: due}))
    assert [*needs] == ([v] if there else []) and all(np.array_equal(need, due[1]) for need in needs.values())


class Run:
    """A run of a statement of some shape; ``"!"`` is one that departs, ``"?"`` one that reads wrong things, too."""

    def __init__(self, _: Any, node: Any, values: Any) -> None:
        self.node, self.shape = node, node.name.strip("!?")
        self.departs, self.reads_right = "!" in node.name, "?" not in node.name

    def with_due(self, node: Any, due: Any) -> Run:
        assert node is self.node and due is WIDE
        return self


@each(
    "runs, due",
    [
        ("a a! b! a!", "a! a!"),  # those whose parts correspond to those of the first that departs
        ("b a! b! a", "a!"),
        ("a!? a! a!?", "a!"),  # that read what is right, if there are such ones
        ("b!? a! b!", "b!"),
        ("a!? b! a!?", "a!? a!?"),
        ("a b", ""),
    ],
)
def test_the_runs_of_a_departure_are_those_that_are_alike(runs: str, due: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement, "StatementRun", Run)
    nodes = [tg.parameter(WIDE, name) * 2.0 for name in runs.split()]
    for node, name in zip(nodes, runs.split(), strict=True):
        node.name = name
    departure: Any = SimpleNamespace(right=dict.fromkeys(nodes, WIDE), values={})
    own = statement.runs_of(SimpleNamespace(statements={}), departure)  # type: ignore[arg-type]
    assert [run.node.name for run in own] == due.split()  # type: ignore[attr-defined]


def test_a_run_is_known_by_the_very_arrays_that_it_reads() -> None:
    x, y = tg.parameter(WIDE), tg.parameter(TALL)
    run: Any = SimpleNamespace(reads=[x, y], made={x: x._value, y: y._value})
    assert StatementRun.is_with(run, {}) is True and StatementRun.is_with(run, {y: y._value}) is True
    assert StatementRun.is_with(run, {y: y._value.copy()}) is False
