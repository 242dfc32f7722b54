"""Many values of a node at once come to what each comes to alone, whatever the op, and whichever inputs vary."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import prospects
from tinygraph.check.audit.prospects import Outlook, _aligned, alike
from tinygraph.ops.writing import copy, write

rng = np.random.default_rng(8)


class Reversed(tg.Op):
    """An op of the user's, of which nobody knows what it does along another axis."""

    def forward(self, x: Any, y: Any) -> Any:
        return np.asarray(x)[::-1] * float(np.max(y))

    def backward(self, gz: Any, z: Any, x: Any, y: Any) -> Any:
        return gz[::-1], None


TALL, WIDE, SQUARE, ROW, VECTOR, NUMBER = (rng.normal(size=s) for s in ((4, 3), (3, 5), (3, 3), (1, 3), (3,), ()))
OPS: list[tuple[Any, list[np.ndarray]]] = [
    (lambda a, b: a + b, [TALL, VECTOR]),
    (lambda a, b: a * b, [VECTOR, TALL]),
    (lambda a, b: a - b, [TALL, NUMBER]),
    (lambda a, b: a / b, [SQUARE, ROW]),
    (lambda a, b: a @ b, [TALL, WIDE]),
    (lambda a, b: a @ b, [TALL, VECTOR]),
    (lambda a, b: a @ b, [VECTOR, WIDE]),
    (lambda a, b: a @ b, [VECTOR, VECTOR]),
    (lambda a, b: np.concatenate([a, b], 0), [TALL, ROW]),
    (lambda a, b: np.stack([a, b], 1), [VECTOR, VECTOR + 1]),
    (lambda a, b: write(a, b, indexes=[(1,)]), [TALL, VECTOR]),
    (lambda a, b: Reversed()(a, b), [VECTOR, SQUARE]),
    (tg.squared_error, [TALL, TALL + 1]),  # which does not broadcast its first
    (lambda a: np.tanh(a), [TALL]),
    (lambda a: np.sum(a, 0), [TALL]),
    (lambda a: np.transpose(a), [WIDE]),
    (lambda a: np.reshape(a, (6, 2)), [TALL]),
    (lambda a: a[1], [TALL]),
    (lambda a: copy(a), [TALL]),
]


@each("make, inputs", OPS)
def test_rows_come_to_what_each_comes_to(make: Any, inputs: list[np.ndarray]) -> None:
    node = make(*[tg.parameter(x) for x in inputs])
    outlook: Any = SimpleNamespace(_present=SimpleNamespace(value=lambda x: x.value))
    places = range(len(inputs))
    for varying in ([k] for k in places) if len(inputs) == 1 else ([0], [1], [0, 1]):
        stacks = {node.inputs[k]: rng.normal(size=(6, *inputs[k].shape)) for k in varying}
        own = Outlook._run(outlook, node, stacks)
        for row in range(6):
            values = [stacks[x][row] if x in stacks else x.value for x in node.inputs]
            due = node.op.forward(*values, **node.attributes)
            np.testing.assert_allclose(own[row], due, rtol=1e-12, err_msg=f"{varying}, row {row}")
        assert len(own) == 6


def test_a_stack_gets_axes_between_its_rows_and_their_own() -> None:
    stack = rng.normal(size=(6, 3))
    assert _aligned(stack, 1) is stack and _aligned(stack, 3).shape == (6, 1, 1, 3)
    np.testing.assert_array_equal(_aligned(stack, 2)[:, 0], stack)


def test_which_rows_are_an_array() -> None:
    stack = np.array([TALL, TALL + 1, TALL * (1 + 1e-10), TALL + 1e-6, -TALL, TALL * np.nan])
    assert alike(stack, TALL).tolist() == [True, False, True, False, False, False]
    assert alike(stack, TALL.T).tolist() == [False] * 6 and alike(stack[:, :0], TALL[:0]).tolist() == [True] * 6
    zeros = np.zeros((4, 3))
    assert alike(np.array([zeros, zeros + 1e-200]), zeros).tolist() == [True, False]
    one = np.array([[2.0, 1e6], [2.001, 1e6]])  # by the largest number of the array
    assert alike(one, one[0]).tolist() == [True, True] and alike(one, one[0] * 1e-6 + [0, 1]).tolist() == [False, False]


def test_the_first_few_readers_are_asked_and_those_that_change_themselves_do_not_count() -> None:
    x = tg.parameter(TALL)
    readers = [x * k for k in range(7)]
    outlook: Any = SimpleNamespace(_written=SimpleNamespace(readers=lambda node: readers))
    rows, changes = np.arange(2), {readers[1]: np.array([False, True]), readers[6]: np.array([True, True])}
    asked = {r: on.tolist() for r, on in Outlook.over_readers(outlook, x, rows, changes)}
    yes, row = [True, True], [True, False]
    assert asked == {readers[0]: yes, readers[1]: row, readers[2]: yes, readers[3]: yes, readers[4]: [False, True]}


@each("size, count, due", [(6, 5, [2, 2, 1]), (20, 3, [1, 1, 1]), (2, 5, [5]), (6, 0, [])])
def test_so_many_rows_at_once_as_fit_into_memory(size: int, count: int, due: list[int], monkeypatch: Any) -> None:
    monkeypatch.setattr(prospects, "AT_ONCE", 12)
    nodes = [tg.parameter(np.ones(n)) for n in (1, size)]
    outlook: Any = SimpleNamespace(_written=SimpleNamespace(after=lambda _: nodes), _sets={})
    parts = Outlook.parts(outlook, range(count))
    assert [len(part) for part in parts] == due and [k for part in parts for k in part] == [*range(count)]


def test_readers_of_the_first_and_the_last_node_are_asked_and_a_result_that_comes_right_speaks_for_all() -> None:
    nodes = [tg.parameter(np.ones(2)) for _ in range(3)]
    result, reader = tg.parameter(np.ones(2)), tg.parameter(np.ones(2))
    stacks = {x: np.full((5, 2), float(k)) for k, x in enumerate((*nodes, result))}
    seen, place = list[tuple[int, list[int]]](), {x: k for k, x in enumerate(nodes)}

    def asks(r: Any, values: Any, rows: Any, changes: Any, depth: int) -> Any:
        ((x, due),) = values.items()
        assert r is reader and (due == stacks[x][rows]).all() and depth == prospects.DEPTH
        seen.append((place[x], rows.tolist()))
        return rows != 3  # of that row what it makes is not right

    outlook: Any = SimpleNamespace(_rights=range(5), _dues=stacks, asks=asks)
    outlook._changes = {result: np.array([True, True, False, False, True])}
    outlook._written = SimpleNamespace(
        is_result=lambda x: x is result,
        holding=lambda stack: np.array([True, False, True, False])[: len(stack)],
    )
    outlook.over_readers = lambda x, rows, _: [(reader, rows >= 0)] * (x is not result and len(rows) > 0)
    changed = {0: [nodes[0], result], 1: nodes, 2: nodes[1:2], 3: nodes[:2]}
    assert Outlook.asking(outlook, changed) == {0: 2 * prospects.MOST_READERS, 1: 2, 2: 1, 3: 0}
    assert seen == [(0, [0, 1, 3]), (1, [2, 3]), (2, [1])]
    assert Outlook.asking(outlook, {}) == {}
