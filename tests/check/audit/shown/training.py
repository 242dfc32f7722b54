"""The seeds' passes trained on their readers' own data, from the first weights of `models`, as written and mended."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from models import last_step_rnn, parity_rnn, series_rnn, tagging_rnn, word_rnn

Losses = list[float]


def parity(m: ModuleType, epochs: int = 901, rate: float = 0.1) -> Losses:
    """The sum of the squared errors of four sequences, every 100 epochs; norms above 1 are clipped."""
    net = _with(m.ParityNet(1, 10, 1, np.random.default_rng(0)), parity_rnn.cosine_init())
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, target in zip(parity_rnn.SEQUENCES, parity_rnn.TARGETS, strict=True):
            total += float(m.square(net.forward(x), target))
            net.backward(x, target, rate, 1.0)
        losses.append(total)
    return losses[::100]


def tagging(m: ModuleType, epochs: int = 1000) -> Losses:
    """The mean square after every 100 epochs."""
    net = _with(m.YesOrNo(3, 25, 1, np.random.default_rng(0)), tagging_rnn.cosine_init())
    losses = []
    for _ in range(epochs):
        losses.append(float(m.mean_square(net.forward(tagging_rnn.INPUTS), tagging_rnn.TAGS)))
        net.backward(tagging_rnn.INPUTS, tagging_rnn.TAGS)
    return losses[99::100]


def series(m: ModuleType, epochs: int = 901) -> Losses:
    """Half the sum of squares over 20 steps of a sine, every 100 epochs."""
    arrays = series_rnn.cosine_init()
    names = {"W_in": "W_xh", "W_rec": "W_hh", "W_out": "W_hy", "b_rec": "b_h", "b_out": "b_y"}
    net = _with(m.Series(1, 16, 1, np.random.default_rng(0)), {name: arrays[old] for name, old in names.items()})
    losses = []
    for _ in range(epochs):
        losses.append(float(m.half_squares(net.forward(series_rnn.INPUTS), series_rnn.TARGETS)))
        net.backward(series_rnn.INPUTS, series_rnn.TARGETS, 0.01)
    return losses[::100]


def last_step(m: ModuleType, rate: float = 0.01, epochs: int = 91) -> Losses:
    """The squared error every 10 epochs; the weights are globals of the file."""
    _with(m, last_step_rnn.cosine_init())
    losses = []
    for _ in range(epochs):
        value, y, h = m.loss(last_step_rnn.INPUTS, last_step_rnn.TARGET)
        losses.append(float(value))
        gradients = m.backward(last_step_rnn.INPUTS, last_step_rnn.TARGET, y, h)
        for name, g in zip(("Wx", "Wh", "Wy", "bh", "by"), gradients, strict=True):
            setattr(m, name, getattr(m, name) - rate * g)
    return losses[::10]


def words(m: ModuleType, epochs: int = 9, every: int = 2, rate: float = 1e-4, truncate: int = 2) -> Losses:
    """The article's number, bits / 320."""
    arrays = word_rnn.cosine_init()
    weights = [arrays[name] for name in ("input_weights", "internal_state_weights", "output_weights")]
    sentence = [arrays["embeddings"][word][:, None] for word in word_rnn.INPUTS]
    targets = [np.eye(word_rnn.VOCABULARY)[:, [word]] for word in word_rnn.NEXT_WORDS]
    losses = []
    for _ in range(epochs):
        losses.append(word_rnn.bits(float(m.loss(sentence, targets, *weights)), len(sentence)))
        gradients = m.backward(sentence, targets, *weights, truncate=truncate)
        weights = [w - rate * g for w, g in zip(weights, gradients, strict=True)]
    return losses[::every]


def _with(holder: Any, arrays: dict[str, np.ndarray]) -> Any:
    for name, array in arrays.items():
        setattr(holder, name, array.copy())
    return holder


TRAINED: dict[str, Callable[[ModuleType], Losses]] = {
    "000": parity,
    "001": tagging,
    "001 as printed": tagging,
    "002": series,
    "003b": last_step,
    "004": lambda m: words(m, epochs=41, every=8, rate=1e-3),
}
