"""Cells of oscillators: each input advances their differential equation by a time step dt."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import ops
from ..core.node import Node
from .base import Init, PackedCell, affine, finite


class coRNN(PackedCell):  # noqa: N801  the paper's spelling
    """Coupled damped oscillators, driven by the input (Rusch and Mishra 2021, 2010.00951), as torchrecurrent has it::

        c' = c + dt (tanh(W x + b + U h + b' + V c + b'') - gamma h - epsilon c)
        h' = h + dt c'

    h is the position of the oscillators, c their velocity: y and z in the paper. epsilon damps the velocity c before
    the step (the paper's explicit form), as torchrecurrent's code does; its docstring has c' there.

    Parameters: weight_ih (H, I), weight_hh, weight_ch (H, H), bias_ih, bias_hh, bias_ch (H,).
    Group: Oscillators, clocks, delays and windows

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: (h, c), (B, H) each.
        cell_bias: whether the cell has bias_ch.
        dt: the time step.
        gamma: the stiffness, which pulls h back to 0.
        epsilon: the damping coefficient.
        cell_kernel_init, cell_bias_init: initialisers of weight_ch and bias_ch.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.coRNN(3, 4, rng=0)
        >>> y, (h, c) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, bool(np.allclose(h.value, 0.1 * c.value))
        ((2, 4), True)
    """

    states = 2
    others: ClassVar = {"weight_ch": ("h",), "bias_ch": ("h",)}

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        cell_bias: bool = True,
        dt: float = 0.1,
        gamma: float = 1.0,
        epsilon: float = 1.0,
        *,
        cell_kernel_init: Init = "xavier_uniform",
        cell_bias_init: Init = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.weight_ch = self.weight(self.hidden_size, self.hidden_size, init=cell_kernel_init)
        self.bias_ch = self.bias(self.hidden_size, cell_bias, cell_bias_init, "cell_bias")
        self.dt = finite("coRNN", "dt", dt, 0)
        self.gamma, self.epsilon = finite("coRNN", "gamma", gamma), finite("coRNN", "epsilon", epsilon)

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, c = state
        (u,) = self.from_both(x, h)
        force = ops.tanh(u + affine(c, self.weight_ch, self.bias_ch))
        c = c + self.dt * (force - self.gamma * h - self.epsilon * c)
        h = h + self.dt * c
        return h, (h, c)


class UnICORNN(PackedCell):
    """Undamped oscillators, independent of each other within a layer (Rusch and Mishra 2021, 2103.05487)::

        g  = dt sigmoid(w_c)
        c' = c - g * (tanh(W x + b + w * h + b') + alpha h)
        h' = h + g * c'

    Each unit is an oscillator with its own time step g: h is y in the paper, c is z.

    Parameters: weight_ih (H, I), weight_hh (H,): w, weight_ch (H,): w_c, bias_ih (H,); bias_hh (H,) with
    recurrent_bias.
    Group: Oscillators, clocks, delays and windows

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`, but by default without bias_hh, and
            weight_hh starts uniform in [0, 1). State: (h, c), (B, H) each.
        dt: the largest time step.
        alpha: the stiffness, which pulls h back to 0.
        control_kernel_init: initialiser of weight_ch, by default uniform in [-0.1, 0.1].

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.UnICORNN(3, 4, rng=0)
        >>> y, (h, c) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, list(cell.parameters())
        ((2, 4), ['weight_ih', 'weight_hh', 'bias_ih', 'weight_ch'])
    """

    states = 2
    others: ClassVar = {"weight_ch": ("h",)}
    recurrent_init = "uniform"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = False,
        *,
        dt: float = 0.1,
        alpha: float = 0.0,
        control_kernel_init: Init = "uniform_centered",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.weight_ch = self.weight(self.hidden_size, init=control_kernel_init)
        self.dt, self.alpha = finite("UnICORNN", "dt", dt, 0), finite("UnICORNN", "alpha", alpha)

    def recurrent_shape(self) -> tuple[int, ...]:
        return (self.hidden_size,)

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, c = state
        (u,) = self.from_input(x)
        u = u + self.weight_hh * h if self.bias_hh is None else u + self.weight_hh * h + self.bias_hh
        pace = self.dt * ops.sigmoid(self.weight_ch)
        c = c - pace * (ops.tanh(u) + self.alpha * h)
        h = h + pace * c
        return h, (h, c)
