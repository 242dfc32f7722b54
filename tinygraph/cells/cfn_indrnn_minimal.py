"""Cells with simple dynamics: CFN (no chaos), MinimalRNN (one gate), IndRNN (independent units)."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import ops
from ..core.node import Node
from .base import Activation, Cell, Init, PackedCell, activation, affine


class CFN(PackedCell):
    """Chaos-free network: without input its state decays to zero (Laurent and von Brecht 2016, 1612.06212)::

        theta = sigmoid(V_theta x + b_theta + U_theta h + b'_theta)
        eta   = sigmoid(V_eta x + b_eta + U_eta h + b'_eta)
        h'    = theta * tanh(h) + eta * tanh(W x + b_n)

    Without input and without b_n every state goes to zero.

    Parameters: weight_ih (3H, I), bias_ih (3H,), blocks theta, eta, n; weight_hh (2H, H), bias_hh (2H,), blocks
    theta, eta.
    Group: Two gates or more, one state

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.CFN(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = ("theta", "eta", "n")
    hh = ("theta", "eta")

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        (theta, eta, n), (from_theta, from_eta) = self.from_input(x), self.from_state(h)
        theta, eta = ops.sigmoid(theta + from_theta), ops.sigmoid(eta + from_eta)
        n = ops.tanh(n)
        h = theta * ops.tanh(h) + eta * n
        return h, h


class MinimalRNN(PackedCell):
    """Minimal recurrent network: a gate mixes the state and the mapped input (Chen 2017, 1711.06788)::

        z  = tanh(W x + b)
        u  = sigmoid(U_h h + U_z z + b_u)
        h' = u * h + (1 - u) * z

    Parameters: weight_ih W (H, I), bias_ih b (H,), weight_hh U_h, weight_mm U_z (H, H), bias_hh b_u (H,).
    Group: One gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).
        nonlinearity, gate_nonlinearity: used instead of tanh and sigmoid; names or functions.
        memory_kernel_init: initialiser of weight_mm.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.MinimalRNN(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = ("z",)
    hh = ("u",)
    others: ClassVar = {"weight_mm": ("u",)}

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        nonlinearity: str | Activation = "tanh",
        gate_nonlinearity: str | Activation = "sigmoid",
        *,
        memory_kernel_init: Init = "xavier_uniform",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.weight_mm = self.weight(self.hidden_size, self.hidden_size, init=memory_kernel_init)
        self.nonlinearity, self.gate_nonlinearity = activation(nonlinearity), activation(gate_nonlinearity)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        (z,), (u,) = self.from_input(x), self.from_state(h)
        z = self.nonlinearity(z)
        u = self.gate_nonlinearity(u + affine(z, self.weight_mm))
        h = u * h + (1 - u) * z
        return h, h


class IndRNN(Cell):
    """Independently recurrent network: each unit depends on its own state alone (Li et al. 2018, 1803.04831)::

        h' = tanh(W x + b + u * h + b')

    The paper uses relu, and keeps abs(u) below 2 ** (1 / T) for sequences of T steps.

    Parameters: weight_ih W (H, I), vector_u u (H,), bias_ih, bias_hh (H,).
    Group: Plain: no gate

    Args:
        input_size, hidden_size, rng, dtype: as for `Cell`. State: h (B, H).
        bias, recurrent_bias: whether the cell has bias_ih, bias_hh.
        nonlinearity: used instead of tanh; a name or a function.
        kernel_init, recurrent_kernel_init, bias_init, recurrent_bias_init: initialisers of weight_ih, vector_u,
            bias_ih, bias_hh, as for `PackedCell`.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.IndRNN(3, 4, nonlinearity="relu", recurrent_kernel_init="uniform", rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, cell.vector_u.shape
        ((2, 4), (4,))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        nonlinearity: str | Activation = "tanh",
        *,
        kernel_init: Init = "xavier_uniform",
        recurrent_kernel_init: Init = "normal",
        bias_init: Init = "zeros",
        recurrent_bias_init: Init = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.weight_ih = self.weight(self.hidden_size, self.input_size, init=kernel_init)
        self.vector_u = self.weight(self.hidden_size, init=recurrent_kernel_init)
        self.bias_ih = self.bias(self.hidden_size, bias, bias_init)
        self.bias_hh = self.bias(self.hidden_size, recurrent_bias, recurrent_bias_init, "recurrent_bias")
        self.nonlinearity = activation(nonlinearity)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        z = affine(x, self.weight_ih, self.bias_ih) + self.vector_u * h
        h = self.nonlinearity(z if self.bias_hh is None else z + self.bias_hh)
        return h, h
