"""Where the user's code made a node, from which pictures tell the time in loops that nobody marked."""

from __future__ import annotations

import sys
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .node import Node

LONGEST = 4
"""The most frames of a trail; the first is often one of this library, such as that of an operator."""

_MOST = 10_000
_frame = sys._getframe
_known: dict[tuple[int, ...], tuple[Any, ...]] = {}
"""Places by positions: what the same line makes again shares one, which costs neither memory nor garbage collection."""


def leave_trail(node: Node) -> None:
    """Adds to the place of a node the code and the position of each of the frames that made it, innermost first.

    The first is the caller of the function that calls this one. Nodes of gradients get none: they have their origin.
    """
    place = node._place
    if place[2] is not None:
        return
    # Without a loop, for speed: every eager node comes here. The hash of a code object is slow, its identity is not.
    a: Any = _frame(2)
    b = a.f_back
    c = b and b.f_back
    d = c and c.f_back
    key: tuple[int, ...]
    if d:
        key = a.f_lasti, b.f_lasti, c.f_lasti, d.f_lasti
    elif c:  # as in a script without functions
        key = a.f_lasti, b.f_lasti, c.f_lasti
    else:
        key = (a.f_lasti, b.f_lasti) if b else (a.f_lasti,)
    old = _known.get(key)
    if (
        old is not None
        and old[3] is a.f_code
        and (not b or old[5] is b.f_code)
        and (not c or old[7] is c.f_code)
        and (not d or old[9] is d.f_code)
        and old[1] == place[1]
    ):
        node._place = old
    else:
        node._place = _new(place[1], [f for f in (a, b, c, d) if f])


def _new(scope: str, frames: list[FrameType]) -> tuple[Any, ...]:
    if len(_known) >= _MOST:
        _known.clear()
    place: tuple[Any, ...] = (None, scope, None, *[x for f in frames for x in (f.f_code, f.f_lasti)])
    _known[place[4::2]] = place
    return place


def trail_of(node: Node) -> list[tuple[CodeType, int]]:
    """The code and the position of the frames that made a node, innermost first; empty where they are not known."""
    trail: tuple[Any, ...] = node._place[3:]
    return [*zip(trail[::2], trail[1::2], strict=True)]
