"""The two training steps in plain numpy, backpropagation through time written out: the reference."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .workloads import Arrays


def rnn(w: Arrays, xs: np.ndarray, labels: np.ndarray) -> Callable[[], tuple[float, Arrays]]:
    T, B = labels.shape
    rows = np.arange(B)

    def step() -> tuple[float, Arrays]:
        hs, ps = [np.zeros((B, len(w["Wh"])))], []
        loss = 0.0
        for t in range(T):
            hs.append(np.tanh(xs[t] @ w["Wx"] + hs[-1] @ w["Wh"] + w["b"]))
            logits = hs[-1] @ w["Wy"] + w["by"]
            e = np.exp(logits - logits.max(axis=1, keepdims=True))
            ps.append(e / e.sum(axis=1, keepdims=True))
            loss -= np.log(ps[-1][rows, labels[t]]).mean()
        g = {k: np.zeros_like(v) for k, v in w.items()}
        gh = np.zeros_like(hs[0])
        for t in reversed(range(T)):
            gy = ps[t]
            gy[rows, labels[t]] -= 1
            gy /= B
            g["Wy"] += hs[t + 1].T @ gy
            g["by"] += gy.sum(axis=0)
            gz = (gy @ w["Wy"].T + gh) * (1 - hs[t + 1] ** 2)
            g["Wx"] += xs[t].T @ gz
            g["Wh"] += hs[t].T @ gz
            g["b"] += gz.sum(axis=0)
            gh = gz @ w["Wh"].T
        return float(loss), g

    return step


def lstm(w: Arrays, xs: np.ndarray) -> Callable[[], tuple[float, Arrays]]:
    T, B, H = *xs.shape[:2], len(w["Wh"])

    def forward() -> tuple[float, list[tuple[np.ndarray, ...]]]:
        h = c = np.zeros((B, H))
        kept, loss = [], 0.0
        for x in xs:
            i, f, g, o = np.split(x @ w["Wx"] + h @ w["Wh"] + w["b"], 4, axis=1)
            i, f, g, o = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), np.tanh(g), 1 / (1 + np.exp(-o))
            before, state = h, c
            c = f * c + i * g
            tanh_c = np.tanh(c)
            h = o * tanh_c
            loss += np.sum(h * h)
            kept.append((x, before, state, i, f, g, o, tanh_c, h))
        return float(loss) / (T * B * H), kept

    def step() -> tuple[float, Arrays]:
        loss, kept = forward()
        grads = {k: np.zeros_like(v) for k, v in w.items()}
        gh = gc = np.zeros((B, H))
        for x, before, state, i, f, g, o, tanh_c, h in reversed(kept):
            gh = gh + 2 / (T * B * H) * h
            gc = gc + gh * o * (1 - tanh_c**2)
            parts = [gc * g * i * (1 - i), gc * state * f * (1 - f), gc * i * (1 - g**2), gh * tanh_c * o * (1 - o)]
            gz = np.concatenate(parts, axis=1)
            grads["Wx"] += x.T @ gz
            grads["Wh"] += before.T @ gz
            grads["b"] += gz.sum(axis=0)
            gh, gc = gz @ w["Wh"].T, gc * f
        return loss, grads

    return step
