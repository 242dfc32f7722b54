"""One number after the last step (article 003, second system): a tanh RNN, many-to-one.

With column vectors, as in the article:

    h_t  = tanh(Wx x_t + Wh h_{t-1} + bh)              h before the first step is 0
    y    = Wy h_T + by
    loss = 1/2 (y - target)^2

The article prints (y - target)^2, which `train` returns. Almost only the output bias is learned,
so that wrong and right gradients give the same table to seven digits: a falling loss does not
prove that gradients are right.
"""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tinygraph.train import SGD

from .report import gradient_error, print_report
from .weights import Arrays, as_parameters, descend, redrawn, sine_array

INPUTS = np.array([[1, 0], [0, 1], [1, 1]], dtype=np.float64)
"""One sequence, shape (T, I) = (3, 2)."""
TARGET = np.array([[1.0]])
"""Shape (O, 1) = (1, 1)."""


class Model:
    """The network. Parameters: Wx (H, I), Wh (H, H), bh (H, 1), Wy (O, H), by (O, 1)."""

    def __init__(self, parameters: Arrays) -> None:
        self.parameters = as_parameters(parameters, ["Wx", "Wh", "Wy", "bh", "by"])

    def answer(self, inputs: np.ndarray) -> tg.Node:
        """Maps a sequence (T, I) to one answer y, shape (O, 1)."""
        p = self.parameters
        h: tg.Node = tg.constant(np.zeros(p["bh"].shape), name="h0")
        for t, x in enumerate(inputs):
            with tg.step(t):
                h = tg.tanh(p["Wx"] @ x.reshape(-1, 1) + p["Wh"] @ h + p["bh"], name="h")
        return tg.add(p["Wy"] @ h, p["by"], name="y")

    def loss(self, inputs: np.ndarray, targets: np.ndarray) -> tg.Node:
        """``1/2 (y - target)^2``, shape (), of a sequence (T, I) and its target (O, 1)."""
        return tg.multiply(0.5, tg.sum(tg.squared_error(self.answer(inputs), targets)), name="loss")

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """The answer to a sequence (T, I): array (O, 1)."""
        return self.answer(inputs).value


def cosine_init(hidden: int = 3) -> Arrays:
    """Initial arrays without a random generator, on the scale of `random_init`."""
    return {
        "Wx": sine_array((hidden, 2), 0.005, phase=0, mean=0.005),
        "Wh": sine_array((hidden, hidden), 0.005, phase=1, mean=0.005),
        "Wy": sine_array((1, hidden), 0.005, phase=2, mean=0.005),
        "bh": np.zeros((hidden, 1)),
        "by": np.zeros((1, 1)),
    }


def random_init(seed: int, hidden: int = 3) -> Arrays:
    """The article's initial arrays: weights uniform in [0, 0.01), biases 0."""
    uniform = np.random.RandomState(seed).random
    return redrawn(cosine_init(hidden), lambda shape: 0.01 * uniform(shape))


def train(model: Model, inputs: np.ndarray, target: np.ndarray, epochs: int, learning_rate: float) -> list[float]:
    """Trains on one sequence (T, I) and its target (O, 1); returns ``(y - target)^2`` before the step of each epoch."""
    sgd = SGD(model.parameters, learning_rate)
    squares = []
    for _ in range(epochs):
        loss = model.loss(inputs, target)
        squares.append(2 * loss.item())
        descend(sgd, loss)
    return squares


def reached_goal(model: Model) -> bool:
    """``(y - 1)^2`` below 1e-6."""
    return 2 * model.loss(INPUTS, TARGET).item() < 1e-6


def main() -> None:
    model = Model(cosine_init())
    losses = train(model, INPUTS, TARGET, epochs=800, learning_rate=0.01)
    print_report(
        "last-step RNN (003b): (y - target)^2",
        {epoch: losses[epoch] for epoch in [*range(0, 100, 10), *range(100, 800, 100), 799]},
        gradient_error(Model, cosine_init(), INPUTS, TARGET),
        "the answer 1, (y - 1)^2 below 1e-6 (the article's 100 epochs stop at 0.16)",
        reached_goal(model),
    )


if __name__ == "__main__":
    main()
