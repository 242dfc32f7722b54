"""What holds for every pass: the numbers stay, a second run changes nothing, the time grows with the graph alone."""

import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import with_gradients
from tests.compiled.random_programs import Program
from tests.each import each
from tinygraph import passes
from tinygraph.passes import optimise

from .graphs import CASES, assert_same_numbers, count, graph_of, run, trace

FOLDER = Path(passes.__file__).parent
NO_PASSES = {"__init__", "rewriting", "hoisting", "journal"}


def maker(name):
    """What makes the pass of the file ``name``: its class, or its function as the one rule of a pass."""
    module = import_module(f"tinygraph.passes.{name}")
    kind = getattr(module, "".join(word.title() for word in name.split("_")), None)
    return kind or (lambda: passes.Rules(getattr(module, name)))


MAKERS = {path.stem: maker(path.stem) for path in sorted(FOLDER.glob("*.py")) if path.stem not in NO_PASSES}
MAKERS |= {
    "hoist_before: light": lambda: passes.HoistBefore(4096),
    "hoist_after: light": lambda: passes.HoistAfter(4096),
}
IDLE = {"push_slices"}
"""Passes that find nothing to do in the graphs of the cells; a test of their own shows their work."""

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
    assert at_work or name in IDLE, "no graph of tests/passes/graphs.py shows this pass at work: add one there"


@each_pass
def test_passes_after_each_other(name):
    """On a graph that other passes have been at already; one that changes nothing was looked at above."""
    for case in CASES:
        maker = MAKERS[name]()
        results = run(maker, tidied(case))
        if maker.changed or name == "merge_equal":
            assert_same_numbers(graph_of(case), results, 1e-11)


@pytest.mark.parametrize("fuses", [False, True])
def test_all_passes_together(fuses):
    for case in CASES:
        graph = graph_of(case)
        results, _ = optimise(graph.results, fuses=fuses)
        assert_same_numbers(graph, results, 1e-11)
        again = passes.MergeEqual(passes.contract, passes.simplify, passes.fold_constants)
        run(again, results)
        assert not again.changed, "the rules go on until none applies"


@each("fuses", [False, True])
def test_the_rules_run_once_more_after_the_last_change(fuses, monkeypatch):
    """Before the other passes and after them; where ops fuse, also after composite ones are taken apart."""
    runs = []

    class Counted(passes.MergeEqual):
        def run(self, results):
            runs[-1] += not self.rewritten
            return super().run(results)

    monkeypatch.setattr(passes, "MergeEqual", Counted)
    for fn in (lambda x: tg.exp(x) + x, lambda x: tg.exp(x * 1.0) + x):
        runs.append(0)
        optimise(trace(fn, np.ones((2, 3))).results, fuses=fuses)
    assert runs == ([3, 4] if fuses else [2, 3])


@each("fuses", [False, True])
@each("seed", range(500, 515))
def test_random_programs(seed, fuses):
    program = Program(seed)
    with np.errstate(all="ignore"):
        graph = trace(with_gradients(program, program.weights), *program.args)
        assert_same_numbers(graph, optimise(graph.results, fuses=fuses)[0], 1e-9)


@cache
def unrolled(T):
    w = tg.parameter(np.eye(3) * 0.5)

    def fn(xs, h):
        for t in range(T):
            h = tg.tanh(xs[t] @ w + h @ (w * 1.0) + (h + 0.0))
        return tg.grad(tg.sum(h), [w, xs])

    return trace(fn, np.ones((T, 2, 3)), np.zeros((2, 3)))


@each_pass
def test_work_grows_with_the_graph_alone(name):
    def calls(graph):
        """How many functions are called, of Python's and of C's; a clock would count other work, too."""
        count = 0

        def note(frame, event, arg):
            nonlocal count
            count += "call" in event

        made, before = MAKERS[name](), sys.getprofile()
        sys.setprofile(note)
        try:
            run(made, graph.results)
        finally:
            sys.setprofile(before)
        return count

    short, long = calls(unrolled(30)), calls(unrolled(240))
    assert 30 < short < long < 8 * 1.5 * short  # eight times the nodes
