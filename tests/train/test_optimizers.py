"""Optimizers against their papers' formulas written out in plain Python, and steps that are refused whole."""

import math
from collections import OrderedDict

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.train import SGD, Adam


def adam_by_hand(theta, gradients, alpha, beta1, beta2, epsilon):
    """Kingma and Ba 2015, algorithm 1, one number, line by line."""
    m = v = 0.0
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat = m / (1 - math.pow(beta1, t))
        v_hat = v / (1 - math.pow(beta2, t))
        theta = theta - alpha * m_hat / (math.sqrt(v_hat) + epsilon)
    return theta


@pytest.mark.parametrize("betas, eps", [((0.9, 0.999), 1e-8), ((0.5, 0.8), 0.1), ((0.0, 0.0), 1e-3)])
def test_adam_is_algorithm_1(betas, eps):
    random = np.random.default_rng(1)
    start, gradients = random.normal(size=(2, 3)), random.normal(size=(7, 2, 3))
    w = tg.parameter(start)
    optimizer = Adam({"w": w}, learning_rate=0.03, betas=betas, eps=eps)
    for g in gradients:
        optimizer.step({"w": g})
    expected = [
        adam_by_hand(float(start[i]), [float(g[i]) for g in gradients], 0.03, *betas, eps) for i in np.ndindex(2, 3)
    ]
    np.testing.assert_allclose(w.value.ravel(), expected, rtol=1e-12)


def test_adam_uses_the_defaults_of_the_paper():
    w = tg.parameter(2.0)
    optimizer = Adam(w)
    for g in (0.5, -0.25):
        optimizer.step(np.array(g))
    assert math.isclose(w.item(), adam_by_hand(2.0, [0.5, -0.25], 0.001, 0.9, 0.999, 1e-8), rel_tol=1e-14)


def test_sgd_subtracts_the_gradient_that_backward_left():
    a, b = tg.parameter([1.0, 2.0], name="a"), tg.parameter(3.0, name="b")
    optimizer = SGD([a, {"b": b}], learning_rate=0.1)
    (tg.sum(a * a) * b).backward()
    optimizer.step()
    np.testing.assert_allclose(a.value, [1 - 0.1 * 6, 2 - 0.1 * 12], rtol=1e-14)
    np.testing.assert_allclose(b.value, 3 - 0.1 * 5, rtol=1e-14)


def test_the_learning_rate_may_change_between_steps():
    w = tg.parameter(1.0)
    optimizer = SGD(w, learning_rate=0.5)
    optimizer.step(np.array(1.0))
    optimizer.learning_rate = 0.25
    optimizer.step(np.array(1.0))
    assert w.item() == 0.25


@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.1), lambda p: Adam(p, 0.1)])
@pytest.mark.parametrize("shape", [(), (3,), (2, 0)])
def test_float32_stays_float32_and_old_arrays_stay_as_they_were(make, shape):
    w = tg.parameter(np.ones(shape, np.float32))
    before = w.value
    optimizer = make([w])
    for _ in range(2):
        optimizer.step([np.ones(shape, np.float32)])
    assert w.dtype == np.float32 and w.shape == shape
    assert (before == 1).all() and (w.value < 1).all()


def test_gradients_are_found_by_key_whatever_their_order():
    p = {"a": tg.parameter(1.0), "b": tg.parameter(1.0)}
    SGD(p, 1.0).step({"b": np.array(0.25), "a": np.array(0.5)})
    assert (p["a"].item(), p["b"].item()) == (0.5, 0.75)


def test_gradient_nodes_are_taken():
    w = tg.parameter(3.0)
    SGD([w], 0.5).step(tg.grad(w * w, [w]))
    assert w.item() == 0.0


