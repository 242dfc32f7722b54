"""Parameters that are frozen after a function was compiled: what it read of `trained` holds for its plan alone."""

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each

X = np.array([1.0, 2.0])


@pytest.fixture
def net():
    return tg.Linear(2, 2, rng=0, dtype=float)


def squares(net):
    return tg.sum(sum(tg.sum(p**2) for p in net.parameters().values()))


def numbers(net, *names):
    return sum(np.sum(np.square(getattr(net, name).value)) for name in names)


@each_backend
def test_plans_of_parameters_that_are_arguments_are_sorted_too(backend, net):
    """Their plans are kept by the parameter, and parameters compare number by number."""
    a, c = (tg.parameter([k, k], name) for k, name in ((1.0, "a"), (2.0, "c")))
    f = tg.compile(lambda p, x: tg.sum(p * x) + squares(net) * 1.0, backend)
    for names in (("weight", "bias"), ("weight",), ("weight", "bias")):
        (net.unfreeze if "bias" in names else net.freeze)("bias")
        for p in (a, c, a):
            np.testing.assert_allclose(f(p, X), np.sum(p.value * X) + numbers(net, *names), 1e-12)


@each_backend
def test_gradients_of_what_is_trained_are_of_what_is_trained_now(backend, net):
    calls = []

    def gradients(x):
        calls.append(1)
        return tg.grad(tg.sum(net(x) ** 2), net.parameters())

    f = tg.compile(gradients, backend)
    for _ in range(2):
        error = 2 * (net.weight.value @ X + net.bias.value)
        assert sorted(f(X)) == ["bias", "weight"]
        net.freeze("bias")
        for _ in range(2):
            (g,) = f(X).values()
            np.testing.assert_allclose(g, np.outer(error, X), rtol=1e-12)
        net.unfreeze()
        traced = len(calls)
    assert sorted(f(X)) == ["bias", "weight"] and len(calls) <= traced + 1  # a look, and no plan anew


@each_backend
@each("freeze", [lambda net: net.freeze("bias"), lambda net: setattr(net.bias, "trained", False)])
def test_an_l2_is_of_what_is_trained_now(backend, freeze, net):
    f, within = tg.compile(lambda: squares(net), backend), tg.compile(lambda: squares(net), backend)
    outer = tg.compile(lambda: 2.0 * within(), backend)
    both = numbers(net, "weight", "bias")
    np.testing.assert_allclose([f(), outer()], [both, 2 * both], rtol=1e-12)
    freeze(net)
    np.testing.assert_allclose([f(), outer()], np.array([1, 2]) * numbers(net, "weight"), rtol=1e-12)
    net.bias.trained = True
    np.testing.assert_allclose([f(), outer()], [both, 2 * both], rtol=1e-12)


@each_backend
def test_a_read_of_trained_is_that_of_now(backend, net):
    f = tg.compile(lambda x: x * (3.0 if net.bias.trained else 5.0), backend)
    assert f(X)[0] == 3
    net.bias.trained = False
    assert f(X)[0] == 5
    net.weight.trained = False  # which it does not read
    plan = f.plan
    assert f(X)[0] == 5 and f.plan is plan


@each_backend
def test_what_a_function_freezes_itself_is_its_own(backend, net):
    calls = []

    def frozen_within(x):
        calls.append(1)
        names = net.freeze("bias").parameters()
        net.unfreeze("bias")
        return tg.grad(tg.sum(net(x)), names)

    f = tg.compile(frozen_within, backend)
    sizes = [f(X).keys() == {"weight"} for _ in range(12)]
    assert all(sizes) and len(calls) < 8


@each_backend
def test_a_step_and_a_stream_go_on_when_others_are_frozen(backend, net):
    other = tg.Linear(2, 2, rng=1, dtype=float)
    w = tg.parameter(1.0)
    steps = [
        tg.train.step(lambda: w * 0.0 + squares(other), [w], tg.train.SGD([w], 0.1), backend=b)
        for b in (backend, "eager")
    ]
    stream = tg.train.Streaming(lambda x, h: (h + squares(net), h + 1.0), np.zeros(1), backend)
    before = stream(X), [step() for step in steps]
    np.testing.assert_allclose(before[0], numbers(net, "weight", "bias"))
    net.freeze("bias"), other.freeze("weight")
    np.testing.assert_allclose([stream(X).item() for _ in range(2)], numbers(net, "weight") + np.array([1, 2]))
    np.testing.assert_allclose([step() for step in steps], [numbers(other, "bias")] * 2)
    with pytest.raises(tg.GraphError, match="x is not as the first one"):
        net.unfreeze(), stream(np.ones(3))


def test_plans_that_are_laid_aside_are_dropped_first(monkeypatch, net):
    monkeypatch.setattr("tinygraph.compiled.KEPT_BYTES", 0)
    f = tg.compile(lambda x, k: x * k + squares(net), "numpy")
    for k in range(30):
        (net.freeze if k % 2 else net.unfreeze)("bias")
        names = ["weight"] if k % 2 else ["weight", "bias"]
        np.testing.assert_allclose(f(X, 2), 2 * X + numbers(net, *names))
        assert len(f._plans) == 1 and len(f._aside) <= 1
