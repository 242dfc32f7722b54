"""Numbers that are asked for to be shown: ``"%f" % x`` carries no gradient, while ``float(x)`` may lose one."""

from __future__ import annotations

import dis
import sys
from functools import lru_cache
from types import CodeType


def is_shown() -> bool:
    """Whether the caller of the function that calls this one is in the middle of ``%``.

    A node's own ``%`` is an op, so what asks it for a number there is the ``%`` of a text.
    """
    frame = sys._getframe(2)
    return _is_percent(frame.f_code, frame.f_lasti)


@lru_cache(maxsize=256)
def _is_percent(code: CodeType, position: int) -> bool:
    steps = [step for step in dis.get_instructions(code) if step.offset <= position]
    return steps[-1].opname == "BINARY_OP" and steps[-1].argrepr in ("%", "%=")
