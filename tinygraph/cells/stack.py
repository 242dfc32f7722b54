"""Cells on top of each other: the outputs of one are the inputs of the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.scope import scope
from ..core.structure import leaves
from ..core.traced import Traced
from ..noise import noise
from .bidirectional import Bidirectional
from .masks import Mask, checked_rate
from .module import Module
from .wrapper import first_state


class Stack(Module):
    """Layers: y_t of one cell is x_t of the next, with dropout in between (Zaremba et al. 2014, 1409.2329).

    `unroll` drives one layer after the other, so that each one's products with its inputs are one for all steps.

    Args:
        cells: any cells, `Bidirectional` ones too. State: a tuple of theirs.
        dropout: the share of units that is set to 0 between two layers in training; the others grow by
            1 / (1 - dropout). See `Module.eval`.
        variational: whether one call of `unroll` uses one mask for all its steps (Gal and Ghahramani 2016,
            1512.05287), instead of one a step.
        rng: a seed or a numpy Generator that draws.

    Raises:
        GraphError: no cell, a cell whose input_size is not the output_size of the one below, a dropout that is no
            number from 0 to below 1.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> two = tg.cells.Stack([tg.cells.GRU(3, 4, rng=0), tg.cells.LSTM(4, 5, rng=1)], dropout=0.5, rng=2)
        >>> outputs, (h0, (h1, c1)) = tg.unroll(two, np.ones((6, 2, 3), np.float32))
        >>> outputs.shape, h0.shape, c1.shape
        ((6, 2, 5), (2, 4), (2, 5))
    """

    def __init__(self, cells: Sequence[Any], dropout: float = 0.0, variational: bool = False,
                 rng: int | np.random.Generator | None = None) -> None:  # fmt: skip
        self.cells = list(cells)
        _check(self.cells)
        self.dropout, self.variational = checked_rate("Stack", dropout), variational
        rngs = np.random.default_rng(rng).spawn(len(self.cells) - 1)
        keep = 1 - self.dropout
        self._masks = [Mask(self, keep, 1 / keep, one, otherwise=1.0) for one in rngs]

    @classmethod
    def of(cls, kind: Callable[..., Any], input_size: int, hidden_size: int, num_layers: int = 1, *,
           bidirectional: bool = False, dropout: float = 0.0, variational: bool = False,
           rng: int | np.random.Generator | None = None, **options: Any) -> Stack:  # fmt: skip
        """Layers of one kind of cell, as ``torch.nn.LSTM(input_size, hidden_size, num_layers)`` has them.

        Args:
            kind: called with ``(I of the layer, hidden_size, rng=, **options)``, for two directions twice a layer.
            num_layers, bidirectional: how many, and whether each goes both ways and concatenates.
            dropout, variational, rng: as for `Stack`; rng fills the weights, too.

        Example:
            >>> import tinygraph as tg
            >>> layers = tg.cells.Stack.of(tg.cells.LSTM, 3, 4, num_layers=2, bidirectional=True, rng=0)
            >>> layers.cells[1].input_size, list(layers.parameters())[-1]
            (8, 'cells.1.backward.bias_hh')
        """
        if isinstance(num_layers, bool) or not isinstance(num_layers, int) or num_layers < 1:
            raise GraphError("Stack: num_layers is a number of cells", expected="an integer from 1",
                             got=repr(num_layers))  # fmt: skip
        rng, cells, size = np.random.default_rng(rng), [], input_size
        for _ in range(num_layers):
            pair = [kind(size, hidden_size, rng=rng, **options) for _ in range(1 + bidirectional)]
            cells.append(Bidirectional(*pair) if bidirectional else pair[0])
            size = cells[-1].output_size
        return cls(cells, dropout, variational, rng)

    @property
    def input_size(self) -> int:
        """I, of the lowest cell."""
        return self.cells[0].input_size

    @property
    def output_size(self) -> int:
        """Of y_t, of the highest cell."""
        return self.cells[-1].output_size

    @property
    def dtype(self) -> Any:
        return self.cells[0].dtype

    def initial_state(self, batch_size: int | None = None) -> tuple[Any, ...]:
        """Those of the cells."""
        return tuple(first_state(cell, batch_size) for cell in self.cells)

    def __call__(self, x: Any, state: Any) -> tuple[Any, tuple[Any, ...]]:
        return self._through(lambda cell, y, s: cell(y, s), x, state, time=False)

    def over_time(self, drive: Any, xs: Any, state: Any) -> tuple[Any, tuple[Any, ...]]:
        """Layer by layer over all steps."""
        return self._through(drive, xs, state, time=True)

    def _through(self, apply: Callable[..., Any], y: Any, state: Any, time: bool) -> tuple[Any, tuple[Any, ...]]:
        if not isinstance(state, (tuple, list)) or len(state) != len(self.cells):
            raise GraphError("Stack: a state is needed for each cell", expected=f"{len(self.cells)} states",
                             got=f"shapes {[s.shape for s in leaves(state)]}")  # fmt: skip
        states = []
        for k, (cell, s) in enumerate(zip(self.cells, state, strict=True)):
            with scope(f"layer{k}"):
                y, s = apply(cell, self._dropped(k, y, time) if k else y, s)
            states.append(s)
        return y, tuple(states)

    def _dropped(self, k: int, y: Any, time: bool) -> Any:
        """The outputs of layer k - 1 as layer k sees them; ``time``: whether of all steps at once."""
        if not self.dropout or not (self.training or isinstance(y, Traced)):
            return y
        shape = y.shape[1:] if time and self.variational else y.shape
        return y * noise(self._masks[k - 1], shape, y.dtype, once=self.variational)


def _check(cells: list[Any]) -> None:
    if not cells:
        raise GraphError("Stack: there is no cell", expected="one or more")
    for k, (below, above) in enumerate(pairwise(cells)):
        given, taken = getattr(below, "output_size", None), getattr(above, "input_size", None)
        if None not in (given, taken) and given != taken:
            raise GraphError(f"Stack: cell {k + 1} does not take what cell {k} gives", expected=f"input_size={given}",
                             got=f"input_size={taken}")  # fmt: skip
