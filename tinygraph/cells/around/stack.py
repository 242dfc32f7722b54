"""Stacked cells: the outputs of one layer are the inputs of the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ...core.checks import flag
from ...core.errors import GraphError, shown
from ...core.scope import scope
from ...core.structure import leaves
from ...core.traced import Traced
from ...time.cell_contract import as_cell
from ...time.noise import generator, noise
from ..base.masks import Mask, checked_rate
from ..base.module import Module
from ..base.sizes import whole
from .bidirectional import Bidirectional
from .wrapper import first_state, form


class Stack(Module):
    """Layers of cells: y_t of one is x_t of the next, with dropout in between (Zaremba et al. 2014, 1409.2329).

    `unroll` runs one layer after the other, so that a layer multiplies the inputs of all steps in one product.

    Args:
        cells: any cells, also `Bidirectional` ones. State: the tuple of their states.
        dropout: the share of units that is set to 0 between two layers in training; the other units are scaled by
            1 / (1 - dropout). See `Module.eval`. The attribute may be set at any time, also for a compiled function.
            With rate 0 no mask is drawn at all: a function that was compiled with 0 has to be compiled again.
        variational: whether one call of `unroll` uses the same mask at all steps (Gal and Ghahramani 2016,
            1512.05287), instead of a new mask at each step.
        rng: a seed or a numpy Generator, which draws the masks.

    Raises:
        GraphError: cells is no list of cells, or empty; a cell's input_size is not the output_size of the one below;
            dropout is not a number in [0, 1).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> two = tg.cells.Stack([tg.cells.GRU(3, 4, rng=0), tg.cells.LSTM(4, 5, rng=1)], dropout=0.5, rng=2)
        >>> outputs, (h0, (h1, c1)) = tg.unroll(two, np.ones((6, 2, 3), np.float32))
        >>> outputs.shape, h0.shape, c1.shape
        ((6, 2, 5), (2, 4), (2, 5))
    """

    def __init__(
        self,
        cells: Sequence[Any],
        dropout: float = 0.0,
        variational: bool = False,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        self.cells = _checked(cells)
        self.dropout, self.variational = dropout, flag("Stack", "variational", variational)
        rngs = generator("Stack", rng).spawn(len(self.cells) - 1)
        self._masks = [Mask(self, k, mask_rng) for k, mask_rng in enumerate(rngs)]

    @classmethod
    def of(
        cls,
        kind: Callable[..., Any],
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        bidirectional: bool = False,
        dropout: float = 0.0,
        variational: bool = False,
        rng: int | np.random.Generator | None = None,
        **options: Any,
    ) -> Stack:
        """Layers of one class of cells, like ``torch.nn.LSTM(input_size, hidden_size, num_layers)``.

        Args:
            kind: the class; it is called with ``(I of the layer, hidden_size, rng=, **options)``, twice for each
                layer if there are two directions.
            num_layers, bidirectional: the number of layers, and whether each runs in both directions and concatenates.
            dropout, variational, rng: as for `Stack`; rng initialises the weights, too.

        Raises:
            GraphError: num_layers is below 1, or kind is not a class of cells or does not know an option.

        Example:
            >>> import tinygraph as tg
            >>> layers = tg.cells.Stack.of(tg.cells.LSTM, 3, 4, num_layers=2, bidirectional=True, rng=0)
            >>> layers.cells[1].input_size, list(layers.parameters())[-1]
            (8, 'cells.1.backward.bias_hh')
        """
        rng, cells, size = generator("Stack", rng), [], input_size
        both = flag("Stack", "bidirectional", bidirectional)
        for _ in range(whole("Stack", "num_layers", num_layers)):
            pair = [_built(kind, size, hidden_size, rng, options) for _ in range(1 + both)]
            cells.append(Bidirectional(*pair) if both else pair[0])
            size = getattr(cells[-1], "output_size", hidden_size)
        return cls(cells, dropout, variational, rng)

    @property
    def dropout(self) -> float:
        """The share of units that is dropped between two layers."""
        return self._dropout

    @dropout.setter
    def dropout(self, dropout: float) -> None:
        self._dropout = checked_rate("Stack", dropout)

    def odds(self, place: int) -> tuple[float, float, float]:
        """For each mask: the share of units kept, the factor of a kept unit, and the factor in evaluation, 1."""
        keep = 1 - self.dropout
        return keep, 1 / keep, 1.0

    @property
    def input_size(self) -> int:
        """I, of the lowest cell."""
        return self.cells[0].input_size

    @property
    def output_size(self) -> int:
        """The size of y_t, of the highest cell."""
        return self.cells[-1].output_size

    @property
    def dtype(self) -> Any:
        return self.cells[0].dtype

    def initial_state(self, batch_size: int | None = None) -> tuple[Any, ...]:
        """The tuple of the cells' initial states."""
        return tuple(first_state(cell, batch_size) for cell in self.cells)

    def __call__(self, x: Any, state: Any) -> tuple[Any, tuple[Any, ...]]:
        return self._through(lambda cell, y, s: cell(y, s), x, state, time=False)

    def over_time(self, drive: Any, xs: Any, state: Any) -> tuple[Any, tuple[Any, ...]]:
        """All steps, layer by layer."""
        return self._through(drive, xs, state, time=True)

    def _through(self, apply: Callable[..., Any], y: Any, state: Any, time: bool) -> tuple[Any, tuple[Any, ...]]:
        if not isinstance(state, (tuple, list)) or len(state) != len(self.cells):
            shapes = [s.shape for s in leaves(state)]
            expected = f"{len(self.cells)} states"
            raise GraphError("Stack: a state is needed for each cell", expected=expected, got=f"shapes {shapes}")
        states = []
        for k, (cell, s) in enumerate(zip(self.cells, state, strict=True)):
            with scope(f"layer{k}"):
                y, s = apply(cell, self._dropped(k, y, time) if k else y, s)
            states.append(s)
        return y, tuple(states)

    def _dropped(self, k: int, y: Any, time: bool) -> Any:
        """The inputs of layer k: the outputs of layer k - 1 after dropout. ``time``: whether y has an axis T."""
        if not self.dropout or not (self.training or isinstance(y, Traced)):
            return y
        if isinstance(form(y), str):
            raise GraphError(f"Stack: dropout needs one array from cell {k - 1}", got=form(y), fix="set dropout=0")
        shape = y.shape[1:] if time and self.variational else y.shape
        return y * noise(self._masks[k - 1], shape, y.dtype, once=self.variational)


