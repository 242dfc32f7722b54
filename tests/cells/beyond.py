"""The cells beyond torchrecurrent once more: one step of one sequence, in plain numpy, from the papers' equations.

A step is ``(p, x, state, t, options) -> (y, new state)``: p has the parameters by name, x (I,), the state is a list of
vectors, t counts the steps from 0. Other forms are taken on purpose: complex numbers, mod, exponentials as they stand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

Step = tuple[ndarray, list[ndarray]]


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def blocks(a: ndarray, count: int) -> list[ndarray]:
    return [*a.reshape(count, -1)]


def linear(p: dict[str, ndarray], x: ndarray, part: str = "ih") -> ndarray:
    return p[f"weight_{part}"] @ x + p.get(f"bias_{part}", 0)


def rhn(p: Any, x: ndarray, state: list[ndarray], t: int, options: Any) -> Step:
    (s,), coupled = state, options.get("couple_carry", True)
    for k in range(options.get("depth", 3)):
        a = p[f"weight_hh_l{k}"] @ s + p.get(f"bias_hh_l{k}", 0) + (k == 0) * (p["weight_ih"] @ x)
        parts = blocks(a, 2 if coupled else 3)
        transform = sigmoid(parts[1])
        carry = 1 - transform if coupled else sigmoid(parts[2])
        s = np.tanh(parts[0]) * transform + s * carry
    return s, [s]


def above_zero(a: ndarray) -> ndarray:
    return np.array([v + 0.5 if v >= 0 else sigmoid(v) for v in a])


def min_gru(p: Any, x: ndarray, state: list[ndarray], t: int, options: Any) -> Step:
    z, n = blocks(linear(p, x), 2)
    n = above_zero(n) if options.get("log_space") else n
    h = state[0] + sigmoid(z) * (n - state[0])
    return h, [h]


def min_lstm(p: Any, x: ndarray, state: list[ndarray], t: int, options: Any) -> Step:
    f, i, n = blocks(linear(p, x), 3)
    f, i, n = sigmoid(f), sigmoid(i), above_zero(n) if options.get("log_space") else n
    h = (f * state[0] + i * n) / (f + i)
    return h, [h]


def lru(p: Any, u: ndarray, state: list[ndarray], t: int, options: Any) -> Step:
    eigenvalue = np.exp(-np.exp(p["nu_log"]) + 1j * np.exp(p["theta_log"]))
    B, C = p["B_re"] + 1j * p["B_im"], p["C_re"] + 1j * p["C_im"]
    s = np.diag(eigenvalue) @ (state[0] + 1j * state[1]) + (np.exp(p["gamma_log"])[:, None] * B) @ u
    return (C @ s).real + p["D"] @ u, [s.real, s.imag]


def lmu(p: Any, x: ndarray, state: list[ndarray], t: int, options: Any) -> Step:
    h, m = state
    d = len(m)
    theta = options.get("theta", d)
    A = np.array([[(2 * i + 1) * (-1.0 if i < j else (-1.0) ** (i - j + 1)) for j in range(d)] for i in range(d)])
    B = np.array([(2 * i + 1) * (-1.0) ** i for i in range(d)])
    values, vectors = np.linalg.eig(A / theta)
    held = (vectors @ np.diag(np.exp(values)) @ np.linalg.inv(vectors)).real
    u = p["e_x"][0] @ x + p["e_h"][0] @ h + p["e_m"][0] @ m
    m = held @ m + np.linalg.inv(A) @ (held - np.eye(d)) @ B * u
    h = np.tanh(p["W_x"] @ x + p["W_h"] @ h + p["W_m"] @ m)
    return h, [h, m]


def clockwork(p: Any, x: ndarray, state: list[ndarray], t: int, options: Any) -> Step:
    periods, h = options.get("periods", (1, 2, 4, 8)), state[0]
    own = [periods[k * len(periods) // len(h)] for k in range(len(h))]
    new = h.copy()
    for k, T in enumerate(own):
        if t % T == 0:
            heard = sum(p["weight_hh"][k, j] * h[j] for j in range(len(h)) if own[j] >= T)
            new[k] = np.tanh(linear(p, x)[k] + heard + p.get("bias_hh", np.zeros(len(h)))[k])
    return new, [new, np.array([float(-(t + 1) % T) for T in own])]


def phased(p: Any, x: ndarray, state: list[ndarray], t: int, options: Any) -> Step:
    h, c, now = state
    r_on, leak = options.get("r_on", 0.05), options.get("leak", 0.001)
    phi = np.mod(now - p["s"], p["tau"]) / p["tau"]
    k = np.array([2 * v / r_on if v < r_on / 2 else 2 - 2 * v / r_on if v < r_on else leak * v for v in phi])
    i, f, g, o = blocks(linear(p, x) + linear(p, h, "hh"), 4)
    p_i, p_f, p_o = blocks(p.get("weight_ph", np.zeros(3 * len(h))), 3)
    new_c = sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * np.tanh(g)
    new_h = sigmoid(o + p_o * new_c) * np.tanh(new_c)
    h, c = k * new_h + (1 - k) * h, k * new_c + (1 - k) * c
    return h, [h, c, now + 1]


def qrnn(p: Any, x: ndarray, state: list[ndarray], t: int, options: Any) -> Step:
    c, pooling = state[0], options.get("pooling", "fo")
    a = linear(p, x)
    if options.get("window", 2) == 2:
        a = np.concatenate([p["weight_hh"], p["weight_ih"]], 1) @ np.concatenate([state[1], x]) + p.get("bias_ih", 0)
    parts = dict(zip("zfoi", blocks(a, len(pooling) + 1), strict=False))
    f = sigmoid(parts["f"])
    c = f * c + (sigmoid(parts["i"]) if pooling == "ifo" else 1 - f) * np.tanh(parts["z"])
    return (c if pooling == "f" else sigmoid(parts["o"]) * c), [c, x][: len(state)]


def layer_norm_lstm(p: Any, x: ndarray, state: list[ndarray], t: int, options: Any) -> Step:
    h, c = state

    def norm(a: ndarray, which: str) -> ndarray:
        return p[f"alpha_{which}"] * (a - a.mean()) / np.sqrt(a.var() + 1e-5) + p[f"beta_{which}"]

    i, f, g, o = blocks(norm(p["weight_hh"] @ h, "h") + norm(p["weight_ih"] @ x, "x") + p.get("b", 0), 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(norm(c, "c"))
    return h, [h, c]


def jordan(p: Any, x: ndarray, state: list[ndarray], t: int, options: Any) -> Step:
    h = sigmoid(linear(p, x) + linear(p, state[0], "hh"))
    y = sigmoid(linear(p, h, "ho"))
    return y, [options.get("mu", 0) * state[0] + y]


def irnn(p: Any, x: ndarray, state: list[ndarray], t: int, options: Any) -> Step:
    h = np.maximum(linear(p, x) + linear(p, state[0], "hh"), 0)
    return h, [h]


def sigmoid_rnn(p: Any, x: ndarray, state: list[ndarray], t: int, options: Any) -> Step:
    h = sigmoid(x @ p["weight_ih"].T + state[0] @ p["weight_hh"].T + p.get("bias_ih", 0) + p.get("bias_hh", 0))
    return h, [h]


def s_lstm(p: Any, x: ndarray, state: list[ndarray], t: int, options: Any) -> Step:
    h, c, n, m = state
    width = len(h) // options.get("heads", 1)
    mixed = [row @ h[r % len(h) // width * width :][:width] for r, row in enumerate(p["weight_hh"])]
    i, f, z, o = blocks(linear(p, x) + mixed + p.get("bias_hh", 0), 4)
    forget = np.exp(f) if options.get("forget_gate") == "exp" else sigmoid(f)
    whole_c = forget * c * np.exp(m) + np.exp(i) * np.tanh(z)
    whole_n = forget * n * np.exp(m) + np.exp(i)
    m = np.maximum(np.log(forget) + m, i)
    h = sigmoid(o) * whole_c / whole_n
    return h, [h, whole_c / np.exp(m), whole_n / np.exp(m), m]


CASES: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "RHN": ("RHN", rhn, {}),
    "RHN uncoupled": ("RHN", rhn, {"depth": 2, "couple_carry": False}),
    "RHN of one step, no bias": ("RHN", rhn, {"depth": 1, "bias": False}),
    "minGRU": ("minGRU", min_gru, {}),
    "minGRU log": ("minGRU", min_gru, {"log_space": True, "bias": False}),
    "minLSTM": ("minLSTM", min_lstm, {}),
    "minLSTM log": ("minLSTM", min_lstm, {"log_space": True, "bias": False}),
    "LRU": ("LRU", lru, {}),
    "LRU narrow": ("LRU", lru, {"output_size": 2, "r_min": 0.8, "r_max": 0.95, "max_phase": 0.3}),
    "LMU": ("LMU", lmu, {}),
    "LMU long": ("LMU", lmu, {"memory_size": 6, "theta": 9.5}),
    "ClockworkRNN": ("ClockworkRNN", clockwork, {}),
    "ClockworkRNN uneven": ("ClockworkRNN", clockwork, {"periods": (2, 3, 4), "bias": False}),
    "ClockworkRNN plain": ("ClockworkRNN", clockwork, {"periods": (1, 3), "recurrent_bias": False}),
    "PhasedLSTM": ("PhasedLSTM", phased, {}),
    "PhasedLSTM open": ("PhasedLSTM", phased, {"r_on": 0.7, "leak": 0.1, "peephole": False, "bias": False}),
    "QRNN": ("QRNN", qrnn, {}),
    "QRNN f": ("QRNN", qrnn, {"window": 1, "pooling": "f"}),
    "QRNN ifo": ("QRNN", qrnn, {"window": 1, "pooling": "ifo", "bias": False}),
    "QRNN wide ifo": ("QRNN", qrnn, {"pooling": "ifo"}),
    "LayerNormLSTM": ("LayerNormLSTM", layer_norm_lstm, {}),
    "LayerNormLSTM no bias": ("LayerNormLSTM", layer_norm_lstm, {"bias": False}),
    "Jordan": ("Jordan", jordan, {}),
    "Jordan fading": ("Jordan", jordan, {"output_size": 2, "mu": 0.5, "bias": False}),
    "IRNN": ("IRNN", irnn, {}),
    "IRNN no bias": ("IRNN", irnn, {"bias": False, "scale": 0.5}),
    "SigmoidRNN": ("SigmoidRNN", sigmoid_rnn, {}),
    "SigmoidRNN two biases": ("SigmoidRNN", sigmoid_rnn, {"recurrent_bias": True}),
    "SigmoidRNN no bias": ("SigmoidRNN", sigmoid_rnn, {"bias": False}),
    "sLSTM": ("sLSTM", s_lstm, {}),
    "sLSTM of three heads": ("sLSTM", s_lstm, {"heads": 3}),
    "sLSTM exp": ("sLSTM", s_lstm, {"forget_gate": "exp", "bias": False, "recurrent_bias": False}),
}
"""By what a test is called: the cell, its step here, its options."""
