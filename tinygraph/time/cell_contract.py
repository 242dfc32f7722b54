"""What may stand for a cell, or for another function of the user's: looked at when it is handed in."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from ..core.errors import GraphError

Step = Callable[[Any, Any], tuple[Any, Any]]
"""One time step, ``(x_t, state) -> (y_t, new_state)``: how a cell is called, and a plain function in its place."""


class Layer:
    """What is called with whole sequences and drives a cell itself; it cannot stand for a cell."""


def as_cell(owner: str, cell: Any) -> Any:
    """The cell, for ``owner``, which was given it.

    Raises:
        GraphError: it is a class, a layer, or nothing that can be called with ``(x_t, state)``.
    """
    if isinstance(cell, Layer):
        raise GraphError(
            f"{owner}: a layer drives its cell itself",
            expected="a cell",
            got="a layer",
            fix="call the layer with the sequences, or hand on its .cell",
        )
    if isinstance(cell, type) or not takes(cell, 2):
        name = cell.__name__ if isinstance(cell, type) else "tg.cells.GRU"
        raise GraphError(
            f"{owner}: this is no cell",
            expected="a function or an object called with (x_t, state)",
            got=f"{cell!r}"[:80],
            fix=f"{name}(input_size, hidden_size), say",
        )
    return cell


def takes(fn: Any, count: int) -> bool:
    """Whether ``fn`` can be called with so many arguments, as far as it tells."""
    try:
        signature(fn).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # a builtin that does not tell
        return True
    return True
