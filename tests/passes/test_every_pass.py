"""What holds for every pass: the numbers stay, a second run changes nothing, the time grows with the graph alone."""

from functools import cache
from time import process_time

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import with_gradients
from tests.compiled.random_programs import Program
from tests.each import each
from tinygraph import passes
from tinygraph.passes import optimise

from .graphs import CASES, assert_same_numbers, count, graph_of, run, trace

MAKERS = {
    "merge_equal": passes.MergeEqual,
    "simplify": lambda: passes.Rules(passes.simplify),
    "fold_constants": lambda: passes.Rules(passes.fold_constants),
    "decompose": lambda: passes.Rules(passes.decompose),
    "gather_sums": passes.GatherSums,
    "join_products": passes.JoinProducts,
    "sum_products": passes.SumProducts,
    "hoist_before": passes.HoistBefore,
    "hoist_after": passes.HoistAfter,
    "hoist_before_light": lambda: passes.HoistBefore(4096),
    "hoist_after_light": lambda: passes.HoistAfter(4096),
    "push_slices": passes.PushSlices,
}
each_pass = pytest.mark.parametrize("name", MAKERS)
ROUNDS = 4


@cache
def tidied(case):
    results = graph_of(case).results
    for _ in range(ROUNDS):
        results = run(passes.MergeEqual(passes.simplify, passes.fold_constants), results)
    return results


@each_pass
def test_numbers_stay_and_a_second_run_changes_nothing(name):
    at_work = 0
    for case in CASES:
        graph = graph_of(case)
        made = MAKERS[name]()
        results = run(made, graph.results)
        assert_same_numbers(graph, results)
        if not made.changed:
            assert count(results) <= count(graph.results)
        at_work += made.changed
        for _ in range(ROUNDS):
            again = MAKERS[name]()
            results = run(again, results)
            if not again.changed:
                break
        assert not again.changed, case
    assert at_work or name == "push_slices"


@each_pass
def test_passes_after_each_other(name):
    """On a graph that other passes have been at already; one that changes nothing was looked at above."""
    for case in CASES:
        maker = MAKERS[name]()
        results = run(maker, tidied(case))
        if maker.changed or name == "merge_equal":
            assert_same_numbers(graph_of(case), results, 1e-11)


@pytest.mark.parametrize("fuse", [False, True])
def test_all_passes_together(fuse):
    for case in CASES:
        graph = graph_of(case)
        assert_same_numbers(graph, optimise(graph.results, fuse=fuse)[0], 1e-11)


@each("fuse", [False, True])
@each("seed", range(500, 515))
def test_random_programs(seed, fuse):
    program = Program(seed)
    with np.errstate(all="ignore"):
        graph = trace(with_gradients(program, program.weights), *program.args)
        assert_same_numbers(graph, optimise(graph.results, fuse=fuse)[0], 1e-9)


@cache
def unrolled(T):
    w = tg.parameter(np.eye(3) * 0.5)

    def fn(xs, h):
        for t in range(T):
            h = tg.tanh(xs[t] @ w + h @ (w * 1.0) + (h + 0.0))
        return tg.grad(tg.sum(h), [w, xs])

    return trace(fn, np.ones((T, 2, 3)), np.zeros((2, 3)))


@each_pass
def test_time_grows_with_the_graph_alone(name):
    def cost(graph):
        best = np.inf
        for _ in range(3):
            start = process_time()
            run(MAKERS[name](), graph.results)
            best = min(best, process_time() - start)
        return best

    short, long = cost(unrolled(30)), cost(unrolled(240))
    assert long < 8 * 3 * short + 0.01  # eight times the nodes
