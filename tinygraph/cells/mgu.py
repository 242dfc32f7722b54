"""The minimal gated unit."""

from __future__ import annotations

from typing import Any

from ..core.node import Node
from .base import Activation, PackedCell, activation


class MGU(PackedCell):
    """Minimal gated unit: a GRU with one gate (Zhou et al. 2016, 1603.09420), as torchrecurrent has it::

        f  = sigmoid(W_f x + b_f + U_f h + b'_f)
        n  = tanh(W_n x + b_n + U_n (f * h) + b'_n)
        h' = f * n + (1 - f) * h

    Parameters: weight_ih (2H, I), weight_hh (2H, H), bias_ih, bias_hh (2H,), blocks f, n.
    Group: One gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).
        nonlinearity, gate_nonlinearity: used instead of tanh and sigmoid; names or functions.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.MGU(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = hh = ("f", "n")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        nonlinearity: str | Activation = "tanh",
        gate_nonlinearity: str | Activation = "sigmoid",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.nonlinearity, self.gate_nonlinearity = activation(nonlinearity), activation(gate_nonlinearity)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        f, n = self.from_input(x)
        f = self.gate_nonlinearity(f + self.from_state(h, "f"))
        n = self.nonlinearity(n + self.from_state(f * h, "n"))
        h = f * n + (1 - f) * h
        return h, h
