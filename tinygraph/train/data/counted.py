"""What counts of a batch: targets that are no padding, in a loss and in figures."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.errors import GraphError, refusing
from ...core.leaves import as_nodes
from ...core.node import Node
from ...ops import astype, greater_equal, maximum, softmax_cross_entropy, where
from ...ops import sum as total
from ...time.padding import as_lengths, real_steps


@refusing
def mean_cross_entropy(logits: Any, targets: Any, *, lengths: Any = None) -> Node:
    """The mean of `tg.softmax_cross_entropy` over the targets that count, in nats: those from 0 on, within the lengths.

    `Stream` and `Ragged` mark what does not count by -1. Where nothing counts the mean is 0.

    Args:
        logits: nodes or arrays (..., V).
        targets: integers (...), each below V.
        lengths: integers (B,), the number of real steps of each column of targets (T, B); None for all.

    Raises:
        GraphError: the targets are no integers, do not match the logits, or are not below V; the lengths do not match.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.train.mean_cross_entropy(np.zeros((3, 2, 4)), [[0, 1], [2, -1], [3, -1]]).item()     # ln 4
        1.3862943611198906
    """
    logits, labels = as_nodes((logits, targets))
    if labels.dtype.kind not in "iu" or labels.shape != logits.shape[:-1]:
        got = f"{labels.dtype} {labels.shape} for logits {logits.shape}"
        raise GraphError("mean_cross_entropy: targets are ids", expected="integers (...) for (..., V)", got=got)
    counts = greater_equal(labels, 0)
    real = None if lengths is None else real_steps(as_lengths(lengths, labels), None, labels.shape[0])
    if real is not None:
        counts = where(real, counts, False)
    losses = softmax_cross_entropy(logits, where(counts, labels, np.zeros((), labels.dtype)))
    number = total(astype(counts, losses.dtype))
    return total(where(counts, losses, np.zeros((), losses.dtype))) / maximum(number, np.ones((), losses.dtype))
