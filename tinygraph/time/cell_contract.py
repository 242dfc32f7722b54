"""Checks that an argument can be called as a cell, or with a given number of arguments."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from ..core.errors import GraphError, shown

Step = Callable[[Any, Any], tuple[Any, Any]]
"""One time step, ``(x_t, state) -> (y_t, new_state)``: a cell, or a plain function in its place."""


class Layer:
    """Base class of what is called with whole sequences and drives a cell itself; it cannot stand for a cell."""


def as_cell(owner: str, cell: Any) -> Any:
    """Returns ``cell``, an argument of ``owner``.

    Raises:
        GraphError: it is a class, a layer, or not callable with ``(x_t, state)``.
    """
    if isinstance(cell, Layer):
        fix = "call the layer with the sequences, or pass its .cell"
        raise GraphError(f"{owner}: a layer is not a cell", expected="a cell", got="a layer", fix=fix)
    if isinstance(cell, type) or not takes(cell, 2):
        name = cell.__name__ if isinstance(cell, type) else "tg.cells.GRU"
        raise GraphError(
            f"{owner}: the argument is not a cell",
            expected="a function or an object called with (x_t, state)",
            got=shown(cell, 80),
            fix=f"{name}(input_size, hidden_size), for example",
        )
    return cell


def takes(fn: Any, count: int) -> bool:
    """Whether ``fn`` can be called with ``count`` positional arguments, as far as its signature is known."""
    if not callable(fn):
        return False
    try:
        signature(fn).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # a builtin without a signature
        return True
    return True
