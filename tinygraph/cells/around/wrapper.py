"""Cells that wrap a cell: a residual connection around it, layer normalisation of its outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...core.leaves import Parameter
from ...core.node import Node
from ...time.cell_contract import as_cell
from ..base.module import Module
from ..base.sizes import finite, floating, whole
from ..layernorm_lstm import normed


class Wrapper(Module):
    """A cell that wraps another: it has the same state and sizes, and its `after` transforms the outputs.

    Args:
        cell: any ``(x_t, state) -> (y_t, new_state)``, also a function.

    Raises:
        GraphError: the argument is no cell.

    Example:
        See `Residual`.
    """

    def __init__(self, cell: Any) -> None:
        self.cell = as_cell(type(self).__name__, cell)

    def __getattr__(self, name: str) -> Any:
        if name in ("input_size", "hidden_size", "output_size", "dtype"):
            return getattr(self.cell, name)
        return object.__getattribute__(self, name)  # raises what it raised before this was called

    def initial_state(self, batch_size: int | None = None) -> Any:
        """The cell's initial state; None for a cell without one."""
        return first_state(self.cell, batch_size)

    def after(self, x: Any, y: Any) -> Any:
        """Maps the input (..., I) and the cell's output (..., H), of one step or all steps, to the wrapper's output."""
        return y

    def __call__(self, x: Any, state: Any) -> tuple[Any, Any]:
        y, state = self.cell(x, state)
        return self.after(x, y), state

    def over_time(self, drive: Any, xs: Any, state: Any) -> tuple[Any, Any]:
        """All steps: the cell over time, then `after` once for all outputs."""
        ys, state = drive(self.cell, xs, state)
        return self.after(xs, ys), state


class Residual(Wrapper):
    """A residual connection around the cell (He et al. 2016, 1512.03385; for LSTM layers Wu et al. 2016, 1609.08144)::

        y'_t = x_t + y_t

    Args:
        cell: a cell whose outputs have the shape of its inputs, I = H. State: the cell's.

    Raises:
        GraphError: in a call, if the shapes of x_t and y_t differ.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.Residual(tg.cells.GRU(4, 4, rng=0))
        >>> outputs, h = tg.unroll(cell, np.ones((3, 2, 4), np.float32))
        >>> outputs.shape, h.shape, list(cell.parameters())[0]
        ((3, 2, 4), (2, 4), 'cell.weight_ih')
    """

    def after(self, x: Any, y: Any) -> Node:
        require_same_shape("Residual: input and output of the cell", x, y, "a cell with hidden_size = input_size")
        return x + y


class LayerNorm(Wrapper):
    """Layer normalisation of the cell's outputs (Ba, Kiros and Hinton 2016, 1607.06450)::

        y'_t = weight * (y_t - mean) / sqrt(variance + epsilon) + bias        over the H units of each sequence

    The state stays as it is; `LayerNormLSTM` normalises inside the step. Parameters: weight (H,), bias (H,), and the
    cell's.

    Args:
        cell: any cell with an output y_t (B, H). State: the cell's.
        output_size: H; None for the cell's output_size.
        epsilon: added to the variance.
        dtype: the dtype of weight and bias; None for the cell's.

    Raises:
        GraphError: neither the cell nor output_size tells H; in a call, if the cell's output has another size.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.LayerNorm(tg.cells.GRU(3, 4, rng=0))
        >>> outputs, h = tg.unroll(cell, np.ones((3, 2, 3), np.float32))
        >>> bool(np.abs(outputs.value.mean(-1)).max() < 1e-6)
        True
    """

    weight: Parameter
    bias: Parameter

    def __init__(self, cell: Any, output_size: int | None = None, epsilon: float = 1e-5, dtype: Any = None) -> None:
        super().__init__(cell)
        size = getattr(cell, "output_size", None) if output_size is None else output_size
        if size is None:
            raise GraphError("LayerNorm: the size of the cell's output is not known", fix="pass output_size")
        size = whole("LayerNorm", "output_size", size)
        dtype = floating("LayerNorm", getattr(cell, "dtype", np.float32) if dtype is None else dtype)
        self.weight, self.bias = Parameter(np.ones(size, dtype), None), Parameter(np.zeros(size, dtype), None)
        self.epsilon = finite("LayerNorm", "epsilon", epsilon, 0)

    def after(self, x: Any, y: Any) -> Node:
        if form(y)[-1:] != self.weight.shape:
            expected = f"(..., {self.weight.size})"
            raise GraphError("LayerNorm: the cell's output has another size", expected=expected, got=str(form(y)))
        return normed(y, self.weight, self.bias, self.epsilon)


def form(y: Any) -> Any:
    """The shape of an array or node; for anything else, such as a tuple, the name of its type."""
    return getattr(y, "shape", type(y).__name__)


def require_same_shape(what: str, x: Any, y: Any, fix: str) -> None:
    """Raises an error unless x and y are arrays of one shape; numpy would broadcast different shapes silently."""
    if form(x) != form(y) or isinstance(form(x), str):
        raise GraphError(f"{what} are not two arrays of one shape", got=f"{form(x)} and {form(y)}", fix=fix)


def first_state(cell: Any, batch_size: int | None) -> Any:
    """The cell's initial state; None for a function."""
    initial_state = getattr(cell, "initial_state", None)
    return initial_state and initial_state(batch_size)
