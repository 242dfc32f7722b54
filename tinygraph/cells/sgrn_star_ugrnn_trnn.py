"""Cells with one gate, which mixes the old state and the new candidate."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..core.node import Node
from .base import Activation, InputGated, LinearCell, LinearTerms, PackedCell, activation, affine


class SGRN(PackedCell):
    """Simple gated recurrent network (IET Generation, Transmission & Distribution, doi 10.1049/gtd2.12056)::

        v  = W x + b
        f  = sigmoid(v + U h + b')
        h' = tanh((1 - f) * v + f * h)

    This is torchrecurrent's form.

    Parameters: weight_ih (H, I), weight_hh (H, H), bias_ih, bias_hh (H,).
    Group: One gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.SGRN(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        v, u = affine(x, self.weight_ih, self.bias_ih), affine(h, self.weight_hh, self.bias_hh)
        f = ops.sigmoid(v + u)
        h = ops.tanh((1 - f) * v + f * h)
        return h, h


class STAR(PackedCell):
    """Stackable cell: one gate, made for deep stacks (Turkoglu et al. 2019, 1911.11033), as torchrecurrent has it::

        k  = sigmoid(W_k x + b_k + U h + b')
        h' = tanh((1 - k) * h + k * tanh(W_n x + b_n))

    Parameters: weight_ih (2H, I), bias_ih (2H,), blocks n, k; weight_hh (H, H), bias_hh (H,), of k.
    Group: One gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.STAR(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = ("n", "k")
    hh = ("k",)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        (n, k), (u,) = self.from_input(x), self.from_state(h)
        k, n = ops.sigmoid(k + u), ops.tanh(n)
        h = ops.tanh((1 - k) * h + k * n)
        return h, h


class UGRNN(PackedCell):
    """Update gate network: one gate mixes the old state and the new (Collins et al. 2016, 1611.09913)::

        n  = tanh(W_n x + b_n + U_n h + b'_n)
        g  = sigmoid(W_g x + b_g + U_g h + b'_g)
        h' = g * h + (1 - g) * n

    Parameters: weight_ih (2H, I), weight_hh (2H, H), bias_ih, bias_hh (2H,), blocks n, g.
    Group: One gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.UGRNN(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = hh = ("n", "g")

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        (n, g), (from_n, from_g) = self.from_input(x), self.from_state(h)
        g, n = ops.sigmoid(g + from_g), ops.tanh(n + from_n)
        h = g * h + (1 - g) * n
        return h, h


class TRNN(LinearCell, InputGated):
    """Strongly typed recurrent network (Balduzzi and Ghifary 2016, 1602.02218): linear in the state::

        z  = W_z x + b_z
        f  = sigmoid(W_f x + b_f)
        h' = f * h + (1 - f) * z

    Parameters: weight_ih (2H, I), bias_ih (2H,), blocks z, f.
    Group: Linear in the state

    Args:
        input_size, hidden_size, bias, ...: as for `InputGated`. State: h (B, H).
        gate_nonlinearity: used instead of sigmoid; a name or a function.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.TRNN(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = ("z", "f")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        gate_nonlinearity: str | Activation = "sigmoid",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, **options)
        self.gate_nonlinearity = activation(gate_nonlinearity)

    def linear(self, x: Any) -> LinearTerms:
        z, f = self.from_input(x)
        f = self.gate_nonlinearity(f)
        return LinearTerms(f, (1 - f) * z)
