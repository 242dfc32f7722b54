"""Slices move in front of element-wise ops where nothing is computed twice."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.passes import PushSlices

from .graphs import assert_same_numbers, ops_of, ops_within, run, trace

X, ROW = np.random.default_rng(0).normal(size=(3, 8)), np.random.default_rng(1).normal(size=8)


def pushed(fn, *args):
    graph, made = trace(fn, *args), PushSlices()
    results = run(made, graph.results)
    assert_same_numbers(graph, results, 1e-15)
    return made.changed, ops_of(results)


def test_gates_are_taken_from_the_parts_of_a_sum():
    changed, ops = pushed(lambda x, b: [tg.tanh(g) for g in tg.split(x * 2.0 + b, 2, axis=1)], X, ROW)
    assert changed and ops == sorted(["add", "getitem", "getitem", "multiply", "tanh"] * 2)


def test_slices_are_pushed_beside_a_loop_and_within_it():
    def gates(x, b):
        return tg.sum(tg.stack([tg.tanh(g) for g in tg.split(x * 2.0 + b, 2, axis=-1)]), axis=0)

    def fn(x, b):
        before = gates(x, b)
        inside = tg.unroll(lambda x, h: (gates(x, b) + h, h * 0.5), x, np.ones(4))[0]
        return before, gates(tg.concatenate([inside, before], axis=1), b)

    graph = trace(fn, X, ROW)
    results = run(PushSlices(), graph.results)
    assert_same_numbers(graph, results, 1e-15)
    assert ops_within(results).count("multiply") == 2 + 1 and ops_of(results).count("tanh") == 4
    assert ops_of(results).count("multiply") == 4


@pytest.mark.parametrize(
    "fn",
    [
        lambda x: (lambda z: [z[:, :4], z[:, 4:], z])(tg.exp(x)),
        lambda x: (lambda z: z[:, :5] + z[:, 3:])(tg.exp(x)),
        lambda x: tg.split(x, 2, axis=1),
        lambda x: tg.split(tg.softmax(x), 2, axis=1),
        lambda x: tg.exp(x)[1],
    ],
    ids=["read whole", "read twice", "an argument", "not element-wise", "an axis taken away"],
)
def test_what_stays(fn):
    assert not pushed(fn, X)[0]


@pytest.mark.parametrize("index", [np.s_[1:, ::2], np.s_[::-1], np.s_[:2, 4:], np.s_[0:1]], ids=str)
@pytest.mark.parametrize(
    "other", [np.ones((3, 1)), np.ones((1, 8)), np.ones(8), np.ones(()), np.ones((3, 8))], ids=lambda a: str(a.shape)
)
def test_operands_that_are_broadcast(index, other):
    assert pushed(lambda x, y: (x * (y + 1.0))[index], X, other)[0]


def test_what_is_broadcast_before_it_is_sliced_is_computed_once():
    """exp of a row that all rows of the sum read: sliced along the rows it would be computed for each slice."""
    changed, ops = pushed(lambda x, b: (lambda z: [z[:1], z[1:]])(x + tg.exp(b)), X, ROW)
    assert changed and ops.count("exp") == 1
