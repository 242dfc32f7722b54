"""LSTMs with fewer gates: the original LSTM, JANET and RAN."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import ops
from ..core.node import Node
from .base import PackedCell, affine


class OriginalLSTM(PackedCell):
    """The first LSTM, without a forget gate (Hochreiter and Schmidhuber 1997, doi 10.1162/neco.1997.9.8.1735)::

        i  = sigmoid(W_i x + b_i + U_i h + b'_i)
        n  = tanh(W_n x + b_n + U_n h + b'_n)
        o  = sigmoid(W_o x + b_o + U_o h + b'_o)
        c' = c + i * n
        h' = o * tanh(c')

    Parameters: weight_ih (3H, I), weight_hh (3H, H), bias_ih, bias_hh (3H,), blocks i, n, o.
    Group: Two states or more: relatives of the LSTM

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: (h, c), (B, H) each.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.OriginalLSTM(3, 4, rng=0)
        >>> y, (h, c) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    states = 2
    ih = hh = ("i", "n", "o")

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, c = state
        i, n, o = self.from_both(x, h)
        i, n, o = ops.sigmoid(i), ops.tanh(n), ops.sigmoid(o)
        c = c + i * n
        h = o * ops.tanh(c)
        return h, (h, c)


class JANET(PackedCell):
    """Just another network: an LSTM with only a forget gate (Van der Westhuizen and Lasenby 2018, 1804.04849)::

        s  = W_s x + b_s + U_s h + b'_s
        n  = tanh(W_n x + b_n + U_n h + b'_n)
        c' = sigmoid(s) * c + (1 - sigmoid(s - beta)) * n
        h' = c'

    Parameters: weight_ih (2H, I), weight_hh (2H, H), bias_ih, bias_hh (2H,), blocks s, n; beta (), which is trained
    here as in torchrecurrent; the paper holds it at 1.
    Group: Two states or more: relatives of the LSTM

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: (h, c), (B, H) each; after the
            first step they are the same.
        beta: its initial value; above 0 the cell takes in more than it forgets.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.JANET(3, 4, rng=0)
        >>> y, (h, c) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, h is c
        ((2, 4), True)
    """

    states = 2
    ih = hh = ("s", "n")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        *,
        beta: float = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.beta = self.weight(init=beta)

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, c = state
        s, n = self.from_both(x, h)
        f, i, n = ops.sigmoid(s), 1 - ops.sigmoid(s - self.beta), ops.tanh(n)
        c = f * c + i * n
        return c, (c, c)


class RAN(PackedCell):
    """Recurrent additive network: c is a sum of gated inputs (Lee et al. 2017, 1705.07393), as torchrecurrent has it::

        n  = W_n x
        i  = sigmoid(W_i x + b_i + U_i h + b'_i)
        f  = sigmoid(W_f x + b_f + U_f h + b'_f)
        c' = i * n + f * c
        h' = tanh(c')

    Parameters: weight_ih (3H, I), blocks n, i, f; weight_hh (2H, H), bias_ih, bias_hh (2H,), blocks i, f: the content n
    has no bias.
    Group: Two states or more: relatives of the LSTM

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: (h, c), (B, H) each.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.RAN(3, 4, rng=0)
        >>> y, (h, c) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, cell.gate("f").bias_ih.shape
        ((2, 4), (4,))
    """

    states = 2
    ih = ("n", "i", "f")
    hh = ("i", "f")
    others: ClassVar = {"bias_ih": ("i", "f")}

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, c = state
        a_x = affine(x, self.weight_ih)
        n, *gates = ops.split(a_x, 3, axis=-1)
        u = affine(h, self.weight_hh, self.bias_hh)
        u = u if self.bias_ih is None else u + self.bias_ih
        i, f = (ops.sigmoid(a + b) for a, b in zip(gates, ops.split(u, 2, axis=-1), strict=True))
        c = i * n + f * c
        h = ops.tanh(c)
        return h, (h, c)
