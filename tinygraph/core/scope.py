"""Where a node is made: its time step, its cell or layer, the forward node that it differentiates."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .border import OpenCell
    from .node import Node


class _Now(threading.local):
    """The place of the nodes that this thread makes now.

    One tuple, because every new node reads all of it; ``watch`` is the mode of `nonfinite`, or ``"trace"``
    while a function is compiled; ``checkpoint`` says whether its loops are to save memory. For `border`:
    ``cells`` under way, and of each last state of an unroll, in ``ends``, the unroll's other results.
    ``drawn`` holds what was drawn once for the sequence under way; None outside of an unroll. ``again``: what the step
    under way has drawn when it ran before, and how many of these are used; None where a step runs once.
    """

    place: tuple[int | None, str, Node | None] = (None, "", None)
    watch: str = "allow"
    checkpoint: bool = False
    cells: tuple[OpenCell, ...] = ()
    drawn: dict[Any, Node] | None = None
    again: list[Any] | None = None

    def __init__(self) -> None:
        self.ends: dict[Node, list[Node]] = {}


now = _Now()


@contextmanager
def sequence() -> Iterator[None]:
    """What is drawn once a sequence is drawn anew inside."""
    before, now.drawn = now.drawn, {}
    try:
        yield
    finally:
        now.drawn = before


@contextmanager
def same_draws(drawn: list[Node]) -> Iterator[None]:
    """A step that runs once more draws what it drew before: the list, to which the first run adds."""
    before, now.again = now.again, [drawn, 0]
    try:
        yield
    finally:
        now.again = before


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
