"""Article 002: gradients, and the next value of a sine learned."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from models import series_rnn as system


def plain_loss(p, inputs, targets):
    h = 0.0 * p["b_h"]
    total = 0.0
    for x, target in zip(inputs, targets, strict=True):
        h = np.tanh(np.dot(p["W_xh"], x[:, None]) + np.dot(p["W_hh"], h) + p["b_h"])
        total += 0.5 * ((np.dot(p["W_hy"], h) + p["b_y"] - target[:, None]) ** 2).sum()
    return total


def final_loss(arrays):
    model = system.Model(arrays)
    losses = system.train(model, system.INPUTS, system.TARGETS, epochs=1000, learning_rate=0.01)
    assert losses[0] == pytest.approx(5.23, abs=0.02)
    assert system.reached_goal(model)
    return model.loss(system.INPUTS, system.TARGETS).item()


def plain_training(p, inputs, targets, epochs, learning_rate):
    """The article's own backward pass, which is right, written again with one column per step."""
    losses = []
    for _ in range(epochs):
        h, y = [np.zeros_like(p["b_h"])], []
        for x in inputs:
            h.append(np.tanh(p["W_xh"] @ x[:, None] + p["W_hh"] @ h[-1] + p["b_h"]))
            y.append(p["W_hy"] @ h[-1] + p["b_y"])
        errors = [a - b[:, None] for a, b in zip(y, targets, strict=True)]
        losses.append(0.5 * sum((e**2).sum() for e in errors))
        slope = {name: np.zeros_like(array) for name, array in p.items()}
        from_later = np.zeros_like(p["b_h"])
        for t in range(len(inputs) - 1, -1, -1):
            into_tanh = (1 - h[t + 1] ** 2) * (p["W_hy"].T @ errors[t] + from_later)
            slope["W_hy"] += errors[t] @ h[t + 1].T
            slope["b_y"] += errors[t]
            slope["W_xh"] += into_tanh @ inputs[t][None, :]
            slope["W_hh"] += into_tanh @ h[t].T
            slope["b_h"] += into_tanh
            from_later = p["W_hh"].T @ into_tanh
        p = {name: array - learning_rate * slope[name] for name, array in p.items()}
    return losses


def test_the_losses_are_those_of_a_backward_pass_written_by_hand():
    losses = system.train(system.Model(system.random_init(3)), system.INPUTS, system.TARGETS, 60, learning_rate=0.01)
    by_hand = plain_training(system.random_init(3), system.INPUTS, system.TARGETS, 60, learning_rate=0.01)
    np.testing.assert_allclose(losses, by_hand, rtol=1e-8)


def test_gradients_agree_with_differences_at_ordinary_weights(ordinary, gradient_errors):
    model = system.Model(ordinary(system.cosine_init(hidden=6)))
    generator = np.random.default_rng(1)
    inputs, targets = generator.standard_normal((5, 1)), generator.standard_normal((5, 1))
    errors = gradient_errors(model, plain_loss, inputs, targets)
    assert errors.keys() == {"W_xh", "W_hh", "W_hy", "b_h", "b_y"}
    assert max(errors.values()) < 1e-8


def test_the_prediction_is_one_number_a_step():
    model = system.Model(system.cosine_init())
    assert model.predict(system.INPUTS).shape == system.TARGETS.shape == (20, 1)


@pytest.mark.parametrize(("part", "reached"), [(0.99, True), (1.01, False)])
def test_the_goal_is_a_bound_on_the_loss(part, reached, monkeypatch):
    monkeypatch.setattr(system.Model, "loss", lambda self, x, target: tg.constant(2e-3 * part))
    assert system.reached_goal(system.Model(system.cosine_init())) is reached


def test_one_start_learns_the_sine():
    assert final_loss(system.random_init(0)) == pytest.approx(8.5e-4, abs=5e-6)


@pytest.mark.slow
def test_ten_random_starts_learn_the_sine():
    losses = [final_loss(system.random_init(seed)) for seed in range(10)]
    assert np.median(losses) < 1e-3
