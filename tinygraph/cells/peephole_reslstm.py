"""LSTMs with peepholes: their gates depend on the memory c, too."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import ops
from ..core.node import Node
from .base import Activation, Init, PackedCell, activation


class PeepholeLSTM(PackedCell):
    """LSTM with peepholes, weights from the memory to the gates (Gers et al. 2002, doi 10.1162/153244303768966139)::

        i  = sigmoid(W_i x + b_i + U_i h + b'_i + p_i * c)
        f  = sigmoid(W_f x + b_f + U_f h + b'_f + p_f * c)
        n  = tanh(W_n x + b_n + U_n h + b'_n)
        c' = f * c + i * n
        o  = sigmoid(W_o x + b_o + U_o h + b'_o + p_o * c')
        h' = o * tanh(c')

    Parameters: weight_ih (4H, I), weight_hh (4H, H), bias_ih, bias_hh (4H,), blocks i, f, n, o; weight_ph (3H,): p,
    blocks i, f, o.
    Group: Two states or more: relatives of the LSTM

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: (h, c), (B, H) each.
        nonlinearity, gate_nonlinearity: used instead of tanh and sigmoid; names or functions.
        peephole_kernel_init: initialiser of weight_ph.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.PeepholeLSTM(3, 4, rng=0)
        >>> y, (h, c) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, cell.gate("o").weight_ph.shape
        ((2, 4), (4,))
    """

    states = 2
    ih = hh = ("i", "f", "n", "o")
    others: ClassVar = {"weight_ph": ("i", "f", "o")}

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        nonlinearity: str | Activation = "tanh",
        gate_nonlinearity: str | Activation = "sigmoid",
        *,
        peephole_kernel_init: Init = "normal",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.weight_ph = self.weight(3 * self.hidden_size, init=peephole_kernel_init)
        self.nonlinearity, self.gate_nonlinearity = activation(nonlinearity), activation(gate_nonlinearity)

    def shown(self, a: Any, x: Any) -> Node:
        """Maps a = tanh(c') (B, H) and the input x (B, I) to the factor of the output gate, (B, H): a itself."""
        return a

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, c = state
        i, f, n, o = self.from_both(x, h)
        p_i, p_f, p_o = ops.split(self.weight_ph, 3)
        i, f = self.gate_nonlinearity(i + p_i * c), self.gate_nonlinearity(f + p_f * c)
        n = self.nonlinearity(n)
        c = f * c + i * n
        o = self.gate_nonlinearity(o + p_o * c)
        h = o * self.shown(self.nonlinearity(c), x)
        return h, (h, c)


class ResLSTM(PeepholeLSTM):
    """Residual LSTM: `PeepholeLSTM` with a residual connection of x (Kim, El-Khamy and Lee 2017, 1701.03360)::

        i, f, o, c' as there
        h' = o * (W_p tanh(c') + W_r x)

    Parameters: weight_ih (4H, I), weight_hh (4H, H), bias_ih, bias_hh (4H,), blocks i, f, n, o; weight_ph (3H,),
    blocks i, f, o; weight_proj (H, H): W_p, weight_res (H, I): W_r.
    Group: Two states or more: relatives of the LSTM

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: (h, c), (B, H) each.
        nonlinearity, gate_nonlinearity: used instead of tanh and sigmoid; names or functions.
        peephole_kernel_init, proj_init, residual_init: initialisers of weight_ph, weight_proj and weight_res.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.ResLSTM(3, 4, rng=0)
        >>> y, (h, c) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, cell.weight_res.shape
        ((2, 4), (4, 3))
    """

    others: ClassVar = {"weight_ph": ("i", "f", "o"), "weight_proj": ("h",), "weight_res": ("h",)}

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        nonlinearity: str | Activation = "tanh",
        gate_nonlinearity: str | Activation = "sigmoid",
        *,
        proj_init: Init = "xavier_uniform",
        residual_init: Init = "xavier_uniform",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, nonlinearity, gate_nonlinearity, **options)
        self.weight_proj = self.weight(self.hidden_size, self.hidden_size, init=proj_init)
        self.weight_res = self.weight(self.hidden_size, self.input_size, init=residual_init)

    def shown(self, a: Any, x: Any) -> Node:
        """Maps a = tanh(c') (B, H) and the input x (B, I) to the factor of the output gate, (B, H)."""
        m, r = a @ self.weight_proj.T, x @ self.weight_res.T
        return m + r
