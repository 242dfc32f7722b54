"""The quasi-recurrent network: a convolution over the inputs, then a recurrent pooling."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..core.errors import GraphError, shown
from .base import Init, LinearCell, LinearTerms, affine

BLOCKS = {"f": ("z", "f"), "fo": ("z", "f", "o"), "ifo": ("z", "f", "o", "i")}
"""Maps each pooling to its gates, in the order of their blocks of H rows."""


class QRNN(LinearCell):
    """Quasi-recurrent network: gates depend on inputs alone (Bradbury et al. 2017, 1611.01576), with window 2::

        Z = tanh(W1_z x_(t-1) + W2_z x_t + b_z)
        F, O, I likewise with sigmoid
        c' = F * c + (1 - F) * Z          (pooling ifo: F * c + I * Z)
        y  = O * c'                       (pooling f: c')

    With window 1 there is no W1: x_(t-1) is not used.

    Parameters: weight_ih (G * H, I), for window 2 also weight_hh (G * H, I), W1, which looks at x_(t-1); bias_ih
    (G * H,). Blocks z, f, o, i as far as the pooling has them: G = 2 for f, 3 for fo, 4 for ifo.
    Group: Linear in the state

    Args:
        input_size, hidden_size, rng, dtype: as for `Cell`.
            State: (c, x_(t-1)), (B, H) and (B, I); with window 1 c alone.
        bias: whether the cell has bias_ih.
        window: 1 or 2, the width of the convolution.
        pooling: "f", "fo" or "ifo".
        kernel_init, bias_init: as for `PackedCell`.

    Raises:
        GraphError: there is no such window or pooling.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.QRNN(3, 4, rng=0)
        >>> y, (c, x) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, x.shape
        ((2, 4), (2, 3))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        window: int = 2,
        pooling: str = "fo",
        kernel_init: Init = "xavier_uniform",
        bias_init: Init = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        if window not in (1, 2) or pooling not in BLOCKS:
            expected = f"window 1 or 2, pooling {', '.join(BLOCKS)}"
            got = f"window {shown(window)}, pooling {shown(pooling)}"
            raise GraphError("QRNN: no such window or pooling", expected=expected, got=got)
        blocks = BLOCKS[pooling]
        rows = len(blocks) * self.hidden_size
        self.window, self.pooling = window, pooling
        self.states, self.looks_back = window, window == 2
        self.gates = dict.fromkeys(("weight_ih", "weight_hh", "bias_ih"), blocks)
        self.weight_ih = self.weight(rows, self.input_size, init=kernel_init)
        if window == 2:
            self.weight_hh = self.weight(rows, self.input_size, init=kernel_init)
        self.bias_ih = self.bias(rows, bias, bias_init)

    def linear(self, x: Any, before: Any = None) -> LinearTerms:
        a = affine(x, self.weight_ih, self.bias_ih)
        a = a if before is None else a + affine(before, self.weight_hh)
        z, *gates = ops.split(a, len(BLOCKS[self.pooling]), axis=-1)
        f, *rest = [ops.sigmoid(gate) for gate in gates]
        i = rest[1] if self.pooling == "ifo" else 1 - f
        z = ops.tanh(z)
        return LinearTerms(f, i * z, lambda c: rest[0] * c if rest else c)

    def _state_size(self, i: int) -> int:
        return (self.hidden_size, self.input_size)[i]
