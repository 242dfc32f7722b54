"""Gradient clipping, by norm and by value."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..core.checks import as_array, flag, positive
from ..core.errors import GraphError, NonFiniteError, refusing
from ..core.leaves import Parameter
from ..core.node import Node
from ..core.scope import now
from ..core.structure import leaves, map_leaves

Clipper = Callable[[Any], Any]

ROW = 1 << 14
"""The number of squares that are summed in the gradient's own dtype."""


@refusing
def clip_by_norm(gradients: Any, max_norm: float, each: bool = False) -> Any:
    """Scales all gradients by one factor, ``min(1, max_norm / norm)``, which keeps their direction.

    ``norm = sqrt(sum of all squares)`` over all arrays together. Rows of `ROW` squares are summed in the array's
    dtype, and the sums of the rows in float64: in float32 the relative error of the norm is about 1e-7, and
    some 1e-5 at worst.

    Args:
        gradients: nested lists, tuples or dicts of arrays of any shape (of a node its value is
            used), in the loss's unit per unit of the parameter. None stays None.
        max_norm: positive; the largest norm of the result.
        each: whether each array has a norm and a factor of its own.

    Returns:
        New arrays in the same nesting, with the same shapes and dtypes; in a compiled function nodes.

    Raises:
        GraphError: ``max_norm`` is not a positive number; parameters are given in place of their gradients.
        NonFiniteError: a gradient contains a NaN or an infinity, which scaling cannot remove.

    Source:
        Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks",
        2013, algorithm 1.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.train.clip_by_norm({"W": np.array([3.0]), "b": np.array([4.0])}, max_norm=1.0)
        {'W': array([0.6]), 'b': array([0.8])}
    """
    max_norm = positive("clip_by_norm", "max_norm", max_norm, math.inf)
    _refuse_parameters("clip_by_norm", gradients)
    if flag("clip_by_norm", "each", each):
        return map_leaves(lambda g: clip_by_norm(g, max_norm), gradients)
    if now.tracing:
        return _clipped_nodes(gradients, max_norm)
    arrays = map_leaves(_array, gradients)
    norm = math.hypot(*(_norm(a) for a in leaves(arrays)))
    if not math.isfinite(norm):
        raise NonFiniteError(
            "clip_by_norm: the gradients contain a NaN or an infinity",
            expected="finite gradients",
            got=f"a norm of {norm}",
            fix='find the op that computes it: with tg.nonfinite("raise")',
        )
    factor = min(1.0, max_norm / norm) if norm else 1.0
    return map_leaves(lambda a: a * a.dtype.type(factor), arrays)


def clipper(clip: float | Clipper | None) -> Clipper:
    """The function that clips the gradients of a step, of its option."""
    if clip is None:
        return _unclipped
    if callable(clip):
        return clip
    return partial(clip_by_norm, max_norm=positive("step", "clip", clip))


def _unclipped(gradients: Any) -> Any:
    return gradients


def _clipped_nodes(gradients: Any, max_norm: float) -> Any:
    norm = np.sqrt(square_norm(leaves(gradients)))
    max_norm = min(max_norm, sys.float_info.max)
    factor = max_norm / np.maximum(norm, max_norm)
    return map_leaves(lambda g: g * factor.astype(g.dtype), gradients)


def square_norm(gradients: Sequence[Any]) -> Any:
    """The sum of all squares in float64, of arrays or nodes."""
    if all(isinstance(g, np.ndarray) for g in gradients):
        return sum(norm * norm for norm in map(_norm, gradients))  # norm ** 2 raises where it overflows
    return sum(_square_norm_of(g) for g in gradients)


def _square_norm_of(gradient: Any) -> Any:
    """Row by row and then of the rows: sums of rows are computed with the squares, which are then never stored."""
    squares = np.square(gradient.astype(np.float64))
    return np.sum(np.sum(squares, axis=-1, keepdims=True) if squares.ndim > 1 else squares)


@refusing
def clip_by_value(gradients: Any, limit: float) -> Any:
    """Clips every element to ``[-limit, limit]``, which may change the gradient's direction.

    Args:
        gradients: nested lists, tuples or dicts of arrays of any shape (of a node its value is
            used), in the loss's unit per unit of the parameter. None stays None.
        limit: positive; the largest magnitude of the result. NaN stays NaN.

    Returns:
        New arrays in the same nesting, with the same shapes and dtypes.

    Raises:
        GraphError: ``limit`` is not a positive number; parameters are given in place of their gradients.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.train.clip_by_value([np.array([-7.0, 2.0])], limit=5.0)
        [array([-5.,  2.])]
    """
    limit = positive("clip_by_value", "limit", limit, math.inf)
    _refuse_parameters("clip_by_value", gradients)
    return map_leaves(lambda g: np.clip(g if now.tracing else _array(g), -limit, limit), gradients)


def _refuse_parameters(word: str, gradients: Any) -> None:
    """PyTorch's functions of these names change the gradients of parameters in place."""
    for x in leaves(gradients):
        if isinstance(x, Parameter):
            fix = f"gradients = tg.train.{word}([p.grad for p in parameters], 1.0); optimizer.step(gradients)"
            raise GraphError(f"{word} needs gradients", expected="arrays", got=x.label(), fix=fix)


def _array(gradient: Any) -> np.ndarray:
    array = gradient.value if isinstance(gradient, Node) else as_array(gradient)
    if array.dtype.kind != "f":
        raise GraphError("a gradient holds floating-point numbers", got=f"{array.dtype} {array.shape}")
    return array


def _norm(array: np.ndarray) -> float:
    # np.linalg.norm is a BLAS product, whose threads waited 6 ms for each other here under load (400,000 numbers).
    # Squares of float32 numbers in float64 took eleven times as long as these sums of rows.
    numbers = array.reshape(-1)
    full = numbers.size // ROW * ROW
    with np.errstate(over="ignore", under="ignore"):
        rows = [numbers[:full].reshape(-1, ROW), numbers[None, full:]]
        squares = sum(float(np.einsum("ij,ij->i", r, r).sum(dtype=np.float64)) for r in rows)
    if math.isfinite(squares):
        return math.sqrt(squares)
    largest = float(np.max(np.abs(array)))
    return largest * math.sqrt(float(np.sum(np.square(array / largest)))) if math.isfinite(largest) else largest
