"""The plain recurrent network, as PyTorch has it."""

from __future__ import annotations

from typing import Any

from ..core.node import Node
from .activations import Activation, activation
from .initial import as_torch
from .packed import PackedCell


class RNN(PackedCell):
    """Plain recurrent network (Elman 1990, "Finding structure in time"), torch.nn.RNNCell::

        h' = tanh(W_ih x + b_ih + W_hh h + b_hh)

    Parameters: weight_ih (H, I), weight_hh (H, H), bias_ih, bias_hh (H,), uniform within 1 / sqrt(H).

    Args:
        input_size, hidden_size, ...: as for `PackedCell`. State: h (B, H).
        bias: whether there are biases.
        nonlinearity: "tanh", "relu", another name of an activation, or a function. With "relu" and
            ``recurrent_kernel_init="identity"`` it is the IRNN of Le et al. (2015, 1504.00941).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> rnn = tg.cells.RNN(3, 4, nonlinearity="relu", rng=0)
        >>> y, h = rnn(np.ones((2, 3), np.float32), rnn.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str | Activation = "tanh",
                 **options: Any) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, bias, **as_torch(hidden_size) | options)
        self.nonlinearity = activation(nonlinearity)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        (from_x,), (from_h,) = self.from_input(x), self.from_state(h)
        h = self.nonlinearity(from_x + from_h)
        return h, h
