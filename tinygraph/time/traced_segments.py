"""Gradient checkpointing over time: a loop keeps values between segments only and recomputes those within."""

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
"""With fewer steps than this, segments save no memory."""


class _Memory(threading.local):
    """Whether this thread traces loops over time in segments."""

    checkpoint: bool = False


memory = _Memory()


@contextmanager
def checkpointing(enabled: bool) -> Iterator[None]:
    """A context in which loops over time are traced in segments, or not."""
    before, memory.checkpoint = memory.checkpoint, enabled
    try:
        yield
    finally:
        memory.checkpoint = before


def roll_segments(cell: Step, xs: Any, state: Any, *, reverse: bool, cuts: Node | None) -> tuple[Any, Any]:
    """`roll` in about sqrt(T) segments of sqrt(T) steps: a loop over segments, whose body is a loop over steps.

    The backward pass computes the steps of each segment a second time, so the values of one segment are in memory
    instead of those of T steps.
    Source: T. Chen, B. Xu, C. Zhang, C. Guestrin, "Training deep nets with sublinear memory cost", 2016.
    """
    T = leaves(xs)[0].shape[0]
    if T < SHORTEST:
        return roll(cell, xs, state, reverse=reverse, cuts=cuts)
    length = isqrt(T)
    whole = T // length * length
    sizes = whole // length, length
    segments = map_leaves(
        lambda x: reshape(x[T - whole :] if reverse else x[:whole], (*sizes, *x.shape[1:])), (xs, cuts)
    )

    def segment(part: Any, s: Any) -> tuple[Any, Any]:
        return roll(cell, part[0], s, reverse=reverse, cuts=part[1])

    y, state = roll(segment, segments, state, reverse=reverse, recompute=True)
    outputs = [reshape(v, (whole, *v.shape[2:])) for v in leaves(y)]
    if whole < T:
        rest, rest_cuts = map_leaves(lambda x: x[: T - whole] if reverse else x[whole:], (xs, cuts))
        others, state = roll(cell, rest, state, reverse=reverse, cuts=rest_cuts)
        pairs = zip(outputs, leaves(others), strict=True)
        outputs = [concatenate([b, a] if reverse else [a, b], axis=0) for a, b in pairs]
    return rebuild(y, outputs), state
