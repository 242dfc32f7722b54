"""The two training steps in MyGrad 2.5, with its memory guarding off, as its documentation advises for speed."""

from __future__ import annotations

from collections.abc import Callable

import mygrad as mg
import numpy as np
from mygrad.nnet.activations import sigmoid
from mygrad.nnet.losses import softmax_crossentropy

from .workloads import Arrays

mg.turn_memory_guarding_off()


def rnn(w: Arrays, xs: np.ndarray, labels: np.ndarray) -> Callable[[], tuple[float, Arrays]]:
    T, B = labels.shape
    p = {k: mg.tensor(v) for k, v in w.items()}

    def step() -> tuple[float, Arrays]:
        for v in p.values():
            v.null_grad()
        h = np.zeros((B, len(w["Wh"])))
        loss = 0.0
        for t in range(T):
            h = mg.tanh(mg.matmul(xs[t], p["Wx"]) + mg.matmul(h, p["Wh"]) + p["b"])
            loss = loss + softmax_crossentropy(h @ p["Wy"] + p["by"], labels[t])
        loss.backward()
        return loss.item(), {k: v.grad for k, v in p.items()}

    return step


def lstm(w: Arrays, xs: np.ndarray) -> Callable[[], tuple[float, Arrays]]:
    T, B, H = *xs.shape[:2], len(w["Wh"])
    p = {k: mg.tensor(v) for k, v in w.items()}

    def step() -> tuple[float, Arrays]:
        for v in p.values():
            v.null_grad()
        h = c = np.zeros((B, H))
        loss = 0.0
        for t in range(T):
            z = mg.matmul(xs[t], p["Wx"]) + mg.matmul(h, p["Wh"]) + p["b"]
            i, f, g, o = (z[:, n * H : (n + 1) * H] for n in range(4))
            c = sigmoid(f) * c + sigmoid(i) * mg.tanh(g)
            h = sigmoid(o) * mg.tanh(c)
            loss = loss + mg.sum(h * h)
        loss = loss / (T * B * H)
        loss.backward()
        return loss.item(), {k: v.grad for k, v in p.items()}

    return step
