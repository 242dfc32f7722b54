"""The recurrent training steps that are timed: four cells, six sizes, one loss.

A step is forward and backward with the gradients of all parameters, in float32:

    h_t, ... = cell(x_t, h_{t-1}, ...)        loss = sum over t, b and units of mix_t * h_t

``mix`` is a fixed random array, so that every step sends back a gradient of its own. The cells, with
a = x_t @ weight_ih.T + bias_ih and u = h_{t-1} @ weight_hh.T + bias_hh split into G gates of H units:

    RNN   h_t = tanh(a + u)
    GRU   r, z = sigmoid(a_r + u_r), sigmoid(a_z + u_z)   n = tanh(a_n + r * u_n)   h_t = (1 - z) * n + z * h_{t-1}
    LSTM  i, f, g, o = the gates of a + u: sigmoid, sigmoid, tanh, sigmoid   c_t = f * c_{t-1} + i * g
          h_t = o * tanh(c_t)
    MGU   f = sigmoid(a_f + u_f)   n = tanh(a_n + (f * h_{t-1}) @ W_n.T + b_n)   h_t = (1 - f) * h_{t-1} + f * n

Sources: RNN, GRU, LSTM as `torch.nn` has them. MGU: G.-B. Zhou, J. Wu, C.-L. Zhang, Z.-H. Zhou,
"Minimal gated unit for recurrent neural networks", 2016; W_n, b_n are the second half of weight_hh, bias_hh.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .workloads import Arrays, Sizes

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4, "MGU": 2}

SIZES = {
    "seed": Sizes(4, 1, 100, 100),
    "minchar": Sizes(25, 1, 65, 100),
    "small": Sizes(64, 16, 64, 128),
    "mid": Sizes(64, 32, 128, 256),
    "zaremba": Sizes(35, 20, 650, 650),
    "large": Sizes(50, 64, 512, 512),
}

Step = Callable[[], tuple[float, Arrays]]
"""Runs one training step and gives the loss and the gradient of each weight."""


class Work(NamedTuple):
    """One cell at one size.

    Attributes:
        weights: ``weight_ih`` (G*H, I), ``weight_hh`` (G*H, H), ``bias_ih`` and ``bias_hh`` (G*H,).
        xs: (T, B, I).
        state: h_0 (B, H), and of an LSTM c_0 (B, H).
        mix: (T, B, H).
    """

    cell: str
    sizes: Sizes
    weights: Arrays
    xs: np.ndarray
    state: tuple[np.ndarray, ...]
    mix: np.ndarray


def work(cell: str, sizes: Sizes) -> Work:
    """The same arrays at every call: weights uniform within 1 / sqrt(H) as torch draws them, the rest normal."""
    rng = np.random.default_rng(3)
    T, B, I, H = sizes  # noqa: E741  the field's own letter
    rows, limit = GATES[cell] * H, H**-0.5
    shapes = {"weight_ih": (rows, I), "weight_hh": (rows, H), "bias_ih": (rows,), "bias_hh": (rows,)}
    weights = {name: rng.uniform(-limit, limit, shape).astype(np.float32) for name, shape in shapes.items()}

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    state = tuple(0.5 * normal(B, H) for _ in range(2 if cell == "LSTM" else 1))
    return Work(cell, sizes, weights, normal(T, B, I), state, normal(T, B, H))


def flops(cell: str, sizes: Sizes) -> int:
    """Of the matrix products of one step: forward, both weights' gradients, and h's; no gradient of xs is asked for."""
    T, B, I, H = sizes  # noqa: E741  the field's own letter
    return 2 * T * B * GATES[cell] * H * (2 * I + 3 * H)


def bars(ours: str, size: str) -> dict[str, float]:
    """How many times our time each peer's must be at least: the bars of the project for one of our backends."""
    place = "one row" if SIZES[size].B == 1 else size
    if ours == "native":
        loop = {"one row": 10.0, "small": 2.0, "mid": 2.0, "zaremba": 1.3, "large": 1.3}[place]
        found = {"torch": 2.0 if place == "one row" else 1.0, "jax": 1.3, "torch_loop": loop}
        return {**found, "hand": 10.0} if place == "one row" else found
    if place == "one row":
        return {"torch": 0.5, "torch_loop": 4.0, "hand": 3.0}
    return {"torch": 0.8 if place in ("zaremba", "large") else 0.5, "jax": 1.0, "torch_loop": 1.3}
