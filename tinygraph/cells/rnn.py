"""The plain recurrent network, in the forms of PyTorch, ONNX and Keras."""

from __future__ import annotations

from typing import Any

from ..core.node import Node
from .base import Activation, ClassicCell, activation


class RNN(ClassicCell):
    """Plain recurrent network (Elman 1990, "Finding structure in time"), torch.nn.RNNCell::

        h' = tanh(W_ih x + b_ih + W_hh h + b_hh)

    Parameters: weight_ih (H, I), weight_hh (H, H), bias_ih, bias_hh (H,), uniform within 1 / sqrt(H).
    Group: To start with

    For ONNX's RNN weight_ih = W[0], weight_hh = R[0], bias_ih and bias_hh are the halves of B[0]. For Keras' SimpleRNN,
    which has one bias, weight_ih = kernel.T, weight_hh = recurrent_kernel.T, bias_ih = bias, recurrent_bias=False.

    Args:
        input_size, hidden_size, ...: as for `PackedCell`. State: h (B, H).
        bias: whether the cell has biases.
        nonlinearity: "tanh", "relu", another name of an activation, or a function. With "relu" and
            ``recurrent_kernel_init="identity"`` it is the IRNN of Le et al. (2015, 1504.00941).
        recurrent_bias: whether the cell has bias_hh; None takes the value of ``bias``.
        clip: clips the input of the activation to [-clip, clip], as ONNX does; None for no limit.

    Raises:
        GraphError: the activation is unknown, or clip is not above 0.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> rnn = tg.cells.RNN(3, 4, nonlinearity="relu", rng=0)
        >>> y, h = rnn(np.ones((2, 3), np.float32), rnn.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str | Activation = "tanh",
        *,
        recurrent_bias: bool | None = None,
        clip: float | None = None,
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, clip=clip, **options)
        self.nonlinearity = activation(nonlinearity)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        (v,), (u,) = self.from_input(x), self.from_state(h)
        h = self.nonlinearity(self.clip(v + u))
        return h, h
