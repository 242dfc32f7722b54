"""Clipping: gradients made shorter before they move the weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.errors import GraphError, NonFiniteError
from ..core.node import Node
from ..core.structure import leaves, map_leaves

ROW = 1 << 14
"""Squares that are summed in the gradient's own dtype."""


def clip_by_norm(gradients: Any, max_norm: float) -> Any:
    """Scale all gradients by one factor, ``min(1, max_norm / norm)``: the direction stays.

    ``norm = sqrt(sum of all squares)``, taken over every array together. Rows of `ROW` squares are summed in the
    array's dtype, the sums in float64: in float32 the norm is right to about 1e-7 of it.

    Args:
        gradients: nested lists, tuples or dicts of arrays of any shape (nodes count by their
            value), in the loss's unit per unit of the parameter. None stays None.
        max_norm: positive; the largest norm that is let through.

    Returns:
        The same nesting of new arrays, shapes and dtypes kept.

    Raises:
        GraphError: ``max_norm`` is not a positive number.
        NonFiniteError: a gradient holds a NaN or an infinity, which no factor can repair.

    Source:
        Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks",
        2013, algorithm 1.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.train.clip_by_norm({"W": np.array([3.0]), "b": np.array([4.0])}, max_norm=1.0)
        {'W': array([0.6]), 'b': array([0.8])}
    """
    _positive("clip_by_norm", "max_norm", max_norm)
    arrays = map_leaves(_array, gradients)
    norm = math.hypot(*(_norm(a) for a in leaves(arrays)))
    if not math.isfinite(norm):
        raise NonFiniteError(
            "clip_by_norm: the gradients hold a NaN or an infinity",
            expected="finite gradients",
            got=f"a norm of {norm}",
            fix='find where it appears: with tg.nonfinite("raise")',
        )
    factor = min(1.0, max_norm / norm) if norm else 1.0
    return map_leaves(lambda a: a * a.dtype.type(factor), arrays)


def clip_by_value(gradients: Any, limit: float) -> Any:
    """Every element into ``[-limit, limit]``: a long gradient changes its direction.

    Args:
        gradients: nested lists, tuples or dicts of arrays of any shape (nodes count by their
            value), in the loss's unit per unit of the parameter. None stays None.
        limit: positive; the largest magnitude that is let through. NaN stays NaN.

    Returns:
        The same nesting of new arrays, shapes and dtypes kept.

    Raises:
        GraphError: ``limit`` is not a positive number.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.train.clip_by_value([np.array([-7.0, 2.0])], limit=5.0)
        [array([-5.,  2.])]
    """
    _positive("clip_by_value", "limit", limit)
    return map_leaves(lambda g: np.clip(_array(g), -float(limit), float(limit)), gradients)


def _array(gradient: Any) -> np.ndarray:
    return gradient.value if isinstance(gradient, Node) else np.asarray(gradient)


def _norm(array: np.ndarray) -> float:
    # Not np.linalg.norm, a BLAS product: under load its threads waited 6 ms here for 400,000 numbers. Nor float64
    # squares of float32, which took eleven times as long as these sums of rows.
    numbers = array.reshape(-1)
    whole = numbers.size // ROW * ROW
    with np.errstate(over="ignore", under="ignore"):
        rows = [numbers[:whole].reshape(-1, ROW), numbers[None, whole:]]
        squares = sum(float(np.einsum("ij,ij->i", r, r).sum(dtype=np.float64)) for r in rows)
    if math.isfinite(squares):
        return math.sqrt(squares)
    largest = float(np.max(np.abs(array)))
    return largest * math.sqrt(float(np.sum(np.square(array / largest)))) if math.isfinite(largest) else largest


def _positive(who: str, what: str, number: float) -> None:
    if not number > 0:
        raise GraphError(f"{who}: {what} is not positive", expected="a number above 0", got=repr(number))
