"""Cells that cannot be one loop: nodes that leave them, states that grow, gradients across their border."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.core.op import Spec
from tinygraph.core.traced import Slot, Tracing

from .comparing import assert_near, assert_same, each_backend, eager
from .test_errors import H0, XS, W, X, assert_nothing_stays, line_within


@each_backend
def test_nodes_that_leave_a_cell_by_a_list_are_refused(backend):
    seen = []

    def cell(x, h):
        h = tg.tanh(x + h)
        seen.append(h)
        return h, h

    def fn(xs):
        ys, _ = tg.unroll(cell, xs, H0)
        return tg.sum(ys) + tg.sum(seen[-1])

    with pytest.raises(tg.GraphError, match="cell") as caught:
        tg.compile(fn, backend=backend)(XS)
    assert "y_t" in str(caught.value)
    assert_nothing_stays(backend)


@each_backend
def test_nodes_that_leave_a_cell_into_another_are_refused(backend):
    seen = []

    def first(x, h):
        h = tg.tanh(x + h)
        seen.append(h)
        return h, h

    def second(x, h):
        return h, h + seen[-1]

    def fn(xs):
        return tg.unroll(first, xs, H0)[0], tg.unroll(second, xs, H0)[0]

    with pytest.raises(tg.GraphError, match="cell"):
        tg.compile(fn, backend=backend)(XS)
    assert_nothing_stays(backend)


@each_backend
def test_nodes_of_one_trace_used_in_the_next_are_refused(backend):
    seen = []

    def fn(x):
        seen.append(x * 2)
        return x + seen[0]

    compiled = tg.compile(fn, backend=backend)
    for x in (X, np.ones((1, 3))):
        with pytest.raises(tg.GraphError, match=r"seen\[0\][\s\S]*return"):
            compiled(x)
        assert seen == []
    assert_nothing_stays(backend)


def test_a_traced_node_used_where_nothing_is_traced_is_refused():
    with Tracing():
        node = Slot(Spec(X.shape, X.dtype)) * 2
    for use in (lambda n: n.value, lambda n: n + 1, lambda n: n.item(), lambda n: np.tanh(n), lambda n: n @ W):
        with pytest.raises(tg.GraphError, match=r"compiled|traced"):
            use(node)
    assert "traced" in repr(node)


@each_backend
def test_a_state_that_grows_is_refused(backend):
    def cell(x, h):
        h = tg.concatenate([h, x], axis=1)
        return x, h

    def fn(xs):
        return tg.unroll(cell, xs, H0)

    with pytest.raises(tg.GraphError, match="state") as caught:
        tg.compile(fn, backend=backend)(XS)
    assert line_within(fn, str(caught.value)), str(caught.value)
    assert_nothing_stays(backend)


def growing(x, state):
    return x, (*state, x)


@each_backend
def test_a_state_that_gains_an_entry_at_every_step_is_refused(backend):
    with pytest.raises(tg.GraphError, match="state"):
        tg.compile(lambda xs: tg.unroll(growing, xs, (H0,))[0], backend=backend)(np.ones((2000, 2, 3)))
    assert_nothing_stays(backend)


def test_a_state_that_gains_entries_at_first_is_right():
    def cell(x, state):
        return x + len(state), (*state, x) if len(state) < 2 else state

    xs = np.arange(30.0).reshape(5, 2, 3)
    assert_same(lambda xs: tg.unroll(cell, xs, (H0,)), xs, backend="numpy")


def right_or_refused(fn, *args, backend):
    try:
        got = tg.compile(fn, backend=backend)(*args)
    except tg.GraphError:
        assert_nothing_stays(backend)
    else:
        assert_near(got, eager(fn, *args))


@each_backend
def test_the_gradient_in_a_cell_for_what_was_made_outside(backend):
    """Uncompiled it reaches back through all steps before: one step of it alone would be another number."""
    w = tg.parameter(0.7)

    def cell(x, h):
        h = tg.tanh(x + w * h)
        return tg.grad(h, w), h

    right_or_refused(lambda xs: tg.unroll(cell, xs, np.array(0.5))[0], np.array([0.1, 0.2, 0.3]), backend=backend)


@each_backend
def test_the_gradient_in_a_cell_for_a_parameter_that_its_first_step_makes(backend):
    """It is younger than the cell, but is the same at all steps, so that the gradient reaches back through them."""

    def fn(xs):
        kept = []

        def cell(x, h):
            if not kept:
                kept.append(tg.parameter(0.7))
            h = tg.tanh(x + kept[0] * h)
            return tg.grad(h, kept[0]), h

        return tg.unroll(cell, xs, np.array(0.5))[0]

    right_or_refused(fn, np.array([0.1, 0.2, 0.3]), backend=backend)


@each_backend
def test_the_gradient_in_a_cell_for_an_input_made_outside(backend):
    def fn(a, xs):
        def cell(x, h):
            y = tg.tanh(x * 2)
            return tg.grad(y, a), h

        return tg.unroll(cell, xs * a, np.array(0.5))[0]

    right_or_refused(fn, np.array(2.0), np.array([0.1, 0.2, 0.3]), backend=backend)


@each_backend
def test_the_gradient_in_a_cell_for_its_own_values(backend):
    """Of this step alone in either case: a state of fast weights that descends a loss of its own."""

    def cell(x, fast):
        loss = tg.sum(tg.square(x @ fast - 1.0))
        return loss, fast - 0.1 * tg.grad(loss, fast)

    xs, fast = np.random.default_rng(0).normal(size=(5, 2, 3)), np.full((3, 4), 0.1)
    assert_same(lambda xs, fast: tg.unroll(cell, xs, fast), xs, fast, backend=backend)


@each_backend
@pytest.mark.parametrize("changes", [True, False])
def test_the_gradient_for_the_last_state_of_what_is_made_of_all_outputs(changes, backend):
    """Uncompiled the last output and the last state are one node."""

    def fn(xs, h):
        ys, h = tg.unroll(lambda x, h: (tg.tanh(x + h),) * 2 if changes else (h, h), xs, h)
        return tg.grad(tg.sum(ys), h)

    right_or_refused(fn, np.array([0.1, 0.2, 0.3]), np.array(0.5), backend=backend)


@each_backend
def test_gradients_that_stay_on_one_side_are_not_refused(backend):
    """The fixes that the messages name, and an encoder's last state of which alone the loss is made."""
    w = tg.parameter(0.7)

    def cell(x, h):
        h = tg.tanh(x + w * tg.stop_gradient(h))
        return (tg.grad(h, w), tg.grad(tg.square(x) * h, x)), h

    def fn(xs, h):
        ys, h = tg.unroll(cell, xs, h)
        code = h * 1.0
        decoded, _ = tg.unroll(lambda x, s: (tg.tanh(x + s),) * 2, xs, code)
        _, last = tg.unroll(cell, xs, h)
        return ys, tg.grad(tg.sum(decoded) + tg.sum(ys[0]), code), tg.grad(tg.square(last), last)

    assert_same(fn, np.array([0.1, 0.2, 0.3]), np.array(0.5), backend=backend)
