"""What changes between two looks, or at the second trial, and the words for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each
from tinygraph.outside import door, watch

X = np.array([1.0, 2.0])


@each_backend
@each("calls", [1, 3, 5, 6])
def test_a_parameter_that_a_node_of_before_was_made_of_is_looked_at_at_each_call(calls: int, backend: str) -> None:
    p = tg.parameter(X)
    y = p * 2.0
    f = tg.compile(lambda x: x * y, backend=backend)
    for _ in range(calls):
        np.testing.assert_array_equal(f(X), X * 2 * X)
    p.value = X + 1.0
    with pytest.raises(tg.GraphError, match=r"was set after a node(?s:.*)compute the node inside of the function"):
        f(X)


def test_of_several_such_nodes_the_first_tells() -> None:
    p = tg.parameter(X)
    before = p * 2.0
    p.value = X + 1.0
    after = p * 3.0
    with pytest.raises(tg.GraphError, match="was set after a node"):
        tg.compile(lambda x: x * before * after)(X)
    np.testing.assert_array_equal(tg.compile(lambda x: x * after)(X), X * 3 * (X + 1))


def test_a_function_that_raises_when_it_is_traced_again_is_refused_for_what_it_changes() -> None:
    count = [0]

    def fn(x: Any) -> Any:
        count[0] += 1
        if count[0] == 2:
            raise RuntimeError("the second time")
        return x * count[0]

    with pytest.raises(tg.GraphError, match=r"the function changes count\[0\]"):
        tg.compile(fn)(X)


@each("count", [1, 4, 5, 6, 9])
def test_five_of_the_things_that_are_changed_are_told(count: int) -> None:
    words = [f"w{k}" for k in range(count)]
    text = str(watch._writing([*words, words[0]]))
    assert f"changes {', '.join(words[:5])}{f' and {count - 5} more' * (count > 5)}, on which" in text


def test_the_words_for_what_has_changed() -> None:
    assert "what is read by `a` that" in str(watch._stale([], [], {"b", "a"}))
    assert str(watch._stale([], [], {watch.HIDDEN, "a"})).startswith(f"compile: {watch.HIDDEN} that")
    assert str(watch._stale([], ["self.h", "b"], {watch.HIDDEN})).startswith("compile: self.h that")


ROWS = np.arange(4.0).reshape(2, 2)
SAME: list[tuple[Any, Any, bool]] = [
    (ROWS, ROWS.copy(), True),
    (ROWS, ROWS.reshape(4), False),
    (np.zeros(2), np.zeros(2, np.int64), False),
    (np.zeros((2, 2)), np.zeros((2, 2), np.int64), False),
    (ROWS, ROWS.T, False),
    (np.array([np.nan, 0.0]), np.array([np.nan, 0.0]), True),
    (np.array([0.0]), np.array([-0.0]), False),
    (np.zeros(0), np.zeros((0, 2)), False),
]


@each("pair", SAME)
def test_arrays_are_the_same_if_shape_dtype_and_bytes_are(pair: Any) -> None:
    a, b, same = pair
    assert door.same_bytes(a, b) is door.same_bytes(b, a) is door.same_bytes(a, b, exactly=True) is same


def test_lists_whose_numbers_take_another_form_have_changed() -> None:
    for rows, other in (([[1, 2], [3, 4]], [1, 2, 3, 4]), ([0, 0], [0.0, 0.0]), ([1, 2], [1, [2, 3]])):
        entered = door.Entered(rows, np.asarray(rows), (__file__, 1))
        assert not entered.has_changed() and not entered.is_gone()
        rows[:] = other  # type: ignore[assignment]
        assert entered.has_changed()


def test_memory_is_read_by_its_view_while_it_is_there() -> None:
    array = np.arange(100.0)
    entered = door.Entered(array[90:], array[90:].copy(), (__file__, 1))
    assert not entered.has_changed()
    array[95] = -1.0
    assert entered.has_changed()
    del array
    assert entered.is_gone() and not entered.has_changed()
