"""The phased LSTM: each unit is updated in a short phase of its own period."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..core.checks import positive
from ..core.node import Node
from .base import Init, PackedCell, finite


class PhasedLSTM(PackedCell):
    """Phased LSTM: each unit opens in a phase of its own period (Neil, Pfeiffer and Liu 2016, 1610.09513), at time t::

        phi = ((t - s) mod tau) / tau
        k   = 2 phi / r_on        where phi < r_on / 2        opening
              2 - 2 phi / r_on    where phi < r_on            closing
              leak phi            else                        closed
        i, f, g, o = W x + b + U h + b', blocks in this order
        c~  = sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * tanh(g)
        h~  = sigmoid(o + p_o * c~) * tanh(c~)
        c'  = k * c~ + (1 - k) * c
        h'  = k * h~ + (1 - k) * h

    The time is part of the state: 0, 1, 2, ... step by step. For events at irregular times pass a pair x = (x_t, t),
    with t of shape (B, 1), or (1,) if x_t has no batch axis; `tg.unroll` accepts such pairs.

    Parameters: weight_ih (4H, I), weight_hh (4H, H), bias_ih, bias_hh (4H,), weight_ph (3H,) with blocks i, f, o,
    tau, s (H,).
    Group: Oscillators, clocks, delays and windows

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`.
            State: (h, c, t), (B, H), (B, H) and (B, 1), t being the time of the coming step.
        peephole: whether the cell has weight_ph.
        r_on: the open share of the period, above 0 and at most 1.
        leak: the slope of k while closed; the paper uses 0.001 in training and 0 after it: set ``cell.leak``.
        tau_init, s_init: initialisers of the periods and shifts; by default a period is exp of a uniform number in
            [0, 3), a shift is uniform within its period.
        peephole_kernel_init: initialiser of weight_ph.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.PhasedLSTM(3, 4, rng=0)
        >>> x, t = np.ones((5, 2, 3), np.float32), np.cumsum(np.ones((5, 2, 1), np.float32) / 2, 0)
        >>> y, (h, c, now) = tg.unroll(cell, (x, t), cell.initial_state(2))
        >>> y.shape, now.value[0]
        ((5, 2, 4), array([3.5], dtype=float32))
    """

    states = 3
    ih = hh = ("i", "f", "g", "o")
    others = dict.fromkeys(("weight_ph",), ("i", "f", "o"))

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        *,
        peephole: bool = True,
        r_on: float = 0.05,
        leak: float = 0.001,
        tau_init: Init | None = None,
        s_init: Init | None = None,
        peephole_kernel_init: Init = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        self.weight_ph = self.bias(3 * self.hidden_size, peephole, peephole_kernel_init, "peephole")
        self.tau = self.weight(self.hidden_size, init=_log_uniform if tau_init is None else tau_init)
        self.s = self.weight(self.hidden_size, init="uniform" if s_init is None else s_init)
        if s_init is None:
            self.s.value = self.s.value * self.tau.value
        self.r_on, self.leak = positive("PhasedLSTM", "r_on", r_on), finite("PhasedLSTM", "leak", leak)

    def openness(self, t: Any) -> Node:
        """The time gate k (B, H) at times ``t`` (B, 1)."""
        turns = (t - self.s) / self.tau
        phi = turns - ops.floor(turns)
        ramp = 2 * phi / self.r_on
        falling = ops.where(ops.less(phi, self.r_on), 2 - ramp, self.leak * phi)
        return ops.where(ops.less(phi, self.r_on / 2), ramp, falling)

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node, Any]]:
        h, c, t = state
        x, t = x if isinstance(x, (tuple, list)) else (x, t)
        (i, f, g, o), k = self.from_both(x, h), self.openness(t)
        p = [0, 0, 0] if self.weight_ph is None else ops.split(self.weight_ph, 3)
        i, f, g = ops.sigmoid(i + p[0] * c), ops.sigmoid(f + p[1] * c), ops.tanh(g)
        n = f * c + i * g
        o = ops.sigmoid(o + p[2] * n)
        y = o * ops.tanh(n)
        c, h = k * n + (1 - k) * c, k * y + (1 - k) * h
        return h, (h, c, t + 1)

    def _state_size(self, i: int) -> int:
        return 1 if i == 2 else self.hidden_size


def _log_uniform(rng: Any, shape: tuple[int, ...]) -> np.ndarray:
    return np.exp(rng.uniform(0, 3, shape))
