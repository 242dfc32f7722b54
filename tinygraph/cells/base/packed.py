"""The base class of cells with packed weights: one matrix for x, one for h, with a block per gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ... import ops
from ...core.leaves import Parameter
from ...core.node import Node
from .affine import affine
from .cell import Cell
from .initial import Initialiser

Init = str | float | Initialiser


class PackedCell(Cell):
    """A cell with weight_ih (G * H, I), weight_hh (G' * H, H), and their biases, as in torchrecurrent.

    A subclass names the blocks of weight_ih in ``ih`` and those of weight_hh in ``hh``, in order, and defines
    ``__call__``; ``others`` names the blocks of further weights, and of biases with other blocks than their weight.

    Args:
        input_size, hidden_size, rng, dtype: as for `Cell`.
        bias: whether the cell has bias_ih (G * H,).
        recurrent_bias: whether the cell has bias_hh (G' * H,).
        kernel_init, recurrent_kernel_init, bias_init, recurrent_bias_init: initialisers of weight_ih,
            weight_hh, bias_ih, bias_hh: a name, a number, or a function (rng, shape) -> array.

    Example:
        See `MGU`.
    """

    ih: ClassVar[tuple[str, ...]] = ("h",)
    hh: ClassVar[tuple[str, ...]] = ("h",)
    others: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    recurrent_init: ClassVar[str] = "xavier_uniform"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.gates = {"weight_ih": cls.ih, "weight_hh": cls.hh, "bias_ih": cls.ih, "bias_hh": cls.hh} | dict(cls.others)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        *,
        kernel_init: Init = "xavier_uniform",
        recurrent_kernel_init: Init | None = None,
        bias_init: Init = "zeros",
        recurrent_bias_init: Init = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        H, recurrent = self.hidden_size, self.recurrent_init if recurrent_kernel_init is None else recurrent_kernel_init
        self.weight_ih = self.weight(len(self.ih) * H, self.input_size, init=kernel_init)
        self.weight_hh: Parameter = self.weight(*self.recurrent_shape(), init=recurrent)
        self.bias_ih = self.bias(len(self.gates["bias_ih"]) * H, bias, bias_init)
        self.bias_hh = self.bias(len(self.gates["bias_hh"]) * H, recurrent_bias, recurrent_bias_init, "recurrent_bias")

    def recurrent_shape(self) -> tuple[int, ...]:
        """The shape of weight_hh: (G' * H, H) unless a subclass overrides it."""
        return (len(self.hh) * self.hidden_size, self.hidden_size)

    def from_input(self, x: Any) -> list[Node]:
        """Returns ``x weight_ihᵀ + bias_ih`` split into blocks (B, H), in the order of ``ih``."""
        a_x = affine(x, self.weight_ih, self.bias_ih)
        return _blocks(a_x, len(self.ih))

    def from_state(self, h: Any, gate: str | None = None) -> Any:
        """Returns ``h weight_hhᵀ + bias_hh`` split into blocks (B, H), in the order of ``hh``, or one gate's block."""
        weights = self if gate is None else self.gate(gate)
        a_h = affine(h, weights.weight_hh, weights.bias_hh)
        return _blocks(a_h, len(self.hh)) if gate is None else a_h

    def from_both(self, x: Any, h: Any) -> list[Node]:
        """Returns `from_input` + `from_state`, block by block, for a cell with the same ``ih`` and ``hh``."""
        a_x, a_h = affine(x, self.weight_ih, self.bias_ih), affine(h, self.weight_hh, self.bias_hh)
        a = a_x + a_h
        return _blocks(a, len(self.ih))


def _blocks(z: Node, count: int) -> list[Node]:
    return [z] if count == 1 else ops.split(z, count, axis=-1)
