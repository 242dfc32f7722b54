"""The dtype of states in any nesting: that of the cell's weights, where it has weights."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each

from .test_precision import XS, B, H, T, compiled


class Shaped:
    """A cell that begins with states in a nesting of its own: h' = (h + x) / 2 in each of them."""

    dtype = np.dtype(np.float32)

    def __init__(self, nest: Any, weights: Any = None, dtype: Any = np.float32) -> None:
        self.nest, self.dtype = nest, dtype
        if weights is not None:
            self.parameters = lambda: weights

    def initial_state(self, batch_size: Any = None) -> Any:
        return self.nest(np.zeros((H,) if batch_size is None else (batch_size, H), self.dtype))

    def __call__(self, x: Any, state: Any) -> Any:
        leaves = [h * 0.5 + x * 0.5 for h in tg.core.structure.leaves(state)]
        parts = iter(leaves)
        return leaves[0], tg.core.structure.map_leaves(lambda _: next(parts), state)


class Pair(NamedTuple):
    h: Any
    c: Any


NESTS = {
    "array": lambda h: h,
    "tuple": lambda h: (h, h),
    "list": lambda h: [h, h],
    "dict": lambda h: {"h": h, "c": h},
    "named tuple": lambda h: Pair(h, h),
    "dict of lists": lambda h: {"layers": [h, (h, [h])]},
    "one in a list": lambda h: [h],
}


@each_backend
@each("name", NESTS)
def test_a_state_has_the_dtype_of_the_weights_in_any_nesting(name: str, backend: str) -> None:
    nest = NESTS[name]
    cell, start = Shaped(nest), nest(np.ones((B, H)))
    for state in (tg.unroll(cell, XS, start)[1], compiled(lambda s: tg.unroll(cell, XS, s)[1], backend, start)):
        kinds = tg.core.structure.map_leaves(lambda s: s.dtype.name, state)
        right = tg.core.structure.map_leaves(lambda _: "float32", start)
        assert kinds == right and type(kinds) is type(right)


@each("cell", [Shaped(NESTS["array"], {}), Shaped(NESTS["array"], dtype=np.int64), Shaped(NESTS["array"], dtype="?!")])
def test_a_cell_whose_dtype_is_not_that_of_weights_leaves_states_and_inputs_alone(cell: Any) -> None:
    cell.initial_state = lambda batch_size=None: np.zeros((batch_size, H), np.float32)
    outputs, state = tg.unroll(cell, XS.astype(np.float64), np.ones((B, H)))
    assert outputs.dtype == state.dtype == np.float64
    with pytest.raises(tg.GraphError, match="float32, as before"):
        tg.unroll(cell, XS.astype(np.float64))


@each_backend
@each("shape", [(T,), (T, B), (T, H), (T, B, 2)])
def test_class_indices_stay_integers_whatever_the_size_of_the_batch(shape: Any, backend: str) -> None:
    class Table:
        input_size, dtype = H, np.float32
        table = np.arange(H * H, dtype=np.float32).reshape(H, H)

        def __call__(self, x: Any, state: Any) -> Any:
            assert x.dtype.kind == "i"
            x = x[..., 0] if x.shape[-1:] == (2,) and x.ndim == 2 else x
            h = tg.take(tg.constant(self.table), x, axis=0) + state
            return h, h

    labels = np.arange(np.prod(shape)).reshape(shape) % H
    start = np.zeros((*shape[1:2], H), np.float32)
    right = np.cumsum(Table.table[labels[..., 0] if len(shape) == 3 else labels], axis=0, dtype=np.float32)
    cell = Table()
    np.testing.assert_array_equal(tg.unroll(cell, labels, start)[0].value, right)
    np.testing.assert_array_equal(compiled(lambda x: tg.unroll(cell, x, start)[0], backend, labels), right)


@each_backend
@each("hot", [np.eye(H, dtype=k)[np.arange(T * B).reshape(T, B) % H] for k in (bool, np.int64, np.uint8)])
def test_one_hot_vectors_of_any_kind_take_the_dtype_of_the_weights(hot: Any, backend: str) -> None:
    cell = Shaped(NESTS["array"])
    cell.input_size = H  # type: ignore[attr-defined]
    right = tg.unroll(cell, hot.astype(np.float32))[0].value
    for y in (tg.unroll(cell, hot)[0].value, compiled(lambda x: tg.unroll(cell, x)[0], backend, hot)):
        assert y.dtype == np.float32
        np.testing.assert_array_equal(y, right)
