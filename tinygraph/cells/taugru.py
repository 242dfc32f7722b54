"""A gated recurrent unit with a delayed state as second input."""

from __future__ import annotations

from typing import Any

from ..core.node import Node
from .base import Activation, PackedCell, activation, whole


class tauGRU(PackedCell):  # noqa: N801  the paper's spelling
    """GRU that also depends on its state some steps ago (Erichson, Lim and Mahoney 2022, 2212.00228)::

        u  = tanh(W_u x + b_u + U_u h + b'_u)
        z  = tanh(W_z x + b_z + U_z d + b'_z)          d: the h of `delay` steps before this one
        g  = sigmoid(W_g x + b_g + U_g h + b'_g)
        a  = sigmoid(W_a x + b_a + U_a h + b'_a)
        h' = (1 - g) * h + g * (u + a * z)

    Before the first step d is 0. The delayed states are part of the state, so that a sequence in two chunks gives the
    same results as in one. torchrecurrent's layer gives the same results for one pass; it forgets the delayed states
    between calls, so that its second chunk starts with d = 0, as ``(h, zeros, ...)`` does here.

    Parameters: weight_ih (4H, I), weight_hh (4H, H), bias_ih, bias_hh (4H,), blocks u, z, g, a.
    Group: Oscillators, clocks, delays and windows

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: ``(h, h of 1 step before, ...,
            h of `delay` steps before)``, (B, H) each.
        nonlinearity, gate_nonlinearity: used instead of tanh and sigmoid; names or functions.
        delay: the number of steps from d to h, at least 1.

    Raises:
        GraphError: delay is below 1.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.tauGRU(3, 4, delay=2, rng=0)
        >>> y, state = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, len(state)
        ((2, 4), 3)
    """

    ih = hh = ("u", "z", "g", "a")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        nonlinearity: str | Activation = "tanh",
        gate_nonlinearity: str | Activation = "sigmoid",
        delay: int = 1,
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.nonlinearity, self.gate_nonlinearity = activation(nonlinearity), activation(gate_nonlinearity)
        self.delay = whole("tauGRU", "delay", delay)
        self.states = 1 + self.delay

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Any, ...]]:
        h, *past = state
        u, z, g, a = self.from_input(x)
        u = self.nonlinearity(u + self.from_state(h, "u"))
        z = self.nonlinearity(z + self.from_state(past[-1], "z"))
        g = self.gate_nonlinearity(g + self.from_state(h, "g"))
        a = self.gate_nonlinearity(a + self.from_state(h, "a"))
        before, h = h, (1 - g) * h + g * (u + a * z)
        return h, (h, before, *past[:-1])
