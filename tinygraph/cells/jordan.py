"""The Jordan network, which feeds its output back."""

from __future__ import annotations

from typing import Any

from ..core.node import Node
from .base import Activation, Cell, Init, activation, affine, finite, whole


class Jordan(Cell):
    """Jordan network: feeds back its outputs (Jordan 1986, Institute for Cognitive Science report 8604)::

        h  = sigmoid(W_h x + b_h + U_h s + b'_h)
        y  = sigmoid(W_y h + b_y)
        s' = mu * s + y                       the state units remember the outputs, fading by mu

    With mu = 0 the state is the last output, as in most textbooks.

    Parameters: weight_ih (H, I), weight_hh (H, O), bias_ih, bias_hh (H,), weight_ho (O, H), bias_ho (O,).
    Group: Plain: no gate

    Args:
        input_size, hidden_size, rng, dtype: as for `Cell`. State: s (B, O).
        bias, recurrent_bias: whether the cell has bias_ih and bias_ho, and bias_hh.
        output_size: O, the size of y and of the state; None for H.
        mu: the factor by which the state decays at each step.
        nonlinearity, output_nonlinearity: used instead of the two sigmoids; names or functions.
        kernel_init, recurrent_kernel_init: initialisers of weight_ih and weight_ho, and of weight_hh.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.Jordan(3, 4, output_size=2, mu=0.5, rng=0)
        >>> y, s = cell(np.ones((5, 3), np.float32), cell.initial_state(5))
        >>> y.shape, s.shape
        ((5, 2), (5, 2))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        *,
        output_size: int | None = None,
        mu: float = 0.0,
        nonlinearity: str | Activation = "sigmoid",
        output_nonlinearity: str | Activation = "sigmoid",
        kernel_init: Init = "xavier_uniform",
        recurrent_kernel_init: Init = "xavier_uniform",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        H = self.hidden_size
        self.output_size = H if output_size is None else whole("Jordan", "output_size", output_size)
        self.mu = finite("Jordan", "mu", mu)
        self.nonlinearity, self.output_nonlinearity = activation(nonlinearity), activation(output_nonlinearity)
        self.weight_ih = self.weight(H, self.input_size, init=kernel_init)
        self.weight_hh = self.weight(H, self.output_size, init=recurrent_kernel_init)
        self.weight_ho = self.weight(self.output_size, H, init=kernel_init)
        self.bias_ih, self.bias_hh = self.bias(H, bias), self.bias(H, recurrent_bias, name="recurrent_bias")
        self.bias_ho = self.bias(self.output_size, bias)

    def __call__(self, x: Any, s: Any) -> tuple[Node, Node]:
        a_x, a_s = affine(x, self.weight_ih, self.bias_ih), affine(s, self.weight_hh, self.bias_hh)
        h = self.nonlinearity(a_x + a_s)
        y = self.output_nonlinearity(affine(h, self.weight_ho, self.bias_ho))
        s = self.mu * s + y
        return y, s

    def _state_size(self, i: int) -> int:
        return self.output_size
