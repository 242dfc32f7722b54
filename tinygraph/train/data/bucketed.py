"""Batches padded to one of few numbers of steps, so that a compiled function meets few shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.checks import as_array
from ...core.errors import GraphError, refusing, shown
from .batches import numbers
from .ragged import share_of


@refusing
def bucketed(x: Any, *others: Any, lengths: Any = None, padding: float = 0.2) -> tuple[np.ndarray, ...]:
    """Pads a batch to the next of a few T, so that a new T within a bucket compiles nothing: ``(x, *others, lengths)``.

    ``tg.unroll(cell, x, lengths=lengths)`` heeds the lengths; take a loss over what counts, as `mean_cross_entropy`
    does. For batches from a list of sequences see `Ragged`.

    Args:
        x: numbers (T, B, ...), padded with 0.
        others: arrays (T, B, ...), such as targets; integers are padded with -1, which counts nowhere, others with 0.
        lengths: integers (B,), if less than all T steps are real.
        padding: the most that may be padding, as a share of all steps: the T are 1, 2, 3, 5, 7, 10, 13, ... with 0.2.

    Raises:
        GraphError: an array has no axes T and B, or another T or B than x; ``padding`` is no share.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> x, y, lengths = tg.train.bucketed(np.ones((11, 2, 4)), np.ones((11, 2), int))
        >>> x.shape, y[-1], lengths
        ((13, 2, 4), array([-1, -1]), array([11, 11]))
    """
    share = share_of("bucketed", padding)
    arrays = [as_array(a) for a in others]
    arrays = [a if a.dtype == bool else numbers("bucketed", "the arrays", a) for a in arrays]
    arrays.insert(0, numbers("bucketed", "the inputs", x))
    first = arrays[0]
    for array in arrays:
        if array.ndim < 2 or array.shape[:2] != first.shape[:2] or not len(array):
            got = f"{array.shape} beside {first.shape}"
            raise GraphError("bucketed: an array has other steps or rows", expected="(T, B, ...) for all", got=got)
    arrays[1:] = [a.astype(np.int64) if a.dtype.kind == "u" else a for a in arrays[1:]]  # -1 has to fit
    T, steps = len(first), 0
    while steps < T:
        steps = max(steps + 1, int((steps + 1) / (1 - share) + 1e-9))
    real = np.full(first.shape[1], T) if lengths is None else as_array(lengths)
    if (
        real.shape != first.shape[1:2]
        or real.dtype.kind not in "iu"
        or (real.size and not 0 <= real.min() <= real.max() <= T)
    ):
        expected, got = f"integers ({first.shape[1]},) from 0 to {T}", shown(lengths)
        raise GraphError("bucketed: the lengths do not match", expected=expected, got=got)
    marks = [0, *(-1 if a.dtype.kind == "i" else 0 for a in arrays[1:])]
    rest = [np.full((steps - T, *a.shape[1:]), mark, a.dtype) for a, mark in zip(arrays, marks, strict=True)]
    return (*map(np.concatenate, zip(arrays, rest, strict=True)), real)
