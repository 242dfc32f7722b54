"""Rendering with Graphviz: chooses the program, and raises an error if none is installed."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import graphviz
from graphviz.backend import dot_command

from ...core.errors import UNFIT, GraphError
from ...forking import wait_for

_override = RLock()
wait_for(sys.modules[__name__], "_override")


def pinned(program: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Returns settings of a Graphviz call; neato keeps the given positions and curves, dot computes its own."""
    # Quiet, because both programs warn about glyphs that they cannot measure.
    return {**({"neato_no_op": 2} if program == "neato" else {}), "quiet": True} | settings


@contextmanager
def engine() -> Iterator[None]:
    """Set the Graphviz program for the calls inside the block, and restore the package's own setting afterwards."""
    system = shutil.which(os.fspath(dot_command.DOT_BINARY))
    program = None if system else _from_pip()
    if not system and program is None:
        raise GraphError(
            "rendering a drawing needs Graphviz, but none is installed",
            expected="the program `dot` on the PATH, or the Graphviz that pip installs",
            fix='apt install graphviz (or brew, choco), or pip install "tinygraph-rnn[render]"; '
            "drawing.source, the DOT text, needs no Graphviz",
        )
    with _override:
        before = dot_command.DOT_BINARY
        dot_command.DOT_BINARY = before if program is None else program
        try:
            yield
        except graphviz.CalledProcessError as error:
            raise GraphError(
                "Graphviz could not render the drawing",
                got=str(error.stderr.decode(errors="replace") if isinstance(error.stderr, bytes) else error.stderr),
                fix="use svg or png; pdf needs the system's Graphviz" if program else "look at drawing.source",
            ) from error
        except UNFIT as error:
            if isinstance(error, GraphError):
                raise
            raise GraphError(f"Graphviz does not take this: {error}", fix='pipe(format="svg"), for example') from error
        finally:
            dot_command.DOT_BINARY = before


def _from_pip() -> Path | None:
    """Returns the command of graphviz-pure, which may be beside a Python that is not on the PATH."""
    folders = [None, sysconfig.get_path("scripts"), sysconfig.get_path("scripts", f"{os.name}_user")]
    for folder in folders:
        command = shutil.which("graphviz-pure", path=folder)
        if command:
            return Path(command)
    return None
