"""Ctrl-C at every place where Python can run its handler: before each instruction of a call, one after the other."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any

MOST = 60_000
"""Instructions after which a call counts as endless."""


def interrupted(
    call: Callable[[], Any], every: int = 1, within: Callable[[Any], bool] = lambda frame: True
) -> Iterator[int]:
    """Runs ``call`` again and again, with a KeyboardInterrupt before another instruction each time; yields its number.

    It ends with a run that none came into. ``every`` leaves out instructions, of long calls; ``within`` tells of a
    frame whether its instructions count.
    """
    for at in range(1, MOST, every):
        if not _stopped(call, at, within):
            assert at > 1, "no instruction was seen"
            return
        yield at
    raise AssertionError("the call has no end")


def _stopped(call: Callable[[], Any], at: int, within: Callable[[Any], bool]) -> bool:
    """Whether the interrupt before instruction ``at`` came out of the call, as itself."""
    left = at

    def look(frame: Any, event: str, _: Any) -> Any:
        nonlocal left
        if not within(frame):
            return look
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return look

    before, collecting = sys.gettrace(), gc.isenabled()
    gc.disable()  # what it frees of earlier tests runs callbacks, of which Python prints errors but passes none on
    sys.settrace(look)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
        if collecting:
            gc.enable()
    assert left > 0, f"the interrupt before instruction {at} was lost"
    return False
