"""Strongly typed cells: their gates depend on the input and the previous input, not on the state."""

from __future__ import annotations

from typing import Any

from ..core.node import Node
from .base import Activation, LinearCell, LinearTerms, PackedCell, activation


class StronglyTyped(LinearCell, PackedCell):
    """The base class of `TGRU` and `TLSTM`: z, f, o depend on the input and the previous one, the second state.

    Parameters: weight_ih, weight_hh (3H, I), bias_ih, bias_hh (3H,), blocks z, f, o.

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`.
        gate_nonlinearity, output_nonlinearity: activations of f and of o; names or functions.

    Example:
        See `TGRU`.
    """

    states = 2
    looks_back = True
    ih = hh = ("z", "f", "o")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        gate_nonlinearity: str | Activation = "sigmoid",
        output_nonlinearity: str | Activation = "tanh",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.gate_nonlinearity = activation(gate_nonlinearity)
        self.output_nonlinearity = activation(output_nonlinearity)

    def recurrent_shape(self) -> tuple[int, ...]:
        """The shape of weight_hh: (3H, I), since it is multiplied by the previous input."""
        return (3 * self.hidden_size, self.input_size)

    def typed(self, x: Any, before: Any) -> tuple[Node, Node, Node]:
        """Maps the input x and the previous input, (B, I) each, to z, f, o, (B, H) each."""
        z, f, o = self.from_both(x, before)
        f, o = self.gate_nonlinearity(f), self.output_nonlinearity(o)
        return z, f, o

    def _state_size(self, i: int) -> int:
        return self.input_size if i == 1 else self.hidden_size


class TGRU(StronglyTyped):
    """Strongly typed GRU: gates depend on two inputs, not the state (Balduzzi and Ghifary 2016, 1602.02218)::

        z  = W_z x + b_z + V_z x_(t-1) + b'_z
        f  = sigmoid(W_f x + b_f + V_f x_(t-1) + b'_f)
        o  = tanh(W_o x + b_o + V_o x_(t-1) + b'_o)
        h' = f * h + z * o

    Parameters: weight_ih, weight_hh (3H, I): W and V, bias_ih, bias_hh (3H,), blocks z, f, o.
    Group: Linear in the state

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`.
            State: (h, x_(t-1)), (B, H) and (B, I).
        gate_nonlinearity, output_nonlinearity: used instead of sigmoid and tanh; names or functions.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.TGRU(3, 4, rng=0)
        >>> y, (h, before) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, before.shape
        ((2, 4), (2, 3))
    """

    def linear(self, x: Any, before: Any) -> LinearTerms:
        z, f, o = self.typed(x, before)
        return LinearTerms(f, z * o)


class TLSTM(StronglyTyped):
    """Strongly typed LSTM: gates depend on two inputs, not the state (Balduzzi and Ghifary 2016, 1602.02218)::

        z  = W_z x + b_z + V_z x_(t-1) + b'_z
        f  = sigmoid(W_f x + b_f + V_f x_(t-1) + b'_f)
        o  = tanh(W_o x + b_o + V_o x_(t-1) + b'_o)
        c' = f * c + (1 - f) * z
        y  = c' * o

    Parameters: weight_ih, weight_hh (3H, I): W and V, bias_ih, bias_hh (3H,), blocks z, f, o.
    Group: Linear in the state

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`.
            State: (c, x_(t-1)), (B, H) and (B, I); the output y is no part of it.
        gate_nonlinearity, output_nonlinearity: used instead of sigmoid and tanh; names or functions.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.TLSTM(3, 4, rng=0)
        >>> y, (c, before) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, before.shape
        ((2, 4), (2, 3))
    """

    def linear(self, x: Any, before: Any) -> LinearTerms:
        z, f, o = self.typed(x, before)
        return LinearTerms(f, (1 - f) * z, lambda c: c * o)
