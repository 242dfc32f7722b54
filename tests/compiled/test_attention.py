"""Stacks of products: a cell that looks back at a memory runs in native code as a whole."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.plan.actions import Call, Repeat

from .comparing import assert_same, each_backend, needs_native

RANDOM = np.random.default_rng(3)
W, U = (tg.parameter(RANDOM.normal(size=shape) / 3) for shape in ((8, 8), (16, 8)))


def attention(xs, memory):
    def cell(x, h):
        weights = tg.softmax(tg.einsum("bh,bsh->bs", h @ W, memory), axis=-1)
        read = tg.einsum("bs,bsh->bh", weights, memory)
        h = tg.tanh(x + tg.concatenate([h, read], axis=1) @ U)
        return h, h

    outputs, _ = tg.unroll(cell, xs, np.zeros((xs.shape[1], 8)))
    loss = tg.sum(tg.square(outputs))
    return loss, tg.grad(loss, [W, U, memory, xs])


def flat(actions):
    for action in actions:
        yield action
        if isinstance(action, Repeat):
            yield from flat(action.actions)


@each_backend
@pytest.mark.parametrize("T, B, S", [(5, 4, 6), (1, 1, 3), (3, 2, 1)])
def test_attention_over_a_memory(T, B, S, backend):
    assert_same(attention, RANDOM.normal(size=(T, B, 8)), RANDOM.normal(size=(B, S, 8)), backend=backend)


@needs_native
def test_nothing_of_it_is_left_to_numpy():
    compiled = tg.compile(attention, backend="native")
    compiled(RANDOM.normal(size=(5, 4, 8)), RANDOM.normal(size=(4, 6, 8)))
    assert not [a for a in flat(compiled.plan.actions) if isinstance(a, Call)]


@each_backend
@pytest.mark.parametrize(
    "left, right",
    [
        ((2, 3, 4), (2, 4, 5)),
        ((3, 4), (2, 4, 5)),
        ((2, 1, 3, 4), (5, 4, 1)),
        ((1, 3, 4), (6, 4, 2)),
        ((2, 3, 3, 4), (2, 3, 4, 2)),
    ],
)
def test_stacks_of_products(left, right, backend):
    def fn(a, b):
        z = a @ b
        turned = np.swapaxes(b, -1, -2) @ np.swapaxes(a, -1, -2)
        return z, turned, tg.grad(tg.sum(z * z), [a, b])

    assert_same(fn, RANDOM.normal(size=left), RANDOM.normal(size=right), backend=backend)
