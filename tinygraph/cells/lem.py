"""Long expressive memory: two states, each with its own learned time step."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import ops
from ..core.node import Node
from .base import Init, PackedCell, affine, finite, is_paper


class LEM(PackedCell):
    """Long expressive memory: two gated time steps a unit (Rusch et al. 2022, 2110.04744), as torchrecurrent has it::

        d_h = dt sigmoid(W_1 x + b_1 + U_1 h + b'_1)
        d_c = dt sigmoid(W_2 x + b_2 + U_2 h + b'_2)
        c'  = (1 - d_c) * c + d_c * tanh(W_z x + b_z + U_z h + b'_z)
        h'  = (1 - d_h) * h + d_h * tanh(W_y x + b_y + V c + b'')           (variant="paper": V c' + b'')

    h is y in the paper, c is z. The authors' code (``LEMCell`` in FitzHughNagumo/network.py of
    github.com/tk-rusch/LEM) computes h' from the new c', torchrecurrent from the old c. The rows of the authors'
    ``inp2hid`` are blocks 1, 2, y, z: the last two have to be exchanged in their checkpoints.

    Parameters: weight_ih (4H, I), bias_ih (4H,), blocks 1, 2, z, y; weight_hh (3H, H), bias_hh (3H,), blocks 1, 2, z;
    weight_ch (H, H): V, bias_ch (H,), block y.
    Group: Oscillators, clocks, delays and windows

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: (h, c), (B, H) each.
        cell_bias: whether the cell has bias_ch.
        dt: the largest time step.
        variant: "coded" or "paper".
        cell_kernel_init, cell_bias_init: initialisers of weight_ch and bias_ch.

    Raises:
        GraphError: the variant is neither.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.LEM(3, 4, variant="paper", rng=0)
        >>> y, (h, c) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, cell.gate("y").weight_ch.shape
        ((2, 4), (4, 4))
    """

    states = 2
    ih = ("1", "2", "z", "y")
    hh = ("1", "2", "z")
    others: ClassVar = {"weight_ch": ("y",), "bias_ch": ("y",)}

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        cell_bias: bool = True,
        *,
        dt: float = 1.0,
        variant: str = "coded",
        cell_kernel_init: Init = "xavier_uniform",
        cell_bias_init: Init = "zeros",
        **options: Any,
    ) -> None:
        self.paper = is_paper("LEM", variant)
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.weight_ch = self.weight(self.hidden_size, self.hidden_size, init=cell_kernel_init)
        self.bias_ch = self.bias(self.hidden_size, cell_bias, cell_bias_init, "cell_bias")
        self.dt = finite("LEM", "dt", dt, 0)

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, c = state
        *gates, from_y = self.from_input(x)
        d_h, d_c, z = (a + b for a, b in zip(gates, self.from_state(h), strict=True))
        d_h, d_c = self.dt * ops.sigmoid(d_h), self.dt * ops.sigmoid(d_c)
        before, z = c, ops.tanh(z)
        c = (1 - d_c) * c + d_c * z
        y = ops.tanh(from_y + affine(c if self.paper else before, self.weight_ch, self.bias_ch))
        h = (1 - d_h) * h + d_h * y
        return h, (h, c)
