"""The gates of a cell: views of the blocks of rows that belong to one gate in the packed weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...core.errors import GraphError, shown
from ...core.node import Node

if TYPE_CHECKING:
    from .cell import Cell


class Gate:
    """One gate of a cell; it has an attribute for each packed weight that the gate has a block in.

    ``gate.weight_ih`` is a node of shape (H, I); a bias that the cell was built without is None.

    Example:
        >>> import tinygraph as tg
        >>> lstm = tg.cells.LSTM(3, 4, rng=0)
        >>> lstm.gate("f").weight_ih.shape, lstm.gate("f").bias_hh.shape
        ((4, 3), (4,))
    """

    def __init__(self, cell: Cell, name: str) -> None:
        self._cell, self._name = cell, name
        self._blocks = {weight: names.index(name) for weight, names in cell.gates.items() if name in names}
        if not self._blocks:
            known = ", ".join(dict.fromkeys(gate for names in cell.gates.values() for gate in names)) or "no gates"
            raise GraphError(f"{type(cell).__name__} has no gate {shown(name)}", expected=known, got=shown(name))

    def __getattr__(self, weight: str) -> Node | None:
        if weight.startswith("_") or weight not in self._blocks:
            raise AttributeError(f"gate {self._name!r} has no {weight}; it has {', '.join(self._blocks)}")
        packed: Any = getattr(self._cell, weight)
        if packed is None:
            return None
        rows = packed.shape[0] // len(self._cell.gates[weight])
        return packed[self._blocks[weight] * rows : (self._blocks[weight] + 1) * rows]
