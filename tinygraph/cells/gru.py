"""The gated recurrent unit, as PyTorch has it and as it was first written."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..core.node import Node
from .initial import as_torch
from .packed import PackedCell


class GRU(PackedCell):
    """Gated recurrent unit (Cho et al. 2014, 1406.1078), torch.nn.GRUCell::

        r  = sigmoid(W_r x + b_r + U_r h + b'_r)
        z  = sigmoid(W_z x + b_z + U_z h + b'_z)
        n  = tanh(W_n x + b_n + r * (U_n h + b'_n))      (reset_after=False: tanh(W_n x + b_n + U_n (r * h) + b'_n))
        h' = (1 - z) * n + z * h

    Parameters: weight_ih (3H, I), weight_hh (3H, H), bias_ih, bias_hh (3H,), blocks r, z, n, uniform within
    1 / sqrt(H).

    Args:
        input_size, hidden_size, ...: as for `PackedCell`. State: h (B, H).
        bias: whether there are biases.
        reset_after: whether r is applied after the product with U_n (PyTorch, Keras; ONNX linear_before_reset=1)
            or before it, as in the paper.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> gru = tg.cells.GRU(3, 4, rng=0)
        >>> y, h = gru(np.ones((2, 3), np.float32), gru.initial_state(2))
        >>> y.shape, gru.gate("z").weight_hh.shape
        ((2, 4), (4, 4))
    """

    ih = hh = ("r", "z", "n")

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, reset_after: bool = True,
                 **options: Any) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, bias, **as_torch(hidden_size) | options)
        self.reset_after = reset_after

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        r, z, n = self.from_input(x)
        if self.reset_after:
            from_r, from_z, from_n = self.from_state(h)
            r, z = ops.sigmoid(r + from_r), ops.sigmoid(z + from_z)
            n = ops.tanh(n + r * from_n)
        else:
            r, z = ops.sigmoid(r + self.from_state(h, "r")), ops.sigmoid(z + self.from_state(h, "z"))
            n = ops.tanh(n + self.from_state(r * h, "n"))
        h = (1 - z) * n + z * h
        return h, h
