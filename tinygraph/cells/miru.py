"""Minion recurrent units: GRUs whose gates are replaced by fixed coefficients."""

from __future__ import annotations

from typing import Any

from ..core.node import Node
from .base import Activation, PackedCell, activation, finite


class MiRU1(PackedCell):
    """Minion unit 1: a fixed update coefficient (Zyarah and Kudithipudi 2025, 2503.06175), as torchrecurrent has it::

        r  = sigmoid(W_r x + b_r + U_r h + b'_r)
        n  = tanh(W_n x + b_n + U_n (r * h) + b'_n)
        h' = lambda h + (1 - lambda) n

    Parameters: weight_ih (2H, I), weight_hh (2H, H), bias_ih, bias_hh (2H,), blocks r, n.
    Group: One gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).
        update_coefficient: lambda, the share of h that is kept; it is not trained.
        nonlinearity, gate_nonlinearity: used instead of tanh and sigmoid; names or functions.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.MiRU1(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = hh = ("r", "n")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        update_coefficient: float = 0.5,
        nonlinearity: str | Activation = "tanh",
        gate_nonlinearity: str | Activation = "sigmoid",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.update_coefficient = finite("MiRU1", "update_coefficient", update_coefficient)
        self.nonlinearity, self.gate_nonlinearity = activation(nonlinearity), activation(gate_nonlinearity)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        r, n = self.from_input(x)
        r = self.gate_nonlinearity(r + self.from_state(h, "r"))
        n = self.nonlinearity(n + self.from_state(r * h, "n"))
        h = self.update_coefficient * h + (1 - self.update_coefficient) * n
        return h, h


class MiRU2(PackedCell):
    """Minion unit 2: fixed coefficients, no gate (Zyarah and Kudithipudi 2025, 2503.06175), as torchrecurrent has it::

        n  = tanh(W x + b + U (theta h) + b')
        h' = lambda h + (1 - lambda) n

    Parameters: weight_ih (H, I), weight_hh (H, H), bias_ih, bias_hh (H,).
    Group: Plain: no gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).
        update_coefficient: lambda, the share of h that is kept; it is not trained.
        reset_coefficient: theta, the factor of h in the candidate; it is not trained.
        nonlinearity: used instead of tanh; a name or a function.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.MiRU2(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        update_coefficient: float = 0.5,
        reset_coefficient: float = 0.5,
        nonlinearity: str | Activation = "tanh",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.update_coefficient = finite("MiRU2", "update_coefficient", update_coefficient)
        self.reset_coefficient = finite("MiRU2", "reset_coefficient", reset_coefficient)
        self.nonlinearity = activation(nonlinearity)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        (n,), (u,) = self.from_input(x), self.from_state(self.reset_coefficient * h)
        n = self.nonlinearity(n + u)
        h = self.update_coefficient * h + (1 - self.update_coefficient) * n
        return h, h
