"""Steps in loops that nobody marked are those that `tg.step` would have given."""

import threading

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.core.graph import ancestors

from .more_shapes import MORE
from .networks import NETWORKS
from .running import X, ops_at_steps, run, told, without_marks
from .shapes import LOOPS, TIMELESS

ALL = {**NETWORKS, **LOOPS, **MORE}


@each("source", ALL.values(), ids=ALL)
def test_every_op_is_at_the_step_at_which_it_would_be_marked(source):
    by_hand = ops_at_steps(ancestors([run(source)]))
    assert len({step for *_, step in by_hand}) > 2, "the marked graph has steps"
    assert ops_at_steps(told(run(without_marks(source)))) == by_hand


@each("source", TIMELESS.values(), ids=TIMELESS)
def test_what_is_no_time_or_cannot_be_told_stays_without_steps(source):
    loss = run(without_marks(source))
    assert told(loss) == ancestors([loss])


def test_buffers_are_outside_of_time_and_their_rows_at_their_steps():
    source = """
import tinygraph.numpy as np
hs = np.zeros((5, 2, 3))
for t in range(4):
    hs[t + 1] = np.tanh(X[t] @ U + hs[t] @ W)
out = np.zeros((2, 4))
for t in range(4):
    out[:, t] = np.sum(hs[t + 1] @ V, axis=1)
loss = np.mean(out)
"""
    steps = {}
    for x in told(run(source)):
        if x.op is not None:
            steps.setdefault(x.op.name, []).append(x.step)
    assert steps["tanh"] == [0, 1, 2, 3]
    assert steps["sum"] == [0, 1, 2, 3]
    assert steps["matmul"] == [0, 0, 1, 1, 2, 2, 3, 3, 0, 1, 2, 3]
    assert {*steps["mean"], *steps.get("write", []), *steps.get("stack", [])} == {None}


def test_recorded_functions_have_steps():
    source = """
def network(X):
    hs, h = np.zeros((2, 4, 3)), np.zeros((2, 3))
    for t in range(4):
        h = np.tanh(X[t] @ U + h @ W)
        hs[:, t] = h
    return np.mean(hs)
loss = tg.recorded(network)(X)
"""
    assert [x.step for x in told(run(source)) if x.op is not None and x.op.name == "tanh"] == [0, 1, 2, 3]


def test_states_that_are_copied_where_a_mask_says_so_have_steps():
    source = """
def network(X):
    h = np.zeros((2, 3))
    for t in range(4):
        np.copyto(h, np.tanh(X[t] @ U + h @ W), where=np.array([[True], [t < 2]]))
    return np.mean(h)
loss = tg.recorded(network)(X)
"""
    steps = {x.op.name: x.step for x in told(run(source)) if x.op is not None}
    assert [x.step for x in told(run(source)) if x.op is not None and x.op.name == "where"] == [0, 1, 2, 3]
    assert steps["mean"] is None


def test_comprehensions_and_joins_have_the_steps_of_what_they_read_or_serve():
    source = """
xs = [x @ E for x in X]
h, hs = np.zeros((2, 3)), []
for x in xs:
    h = np.tanh(x @ U + h @ W)
    hs.append(h)
loss = np.mean(np.stack([h @ V for h in hs]))
"""
    assert [x.step for x in told(run(source)) if x.op is not None and x.op.name == "matmul"] == [
        *(0, 1, 2, 3),
        *(0, 0, 1, 1, 2, 2, 3, 3),
        *(0, 1, 2, 3),
    ]


def test_reduce_and_accumulate_are_loops():
    for call in ("reduce(cell, X, np.zeros((2, 3)))", "[*accumulate(X, cell, initial=np.zeros((2, 3)))][-1]"):
        source = f"""
from functools import reduce
from itertools import accumulate
def cell(h, x):
    return np.tanh(x @ U + h @ W)
loss = np.mean({call})
"""
        assert [x.step for x in told(run(source)) if x.op is not None and x.op.name == "tanh"] == [0, 1, 2, 3]


def test_one_mark_and_all_other_nodes_stay_as_they_are():
    h, W = np.zeros((2, 3)), tg.parameter(np.ones((3, 3)))
    for t in range(4):
        h = np.tanh(X[t] + h @ W)
    with tg.step(7):
        loss = np.mean(h)
    assert told(loss) == ancestors([loss])


def test_the_nodes_themselves_have_no_step_and_gradients_have_that_of_their_origin():
    W, h, tanhs = tg.parameter(np.eye(3) * 0.5), np.zeros((2, 3)), []
    for t in range(4):
        h = np.tanh(X[t] + h @ W)
        tanhs.append(h)
    assert {x.step for x in ancestors([h])} == {None}
    first = tg.grad(np.mean(h), tanhs)[0]
    steps = {x.step for x in told(first) if x.origin is not None and x.origin.op is not None and x.op is not None}
    assert steps >= {1, 2, 3}


def test_a_traced_loop_has_the_steps_of_the_eager_one():
    W = tg.parameter(np.eye(3) * 0.5, name="W")

    def network(xs):
        h = np.zeros((2, 3))
        for t in range(4):
            h = np.tanh(xs[t] + h @ W)
        return np.mean(h)

    step = tg.compile(network, backend="numpy")
    step(X)
    traced = step.graph("before")
    assert [x.step for x in told(*traced) if x.op is not None and x.op.name == "tanh"] == [0, 1, 2, 3]


def test_short_stacks_of_calls_have_steps_too():
    """A thread begins with few calls, as a script does."""
    losses = []
    source = compile(
        "h = np.zeros((2, 3))\nfor t in range(4):\n    h = np.tanh(X[t] + h @ W)\nlosses.append(np.mean(h))",
        "<t>",
        "exec",
    )
    names = {"np": np, "X": X, "W": tg.parameter(np.eye(3)), "losses": losses}
    thread = threading.Thread(target=exec, args=(source, names))
    thread.start()
    thread.join()
    assert [x.step for x in told(*losses) if x.op is not None and x.op.name == "tanh"] == [0, 1, 2, 3]


def test_a_hundred_steps_and_of_those_of_unroll_the_first_two_alone_keep_a_trail():
    W = tg.parameter(np.eye(3) * 0.5)
    h = np.zeros((2, 3))
    for t in range(100):
        h = np.tanh(X[t % 4] + h @ W)
    assert [x.step for x in told(h) if x.op is not None and x.op.name == "tanh"] == [*range(100)]
    outputs, _ = tg.unroll(lambda x, h: (np.tanh(x + h @ W),) * 2, X, np.zeros((2, 3)))
    assert all(len(x._place) == 3 for x in ancestors([outputs]) if (x.step or 0) > 1)


def test_a_loop_after_one_of_a_single_step_is_a_loop_of_its_own():
    """They have the driver of `tg.unroll` in common, and so the place where steps are entered."""
    W = tg.parameter(np.eye(3) * 0.5)
    tg.unroll(tg.cells.LSTM(3, 3, rng=0), np.ones((1, 2, 3), np.float32))
    outputs, _ = tg.unroll(lambda x, h: (np.tanh(x + h @ W),) * 2, X, np.zeros((2, 3)))
    assert all(len(x._place) == 3 for x in ancestors([outputs]) if (x.step or 0) > 1)
