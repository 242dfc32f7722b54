"""The clockwork RNN: groups of units that are updated with different periods."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .. import ops
from ..core.errors import GraphError, shown
from ..core.leaves import constant
from ..core.node import Node
from .base import Activation, PackedCell, activation, affine


class ClockworkRNN(PackedCell):
    """Clockwork RNN: g groups of units with update periods T_1 < ... < T_g (Koutník et al. 2014, 1402.3511)::

        h'_i = tanh(W_i x + b_i + sum over T_j >= T_i of U_ij h_j + b'_i)     in steps t with t mod T_i = 0
        h'_i = h_i                                                            in all others

    A group gets input from the groups with the same or a longer period: U is block upper triangular. The clock is part
    of the state: the number of steps that each unit still waits. With a state of zeros all groups are updated in the
    first step (t = 0); a sequence in chunks keeps its clock.

    Parameters: weight_ih (H, I), weight_hh (H, H), whose part below the blocks is not used, bias_ih, bias_hh (H,).
    Group: Oscillators, clocks, delays and windows

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`.
            State: (h, wait), (B, H) each; wait holds whole numbers.
        periods: T_i, in rising order; the units are split into groups of equal size, as far as possible.
        nonlinearity: used instead of tanh; a name or a function.

    Raises:
        GraphError: periods are not rising integers from 1.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.ClockworkRNN(3, 4, periods=(1, 3), rng=0)
        >>> y, (h, wait) = tg.unroll(cell, np.ones((5, 2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, wait.value[0]
        ((5, 2, 4), array([0., 0., 1., 1.], dtype=float32))
    """

    states = 2

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        *,
        periods: Sequence[int] = (1, 2, 4, 8),
        nonlinearity: str | Activation = "tanh",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        integers = all(isinstance(T, (int, np.integer)) and T >= 1 for T in periods)
        if not periods or not integers or any(a >= b for a, b in pairwise(periods)):
            problem = "ClockworkRNN: periods are numbers of steps, in rising order"
            raise GraphError(problem, expected="integers from 1, each above the one before", got=shown(periods))
        H = self.hidden_size
        T = np.asarray(periods)[np.arange(H) * len(periods) // H]
        self.periods = tuple(periods)
        self.pause = constant(T.astype(self.dtype) - 1, "T - 1")
        self.connected = constant((T[:, None] <= T).astype(self.dtype), "heard")
        self.nonlinearity = activation(nonlinearity)

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, wait = state
        (z,) = self.from_input(x)
        n = self.nonlinearity(z + affine(h, self.weight_hh * self.connected, self.bias_hh))
        idle = ops.greater(wait, 0)
        h, wait = ops.where(idle, h, n), ops.where(idle, wait - 1, self.pause)
        return h, (h, wait)
