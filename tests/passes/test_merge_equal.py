"""Equal nodes become one, and what only looks equal does not."""

import numpy as np

import tinygraph as tg
from tinygraph.passes import MergeEqual

from .graphs import assert_same_numbers, ops_of, ops_within, run, trace

X = np.random.default_rng(0).normal(size=(3, 2))


class Weighted(tg.Op):
    """z = x times the sum of an array that is a setting"""

    def forward(self, x, kernel=None):
        return x * kernel.sum()


def merged(fn, *args):
    graph = trace(fn, *args)
    made = MergeEqual()
    results = run(made, graph.results)
    assert_same_numbers(graph, results)
    return made, results


def test_the_same_op_of_the_same_inputs():
    made, results = merged(lambda x: tg.exp(x * 2.0) + tg.exp(x * 2.0), X)
    assert made.changed and ops_of(results) == ["add", "exp", "multiply"]


def test_across_several_results():
    _, results = merged(lambda x: (tg.tanh(x), tg.tanh(x)), X)
    assert results[0] is results[1]


def test_two_states_of_one_shape_are_two():
    w = tg.parameter(np.eye(2))

    def last_of_two(a, b):
        return tg.unroll(lambda x, s: (s[0] @ w - s[1] @ w, (s[0] + x, s[1] * x)), np.ones((2, 2)), (a, b))[0]

    for backend in ("numpy", "native"):
        found = tg.compile(last_of_two, backend)(np.ones(2), np.full(2, 5.0))
        np.testing.assert_array_equal(found, [[-4.0, -4.0], [-3.0, -3.0]])


def test_settings_and_order_of_inputs_count():
    made, results = merged(lambda x: (tg.sum(x, axis=0), tg.sum(x, axis=1), x - 1.0, 1.0 - x, x[0], x[1]), X)
    assert not made.changed and len(ops_of(results)) == 6


def test_dtype_and_shape_of_constants_count():
    made, _ = merged(lambda x: (x * np.float32(2), x * np.float64(2), x * np.full((1,), 2.0), x * 0.0, x * -0.0), X)
    assert not made.changed


def test_settings_that_are_large_arrays():
    weighted, one, other = Weighted(), np.zeros(5000), np.zeros(5000)
    one[2500], other[2500] = 1, 7
    made, _ = merged(lambda x: (weighted(x, kernel=one), weighted(x, kernel=other)), X)
    assert not made.changed


def test_within_a_cell_and_not_across_its_border():
    def fn(xs):
        outside = tg.tanh(xs)
        return tg.unroll(lambda x, h: (tg.exp(h) + tg.exp(h), tg.tanh(x) * h + tg.tanh(x)), xs, np.ones(2))[0], outside

    _, results = merged(fn, X)
    assert ops_within(results).count("exp") == ops_within(results).count("tanh") == 1 and "tanh" in ops_of(results)


def test_one_input_given_twice_becomes_one_slot():
    _, results = merged(lambda xs: tg.unroll(lambda x, s: (x[0] * x[1], None), (xs, xs))[0], X)
    (over,) = [n for n in results[0].inputs if n.op.name == "loop"]
    assert len(over.attributes["body"].slices) == 1


def test_constants_of_the_same_bytes_and_another_dtype_are_two():
    """The bytes of an integer 0 are those of 0.0."""
    made, results = merged(lambda x: (x > 0, x + np.zeros(2), x + np.zeros(2, int)), (X * 3).astype(int))
    assert not made.changed and results[1].dtype != results[2].dtype


def test_large_constants_are_compared_by_identity_alone():
    """Their bytes would be copied and hashed for each op that reads them."""
    for size, same in ((64, True), (65, False)):
        made, _ = merged(lambda x, n=size: (x + np.ones(n), x + np.ones(n)), np.zeros(size))
        assert made.changed is same
