"""The recurrent training steps in plain numpy: a loop over time, backpropagation through time written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .recurrent_work import Step, Work
from .workloads import Arrays

State = tuple[np.ndarray, ...]
Forward = Callable[[Arrays, np.ndarray, State], tuple[State, Any]]
"""``(w, x, state) -> (new_state, saved)``; the first array of the new state is h."""
Backward = Callable[[Arrays, Arrays, np.ndarray, State, Any, State], State]
"""``(w, grads, x, state, saved, gstate) -> gradient of state``; adds to ``grads``; gstate is of the new state."""


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _add(grads: Arrays, x: np.ndarray, h: np.ndarray, ga: np.ndarray, gu: np.ndarray) -> None:
    """What ga and gu (B, G*H), the gradients of the input's and the state's part, add to those of the weights."""
    grads["weight_ih"] += ga.T @ x
    grads["bias_ih"] += ga.sum(axis=0)
    grads["weight_hh"] += gu.T @ h
    grads["bias_hh"] += gu.sum(axis=0)


def _sum_of_parts(w: Arrays, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    return x @ w["weight_ih"].T + w["bias_ih"] + h @ w["weight_hh"].T + w["bias_hh"]


def rnn_forward(w: Arrays, x: np.ndarray, state: State) -> tuple[State, Any]:
    h = np.tanh(_sum_of_parts(w, x, state[0]))
    return (h,), h


def rnn_backward(w: Arrays, grads: Arrays, x: np.ndarray, state: State, h: np.ndarray, gstate: State) -> State:
    gz = gstate[0] * (1 - h * h)
    _add(grads, x, state[0], gz, gz)
    return (gz @ w["weight_hh"],)


def gru_forward(w: Arrays, x: np.ndarray, state: State) -> tuple[State, Any]:
    (h,) = state
    a_r, a_z, a_n = np.split(x @ w["weight_ih"].T + w["bias_ih"], 3, axis=1)
    u_r, u_z, u_n = np.split(h @ w["weight_hh"].T + w["bias_hh"], 3, axis=1)
    r, z = sigmoid(a_r + u_r), sigmoid(a_z + u_z)
    n = np.tanh(a_n + r * u_n)
    return ((1 - z) * n + z * h,), (r, z, n, u_n)


def gru_backward(w: Arrays, grads: Arrays, x: np.ndarray, state: State, saved: Any, gstate: State) -> State:
    (h,), (gh,), (r, z, n, u_n) = state, gstate, saved
    gn = gh * (1 - z) * (1 - n * n)
    gz = gh * (h - n) * z * (1 - z)
    gr = gn * u_n * r * (1 - r)
    ga, gu = np.concatenate([gr, gz, gn], axis=1), np.concatenate([gr, gz, gn * r], axis=1)
    _add(grads, x, h, ga, gu)
    return (gh * z + gu @ w["weight_hh"],)


def lstm_forward(w: Arrays, x: np.ndarray, state: State) -> tuple[State, Any]:
    h, c = state
    i, f, g, o = np.split(_sum_of_parts(w, x, h), 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c = f * c + i * g
    tanh_c = np.tanh(c)
    return (o * tanh_c, c), (i, f, g, o, tanh_c)


def lstm_backward(w: Arrays, grads: Arrays, x: np.ndarray, state: State, saved: Any, gstate: State) -> State:
    (h, c), (gh, gc), (i, f, g, o, tanh_c) = state, gstate, saved
    gc = gc + gh * o * (1 - tanh_c * tanh_c)
    parts = [gc * g * i * (1 - i), gc * c * f * (1 - f), gc * i * (1 - g * g), gh * tanh_c * o * (1 - o)]
    gz = np.concatenate(parts, axis=1)
    _add(grads, x, h, gz, gz)
    return gz @ w["weight_hh"], gc * f


def mgu_forward(w: Arrays, x: np.ndarray, state: State) -> tuple[State, Any]:
    (h,) = state
    H = h.shape[1]
    a_f, a_n = np.split(x @ w["weight_ih"].T + w["bias_ih"], 2, axis=1)
    f = sigmoid(a_f + h @ w["weight_hh"][:H].T + w["bias_hh"][:H])
    n = np.tanh(a_n + (f * h) @ w["weight_hh"][H:].T + w["bias_hh"][H:])
    return ((1 - f) * h + f * n,), (f, n)


def mgu_backward(w: Arrays, grads: Arrays, x: np.ndarray, state: State, saved: Any, gstate: State) -> State:
    (h,), (gh,), (f, n) = state, gstate, saved
    H = h.shape[1]
    gn = gh * f * (1 - n * n)
    gkept = gn @ w["weight_hh"][H:]
    gf = (gh * (n - h) + gkept * h) * f * (1 - f)
    ga = np.concatenate([gf, gn], axis=1)
    grads["weight_ih"] += ga.T @ x
    grads["weight_hh"][:H] += gf.T @ h
    grads["weight_hh"][H:] += gn.T @ (f * h)
    bias = ga.sum(axis=0)
    grads["bias_ih"] += bias
    grads["bias_hh"] += bias
    return (gh * (1 - f) + gkept * f + gf @ w["weight_hh"][:H],)


CELLS: dict[str, tuple[Forward, Backward]] = {
    "RNN": (rnn_forward, rnn_backward),
    "GRU": (gru_forward, gru_backward),
    "LSTM": (lstm_forward, lstm_backward),
    "MGU": (mgu_forward, mgu_backward),
}


def hand(work: Work) -> Step:
    forward, backward = CELLS[work.cell]
    w = work.weights

    def step() -> tuple[float, Arrays]:
        state, kept, loss = work.state, [], 0.0
        for x, mix in zip(work.xs, work.mix, strict=True):
            new_state, saved = forward(w, x, state)
            kept.append((x, state, saved))
            loss += np.sum(mix * new_state[0])
            state = new_state
        grads = {name: np.zeros_like(value) for name, value in w.items()}
        gstate: State = tuple(np.zeros_like(s) for s in work.state)
        for (x, before, saved), mix in zip(reversed(kept), reversed(work.mix), strict=True):
            gstate = backward(w, grads, x, before, saved, (gstate[0] + mix, *gstate[1:]))
        return float(loss), grads

    return step


CONTENDERS = {"hand": hand}
