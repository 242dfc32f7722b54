"""The heart at its borders: what is just long enough, empty, of no input, or another's."""

from __future__ import annotations

import copy
import linecache
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.errors import LONGEST_LINE, line_at
from tinygraph.core.markup import MOST, table
from tinygraph.core.structure import ordered_as

X, H = np.ones((1, 2)), np.ones((1, 3))
STATES: dict[str, Callable[[], Any]] = {
    "cannot unpack non-iterable int object": lambda: tg.cells.LSTM(2, 3)(X, 5),
    "not enough values to unpack": lambda: tg.cells.LSTM(2, 3)(X, H),
    "too many values to unpack": lambda: tg.cells.LSTM(2, 3)(X, (H, H, H)),
    "cannot unpack non-iterable NoneType object": lambda: tg.cells.LSTM(2, 3)(X, None),
    "missing 1 required positional argument: 'state'": lambda: tg.cells.LSTM(2, 3)(X),
    "'tuple' object has no attribute": lambda: tg.cells.GRU(2, 3)(X, (H, H)),
}


@each("problem", STATES)
def test_a_cell_that_is_called_without_its_state_says_what_calls_it(problem: str) -> None:
    with pytest.raises(tg.GraphError, match=problem) as error:
        STATES[problem]()
    assert "  fix       outputs, state = tg.unroll(cell, xs)" in str(error.value)


def test_another_error_of_a_cell_offers_no_state() -> None:
    with pytest.raises(tg.GraphError, match="takes 2 positional arguments but 3 were given") as error:
        tg.Linear(2, 3)(X, X)
    assert "tg.unroll" not in str(error.value)


def test_an_error_without_words_is_called_by_its_type() -> None:
    ours = compile("def fail(x):\n    raise ValueError", tg.__file__, "exec")
    space: dict[str, Any] = {}
    exec(ours, space)
    with pytest.raises(tg.GraphError, match=r"^fail: ValueError\n  got       3$"):
        tg.core.errors.refusing(space["fail"])(3)


def test_a_line_is_cut_from_its_first_letter_too_many_on() -> None:
    for length, told in ((LONGEST_LINE, "x" * LONGEST_LINE), (LONGEST_LINE + 1, "x" * (LONGEST_LINE - 4) + " ...")):
        linecache.cache["long.py"] = (1, None, ["x" * length], "long.py")
        assert line_at("long.py", 1) == f"long.py:1: {told}"
    del linecache.cache["long.py"]


def test_a_table_of_just_as_many_rows_says_nothing_of_more() -> None:
    for count, told in ((MOST, False), (MOST + 1, True)):
        text = table(("a",), [(f"row {k}",) for k in range(count)])
        assert ("and 1 more" in text, "more" in text) == (told, told) and text.count("row ") == MOST


def test_an_error_in_a_thread_of_the_library_alone_is_told() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(tg.MutationError, match="value of constant was set"):
        pool.submit(setattr, tg.constant(2.0), "value", 3.0).result()


def test_the_gradient_of_a_node_that_is_no_parameter_may_be_asked_for_and_set_in_a_trace() -> None:
    c = tg.constant(1.0)

    def fn(x: Any) -> Any:
        c.grad = np.full((), 5.0)
        return x * (2.0 if c.grad == 5.0 else 3.0)

    np.testing.assert_array_equal(tg.compile(fn, backend="numpy")(np.ones(2)), [2.0, 2.0])


def test_a_node_in_a_text_without_a_format_is_its_repr() -> None:
    for node in (tg.parameter(np.ones(3)), tg.constant(2.0)):
        assert f"{node}" == repr(node)
    assert f"{tg.constant(2.0):.2f}" == f"{tg.constant([2.0]):.2f}" == "2.00"


def test_a_parameter_that_is_copied_where_arrays_are_recorded_is_another_parameter() -> None:
    w = tg.parameter(np.ones(3))
    twin = tg.recorded(copy.deepcopy)(w)
    assert type(twin) is type(w) and twin is not w
    np.testing.assert_array_equal(twin.value, w.value)


class Ones(tg.Op):
    """Of no input and without settings."""

    def forward(self) -> Any:
        return np.ones(3)

    def backward(self, gz: Any, z: Any) -> Any:
        return ()


class Times(tg.Op):
    """z = n x, with n the number of parts."""

    factors = (1.0,)

    def forward(self, x: Any, parts: Any = ()) -> Any:
        return x * len(parts) * self.factors[0]

    def backward(self, gz: Any, z: Any, x: Any, parts: Any = ()) -> Any:
        return gz * len(parts) * self.factors[0]


times = Times()


def test_an_op_of_no_input_and_no_setting_is_computed() -> None:
    assert Ones()().value.tolist() == [1.0] * 3
    assert tg.compile(lambda x: x + Ones()(), backend="numpy")(np.ones(3)).tolist() == [2.0] * 3


def test_a_setting_that_holds_itself_is_copied_to_an_end() -> None:
    parts: list[Any] = [1.0]
    parts.append(parts)
    z = times(np.ones(2), parts=parts)
    parts.append(2.0)
    assert z.value.tolist() == [2.0, 2.0] and tg.grad(tg.sum(z), z).value.tolist() == [1.0, 1.0]


def test_a_copy_of_an_op_is_another_one_unless_it_is_the_librarys_by_its_name() -> None:
    twin = copy.deepcopy(times)
    twin.factors = (5.0,)
    assert twin is not times and twin(1.0, parts=[0]).value == 5.0 and times(1.0, parts=[0]).value == 1.0
    assert copy.deepcopy(tg.add) is tg.add and copy.copy(tg.exp) is tg.exp
    other: Any = copy.deepcopy(type(tg.exp)())
    assert type(other) is type(tg.exp) and other is not tg.exp and other(0.0).value == 1.0


@each("structure, like", [((1, 2), {"a": 1}), ([3], {"a": 1}), ({"a": 1}, (1,)), ({"a": 1}, [2]), (4, {"a": 1})])
def test_an_order_of_keys_is_taken_from_a_dict_alone(structure: Any, like: Any) -> None:
    assert ordered_as(structure, like) is structure
