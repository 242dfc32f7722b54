"""The training step: one call against its parts by hand, whole or not at all, NaN, accumulation, several optimizers."""

import math

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tests.interrupts import interrupted
from tinygraph.plan.actions import Elementwise
from tinygraph.train import SGD, Adam, Muon, clip_by_norm, clip_by_value, step

BACKENDS = ["eager", "numpy", "native"]
RANDOM = np.random.default_rng(5)
XS, YS = RANDOM.normal(size=(12, 6, 3, 2)), RANDOM.normal(size=(12, 6, 3, 4))


def network(dtype=np.float64):
    cell = tg.cells.LSTM(2, 4, rng=0, dtype=dtype)

    def loss(xs, ys, state=None):
        outputs, state = tg.unroll(cell, xs, state)
        return tg.mean((outputs - ys) ** 2), state

    return cell, cell.parameters(), loss


def trained_by_hand(change, steps=4, rate=0.5):
    """Gradients of a graph, changed, and plain gradient descent; also the losses and the norms."""
    _, parameters, loss = network()
    course = []
    for xs, ys in zip(XS[:steps], YS[:steps], strict=True):
        y, _ = loss(xs, ys)
        gradients = {k: g.value for k, g in tg.grad(y, parameters).items()}
        course.append((y.item(), np.sqrt(sum(np.sum(g**2) for g in gradients.values()))))
        for k, g in change(gradients).items():
            parameters[k].value = parameters[k].value - rate * g
    return {k: p.value for k, p in parameters.items()}, course


def global_norm(gradients):
    norm = np.sqrt(sum(np.sum(g**2) for g in gradients.values()))
    return {k: g * min(1, 0.05 / norm) for k, g in gradients.items()}


def each_norm(gradients):
    return {k: g * min(1, 0.02 / np.linalg.norm(g)) for k, g in gradients.items()}


