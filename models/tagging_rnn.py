"""A tag at every step (article 001): a tanh RNN whose output is a sigmoid at each step.

With column vectors, as in the article:

    h_t = tanh(Wxh x_t + Whh h_{t-1} + bh)             h before the first step is 0
    z_t = Why h_t + by                                  o_t = sigmoid(z_t)

The loss is the sum of the cross-entropies of o_t and the tags, whose gradient with respect to z_t is
the article's ``o_t - tag``. The article prints another number, the mean of (o_t - tag)^2: it falls,
too, and `train` returns it. Gradients are clipped by value to [-5, 5].
"""

from __future__ import annotations

from functools import partial

import numpy as np

import tinygraph as tg
from tinygraph.train import SGD, clip_by_value

from .report import gradient_error, print_report
from .weights import Arrays, as_parameters, descend, redrawn, sine_array

INPUTS = np.array([[[1], [0], [1]], [[0], [1], [0]]], dtype=np.float64)
"""One sequence, shape (T, I, 1) = (2, 3, 1)."""
TAGS = np.array([[[1]], [[0]]], dtype=np.float64)
"""Shape (T, O, 1) = (2, 1, 1), probabilities."""
NEW_INPUT = np.array([[[1], [1], [1]]], dtype=np.float64)
"""A sequence of one step, shape (1, 3, 1), for which the article predicts a tag without knowing the right one."""


class Model:
    """The network. Parameters: Wxh (H, I), Whh (H, H), bh (H, 1), Why (O, H), by (O, 1)."""

    def __init__(self, parameters: Arrays) -> None:
        self.parameters = as_parameters(parameters, ["Wxh", "Whh", "Why", "bh", "by"])

    def logits(self, inputs: np.ndarray) -> tg.Node:
        """Maps a sequence (T, I, 1) to z, shape (T, O, 1)."""
        p = self.parameters
        h: tg.Node = tg.constant(np.zeros(p["bh"].shape), name="h0")
        z = []
        for t, x in enumerate(inputs):
            with tg.step(t):
                h = tg.tanh(p["Wxh"] @ x + p["Whh"] @ h + p["bh"], name="h")
                z.append(tg.add(p["Why"] @ h, p["by"], name="z"))
        return tg.stack(z)

    def loss(self, inputs: np.ndarray, targets: np.ndarray) -> tg.Node:
        """Summed cross-entropy in nats, shape (), of a sequence (T, I, 1) and its tags (T, O, 1)."""
        return tg.sum(tg.sigmoid_cross_entropy(self.logits(inputs), targets), name="loss")

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """The outputs o of a sequence (T, I, 1): array (T, O, 1) of probabilities."""
        return tg.sigmoid(self.logits(inputs)).value


def cosine_init(hidden: int = 25) -> Arrays:
    """Initial arrays without a random generator, on the scale of `random_init`."""
    return {
        "Wxh": sine_array((hidden, 3), 0.01, phase=0),
        "Whh": sine_array((hidden, hidden), 0.01, phase=1),
        "Why": sine_array((1, hidden), 0.01, phase=2),
        "bh": np.zeros((hidden, 1)),
        "by": np.zeros((1, 1)),
    }


def random_init(seed: int, hidden: int = 25) -> Arrays:
    """The article's initial arrays: normal weights with deviation 0.01, biases 0."""
    normal = np.random.RandomState(seed).standard_normal
    return redrawn(cosine_init(hidden), lambda shape: 0.01 * normal(shape))


def train(
    model: Model, inputs: np.ndarray, tags: np.ndarray, epochs: int, learning_rate: float, limit: float = 5.0
) -> list[float]:
    """Trains on one sequence (T, I, 1) and its tags (T, O, 1); returns the mean square before each step."""
    sgd = SGD(model.parameters, learning_rate)
    mean_squares = []
    for _ in range(epochs):
        mean_squares.append(float(np.mean((model.predict(inputs) - tags) ** 2)))
        descend(sgd, model.loss(inputs, tags), partial(clip_by_value, limit=limit))
    return mean_squares


def reached_goal(model: Model) -> bool:
    """Both outputs are within 0.1 of their tags."""
    return bool(np.all(np.abs(model.predict(INPUTS) - TAGS) < 0.1))


def main() -> None:
    model = Model(cosine_init())
    losses = train(model, INPUTS, TAGS, epochs=1000, learning_rate=0.1)
    print_report(
        "tagging RNN (001): mean square of output - tag, descending the cross-entropy",
        {epoch: losses[epoch - 1] for epoch in range(100, 1001, 100)},
        gradient_error(Model, cosine_init(), INPUTS, TAGS),
        "outputs within 0.1 of the tags 1 and 0",
        reached_goal(model),
    )
    print(f"outputs {model.predict(INPUTS).ravel()}, for [1, 1, 1] {model.predict(NEW_INPUT).ravel()}")


if __name__ == "__main__":
    main()
