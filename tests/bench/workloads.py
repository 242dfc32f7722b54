"""The two training steps that are timed: a tanh RNN with a softmax at every step, an LSTM with a square loss.

Every contender offers ``rnn(w, xs, labels)`` and ``lstm(w, xs)``: given a dict of arrays they give a
function that runs one whole step (old gradients dropped, forward, backward) and gives the loss and a dict of gradients.

    rnn:   h_t = tanh(x_t @ Wx + h_{t-1} @ Wh + b)
           loss = sum over t of the batch's mean cross-entropy of h_t @ Wy + by
    lstm:  i, f, g, o = the four parts of x_t @ Wx + h_{t-1} @ Wh + b
           c_t = sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g),  h_t = sigmoid(o) * tanh(c_t)
           loss = mean over t, b and units of h_t ** 2
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Arrays = dict[str, np.ndarray]


class Sizes(NamedTuple):
    """T steps, B rows, I inputs, H units."""

    T: int
    B: int
    I: int  # noqa: E741  the field's own letter
    H: int


RNN = Sizes(25, 1, 65, 100)
LSTM = Sizes(64, 16, 64, 128)


def rnn_data(s: Sizes = RNN) -> tuple[Arrays, np.ndarray, np.ndarray]:
    """Weights, xs (T, B, I) one-hot, labels (T, B), as a character model of I characters has them."""
    rng = np.random.default_rng(0)
    text = rng.integers(0, s.I, (s.T + 1, s.B))
    shapes = {"Wx": (s.I, s.H), "Wh": (s.H, s.H), "b": (s.H,), "Wy": (s.H, s.I), "by": (s.I,)}
    return _normal(rng, shapes), np.eye(s.I)[text[:-1]], text[1:]


def lstm_data(s: Sizes = LSTM) -> tuple[Arrays, np.ndarray]:
    """Weights and xs (T, B, I)."""
    rng = np.random.default_rng(1)
    shapes = {"Wx": (s.I, 4 * s.H), "Wh": (s.H, 4 * s.H), "b": (4 * s.H,)}
    return _normal(rng, shapes), rng.normal(size=(s.T, s.B, s.I))


def _normal(rng: np.random.Generator, shapes: dict[str, tuple[int, ...]]) -> Arrays:
    return {name: rng.normal(0, 0.1, shape) for name, shape in shapes.items()}
