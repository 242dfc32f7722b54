"""The next value of a series (article 002): a tanh RNN with a linear output at each step.

With column vectors, as in the article:

    h_t  = tanh(W_xh x_t + W_hh h_{t-1} + b_h)         h before the first step is 0
    y_t  = W_hy h_t + b_y
    loss = 1/2 sum over t of (y_t - target_t)^2

The article has only the class, whose gradients are right; the series here is a sine.
"""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tinygraph.train import SGD

from .report import gradient_error, print_report
from .weights import Arrays, as_parameters, descend, redrawn, sine_array

SERIES = np.sin(0.3 * np.arange(21))[:, None]
"""Shape (T + 1, I) = (21, 1): a sine, 0.3 radians between steps."""
INPUTS, TARGETS = SERIES[:-1], SERIES[1:]
"""Shapes (T, I) and (T, O) = (20, 1): each target is the input of the next step."""


class Model:
    """The network. Parameters: W_xh (H, I), W_hh (H, H), b_h (H, 1), W_hy (O, H), b_y (O, 1)."""

    def __init__(self, parameters: Arrays) -> None:
        self.parameters = as_parameters(parameters, ["W_xh", "W_hh", "W_hy", "b_h", "b_y"])

    def outputs(self, inputs: np.ndarray) -> tg.Node:
        """Maps a series (T, I) to y, shape (T, O, 1)."""
        p = self.parameters
        h: tg.Node = tg.constant(np.zeros(p["b_h"].shape), name="h0")
        y = []
        for t, x in enumerate(inputs):
            with tg.step(t):
                h = tg.tanh(p["W_xh"] @ x.reshape(-1, 1) + p["W_hh"] @ h + p["b_h"], name="h")
                y.append(tg.add(p["W_hy"] @ h, p["b_y"], name="y"))
        return tg.stack(y)

    def loss(self, inputs: np.ndarray, targets: np.ndarray) -> tg.Node:
        """Half the sum of squared errors, shape (), of a series (T, I) and its targets (T, O)."""
        return tg.multiply(0.5, tg.sum(tg.squared_error(self.outputs(inputs), targets[:, :, None])), name="loss")

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """The next value after each value of a series (T, I): array (T, O)."""
        return self.outputs(inputs).value[:, :, 0]


def cosine_init(hidden: int = 16) -> Arrays:
    """Initial arrays without a random generator, on the scale of `random_init`."""
    return {
        "W_xh": sine_array((hidden, 1), 0.01, phase=0),
        "W_hh": sine_array((hidden, hidden), 0.01, phase=1),
        "W_hy": sine_array((1, hidden), 0.01, phase=2),
        "b_h": np.zeros((hidden, 1)),
        "b_y": np.zeros((1, 1)),
    }


def random_init(seed: int, hidden: int = 16) -> Arrays:
    """The article's initial arrays: normal weights with deviation 0.01, biases 0."""
    normal = np.random.RandomState(seed).standard_normal
    return redrawn(cosine_init(hidden), lambda shape: 0.01 * normal(shape))


def train(model: Model, inputs: np.ndarray, targets: np.ndarray, epochs: int, learning_rate: float) -> list[float]:
    """Trains on one series (T, I) and its targets (T, O); returns the loss before the step of each epoch."""
    sgd = SGD(model.parameters, learning_rate)
    losses = []
    for _ in range(epochs):
        loss = model.loss(inputs, targets)
        losses.append(loss.item())
        descend(sgd, loss)
    return losses


def reached_goal(model: Model) -> bool:
    """Half the sum of squared errors of the 20 steps is below 2e-3: a typical error is 0.014, the amplitude 1."""
    return model.loss(INPUTS, TARGETS).item() < 2e-3


def main() -> None:
    model = Model(cosine_init())
    losses = train(model, INPUTS, TARGETS, epochs=1000, learning_rate=0.01)
    print_report(
        "series RNN (002): half the summed square over 20 steps of a sine",
        {epoch: losses[epoch] for epoch in [*range(0, 1000, 100), 999]},
        # Five steps: with weights of this size twenty are chaotic, and no step of a finite difference is small enough.
        gradient_error(Model, cosine_init(), INPUTS[:5], TARGETS[:5]),
        "the next value of a sine, half the summed square below 2e-3",
        reached_goal(model),
    )


if __name__ == "__main__":
    main()
