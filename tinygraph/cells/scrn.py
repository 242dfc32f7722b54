"""The structurally constrained network: a hidden layer and a context that changes slowly."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import ops
from ..core.node import Node
from .base import Init, PackedCell, affine, is_paper


class SCRN(PackedCell):
    """Structurally constrained network with a slow context (Mikolov et al. 2015, 1412.7753), as torchrecurrent has it::

        c' = (1 - alpha) (W_s x + b_s) + alpha c
        q  = sigmoid(W_h x + b_h + U_h h + b'_h + V_h c' + b''_h)
        h' = tanh(U_y q + b'_y + V_y c' + b''_y)
        y  = h'

    In the paper (and in torchrecurrent's docstring, but not its code) the hidden layer q is the recurrent state. This
    is ``variant="paper"``, with tanh instead of the paper's softmax over words::

        q' = sigmoid(W_h x + b_h + U_h q + b'_h + V_h c' + b''_h)
        y  = tanh(U_y q' + b'_y + V_y c' + b''_y)

    Parameters: weight_ih (2H, I), bias_ih (2H,), blocks s, h; weight_hh, weight_ch (2H, H), bias_hh, bias_ch (2H,),
    blocks h, y; alpha (), which is trained, and not held within 0 and 1.
    Group: Oscillators, clocks, delays and windows

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`.
            State: (h, c), in the paper's variant (q, c), (B, H) each.
        context_bias: whether the cell has bias_ch.
        alpha: its initial value; near 1 the context changes slowly.
        variant: "coded" or "paper".
        context_kernel_init, context_bias_init: initialisers of weight_ch and bias_ch.

    Raises:
        GraphError: the variant is neither.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.SCRN(3, 4, variant="paper", rng=0)
        >>> y, (q, c) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, bool((q.value > 0).all())
        ((2, 4), True)
    """

    states = 2
    ih = ("s", "h")
    hh = ("h", "y")
    others: ClassVar = {"weight_ch": ("h", "y"), "bias_ch": ("h", "y")}

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        context_bias: bool = True,
        *,
        alpha: float = 0.5,
        variant: str = "coded",
        context_kernel_init: Init = "normal",
        context_bias_init: Init = "zeros",
        **options: Any,
    ) -> None:
        self.paper = is_paper("SCRN", variant)
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.weight_ch = self.weight(2 * self.hidden_size, self.hidden_size, init=context_kernel_init)
        self.bias_ch = self.bias(2 * self.hidden_size, context_bias, context_bias_init, "context_bias")
        self.alpha = self.weight(init=alpha)

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, c = state
        s, z = self.from_input(x)
        c = (1 - self.alpha) * s + self.alpha * c
        to_h, to_y = ops.split(affine(c, self.weight_ch, self.bias_ch), 2, axis=-1)
        q = ops.sigmoid(z + self.from_state(h, "h") + to_h)
        y = ops.tanh(self.from_state(q, "y") + to_y)
        return y, (q if self.paper else y, c)
