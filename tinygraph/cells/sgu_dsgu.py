"""Simple gated units: the state is multiplied by itself, and one gate lets the product through."""

from __future__ import annotations

from typing import Any

from ..core.node import Node
from .base.activations import Activation, activation
from .base.packed import Init, PackedCell


class SGU(PackedCell):
    """Simple gated unit: the input multiplies the state before the gate (Gao and Glowacka 2016, 1604.02910)::

        q  = tanh(U_g ((W_g x + b_g) * h) + b'_g)
        o  = softplus(q * h)
        z  = hard_sigmoid(W_z x + b_z + U_z h + b'_z)
        h' = (1 - z) * h + z * o

    As torchrecurrent has it: hard_sigmoid(v) = clip(v / 6 + 1/2, 0, 1).

    Parameters: weight_ih (2H, I), weight_hh (2H, H), bias_ih, bias_hh (2H,), blocks g, z.

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).
        nonlinearity, output_nonlinearity, gate_nonlinearity: in place of tanh, softplus and hard_sigmoid, by name or
            as functions.

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
        """o, from q * h (B, H)."""
        return self.output_nonlinearity(product)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        g, z = self.from_input(x)
        q = self.nonlinearity(self.from_state(g * h, "g"))
        z = self.gate_nonlinearity(z + self.from_state(h, "z"))
        h = (1 - z) * h + z * self.output(q * h)
        return h, h


class DSGU(SGU):
    """Deep simple gated unit: `SGU` with one more matrix on the way out (Gao and Glowacka 2016, 1604.02910)::

        q  = tanh(U_g ((W_g x + b_g) * h) + b'_g)
        o  = sigmoid(W_ho (q * h))
        z  = hard_sigmoid(W_z x + b_z + U_z h + b'_z)
        h' = (1 - z) * h + z * o

    Parameters: weight_ih (2H, I), weight_hh (2H, H), bias_ih, bias_hh (2H,), blocks g, z; weight_ho (H, H).

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`; recurrent_kernel_init fills weight_ho
            too. State: h (B, H).
        nonlinearity, output_nonlinearity, gate_nonlinearity: in place of tanh, sigmoid and hard_sigmoid, by name or
            as functions.

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
        super().__init__(
            input_size,
            hidden_size,
            bias,
            recurrent_bias,
            nonlinearity,
            output_nonlinearity,
            gate_nonlinearity,
            recurrent_kernel_init=recurrent_kernel_init,
            **options,
        )
        self.weight_ho = self.weight(self.hidden_size, self.hidden_size, init=recurrent_kernel_init)

    def output(self, product: Any) -> Node:
        """o, from q * h (B, H), through weight_ho."""
        return super().output(product @ self.weight_ho.T)
