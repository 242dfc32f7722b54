"""The states of a loop: which are copied at each step, which need memory for every step; and the order of a plan."""

import numpy as np

import tinygraph as tg
from tests.each import each
from tests.passes.graphs import trace
from tinygraph.passes import optimise
from tinygraph.plan.actions import Elementwise, Product, Repeat
from tinygraph.plan.memory import lay_out
from tinygraph.plan.planner import lay

from .test_planner import KINDS, flat, is_copy, plan_of, written
from .test_without_passes import numbers

B, H = 2, 4
W = tg.constant(np.random.default_rng(0).normal(size=(H, H)) * 0.5)
V = tg.constant(np.random.default_rng(1).normal(size=(B, B)) * 0.5)
XS, H0, C0 = np.random.default_rng(2).normal(size=(5, B, H)), np.ones((B, H)), np.full((B, H), 0.5)

COPIED = {
    "written where it is read": (lambda x, h, c: (tg.tanh(h + x), c), 0),
    "read by a product before": (lambda x, h, c: (tg.tanh(h @ W + x), c), 0),
    "read turned by a product before": (lambda x, h, c: (tg.tanh((h.T @ V).T + x), c), 0),
    "a product of itself": (lambda x, h, c: (h @ W, c), 1),
    "read again after the new one": (lambda x, h, c: (lambda new: (new, tg.tanh(new @ W + h)))(tg.tanh(h + x)), 1),
    "read backwards in the same pass": (lambda x, h, c: (tg.tanh(h[:, ::-1] + x), c), 1),
    "both of both": (lambda x, h, c: (tg.tanh(h + c), tg.exp(-(h + c))), 0),
    "both of both, one backwards": (lambda x, h, c: (tg.tanh(h + c), tg.exp(-(h[:, ::-1] + c))), 1),
    "handed on": (lambda x, h, c: (tg.tanh(h + x), h), 1),
    "exchanged": (lambda x, h, c: (c, h), 2),
    "the input": (lambda x, h, c: (x, tg.tanh(c + h)), 1),
    "as they were": (lambda x, h, c: (h, c), 0),
}


@each("name", COPIED)
def test_a_state_is_copied_where_its_old_value_is_still_needed_and_nowhere_else(name):
    cell, count = COPIED[name]

    def fn(xs, h, c):
        return tg.unroll(lambda x, s: (None, cell(x, *s)), xs, (h, c))[1]

    layout = plan_of(fn, XS, H0, C0)
    (repeat,) = [a for a in layout.actions if isinstance(a, Repeat)]
    assert sum(map(is_copy, repeat.actions)) == count
    h, c = tg.constant(H0), tg.constant(C0)
    for x in XS:
        h, c = cell(tg.constant(x), h, c)
    for got, right in zip(numbers(layout, [XS, H0, C0]), (h, c), strict=True):
        np.testing.assert_allclose(got, right.value, 1e-13, 1e-13)


LONG = {
    "of the last step alone": (lambda x, h, c: (None, tg.tanh(h + x), c), 0),
    "of one that stays": (lambda x, h, c: (None, tg.tanh(h @ W + c), c), 0),
    "of every step": (lambda x, h, c: (h, tg.tanh(h @ W + c), c), 2),
    "handed on to another": (lambda x, h, c: (None, tg.tanh(h @ W + c), h), 2),
}


@each("fuses", [False, True])
@each("name", LONG)
def test_a_state_has_a_row_for_each_step_if_every_step_is_read_later(name, fuses):
    cell, rows = LONG[name]

    def fn(xs, h, c):
        def step(x, s):
            y, h, c = cell(x, *s)
            return y, (h, c)

        y, (h, c) = tg.unroll(step, xs, (h, c))
        return [h, c] if y is None else [tg.sum(y[1:] * y[:-1]), h, c]

    def size(T):
        graph = trace(fn, np.ones((T, B, H)), H0, C0)
        return lay_out(lay(optimise(graph.results, fuses=fuses)[0], list(graph.values), fuses=fuses).actions)

    more = (size(1000) - size(100)) / (900 * B * H * 8)
    assert more == rows, "states, and of those of every step their products"


