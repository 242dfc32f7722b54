"""What is made of constants alone becomes a constant, unless it is much larger than what it is made from."""

import numpy as np

import tinygraph as tg
from tinygraph.core.leaves import Constant
from tinygraph.passes import Rules, fold_constants

from .graphs import assert_same_numbers, ops_of, ops_within, run, trace

W = tg.parameter(np.ones(3))


def folded(fn, *args):
    graph = trace(fn, *args)
    results = run(Rules(fold_constants), graph.results)
    assert_same_numbers(graph, results)
    return results


def test_a_chain_of_constants():
    (result,) = folded(lambda: tg.exp(tg.constant([1.0, 2.0]) * 3) + 1)
    assert isinstance(result, Constant) and np.allclose(result.value, np.exp([3.0, 6.0]) + 1)


def test_arguments_and_parameters_stay():
    assert ops_of(folded(lambda x: x * (tg.constant(2.0) + 1) + W * 2, np.ones(3))) == ["add", "multiply", "multiply"]


def test_a_repetition_is_cheaper_as_it_stands():
    assert ops_of(folded(lambda: tg.broadcast_to(tg.constant([1.0]), (100, 7)))) == ["broadcast_to"]


def test_large_ones_are_computed_at_each_call():
    assert ops_of(folded(lambda: tg.constant(np.ones(1 << 17)) * 2)) == ["multiply"]


def test_within_a_cell():
    def fn(xs):
        return tg.unroll(lambda x, h: (h, x * tg.exp(tg.constant(2.0)) + h), xs, 0.0)[0]

    assert ops_within(folded(fn, np.ones(4))) == ["add", "multiply"]


class Counting(tg.Op):
    """An op of the user's, which may read what changes."""

    name = "counting"

    def forward(self, x):
        return x * 2.0

    def backward(self, gz, z, x):
        return gz * 2.0


def test_an_op_of_the_users_runs_at_each_call():
    own = Counting()
    assert ops_of(folded(lambda: own(tg.constant([1.0, 2.0])) + tg.exp(tg.constant([1.0])))) == ["add", "counting"]


def test_the_largest_that_is_computed_once():
    for n, expected in ((65536, []), (65537, ["multiply"])):
        assert ops_of(folded(lambda n=n: tg.constant(np.ones(n)) * 2)) == expected
