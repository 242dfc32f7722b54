"""The three mutated GRUs that an architecture search found to be best."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..core.node import Node
from .base import PackedCell


class MUT1(PackedCell):
    """Mutated unit 1, found by search: its gate z depends on the input alone (Jozefowicz et al. 2015, ICML)::

        z  = sigmoid(W_z x + b_z)
        r  = sigmoid(W_r x + b_r + U_r h + b'_r)
        n  = tanh(U_n (r * h) + b'_n + tanh(W_n x + b_n))
        h' = z * n + (1 - z) * h

    This is torchrecurrent's form; the paper writes tanh(x), which needs I = H: W_n = 1, b_n = 0.

    Parameters: weight_ih (3H, I), bias_ih (3H,), blocks z, r, n; weight_hh (2H, H), bias_hh (2H,), blocks r, n.
    Group: Two gates or more, one state

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.MUT1(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = ("z", "r", "n")
    hh = ("r", "n")

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        z, r, n = self.from_input(x)
        z = ops.sigmoid(z)
        r = ops.sigmoid(r + self.from_state(h, "r"))
        n = ops.tanh(self.from_state(r * h, "n") + ops.tanh(n))
        h = z * n + (1 - z) * h
        return h, h


class MUT2(PackedCell):
    """Mutated unit 2, found by search: close to the GRU (Jozefowicz et al. 2015, as `MUT1`), as torchrecurrent has it::

        z  = sigmoid(W_z x + b_z + U_z h + b'_z)
        r  = sigmoid(W_r x + b_r + U_r h + b'_r)
        n  = tanh(W_n x + b_n + U_n (r * h) + b'_n)
        h' = z * n + (1 - z) * h

    The paper writes r = sigmoid(x + U_r h + b'_r), which needs I = H: W_r = 1, b_r = 0.

    Parameters: weight_ih (3H, I), weight_hh (3H, H), bias_ih, bias_hh (3H,), blocks z, r, n.
    Group: Two gates or more, one state

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.MUT2(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    ih = hh = ("z", "r", "n")

    def gate_input(self, h: Any) -> Any:
        """The argument of U_z in the gate z: the state (B, H)."""
        return h

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        z, r, n = self.from_input(x)
        z = ops.sigmoid(z + self.from_state(self.gate_input(h), "z"))
        r = ops.sigmoid(r + self.from_state(h, "r"))
        n = ops.tanh(n + self.from_state(r * h, "n"))
        h = z * n + (1 - z) * h
        return h, h


class MUT3(MUT2):
    """Mutated unit 3, found by search: `MUT2` with tanh(h) in the gate z (Jozefowicz et al. 2015, as for `MUT1`)::

        z  = sigmoid(W_z x + b_z + U_z tanh(h) + b'_z)
        r  = sigmoid(W_r x + b_r + U_r h + b'_r)
        n  = tanh(W_n x + b_n + U_n (r * h) + b'_n)
        h' = z * n + (1 - z) * h

    Parameters: weight_ih (3H, I), weight_hh (3H, H), bias_ih, bias_hh (3H,), blocks z, r, n.
    Group: Two gates or more, one state

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.MUT3(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    def gate_input(self, h: Any) -> Any:
        """The argument of U_z in the gate z: tanh(h), (B, H)."""
        return ops.tanh(h)