REFUSED = [
    (None, tg.GraphError, "gradient of parameter 'b' was never computed"),
    ([np.ones(2), None], tg.GraphError, "gradient of parameter 'b' was never computed"),
    ([np.ones(2)], tg.GraphError, "not nested"),
    ((np.ones(2), np.ones(2)), tg.GraphError, r"(?s)not nested.*list of \[0, 1\].*tuple of \[0, 1\]"),
    ({0: np.ones(2), 1: np.ones(2)}, tg.GraphError, r"(?s)not nested.*list of \[0, 1\].*dict of \[0, 1\]"),
    ({"a": np.ones(2), "b": np.ones(2)}, tg.GraphError, "not nested"),
    ([np.ones(2), np.ones(3)], tg.GraphError, r"(?s)does not fit.*\(2,\) float64.*\(3,\)"),
    ([np.ones(2), np.ones(2, np.float32)], tg.GraphError, "(?s)does not fit.*float32"),
    ([np.ones(2), np.array([1, np.nan])], tg.NonFiniteError, "'b' is not finite"),
    ([np.ones(2), np.array([1, -np.inf])], tg.NonFiniteError, "'b' is not finite"),
]


@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.1), lambda p: Adam(p, 0.1)])
@pytest.mark.parametrize("gradients, error, match", REFUSED)
def test_a_step_that_is_refused_moves_nothing(make, gradients, error, match):
    a, b = tg.parameter(np.ones(2), name="a"), tg.parameter(np.ones(2), name="b")
    a.grad = np.ones(2)
    optimizer = make([a, b])
    with pytest.raises(error, match=match):
        optimizer.step(gradients)
    assert (a.value == 1).all() and (b.value == 1).all()
    optimizer.step([np.ones(2), np.ones(2)])
    np.testing.assert_allclose(a.value, 0.9, rtol=1e-6)


@pytest.mark.parametrize("rate", [0, -1e-3, math.nan, math.inf])
def test_a_learning_rate_that_is_not_positive_is_refused(rate):
    with pytest.raises(tg.GraphError, match="learning_rate"):
        SGD([tg.parameter(1.0)], rate)


def test_settings_of_adam_out_of_range_are_refused():
    with pytest.raises(tg.GraphError, match="beta"):
        Adam([tg.parameter(1.0)], betas=(0.9, 1.0))
    with pytest.raises(tg.GraphError, match="eps"):
        Adam([tg.parameter(1.0)], eps=0)


def test_only_parameters_each_once():
    w = tg.parameter(1.0)
    with pytest.raises(tg.GraphError, match="not a parameter"):
        SGD([w, tg.constant(1.0)], 0.1)
    with pytest.raises(tg.GraphError, match="not a parameter"):
        SGD({"w": np.ones(2)}, 0.1)
    with pytest.raises(tg.GraphError, match="twice"):
        SGD([w, [w]], 0.1)


@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.5), lambda p: Adam(p, 0.5)])
def test_the_nesting_is_that_of_the_moment_of_making(make):
    a, b, c = (tg.parameter(1.0, name=n) for n in "abc")
    d = OrderedDict(a=a, more=[b])
    optimizer = make(d)
    d["more"].append(c)
    with pytest.raises(tg.GraphError, match=r"(?s)were when the optimizer was made.*list of \[0\].*list of \[0, 1\]"):
        optimizer.step(tg.grad(a * b * c, d))
    d.clear()
    d["c"] = c
    with pytest.raises(tg.GraphError, match=r"(?s)Dict of \['a', 'more'\].*Dict of \['c'\].*a new optimizer"):
        optimizer.step(tg.grad(a * b * c, d))
    assert a.item() == b.item() == c.item() == 1
    optimizer.step(OrderedDict(a=np.array(1.0), more=[np.array(1.0)]))
    assert a.item() == b.item() == pytest.approx(0.5) and c.item() == 1


