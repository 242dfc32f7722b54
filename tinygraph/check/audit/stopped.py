"""Errors of the user's code: one message with the line at which it stopped, in place of a traceback from within."""

from __future__ import annotations

import ast
import linecache
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ...core.errors import GraphError

HOUSE, NUMPY, PYTHON = str(Path(__file__).parents[2]), str(Path(np.__file__).parent), str(Path(ast.__file__).parent)


@contextmanager
def stopping_well() -> Iterator[None]:
    """A context in which what the user's code raises is a `GraphError` that names its line; our own errors pass."""
    try:
        yield
    except (Exception, SystemExit) as error:  # whatever the user's code raises
        told = _told(error)
        if told is None:
            raise
        raise told from error


def first_line(error: BaseException) -> str:
    """The type of an error and the first line of what it says."""
    text = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _told(error: BaseException) -> GraphError | None:
    """The error with the user's line, if there is such a line below the call of this library."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_the_users(frame.filename)]
    if not own:
        return None
    line = linecache.getline(own[-1].filename, own[-1].lineno or 0).strip()
    problem = f"audit: {own[-1].name} stops at {own[-1].filename}:{own[-1].lineno}: {line}"
    if isinstance(error, GraphError):
        return GraphError("\n".join([problem, *(f"  {row}" for row in str(error).split("\n"))]))
    fix = "see that both passes run, with numbers other than yours too"
    return GraphError(problem, expected="code that runs on arrays of these shapes", got=first_line(error), fix=fix)


def _is_the_users(file: str) -> bool:
    pythons = file.startswith((PYTHON, "<frozen")) and "site-packages" not in file
    return not pythons and not file.startswith((HOUSE, NUMPY))
