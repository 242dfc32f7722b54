"""minGRU and minLSTM: the gates depend on the input alone, so that each step is linear in the state."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..core.checks import flag
from ..core.node import Node
from .base import InputGated, LinearCell, LinearTerms


def positive(x: Any) -> Node:
    """The function g of the paper's log-space form, which is positive: x + 1/2 for x >= 0, sigmoid(x) below."""
    return ops.where(ops.greater_equal(x, 0), x + 0.5, ops.sigmoid(x))


class _Minimal(LinearCell, InputGated):
    """The base class of both cells, with a candidate that depends on the input alone."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, *, log_space: bool = False, **options: Any
    ) -> None:
        super().__init__(input_size, hidden_size, bias, **options)
        self.log_space = flag(type(self).__name__, "log_space", log_space)

    def candidate(self, n: Node) -> Node:
        """h~: n itself, or positive in the log-space form."""
        return positive(n) if self.log_space else n


class minGRU(_Minimal):  # noqa: N801  the paper's spelling
    """Minimal GRU: gate and candidate depend on the input alone (Feng et al. 2024, 2410.01201)::

        z  = sigmoid(W_z x + b_z)
        h~ = W_h x + b_h                  (log_space: g(W_h x + b_h))
        h' = (1 - z) * h + z * h~

    Parameters: weight_ih (2H, I), bias_ih (2H,), blocks z, h.
    Group: Linear in the state

    Args:
        input_size, hidden_size, rng, dtype: as for `Cell`. State: h (B, H).
        bias: whether the cell has bias_ih.
        log_space: whether to compute the paper's appendix B, where h~ is positive: g(a) = a + 1/2 for a >= 0,
            sigmoid(a) below. Start with a positive state, such as g(0) = 1/2.
        kernel_init, bias_init: as for `InputGated`.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.minGRU(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = ("z", "h")

    def linear(self, x: Any) -> LinearTerms:
        z, n = self.from_input(x)
        z = ops.sigmoid(z)
        n = self.candidate(n)
        return LinearTerms(1 - z, z * n)


class minLSTM(_Minimal):  # noqa: N801  the paper's spelling
    """Minimal LSTM: gates and candidate depend on the input alone (Feng et al. 2024, 2410.01201)::

        f, i = sigmoid(W_f x + b_f), sigmoid(W_i x + b_i)
        h~   = W_h x + b_h                (log_space: g(W_h x + b_h))
        h'   = f / (f + i) * h + i / (f + i) * h~

    Parameters: weight_ih (3H, I), bias_ih (3H,), blocks f, i, h.
    Group: Linear in the state

    Args:
        input_size, hidden_size, bias, log_space, ...: as for `minGRU`. State: h (B, H).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.minLSTM(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = ("f", "i", "h")

    def linear(self, x: Any) -> LinearTerms:
        f, i, n = self.from_input(x)
        f, i = ops.sigmoid(f), ops.sigmoid(i)
        f, i, n = f / (f + i), i / (f + i), self.candidate(n)
        return LinearTerms(f, i * n)
