"""What leaves a loop by the front door and by the back, and what must stay."""

from dataclasses import replace

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.op import Spec
from tinygraph.core.traced import Slot, Tracing
from tinygraph.loops.loop import Body, last, loop
from tinygraph.loops.loop import each as each_step
from tinygraph.passes import HoistAfter, HoistBefore, optimise
from tinygraph.passes.rewriting import select

from .graphs import Graph, assert_same_numbers, loops_of, ops_of, ops_within, run, trace

RNG = np.random.default_rng(0)
XS, H0 = RNG.normal(size=(5, 2, 3)), RNG.normal(size=(2, 4))
WX, WH, WY = (tg.parameter(RNG.normal(size=s) * 0.5, n) for s, n in (((3, 4), "wx"), ((4, 4), "wh"), ((4, 6), "wy")))
LIGHT = 4096


def moved(made, fn, *args):
    graph = trace(fn, *args)
    results = run(made, graph.results)
    assert_same_numbers(graph, results)
    return results


def network(xs, h):
    def cell(x, h):
        h = tg.tanh(x @ WX + h @ WH)
        return tg.softmax(h @ WY), h

    return tg.unroll(cell, xs, h)[0]


def test_input_projections_go_first():
    made = HoistBefore()
    results = moved(made, network, XS, H0)
    assert made.changed and ops_within(results) == ["add", "matmul", "matmul", "softmax", "tanh"]
    assert ops_of(results).count("matmul") == 1 and any("5 steps" in note for note in made.notes)


@pytest.mark.parametrize("light", [0, LIGHT])
def test_notes_tell_of_heavy_ops_alone_whatever_else_is_moved(light):
    before, after = HoistBefore(light), HoistAfter(light)
    for made in (before, after):
        moved(made, lambda xs, h: tg.tanh(network(xs * 2.0, h)), XS, H0)
    assert before.notes == ["matmul (2, 4) is done once for all 5 steps"]
    assert after.notes == [f"{op} (2, 6) is done once after all 5 steps" for op in ("matmul", "softmax")]


@pytest.mark.parametrize("light", [0, LIGHT])
def test_what_follows_an_output_layer_goes_with_it(light):
    def cell(x, h):
        h = tg.tanh(x @ WX + h)
        return tg.tanh(tg.exp(h) @ WY * 2.0) + tg.sigmoid(h)[:, :1], h

    results = moved(HoistAfter(light), lambda xs, h: tg.unroll(cell, xs, h)[0], XS, H0)
    within = ["add", "exp", "getitem", "matmul", "sigmoid", "tanh"]
    assert ops_within(results) == (["add", "matmul", "tanh"] if light else within)


def test_output_layers_go_last():
    made = HoistAfter()
    results = moved(made, network, XS, H0)
    assert made.changed and ops_within(results) == ["add", "matmul", "matmul", "tanh"]
    assert ops_of(results) == ["each", "loop", "matmul", "softmax"]


VIEWS = {
    "reshape": lambda x: x.reshape(3, 2),
    "transpose": lambda x: tg.transpose(x),
    "getitem": lambda x: x[::-1],
    "broadcast_to": lambda x: tg.broadcast_to(x, (2, 2, 3)),
}


@each("name", VIEWS)
def test_views_stay_where_they_are_read(name):
    """They cost nothing; nothing else is there to be moved."""
    op = VIEWS[name]
    for made, fn in (
        (HoistBefore(), lambda x, h: (None, tg.tanh(op(x) + h))),
        (HoistAfter(), lambda x, h: (op(h), tg.tanh(h + 1.0))),
    ):
        start = op(XS[0]) if isinstance(made, HoistBefore) else XS[0]
        results = moved(made, lambda xs, h, fn=fn: tg.unroll(fn, xs, h), XS, np.asarray(getattr(start, "value", start)))
        assert not made.changed and name in ops_within(results)


def test_constants_are_not_repeated_for_the_steps():
    x, y = tg.constant(WX.value), tg.constant(WY.value)
    fn = lambda xs, h: tg.unroll(lambda a, h: (h @ y, tg.tanh(a @ x + h)), xs, h)[0]  # noqa: E731
    assert ops_of(moved(HoistBefore(), fn, XS, H0)) == ["each", "loop", "matmul"]
    assert ops_of(moved(HoistAfter(), fn, XS, H0)) == ["each", "loop", "matmul"]


@pytest.mark.parametrize("made", [HoistBefore(), HoistAfter()], ids=["before", "after"])
def test_what_waits_for_the_state_and_feeds_it_stays(made):
    results = moved(made, lambda xs, h: tg.unroll(lambda x, h: (x, tg.tanh(h @ WH)), xs, h)[1], XS, H0)
    assert not made.changed and ops_within(results) == ["matmul", "tanh"]


@pytest.mark.parametrize("light", [0, LIGHT])
def test_light_work_leaves_where_each_op_is_a_call(light):
    fn = lambda xs, h: tg.unroll(lambda x, h: (tg.exp(h), h + tg.exp(x)[:, :1]), xs, h)[0]  # noqa: E731
    before, after = HoistBefore(light), HoistAfter(light)
    moved(before, fn, XS, H0)
    moved(after, fn, XS, H0)
    assert before.changed is after.changed is bool(light)


@pytest.mark.parametrize("light", [0, LIGHT])
def test_what_is_the_same_at_every_step_is_done_once(light):
    results = moved(
        HoistBefore(light), lambda xs, h: tg.unroll(lambda x, h: (h, h @ tg.tanh(WH * 2)), xs, h)[0], XS, H0
    )
    assert ops_within(results) == ["matmul"] and {"multiply", "tanh"} <= {*ops_of(results)}


