"""The recurrent highway network: several gated layers, called micro steps, within one time step."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..core.checks import flag
from ..core.leaves import Parameter
from ..core.node import Node
from .base import Cell, Init, affine, finite, whole


class RHN(Cell):
    """Recurrent highway network: several gated layers within one step (Zilly et al. 2017, 1607.03474)::

        s_0 = the state before the step, and for l = 1 ... L, with [x] in the first micro step alone:
        h_l = tanh([W_H x] + R_Hl s_(l-1) + b_Hl)
        t_l = sigmoid([W_T x] + R_Tl s_(l-1) + b_Tl)
        c_l = sigmoid([W_C x] + R_Cl s_(l-1) + b_Cl)          (couple_carry: 1 - t_l)
        s_l = h_l * t_l + s_(l-1) * c_l
        y   = s_L

    Parameters: weight_ih (G * H, I), and of each micro step l weight_hh_l<l> (G * H, H), bias_hh_l<l> (G * H,),
    counted from 0, blocks h, t, and c where it is not coupled: G is 2 or 3.
    Group: Two gates or more, one state

    Args:
        input_size, hidden_size, rng, dtype: as for `Cell`. State: s (B, H).
        bias: whether the cell has biases.
        depth: L, the number of micro steps.
        couple_carry: whether c_l = 1 - t_l, as in the paper's experiments.
        transform_bias: the initial b_T; the paper uses -2 to -4, so that a new cell mostly keeps its state.
        kernel_init, recurrent_kernel_init: as for `PackedCell`.

    Raises:
        GraphError: depth is below 1.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.RHN(3, 4, depth=2, rng=0)
        >>> y, s = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, list(cell.parameters())
        ((2, 4), ['weight_ih', 'weight_hh_l0', 'bias_hh_l0', 'weight_hh_l1', 'bias_hh_l1'])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        depth: int = 3,
        couple_carry: bool = True,
        transform_bias: float = -2.0,
        kernel_init: Init = "xavier_uniform",
        recurrent_kernel_init: Init = "xavier_uniform",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.depth = depth = whole("RHN", "depth", depth)
        blocks = ("h", "t") if flag("RHN", "couple_carry", couple_carry) else ("h", "t", "c")
        self.blocks = len(blocks)
        H, rows = self.hidden_size, len(blocks) * self.hidden_size
        names = [f"{part}_hh_l{k}" for k in range(depth) for part in ("weight", "bias")]
        self.gates = dict.fromkeys(["weight_ih", *names], blocks)
        self.weight_ih = self.weight(rows, self.input_size, init=kernel_init)
        for k in range(depth):
            setattr(self, f"weight_hh_l{k}", self.weight(rows, H, init=recurrent_kernel_init))
            setattr(self, f"bias_hh_l{k}", self.bias(rows, bias))
            if bias:
                start = np.zeros(rows, self.dtype)
                start[H : 2 * H] = finite("RHN", "transform_bias", transform_bias)
                self._micro(k)[1].value = start

    def _micro(self, k: int) -> tuple[Parameter, Any]:
        return getattr(self, f"weight_hh_l{k}"), getattr(self, f"bias_hh_l{k}")

    def __call__(self, x: Any, s: Any) -> tuple[Node, Node]:
        z: Any = affine(x, self.weight_ih)
        for k in range(self.depth):
            z = z + affine(s, *self._micro(k)) if k == 0 else affine(s, *self._micro(k))
            h, t, *c = ops.split(z, self.blocks, axis=-1)
            h, t = ops.tanh(h), ops.sigmoid(t)
            s = h * t + s * (ops.sigmoid(c[0]) if c else 1 - t)
        return s, s
