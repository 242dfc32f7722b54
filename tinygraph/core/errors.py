"""Errors: the message names op, node and time step, what was expected, what came, and the fix."""

from __future__ import annotations

import linecache
import os
import sys

import numpy as np

_LIBRARIES = (os.path.dirname(os.path.dirname(os.path.abspath(__file__))), os.path.dirname(np.__file__))


class GraphError(ValueError):
    """A call with wrong arguments, or one that a graph does not support; it has changed nothing.

    Args:
        problem: one sentence, which starts with the op and the node if there are any.
        expected, got, fix: one line each, shown below the sentence unless empty.

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
    """An attempt to change a node in place, or to copy its value out of the graph without its gradient."""


class NonFiniteError(GraphError, FloatingPointError):
    """A NaN or an infinity was computed inside ``with tg.nonfinite("raise")``."""


def users_line() -> str:
    """The innermost line of the user's code: ``file.py:12: the source``."""
    return line_at(*users_place())


def users_place() -> tuple[str, int]:
    """The file and the number of the innermost line of the user's code."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(_LIBRARIES):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def line_at(name: str, number: int) -> str:
    """A line of a file with its place: ``file.py:12: the source``."""
    return f"{name}:{number}: {linecache.getline(name, number).strip()}".rstrip(": ")