def _built(cls: Any, input_size: int, hidden_size: int, rng: Any, options: dict[str, Any]) -> Any:
    """A new cell of the class."""
    if isinstance(cls, Module) or not callable(cls):
        problem = "Stack.of: kind makes the cells, so it is a class"
        raise GraphError(problem, expected="a class of cells, such as tg.cells.LSTM", got=shown(cls, 80))
    try:
        return cls(input_size, hidden_size, rng=rng, **options)
    except TypeError as error:
        raise GraphError(
            f"Stack.of: {error}",
            expected=f"options of {getattr(cls, '__name__', cls)}",
            got=", ".join(f"{name}={shown(value)}" for name, value in options.items()),
            fix="batch_first is axis=1 of tg.Recurrent" if "batch_first" in options else "",
        ) from error


def _checked(cells: Any) -> list[Any]:
    """The cells as a list; the output size of each has to be the input size of the next."""
    if isinstance(cells, str) or not isinstance(cells, Iterable):
        raise GraphError("Stack: the cells come in a list", expected="[cell, ...]", got=shown(cells, 80))
    cells = [as_cell(f"Stack: cell {k}", cell) for k, cell in enumerate(cells)]
    if not cells:
        raise GraphError("Stack: there is no cell", expected="one or more")
    for k, (below, above) in enumerate(pairwise(cells)):
        output, size = getattr(below, "output_size", None), getattr(above, "input_size", None)
        if None not in (output, size) and output != size:
            problem = f"Stack: cell {k + 1} does not take what cell {k} gives"
            raise GraphError(problem, expected=f"input_size={output}", got=f"input_size={size}")
    return cells
