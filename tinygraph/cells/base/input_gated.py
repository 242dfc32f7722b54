"""The base class of cells whose gates depend on the input alone."""

from __future__ import annotations

from typing import Any, ClassVar

from ... import ops
from ...core.node import Node
from .affine import affine
from .cell import Cell
from .packed import Init


class InputGated(Cell):
    """A cell without a recurrent matrix: it has weight_ih (G * H, I) and bias_ih (G * H,).

    A subclass names the blocks ``ih``, in order, and defines ``__call__``.

    Args:
        input_size, hidden_size, rng, dtype: as for `Cell`.
        bias: whether the cell has bias_ih.
        kernel_init, bias_init: initialisers of weight_ih and bias_ih, as for `PackedCell`.

    Example:
        See `TRNN`.
    """

    ih: ClassVar[tuple[str, ...]] = ("h",)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.gates = {"weight_ih": cls.ih, "bias_ih": cls.ih}

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        kernel_init: Init = "xavier_uniform",
        bias_init: Init = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        rows = len(self.ih) * self.hidden_size
        self.weight_ih = self.weight(rows, self.input_size, init=kernel_init)
        self.bias_ih = self.bias(rows, bias, bias_init)

    def from_input(self, x: Any) -> list[Node]:
        """Returns ``x weight_ihᵀ + bias_ih`` split into blocks (B, H), in the order of ``ih``."""
        a_x = affine(x, self.weight_ih, self.bias_ih)
        return ops.split(a_x, len(self.ih), axis=-1)
