"""The sLSTM of the xLSTM paper: exponential gates with a normaliser and a stabiliser."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..core.checks import integer
from ..core.errors import GraphError, shown
from ..core.node import Node
from .base import PackedCell

LOG_ZERO = -1e30
"""Stands for log 0: a finite number in float32, which stays as low when a gate is added to it."""


class sLSTM(PackedCell):  # noqa: N801  the paper's spelling
    """Scalar LSTM of the xLSTM, with exponential gates (Beck et al. 2024, 2405.04517, equations 8 to 17)::

        i~, f~, z~, o~ = W x + b + R h + b'                blocks in this order
        log f = log sigmoid(f~)                            (forget_gate="exp": f~)
        m' = max(log f + m, i~)                            the stabiliser: c and n are in units of exp(m)
        i, f = exp(i~ - m'), exp(log f + m - m')
        c' = f * c + i * tanh(z~)
        n' = f * n + i                                     the normaliser
        h' = sigmoid(o~) * c' / n'

    Since |c| <= n, nothing is stored where n = 0; there m has no meaning, and f is set to 0, so that i = 1.
    With several heads R is block diagonal in each gate: a head mixes only its own units.

    Parameters: weight_ih (4H, I), weight_hh (4H, H / heads), bias_ih, bias_hh (4H,), blocks i, f, z, o.
    Group: Two states or more: relatives of the LSTM

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`.
            State: (h, c, n, m), (B, H) each; zeros to start with.
        heads: the number of heads, a divisor of H.
        forget_gate: "sigmoid" or "exp".

    Raises:
        GraphError: there is no such forget gate, or heads do not divide H.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.sLSTM(3, 4, rng=0)
        >>> y, (h, c, n, m) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, n.shape
        ((2, 4), (2, 4))
    """

    states = 4
    ih = hh = ("i", "f", "z", "o")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        *,
        heads: int = 1,
        forget_gate: str = "sigmoid",
        **options: Any,
    ) -> None:
        self.heads = integer("sLSTM", "heads", heads, 1)
        if hidden_size % self.heads:
            raise GraphError("sLSTM: heads must divide H", expected=f"a divisor of {hidden_size}", got=shown(heads))
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        if forget_gate not in ("sigmoid", "exp"):
            raise GraphError("sLSTM: no such forget gate", expected="'sigmoid' or 'exp'", got=shown(forget_gate))
        self.forget_gate = forget_gate

    def recurrent_shape(self) -> tuple[int, ...]:
        return (4 * self.hidden_size, self.hidden_size // self.heads)

    def from_state(self, h: Any, gate: str | None = None) -> Any:
        """As `PackedCell.from_state`, head by head."""
        if self.heads == 1 or gate is not None:
            return super().from_state(h, gate)
        K, lead = self.heads, h.shape[:-1]
        R = ops.reshape(self.weight_hh, (4, K, -1, self.weight_hh.shape[1]))
        z = ops.reshape(ops.einsum("...kj,gkij->...gki", ops.reshape(h, (*lead, K, -1)), R), (*lead, -1))
        return ops.split(z if self.bias_hh is None else z + self.bias_hh, 4, axis=-1)

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node, Node, Node]]:
        h, c, n, m = state
        i, f, z, o = (a + b for a, b in zip(self.from_input(x), self.from_state(h), strict=True))
        log_f = f if self.forget_gate == "exp" else -ops.softplus(-f)
        before = ops.where(ops.greater(n, 0), m, LOG_ZERO)
        m = ops.maximum(log_f + before, i)
        i, f = ops.exp(i - m), ops.exp(log_f + before - m)
        z, o = ops.tanh(z), ops.sigmoid(o)
        c, n = f * c + i * z, f * n + i
        h = o * (c / n)
        return h, (h, c, n, m)
