"""The gradient check itself: it must accept what is right and reject every planted fault."""

import numpy as np
import pytest

import tinygraph as tg


def arrays(*shapes, dtype=np.float64):
    rng = np.random.default_rng(1)
    return [rng.normal(size=shape).astype(dtype) * 0.5 for shape in shapes]


class Faulty(tg.Op):
    """tanh(a + b) with a right forward and a planted fault in backward."""

    def __init__(self, fault):
        self.fault = fault

    def forward(self, a, b):
        return np.tanh(a + b)

    def backward(self, gz, z, a, b):
        g = gz * (1 - z * z)
        gb = tg.ops.sum_to.of(g, shape=b.shape)
        return self.fault(g, gb, b)


FAULTS = {
    "sign": lambda g, gb, b: (g, -gb),
    "factor": lambda g, gb, b: (g, gb * 1.001),
    "one element": lambda g, gb, b: (g * (1 + 0.001 * (np.arange(12) == 5).reshape(3, 4)), gb),
    "missing broadcast sum": lambda g, gb, b: (g, g[0]),
    "missing accumulation": lambda g, gb, b: (g, g[-1]),
    "nothing": lambda g, gb, b: (g, gb * 0),
    "none": lambda g, gb, b: (g, None),
    "nan": lambda g, gb, b: (g, gb * np.nan),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_faults_are_rejected(fault):
    op = Faulty(FAULTS[fault])
    with pytest.raises(tg.check.GradientError) as caught:
        tg.check.gradients(lambda a, b: op(a, b), arrays((3, 4), (4,)))
    row = next(r for r in caught.value.report.rows if not r.error <= caught.value.report.tolerance)
    assert row.name in str(caught.value) and f"{row.numeric:.6g}"[:6] in str(caught.value)


def test_the_same_op_without_a_fault_passes():
    op = Faulty(lambda g, gb, b: (g, gb))
    report = tg.check.gradients(lambda a, b: op(a, b), arrays((3, 4), (4,)), order=3)
    assert report.passed and report.largest_error < 1e-8 and len(report.rows) == 6


def test_a_wrong_second_derivative_is_rejected_though_the_first_is_right():
    class Frozen(tg.Op):
        def forward(self, x):
            return x * x * x

        def backward(self, gz, z, x):
            return gz * 3 * tg.ops.stop_gradient.of(x) * x

    op = Frozen()
    tg.check.gradients(lambda x: op(x), arrays((3,)), order=1)
    with pytest.raises(tg.check.GradientError):
        tg.check.gradients(lambda x: op(x), arrays((3,)), order=2)


def unrolled(w, xs, *, stale=False, forget=False):
    """A tanh RNN; ``stale`` takes the state of two steps ago for the gradient, ``forget`` drops a step's share."""
    h = before = tg.constant(np.zeros(3))
    for t in range(4):
        state = h
        if stale:  # the value of h, the gradient of the state before it
            state = before + tg.stop_gradient(h - before)
        weight = tg.stop_gradient(w) if forget and t == 2 else w
        before, h = h, tg.tanh(weight @ state + xs[t])
    return tg.sum(h * h)


@pytest.mark.parametrize("fault", ["stale", "forget"])
def test_faults_over_time_are_rejected(fault):
    with pytest.raises(tg.check.GradientError, match="wrong gradient of w"):
        tg.check.gradients(lambda w, xs: unrolled(w, xs, **{fault: True}), arrays((3, 3), (4, 3)), order=1)
    tg.check.gradients(unrolled, arrays((3, 3), (4, 3)))


def test_parameters_are_put_back_even_when_the_function_fails():
    w = tg.parameter([0.5, 1.5], name="w")
    earlier = tg.sum(w * w)
    calls = []

    def fails():
        calls.append(1)
        if len(calls) > 3:
            raise RuntimeError("tired")
        return tg.sum(w * w)

    with pytest.raises(RuntimeError):
        tg.check.gradients(fails, [w])
    assert w.value.tolist() == [0.5, 1.5] and w.grad is None
    earlier.backward()
    assert w.grad.tolist() == [1.0, 3.0]


def test_arguments_as_dict_and_closure_and_integers():
    w, ids = arrays((5, 2))[0], np.array([0, 3, 3])
    report = tg.check.gradients(lambda table, ids: tg.take(table, ids, axis=0) ** 2, {"table": w, "ids": ids})
    assert {r.name for r in report.rows} == {"table"}


def test_float32_has_its_own_tolerance():
    report = tg.check.gradients(lambda w: tg.tanh(w), arrays((4,), dtype=np.float32))
    assert 1e-4 < report.tolerance < 1e-3
    with pytest.raises(tg.check.GradientError):
        tg.check.gradients(lambda w: tg.tanh(w) + 0.01 * (tg.stop_gradient(w) - w), arrays((4,), dtype=np.float32))


def test_a_function_that_draws_is_told_from_a_wrong_gradient():
    layer = tg.Recurrent(tg.cells.Zoneout(tg.cells.GRU(3, 3, rng=0, dtype=np.float64), 0.5, rng=1))
    xs = arrays((3, 2, 3))
    with pytest.raises(tg.GraphError, match=r"(?s)other numbers.*eval\(\)") as caught:
        tg.check.gradients(lambda x: layer(x)[0], xs)
    assert not isinstance(caught.value, tg.check.GradientError)
    tg.check.gradients(lambda x: layer.eval()(x)[0], xs, order=1)
    tg.check.gradients(lambda x: x * tg.noise(np.random.default_rng(0).random, x.shape), xs)


@pytest.mark.parametrize("fn", [lambda x: (x, x), lambda x: np.ones(3)])
def test_what_is_no_node_is_refused(fn):
    with pytest.raises(tg.GraphError, match="must return one node"):
        tg.check.gradients(fn, arrays((3,)))


def test_nothing_to_check():
    with pytest.raises(tg.GraphError, match="nothing to check"):
        tg.check.gradients(lambda i: i, [np.arange(3)])


def test_the_direction_leans_to_the_gradient():
    """A random one is nearly orthogonal to the gradient of many numbers, and would show nothing of it."""
    w = np.linspace(-1, 1, 10_000)
    (row,) = tg.check.gradients(lambda x: tg.sum(x * w), [np.zeros(10_000)], order=1).rows
    assert abs(row.analytic) > 0.5 * np.linalg.norm(w)


def test_a_strong_curvature_is_met_by_a_smaller_step():
    """At the first step size, 7e-4, the formula errs by a hundredth for sin(800 x); at the next it does not."""
    report = tg.check.gradients(lambda x: tg.sum(tg.sin(x * 800.0)), [np.array([0.3])], order=1, tolerance=1e-5)
    assert report.passed


def test_the_second_order_is_that_of_one_derivative_along_one_direction():
    """Of (x² + y²) / 2 it is the direction itself, of which each entry lies between -1 and 1, and anywhere there."""
    for row in (0, 1):
        found = []
        for seed in range(20):
            report = tg.check.gradients(lambda x, y: (x * x + y * y) * 0.5, [np.ones(1), np.ones(1)], seed=seed)
            found.append(abs([r for r in report.rows if r.order == 2][row].analytic))
        assert 0.75 < max(found) <= 1 and min(found) < 0.25


def test_numbers_of_python_and_numpy_are_arguments():
    for arguments in ([3.0, np.float32(2.0)], {"x": 3.0, "y": 2.0}, (3.0, 2)):
        report = tg.check.gradients(lambda x, y: x * x * y, arguments, order=1)
        rows = {row.name: row.analytic for row in report.rows}
        np.testing.assert_allclose(abs(rows["x"]), 12.0, rtol=1e-6)
        assert ("y" in rows) == (arguments != (3.0, 2)), "a whole number is passed on"
