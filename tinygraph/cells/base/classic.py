"""The base class of RNN, LSTM and GRU: PyTorch's initial weights, options for ONNX and Keras forms."""

from __future__ import annotations

from math import inf
from numbers import Real
from typing import Any

from ... import ops
from ...core.errors import GraphError, shown
from ...core.node import Node
from .initial import as_torch
from .packed import PackedCell


class ClipBound:
    """Clips the inputs of activations to [-limit, limit]; without a limit it adds no node to the graph."""

    def __init__(self, limit: float | None) -> None:
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, Real) or not limit > 0):
            problem = "clip limits the inputs of activations to [-clip, clip]"
            raise GraphError(problem, expected="a number above 0, or None", got=shown(limit))
        self.limit = inf if limit is None else float(limit)

    def __call__(self, z: Any) -> Node:
        """z of any shape, clipped."""
        return z if self.limit == inf else ops.clip(z, -self.limit, self.limit)


class ClassicCell(PackedCell):
    """A packed cell that PyTorch, ONNX and Keras all have, each with its own order of the gates.

    Args:
        input_size, hidden_size, bias, kernel_init, ...: as for `PackedCell`; weights uniform within 1 / sqrt(H).
        recurrent_bias: whether the cell has bias_hh (G * H,); None takes the value of ``bias``.
        gate_order: the letters of ``ih``, in the order of the blocks of H rows; None for PyTorch's order.
        clip: clips the input of each gate's activation to [-clip, clip]; None for no limit.

    Raises:
        GraphError: the order does not contain each gate once, or clip is not above 0.

    Example:
        See `LSTM`.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool | None = None,
        *,
        gate_order: str | None = None,
        clip: float | None = None,
        **options: Any,
    ) -> None:
        second = bias if recurrent_bias is None else recurrent_bias
        super().__init__(input_size, hidden_size, bias, second, **as_torch(hidden_size) | options)
        self.gate_order = "".join(self.ih) if gate_order is None else gate_order
        if not isinstance(self.gate_order, str) or sorted(self.gate_order) != sorted(self.ih):
            raise GraphError(
                f"{type(self).__name__}: gate_order must contain each gate once",
                got=shown(gate_order),
                expected=f"the letters {', '.join(self.ih)} in any order",
                fix="write g for the c of ONNX's and Keras' LSTM, n for the h of their GRU",
            )
        self.gates = dict.fromkeys(self.gates, tuple(self.gate_order))  # an attribute of the instance, not the class
        self.clip = ClipBound(clip)

    def in_order(self, blocks: list[Node]) -> list[Node]:
        """Reorders blocks (B, H) from the order of ``gate_order`` to that of ``ih``."""
        place = self.gate_order.index
        return [blocks[place(letter)] for letter in self.ih]
