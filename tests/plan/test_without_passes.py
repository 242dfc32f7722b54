"""Plans of graphs as they were traced: no pass has moved a view out of a loop; the numbers are right."""

from functools import partial

import numpy as np

import tinygraph as tg
from tests.arrays import assert_close
from tests.each import each
from tests.passes.graphs import trace
from tests.run.plain_plan import run_plainly
from tinygraph.plan.actions import Repeat
from tinygraph.plan.memory import views_of
from tinygraph.plan.planner import lay

from .test_planner import check, flat, is_copy, walk

T, B, H = 5, 2, 4
XS = np.random.default_rng(1).normal(size=(T, B, H))


def joined(a, b):
    return tg.concatenate([a, b], axis=1)


def stacked(a, b):
    return tg.reshape(tg.stack([a, b], axis=1), (B, 2 * H))


def twice_joined(a, b):
    return tg.concatenate([tg.concatenate([a, b], axis=1), a + b], axis=1)


READ = {
    "turned": lambda a: a.T,
    "a slice": lambda a: a[:, 1:3],
    "backwards": lambda a: a[:, ::-1],
    "in rows": lambda a: a.reshape(H, B),
}


def numbers(layout, values):
    """What a plan gives when it is run by plain loops, in memory that starts as NaN."""
    memory = {b: np.ascontiguousarray(a).reshape(-1) for b, a in zip(layout.arguments, values, strict=True)}
    views = [v for action, _ in walk(layout.actions) if not isinstance(action, Repeat) for v in views_of(action)]
    for v in [*views, *layout.results]:
        if v.buffer not in memory:
            constant = v.buffer.kind == "constant"
            memory[v.buffer] = v.buffer.source if constant else np.full(v.buffer.size, np.nan, v.buffer.dtype)
    run_plainly(layout.actions, memory)
    return [memory[v.buffer].reshape(v.shape) for v in layout.results]


@each("fuses", [False, True])
@each("join", [joined, stacked, twice_joined])
@each("read", READ)
def test_a_view_of_a_part_of_a_concatenation_is_right_at_every_step(read, join, fuses):
    """The part lies in the concatenation, which then needs a row per step though nobody reads it after the loop."""

    def cell(x, h):
        a = tg.tanh(h + x)
        return READ[read](a), join(a, tg.exp(-h))[:, ::2][:, :H] * 0.5

    graph = trace(lambda xs, h: tg.unroll(cell, xs, h)[0], XS, np.ones((B, H)))
    layout = lay(graph.results, list(graph.values), fuses=fuses)
    check(layout)
    h, right = np.ones((B, H)), []
    for x in XS:
        a, b = np.tanh(h + x), np.exp(-h)
        right.append(READ[read](a))
        whole = {joined: np.hstack([a, b]), stacked: np.hstack([a, b]), twice_joined: np.hstack([a, b, a + b])}[join]
        h = whole[:, ::2][:, :H] * 0.5
    (got,) = numbers(layout, graph.values.values())
    assert_close(got, np.array(right), 1e-12, 1e-12)
    copies = [a for a in flat(layout.actions) if is_copy(a)]
    assert len(copies) <= (3 if read == "in rows" else 2), "the first state, the result, what no strides express"


WEIGHT = np.random.default_rng(2).normal(size=(3, 4))
PARTS = {
    "a product between others": (lambda m, x: m.stack([x @ WEIGHT, x @ WEIGHT * 2, -(x @ WEIGHT)], axis=2)),
    "a product turned": lambda m, x: m.concatenate([m.transpose(x @ WEIGHT), x.T[:1]], axis=0),
    "turned and read in rows": lambda m, x: m.concatenate([m.reshape(x.T, (2, 3)), x[:, :1]], axis=1),
    "backwards in rows": lambda m, x: m.concatenate(
        [m.reshape(x[:, ::-1], (3, 2)), m.exp(m.reshape(x, (3, 2)))], axis=1
    ),
    "computed and read in rows": lambda m, x: m.concatenate([m.reshape(m.exp(x), (3, 2)), x.T], axis=1),
    "computed and read in a row": lambda m, x: m.concatenate([m.reshape(m.exp(x), (1, 6)), x.reshape(1, 6)], axis=1),
    "spread and read in rows": lambda m, x: m.concatenate(
        [m.reshape(m.broadcast_to(x[:1], (2, 3)), (3, 2)), x.T], axis=1
    ),
    "rows of a slice": lambda m, x: m.stack([m.reshape(x[:, 1:], (4,)), m.reshape(x.T[:2], (4,))], axis=1),
    "a product of a slice backwards": lambda m, x: m.concatenate([x[:, ::-2] @ WEIGHT[::2], x], axis=1),
    "a product of every second": lambda m, x: m.stack([x[::-1, ::2] @ WEIGHT[::2, ::3], x[:, ::2]], axis=0),
}


@each("fuses", [False, True])
@each("part", PARTS)
def test_what_lies_in_parts_of_a_larger_array(part, fuses):
    """Where no strides say it, it is copied; a product is written row by row, whatever lies beside it."""
    x = np.random.default_rng(3).normal(size=(2, 3))
    for fn in (PARTS[part], lambda m, x: m.sum(m.exp(PARTS[part](m, x)), axis=0)):
        graph = trace(partial(fn, tg), x)
        layout = lay(graph.results, list(graph.values), fuses=fuses)
        check(layout)
        (got,) = numbers(layout, [x])
        assert_close(got, fn(np, x), 1e-12, 1e-12)
