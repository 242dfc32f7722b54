"""Where scratch buffers lie: those that are never needed at once share their bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .actions import Buffer, Call, Elementwise, Product, Reduction, Repeat, View

ALIGNMENT = 64
"""Bytes: a cache line, and a vector of sixteen float32."""


def views_of(action: Any) -> list[View]:
    """Every view that an action reads or writes; of a loop, none of its own."""
    if isinstance(action, Elementwise):
        return [*action.loads, *(v for _, v in action.stores), *(v for _, _, v in action.reduces)]
    if isinstance(action, Product):
        return [action.a, action.b, action.out]
    if isinstance(action, Reduction):
        return [action.x, action.out]
    return [*action.inputs, action.out] if isinstance(action, Call) else []


def lay_out(actions: Sequence[Any]) -> int:
    """Give each scratch buffer its offset; the bytes of the block that holds them all.

    A buffer is needed from the first action that touches it to the last. One that lives longer than a
    step of a loop (its ``depth`` is smaller than the loop's) is needed for the whole of that loop.
    """
    free: list[tuple[int, int]] = []
    busy: list[tuple[int, int, int]] = []
    end = 0
    for buffer, (start, last) in sorted(_spans(actions).items(), key=lambda item: (item[1][0], -item[0].nbytes)):
        free, busy = _released(free, busy, start)
        size = -(-max(buffer.nbytes, 1) // ALIGNMENT) * ALIGNMENT
        fitting = [(n, at) for at, n in free if n >= size]
        if fitting:
            n, at = min(fitting)
            free.remove((at, n))
            if n > size:
                free.append((at + size, n - size))
        else:
            tail = next(((a, n) for a, n in free if a + n == end), None)
            at = end if tail is None else tail[0]
            if tail is not None:
                free.remove(tail)
            end = at + size
        buffer.offset_bytes = at
        busy.append((last, at, size))
    return end


def _released(
    free: list[tuple[int, int]], busy: list[tuple[int, int, int]], now: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int, int]]]:
    """Free pieces with those that ended before ``now``, neighbours joined; and what is still busy."""
    ended = [(at, n) for last, at, n in busy if last < now]
    if not ended:
        return free, busy
    pieces: list[tuple[int, int]] = []
    for at, n in sorted([*free, *ended]):
        if pieces and sum(pieces[-1]) == at:
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + n)
        else:
            pieces.append((at, n))
    return pieces, [b for b in busy if b[0] >= now]


def _spans(actions: Sequence[Any]) -> dict[Buffer, tuple[int, int]]:
    """When each scratch buffer is needed, in numbers of actions."""
    touched: list[tuple[Buffer, int, list[list[int]]]] = []
    _number(actions, [], 0, touched)
    spans: dict[Buffer, tuple[int, int]] = {}
    for buffer, clock, loops in touched:
        start, end = loops[buffer.depth] if len(loops) > buffer.depth else (clock, clock)
        a, b = spans.get(buffer, (start, end))
        spans[buffer] = (min(a, start), max(b, end))
    return spans


def _number(
    actions: Sequence[Any], loops: list[list[int]], clock: int, touched: list[tuple[Buffer, int, list[list[int]]]]
) -> int:
    """Note each touch of a scratch buffer with its action's number and the spans of the loops around it."""
    for action in actions:
        clock += 1
        if isinstance(action, Repeat):
            span = [clock, clock]
            clock = span[1] = _number(action.actions, [*loops, span], clock, touched)
        touched += [(v.buffer, clock, loops) for v in views_of(action) if v.buffer.kind == "scratch"]
    return clock
