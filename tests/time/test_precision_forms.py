"""Which cells and arrays the rule of dtypes is for: cells of users, one-hot numbers, class indices, named states."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.structure import leaves
from tinygraph.time.precision import in_dtype_of, in_dtypes_of

T, B, H = 4, 3, 3
F4, F8 = np.dtype(np.float32), np.dtype(np.float64)


class Cell:
    """A user's own: a dtype, a size and parameters where it has any."""

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)

    def __call__(self, x: Any, h: Any) -> Any:
        return x, h


def weights(*arrays: Any) -> Any:
    return lambda: [tg.parameter(np.ones(1))] * len(arrays)


CELLS: dict[str, tuple[Cell, bool]] = {
    "of float32 with weights": (Cell(dtype=np.float32, parameters=weights(1)), True),
    "named in words": (Cell(dtype="float32", parameters=weights(1)), True),
    "by named_state": (Cell(dtype=np.float32, named_state=weights(1), parameters=weights()), True),
    "of float32 alone": (Cell(dtype=np.float32), True),
    "without weights": (Cell(dtype=np.float32, parameters=weights()), False),
    "without weights by named_state": (Cell(dtype=np.float32, named_state=weights()), False),
    "without a dtype": (Cell(parameters=weights(1)), False),
    "with none": (Cell(dtype=None, parameters=weights(1)), False),
    "of integers": (Cell(dtype=np.int32, parameters=weights(1)), False),
    "of another library's dtype": (Cell(dtype="bfloat17", parameters=weights(1)), False),
    "of a dtype that is none": (Cell(dtype=[1, 2], parameters=weights(1)), False),
}


@each("name", CELLS)
def test_the_dtype_of_a_cell_with_weights_rules_its_inputs_and_states(name: str) -> None:
    cell, rules = CELLS[name]
    wide, narrow = np.ones((T, B, H)), np.ones((T, B, H), np.float32)
    for xs in (wide, tg.constant(wide), {"a": wide, "b": (narrow, wide)}):
        found = leaves(in_dtype_of(cell, xs))
        assert [x.dtype for x in found] == ([F4] * len(found) if rules else [x.dtype for x in leaves(xs)])
        assert rules or in_dtype_of(cell, xs) is xs
        for x in found:
            np.testing.assert_array_equal(getattr(x, "value", x), 1)
    assert in_dtype_of(cell, narrow) is narrow
    state, default = (tg.constant(np.ones(H)),), (tg.constant(np.zeros(H, np.float32)),)
    (got,) = in_dtypes_of(cell, state, default)
    assert got.dtype == (F4 if rules else F8) and got.value.tolist() == [1] * H
    assert in_dtypes_of(cell, default, default) is default


VECTORS: dict[str, tuple[Any, bool]] = {
    "float64": (np.ones((T, B, H)), True),
    "float16": (np.ones((T, H), np.float16), True),
    "one-hot integers": (np.ones((T, B, H), int), True),
    "one-hot small integers": (np.ones((T, B, H), np.uint8), True),
    "one-hot booleans": (np.ones((T, B, H), bool), True),
    "integers of two batch axes": (np.ones((T, B, 2, H), int), True),
    "class indices whose batch is as large as the input": (np.ones((T, H), int), False),
    "class indices of a single sequence": (np.ones(T, int), False),
    "class indices of another size": (np.ones((T, H, H + 1), int), False),
    "class indices in a node": (tg.constant(np.ones((T, H), int)), False),
}


@each("name", VECTORS)
def test_class_indices_stay_integers(name: str) -> None:
    xs, are_vectors = VECTORS[name]
    found = in_dtype_of(Cell(dtype=np.float32, input_size=H, parameters=weights(1)), xs)
    assert found.dtype == (F4 if are_vectors else xs.dtype) and found.shape == xs.shape


class Pair(NamedTuple):
    h: Any
    n: Any


def constant(dtype: Any, *shape: int) -> tg.Node:
    return tg.constant(np.ones(shape or (H,), dtype))


def test_states_keep_their_nesting_and_numbers_that_count_their_kind() -> None:
    cell = Cell(dtype=np.float32, parameters=weights(1))
    default = {"a": Pair(constant("f4"), constant("i4")), "b": [constant("f4"), (constant("f8"),)], "c": None}
    state = {"b": [constant("f8"), (constant("f4"),)], "a": Pair(constant("f2"), constant("i8")), "c": constant("f8")}
    found = in_dtypes_of(cell, state, default)
    assert list(found) == list(state) and type(found["a"]) is Pair and type(found["b"]) is list
    assert type(found["b"][1]) is tuple
    assert [found["a"].h.dtype, found["a"].n.dtype] == [F4, np.int64]
    assert [found["b"][0].dtype, found["b"][1][0].dtype, found["c"].dtype] == [F4, F8, F8]


W = tg.parameter(np.float64(0.5))


def several(x: Any, state: Any) -> Any:
    a, b = state
    return x, (a * 1.0, b * W)


@each("numbers", [(0.0, 0.0), (0, 0), (True, 0.5), (np.zeros(H, np.float32), 0.25)])
def test_of_several_numbers_those_widen_that_have_to(numbers: Any) -> None:
    """The inputs are float32, and so is a number beside them; the weight that widens the second is float64."""
    xs = np.ones((T, H), np.float32)
    _, (a, b) = tg.unroll(several, xs, numbers)
    assert b.dtype == F8 and b.value == pytest.approx(float(numbers[1]) * 0.5**T)
    np.testing.assert_array_equal(a.value, np.float32(numbers[0]) * np.ones(np.shape(numbers[0]), np.float32))


@each("state", [(0.0, np.zeros(H, np.float32)), (np.float32(0), np.float32(0))])
def test_arrays_do_not_widen(state: Any) -> None:
    with pytest.raises(tg.GraphError, match=r"state\[1\] changes its dtype at the first step"):
        tg.unroll(several, np.ones((T, H), np.float32), state)


def test_a_number_that_would_narrow_is_refused() -> None:
    def narrowing(x: Any, h: Any) -> Any:
        return x, h.astype(np.float16)

    with pytest.raises(tg.GraphError, match="state changes its dtype"):
        tg.unroll(narrowing, np.ones((T, H), np.float32), 0.5)
