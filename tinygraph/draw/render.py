"""A drawing: DOT text, and the choice of the program that renders it."""

from __future__ import annotations

import os
import shutil
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import graphviz
from graphviz.backend import dot_command

from ..core.errors import GraphError

_override = RLock()


class Drawing(graphviz.Digraph):
    """A `graphviz.Digraph` whose boxes are already placed; ``source`` is its DOT text.

    `render` and `pipe` use the system's Graphviz, or where there is none the one that pip
    installs (extra ``render``: SVG and PNG). In a notebook it shows itself.

    Example:
        >>> import tinygraph as tg
        >>> drawing = tg.draw(tg.tanh(tg.constant([0.5]), name="h"))
        >>> drawing.source.splitlines()[0]
        'digraph {'
    """

    def render(self, *args: Any, **settings: Any) -> str:
        """Write the picture to a file: ``drawing.render(outfile="rnn.svg", cleanup=True)``.

        Args:
            args, settings: as for `graphviz.Digraph.render`; the format follows the suffix of ``outfile``,
                and ``cleanup`` removes the DOT file that is written beside it.

        Returns:
            the path of the picture.

        Raises:
            GraphError: no Graphviz is installed, or the one found cannot make this format.

        Example:
            >>> import tinygraph as tg
            >>> drawing = tg.draw(tg.tanh(tg.constant([0.5]), name="h"))
            >>> drawing.render(outfile="h.svg", cleanup=True)  # doctest: +SKIP
            'h.svg'
        """
        if settings.get("outfile") is not None:
            self._suit(settings)
        with _engine():
            return super().render(*args, **_pinned(settings))

    def pipe(self, *args: Any, **settings: Any) -> Any:
        """The picture as bytes, or as text where ``encoding`` is given: ``drawing.pipe(format="svg")``.

        Args:
            args, settings: as for `graphviz.Digraph.pipe`.

        Raises:
            GraphError: no Graphviz is installed, or the one found cannot make this format.

        Example:
            >>> import tinygraph as tg
            >>> tg.draw(tg.constant([0.5])).pipe(format="svg")[:5]  # doctest: +SKIP
            b'<?xml'
        """
        with _engine():
            return super().pipe(*args, **_pinned(settings))

    def _suit(self, settings: dict[str, Any]) -> None:
        """A path without a suffix that graphviz knows gets the drawing's own format, without a warning."""
        if not Path(settings["outfile"]).suffix:
            settings["outfile"] = f"{os.fspath(settings['outfile'])}.{self.format}"


def _pinned(settings: dict[str, Any]) -> dict[str, Any]:
    # 2: places and curves as given. Quiet: both programs warn of glyphs that they cannot measure.
    return {"neato_no_op": 2, "quiet": True} | settings


@contextmanager
def _engine() -> Iterator[None]:
    """The program for the calls inside; the package's own setting is as before afterwards."""
    system = shutil.which(os.fspath(dot_command.DOT_BINARY))
    program = None if system else _from_pip()
    if not system and program is None:
        raise GraphError(
            "rendering a drawing needs Graphviz, and none was found",
            expected="a program `dot` on the PATH, or the Graphviz that pip installs",
            fix='apt install graphviz (or brew, choco), or pip install "tinygraph-rnn[render]"; '
            "drawing.source is the DOT text without it",
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
                fix="svg or png; pdf needs the system's Graphviz" if program else "look at drawing.source",
            ) from error
        finally:
            dot_command.DOT_BINARY = before


def _from_pip() -> Path | None:
    """The command of graphviz-pure, which may lie beside a Python that is not on the PATH."""
    folders = [None, sysconfig.get_path("scripts"), sysconfig.get_path("scripts", f"{os.name}_user")]
    for folder in folders:
        found = shutil.which("graphviz-pure", path=folder)
        if found:
            return Path(found)
    return None
