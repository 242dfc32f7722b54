"""Checks of sizes, of numbers and of the weights' dtype."""

from __future__ import annotations

from contextlib import suppress
from math import inf
from typing import Any

import numpy as np

from ...core.errors import UNFIT, GraphError, shown
from ...core.node import Node

LARGEST = 2**31 - 1
"""No axis of a weight is longer."""


def whole(owner: str, name: str, number: Any, least: int = 1) -> int:
    """Returns the number as an int.

    Raises:
        GraphError: it is not an integer, below ``least``, or above `LARGEST`.
    """
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or not least <= number <= LARGEST:
        raise GraphError(f"{owner}: {name} is a whole number", expected=f"an integer from {least}", got=shown(number))
    return int(number)


def finite(owner: str, name: str, number: Any, least: float = -inf) -> Any:
    """Returns the number as a float; an array of numbers, such as one for each unit, or a node as it is.

    Raises:
        GraphError: it is no real number, not finite, or below ``least``.
    """
    if isinstance(number, Node):
        return number
    array = np.asarray(number)
    if array.dtype.kind not in "fiu" or not (np.isfinite(array) & (array >= least)).all():
        expected = "a finite number" + ("" if least == -inf else f" from {least}")
        raise GraphError(f"{owner}: {name} is a number", expected=expected, got=shown(number))
    return number if array.ndim else float(array)


def floating(owner: str, dtype: Any) -> np.dtype:
    """Returns ``np.dtype(dtype)``.

    Raises:
        GraphError: it is not a real floating-point dtype; only such numbers can be trained.
    """
    with suppress(*UNFIT):
        if np.dtype(dtype).kind == "f":
            return np.dtype(dtype)
    problem, expected = f"{owner}: the dtype of weights is a real floating one", "float32, float64 or float16"
    raise GraphError(problem, expected=expected, got=shown(dtype), fix="dtype=np.float32, or np.float64")
