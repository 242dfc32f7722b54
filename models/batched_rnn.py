"""A batch of sequences (article 003, first system): a sigmoid RNN with sigmoid outputs at each step.

With row vectors and the batch first, as in the article:

    h_t  = sigmoid(x_t W_xh + h_{t-1} W_hh + b_h)      h before the first step is 0
    o_t  = sigmoid(h_t W_hy + b_y)
    loss = 1/2 sum over batch and steps of (o_t - target_t)^2

The article has only the forward pass. The task here needs memory and uses the article's data: at each
step, the running mean of the first two of the ten inputs.
"""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tinygraph.train import SGD

from .report import gradient_error, print_report
from .weights import Arrays, as_parameters, descend, redrawn, sine_array

INPUTS = sine_array((2, 4, 10), 0.5, phase=0, mean=0.5)
"""Shape (B, T, I) = (2, 4, 10), between 0 and 1 like the article's inputs."""
TARGETS = np.cumsum(INPUTS[:, :, :2], axis=1) / np.arange(1, 5)[:, None]
"""Shape (B, T, O) = (2, 4, 2): running means of the first two inputs, between 0 and 1 like the outputs."""


class Model:
    """The network. Parameters: W_xh (I, H), W_hh (H, H), b_h (H,), W_hy (H, O), b_y (O,)."""

    def __init__(self, parameters: Arrays) -> None:
        self.parameters = as_parameters(parameters, ["W_xh", "W_hh", "W_hy", "b_h", "b_y"])

    def outputs(self, inputs: np.ndarray) -> tg.Node:
        """Maps sequences (B, T, I) to o, shape (B, T, O)."""
        p = self.parameters
        batch, steps, _ = inputs.shape
        h: tg.Node = tg.constant(np.zeros((batch, p["b_h"].shape[0])), name="h0")
        o = []
        for t in range(steps):
            with tg.step(t):
                h = tg.sigmoid(inputs[:, t] @ p["W_xh"] + h @ p["W_hh"] + p["b_h"], name="h")
                o.append(tg.sigmoid(h @ p["W_hy"] + p["b_y"], name="o"))
        return tg.stack(o, axis=1)

    def loss(self, inputs: np.ndarray, targets: np.ndarray) -> tg.Node:
        """Half the sum of squared errors, shape (), of sequences (B, T, I) and targets (B, T, O)."""
        return tg.multiply(0.5, tg.sum(tg.squared_error(self.outputs(inputs), targets)), name="loss")

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """The outputs for sequences (B, T, I): array (B, T, O) between 0 and 1."""
        return self.outputs(inputs).value


def cosine_init(hidden: int = 5) -> Arrays:
    """Initial arrays without a random generator, on the scale of `random_init`."""
    return {
        "W_xh": sine_array((10, hidden), 0.5, phase=1, mean=0.5),
        "W_hh": sine_array((hidden, hidden), 0.5, phase=2, mean=0.5),
        "W_hy": sine_array((hidden, 2), 0.5, phase=3, mean=0.5),
        "b_h": np.zeros(hidden),
        "b_y": np.zeros(2),
    }


def random_init(seed: int, hidden: int = 5) -> Arrays:
    """The article's initial arrays: weights uniform in [0, 1), biases 0."""
    return redrawn(cosine_init(hidden), np.random.RandomState(seed).random)


def train(model: Model, inputs: np.ndarray, targets: np.ndarray, epochs: int, learning_rate: float) -> list[float]:
    """Trains on one batch (B, T, I) and its targets (B, T, O); returns the loss before the step of each epoch."""
    sgd = SGD(model.parameters, learning_rate)
    losses = []
    for _ in range(epochs):
        loss = model.loss(inputs, targets)
        losses.append(loss.item())
        descend(sgd, loss)
    return losses


def reached_goal(model: Model) -> bool:
    """The mean squared error of the 16 outputs below 1e-3; at the start it is 0.1 to 0.4."""
    return bool(np.mean((model.predict(INPUTS) - TARGETS) ** 2) < 1e-3)


def main() -> None:
    model = Model(cosine_init())
    losses = train(model, INPUTS, TARGETS, epochs=1000, learning_rate=2.0)
    print_report(
        "batched RNN (003a): half the summed square over 2 sequences of 4 steps",
        {epoch: losses[epoch] for epoch in [*range(0, 1000, 100), 999]},
        gradient_error(Model, cosine_init(), INPUTS, TARGETS),
        "running means of two inputs, mean squared error below 1e-3",
        reached_goal(model),
    )


if __name__ == "__main__":
    main()
