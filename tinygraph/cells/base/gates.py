"""Named parts of packed weights: the block of rows that belongs to one gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...core.errors import GraphError
from ...core.node import Node

if TYPE_CHECKING:
    from .cell import Cell


class Gate:
    """One gate of a cell; its attributes are the weights' names.

    ``gate.weight_ih`` is a node of shape (H, I); a bias that was not wanted is None.

    Example:
        >>> import tinygraph as tg
        >>> lstm = tg.cells.LSTM(3, 4, rng=0)
        >>> lstm.gate("f").weight_ih.shape, lstm.gate("f").bias_hh.shape
        ((4, 3), (4,))
    """

    def __init__(self, cell: Cell, name: str) -> None:
        self._cell, self._name = cell, name
        self._rows = {weight: names.index(name) for weight, names in cell.gates.items() if name in names}
        if not self._rows:
            known = dict.fromkeys(x for names in cell.gates.values() for x in names)
            raise GraphError(
                f"{type(cell).__name__} has no gate {name!r}", expected=", ".join(known) or "no gates", got=repr(name)
            )

    def __getattr__(self, weight: str) -> Node | None:
        if weight.startswith("_") or weight not in self._rows:
            raise AttributeError(f"gate {self._name!r} has no {weight}; it has {', '.join(self._rows)}")
        packed: Any = getattr(self._cell, weight)
        if packed is None:
            return None
        size = packed.shape[0] // len(self._cell.gates[weight])
        return packed[self._rows[weight] * size : (self._rows[weight] + 1) * size]
