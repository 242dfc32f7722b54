"""A list or tuple of arrays is several inputs of every step; what takes it for time steps is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_same, each_backend
from tests.each import each

B, H = 3, 3
W = tg.parameter(np.linspace(-0.5, 0.5, H * H).reshape(H, H))
STEPS = [np.cos(np.arange(B * H) + k).reshape(B, H) for k in range(3)]
ZERO = np.zeros((B, H))


def pair(y: Any) -> Any:
    return y, y


AS_ONE_ARRAY: dict[str, Any] = {
    "a product": lambda x, h: pair(tg.tanh(x @ W + h)),
    "a product by numpy": lambda x, h: pair(np.tanh(np.dot(x, W) + h)),
    "a sum": lambda x, h: pair(tg.tanh(h @ W + x)),
    "an op": lambda x, h: pair(tg.tanh(x) + h),
    "numpy's function alone": lambda x, h: pair(np.tanh(x) + h @ W),
    "numpy's array": lambda x, h: pair(np.array(x) + h @ W),
    "a join": lambda x, h: pair(tg.concatenate([x, h]) @ W),
}
CELLS = [
    lambda: tg.cells.GRU(H, H, rng=0),
    lambda: tg.cells.Stack([tg.cells.GRU(H, H, rng=0)]),
    lambda: tg.cells.Residual(tg.cells.GRU(H, H, rng=0)),
    lambda: tg.cells.PhasedLSTM(H, H, rng=0),
]


@each("kind", [list, tuple])
@each("name", AS_ONE_ARRAY)
def test_a_function_that_takes_it_as_one_array(name: str, kind: Any) -> None:
    cell = AS_ONE_ARRAY[name]
    for call in (
        lambda xs: tg.unroll(cell, xs, ZERO),
        lambda xs: tg.Recurrent(cell)(xs, ZERO),
        tg.compile(lambda xs: tg.unroll(cell, xs, ZERO), backend="numpy"),
        lambda xs: tg.unroll(cell, xs, ZERO, lengths=[3, 2, 1]),
        lambda xs: tg.unroll(cell, xs, ZERO, truncate=2, window="sliding"),
    ):
        with pytest.raises(tg.GraphError):
            call(kind(STEPS))


def test_the_message_says_what_to_write() -> None:
    for name, problem in (
        ("a product", "a list of nodes came where an array"),
        ("numpy's array", "several inputs of every step"),
    ):
        with pytest.raises(tg.GraphError, match=rf"(?s){problem}.*test_steps_in_a_list.*np\.stack"):
            tg.unroll(AS_ONE_ARRAY[name], STEPS, ZERO)


@each("made", CELLS)
def test_a_cell_with_an_input_size(made: Any) -> None:
    cell = made()
    for call in (
        lambda xs: tg.unroll(cell, xs),
        lambda xs: tg.Recurrent(cell)(xs),
        tg.compile(lambda xs: tg.unroll(cell, xs)),
    ):
        with pytest.raises(tg.GraphError, match=r"(?s)a list means several input arrays.*np\.stack"):
            call(STEPS)


@each_backend
@each("kind", [list, tuple])
def test_inputs_side_by_side_are_taken_apart_by_the_cell(kind: Any, backend: str) -> None:
    def cell(inputs: Any, h: Any) -> Any:
        x, y, _ = inputs
        assert isinstance(inputs, kind) and len(inputs) == 3
        h = tg.tanh(x * y + inputs[2] @ W + h)
        return [h, *inputs], h

    def run(xs: Any) -> Any:
        outputs, h = tg.unroll(cell, xs, np.zeros(H))
        return outputs[0], h, tg.grad(tg.sum(h), [W, *xs])

    assert_same(run, kind(STEPS), backend=backend)
    h = np.zeros(H)
    for t in range(B):
        h = np.tanh(STEPS[0][t] * STEPS[1][t] + STEPS[2][t] @ W.value + h)
    np.testing.assert_allclose(tg.unroll(cell, kind(STEPS), np.zeros(H))[1].value, h, 1e-12)


def test_joined_they_are_steps() -> None:
    cell = AS_ONE_ARRAY["a product"]
    outputs, last = tg.unroll(cell, np.stack(STEPS), ZERO)
    h = ZERO
    for x, y in zip(STEPS, outputs.value, strict=True):
        h = np.tanh(x @ W.value + h)
        np.testing.assert_allclose(y, h, 1e-12)
    np.testing.assert_allclose(last.value, h, 1e-12)


def test_a_mask_may_be_a_list() -> None:
    cell = AS_ONE_ARRAY["a product"]
    masks = [[1, 1, 0], [1, 0, 0], [1, 1, 1]]
    one, other = (tg.unroll(cell, np.stack(STEPS), ZERO, mask=m)[0].value for m in (masks, np.array(masks, bool)))
    np.testing.assert_array_equal(one, other)
