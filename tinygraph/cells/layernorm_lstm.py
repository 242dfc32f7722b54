"""The LSTM with layer normalisation inside its step."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..core.node import Node
from .base import Cell, Init, affine, finite


def normed(a: Any, gain: Any, shift: Any, epsilon: float) -> Node:
    """LN(a; gain, shift) = gain * (a - mean) / sqrt(variance + epsilon) + shift over the last axis of a (B, H)."""
    a = a - ops.mean(a, axis=-1, keepdims=True)
    deviation = ops.sqrt(ops.mean(ops.square(a), axis=-1, keepdims=True) + epsilon)
    return gain * (a / deviation) + shift


class LayerNormLSTM(Cell):
    """LSTM with layer normalisation (Ba, Kiros and Hinton 2016, 1607.06450, equations 20 to 22)::

        i, f, g, o = LN(U h; alpha_h, beta_h) + LN(W x; alpha_x, beta_x) + b          blocks in PyTorch's order
        c' = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h' = sigmoid(o) * tanh(LN(c'; alpha_c, beta_c))

    LN(a; alpha, beta) = alpha * (a - mean of a) / deviation of a + beta, over all 4H or, in the last equation, H units.

    Parameters: weight_ih (4H, I), weight_hh (4H, H), b (4H,), alpha_x, beta_x, alpha_h, beta_h (4H,),
    alpha_c, beta_c (H,).
    Group: Two states or more: relatives of the LSTM

    Args:
        input_size, hidden_size, rng, dtype: as for `Cell`. State: (h, c), (B, H) each.
        bias: whether the cell has b.
        epsilon: added to the variance.
        kernel_init, recurrent_kernel_init: as for `PackedCell`.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.LayerNormLSTM(3, 4, rng=0)
        >>> y, (h, c) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    states = 2
    gates = dict.fromkeys(
        ("weight_ih", "weight_hh", "b", "alpha_x", "beta_x", "alpha_h", "beta_h"), ("i", "f", "g", "o")
    )

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        epsilon: float = 1e-5,
        kernel_init: Init = "xavier_uniform",
        recurrent_kernel_init: Init = "orthogonal",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        H = self.hidden_size
        self.weight_ih = self.weight(4 * H, self.input_size, init=kernel_init)
        self.weight_hh = self.weight(4 * H, H, init=recurrent_kernel_init)
        self.b = self.bias(4 * H, bias)
        self.alpha_x, self.alpha_h = self.weight(4 * H, init="ones"), self.weight(4 * H, init="ones")
        self.beta_x, self.beta_h = self.weight(4 * H, init="zeros"), self.weight(4 * H, init="zeros")
        self.alpha_c, self.beta_c = self.weight(H, init="ones"), self.weight(H, init="zeros")
        self.epsilon = finite("LayerNormLSTM", "epsilon", epsilon, 0)

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, c = state
        z = normed(affine(h, self.weight_hh), self.alpha_h, self.beta_h, self.epsilon)
        z = z + normed(affine(x, self.weight_ih), self.alpha_x, self.beta_x, self.epsilon)
        i, f, g, o = ops.split(z if self.b is None else z + self.b, 4, axis=-1)
        i, f, g, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)
        c = f * c + i * g
        h = o * ops.tanh(normed(c, self.alpha_c, self.beta_c, self.epsilon))
        return h, (h, c)
