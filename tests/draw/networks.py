"""Small recurrent networks to draw, written by hand and by unroll."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tinygraph.draw.options import Options
from tinygraph.draw.shown.truncation import cut_as_asked


def once(root: tg.Node) -> tg.Node:
    """The graph as pictures have it, in which a step reads the same data once; drawn again its nodes stay."""
    return cut_as_asked([root], Options())[0][0]


def weights(**shapes: tuple[int, ...]) -> dict[str, tg.Node]:
    rng = np.random.default_rng(0)
    return {name: tg.parameter(rng.normal(size=shape) * 0.4, name=name) for name, shape in shapes.items()}


def word_rnn(steps: int, cut: int | None = None, hidden: int = 6, words: int = 5) -> tg.Node:
    """h_t = tanh(U x_t + W h_{t-1}), softmax cross-entropy of V h_t at each step, their mean; steps from 1."""
    w = weights(U=(hidden, hidden), W=(hidden, hidden), V=(words, hidden))
    rng = np.random.default_rng(1)
    h: Any = tg.constant(np.zeros(hidden), name="h0")
    total: Any = 0
    for t in range(1, steps + 1):
        with tg.step(t):
            x = tg.constant(rng.normal(size=hidden), name=f"x{t}")
            if cut and t > 1 and (t - 1) % cut == 0:
                h = tg.stop_gradient(h)
            h = tg.tanh(w["U"] @ x + w["W"] @ h, name=f"h{t}")
            loss = tg.softmax_cross_entropy(w["V"] @ h, np.array(t % words))
        total = total + loss
    return total / steps


def lstm(steps: int, truncate: int | None = None) -> tg.Node:
    w = weights(W_ih=(16, 3), W_hh=(16, 4), b=(16,), W_y=(2, 4))

    def cell(x: Any, state: Any) -> Any:
        h, c = state
        i, f, g, o = tg.split(x @ w["W_ih"].T + h @ w["W_hh"].T + w["b"], 4, axis=1)
        c = tg.sigmoid(f) * c + tg.sigmoid(i) * tg.tanh(g)
        h = tg.sigmoid(o) * tg.tanh(c)
        return h @ w["W_y"].T, (h, c)

    xs = np.random.default_rng(2).normal(size=(steps, 2, 3))
    outputs, _ = tg.unroll(cell, xs, (np.zeros((2, 4)), np.zeros((2, 4))), truncate=truncate)
    return tg.mean(tg.softmax_cross_entropy(outputs, np.zeros((steps, 2), int)), name="loss")


def both_ways(steps: int) -> tg.Node:
    w = weights(A=(4, 3), B=(4, 4), V=(2, 8))

    def cell(x: Any, h: Any) -> Any:
        h = tg.tanh(w["A"] @ x + w["B"] @ h)
        return h, h

    xs = np.random.default_rng(3).normal(size=(steps, 3))
    forward, _ = tg.unroll(cell, xs, np.zeros(4))
    backward, _ = tg.unroll(cell, xs, np.zeros(4), reverse=True)
    return tg.mean(
        tg.softmax_cross_entropy(tg.concatenate([forward, backward], axis=1) @ w["V"].T, np.zeros(steps, int))
    )


def perceptron() -> tg.Node:
    w = weights(W0=(3, 3), b0=(3,), W1=(3, 3))
    x = tg.constant(np.ones((2, 3)), name="x")
    h = x + tg.relu(x @ w["W0"] + w["b0"])
    return tg.sum(tg.squared_error(h @ w["W1"], np.zeros((2, 3))))
