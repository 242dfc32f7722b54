"""Cells whose output is not part of their state."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..core.errors import GraphError
from ..core.node import Node
from .base import Activation, PackedCell, activation


class IntersectionRNN(PackedCell):
    """Intersection network, the +RNN: one path through the layers, one through time (Collins et al. 2016, 1611.09913)::

        d  = relu(W_d x + b_d + U_d h + b'_d)
        r  = tanh(W_r x + b_r + U_r h + b'_r)
        g  = sigmoid(W_g x + b_g + U_g h + b'_g)
        k  = sigmoid(W_k x + b_k + U_k h + b'_k)
        y  = g * x + (1 - g) * d
        h' = k * h + (1 - k) * r

    Two paths cross: y goes to the next layer, h' to the next step. g is the paper's g^y, k its g^h. I equals H.

    Parameters: weight_ih (4H, I), weight_hh (4H, H), bias_ih, bias_hh (4H,), blocks d, r, g, k; I = H.
    Group: An output apart from the state

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).
        depth_nonlinearity, recurrent_nonlinearity, gate_nonlinearity: used instead of relu, tanh and sigmoid; names or
            functions.

    Raises:
        GraphError: input_size and hidden_size differ.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.IntersectionRNN(4, 4, rng=0)
        >>> y, h = cell(np.ones((2, 4), np.float32), cell.initial_state(2))
        >>> y.shape, h.shape
        ((2, 4), (2, 4))
    """

    ih = hh = ("d", "r", "g", "k")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        depth_nonlinearity: str | Activation = "relu",
        recurrent_nonlinearity: str | Activation = "tanh",
        gate_nonlinearity: str | Activation = "sigmoid",
        **options: Any,
    ) -> None:
        if input_size != hidden_size:
            problem = "IntersectionRNN mixes x into its output, so x and the state have one size"
            expected, fix = "input_size equal to hidden_size", "map x to hidden_size features before the cell, x @ w.T"
            raise GraphError(problem, expected=expected, got=f"{input_size} and {hidden_size}", fix=fix)
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.depth_nonlinearity = activation(depth_nonlinearity)
        self.recurrent_nonlinearity = activation(recurrent_nonlinearity)
        self.gate_nonlinearity = activation(gate_nonlinearity)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        d, r, g, k = self.from_both(x, h)
        d, r = self.depth_nonlinearity(d), self.recurrent_nonlinearity(r)
        g, k = self.gate_nonlinearity(g), self.gate_nonlinearity(k)
        y, h = g * x + (1 - g) * d, k * h + (1 - k) * r
        return y, h


class MCLSTM(PackedCell):
    """Memory-controller LSTM: its gates do not depend on its output (Intel 2017, NIPS), as torchrecurrent has it::

        f  = sigmoid(W_f x + b_f + U_f v + b'_f)            i, o and m likewise
        n  = tanh(W_n x + b_n + U_n v + b'_n)
        c' = f * c + i * n
        v' = m * tanh(c')
        y  = o * tanh(c')

    The gates depend on the controller v; other layers get the output y. (The mass-conserving LSTM of 2021 has the same
    abbreviation and is another cell.)

    Parameters: weight_ih (5H, I), weight_hh (5H, H), bias_ih, bias_hh (5H,), blocks f, i, o, m, n.
    Group: An output apart from the state

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: (v, c), (B, H) each.
        gate_nonlinearity: used instead of sigmoid; a name or a function.
        cell_nonlinearity: used instead of the tanh of n, not of that of c'; a name or a function.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.MCLSTM(3, 4, rng=0)
        >>> y, (v, c) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, v.shape
        ((2, 4), (2, 4))
    """

    states = 2
    ih = hh = ("f", "i", "o", "m", "n")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        gate_nonlinearity: str | Activation = "sigmoid",
        cell_nonlinearity: str | Activation = "tanh",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.gate_nonlinearity, self.cell_nonlinearity = activation(gate_nonlinearity), activation(cell_nonlinearity)

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        v, c = state
        *gates, n = self.from_both(x, v)
        f, i, o, m = (self.gate_nonlinearity(a) for a in gates)
        n = self.cell_nonlinearity(n)
        c = f * c + i * n
        shown = ops.tanh(c)
        y, v = o * shown, m * shown
        return y, (v, c)
