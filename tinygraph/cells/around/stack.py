"""Cells on top of each other: the outputs of one are the inputs of the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ...core.errors import GraphError
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
    """Layers: y_t of one cell is x_t of the next, with dropout in between (Zaremba et al. 2014, 1409.2329).

    `unroll` drives one layer after the other, so that each one's products with its inputs are one for all steps.

    Args:
        cells: any cells, `Bidirectional` ones too. State: a tuple of theirs.
        dropout: the share of units that is set to 0 between two layers in training; the others grow by
            1 / (1 - dropout). See `Module.eval`. The attribute may be set at any time, and the next drawing, of a
            compiled function too, goes by it; but 0 draws nothing: a function compiled with it is to be compiled anew
            for another rate.
        variational: whether one call of `unroll` uses one mask for all its steps (Gal and Ghahramani 2016,
            1512.05287), instead of one a step.
        rng: a seed or a numpy Generator that draws.

    Raises:
        GraphError: no list of cells, none in it, a cell whose input_size is not the output_size of the one below, a
            dropout that is no number from 0 to below 1.

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
        self.dropout, self.variational = dropout, variational
        rngs = generator("Stack", rng).spawn(len(self.cells) - 1)
        self._masks = [Mask(self, k, one) for k, one in enumerate(rngs)]

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
        """Layers of one kind of cell, as ``torch.nn.LSTM(input_size, hidden_size, num_layers)`` has them.

        Args:
            kind: a class of cells; called with ``(I of the layer, hidden_size, rng=, **options)``, for two directions
                twice a layer.
            num_layers, bidirectional: how many, and whether each goes both ways and concatenates.
            dropout, variational, rng: as for `Stack`; rng fills the weights, too.

        Raises:
            GraphError: num_layers below 1, a kind that makes no cells or does not know an option.

        Example:
            >>> import tinygraph as tg
            >>> layers = tg.cells.Stack.of(tg.cells.LSTM, 3, 4, num_layers=2, bidirectional=True, rng=0)
            >>> layers.cells[1].input_size, list(layers.parameters())[-1]
            (8, 'cells.1.backward.bias_hh')
        """
        rng, cells, size = generator("Stack", rng), [], input_size
        for _ in range(whole("Stack", "num_layers", num_layers)):
            pair = [_made(kind, size, hidden_size, rng, options) for _ in range(2 if bidirectional else 1)]
            cells.append(Bidirectional(*pair) if bidirectional else pair[0])
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
        """Of each mask: the share that stays, by how much it grows, and 1."""
        keep = 1 - self.dropout
        return keep, 1 / keep, 1.0

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
            raise GraphError(
                "Stack: a state is needed for each cell",
                expected=f"{len(self.cells)} states",
                got=f"shapes {[s.shape for s in leaves(state)]}",
            )
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
        if isinstance(form(y), str):
            raise GraphError(f"Stack: dropout wants one array from cell {k - 1}", got=form(y), fix="dropout=0")
        shape = y.shape[1:] if time and self.variational else y.shape
        return y * noise(self._masks[k - 1], shape, y.dtype, once=self.variational)


def _made(kind: Any, input_size: int, hidden_size: int, rng: Any, options: dict[str, Any]) -> Any:
    """A cell of the kind."""
    if isinstance(kind, Module) or not callable(kind):
        raise GraphError(
            "Stack.of: kind makes the cells, each its own",
            expected="a class of cells",
            got=f"{kind!r}"[:80],
            fix="tg.cells.LSTM, say",
        )
    try:
        return kind(input_size, hidden_size, rng=rng, **options)
    except TypeError as error:
        raise GraphError(
            f"Stack.of: {error}",
            expected=f"options of {getattr(kind, '__name__', kind)}",
            got=", ".join(f"{name}={value!r}" for name, value in options.items()),
            fix="batch_first is axis=1 of tg.Recurrent" if "batch_first" in options else "",
        ) from error


def _checked(cells: Any) -> list[Any]:
    """The cells, each of which takes what the one below gives."""
    if isinstance(cells, str) or not isinstance(cells, Iterable):
        raise GraphError("Stack: the cells come in a list", expected="[cell, ...]", got=f"{cells!r}"[:80])
    cells = [as_cell(f"Stack: cell {k}", cell) for k, cell in enumerate(cells)]
    if not cells:
        raise GraphError("Stack: there is no cell", expected="one or more")
    for k, (below, above) in enumerate(pairwise(cells)):
        given, taken = getattr(below, "output_size", None), getattr(above, "input_size", None)
        if None not in (given, taken) and given != taken:
            raise GraphError(
                f"Stack: cell {k + 1} does not take what cell {k} gives",
                expected=f"input_size={given}",
                got=f"input_size={taken}",
            )
    return cells
