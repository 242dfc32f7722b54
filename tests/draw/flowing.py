"""Recurrent networks whose losses leave time in ways that are easily mixed up."""

from __future__ import annotations

import numpy as np

import tinygraph as tg

from .networks import weights
from .recurrent import tanh_cell


def linear(factor, steps, loss_at_end=False):
    """h_t = W h_{t-1} + x_t with W = factor times a rotation: each step back multiplies gradients by the factor."""
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
    w, h, total = tg.parameter(rotation * factor, name="W"), tg.constant(np.zeros(4)), 0.0
    for t in range(1, steps + 1):
        with tg.step(t):
            h = tg.add(w @ h, np.ones(4) * 0.1, name=f"h{t}")
            loss = tg.sum(h * np.arange(1.0, 5.0))
        total = loss if loss_at_end else total + loss
    return total


def sliding(*, reads_out=False):
    """Only the last step of a window has an output; with ``reads_out`` this is an op of its own."""
    w = weights(A=(4, 3), B=(4, 4))

    def cell(x, h):
        h = tg.tanh(w["A"] @ x + w["B"] @ h)
        return w["B"] @ h if reads_out else h, h

    outputs, _ = tg.unroll(cell, np.ones((6, 3)), np.zeros(4), truncate=2, window="sliding")
    return tg.mean(outputs)


def losses_of_both(n, m, pick=slice(None)):
    """A decoder's losses, and losses of its encoder's states."""
    w = weights(A=(4, 3), B=(4, 4), C=(4, 3), D=(4, 4))
    states, h = tg.unroll(tanh_cell(w["A"], w["B"], "h"), np.ones((n, 3)), np.zeros(4))
    outputs, _ = tg.unroll(tanh_cell(w["C"], w["D"], "s"), np.ones((m, 3)), h)
    return tg.mean(outputs) + 0.1 * tg.sum(states[pick])


def two_outputs(pick=slice(None)):
    """Of what leaves the cell one output is made from the other."""
    w = weights(A=(4, 3), B=(4, 4), V=(4, 2))

    def cell(x, h):
        h = tg.tanh(w["A"] @ x + w["B"] @ h)
        return (h, tg.square(h)), h

    (first, second), _ = tg.unroll(cell, np.ones((4, 3)), np.zeros(4))
    return tg.sum((first[pick] + second[pick]) @ w["V"])


def loss_in_the_state():
    w = weights(A=(4, 3), B=(4, 4))

    def cell(x, state):
        h, total = state
        h = tg.tanh(w["A"] @ x + w["B"] @ h)
        return h, (h, total + tg.sum(tg.squared_error(h, np.ones(4))))

    return tg.unroll(cell, np.ones((5, 3)), (np.zeros(4), 0.0))[1][1]


def stack_of_five():
    w = weights(**{f"{k}{i}": (4, 4) for k in "AB" for i in range(5)})
    ys = np.ones((3, 4))
    for i in range(5):

        def cell(x, h, i=i):
            h = tg.tanh(w[f"A{i}"] @ x + w[f"B{i}"] @ h)
            return h, h

        ys, _ = tg.unroll(cell, ys, np.zeros(4))
    return tg.sum(ys)
