"""Long sequences in little memory: values are kept at the borders of segments alone, and made anew in between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import isqrt
from typing import Any

from ..core.node import Node
from ..core.structure import leaves, map_leaves, rebuild
from ..ops import concatenate, reshape
from .cell_contract import Step
from .traced_loop import roll

SHORTEST = 16
"""Steps below which nothing is gained."""


class _Memory(threading.local):
    """Whether loops that this thread traces keep less for the gradient and compute more."""

    checkpoint: bool = False


memory = _Memory()


@contextmanager
def checkpointing(wanted: bool) -> Iterator[None]:
    """Inside, loops over time are traced in segments, or not."""
    before, memory.checkpoint = memory.checkpoint, wanted
    try:
        yield
    finally:
        memory.checkpoint = before


def roll_segments(cell: Step, xs: Any, state: Any, *, reverse: bool, cuts: Node | None) -> tuple[Any, Any]:
    """`roll` in about sqrt(T) segments of sqrt(T) steps, as a loop over segments of a loop over steps.

    The gradient goes over the segments backwards and computes the steps of each a second time, so that the
    values of one segment are held instead of those of T steps.
    Source: T. Chen, B. Xu, C. Zhang, C. Guestrin, "Training deep nets with sublinear memory cost", 2016.
    """
    T = leaves(xs)[0].shape[0]
    if T < SHORTEST:
        return roll(cell, xs, state, reverse=reverse, cuts=cuts)
    length = isqrt(T)
    whole = T // length * length
    given = (xs, cuts)
    first = map_leaves(lambda x: _segmented(x[T - whole :] if reverse else x[:whole], length), given)

    def segment(part: Any, s: Any) -> tuple[Any, Any]:
        return roll(cell, part[0], s, reverse=reverse, cuts=part[1])

    y, state = roll(segment, first, state, reverse=reverse, recompute=True)
    outputs = [reshape(v, (whole, *v.shape[2:])) for v in leaves(y)]
    if whole < T:
        rest, rest_cuts = map_leaves(lambda x: x[: T - whole] if reverse else x[whole:], given)
        others, state = roll(cell, rest, state, reverse=reverse, cuts=rest_cuts)
        outputs = [
            concatenate([b, a] if reverse else [a, b], axis=0) for a, b in zip(outputs, leaves(others), strict=True)
        ]
    return rebuild(y, outputs), state


def _segmented(x: Node, length: int) -> Node:
    return reshape(x, (x.shape[0] // length, length, *x.shape[1:]))
