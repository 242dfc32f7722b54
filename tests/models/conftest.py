"""What the tests of the six systems share: weights of ordinary size, and gradients by central differences."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg


@pytest.fixture
def ordinary():
    """Arrays of the same names and shapes, all of them (biases too) drawn with deviation 0.5."""

    def draw(arrays, seed=7):
        generator = np.random.default_rng(seed)
        return {name: 0.5 * generator.standard_normal(array.shape) for name, array in arrays.items()}

    return draw


@pytest.fixture
def gradient_errors():
    """Relative error of the gradient of each parameter of a model, by name.

    The other side is ``plain_loss(arrays, inputs, targets)``, written in numpy without the
    graph, differentiated element by element by the central difference of fourth order,
    (f(w - 2d) - 8 f(w - d) + 8 f(w + d) - f(w + 2d)) / 12d.
    """

    def compare(model, plain_loss, inputs, targets, distance=5e-4):
        loss = model.loss(inputs, targets)
        arrays = {name: parameter.value.copy() for name, parameter in model.parameters.items()}
        assert loss.item() == pytest.approx(plain_loss(arrays, inputs, targets), rel=1e-13)
        loss.backward()
        errors = {}
        for name, array in arrays.items():
            slopes = np.zeros_like(array)
            for place in np.ndindex(array.shape):
                here = array[place]
                for steps, weight in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
                    array[place] = here + steps * distance
                    slopes[place] += weight * plain_loss(arrays, inputs, targets) / (12 * distance)
                array[place] = here
            errors[name] = np.linalg.norm(model.parameters[name].grad - slopes) / np.linalg.norm(slopes)
        return errors

    return compare


@pytest.fixture
def relative_difference():
    """The largest relative difference between two dicts of arrays, each array measured by its norm."""

    def compare(ours, others):
        assert ours.keys() == others.keys()
        return max(np.linalg.norm(ours[name] - others[name]) / np.linalg.norm(others[name]) for name in ours)

    return compare


@pytest.fixture
def gradients_of():
    """The gradients that `backward` leaves in a model's parameters, by name."""

    def run(model, inputs, targets):
        tg.zero_grad(model.parameters)
        model.loss(inputs, targets).backward()
        return {name: parameter.grad for name, parameter in model.parameters.items()}

    return run
