"""Where the user's code made a node, from which pictures tell the time in loops that nobody marked."""

from __future__ import annotations

import sys
from types import CodeType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .errors import users_frame
from .scope import ALL, NONE, now

if TYPE_CHECKING:
    from .node import Node

LONGEST = 4
"""The most frames of a trail; the first is often one of this library, such as that of an operator."""

_frame = sys._getframe
Made = TypeVar("Made", bound="Node")


def leave_trail(node: Made, op: Any = None) -> Made:
    """Adds to the place of a node the code and the position of each of the frames that made it, innermost first.

    The first is the caller of the function that calls this one. Of the steps of a loop the first two have trails, from
    which pictures tell names, and later ones from the first op on that these had not; a node of a gradient has its
    origin. ``op`` is that of the node, which is not due, None for a leaf. Returns the node.
    """
    place, due = node._place, now.due
    if place[2] is not None or due is NONE or (op is None and due is not ALL):
        return node
    if place[0] is not None:  # of few steps, so it may cost more: the equations of a cell are further out
        if now.ops is not None and op is not None:
            now.ops.append(op)
        elif due is not ALL and now.over is not None:
            now.due = ALL
            now.over.odd += 1
        node._place = (*place, *_outward(_frame(2), LONGEST + 2))
        return node
    # Without a loop, for speed: every eager node comes here.
    a: Any = _frame(2)
    b = a.f_back
    c = b and b.f_back
    d = c and c.f_back
    node._place = (
        (*place, a.f_code, a.f_lasti, b.f_code, b.f_lasti, c.f_code, c.f_lasti, d.f_code, d.f_lasti)
        if d
        else (*place, a.f_code, a.f_lasti, b.f_code, b.f_lasti, c.f_code, c.f_lasti)
        if c  # as in a script without functions
        else (*place, a.f_code, a.f_lasti, *((b.f_code, b.f_lasti) if b else ()))
    )
    return node


def leave_users_trail(node: Node) -> None:
    """Adds the trail of the user's own frames: where a node is made so deep in this library that four do not reach."""
    place = node._place
    if place[0] is None and place[2] is None:
        node._place = (*place[:3], *_users_frames())


def reach_user(node: Node) -> None:
    """Adds the user's frames to a trail that does not reach them, behind the frames of this library."""
    place = node._place
    if place[0] is None and place[2] is None:
        frames = _users_frames()
        node._place = place if frames[0] in place[3::2] else (*place, *frames)


def _users_frames() -> list[Any]:
    """Code and position of the innermost frames of the user's."""
    return _outward(cast(Any, users_frame()), LONGEST)


def _outward(frame: Any, most: int) -> list[Any]:
    """Code and position of a frame and of those that called it."""
    frames: list[Any] = []
    while frame and len(frames) < 2 * most:
        frames += [frame.f_code, frame.f_lasti]
        frame = frame.f_back
    return frames


def trail_of(node: Node) -> list[tuple[CodeType, int]]:
    """The code and the position of the frames that made a node, innermost first; empty where they are not known."""
    trail: tuple[Any, ...] = node._place[3:]
    return [*zip(trail[::2], trail[1::2], strict=True)]
