"""Schedules against closed forms written another way, and averages of weights."""

import json
import math
from itertools import pairwise

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import Average, constant, cosine, exponential, one_cycle, plateau, step_decay


def test_rates_follow_their_formulas():
    for s in range(40):
        assert constant(0.3)(s) == 0.3
        assert step_decay(0.3, every=7, factor=0.5)(s) == pytest.approx(0.3 / 2 ** math.floor(s / 7))
        assert exponential(0.3, 0.9)(s) == pytest.approx(0.3 * math.exp(s * math.log(0.9)))
        if s <= 20:
            half = math.cos(math.pi * s / 40) ** 2
            assert cosine(0.3, steps=20, least=0.1)(s) == pytest.approx(0.03 + 0.27 * half, abs=6e-4)
    assert cosine(0.3, steps=20, least=0.1)(10) == pytest.approx(0.03 + 0.135)
    assert 0 < cosine(0.3, steps=20)(20) == cosine(0.3, steps=20)(1000) < cosine(0.3, steps=20)(19)


@each("make", [lambda w: constant(0.3, w), lambda w: cosine(0.3, 20, warm_up=w), lambda w: exponential(0.3, 0.9, w)])
def test_a_rate_warms_up(make):
    warmed, cold = make(5), make(0)
    np.testing.assert_allclose([warmed(s) for s in range(5)], 0.3 * np.arange(1, 6) / 5)
    assert [warmed(s) for s in range(5, 20)] == [cold(s) for s in range(15)]


def test_one_cycle_is_that_of_its_paper():
    """Its ends, top and middles; tests.bench.optimizers_torch compares all rates with those of OneCycleLR."""
    rates = [one_cycle(0.3, 10)(s) for s in range(10)]
    np.testing.assert_allclose([rates[0], rates[2], rates[9]], [0.012, 0.3, 1.2e-6])
    assert rates[:3] == sorted(rates[:3]) and rates[2:] == sorted(rates[2:], reverse=True)
    # Half a cosine is symmetric about its middle.
    np.testing.assert_allclose(rates[1], (0.012 + 0.3) / 2)
    np.testing.assert_allclose(rates[4] + rates[7], 0.3 + 1.2e-6)


def test_a_plateau_waits_and_goes_on_from_its_position():
    losses = [5, 4, 4, 4, 4, 3, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5]
    rate, rates = plateau(1.0, factor=0.5, patience=2, least=0.3), []
    for k, loss in enumerate(losses):
        if k == 4:
            kept = json.loads(json.dumps(rate.position))
            rate = plateau(1.0, factor=0.5, patience=2, least=0.3)
            rate.position = kept
        rate.look(loss)
        rates.append(rate(k))
    assert rates == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.3, 0.3, 0.3, 0.3]


def test_an_optimizer_follows_a_schedule():
    w = tg.parameter(0.0)
    sgd = tg.train.SGD(w, exponential(1.0, 0.5))
    run = tg.train.step(lambda x: w * x, w, sgd)
    for _ in range(4):
        run(np.array(1.0))
    assert w.item() == -(1 + 0.5 + 0.25 + 0.125)


@each("steps, rise", [(10, 0.1), (2, 0.5), (4, 0.25), (5, 0.1)])
def test_a_cycle_may_begin_at_its_top(steps, rise):
    rates = [one_cycle(2.0, steps, rise=rise)(k) for k in range(steps + 2)]
    assert all(a >= b for a, b in pairwise(rates)) and rates[-1] == pytest.approx(8e-6)
    assert rates[0] == 2.0 or rise * steps < 1


@each("schedule", [exponential(1e-3, 0.9), step_decay(1.0, 1), exponential(1.0, 0.5, warm_up=3)])
def test_a_rate_never_becomes_0(schedule):
    w = tg.parameter([1.0])
    sgd = tg.train.SGD([w], schedule)
    sgd.steps = 9000
    sgd.step([np.ones(1)])
    assert 0 < sgd.learning_rate < 1e-300 and w.value == 1.0


def test_a_plateau_never_raises_the_rate():
    rate = plateau(0.1, factor=0.5, patience=0, least=1.0)
    for loss in (1.0, 2.0, 3.0):
        rate.look(loss)
    assert rate(0) == 0.1


@each(
    "make",
    [
        lambda: constant(0.0),
        lambda: constant(1.0, warm_up=-1),
        lambda: step_decay(1.0, every=0),
        lambda: exponential(1.0, 0.0),
        lambda: cosine(1.0, steps=0),
        lambda: cosine(1.0, steps=3, least=-1),
        lambda: one_cycle(1.0, steps=1),
        lambda: one_cycle(1.0, steps=9, rise=1.0),
        lambda: plateau(1.0, factor=1.0),
        lambda: plateau(1.0, patience=-1),
        lambda: Average([3.0]),
        lambda: Average(tg.parameter(1.0), decay=1.0),
        lambda: Average(tg.parameter(1.0)).load_state_dict({"looks": 1}),
    ],
)
def test_settings_out_of_range_are_refused(make):
    with pytest.raises(tg.GraphError):
        make()


@each("decay", [None, 0.75])
def test_averages_are_sums_with_their_weights(decay):
    random = np.random.default_rng(0)
    w = tg.parameter(np.zeros((2, 3)))
    average, course = Average({"w": w}, decay), random.normal(size=(9, 2, 3))
    for k, value in enumerate(course):
        if k == 5:
            state = average.state_dict()
            average = Average({"w": w}, decay)
            average.load_state_dict(state)
        w.value = value
        average.look()
    shares = np.full(9, 1 / 9) if decay is None else np.array([0.75**8] + [0.25 * 0.75 ** (8 - k) for k in range(1, 9)])
    with average.applied():
        np.testing.assert_allclose(w.value, np.einsum("k,kij->ij", shares, course), rtol=1e-12)
    assert np.array_equal(w.value, course[-1])
    with pytest.raises(ZeroDivisionError), average.applied():
        1 / 0  # noqa: B018
    assert np.array_equal(w.value, course[-1])
