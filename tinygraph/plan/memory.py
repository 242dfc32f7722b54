"""Offsets of scratch buffers in one memory block: buffers with disjoint live ranges share bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .actions import Buffer, Call, Elementwise, Product, Reduction, Repeat, View

ALIGNMENT = 64
"""Bytes of a cache line, and of a vector of 16 float32."""


def views_of(action: Any) -> list[View]:
    """Returns every view that an action reads or writes; empty for a `Repeat`."""
    if isinstance(action, Elementwise):
        return [*action.loads, *(v for _, v in action.stores), *(v for _, _, v in action.reduces)]
    if isinstance(action, Product):
        return [action.a, action.b, action.out]
    if isinstance(action, Reduction):
        return [action.x, action.out]
    return [*action.inputs, action.out] if isinstance(action, Call) else []


def lay_out(actions: Sequence[Any], alignment: int = ALIGNMENT, among: Callable[[Buffer], bool] | None = None) -> int:
    """Set the offset of each scratch buffer, best fit first, and return the size in bytes of the memory block.

    ``among``: which buffers the block holds, where not all of them.

    The live range of a buffer reaches from the first action that uses it to the last. A buffer that outlives one
    step of a loop (its ``depth`` is smaller than the loop's) is live during the whole loop.
    """
    free: list[tuple[int, int]] = []
    busy: list[tuple[int, int, int]] = []
    end = 0
    for buffer, (start, last) in sorted(_live_ranges(actions).items(), key=lambda item: (item[1][0], -item[0].nbytes)):
        if among is not None and not among(buffer):
            continue
        free, busy = _released(free, busy, start)
        size = -(-max(buffer.nbytes, 1) // alignment) * alignment
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
    """Returns the free pieces, with those that are dead before ``now`` merged in, and the pieces still live."""
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


def _live_ranges(actions: Sequence[Any]) -> dict[Buffer, tuple[int, int]]:
    """Maps each scratch buffer to the indices of the first and the last action of its live range."""
    uses: list[tuple[Buffer, int, list[list[int]]]] = []
    _number(actions, [], 0, uses)
    ranges: dict[Buffer, tuple[int, int]] = {}
    for buffer, clock, loops in uses:
        start, end = loops[buffer.depth] if len(loops) > buffer.depth else (clock, clock)
        a, b = ranges.get(buffer, (start, end))
        ranges[buffer] = (min(a, start), max(b, end))
    return ranges


def _number(
    actions: Sequence[Any], loops: list[list[int]], clock: int, uses: list[tuple[Buffer, int, list[list[int]]]]
) -> int:
    """Append each use of a scratch buffer, with its action's index and the loops around; return the last index."""
    for action in actions:
        clock += 1
        if isinstance(action, Repeat):
            span = [clock, clock]
            clock = span[1] = _number(action.actions, [*loops, span], clock, uses)
        uses += [(v.buffer, clock, loops) for v in views_of(action) if v.buffer.kind == "scratch"]
    return clock
