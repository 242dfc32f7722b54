"""The base class of all recurrent cells, which a user's own cell can derive from, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...core import habits
from ...core.checks import flag
from ...core.errors import GraphError, OptionError, shown
from ...core.leaves import Parameter
from ...core.options import option, options_of
from ...time.noise import generator
from .gates import Gate
from .initial import Initialiser, filled
from .module import Module
from .sizes import floating, whole


class Cell(Module):
    """One time step with parameters: a call with ``(x_t, state)`` returns ``(y_t, new_state)``.

    Subclass it, create the weights in ``__init__`` with `weight`, and write the equations in ``__call__``.

    Args:
        input_size: I, the size of x_t, which has shape (B, I) or (I,).
        hidden_size: H, the size of the state, which has shape (B, H) or (H,); several states are a tuple of arrays.
        rng: a seed or a numpy Generator, which draws the initial weights; with None each cell gets a new seed.
        dtype: the dtype of the weights and of the initial state.

    Attributes:
        output_size: the size of y_t; H unless a subclass sets it.
        states: the number of arrays in the state: one array is the state itself, several are a tuple.
        gates: maps the name of each packed weight to the names of its blocks of H rows, in order.

    Raises:
        GraphError: a size is below 1, the dtype is not floating, or rng is neither a seed nor a generator.

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
        **unknown: Any,
    ) -> None:
        name = type(self).__name__
        if unknown:
            own = options_of(type(self))
            problem = f"{name} has no option {', '.join(unknown)}"
            raise OptionError(problem, expected=", ".join(own), fix=option(unknown, own))
        self.input_size = whole(name, "input_size", input_size)
        self.hidden_size = self.output_size = whole(name, "hidden_size", hidden_size)
        self.dtype, self.rng = floating(name, dtype), generator(name, rng)

    def __call__(self, x: Any, state: Any) -> tuple[Any, Any]:
        """One step: maps x_t (B, I) and the state before the step to the output y_t and the state after it."""
        forward = ", which is your forward by another name" if hasattr(type(self), "forward") else ""
        raise GraphError(f"{type(self).__name__} has no step", fix=f"define __call__(self, x, state){forward}")

    def weight(self, *shape: int, init: str | float | Initialiser = "xavier_uniform") -> Parameter:
        """Returns a new parameter, initialised by the cell's generator; the attribute that holds it names it.

        Args:
            shape: the sizes of its axes, G * H first.
            init: a name of `initial.NAMED`, a number, or a function (rng, shape) -> array.
        """
        return Parameter(filled(init, self.rng, shape, self.dtype), None)

    def bias(
        self, size: int, wanted: bool = True, init: str | float | Initialiser = "zeros", name: str = "bias"
    ) -> Parameter | None:
        """Returns a new parameter of shape (size,), or None if ``wanted``, the option ``name``, is False."""
        owner = type(self).__name__
        if type(wanted) is int and wanted > 1:  # as in torch.nn.LSTM(3, 4, 2)
            raise GraphError(f"{owner}: {name} is yes or no", got=shown(wanted), fix=habits.OPTIONS["num_layers"])
        return self.weight(size, init=init) if flag(owner, name, wanted) else None

    def initial_state(self, batch_size: int | None = None) -> Any:
        """Returns zeros of shape (batch_size, H), or (H,) for None; with several states a tuple of such arrays."""
        if batch_size is not None:
            batch_size = whole(type(self).__name__, "batch_size", batch_size, least=0)
        batch = () if batch_size is None else (batch_size,)
        zeros = tuple(np.zeros((*batch, self._state_size(i)), self.dtype) for i in range(self.states))
        return zeros if self.states > 1 else zeros[0]

    def _state_size(self, i: int) -> int:
        """The size of the i-th state; a cell whose states differ in size overrides it."""
        return self.hidden_size

    def gate(self, name: str) -> Gate:
        """Returns the blocks of one gate in the packed weights: ``lstm.gate("f").weight_ih`` has shape (H, I).

        Raises:
            GraphError: the cell has no such gate.
        """
        return Gate(self, name)
