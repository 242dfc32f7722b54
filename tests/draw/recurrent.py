"""Recurrent networks of all kinds, and what a reader of their code would say repeats in them."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg

from .networks import both_ways, lstm, once, weights, word_rnn


def tanh_cell(inside: tg.Node, across: tg.Node, name: str | None = None) -> Any:
    def cell(x: Any, h: Any) -> Any:
        h = tg.tanh(inside @ x + across @ h, name=name)
        return h, h

    return cell


def gru(steps: int) -> tg.Node:
    w = weights(Wz=(4, 7), Wr=(4, 7), Wn=(4, 7))

    def cell(x: Any, h: Any) -> Any:
        both = tg.concatenate([x, h], axis=1)
        z, r = tg.sigmoid(both @ w["Wz"].T), tg.sigmoid(both @ w["Wr"].T)
        n = tg.tanh(tg.concatenate([x, r * h], axis=1) @ w["Wn"].T)
        h = (1 - z) * n + z * h
        return h, h

    outputs, _ = tg.unroll(cell, np.ones((steps, 2, 3)), np.zeros((2, 4)))
    return tg.mean(outputs)


def two_unrolls(steps: int) -> tg.Node:
    w = weights(A=(4, 3), B=(4, 4), C=(4, 4), D=(4, 4))
    first, _ = tg.unroll(tanh_cell(w["A"], w["B"]), np.ones((steps, 3)), np.zeros(4))
    second, _ = tg.unroll(tanh_cell(w["C"], w["D"]), first, np.zeros(4))
    return tg.mean(second)


def two_scopes(steps: int) -> tg.Node:
    w = weights(A=(4, 4), B=(4, 4), C=(4, 4), D=(4, 4), V=(3, 4))
    low, high, total = tg.constant(np.zeros(4)), tg.constant(np.ones(4)), 0
    for t in range(steps):
        with tg.step(t):
            x = tg.constant(np.ones(4) * t, name=f"x{t}")
            with tg.scope("lower"):
                low = tg.tanh(w["A"] @ x + w["B"] @ low)
            with tg.scope("upper"):
                high = tg.tanh(w["C"] @ low + w["D"] @ high)
            loss = tg.softmax_cross_entropy(w["V"] @ high, np.array(t % 3))
        total = total + loss
    return total / steps


def encoder_decoder(n: int, m: int, bridge: bool = False) -> tg.Node:
    w = weights(A=(4, 3), B=(4, 4), C=(4, 3), D=(4, 4), E=(4, 4))
    _, h = tg.unroll(tanh_cell(w["A"], w["B"], "h"), np.ones((n, 3)), np.zeros(4))
    h = tg.tanh(w["E"] @ h) if bridge else h
    outputs, _ = tg.unroll(tanh_cell(w["C"], w["D"], "s"), np.ones((m, 3)), h)
    return tg.mean(outputs)


def uneven(steps: int) -> tg.Node:
    """No state before the first step, a loss at the last one only."""
    w = weights(U=(4, 3), W=(4, 4), V=(2, 4))
    h: Any = None
    for t in range(steps):
        with tg.step(t):
            z = w["U"] @ tg.constant(np.ones(3) * t, name=f"x{t}")
            h = tg.tanh(z if h is None else z + w["W"] @ h, name="h")
            if t == steps - 1:
                return tg.softmax_cross_entropy(w["V"] @ h, np.array(1))
    raise AssertionError


def losses_outside(steps: int) -> tg.Node:
    w = weights(A=(4, 3), B=(4, 4), V=(2, 4))
    outputs, _ = tg.unroll(tanh_cell(w["A"], w["B"]), np.ones((steps, 3)), np.zeros(4))
    return sum(tg.softmax_cross_entropy(w["V"] @ outputs[t], np.array(0)) for t in range(steps))  # type: ignore[return-value]


def attention(n: int, m: int) -> tg.Node:
    """A decoder that starts from the encoder's last state and looks at all of its states at every step."""
    w = weights(A=(4, 3), B=(4, 4), C=(4, 3), D=(4, 8))
    states, h = tg.unroll(tanh_cell(w["A"], w["B"], "h"), np.ones((n, 3)), np.zeros(4))

    def cell(x: Any, s: Any) -> Any:
        seen = tg.softmax(states @ s, axis=0) @ states
        s = tg.tanh(w["C"] @ x + w["D"] @ tg.concatenate([s, seen]), name="s")
        return s, s

    outputs, _ = tg.unroll(cell, np.ones((m, 3)), h)
    return tg.mean(outputs)


def context_alone(n: int, m: int) -> tg.Node:
    """A decoder without a state: each of its steps reads the encoder's last one."""
    w = weights(A=(4, 3), B=(4, 4), C=(4, 3), D=(4, 4))
    _, h = tg.unroll(tanh_cell(w["A"], w["B"], "h"), np.ones((n, 3)), np.zeros(4))
    outputs, _ = tg.unroll(lambda x, s: (tg.tanh(w["C"] @ x + w["D"] @ h), s), np.ones((m, 3)), np.zeros(4))
    return tg.mean(outputs)


# What a reader of each network's code would say: cards with their runs, and arrows through time (lag, how many).
NETWORKS: dict[str, tuple[tg.Node, list[tuple[str, int]], list[int]]] = {
    "rnn": (word_rnn(4), [("cell", 4)], [1]),
    "two steps": (word_rnn(2), [("cell", 2)], [1]),
    "cut": (word_rnn(6, cut=2), [("cell", 6)], [1]),
    "lstm": (lstm(5), [("cell", 5)], [1, 1]),
    "gru": (gru(4), [("cell", 4)], [1, 1, 1]),
    "two unrolls": (two_unrolls(4), [("layer 1", 4), ("layer 2", 4)], [1, 1]),
    "two scopes": (two_scopes(3), [("lower", 3), ("upper", 3)], [1, 1]),
    "both ways": (once(both_ways(4)), [("forward", 4), ("backward", 4)], [-1, 1]),
    "encoder": (encoder_decoder(5, 3), [("encoder", 5), ("decoder", 3)], [1, 1]),
    "short encoder": (encoder_decoder(2, 2), [("encoder", 2), ("decoder", 2)], [1, 1]),
    "bridge": (encoder_decoder(4, 3, bridge=True), [("encoder", 4), ("decoder", 3)], [1, 1]),
    "attention": (attention(4, 3), [("encoder", 4), ("decoder", 3)], [1, 1, 1]),
    "attention of two steps": (attention(2, 2), [("encoder", 2), ("decoder", 2)], [1, 1, 1]),
    "no state in the decoder": (context_alone(4, 3), [("encoder", 4), ("decoder", 3)], [1]),
    "uneven": (uneven(5), [("cell", 5)], [1]),
    "losses outside": (losses_outside(5), [("cell", 5), ("each step", 5)], [1]),
}
