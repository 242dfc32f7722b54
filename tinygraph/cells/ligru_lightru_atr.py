"""Gated units simpler than the GRU: without a reset gate, with fewer matrices, or with twin gates."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..core.node import Node
from .base import Activation, PackedCell, activation, affine


class LiGRU(PackedCell):
    """Light gated recurrent unit: one gate, relu (Ravanelli et al. 2018, 1803.10225), as torchrecurrent has it::

        z  = sigmoid(W_z x + b_z + U_z h + b'_z)
        n  = relu(W_n x + b_n + U_n h + b'_n)
        h' = z * h + (1 - z) * n

    The paper normalises W x over the batch; this cell does not.

    Parameters: weight_ih (2H, I), weight_hh (2H, H), bias_ih, bias_hh (2H,), blocks z, n.
    Group: One gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).
        nonlinearity, gate_nonlinearity: used instead of relu and sigmoid; names or functions.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.LiGRU(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = hh = ("z", "n")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        nonlinearity: str | Activation = "relu",
        gate_nonlinearity: str | Activation = "sigmoid",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.nonlinearity, self.gate_nonlinearity = activation(nonlinearity), activation(gate_nonlinearity)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        z, n = self.from_both(x, h)
        z, n = self.gate_nonlinearity(z), self.nonlinearity(n)
        h = z * h + (1 - z) * n
        return h, h


class LightRU(PackedCell):
    """Light recurrent unit: the candidate depends on x alone (Ye et al. 2024, doi 10.3390/electronics13163204)::

        n  = tanh(W_n x + b_n)
        f  = sigmoid(W_f x + b_f + U_f h + b'_f)
        h' = (1 - f) * h + f * n

    Parameters: weight_ih (2H, I), bias_ih (2H,), blocks n, f; weight_hh (H, H), bias_hh (H,), of f.
    Group: One gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.LightRU(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = ("n", "f")
    hh = ("f",)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        (n, f), (u,) = self.from_input(x), self.from_state(h)
        f, n = ops.sigmoid(f + u), ops.tanh(n)
        h = (1 - f) * h + f * n
        return h, h


class ATR(PackedCell):
    """Addition-subtraction twin gates: one of the sum, one of the difference (Zhang et al. 2018, 1810.12546)::

        p  = W x + b
        q  = U h + b'
        i  = sigmoid(p + q)
        f  = sigmoid(p - q)
        h' = i * p + f * h

    Parameters: weight_ih (H, I), weight_hh (H, H), bias_ih, bias_hh (H,).
    Group: Two gates or more, one state

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.ATR(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    recurrent_init = "normal"

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        p, q = affine(x, self.weight_ih, self.bias_ih), affine(h, self.weight_hh, self.bias_hh)
        i, f = ops.sigmoid(p + q), ops.sigmoid(p - q)
        h = i * p + f * h
        return h, h
