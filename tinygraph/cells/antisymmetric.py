"""Recurrent networks with an antisymmetric matrix, so that the state neither grows nor fades."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import ops
from ..core.node import Node
from .base import Activation, PackedCell, activation, affine, finite


class AntisymmetricRNN(PackedCell):
    """Antisymmetric network: each step follows a stable differential equation (Chang et al. 2019, 1902.09689)::

        h' = h + epsilon tanh(V x + b + (W - Wᵀ - gamma I) h + b')

    A time step is one step of Euler's method for an ordinary differential equation.

    Parameters: weight_ih V (H, I), weight_hh W (H, H), bias_ih, bias_hh (H,).
    Group: Plain: no gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).
        nonlinearity: used instead of tanh; a name or a function.
        epsilon: the step size of Euler's method.
        gamma: the diffusion coefficient, which keeps the step stable.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.AntisymmetricRNN(3, 4, epsilon=0.1, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    recurrent_init = "normal"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        nonlinearity: str | Activation = "tanh",
        *,
        epsilon: float = 1.0,
        gamma: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.nonlinearity = activation(nonlinearity)
        self.epsilon, self.gamma = _checked(self, epsilon, gamma)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        (z,), r = self.from_input(x), rotated(h, self.weight_hh, self.gamma, self.bias_hh)
        h = h + self.epsilon * self.nonlinearity(z + r)
        return h, h


class GatedAntisymmetricRNN(PackedCell):
    """Antisymmetric network with a gate on its step (Chang et al. 2019, 1902.09689)::

        r  = (W - Wᵀ - gamma I) h
        z  = sigmoid(V_z x + b_z + r)
        n  = tanh(V_n x + b_n + r + b')
        h' = h + epsilon z * n

    Parameters: weight_ih V (2H, I), bias_ih (2H,), blocks z, n; weight_hh W (H, H), bias_hh (H,), of n alone.
    Group: One gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).
        epsilon, gamma: as for `AntisymmetricRNN`.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.GatedAntisymmetricRNN(3, 4, epsilon=0.1, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = ("z", "n")
    others: ClassVar = {"bias_hh": ("n",)}
    recurrent_init = "normal"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        *,
        epsilon: float = 1.0,
        gamma: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.epsilon, self.gamma = _checked(self, epsilon, gamma)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        z, n = self.from_input(x)
        r = rotated(h, self.weight_hh, self.gamma)
        n = n + r if self.bias_hh is None else n + r + self.bias_hh
        z, n = ops.sigmoid(z + r), ops.tanh(n)
        h = h + self.epsilon * (z * n)
        return h, h


def rotated(h: Any, W: Node, gamma: float, bias: Node | None = None) -> Node:
    """``(W - Wᵀ - gamma I) h + bias``: (B, H). All eigenvalues of W - Wᵀ (H, H) are imaginary: it rotates h."""
    r = affine(h, W - W.T, bias)
    return r - gamma * h if gamma else r


def _checked(cell: PackedCell, epsilon: Any, gamma: Any) -> tuple[Any, Any]:
    name = type(cell).__name__
    return finite(name, "epsilon", epsilon), finite(name, "gamma", gamma)
