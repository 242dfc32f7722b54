"""Seed 003b in code of our own: a tanh network that answers at the end; weights are globals of the file."""

import numpy as np

rng = np.random.default_rng(17)
Wx = rng.normal(size=(5, 3)) * 0.5
Wh = rng.normal(size=(5, 5)) * 0.5
Wy = rng.normal(size=(2, 5)) * 0.5
bh = rng.normal(size=(5, 1)) * 0.5
by = rng.normal(size=(2, 1)) * 0.5


def tanh_slope(z):
    return 1 - np.tanh(z) ** 2


def run(inputs):
    h = np.zeros((Wh.shape[0], 1))
    for x in inputs:
        h = np.tanh(Wx @ x.reshape(-1, 1) + Wh @ h + bh)
    return Wy @ h + by, h


def loss(inputs, target):
    y, h = run(inputs)
    return np.sum((y - target) ** 2), y, h


def backward(inputs, target, y, h):
    error = y - target  # wrong: the 2 of the square
    gWy = error @ h.T
    gby = error
    dh = Wy.T @ error
    gWx, gWh, gbh = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(bh)
    for t in reversed(range(len(inputs))):
        x = inputs[t].reshape(-1, 1)
        draw = dh * tanh_slope(h)  # wrong: the slope at an activated value, and at the final state
        gWx += draw @ x.T
        gWh += draw @ h.T  # wrong: the final state, where that of the step before is due
        gbh += draw
        dh = Wh.T @ draw
    return gWx, gWh, gWy, gbh, gby
