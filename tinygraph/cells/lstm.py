"""The long short-term memory, as PyTorch has it."""

from __future__ import annotations

from math import sqrt
from typing import Any

from .. import ops
from ..core.node import Node
from .affine import affine
from .cell import Cell
from .initial import Shape, within


class LSTM(Cell):
    """Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000), torch.nn.LSTMCell.

    With z = W_ih x + b_ih + W_hh h + b_hh, its blocks of H rows in the order i, f, g, o::

        i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o)
        c' = f * c + i * tanh(z_g)
        h' = o * tanh(c')                 (with proj_size: W_hr (o * tanh(c')))

    Parameters: weight_ih (4H, I), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); with proj_size P weight_hh is
    (4H, P), and weight_hr (P, H).

    Args:
        input_size, hidden_size, rng, dtype: as for `Cell`. State: (h, c), (B, H) each, h (B, P) with proj_size.
        bias: whether there are biases.
        proj_size: P, the size of h; 0 for H.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> lstm = tg.cells.LSTM(3, 4, rng=0)
        >>> y, (h, c) = lstm(np.ones((2, 3), np.float32), lstm.initial_state(2))
        >>> y.shape, c.shape
        ((2, 4), (2, 4))
    """

    states = 2
    gates = dict.fromkeys(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), ("i", "f", "g", "o"))

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, proj_size: int = 0, **options: Any
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        H, P = hidden_size, proj_size or hidden_size
        init = within(1 / sqrt(H))
        self.proj_size = proj_size
        self.weight_ih = self.weight(4 * H, input_size, init=init)
        self.weight_hh = self.weight(4 * H, P, init=init)
        self.bias_ih, self.bias_hh = self.bias(4 * H, bias, init), self.bias(4 * H, bias, init)
        if proj_size:
            self.weight_hr = self.weight(proj_size, H, init=init)

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, c = state
        z = affine(x, self.weight_ih, self.bias_ih) + affine(h, self.weight_hh, self.bias_hh)
        i, f, g, o = ops.split(z, 4, axis=-1)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(c)
        h = h @ self.weight_hr.T if self.proj_size else h
        return h, (h, c)

    def _state_shape(self, batch_size: int | None, i: int) -> Shape:
        size = self.proj_size or self.hidden_size if i == 0 else self.hidden_size
        return (size,) if batch_size is None else (batch_size, size)