def test_adam_finds_the_lowest_point():
    w = tg.parameter(np.zeros(2))
    optimizer = Adam(w, learning_rate=0.05)
    for _ in range(400):
        optimizer.step(tg.grad(tg.sum((w - np.array([1.0, -2.0])) ** 2), w))
    np.testing.assert_allclose(w.value, [1, -2], atol=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("alpha", [0.5, 0.9, 0.99])
def test_a_deviation_of_gradients_all_alike_is_0_and_no_nan(dtype, alpha):
    """v - m^2 is 0, or a little below it by rounding."""
    w, g = tg.parameter(np.zeros(50, dtype)), np.random.default_rng(0).normal(size=50).astype(dtype)
    rule = tg.train.RMSprop([w], 1e-3, alpha=alpha, eps=1.0, centered=True)
    for _ in range(400 if alpha < 0.9 else 3000):
        before = w.value
        rule.step([g])
    np.testing.assert_allclose(before - w.value, 1e-3 * g, rtol=2e-2, atol=1e-6)


def test_nadam_goes_on_with_the_same_bits_and_costs_no_more_after_many_steps():
    """Its product of all shares so far is one factor a step, also after a resume, a step back, and with groups."""
    w = tg.parameter(np.ones(2), name="w")
    rule = tg.train.NAdam({"w": w}, 0.1, groups={"w": {"momentum_decay": 0.1}})
    numbers = {}
    for t in (1, 2, 3, 300, 301, 2, 300, 301):
        rule.steps = t - 1
        (own,) = rule.numbers_now()
        assert numbers.setdefault(t, own) == own
        shares = 0.9 * (1 - 0.5 * 0.96 ** (0.1 * np.arange(1, t + 2)))
        np.testing.assert_allclose(own["now"], 0.1 * (1 - shares[-2]) / (1 - np.prod(shares[:-1])), rtol=1e-12)
        np.testing.assert_allclose(own["rate"], 0.1 * shares[-1] / (1 - np.prod(shares)), rtol=1e-12)
    rule.steps, factors, share = 500_000, [], tg.train.NAdam._share
    rule.numbers_now()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tg.train.NAdam, "_share", lambda self, t: factors.append(t) or share(self, t))
        rule.steps += 1
        rule.numbers_now()
    assert len(factors) < 6


@pytest.mark.parametrize("compiled", [False, True])
def test_an_option_that_was_set_out_of_range_is_refused_at_the_next_step(compiled):
    w = tg.parameter([1.0], name="w")
    for rule, name, wrong, right in (
        (Adam([w], 0.1), "betas", (1.5, 0.9), [0.5, 0.9]),
        (Adam([w], 0.1, groups={"*": {"eps": 1e-3}}), "weight_decay", -1.0, 0),
        (SGD([w], 0.1, momentum=0.5), "momentum", 1.0, np.float32(0.25)),
    ):
        run = tg.train.step(lambda: tg.sum(w), [w], rule, backend="numpy") if compiled else None
        w.value = [1.0]
        setattr(rule, name, wrong)
        for _ in range(2):
            with pytest.raises(tg.GraphError, match="out of range"):
                run() if run is not None else rule.step([np.ones(1)])
        assert w.value == 1.0 and rule.steps == 0
        setattr(rule, name, right)
        run() if run is not None else rule.step([np.ones(1)])
        assert w.value < 1.0 and np.allclose(getattr(rule, name), right)


def test_from_4097_numbers_on_a_rule_is_compiled():
    for sizes, due in (((4096,), False), ((4097,), True), ((4000, 96), False), ((4000, 97), True)):
        optimizer = Adam([tg.parameter(np.ones(n)) for n in sizes])
        optimizer.step([np.ones(n) for n in sizes])
        assert [group.flat._compiled is not None for group in optimizer.groups] == [due]


def test_a_rule_that_works_element_by_element_is_called_once_for_all_parameters(monkeypatch):
    counts, kinds = {}, [getattr(tg.train, name) for name in dir(tg.train) if not name.startswith("_")]
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, tg.train.Optimizer) and kind is not tg.train.Optimizer:
            calls, update = [], kind.update
            monkeypatch.setattr(kind, "update", lambda *a, calls=calls, update=update: calls.append(0) or update(*a))
            optimizer = kind([tg.parameter(np.eye(2)) for _ in range(3)], learning_rate=0.1)
            optimizer.step([np.eye(2) * (k + 1) for k in range(3)])
            counts[kind.__name__] = len(calls)
    assert len(counts) > 9 and counts.pop("Muon") == 3, "of each matrix by itself"
    assert set(counts.values()) == {1}, counts
