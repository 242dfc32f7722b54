"""A layer: a cell with the settings by which it is unrolled over sequences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.checks import flag
from ...time.arguments import check_settings
from ...time.cell_contract import Layer, as_cell
from ...time.unroll import unroll
from ..base.module import Module, attributes_of, name_parameters
from .wrapper import first_state


class Recurrent(Layer, Module):
    """A cell with the settings of its `unroll`: maps input sequences to all outputs and the last state.

    Its parameters keep the cell's own names, so that a state_dict of ``torch.nn.LSTM`` and the like can be loaded.

    Args:
        cell: any cell, also a wrapped one or a function.
        reverse, truncate, window, zero_output, axis: as for `unroll`.

    Raises:
        GraphError: the argument is no cell, or a setting has no valid value.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.Stack.of(tg.cells.LSTM, 3, 4, num_layers=2, bidirectional=True, rng=0)
        >>> layer = tg.Recurrent(cell, axis=1)
        >>> outputs, states = layer(np.ones((2, 5, 3), np.float32), lengths=[5, 3])
        >>> outputs.shape, len(states), list(layer.parameters())[0]
        ((2, 5, 8), 2, 'cells.0.forward.weight_ih')
    """

    cell: Any

    def __init__(
        self,
        cell: Any,
        *,
        reverse: bool = False,
        truncate: int | None = None,
        window: str = "chunk",
        zero_output: bool = True,
        axis: int = 0,
    ) -> None:
        check_settings("Recurrent", truncate, window, axis)
        reverse, zero_output = flag("Recurrent", "reverse", reverse), flag("Recurrent", "zero_output", zero_output)
        object.__setattr__(
            self, "cell", as_cell("Recurrent", cell)
        )  # Module's __setattr__ would rename the cell's parameters
        name_parameters(self._root())
        self.settings: dict[str, Any] = {"reverse": reverse, "truncate": truncate, "window": window}
        self.settings |= {"zero_output": zero_output, "axis": axis}

    def __call__(
        self,
        inputs: Any,
        state: Any = None,
        *,
        lengths: Any = None,
        mask: Any = None,
        reset: Any = None,
        reset_to: Any = None,
        feedback: Any = None,
    ) -> tuple[Any, Any]:
        """Unrolls the cell over inputs (T, B, ...): returns the outputs (T, B, ...) and the last state."""
        marks = {"lengths": lengths, "mask": mask, "reset": reset, "reset_to": reset_to}
        return unroll(self.cell, inputs, state, feedback=feedback, **marks, **self.settings)

    def _root(self) -> Mapping[str, Any]:
        return attributes_of(self.cell)

    def initial_state(self, batch_size: int | None = None) -> Any:
        """The cell's initial state; None for a function."""
        return first_state(self.cell, batch_size)
