"""Plans keep the contract of their actions, copy nothing that could be a view, and hold no more than they need."""

import itertools

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import with_gradients
from tests.compiled.random_programs import Program
from tests.compiled.test_numbers import CASES
from tests.each import each
from tests.passes.graphs import graph_of, loops_of, trace
from tinygraph.core.traced import Tracing
from tinygraph.passes import optimise
from tinygraph.plan.actions import Call, Elementwise, Product, Reduction, Repeat
from tinygraph.plan.memory import lay_out, views_of
from tinygraph.plan.planner import lay

each_way = each("fuses", [False, True])
RNG = np.random.default_rng(0)
I, H = 3, 4  # noqa: E741
WX, WH, B = (tg.parameter(RNG.normal(size=s) * 0.5) for s in ((I, H), (H, H), (H,)))


def planned(graph, fuses):
    return lay(optimise(graph.results, fuses=fuses)[0], list(graph.values), fuses=fuses)


def plan_of(fn, *args, fuses=True):
    return planned(trace(fn, *args), fuses)


def walk(actions, steps=()):
    """Every action with the numbers of steps of the loops around it."""
    for action in actions:
        yield action, steps
        if isinstance(action, Repeat):
            assert action.depth == len(steps)
            yield from walk(action.actions, (*steps, action.steps))


def flat(actions):
    return [a for a, _ in walk(actions) if not isinstance(a, Repeat)]


def places(v, at=()):
    """Numbers of the elements that a view sees at a step of each loop around it, in its order."""
    start = v.offset + sum(a * b for a, b in zip(v.per_step, at, strict=False))
    found = np.full(v.shape, start)
    for axis, (n, stride) in enumerate(zip(v.shape, v.strides, strict=True)):
        found += (np.arange(n) * stride).reshape((n,) + (1,) * (len(v.shape) - axis - 1))
    return found.reshape(-1)


def first_and_last(steps):
    return itertools.product(*({0, n - 1} for n in steps))


def written(action):
    if isinstance(action, Elementwise):
        return [v for _, v in action.stores] + [entry[-1] for entry in getattr(action, "reduces", ())]
    return [] if isinstance(action, Repeat) else [action.out]


def check(layout):
    """The contract of plan/actions.py, as far as it can be read off a plan."""
    for action, steps in walk(layout.actions):
        for at in first_and_last(steps):
            for v in views_of(action):
                assert len(v.shape) == len(v.strides) and len(v.per_step) <= len(steps)
                found = places(v, at)
                assert not found.size or (found.min() >= 0 and found.max() < v.buffer.size), "outside of its buffer"
            for out in written(action):
                assert out.buffer.kind in ("scratch", "result"), "what is given must stay"
                target = places(out, at)
                assert len({*target.tolist()}) == target.size, "one element written twice"
            check_aliases(action, at)
        check_form(action)
    for v in layout.results:
        assert v.buffer.kind == "result" and np.array_equal(places(v), np.arange(v.buffer.size))
    assert len({v.buffer for v in layout.results}) == len(layout.results)


def check_aliases(action, at):
    """A store lies exactly on a load, or overlaps none; stores overlap no other; products write to other memory."""
    outs = written(action)
    reads = [*action.loads] if isinstance(action, Elementwise) else [v for v in views_of(action) if v not in outs]
    for out in outs:
        target = places(out, at)
        for other in [*reads, *(v for v in outs if v is not out)]:
            if other.buffer is not out.buffer:
                continue
            source = places(other, at)
            same = isinstance(action, Elementwise) and np.array_equal(source, target) and other in reads
            assert same or not {*source.tolist()} & {*target.tolist()}


def check_form(action):
    if isinstance(action, Elementwise):
        assert all(v.shape == action.shape for v in (*action.loads, *(v for _, v in action.stores)))
        for k, i in enumerate(action.instructions):
            assert all(0 <= a < len(action.loads) + k for a in i.args)
    elif isinstance(action, Product):
        (m, k), (k2, n) = action.a.shape, action.b.shape
        assert k == k2 and action.out.shape == (m, n) and (action.out.strides[1] == 1 or n == 1)
        for v in (action.a, action.b):
            assert 1 in v.strides or 1 in v.shape
    elif isinstance(action, Reduction):
        kept = [n for a, n in enumerate(action.x.shape) if a not in action.axes]
        assert action.out.shape == tuple(kept)


@each_way
@each("name", CASES)
def test_the_contract_of_the_actions(name, fuses):
    check(planned(graph_of(name), fuses))


@each_way
@each("seed", range(700, 715))
def test_the_contract_in_random_programs(seed, fuses):
    program = Program(seed)
    with np.errstate(all="ignore"):
        check(plan_of(with_gradients(program, program.weights), *program.args, fuses=fuses))


def is_copy(action):
    return isinstance(action, Elementwise) and all(i.op == "copy" for i in action.instructions)


