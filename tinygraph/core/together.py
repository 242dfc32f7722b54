"""Attributes of many objects set in one stroke: Ctrl-C comes before it or after it, never between."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import starmap
from typing import TYPE_CHECKING, Any

from .errors import GraphError, users_line
from .scope import next_serial, now

if TYPE_CHECKING:
    import numpy as np

    from .leaves import Parameter

Change = tuple[Any, str, Any]
"""An object, the name of one of its attributes, and the new value."""


def set_together(changes: Iterable[Change]) -> None:
    """Sets all attributes or none, also if a signal comes or another thread looks on.

    Python runs the handlers of signals between its own instructions only, and these loops run within one.
    """
    deque(starmap(object.__setattr__, list(changes)), maxlen=0)


def new_values(pairs: Iterable[tuple[Parameter, np.ndarray]]) -> list[Change]:
    """The changes that give parameters new values: arrays that fit and that nobody else has, so they are not copied."""
    if now.tracing:
        problem = "the values of parameters were set while a function is compiled"
        raise GraphError(problem, got=users_line(), fix="return the new values, and set them after the call")
    changes: list[Change] = []
    for p, array in pairs:
        changes += (p, "_value", array), (p, "changed", next_serial())
    return changes
