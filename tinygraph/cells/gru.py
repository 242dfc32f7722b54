"""The gated recurrent unit, in the forms of PyTorch, ONNX and Keras and of the first paper."""

from __future__ import annotations

from typing import Any

from ..core.checks import flag
from ..core.node import Node
from .base import Activation, ClassicCell, activation


class GRU(ClassicCell):
    """Gated recurrent unit: two gates, one state (Cho et al. 2014, 1406.1078), torch.nn.GRUCell::

        r  = sigmoid(W_r x + b_r + U_r h + b'_r)
        z  = sigmoid(W_z x + b_z + U_z h + b'_z)
        n  = tanh(W_n x + b_n + r * (U_n h + b'_n))      (reset_after=False: tanh(W_n x + b_n + U_n (r * h) + b'_n))
        h' = (1 - z) * n + z * h

    Parameters: weight_ih (3H, I), weight_hh (3H, H), bias_ih, bias_hh (3H,), blocks r, z, n or in the order of
    gate_order, uniform within 1 / sqrt(H).
    Group: To start with

    ONNX and Keras mix h and n by z as here, and have the blocks z, r, n (their h): ``gate_order="zrn"``. For ONNX's
    GRU weight_ih = W[0], weight_hh = R[0], bias_ih and bias_hh are the halves of B[0]. For Keras' weight_ih = kernel.T,
    weight_hh = recurrent_kernel.T, bias_ih, bias_hh = bias; with reset_after=False its only bias is bias_ih:
    recurrent_bias=False.

    Args:
        input_size, hidden_size, ...: as for `PackedCell`. State: h (B, H).
        bias: whether the cell has biases.
        reset_after: whether r is applied after the product with U_n (PyTorch, Keras; ONNX with linear_before_reset=1)
            or before it, as in the paper (ONNX by default).
        recurrent_bias: whether the cell has bias_hh; None takes the value of ``bias``.
        gate_order: the order of the blocks of H rows in all weights: "rzn" or another order of these letters.
        clip: clips the inputs of sigmoid and tanh to [-clip, clip], as ONNX does; None for no limit.
        nonlinearity: used instead of tanh, Keras' activation, ONNX's g: "tanh", another name of an activation, or a
            function.
        gate_nonlinearity: used instead of sigmoid, Keras' recurrent_activation, ONNX's f.

    Raises:
        GraphError: the order does not contain each gate once, clip is not above 0, or an activation is unknown.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> gru = tg.cells.GRU(3, 4, rng=0)
        >>> y, h = gru(np.ones((2, 3), np.float32), gru.initial_state(2))
        >>> y.shape, gru.gate("z").weight_hh.shape
        ((2, 4), (4, 4))

        Keras' arrays:

        >>> kernel, recurrent_kernel, bias = np.ones((3, 12)), np.ones((4, 12)), np.zeros((2, 12))
        >>> gru = tg.cells.GRU(3, 4, gate_order="zrn")
        >>> gru.load_state_dict({"weight_ih": kernel.T, "weight_hh": recurrent_kernel.T,
        ...                      "bias_ih": bias[0], "bias_hh": bias[1]})
        >>> gru.gates["weight_ih"]
        ('z', 'r', 'n')
    """

    ih = hh = ("r", "z", "n")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        reset_after: bool = True,
        *,
        recurrent_bias: bool | None = None,
        gate_order: str = "rzn",
        clip: float | None = None,
        nonlinearity: str | Activation = "tanh",
        gate_nonlinearity: str | Activation = "sigmoid",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, gate_order=gate_order, clip=clip, **options)
        self.nonlinearity, self.gate_nonlinearity = activation(nonlinearity), activation(gate_nonlinearity)
        self.reset_after = flag("GRU", "reset_after", reset_after)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        r, z, n = self.in_order(self.from_input(x))
        if self.reset_after:
            from_r, from_z, from_n = self.in_order(self.from_state(h))
            r, z = self.opened(r + from_r), self.opened(z + from_z)
            n = self.nonlinearity(self.clip(n + r * from_n))
        else:
            r = self.opened(r + self.from_state(h, "r"))
            z = self.opened(z + self.from_state(h, "z"))
            n = self.nonlinearity(self.clip(n + self.from_state(r * h, "n")))
        h = (1 - z) * n + z * h
        return h, h

    def opened(self, z: Node) -> Node:
        """A gate (B, H) by the sum z (B, H) of its products."""
        return self.gate_nonlinearity(self.clip(z))
