"""A gated recurrent unit that looks back at its state of some steps before."""

from __future__ import annotations

from typing import Any

from ..core.errors import GraphError
from ..core.node import Node
from .base.activations import Activation, activation
from .base.packed import PackedCell


class tauGRU(PackedCell):  # noqa: N801  the paper's spelling
    """GRU that also looks at its state of some steps ago (Erichson, Lim and Mahoney 2022, 2212.00228)::

        u  = tanh(W_u x + b_u + U_u h + b'_u)
        z  = tanh(W_z x + b_z + U_z d + b'_z)          d: the h of `delay` steps before this one
        g  = sigmoid(W_g x + b_g + U_g h + b'_g)
        a  = sigmoid(W_a x + b_a + U_a h + b'_a)
        h' = (1 - g) * h + g * (u + a * z)

    Before the first step d is 0. The state carries what d will be, so that a sequence fed in two chunks equals one
    pass. torchrecurrent's layer gives the same numbers for one pass; it drops the delayed states between calls, so
    that its second chunk starts from d = 0. ``(h, zeros, ...)`` as the state does that too.

    Parameters: weight_ih (4H, I), weight_hh (4H, H), bias_ih, bias_hh (4H,), blocks u, z, g, a.

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: ``(h, h of 1 step before, ...,
            h of `delay` steps before)``, (B, H) each.
        nonlinearity, gate_nonlinearity: in place of tanh and sigmoid, by name or as functions.
        delay: how many steps d lies before h, from 1.

    Raises:
        GraphError: a delay below 1.

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
        if isinstance(delay, bool) or not isinstance(delay, int) or delay < 1:
            raise GraphError("tauGRU: delay is a number of steps", expected="an integer from 1", got=repr(delay))
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.nonlinearity, self.gate_nonlinearity = activation(nonlinearity), activation(gate_nonlinearity)
        self.delay = delay
        self.states = 1 + delay

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Any, ...]]:
        h, *past = state
        u, z, g, a = self.from_input(x)
        u = self.nonlinearity(u + self.from_state(h, "u"))
        z = self.nonlinearity(z + self.from_state(past[-1], "z"))
        g = self.gate_nonlinearity(g + self.from_state(h, "g"))
        a = self.gate_nonlinearity(a + self.from_state(h, "a"))
        new = (1 - g) * h + g * (u + a * z)
        return new, (new, h, *past[:-1])
