"""Where a node is made: its time step, its cell or layer, the forward node that it differentiates."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .node import Node

Guard = Callable[["Node", "Sequence[Node]", "Sequence[Node]"], None]
"""Called with y, the nodes that y depends on, and those whose gradient is asked for; it may refuse."""


class _Now(threading.local):
    """What holds for the nodes that this thread makes now.

    Attributes:
        place: step, scope and origin of a new node; one tuple, because every new node reads all of it.
        tracing: whether ops make `Traced` nodes instead of computing.
        watching: whether the first NaN or infinity raises.
        guards: asked by `grad` before it starts.
        draws: what `time/noise.py` keeps while an unroll is under way.
    """

    place: tuple[int | None, str, Node | None] = (None, "", None)
    tracing: bool = False
    watching: bool = False
    guards: tuple[Guard, ...] = ()
    draws: Any = None


now = _Now()


@contextmanager
def step(t: int) -> Iterator[None]:
    """Mark every node made inside as belonging to time step ``t`` (an integer from 0).

    Example:
        >>> import tinygraph as tg
        >>> with tg.step(3):
        ...     h = tg.tanh(tg.constant(0.0))
        >>> h.step
        3
    """
    before = now.place
    now.place = (int(t), before[1], before[2])
    try:
        yield
    finally:
        now.place = before


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Mark every node made inside as belonging to the cell or layer ``name``; scopes nest as a path.

    Example:
        >>> import tinygraph as tg
        >>> with tg.scope("encoder"), tg.scope("layer0"):
        ...     h = tg.tanh(tg.constant(0.0))
        >>> h.scope
        'encoder/layer0'
    """
    before = now.place
    now.place = (before[0], f"{before[1]}/{name}" if before[1] else name, before[2])
    try:
        yield
    finally:
        now.place = before
