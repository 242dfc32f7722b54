"""Article 003, first system: reference output, gradients, and the task given to it learned."""

from __future__ import annotations

import numpy as np
import pytest

from models import batched_rnn as system

REFERENCE = [
    [[0.92011452, 0.88394202], [0.92986397, 0.89482656], [0.93028775, 0.89556055], [0.93031717, 0.895525]],
    [[0.90987211, 0.87413497], [0.92963069, 0.89458928], [0.93044402, 0.89562344], [0.92909882, 0.89411009]],
]


def plain_loss(p, inputs, targets):
    h = np.zeros((len(inputs), len(p["b_h"])))
    total = 0.0
    for t in range(inputs.shape[1]):
        h = 1 / (1 + np.exp(-(np.dot(inputs[:, t], p["W_xh"]) + np.dot(h, p["W_hh"]) + p["b_h"])))
        o = 1 / (1 + np.exp(-(np.dot(h, p["W_hy"]) + p["b_y"])))
        total += 0.5 * ((o - targets[:, t]) ** 2).sum()
    return total


def is_learned(seed):
    model = system.Model(system.random_init(seed))
    assert not system.reached_goal(model)
    system.train(model, system.INPUTS, system.TARGETS, epochs=1000, learning_rate=2.0)
    return system.reached_goal(model)


def test_the_reference_output_is_met_to_its_printed_digits():
    output = system.Model(system.cosine_init()).predict(system.INPUTS)
    np.testing.assert_allclose(output, REFERENCE, rtol=0, atol=0.6e-8)


def test_the_targets_are_running_means():
    for t in range(4):
        np.testing.assert_allclose(system.TARGETS[:, t], system.INPUTS[:, : t + 1, :2].mean(axis=1))


def test_gradients_agree_with_differences_at_ordinary_weights(ordinary, gradient_errors):
    model = system.Model(ordinary(system.cosine_init()))
    generator = np.random.default_rng(1)
    inputs, targets = generator.standard_normal((3, 5, 10)), generator.random((3, 5, 2))
    errors = gradient_errors(model, plain_loss, inputs, targets)
    assert errors.keys() == {"W_xh", "W_hh", "W_hy", "b_h", "b_y"}
    assert max(errors.values()) < 1e-8


@pytest.mark.parametrize(("off", "reached"), [(0.031, True), (0.032, False)])
def test_the_goal_is_a_mean_squared_error_below_a_thousandth(off, reached, monkeypatch):
    monkeypatch.setattr(system.Model, "predict", lambda self, x: system.TARGETS + off)
    assert system.reached_goal(system.Model(system.cosine_init())) is reached


def test_one_start_learns_the_running_means():
    assert is_learned(0)


@pytest.mark.slow
def test_twenty_of_twenty_random_starts_learn_the_running_means():
    assert [is_learned(seed) for seed in range(20)] == [True] * 20
