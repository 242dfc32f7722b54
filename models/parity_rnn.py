"""Four sequences of three bits (article 000): a sigmoid RNN with one answer after the last step.

With row vectors, as in the article:

    h_t  = sigmoid(x_t W_x + h_{t-1} W_h + b_h)        h before the first step is 0
    y    = h_T W_y + b_y
    loss = (y - target)^2

Training is online: one step of gradient descent after each sequence, with the gradients of all five arrays
clipped together to norm 1. With the article's learning rate, 1e-6, nothing is learned; with 0.1 the four
sequences are.
"""

from __future__ import annotations

from functools import partial

import numpy as np

import tinygraph as tg
from tinygraph.train import SGD, clip_by_norm

from .report import gradient_error, print_report
from .weights import Arrays, as_parameters, descend, redrawn, sine_array

SEQUENCES = np.array([[[0], [1], [0]], [[1], [0], [1]], [[1], [1], [0]], [[0], [0], [1]]], dtype=np.float64)
"""Shape (4, T, I) = (4, 3, 1), bits."""
TARGETS = np.array([[1], [0], [0], [1]], dtype=np.float64)
"""Shape (4, 1): 1 where the sequence has an odd number of ones (``NOT x[0]`` fits these four as well)."""


class Model:
    """The network. Parameters: W_x (I, H), W_h (H, H), b_h (1, H), W_y (H, 1), b_y (1, 1)."""

    def __init__(self, parameters: Arrays) -> None:
        self.parameters = as_parameters(parameters, ["W_h", "W_x", "W_y", "b_h", "b_y"])

    def answer(self, inputs: np.ndarray) -> tg.Node:
        """Maps one sequence, shape (T, I), to one answer y, shape (1, 1)."""
        p = self.parameters
        h: tg.Node = tg.constant(np.zeros(p["b_h"].shape), name="h0")
        for t, x in enumerate(inputs):
            with tg.step(t):
                h = tg.sigmoid(x @ p["W_x"] + h @ p["W_h"] + p["b_h"], name="h")
        return tg.add(h @ p["W_y"], p["b_y"], name="y")

    def loss(self, inputs: np.ndarray, targets: np.ndarray) -> tg.Node:
        """``(y - target)^2``, shape (), of one sequence (T, I) and its target (1,)."""
        return tg.sum(tg.squared_error(self.answer(inputs), targets), name="loss")

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """The answer to one sequence (T, I): array (1, 1), above 0.5 for an odd number of ones."""
        return self.answer(inputs).value


def cosine_init(hidden: int = 10) -> Arrays:
    """Initial arrays without a random generator, on the scale of `random_init`."""
    return {
        "W_h": sine_array((hidden, hidden), np.sqrt(1 / hidden), phase=0),
        "W_x": sine_array((1, hidden), np.sqrt(2 / (1 + hidden)), phase=1),
        "W_y": sine_array((hidden, 1), np.sqrt(2 / (1 + hidden)), phase=2),
        "b_h": np.zeros((1, hidden)),
        "b_y": np.zeros((1, 1)),
    }


def random_init(seed: int, hidden: int = 10) -> Arrays:
    """The article's initial arrays: deviation sqrt(2 / (rows + columns)) (Glorot, Bengio 2010), biases 0."""
    normal = np.random.RandomState(seed).standard_normal
    return redrawn(cosine_init(hidden), lambda shape: normal(shape) * np.sqrt(2 / sum(shape)))


def train(
    model: Model, sequences: np.ndarray, targets: np.ndarray, epochs: int, learning_rate: float, clip_norm: float = 1.0
) -> list[float]:
    """Trains on sequences (N, T, I) and targets (N, 1); returns the sum of the N losses in each epoch."""
    sgd = SGD(model.parameters, learning_rate)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, target in zip(sequences, targets, strict=True):
            loss = model.loss(x, target)
            total += loss.item()
            descend(sgd, loss, partial(clip_by_norm, max_norm=clip_norm))
        losses.append(total)
    return losses


def reached_goal(model: Model) -> bool:
    """The mean squared error of the four answers below 0.01: each is within 0.2, on the right side of 0.5."""
    answers = np.array([model.predict(x)[0] for x in SEQUENCES])
    return bool(np.mean((answers - TARGETS) ** 2) < 0.01)


def main() -> None:
    model = Model(cosine_init())
    losses = train(model, SEQUENCES, TARGETS, epochs=1000, learning_rate=0.1)
    print_report(
        "parity RNN (000): squared error summed over four sequences",
        {epoch: losses[epoch] for epoch in range(0, 1000, 100)},
        gradient_error(Model, cosine_init(), SEQUENCES[0], TARGETS[0]),
        "all four sequences on the right side, mean squared error below 0.01",
        reached_goal(model),
    )


if __name__ == "__main__":
    main()
