"""Simple gated units: one gate, and a candidate that is a product with the state."""

from __future__ import annotations

from typing import Any

from ..core.node import Node
from .base import Activation, Init, PackedCell, activation


class SGU(PackedCell):
    """Simple gated unit: the input multiplies the state before the gate (Gao and Glowacka 2016, 1604.02910)::

        q  = tanh(U_g ((W_g x + b_g) * h) + b'_g)
        o  = softplus(q * h)
        z  = hard_sigmoid(W_z x + b_z + U_z h + b'_z)
        h' = (1 - z) * h + z * o

    In torchrecurrent's form hard_sigmoid(v) = clip(v / 6 + 1/2, 0, 1).

    Parameters: weight_ih (2H, I), weight_hh (2H, H), bias_ih, bias_hh (2H,), blocks g, z.
    Group: One gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).
        nonlinearity, output_nonlinearity, gate_nonlinearity: used instead of tanh, softplus and hard_sigmoid; names or
            functions.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.SGU(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = hh = ("g", "z")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        nonlinearity: str | Activation = "tanh",
        output_nonlinearity: str | Activation = "softplus",
        gate_nonlinearity: str | Activation = "hard_sigmoid",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.nonlinearity, self.gate_nonlinearity = activation(nonlinearity), activation(gate_nonlinearity)
        self.output_nonlinearity = activation(output_nonlinearity)

    def output(self, product: Any) -> Node:
        """Maps q * h (B, H) to o."""
        return self.output_nonlinearity(product)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        g, z = self.from_input(x)
        q = self.nonlinearity(self.from_state(g * h, "g"))
        z = self.gate_nonlinearity(z + self.from_state(h, "z"))
        o = self.output(q * h)
        h = (1 - z) * h + z * o
        return h, h


class DSGU(SGU):
    """Deep simple gated unit: `SGU` with one more matrix before o (Gao and Glowacka 2016, 1604.02910)::

        q  = tanh(U_g ((W_g x + b_g) * h) + b'_g)
        o  = sigmoid(W_ho (q * h))
        z  = hard_sigmoid(W_z x + b_z + U_z h + b'_z)
        h' = (1 - z) * h + z * o

    Parameters: weight_ih (2H, I), weight_hh (2H, H), bias_ih, bias_hh (2H,), blocks g, z; weight_ho (H, H).
    Group: One gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`; recurrent_kernel_init is the
            initialiser of weight_ho, too. State: h (B, H).
        nonlinearity, output_nonlinearity, gate_nonlinearity: used instead of tanh, sigmoid and hard_sigmoid; names or
            functions.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.DSGU(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        nonlinearity: str | Activation = "tanh",
        output_nonlinearity: str | Activation = "sigmoid",
        gate_nonlinearity: str | Activation = "hard_sigmoid",
        recurrent_kernel_init: Init = "xavier_uniform",
        **options: Any,
    ) -> None:
        activations = nonlinearity, output_nonlinearity, gate_nonlinearity
        options["recurrent_kernel_init"] = recurrent_kernel_init
        super().__init__(input_size, hidden_size, bias, recurrent_bias, *activations, **options)
        self.weight_ho = self.weight(self.hidden_size, self.hidden_size, init=recurrent_kernel_init)

    def output(self, product: Any) -> Node:
        """Maps q * h (B, H) to o."""
        return super().output(product @ self.weight_ho.T)
