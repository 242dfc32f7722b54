"""What RNN, LSTM and GRU share: PyTorch's start, and the options that make them ONNX's and Keras' cells too."""

from __future__ import annotations

from math import inf
from numbers import Real
from typing import Any

from ... import ops
from ...core.errors import GraphError
from ...core.node import Node
from .initial import as_torch
from .packed import PackedCell


class Bound:
    """What keeps the inputs of activations within [-limit, limit]; without a limit they stay the nodes they are."""

    def __init__(self, limit: float | None) -> None:
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, Real) or not limit > 0):
            raise GraphError(
                "clip bounds the inputs of activations to [-clip, clip]",
                expected="a number above 0, or None",
                got=repr(limit),
            )
        self.limit = inf if limit is None else float(limit)

    def __call__(self, z: Any) -> Node:
        """z of any shape, bounded."""
        bounded: Node = z if self.limit == inf else ops.clip(z, -self.limit, self.limit)
        return bounded


class ClassicCell(PackedCell):
    """A packed cell that PyTorch, ONNX and Keras all have, each with its gates in an order of its own.

    Args:
        input_size, hidden_size, bias, kernel_init, ...: as for `PackedCell`; all start uniform within 1 / sqrt(H).
        recurrent_bias: whether there is bias_hh (G * H,); None for what ``bias`` says.
        gate_order: the letters of ``ih``, in the order of the blocks of H rows; None for PyTorch's.
        clip: bounds the input of each gate's activation; None for no bound.

    Raises:
        GraphError: an order that does not have each gate once, or a clip that is not above 0.

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
                f"{type(self).__name__}: gate_order has each gate once",
                got=repr(gate_order),
                expected=f"the letters {', '.join(self.ih)} in any order",
                fix="the c of ONNX's and Keras' LSTM is g here, the h of their GRU n",
            )
        self.gates = dict.fromkeys(self.gates, tuple(self.gate_order))  # of this cell, not of all
        self.clip = Bound(clip)

    def in_order(self, blocks: list[Node]) -> list[Node]:
        """Blocks (B, H) that stand in the order of ``gate_order``, in that of ``ih``."""
        return [blocks[self.gate_order.index(letter)] for letter in self.ih]
