"""Article 001: reference losses and outputs, gradients, and the tags learned."""

from __future__ import annotations

import numpy as np
import pytest

from models import tagging_rnn as system

REFERENCE = [1.886567514e-4, 1.375741556e-5, 4.195041705e-6, 1.942281149e-6, 1.099247211e-6,
             7.000958468e-7, 4.819116757e-7, 3.504788946e-7, 2.655485195e-7, 2.076743895e-7]  # fmt: skip
"""The mean square after every 100 epochs, gradient of the summed cross-entropy; measured with HIPS autograd."""


def plain_loss(p, inputs, tags):
    h = 0.0 * p["bh"]
    total = 0.0
    for x, tag in zip(inputs, tags, strict=True):
        h = np.tanh(np.dot(p["Wxh"], x) + np.dot(p["Whh"], h) + p["bh"])
        o = 1 / (1 + np.exp(-(np.dot(p["Why"], h) + p["by"])))
        total -= (tag * np.log(o) + (1 - tag) * np.log(1 - o)).sum()
    return total


def epochs_to_goal(seed, most=200):
    model = system.Model(system.random_init(seed))
    for epoch in range(most):
        if system.reached_goal(model):
            return epoch
        system.train(model, system.INPUTS, system.TAGS, epochs=1, learning_rate=0.1)
    return None


def test_the_reference_losses_and_outputs_are_met():
    model = system.Model(system.cosine_init())
    losses = system.train(model, system.INPUTS, system.TAGS, epochs=1000, learning_rate=0.1)
    np.testing.assert_allclose(losses[99::100], REFERENCE, rtol=1e-8)
    np.testing.assert_allclose(model.predict(system.INPUTS).ravel(), [0.9994205105, 0.0002803166972], rtol=1e-8)
    np.testing.assert_allclose(model.predict(system.NEW_INPUT).ravel(), [0.9965374233], rtol=1e-8)


def test_gradients_agree_with_differences_at_ordinary_weights(ordinary, gradient_errors):
    model = system.Model(ordinary(system.cosine_init(hidden=6)))
    generator = np.random.default_rng(1)
    inputs, tags = generator.standard_normal((5, 3, 1)), generator.random((5, 1, 1))
    errors = gradient_errors(model, plain_loss, inputs, tags)
    assert errors.keys() == {"Wxh", "Whh", "Why", "bh", "by"}
    assert max(errors.values()) < 1e-8


def test_each_element_of_a_gradient_is_clipped_by_itself(ordinary, gradients_of):
    model = system.Model(ordinary(system.cosine_init(hidden=6)))
    before = {name: p.value.copy() for name, p in model.parameters.items()}
    gradients = gradients_of(model, system.INPUTS, system.TAGS)
    assert min(np.abs(g).max() for g in gradients.values()) > 0.01
    system.train(model, system.INPUTS, system.TAGS, epochs=1, learning_rate=0.1, limit=0.01)
    for name, p in model.parameters.items():
        np.testing.assert_allclose(
            before[name] - p.value, 0.1 * np.clip(gradients[name], -0.01, 0.01), rtol=1e-9, atol=1e-15
        )


@pytest.mark.parametrize(("off", "reached"), [((0.09, -0.09), True), ((0.11, 0), False), ((0, -0.11), False)])
def test_the_goal_needs_both_outputs(off, reached, monkeypatch):
    outputs = system.TAGS + np.array(off)[:, None, None]
    monkeypatch.setattr(system.Model, "predict", lambda self, x: outputs)
    assert system.reached_goal(system.Model(system.cosine_init())) is reached


def test_one_random_start_learns_the_tags():
    assert epochs_to_goal(0) == 55


@pytest.mark.slow
def test_twenty_of_twenty_random_starts_learn_the_tags():
    epochs = [epochs_to_goal(seed) for seed in range(20)]
    assert None not in epochs, epochs
    assert (np.median(epochs), max(epochs)) == (54, 59)
