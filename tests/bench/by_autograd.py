"""The two training steps in HIPS autograd 1.9.

It has no cross-entropy of its own (its logsumexp needs scipy): the shortest form is taken, without
the shift by the maximum that a stable one has, which favours it.
"""

from __future__ import annotations

from collections.abc import Callable

import autograd.numpy as np
from autograd import value_and_grad

from .workloads import Arrays


def rnn(w: Arrays, xs: np.ndarray, labels: np.ndarray) -> Callable[[], tuple[float, Arrays]]:
    T, B = labels.shape
    rows = np.arange(B)

    def loss_of(p: Arrays) -> float:
        h = np.zeros((B, len(p["Wh"])))
        loss = 0.0
        for t in range(T):
            h = np.tanh(xs[t] @ p["Wx"] + h @ p["Wh"] + p["b"])
            logits = h @ p["Wy"] + p["by"]
            loss = loss + np.mean(np.log(np.sum(np.exp(logits), axis=1)) - logits[rows, labels[t]])
        return loss

    differentiate = value_and_grad(loss_of)
    return lambda: differentiate(w)


def lstm(w: Arrays, xs: np.ndarray) -> Callable[[], tuple[float, Arrays]]:
    T, B, H = *xs.shape[:2], len(w["Wh"])

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 0.5 * (np.tanh(0.5 * x) + 1.0)

    def loss_of(p: Arrays) -> float:
        h = c = np.zeros((B, H))
        loss = 0.0
        for t in range(T):
            i, f, g, o = np.split(xs[t] @ p["Wx"] + h @ p["Wh"] + p["b"], 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            loss = loss + np.sum(h * h)
        return loss / (T * B * H)

    differentiate = value_and_grad(loss_of)
    return lambda: differentiate(w)