CLIPS = {
    "none": (None, lambda gradients: gradients),
    "norm": (0.05, global_norm),
    "each": (lambda g: clip_by_norm(g, 0.02, each=True), each_norm),
    "value": (lambda g: clip_by_value(g, 0.01), lambda g: {k: np.clip(x, -0.01, 0.01) for k, x in g.items()}),
    "own": (lambda g: {k: np.tanh(x) for k, x in g.items()}, lambda g: {k: np.tanh(x) for k, x in g.items()}),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("clip", CLIPS)
def test_a_step_is_its_parts(clip, backend):
    _, parameters, loss = network()
    run = step(loss, parameters, SGD(parameters, 0.5), clip=CLIPS[clip][0], backend=backend)
    expected, course = trained_by_hand(CLIPS[clip][1])
    for xs, ys, (y, norm) in zip(XS[:4], YS[:4], course, strict=True):
        value, (h, c) = run(xs, ys)
        assert value.shape == () and h.shape == c.shape == (3, 4) and type(h) is np.ndarray
        np.testing.assert_allclose([value, run.norm], [y, norm], rtol=1e-10)
    for k, p in parameters.items():
        np.testing.assert_allclose(p.value, expected[k], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients_of_several_calls_are_averaged_for_one_update(backend):
    ends = []
    for parts in (1, 3):
        _, parameters, loss = network()
        run = step(loss, parameters, Adam(parameters, 0.01), clip=0.1, accumulate=parts, backend=backend)
        for first in (0, 3, 6, 9):
            for k in range(parts):
                rows = slice(k, k + 1) if parts == 3 else slice(None)  # each row of a batch by itself, or all
                before = {k: p.value for k, p in parameters.items()}
                run(XS[first][:, rows], YS[first][:, rows])
                same = all(np.array_equal(p.value, before[k]) for k, p in parameters.items())
                assert same == (k < parts - 1)
        assert run.steps == 4
        ends.append([p.value for p in parameters.values()])
    for a, b in zip(*ends, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_options_may_be_set_between_steps_and_in_place(backend):
    class Scaled(tg.train.Optimizer):
        def __init__(self, parameters, factors):
            self.factors, self.more = factors, 1.0
            super().__init__(parameters, 1.0)

        def update(self, w, g, moments, numbers):
            return w - self.factors[0] * self.more * g, moments

    for factors in ([0.5], (0.5,)):
        w = tg.parameter(np.zeros(2))
        rule = Scaled(w, factors)
        run = step(lambda w=w: tg.sum(w), w, rule, backend=backend)
        run()
        rule.more = 4.0
        run()
        np.testing.assert_array_equal(w.value, -2.5)
        if isinstance(factors, list):
            factors[0] = 0.25
            run()
            np.testing.assert_array_equal(w.value, -3.5)


def test_moments_may_lie_in_any_order():
    def trained(order):
        w = tg.parameter(np.arange(12.0).reshape(3, 4))
        adam = Adam(w, 0.1)
        run = step(lambda x: tg.sum((w - x) ** 2), w, adam)
        for x in XS[0, :4, 0, :1, None]:
            run(x)
            adam.load_state_dict({k: order(v) if v.ndim else v for k, v in adam.state_dict().items()})
        return w.value

    np.testing.assert_array_equal(trained(np.asfortranarray), trained(np.ascontiguousarray))


def test_squares_of_gradients_are_summed_and_not_stored():
    w = tg.parameter(np.ones((6, 5), np.float32))
    run = step(lambda x: tg.sum((w * x) ** 2), w, SGD(w, 0.1), clip=1.0)
    run(np.ones(5, np.float32))
    passes = [a for a in run._compiled.plan.actions if isinstance(a, Elementwise)]
    stored = [math.prod(v.shape) for a in passes for _, v in a.stores if v.dtype == np.float64]
    summed = [v.shape for a in passes for kind, _, v in a.reduces if kind == "sum" and v.dtype == np.float64]
    assert max(stored, default=1) == 1 and summed == [(6,)]
    assert run.norm == pytest.approx(2 * np.sqrt(30))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_step_with_nan_is_left_out_or_names_its_place(backend):
    for wrong in ((3, 1, 0), (0, 0, 0)):
        _, parameters, loss = network()
        adam = Adam(parameters)
        runs = {mode: step(loss, parameters, adam, nonfinite=mode, backend=backend) for mode in ("raise", "skip")}
        runs["raise"](XS[0], YS[0])
        before = [p.value for p in parameters.values()], adam.state_dict()
        xs, ys = XS[1].copy(), YS[1].copy()
        xs[wrong] = ys[wrong] = np.nan
        for bad in ((xs, YS[1]), (XS[1], ys)):
            assert np.isnan(runs["skip"](*bad)[0])
            with pytest.raises(tg.NonFiniteError):
                runs["raise"](*bad)
        assert runs["skip"].skipped == 2 and adam.steps == 1
        assert all(np.array_equal(p.value, v) for p, v in zip(parameters.values(), before[0], strict=True))
        assert all(np.array_equal(x, before[1][k]) for k, x in adam.state_dict().items())
        runs["skip"](XS[1], YS[1])
        assert adam.steps == 2 and all(np.isfinite(p.value).all() for p in parameters.values())


def test_the_message_of_a_nan_names_op_and_step():
    _, parameters, loss = network()
    run = step(loss, parameters, SGD(parameters, 0.1))
    run(XS[0], YS[0])
    parameters["weight_hh"].value = np.where(np.eye(16, 4) == 1, np.nan, parameters["weight_hh"].value)
    with pytest.raises(tg.NonFiniteError, match="at step 0: the result holds 4 NaN"):
        run(XS[0], YS[0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_within_nonfinite_each_value_is_looked_at_though_the_loss_is_finite(backend):
    w = tg.parameter(np.ones(2), name="w")
    run = step(lambda x: tg.sum(w * x) + tg.sum(tg.exp(-tg.log(x - 1.0))) * 0.0, w, SGD(w, 0.1), backend=backend)
    with np.errstate(all="ignore"):
        run(np.full(2, 2.0))
        with tg.nonfinite("raise"), pytest.raises(tg.NonFiniteError, match="log"):
            run(np.array([2.0, 1.0]))
    np.testing.assert_allclose(w.value, 0.8)
    assert run.steps == 1


def test_the_second_half_of_a_step_is_its_update():
    """As an exported step takes it: gradients, moments and numbers in, values and moments out, one flat list each."""
    w, b = tg.parameter([1.0, 2.0]), tg.parameter([[3.0]])
    adam, momentum = Adam({"w": w}, 0.1), SGD({"b": b}, 0.5, momentum=0.25)
    run = step(lambda: tg.sum(w) + tg.sum(b), {"b": b, "w": w}, [adam, momentum], backend="numpy")
    moments = [np.array([0.5, 0.0]), np.array([1.0, 4.0]), np.array([[2.0]])]
    numbers = [o.numbers_now() for o in run.optimizers]
    gb, gw = np.array([[8.0]]), np.array([3.0, -1.0])
    new = run.update([gb, gw], moments, numbers)
    m, v = 0.9 * moments[0] + 0.1 * gw, 0.999 * moments[1] + 0.001 * gw**2
    after = w.value - 0.1 * (m / 0.1) / (np.sqrt(v / 0.001) + 1e-8), m, v, b.value - 0.5 * 8.5, np.array([[8.5]])
    for got, due in zip(new, after, strict=True):
        np.testing.assert_allclose(got, due, rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients_beyond_the_squares_of_float32_are_no_nan(backend):
    w = tg.parameter(np.ones(2, np.float32))
    run = step(lambda x: tg.sum(w * x), w, SGD(w, 1.0), clip=1.0, backend=backend)
    run(np.array([3e25, 4e25], np.float32))
    np.testing.assert_allclose(w.value, [0.4, 0.2], rtol=1e-6)
    np.testing.assert_allclose(run.norm, 5e25, rtol=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_optimizers_share_the_parameters(backend):
    random = np.random.default_rng(2)
    w, b = tg.parameter(random.normal(size=(3, 3))), tg.parameter(np.zeros(3))
    w2, b2 = tg.parameter(w.value), tg.parameter(b.value)
    options = {"learning_rate": 0.1}
    muon, adam = Muon({"w": w}, **options), Adam({"b": b}, **options)
    run = step(lambda x: tg.mean(tg.tanh(x @ w + b) ** 2), {"w": w, "b": b}, [muon, adam], backend=backend)
    muon2, adam2 = Muon([w2], **options), Adam([b2], **options)
    for _ in range(3):
        x = random.normal(size=(5, 3))
        run(x)
        gw, gb = tg.grad(tg.mean(tg.tanh(x @ w2 + b2) ** 2), [w2, b2])
        muon2.step([gw])
        adam2.step([gb])
    np.testing.assert_allclose(w.value, w2.value, rtol=1e-9)
    np.testing.assert_allclose(b.value, b2.value, rtol=1e-9)


@each("backend", BACKENDS)
def test_a_parameter_that_the_loss_does_not_use_stays(backend):
    w, idle = tg.parameter([1.0]), tg.parameter([2.0])
    run = step(lambda x: tg.sum(w * x), [w, idle], SGD([w, idle], 0.1), backend=backend)
    run(np.ones(1))
    assert idle.value == [2.0] and w.value == [0.9]


@each("backend", BACKENDS)
def test_what_backward_left_is_no_part_of_a_step(backend):
    w = tg.parameter([1.0])
    run = step(lambda x: tg.sum(w * x), [w], SGD([w], 0.1), backend=backend)
    tg.sum(w * 100.0).backward()
    run(np.ones(1))
    assert w.value == [0.9] and type(run.norm) is float and run.norm == 1.0


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_interrupted_step_is_done_or_not_begun(backend):
    """Weights, moments, sums of gradients and the number of steps are of one moment."""
    w, b = tg.parameter(0.0), tg.parameter([0.0, 0.0])
    momentum = SGD([w, b], 1.0, momentum=0.5)
    run = step(lambda x: -x * (w + tg.sum(b)), [w, b], momentum, accumulate=2, backend=backend)
    x, counts = np.array(2.0), set()
    for _ in range(34):  # the next look at what is outside, which traces, is at call 65
        run(x)
    for _, _ in zip(interrupted(lambda: run(x), every=53), range(28), strict=False):
        v = place = 0.0
        for _ in range(momentum.steps):
            v = 0.5 * v - 2.0
            place -= v
        np.testing.assert_allclose([w.item(), *b.value], place, rtol=1e-12)
        np.testing.assert_allclose(momentum.state_dict()["velocity.1"], v)
        np.testing.assert_allclose(run._totals[0], -2.0 * run._collected)
        counts.add((momentum.steps, run._collected))
    assert momentum.steps >= 17 and counts


@each(
    "make, match",
    [
        (lambda w, o: step(None, w, o(w)), "step"),
        (lambda w, o: step(tg.sum, w, None), "no optimizer"),
        (lambda w, o: step(tg.sum, w, []), "no optimizer"),
        (lambda w, o: step(tg.sum, w, [o(w), o(w)]), "not those of the parameters"),
        (lambda w, o: step(tg.sum, [w, tg.parameter(1.0)], o(w)), "not those of the parameters"),
        (lambda w, o: step(tg.sum, w, o(w), clip=-1.0), "clip is not positive"),
        (lambda w, o: step(tg.sum, w, o(w), accumulate=0), "accumulate"),
        (lambda w, o: step(tg.sum, w, o(w), nonfinite="ignore"), "nonfinite"),
        (lambda w, o: step(tg.sum, w, o(w), backend="cuda"), "backend"),
        (lambda w, o: step(lambda x: w * x, w, o(w))(np.ones(2)), "one element"),
        (lambda w, o: step(lambda x: 3.0, w, o(w), backend="eager")(np.ones(2)), "one element"),
        (lambda w, o: step(lambda x: 3.0, w, o(w))(np.ones(2)), "one element"),
        (lambda w, o: step(tg.sum, w, o(w), clip=lambda g: [g, g])(np.ones(2)), "clip"),
    ],
)
def test_wrong_settings_get_one_error(make, match):
    with pytest.raises(tg.GraphError, match=match):
        make(tg.parameter([1.0, 2.0]), lambda w: SGD(w, 0.1))
