"""Bistable cells: each unit can hold one of two values for ever, as some neurons do."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..core.node import Node
from .base import PackedCell


class NBR(PackedCell):
    """Bistable cell, each unit modulated by all units (Vecoven et al. 2021, doi 10.1371/journal.pone.0252676)::

        a  = 1 + tanh(U_a x + b_a + W_a h + b'_a)          above 1 a unit has two stable values
        c  = sigmoid(U_c x + b_c + W_c h + b'_c)
        h' = c * h + (1 - c) * tanh(U_n x + b_n + a * h)

    Parameters: weight_ih U (3H, I), bias_ih (3H,), blocks a, c, n; weight_hh W (2H, H), bias_hh (2H,), blocks a, c.
    Group: Two gates or more, one state

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.NBR(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = ("a", "c", "n")
    hh = ("a", "c")

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        a, c, n = self.from_input(x)
        from_a, from_c = self.from_state(h)
        a, c = 1 + ops.tanh(a + from_a), ops.sigmoid(c + from_c)
        n = ops.tanh(n + a * h)
        h = c * h + (1 - c) * n
        return h, h


class BR(NBR):
    """Bistable cell, each unit modulated by itself alone (Vecoven et al. 2021, doi 10.1371/journal.pone.0252676)::

        a  = 1 + tanh(U_a x + b_a + w_a * h + b'_a)        above 1 a unit has two stable values
        c  = sigmoid(U_c x + b_c + w_c * h + b'_c)
        h' = c * h + (1 - c) * tanh(U_n x + b_n + a * h)

    Parameters: weight_ih U (3H, I), bias_ih (3H,), blocks a, c, n; weight_hh w (2H,), bias_hh (2H,), blocks a, c.
    Group: Two gates or more, one state

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.BR(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, cell.weight_hh.shape
        ((2, 4), (8,))
    """

    recurrent_init = "normal"

    def recurrent_shape(self) -> tuple[int, ...]:
        return (len(self.hh) * self.hidden_size,)

    def from_state(self, h: Any, gate: str | None = None) -> Any:
        """Returns ``weight_hh * h + bias_hh`` as blocks (B, H), in the order of ``hh``, or one gate's block."""
        return [self.scaled(h, name) for name in self.hh] if gate is None else self.scaled(h, gate)

    def scaled(self, h: Any, gate: str) -> Node:
        """Returns one gate's ``weight_hh * h + bias_hh``: (B, H)."""
        block = self.gate(gate)
        a_h = block.weight_hh * h
        if block.bias_hh is not None:
            a_h = a_h + block.bias_hh
        return a_h
