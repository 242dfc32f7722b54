"""What cells are built from: whole numbers of units, layers and sequences, and the dtype of their weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.errors import GraphError


def whole(owner: str, name: str, number: Any, least: int = 1) -> int:
    """The number.

    Raises:
        GraphError: it is no integer from ``least``.
    """
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < least:
        raise GraphError(f"{owner}: {name} is a whole number", expected=f"an integer from {least}", got=repr(number))
    return int(number)


def floating(owner: str, dtype: Any) -> np.dtype:
    """The dtype.

    Raises:
        GraphError: its numbers are not real floating-point ones, which alone can be trained.
    """
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or found.kind != "f":
        raise GraphError(f"{owner}: the dtype of weights", expected="float32, float64 or float16", got=repr(dtype))
    return found
