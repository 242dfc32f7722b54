"""Checks that an argument can be called as a cell, or with a given number of arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import signature
from typing import Any

from ..core.errors import GraphError, line_of, shown
from ..core.scope import now
from ..core.structure import misfit, ordered_as

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
        fix = f"{name}(input_size, hidden_size), for example"
        if not isinstance(cell, type) and takes(cell, 1):
            fix = "def cell(x, state): ...; return y, state, and tg.unroll(cell, xs, first_state)"
        expected = "a function or an object called with (x_t, state)"
        raise GraphError(f"{owner}: the argument is not a cell", expected=expected, got=shown(cell, 80), fix=fix)
    return cell


_OF_NONE = ("NoneType", "does not have enough dimensions (has 0")
"""What Python and numpy say of None, ``h * 0.5`` and ``h @ W``."""


@contextmanager
def state_none(state: Any) -> Iterator[None]:
    """Around the first step of a cell: who forgot the state is told so, where the cell stumbles over None."""
    try:
        yield
    except Exception as error:
        if state is not None:
            raise
        fix = "tg.unroll(cell, xs, state): arrays, the state before the first step, such as np.zeros((B, H))"
        if any(word in str(error) for word in _OF_NONE) and not isinstance(error, GraphError):
            problem = "unroll: the cell got the state None, as no state was passed and it has no initial_state"
            raise GraphError(problem, got=f"{error}; {line_of(error)}", fix=fix) from error
        error.add_note(f"unroll: no state was passed, so the cell got None; {fix}")
        raise


def returned(owner: str, result: Any, state: Any) -> tuple[Any, Any]:
    """What a cell returned, ``(y_t, new_state)``, with the new state's keys in the order of ``state``, the old one.

    Raises:
        GraphError: it is no pair, or the state has another structure than before.
    """
    if not isinstance(result, tuple) or len(result) != 2:
        problem, fix = f"{owner}: the cell{_at()} did not return a pair", "return h, h if the state is the output"
        raise GraphError(problem, expected="(y_t, new_state)", got=type(result).__name__, fix=fix)
    y, new = result
    try:
        new = ordered_as(new, state)
    except KeyError as error:
        problem = f"{owner}: the new state{_at()} has other keys than the old one"
        raise GraphError(problem, got=error.args[0], fix="return each part under its name") from None
    if wrong := misfit(new, state):
        problem = f"{owner}: the new state{_at()} has another structure than the old one"
        raise GraphError(problem, got=wrong, fix="return y, state: first the output, then the state, nested as it came")
    return y, new


def _at() -> str:
    return "" if now.place[0] is None else f" at step {now.place[0]}"


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
