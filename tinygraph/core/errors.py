"""What a wrong call is told: the op, the node, the time step, what was expected, what came, the fix."""

from __future__ import annotations

import linecache
import os
import sys

import numpy as np

_NOT_THE_USERS = (os.path.dirname(os.path.dirname(os.path.abspath(__file__))), os.path.dirname(np.__file__))


class GraphError(ValueError):
    """A call that the graph cannot serve; nothing was changed by it.

    Args:
        problem: one sentence, starting with the op and node where there are any.
        expected, got, fix: one line each, shown below the sentence when given.

    Example:
        >>> import tinygraph as tg
        >>> try:
        ...     tg.matmul(tg.constant([[1.0, 2.0]]), tg.constant([[3.0, 4.0]]))
        ... except tg.GraphError as error:
        ...     print(str(error).splitlines()[0])
        matmul: inner sizes differ
    """

    def __init__(self, problem: str, *, expected: str = "", got: str = "", fix: str = "") -> None:
        lines = [("expected", expected), ("got", got), ("fix", fix)]
        super().__init__("\n".join([problem, *(f"  {k:<9} {v}" for k, v in lines if v)]))


class MutationError(GraphError, TypeError):
    """Something tried to change a node in place, or to carry it out of its graph unseen."""


class NonFiniteError(GraphError, FloatingPointError):
    """A NaN or an infinity appeared inside ``with tg.nonfinite("raise")``."""


def users_line() -> str:
    """The innermost line of the caller's own code: ``file.py:12: the source``."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(_NOT_THE_USERS):
        frame = frame.f_back
    name, number = frame.f_code.co_filename, frame.f_lineno
    return f"{name}:{number}: {linecache.getline(name, number).strip()}".rstrip(": ")