@each("fuses", [False, True])
def test_what_stays_the_same_and_is_given_out_is_there_at_every_step(fuses):
    def fn(xs, h, c):
        return tg.unroll(lambda x, s: ((s[1], s[0]), (tg.tanh(s[0] + x), s[1])), xs, (h, c))[0]

    graph = trace(fn, XS, H0, C0)
    kept, states = numbers(lay(graph.results, list(graph.values), fuses=fuses), [XS, H0, C0])
    np.testing.assert_array_equal(kept, np.broadcast_to(C0, (5, B, H)))
    np.testing.assert_array_equal(states[0], H0)


@each("fuses", [False, True])
@each("name", KINDS)
def test_numbers_of_32_bits_are_planned_like_those_of_64(name, fuses):
    fn, _ = KINDS[name]
    plans = [plan_of(fn, *(np.ones(s, dtype) for s in ((2, H), (H, 3))), fuses=fuses) for dtype in (np.float32, float)]
    narrow, wide = ([(type(a), len(getattr(a, "instructions", ()))) for a in p.actions] for p in plans)
    assert narrow == wide
    dtypes = {v.dtype for a in flat(plans[0].actions) for v in written(a)} - {np.dtype(bool), np.dtype(int)}
    assert dtypes == {np.dtype(np.float32)}


@each("fuses", [False, True])
def test_a_value_of_every_step_is_made_where_the_result_lies(fuses):
    """The next state needs it, too, so it stays in the loop."""

    def cell(x, h):
        y = h @ W
        return y, tg.tanh(y + x)

    *_, last = plan_of(lambda xs, h: tg.unroll(cell, xs, h)[0], XS, H0, fuses=fuses).actions
    assert isinstance(last, Repeat) and not any(map(is_copy, last.actions))
    assert last.actions[0].out.buffer.kind == "result" and last.actions[0].out.per_step == (B * H,)


COLUMNS = {
    "one product": lambda x: (x[0] @ W[:, :1]).reshape(B),
    "a stack of them": lambda x: (x @ tg.stack([W[:, :1]] * 5)).reshape(5, B),
}


@each("name", COLUMNS)
def test_products_of_one_column_are_written_where_they_belong(name):
    """Whatever the distance of its columns."""
    *before, last = plan_of(COLUMNS[name], XS).actions
    assert isinstance(last, Product | Repeat) and all(map(is_copy, before)) and len(before) in (0, 5)


def test_what_does_not_fuse_comes_in_the_order_of_the_trace():
    """And before the passes, so that as many ops as can be are ready for them."""

    def fn(x, y):
        first = tg.exp(x)
        return x @ W, tg.sum(y, axis=(0, 1)), y @ W, first, tg.tanh(y @ W[:, :3]), x @ W.T

    actions = flat(plan_of(fn, np.ones((2, H)), np.ones((3, H))).actions)
    kinds = [a.kind if hasattr(a, "kind") else type(a).__name__ for a in actions]
    assert kinds == ["Product", "sum", "Product", "Product", "Product", "Elementwise", "Elementwise"]
    assert [a.out.buffer.source for a in actions[:5]] == [0, 1, 2, None, 5]
    assert [a.stores[0][1].buffer.source for a in actions[5:]] == [3, 4], "the older pass first"


def test_reductions_of_a_pass_come_in_the_order_of_the_trace():
    def fn(x):
        y, z = tg.exp(x), tg.tanh(x)
        return tg.max(y, axis=1), tg.sum(z, axis=(1,)), tg.min(z, axis=1), tg.sum(y, axis=(1,))

    (action,) = plan_of(fn, np.ones((2, H))).actions
    assert isinstance(action, Elementwise) and not action.stores
    told = [(kind, view.buffer.source) for kind, _, view in action.reduces]
    assert told == [("max", 0), ("sum", 1), ("min", 2), ("sum", 3)]
