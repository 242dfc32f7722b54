"""A cell with parameters: what all recurrent cells share, and what a user's own cell starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...core.leaves import Parameter
from ...time.noise import generator
from .gates import Gate
from .initial import Initialiser, Shape, filled
from .module import Module
from .sizes import floating, whole


class Cell(Module):
    """One time step with parameters: called with ``(x_t, state)`` it gives ``(y_t, new_state)``.

    Subclass it, make the weights in ``__init__`` with `weight`, write the equations as ``__call__``.

    Args:
        input_size: I, of x_t, shape (B, I) or (I,).
        hidden_size: H, of the state, shape (B, H) or (H,); of two states a tuple of such.
        rng: a seed or a numpy Generator that fills the weights; None takes another seed each time.
        dtype: of the weights and of the initial state.

    Attributes:
        output_size: of y_t; H unless a subclass sets it.
        states: how many arrays the state is: of 1 it is that array, of more a tuple.
        gates: of each packed weight the names of its blocks of H rows, in their order.

    Raises:
        GraphError: a size below 1, a dtype that is not floating, an rng that is neither seed nor generator.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> class Leaky(tg.cells.Cell):
        ...     def __init__(self, input_size, hidden_size, leak=0.5, **options):
        ...         super().__init__(input_size, hidden_size, **options)
        ...         self.leak = leak
        ...         self.weight_ih = self.weight(hidden_size, input_size)
        ...         self.weight_hh = self.weight(hidden_size, hidden_size, init="orthogonal")
        ...     def __call__(self, x, h):
        ...         h = (1 - self.leak) * h + self.leak * tg.tanh(x @ self.weight_ih.T + h @ self.weight_hh.T)
        ...         return h, h
        >>> cell = Leaky(3, 4, rng=0)
        >>> outputs, h = tg.unroll(cell, np.ones((5, 2, 3), np.float32), cell.initial_state(2))
        >>> outputs.shape, list(cell.parameters())
        ((5, 2, 4), ['weight_ih', 'weight_hh'])
    """

    states: int = 1
    gates: Mapping[str, tuple[str, ...]] = {}

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        rng: int | np.random.Generator | None = None,
        dtype: Any = np.float32,
    ) -> None:
        kind = type(self).__name__
        self.input_size = whole(kind, "input_size", input_size)
        self.hidden_size = self.output_size = whole(kind, "hidden_size", hidden_size)
        self.dtype, self.rng = floating(kind, dtype), generator(kind, rng)

    def __call__(self, x: Any, state: Any) -> tuple[Any, Any]:
        """One step: x_t (B, I) and the state before it to the output y_t and the state after it."""
        raise GraphError(f"{type(self).__name__} has no step", fix="define __call__(self, x, state)")

    def weight(self, *shape: int, init: str | float | Initialiser = "xavier_uniform") -> Parameter:
        """A new parameter of this shape, filled by the cell's generator; its name is the attribute it is kept in.

        Args:
            shape: its sizes, G * H first.
            init: a name of `initial.NAMED`, a number, or a function (rng, shape) -> array.
        """
        return Parameter(filled(init, self.rng, shape, self.dtype), None)

    def bias(self, size: int, wanted: bool = True, init: str | float | Initialiser = "zeros") -> Parameter | None:
        """A new parameter of one axis, or None where no bias is wanted."""
        return self.weight(size, init=init) if wanted else None

    def initial_state(self, batch_size: int | None = None) -> Any:
        """Zeros of shape (batch_size, H), or (H,) for None; of a cell with several states a tuple of these."""
        if batch_size is not None:
            batch_size = whole(type(self).__name__, "batch_size", batch_size, least=0)
        zeros = tuple(np.zeros(self._state_shape(batch_size, i), self.dtype) for i in range(self.states))
        return zeros if self.states > 1 else zeros[0]

    def _state_shape(self, batch_size: int | None, i: int) -> Shape:
        """Of the i-th state; cells whose states differ in size say so here."""
        return (self.hidden_size,) if batch_size is None else (batch_size, self.hidden_size)

    def gate(self, name: str) -> Gate:
        """The blocks of one gate in the packed weights: ``lstm.gate("f").weight_ih``, shape (H, I).

        Raises:
            GraphError: the cell has no such gate.
        """
        return Gate(self, name)