@pytest.mark.parametrize("light", [0, LIGHT])
def test_what_is_made_of_fixed_inputs_alone_leaves_whatever_it_is(light):
    """In a cell there is none, as it is traced; in gradients and beside joined weights there is."""
    outer = [Slot(Spec(shape, np.dtype(float))) for shape in ((5, 2, 3), (2, 3), (3, 3), (3,))]
    x, h, w, row = [Slot(Spec(shape, np.dtype(float))) for shape in ((2, 3), (2, 3), (3, 3), (3,))]
    with Tracing():
        after = tg.tanh(x + (h @ tg.concatenate([w[:1], tg.exp(w[1:])])) * tg.exp(row))
        over = loop(*outer, body=Body((x,), (h,), (w, row), (after,), 5))
        graph = Graph(
            [last(over, 0)], dict(zip(outer, (XS, XS[0], XS[0, :1] * XS[1, 0, :, None], XS[2, 1]), strict=True))
        )
    made = HoistBefore(light)
    results = run(made, graph.results)
    assert_same_numbers(graph, results)
    assert ops_within(results) == ["add", "matmul", "multiply", "tanh"]
    assert ops_of(results) == ["concatenate", "exp", "exp", "getitem", "getitem", "last", "loop"]
    assert made.notes == ["concatenate (3, 3) is done once for all 5 steps"]
    with Tracing():
        over = loop(*outer, body=Body((x,), (h,), (w, row), (h + x,), 5))
        graph = Graph([each_step(over, tg.exp(row) + 1.0), last(over, 0)], graph.values)
    results = run(HoistAfter(LIGHT), graph.results)
    assert_same_numbers(graph, results)
    assert ops_within(results) == ["add"] and "broadcast_to" in ops_of(results)


def test_an_unroll_without_state_leaves_no_loop():
    results = moved(HoistBefore(), lambda xs: tg.unroll(lambda x, s: (tg.tanh(x @ WX), None), xs)[0], XS)
    results = moved(HoistAfter(), lambda xs: tg.unroll(lambda x, s: (tg.tanh(x @ WX), None), xs)[0], XS)
    assert not loops_of(results)


@pytest.mark.parametrize("made", [HoistBefore(LIGHT), HoistAfter(LIGHT)], ids=["before", "after"])
def test_the_order_of_the_steps_stays(made):
    def fn(xs, h):
        ys, _ = tg.unroll(lambda x, h: (h @ WY, tg.tanh(x @ WX + h)), xs, h, reverse=True)
        return ys * np.arange(5.0).reshape(5, 1, 1)

    moved(made, fn, XS, H0)
    assert made.changed


class Triple(tg.Op):
    """z = 3 x, an op that cannot be done for all steps at once"""

    def forward(self, x):
        return 3 * x


triple = Triple()


@pytest.mark.parametrize("made", [HoistBefore(LIGHT), HoistAfter(LIGHT)], ids=["before", "after"])
def test_ops_without_a_rule_stay_and_those_that_follow_them(made):
    def fn(xs, h):
        def cell(x, h):
            a = triple(x @ WX)
            return triple(h @ WY) * 2, tg.tanh(tg.exp(a * 0.1) + h)

        return tg.unroll(cell, xs, h)[0]

    results = moved(made, fn, XS, H0)
    assert ops_within(results).count("triple") == 2


def test_an_input_given_out_again_needs_no_loop():
    out = tg.constant([1.0, 2.0])
    results = moved(HoistAfter(), lambda xs, h: tg.unroll(lambda x, h: ((x, WH, out), h), xs, h)[0], XS, H0)
    assert "loop" not in ops_of(results)


@each("fuses", [False, True])
def test_light_work_leaves_up_to_a_size_and_where_it_does_not_fuse_alone(fuses):
    """Of 4,096 elements it costs as much as a call of numpy's; fused it costs nothing where it is."""
    for n in (4096, 4097):
        fn = lambda xs, h: tg.unroll(lambda x, h: (tg.sin(h), h + tg.exp(x)), xs, h)[0]  # noqa: E731
        results, notes = optimise(trace(fn, np.ones((2, n)), np.ones(n)).results, fuses=fuses)
        within = ops_within(results)
        assert ("exp" in within) is ("sin" in within) is (fuses or n > 4096) and not notes


def test_what_is_computed_again_later_is_not_stored_for_all_steps():
    """Of a loop whose values the gradient recomputes only what is the same at every step leaves."""

    def cell(x, h):
        h = tg.tanh(x @ WX + h @ tg.tanh(WH * 2))
        return h @ WY, h

    graph = trace(lambda xs, h: tg.unroll(cell, xs, h)[0], XS, H0)
    (over,) = loops_of(graph.results)
    with Tracing():
        again = loop(*over.inputs, body=replace(over.attributes["body"], recompute=True))
        graph = Graph([select(again, result.attributes["of"]) for result in graph.results], graph.values)
    graph.__dict__["numbers"] = [tg.unroll(cell, XS, H0)[0].value]
    before, after = HoistBefore(LIGHT), HoistAfter(LIGHT)
    results = run(before, graph.results)
    assert_same_numbers(graph, results)
    assert ops_within(results) == ["add", "matmul", "matmul", "matmul", "tanh"] and "tanh" in ops_of(results)
    assert before.notes == [] and loops_of(results)[0].attributes["body"].recompute
    run(after, results)
    assert not after.changed
