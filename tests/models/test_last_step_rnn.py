"""Article 003, second system: reference losses, gradients, and the answer 1 learned."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from models import last_step_rnn as system

REFERENCE = [0.9996805008, 0.8175102255, 0.6685012032, 0.5466158611, 0.4469174709,
             0.3653689845, 0.2986687218, 0.2441161226, 0.1995020524, 0.1630191743]  # fmt: skip
"""(y - target)^2 every 10 epochs at learning rate 0.01, gradient of half of it; measured with HIPS autograd."""


def plain_loss(p, inputs, target):
    h = 0.0 * p["bh"]
    for x in inputs:
        h = np.tanh(np.dot(p["Wx"], x[:, None]) + np.dot(p["Wh"], h) + p["bh"])
    return (0.5 * (np.dot(p["Wy"], h) + p["by"] - target) ** 2).item()


def epochs_to_goal(seed, learning_rate):
    model = system.Model(system.random_init(seed))
    squares = system.train(model, system.INPUTS, system.TARGET, epochs=800, learning_rate=learning_rate)
    assert system.reached_goal(model)
    return int(np.argmax(np.array(squares) < 1e-6))


def test_the_reference_losses_are_met():
    losses = system.train(system.Model(system.cosine_init()), system.INPUTS, system.TARGET, 91, learning_rate=0.01)
    np.testing.assert_allclose(losses[::10], REFERENCE, rtol=1e-8)


def test_gradients_agree_with_differences_at_ordinary_weights(ordinary, gradient_errors):
    model = system.Model(ordinary(system.cosine_init()))
    inputs = np.random.default_rng(1).standard_normal((5, 2))
    errors = gradient_errors(model, plain_loss, inputs, system.TARGET)
    assert errors.keys() == {"Wx", "Wh", "Wy", "bh", "by"}
    assert max(errors.values()) < 1e-8


@pytest.mark.parametrize(("part", "reached"), [(0.99, True), (1.01, False)])
def test_the_goal_is_a_bound_on_the_loss(part, reached, monkeypatch):
    monkeypatch.setattr(system.Model, "loss", lambda self, x, target: tg.constant(5e-7 * part))
    assert system.reached_goal(system.Model(system.cosine_init())) is reached


def test_one_random_start_reaches_the_answer_in_the_epochs_measured_elsewhere():
    assert epochs_to_goal(0, learning_rate=0.01) == pytest.approx(678, abs=5)
    assert epochs_to_goal(0, learning_rate=0.1) == pytest.approx(65, abs=3)


@pytest.mark.slow
def test_ten_of_ten_random_starts_reach_the_answer():
    epochs = [epochs_to_goal(seed, learning_rate=0.01) for seed in range(10)]
    assert max(epochs) < 700