def test_a_step_of_a_cell_is_a_product_and_one_pass():
    def cell(x, h):
        h = tg.tanh(x @ WX + h @ WH + B)
        return h, h

    layout = plan_of(lambda xs, h: tg.unroll(cell, xs, h)[0], np.ones((5, 2, I)), np.ones((2, H)))
    (loop,) = [a for a in layout.actions if isinstance(a, Repeat)]
    assert [type(a) for a in loop.actions] == [Product, Elementwise]
    assert [type(a) for a in flat(layout.actions)].count(Product) == 2


def test_an_lstm_step_is_a_product_and_one_pass():
    w = tg.parameter(RNG.normal(size=(H, 4 * H))), tg.parameter(RNG.normal(size=(I, 4 * H)))

    def cell(x, state):
        h, c = state
        i, f, g, o = tg.split(h @ w[0] + x @ w[1], 4, axis=-1)
        c = tg.sigmoid(f) * c + tg.sigmoid(i) * tg.tanh(g)
        h = tg.sigmoid(o) * tg.tanh(c)
        return h, (h, c)

    layout = plan_of(lambda xs, h: tg.unroll(cell, xs, (h, h))[0], np.ones((5, 2, I)), np.ones((2, H)))
    (loop,) = [a for a in layout.actions if isinstance(a, Repeat)]
    assert [type(a) for a in loop.actions] == [Product, Elementwise]


ALONE, FUSED = [Elementwise, Reduction], [Elementwise]
KINDS = {
    "a sum of rows": (lambda x, w: tg.sum(tg.exp(x), axis=-1), FUSED),
    "their largest and least": (lambda x, w: (lambda y: (tg.max(y, axis=1), tg.min(y, axis=1)))(tg.exp(x)), FUSED),
    "a sum of rows, kept": (lambda x, w: tg.sum(tg.exp(x), axis=-1, keepdims=True), FUSED),
    "a sum of columns": (lambda x, w: tg.sum(tg.exp(x), axis=0), ALONE),
    "a sum of all": (lambda x, w: tg.sum(tg.exp(x)), ALONE),
    "a sum of an argument": (lambda x, w: tg.sum(x, axis=-1), [Reduction]),
    "a sum of a product": (lambda x, w: tg.sum(x @ w, axis=-1), [Product, Reduction]),
    "a sum of the pass before": (lambda x, w: tg.tanh(tg.sum(tg.exp(x), axis=-1)), [Elementwise, Elementwise]),
    "two shapes": (lambda x, w: (tg.exp(x), tg.exp(w)), [Elementwise, Elementwise]),
    "one shape": (lambda x, w: (tg.exp(x), tg.tanh(x)), FUSED),
    "truths": (lambda x, w: tg.where((x > 0) & (x < 1), x, -x), FUSED),
    "whole numbers": (lambda x, w: tg.sum((x * 3).astype(int), axis=-1), [Elementwise, Call, Call]),
    "a stack of products": (lambda x, w: tg.stack([x, x * 2]) @ tg.stack([w, w]), [Elementwise] * 4 + [Repeat]),
}


@each("name", KINDS)
def test_what_one_pass_does_where_ops_fuse(name):
    """A reduction of rows is done with what it reduces, any other by itself; each shape is a pass of its own."""
    fn, kinds = KINDS[name]
    assert [type(a) for a in plan_of(fn, np.ones((2, H)), np.ones((H, 3))).actions] == kinds


def test_without_fusion_each_op_is_an_action():
    for name, (fn, _) in KINDS.items():
        layout = plan_of(fn, np.ones((2, H)), np.ones((H, 3)), fuses=False)
        assert all(len(a.instructions) == 1 and not a.reduces for a in layout.actions if isinstance(a, Elementwise))
        assert not any(isinstance(a, Repeat) for a in layout.actions), name


@each_way
def test_products_tell_which_operands_are_the_same_at_every_step(fuses):
    """These are packed once: weights, their views, and what is computed before the innermost loop."""

    def of(read):
        fn = lambda xs, h: tg.unroll(lambda x, h: (None, tg.tanh(read(x, h))), xs, h)[1]  # noqa: E731
        layout = plan_of(fn, np.ones((5, 4, H)), np.ones((4, H)), fuses=fuses)
        (repeat,) = [a for a in layout.actions if isinstance(a, Repeat)]
        assert all(a.fixed == (False, False) for a in layout.actions if isinstance(a, Product))
        return [a.fixed for a in repeat.actions if isinstance(a, Product)]

    w, table = tg.parameter(np.eye(H)), tg.constant(np.eye(H) * 2)
    assert of(lambda x, h: h @ w) == of(lambda x, h: h @ w.T) == of(lambda x, h: h @ table) == [(False, True)]
    assert of(lambda x, h: h @ tg.tanh(w * 2.0)) == [(False, True)]
    assert of(lambda x, h: tg.exp(w) @ h) == of(lambda x, h: w[::-1] @ h) == [(True, False)]
    assert of(lambda x, h: h @ h) == of(lambda x, h: x @ h) == [(False, False)]
    outside = flat(plan_of(lambda x: x @ w, np.ones((2, H)), fuses=fuses).actions)
    assert [a.fixed for a in outside] == [(False, False)]


