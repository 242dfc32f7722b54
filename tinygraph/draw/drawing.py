"""A drawing: a picture, which becomes SVG, a page, plain text, DOT text, and what Graphviz makes of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cached_property
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..atomic import place, write
from ..core.checks import flag, integer
from ..core.errors import GraphError, refusing, shown
from ..core.habits import DRAWING
from ..core.missing import MissingOnOurs, install
from .picture import Picture
from .write.render import formats, rendered

if TYPE_CHECKING:
    from graphviz import Digraph

WRITERS = {
    "svg": (".write.svg", "svg"),
    "html": (".write.page", "page"),
    "playing": (".write.motion", "playing"),
    "gif": (".write.raster", "gif"),
    "tex": (".write.tikz", "tikz"),
}
"""Modules and functions that write a picture, loaded when they are needed."""
OURS = ("svg", "html", "txt", "dot", "gv", "tex", "gif")
"""Formats that need no program."""
SUFFIXES = ".tex, .gif, .svg, .html, .txt, .dot, .gv, .png, .pdf, or another format of Graphviz"


class Drawing:
    """A picture of a graph, as `tg.draw` returns it. A notebook displays it.

    Attributes:
        picture: the parts with their places.

    Example:
        >>> import tinygraph as tg
        >>> drawing = tg.draw(tg.tanh(tg.constant([0.5]), name="h"))
        >>> drawing.pipe(format="svg")[:5]
        b'<?xml'
        >>> drawing.source.splitlines()[0]
        'digraph {'
    """

    def __init__(self, picture: Picture, cells: Callable[[], Picture] | None = None) -> None:
        if not isinstance(picture, Picture):
            raise GraphError("a drawing is made by tg.draw", got=shown(picture), fix="tg.draw(loss)")
        self.picture, self._cells = picture, cells

    @cached_property
    def source(self) -> str:
        """The picture as DOT text, with all places; any program of Graphviz renders it: ``dot -Tpdf x.gv``."""
        return self.digraph.source

    @property
    def digraph(self) -> Digraph:
        """A new `graphviz.Digraph` of the picture, to add to and to render by Graphviz's own ways."""
        from graphviz import Digraph

        from .write.dot import lines

        return Digraph(format="svg", body=lines(self.picture))

    @refusing
    def text(self) -> str:
        """Returns the picture as plain text for terminals: a column per time step, and arrows for links through time.

        Above T = 6 the first three and the last two steps are shown. The parameters follow as a list.

        Example:
            >>> import tinygraph as tg
            >>> with tg.step(1):
            ...     h = tg.tanh(tg.constant([0.5, 0.5], name="x"), name="h")
            >>> print(tg.draw(h).text())
            Recurrent network, 1 step, unrolled
            <BLANKLINE>
            t = 1
            -----------
            h = tanh(x)
            x
        """
        from .write.plain import plain

        return plain(self.picture)

    @refusing
    def mermaid(self) -> str:
        """Returns the picture as the text of a Mermaid flowchart, as GitHub draws it from a block of ``mermaid``.

        A box is a cell at one step, unless ``tg.draw`` was given another level. Mermaid places the boxes.

        Raises:
            GraphError: the view is a heat map or that of a plan; the picture was fitted to an area; it has more than
                500 arrows or 50,000 letters, which Mermaid does not draw.

        Example:
            >>> import tinygraph as tg
            >>> print(tg.draw(tg.tanh(tg.constant([0.5], name="x"), name="h")).mermaid().splitlines()[4])
              n0["x<br/>1"]
        """
        from .write.mermaid import mermaid

        return mermaid(self.picture if self._cells is None else self._cells())

    @refusing
    def save(self, filename: Any = None, *, snapshots: Iterable[Drawing] = (), play: bool = False) -> str:
        """Write a file in the format of its suffix: svg, html, txt, gv, tex, gif, or one of Graphviz.

        A file that is there is replaced only by a complete one: whatever stops a save, it stays as it was.
        ``x.html`` is an interactive page in one file, with zoom, the numbers of each box, foldable time steps, and
        a walk through the ops and their gradient rules. It needs no network. ``x.gif`` plays: columns light up in the
        order of computation, then the gradient comes back in red (with ``tg.draw(loss, gradients=True)``); it needs
        pillow (extra ``render``). ``x.tex`` is a LaTeX document in TikZ, whose colours have names. PNG needs the
        system's Graphviz or the one that pip installs (extra ``render``), PDF the system's.

        Args:
            filename: the path; a file without a suffix contains DOT text.
            snapshots: for a page, drawings of the same network at earlier times of training, in order; a slider
                replays them, with this drawing last.
            play: for ``x.svg``, whether it plays as a GIF does, once, when it is opened. It has no script, is still
                where motion is not wanted or it is printed, and ends in the whole picture.

        Returns:
            the path of the file.

        Raises:
            GraphError: no name, or that of a folder; an unknown suffix; pillow or Graphviz is not installed, or cannot
                write this format; a view that does not play; a snapshot shows another network.
            OSError: the file cannot be written; nothing was changed.

        Example:
            >>> import tinygraph as tg
            >>> tg.draw(tg.constant([0.5])).save("x.svg")  # doctest: +SKIP
            'x.svg'
        """
        if not isinstance(filename, (str, os.PathLike)):
            got = "nothing" if filename is None else shown(filename)
            fix = 'drawing.save("rnn.svg")'
            raise GraphError("save: no name of a file", expected="a str or a pathlib.Path", got=got, fix=fix)
        path = place("save", os.fspath(filename))
        suffix = path.suffix[1:].lower() or "gv"
        if snapshots and suffix != "html":
            raise GraphError("save: snapshots need a page", expected="a path that ends in .html", got=str(filename))
        if flag("save", "play", play) and suffix not in ("svg", "gif"):
            expected = "a path that ends in .svg or .gif"
            raise GraphError(f"save: a file .{suffix} does not play", expected=expected, got=str(filename))
        if suffix not in OURS and suffix not in formats():
            expected = f"a path that ends in {SUFFIXES}"
            raise GraphError(f"a drawing cannot be saved as .{suffix}", expected=expected, got=str(path))
        content = self._page(snapshots) if suffix == "html" else self._written(suffix, play)
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, content)
        return str(path)

    @refusing
    def pipe(self, format: str = "svg", encoding: str | None = None) -> Any:
        """Returns the picture as bytes in a format that `save` knows, or as text if ``encoding`` is passed.

        Raises:
            GraphError: an unknown format or encoding; no Graphviz is installed, or it cannot write this format.

        Example:
            >>> import tinygraph as tg
            >>> tg.draw(tg.constant([0.5])).pipe(format="svg", encoding="utf-8")[:5]
            '<?xml'
        """
        if not isinstance(format, str) or (format not in OURS and format not in formats()):
            raise GraphError(f"pipe knows no format {shown(format)}", expected=f"{SUFFIXES}, without the dot")
        content = self._written(format)
        return content if encoding is None else content.decode(encoding)

    def _written(self, suffix: str, play: bool = False) -> bytes:
        if suffix not in OURS:
            return rendered(self.source, suffix)
        if suffix in WRITERS:
            module, name = WRITERS["playing" if play and suffix == "svg" else suffix]
            content = getattr(import_module(module, __package__), name)(self.picture)
        else:
            content = self.text() + "\n" if suffix == "txt" else self.source
        return content if isinstance(content, bytes) else content.encode()

    def _page(self, snapshots: Iterable[Drawing]) -> bytes:
        earlier = list(snapshots) if isinstance(snapshots, Iterable) else [snapshots]
        for other in earlier:
            if not isinstance(other, Drawing):
                problem = "save: snapshots must be drawings in the order of training"
                raise GraphError(problem, expected="a list of results of tg.draw", got=shown(other))
        from .write.page import page

        return page(self.picture, [other.picture for other in earlier]).encode()

    @refusing
    def page(self, *, snapshots: Iterable[Drawing] = (), height: int = 600) -> InlinePage:
        """Returns the page of ``save("x.html")`` as an object that a notebook shows in its cell.

        Args:
            snapshots: as in `save`.
            height: that of the frame, in points of a screen; it is as wide as the cell.

        Raises:
            GraphError: a snapshot is no drawing, or shows another network; the height is no positive integer.

        Example:
            >>> import tinygraph as tg
            >>> tg.draw(tg.constant([0.5])).page(height=300)._repr_html_()[:7]
            '<iframe'
        """
        return InlinePage(self._page(snapshots).decode(), integer("page", "height", height, 1))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **settings: Any) -> dict[str, str]:
        """Returns the SVG for a notebook: as wide as the cell, or as itself, if that is less."""
        from .write.svg import svg

        return {"image/svg+xml": svg(self.picture, fitted=True), "text/plain": self.text()}


class InlinePage:
    """A page within a notebook: its scripts can neither read the notebook nor change it."""

    def __init__(self, page: str, height: int) -> None:
        self._page, self._height = page, height

    def _repr_html_(self) -> str:
        look = f'style="width:100%;height:{self._height}px;border:1px solid #d3dae3;border-radius:6px"'
        return f'<iframe sandbox="allow-scripts" {look} srcdoc="{escape(self._page)}"></iframe>'


install(Drawing, DRAWING, MissingOnOurs)
