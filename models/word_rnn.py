"""The next word of a sentence (article 004): a tanh RNN, trained by truncated backpropagation.

With column vectors and the article's letters U input_weights, W internal_state_weights, V output_weights:

    x_t  = embeddings[word_t]                           one column
    h_t  = tanh(U x_t + W h_{t-1})                      h before the first step is 0; no biases
    p_t  = softmax(V h_t)
    loss = sum over t of -ln p_t[next word]             nats

The report shows the article's number in bits: the sum of -log2 p over the steps, divided by the number of steps
and by the size of the vocabulary. The truncation is the article's, too: the gradient of the loss at step t goes back
through the cell of t and ``truncate`` previous cells.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

import tinygraph as tg
from tinygraph.train import SGD

from .report import gradient_error, print_report
from .weights import Arrays, as_parameters, descend, redrawn, sine_array

VOCABULARY = 80
WORDS = {2: "I", 45: "like", 10: "to", 65: "play", 1: "."}
INPUTS = np.array([2, 45, 10, 65])
"""Shape (T,) = (4,): "I like to play"."""
NEXT_WORDS = np.array([45, 10, 65, 1])
"""Shape (T,): "like to play ."."""


class Model:
    """The network.

    Parameters: input_weights (H, E), internal_state_weights (H, H), output_weights (words, H), embeddings (words, E).

    Args:
        parameters: the four arrays by name.
        truncate: the number of previous cells that the gradient of each step's loss goes through; None for all.
        train_embeddings: whether the embeddings are trained; in the article they are not.
    """

    def __init__(self, parameters: Arrays, truncate: int | None = 2, train_embeddings: bool = True) -> None:
        names = ["input_weights", "internal_state_weights", "output_weights", "embeddings"]
        self.parameters = as_parameters(parameters, names)
        self.embeddings: tg.Node = self.parameters["embeddings"]
        if not train_embeddings:
            self.embeddings = tg.constant(self.parameters.pop("embeddings"), name="embeddings")
        self.truncate = truncate

    def cell(self, x: tg.Node, h: tg.Node) -> tuple[tg.Node, tg.Node]:
        """One step: maps x (E, 1) and the state h (H, 1) to the new state, which is also the output."""
        p = self.parameters
        h = tg.tanh(p["input_weights"] @ x + p["internal_state_weights"] @ h, name="h")
        return h, h

    def logits(self, words: np.ndarray) -> tg.Node:
        """Maps word ids (T,) to V h_t, shape (T, words)."""
        x = tg.take(self.embeddings, words, axis=0)[:, :, None]
        h_before = np.zeros((self.parameters["internal_state_weights"].shape[0], 1))
        window = "chunk" if self.truncate is None else "sliding"
        h, _ = tg.unroll(self.cell, x, h_before, truncate=self.truncate, window=window)
        return (self.parameters["output_weights"] @ h)[:, :, 0]

    def loss(self, inputs: np.ndarray, targets: np.ndarray) -> tg.Node:
        """Summed cross-entropy in nats, shape (), of word ids (T,) and the next words, (T,)."""
        return tg.sum(tg.softmax_cross_entropy(self.logits(inputs), targets), name="loss")

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """The most probable next word after each of the word ids (T,): integers (T,)."""
        return self.logits(inputs).value.argmax(axis=-1)


def cosine_init(hidden: int = 100) -> Arrays:
    """Initial arrays without a random generator; words that are not in the sentence have embedding 0."""
    embeddings = np.zeros((VOCABULARY, hidden))
    for i, word in enumerate(INPUTS):
        embeddings[word] = sine_array((hidden,), math.sqrt(2), phase=10 + i)
    return {
        "input_weights": sine_array((hidden, hidden), 0.1, phase=0),
        "internal_state_weights": sine_array((hidden, hidden), 0.1, phase=1),
        "output_weights": sine_array((VOCABULARY, hidden), 0.1, phase=2),
        "embeddings": embeddings,
    }


def random_init(seed: int, hidden: int = 100) -> Arrays:
    """Weights uniform in +-1/sqrt(hidden), embeddings normal with deviation 1.

    With the article's weights, uniform in [0, 1), all states saturate and are nearly equal, and training learns only
    two of the four words.
    """
    generator = np.random.RandomState(seed)
    bound = 1 / math.sqrt(hidden)
    arrays = cosine_init(hidden)
    embeddings = arrays.pop("embeddings")
    drawn = redrawn(arrays, lambda shape: generator.uniform(-bound, bound, shape))
    for word in [*INPUTS, *np.setdiff1d(np.arange(VOCABULARY), INPUTS)]:  # the article draws its sentence first
        embeddings[word] = generator.standard_normal(hidden)
    return drawn | {"embeddings": embeddings}


def bits(nats: float, steps: int) -> float:
    """The article's number for a loss summed over ``steps``: bits, divided by ``steps`` and the vocabulary's size."""
    return nats / math.log(2) / (steps * VOCABULARY)


def train(model: Model, words: np.ndarray, next_words: np.ndarray, epochs: int, learning_rate: float) -> list[float]:
    """Trains on one sentence (T,) and its next words, (T,); returns the `bits` before the step of each epoch."""
    sgd = SGD(model.parameters, learning_rate)
    losses = []
    for _ in range(epochs):
        loss = model.loss(words, next_words)
        losses.append(bits(loss.item(), len(words)))
        descend(sgd, loss)
    return losses


def reached_goal(model: Model) -> bool:
    """The predicted next word is right at all four positions."""
    return bool(np.all(model.predict(INPUTS) == NEXT_WORDS))


def main() -> None:
    model = Model(random_init(0))
    losses = train(model, INPUTS, NEXT_WORDS, epochs=20, learning_rate=1e-3)
    print_report(
        "word RNN (004): bits / 320, truncated to 2 previous cells",
        {epoch: losses[epoch] for epoch in [*range(0, 20, 2), 19]},
        gradient_error(partial(Model, truncate=None), cosine_init(), INPUTS, NEXT_WORDS),
        "the next word right at all 4 positions by epoch 20",
        reached_goal(model),
    )
    print("(that error is the untruncated model's: a truncated gradient is no derivative, and has its own tests)")
    print(f"predicted: {' '.join(WORDS.get(word, '?') for word in model.predict(INPUTS))}")


if __name__ == "__main__":
    main()