@each_way
def test_views_are_not_copied(fuses):
    def fn(x):
        y = tg.exp(x)
        return tg.tanh(y[1:].T.reshape(2, -1)[::-1]), tg.tanh(y[:, None, 0]), tg.tanh(tg.broadcast_to(y, (2, 4, 2)))

    actions = flat(plan_of(fn, np.ones((4, 2)), fuses=fuses).actions)
    assert sum(map(is_copy, actions)) == 0 and len(actions) <= 4


@each_way
def test_what_is_joined_is_made_in_its_place(fuses):
    def fn(x):
        return tg.concatenate([x @ WX, tg.tanh(x @ WX) * 2], axis=0), tg.stack([tg.exp(x), tg.log(x)])

    assert not any(map(is_copy, flat(plan_of(fn, np.ones((2, I)), fuses=fuses).actions)))


@each_way
def test_outputs_over_time_are_made_in_their_place(fuses):
    def fn(xs, h):
        ys, _ = tg.unroll(lambda x, h: (tg.tanh(h @ WH), tg.tanh(h + x @ WX)), xs, h)
        return tg.sum(ys * ys)

    copies = [a for a in flat(plan_of(fn, np.ones((5, 2, I)), np.ones((2, H)), fuses=fuses).actions) if is_copy(a)]
    assert len(copies) <= 1  # the first state


def test_a_state_that_is_read_at_the_end_alone_needs_one_row():
    def fn(xs, h):
        return tg.unroll(lambda x, h: (None, tg.tanh(h @ WH + x[:, :1])), xs, h)[1]

    short, long = (lay_out(plan_of(fn, np.ones((T, 2, I)), np.ones((2, H))).actions) for T in (4, 4000))
    assert short == long


@each_way
def test_the_memory_of_a_training_step(fuses):
    """Of a tanh RNN the gradient needs x, the states and what arrives at them: (T, B, H) a few times."""
    T, rows = 200, 8

    def cell(x, h):
        h = tg.tanh(x @ WX + h @ WH + B)
        return h, h

    def loss(xs):
        return tg.sum(tg.square(tg.unroll(cell, xs, np.zeros((rows, H)))[0]))

    layout = plan_of(tg.value_and_grad(loss, [WX, WH, B]), np.ones((T, rows, I)), fuses=fuses)
    assert lay_out(layout.actions) < (5 if fuses else 6) * T * rows * H * 8


def test_what_was_computed_in_a_cell_is_not_there_outside():
    graph = trace(lambda xs, h: tg.unroll(lambda x, h: (h, tg.tanh(x + h)), xs, h)[0], np.ones((5, H)), np.ones(H))
    (over,) = loops_of(graph.results)
    for of in (over.attributes["body"].nexts[0], over.attributes["body"].slices[0]):
        with Tracing(), pytest.raises(tg.GraphError, match="was computed inside the cell of an unroll") as told:
            lay([tg.exp(of)], list(graph.values), fuses=True)
        assert "return it from the cell as part of y_t or of the state" in str(told.value)


def test_ops_without_a_form_are_calls():
    layout = plan_of(lambda x: tg.einsum("ii->i", x), np.ones((3, 3)))
    assert any(isinstance(a, Call) for a in layout.actions)


@each("backend", ["numpy", "native"])
@each(
    "fn",
    [
        lambda a, b, c: np.stack([a @ b, c], axis=2),
        lambda a, b, c: np.stack([c, (a @ b) * 2.0, a @ b], axis=1)[:, 1:],
        lambda a, b, c: np.concatenate([(a @ b).T, c.T], axis=1).T,
        lambda a, b, c: np.stack([np.stack([a @ b, c])] * 2, axis=3) @ np.stack([np.stack([c, a @ b])] * 2, axis=2),
        lambda a, b, c: np.stack([c.T.reshape(3, 5), (a @ b).T.reshape(3, 5)], axis=2),
        lambda a, b, c: np.concatenate([c.T.reshape(5, 3)[:, None], c.reshape(5, 1, 3)], axis=1)[::-1],
    ],
)
def test_what_is_written_between_other_numbers_is_there(fn, backend):
    """Products and copies whose place has other numbers between its own."""
    a, b, c = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 5)), RNG.normal(size=(3, 5))
    np.testing.assert_allclose(tg.compile(fn, backend=backend)(a, b, c), fn(a, b, c), rtol=1e-13, atol=1e-13)
