"""Recurrent networks in plain numpy: states, gates, attention and losses, for what the pictures show."""

from __future__ import annotations

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(w, xs):
    """States and gates (T, B, H) of weights in the order i, f, g, o: h, c, i, f, o."""
    h = c = np.zeros((xs.shape[1], w["weight_hh"].shape[1]))
    out = {name: [] for name in "hcifo"}
    for x in xs:
        z = x @ w["weight_ih"].T + h @ w["weight_hh"].T + w["bias_ih"] + w.get("bias_hh", 0)
        i, f, g, o = np.split(z, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        for name, value in zip("hcifo", (h, c, i, f, o), strict=True):
            out[name].append(value)
    return {name: np.array(values) for name, values in out.items()}


def rnn(u, w, xs, h):
    """States (T, H) of h = tanh(u x + w h)."""
    out = []
    for x in xs:
        h = np.tanh(u @ x + w @ h)
        out.append(h)
    return np.array(out)


def softmax(x, axis):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def slopes(function, x, step=1e-5):
    """d function / d x by central differences."""
    out = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        a, b = x.copy(), x.copy()
        a[i] += step
        b[i] -= step
        out[i] = (function(a) - function(b)) / (2 * step)
    return out
