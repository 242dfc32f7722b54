"""A list as inputs is refused for every cell; a tuple or dict is several inputs of every step, never steps."""

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
TAKEN_APART: dict[str, Any] = {
    "indexed": lambda x, h: pair(x[0] * 10 + x[1] + h),
    "unpacked": lambda x, h: pair((lambda a, b, c: a + b * c)(*x) + h),
    "summed": lambda x, h: pair(sum(x) + h),
    "stacked": lambda x, h: pair(np.stack(x) + h),
}
CELLS = [
    lambda: tg.cells.GRU(H, H, rng=0),
    lambda: tg.cells.Stack([tg.cells.GRU(H, H, rng=0)]),
    lambda: tg.cells.Residual(tg.cells.GRU(H, H, rng=0)),
    lambda: tg.cells.PhasedLSTM(H, H, rng=0),
]


def calls(cell: Any, **settings: Any) -> list[Any]:
    return [
        lambda xs: tg.unroll(cell, xs, **settings),
        lambda xs: tg.Recurrent(cell)(xs, **settings),
        tg.compile(lambda xs: tg.unroll(cell, xs, **settings), backend="numpy"),
        lambda xs: tg.unroll(cell, xs, lengths=[3, 2, 1], **settings),
        lambda xs: tg.unroll(cell, xs, truncate=2, window="sliding", **settings),
        lambda xs: tg.unroll(cell, xs, feedback=lambda y: y, **settings),
        lambda xs: tg.Recurrent(cell)(xs, feedback=tg.Feedback(lambda y: y, 0.5), **settings),
    ]


@each("cell", [*AS_ONE_ARRAY.values(), *TAKEN_APART.values(), *CELLS])
def test_a_list_is_refused_for_every_cell(cell: Any) -> None:
    each_call = calls(cell, state=ZERO) if cell not in CELLS else calls(cell())
    steps = [STEPS, (STEPS, STEPS[0]), {"a": STEPS}, [[[1.0] * H] * B] * 3, [tg.constant(x) for x in STEPS], []]
    for call in each_call:
        for xs in steps:
            with pytest.raises(tg.GraphError, match=r"(?s)a list as inputs.*np\.stack\(list\).*tuple\(list\)"):
                call(xs)


@each("name", AS_ONE_ARRAY)
def test_a_function_that_takes_a_tuple_as_one_array(name: str) -> None:
    for call in calls(AS_ONE_ARRAY[name], state=ZERO)[:5]:
        with pytest.raises(tg.GraphError):
            call(tuple(STEPS))


def test_the_message_says_what_to_write() -> None:
    for name, problem in (
        ("a product", "a list of nodes came where an array"),
        ("numpy's array", "several inputs of every step"),
    ):
        with pytest.raises(tg.GraphError, match=rf"(?s){problem}.*test_steps_in_a_list.*np\.stack"):
            tg.unroll(AS_ONE_ARRAY[name], tuple(STEPS), ZERO)
    with pytest.raises(tg.GraphError, match=r"(?s)a list of 3; .*test_steps_in_a_list"):
        tg.Recurrent(TAKEN_APART["indexed"])(STEPS, ZERO)


@each_backend
def test_inputs_side_by_side_are_taken_apart_by_the_cell(backend: str) -> None:
    def cell(inputs: Any, h: Any) -> Any:
        x, y, _ = inputs
        assert isinstance(inputs, tuple) and len(inputs) == 3
        h = tg.tanh(x * y + inputs[2] @ W + h)
        return [h, *inputs], h

    def run(xs: Any) -> Any:
        outputs, h = tg.unroll(cell, xs, np.zeros(H))
        return outputs[0], h, tg.grad(tg.sum(h), [W, *xs])

    assert_same(run, tuple(STEPS), backend=backend)
    h = np.zeros(H)
    for t in range(B):
        h = np.tanh(STEPS[0][t] * STEPS[1][t] + STEPS[2][t] @ W.value + h)
    np.testing.assert_allclose(tg.unroll(cell, tuple(STEPS), np.zeros(H))[1].value, h, 1e-12)


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
