"""How passes go over graphs: what nothing needs is dropped, what is the same everywhere comes from outside."""

import numpy as np

import tinygraph as tg
from tinygraph.passes import Pass

from .graphs import assert_same_numbers, count, loops_of, run, trace

XS, H0 = np.random.default_rng(0).normal(size=(5, 2, 3)), np.ones((2, 3))


def bodies(results):
    return [n.attributes["body"] for n in loops_of(results)]


def rewritten(fn, *args):
    graph = trace(fn, *args)
    results = run(Pass(), graph.results)
    assert_same_numbers(graph, results, 0.0)
    return graph.results, results


def test_states_that_no_result_needs_are_dropped():
    def cell(x, s):
        return s["a"], {"a": s["a"] + x, "b": s["b"] * s["a"], "c": s["c"] - x}

    _, results = rewritten(lambda xs, h: tg.unroll(cell, xs, {"a": h, "b": h, "c": h})[0], XS, H0)
    (body,) = bodies(results)
    assert len(body.carries) == len(body.nexts) == 1


def test_states_that_another_needs_stay():
    def cell(x, s):
        return s[0], (s[1], s[2], s[0] + x)

    _, results = rewritten(lambda xs, h: tg.unroll(cell, xs, (h, h * 2, h * 3))[0], XS, H0)
    assert len(bodies(results)[0].carries) == 3


def test_inputs_that_nothing_uses_are_dropped():
    _, results = rewritten(lambda xs, h: tg.unroll(lambda x, h: (h * 2, h + x[0]), (xs, xs * 2, xs * 3), h)[0], XS, H0)
    (body,) = bodies(results)
    assert len(body.slices) == 1 and not any(
        n.op is not None and n.op.name == "multiply" for n in loops_of(results)[0].inputs
    )


def test_inputs_that_are_the_same_at_every_step_do_not_move():
    def fn(row):
        def of(xs):
            return tg.unroll(lambda x, h: (h, h + x), xs, H0)[0]

        return [of(tg.broadcast_to(x, (5, 2, 3))) for x in (row, row[:1], row[0], row.reshape((1, 2, 3)))]

    _, results = rewritten(fn, XS[0])
    counts = [(len(body.slices), len(body.fixed)) for body in bodies(results)]
    assert sorted(counts) == [(0, 1), (1, 0), (1, 0), (1, 0)], "what is spread within a step, too, stays as it is"


def test_loops_that_nothing_uses_are_dropped():
    _, results = rewritten(lambda xs, h: (tg.unroll(lambda x, h: (h, h + x), xs, h), xs * 2)[1], XS, H0)
    assert not loops_of(results)


def test_gradients_keep_what_they_need_of_the_forward_loop_alone():
    w = tg.parameter(np.eye(3))

    def fn(xs, h):
        hs, _ = tg.unroll(lambda x, h: (tg.tanh(x @ w + h),) * 2, xs, h)
        return tg.grad(tg.sum(hs), w)

    before, results = rewritten(fn, XS, H0)
    assert count(results) <= count(before) and len(loops_of(results)) == 2


def test_a_pass_that_does_nothing_changes_nothing():
    made = Pass()
    graph = trace(lambda xs, h: tg.unroll(lambda x, h: (h, tg.tanh(h + x)), xs, h), XS, H0)
    assert all(a is b for a, b in zip(run(made, graph.results), graph.results, strict=True)) and not made.changed


def test_loops_within_loops():
    def inner(y, s):
        return (s, s), tg.tanh(s + y)

    def cell(x, h):
        ys, h = tg.unroll(inner, tg.stack([x, h]), h)
        return ys[0], h

    _, results = rewritten(lambda xs, h: tg.unroll(cell, xs, h)[0], XS, H0)
    (body,) = bodies(results)
    assert len(loops_of(body.nexts)) == 1
