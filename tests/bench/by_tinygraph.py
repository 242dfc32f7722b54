"""The two training steps in tinygraph."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import tinygraph as tg

from .workloads import Arrays


def rnn(w: Arrays, xs: np.ndarray, labels: np.ndarray) -> Callable[[], tuple[float, Arrays]]:
    T, B = labels.shape
    p = {k: tg.parameter(v, k) for k, v in w.items()}

    def step() -> tuple[float, Arrays]:
        tg.zero_grad(p)
        h = tg.constant(np.zeros((B, len(w["Wh"]))))
        loss = 0.0
        for t in range(T):
            with tg.step(t):
                h = tg.tanh(xs[t] @ p["Wx"] + h @ p["Wh"] + p["b"])
                loss = loss + tg.mean(tg.softmax_cross_entropy(h @ p["Wy"] + p["by"], labels[t]))
        loss.backward()
        return loss.item(), {k: v.grad for k, v in p.items()}

    return step


def lstm(w: Arrays, xs: np.ndarray) -> Callable[[], tuple[float, Arrays]]:
    T, B, H = *xs.shape[:2], len(w["Wh"])
    p = {k: tg.parameter(v, k) for k, v in w.items()}

    def step() -> tuple[float, Arrays]:
        tg.zero_grad(p)
        h = c = tg.constant(np.zeros((B, H)))
        loss = 0.0
        for t in range(T):
            with tg.step(t):
                i, f, g, o = tg.split(xs[t] @ p["Wx"] + h @ p["Wh"] + p["b"], 4, axis=1)
                c = tg.sigmoid(f) * c + tg.sigmoid(i) * tg.tanh(g)
                h = tg.sigmoid(o) * tg.tanh(c)
                loss = loss + tg.sum(h * h)
        loss = loss / (T * B * H)
        loss.backward()
        return loss.item(), {k: v.grad for k, v in p.items()}

    return step
