"""Extended LSTMs: multiplicative LSTM, LSTM with working memory, the cell of an architecture search."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import ops
from ..core.node import Node
from .base import Init, PackedCell, affine


class MultiplicativeLSTM(PackedCell):
    """Multiplicative LSTM: gates depend on m, x times h (Krause et al. 2016, 1609.07959), as torchrecurrent has it::

        m  = (W_m x + b_m) * (U h + b')
        i  = sigmoid(W_i x + b_i + V_i m + b''_i)           f and o likewise
        n  = tanh(W_n x + b_n + V_n m + b''_n)
        c' = f * c + i * n
        h' = o * tanh(c')

    Parameters: weight_ih (5H, I), bias_ih (5H,), blocks m, i, f, n, o; weight_hh (H, H), bias_hh (H,), block m;
    weight_mh (4H, H): V, bias_mh (4H,), blocks i, f, n, o.
    Group: Two states or more: relatives of the LSTM

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: (h, c), (B, H) each.
        multiplicative_bias: whether the cell has bias_mh.
        multiplicative_kernel_init, multiplicative_bias_init: initialisers of weight_mh and bias_mh.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.MultiplicativeLSTM(3, 4, rng=0)
        >>> y, (h, c) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, cell.weight_mh.shape
        ((2, 4), (16, 4))
    """

    states = 2
    ih = ("m", "i", "f", "n", "o")
    hh = ("m",)
    others: ClassVar = dict.fromkeys(("weight_mh", "bias_mh"), ("i", "f", "n", "o"))

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        multiplicative_bias: bool = True,
        *,
        multiplicative_kernel_init: Init = "normal",
        multiplicative_bias_init: Init = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.weight_mh = self.weight(4 * self.hidden_size, self.hidden_size, init=multiplicative_kernel_init)
        self.bias_mh = self.bias(
            4 * self.hidden_size, multiplicative_bias, multiplicative_bias_init, "multiplicative_bias"
        )

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, c = state
        (m, *gates), (u,) = self.from_input(x), self.from_state(h)
        m = m * u
        a_m = affine(m, self.weight_mh, self.bias_mh)
        i, f, n, o = (a + b for a, b in zip(gates, ops.split(a_m, 4, axis=-1), strict=True))
        i, f, n, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(n), ops.sigmoid(o)
        c = f * c + i * n
        h = o * ops.tanh(c)
        return h, (h, c)


class WMCLSTM(PackedCell):
    """LSTM with working memory: a matrix from the memory to each gate (Landi et al. 2021, 2109.00020)::

        i  = sigmoid(W_i x + b_i + U_i h + b'_i + tanh(M_i c + b''_i))
        f  = sigmoid(W_f x + b_f + U_f h + b'_f + tanh(M_f c + b''_f))
        n  = tanh(W_n x + b_n + U_n h + b'_n)
        c' = f * c + i * n
        o  = sigmoid(W_o x + b_o + U_o h + b'_o + tanh(M_o c' + b''_o))
        h' = o * tanh(c')

    Parameters: weight_ih (4H, I), weight_hh (4H, H), bias_ih, bias_hh (4H,), blocks i, f, n, o; weight_mh (3H, H): M,
    bias_mh (3H,), blocks i, f, o.
    Group: Two states or more: relatives of the LSTM

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: (h, c), (B, H) each.
        memory_bias: whether the cell has bias_mh.
        memory_kernel_init, memory_bias_init: initialisers of weight_mh and bias_mh.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.WMCLSTM(3, 4, rng=0)
        >>> y, (h, c) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, cell.gate("o").weight_mh.shape
        ((2, 4), (4, 4))
    """

    states = 2
    ih = hh = ("i", "f", "n", "o")
    others: ClassVar = dict.fromkeys(("weight_mh", "bias_mh"), ("i", "f", "o"))

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        memory_bias: bool = True,
        *,
        memory_kernel_init: Init = "xavier_uniform",
        memory_bias_init: Init = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.weight_mh = self.weight(3 * self.hidden_size, self.hidden_size, init=memory_kernel_init)
        self.bias_mh = self.bias(3 * self.hidden_size, memory_bias, memory_bias_init, "memory_bias")

    def memory(self, c: Any, gate: str) -> Node:
        """The gate's term of the memory c (B, H): tanh(M c + b'')."""
        block = self.gate(gate)
        return ops.tanh(affine(c, block.weight_mh, block.bias_mh))

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, c = state
        i, f, n, o = self.from_both(x, h)
        i, f = ops.sigmoid(i + self.memory(c, "i")), ops.sigmoid(f + self.memory(c, "f"))
        n = ops.tanh(n)
        c = f * c + i * n
        o = ops.sigmoid(o + self.memory(c, "o"))
        h = o * ops.tanh(c)
        return h, (h, c)


class NAS(PackedCell):
    """The cell that an architecture search found (Zoph and Le 2017, 1611.01578; TensorFlow's ``NASCell``)::

        a_0 ... a_7 = W x + b + U h + b'
        l_1 = tanh(sigmoid(a_0) * relu(a_1))
        l_2 = tanh(sigmoid(a_2) + relu(a_3))
        l_3 = tanh(tanh(a_4) * sigmoid(a_5))
        l_4 = sigmoid(tanh(a_6) + sigmoid(a_7))
        c'  = tanh(l_1 + c) * l_2
        h'  = tanh(c' * tanh(l_3 + l_4))

    Parameters: weight_ih (8H, I), weight_hh (8H, H), bias_ih, bias_hh (8H,), blocks 0 to 7.
    Group: Two states or more: relatives of the LSTM

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: (h, c), (B, H) each.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.NAS(3, 4, rng=0)
        >>> y, (h, c) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, cell.gate("7").weight_ih.shape
        ((2, 4), (4, 3))
    """

    states = 2
    ih = hh = ("0", "1", "2", "3", "4", "5", "6", "7")

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, c = state
        a = self.from_both(x, h)
        first = ops.tanh(ops.sigmoid(a[0]) * ops.relu(a[1]))
        second = ops.tanh(ops.sigmoid(a[2]) + ops.relu(a[3]))
        third = ops.tanh(ops.tanh(a[4]) * ops.sigmoid(a[5]))
        fourth = ops.sigmoid(ops.tanh(a[6]) + ops.sigmoid(a[7]))
        c = ops.tanh(first + c) * second
        h = ops.tanh(c * ops.tanh(third + fourth))
        return h, (h, c)
