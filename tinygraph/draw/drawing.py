"""A drawing: DOT text, plain text, and files of either or of the rendered picture."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import graphviz

from ..core.errors import GraphError, refusing
from .picture import MANY, Picture
from .write.centred import centred
from .write.render import engine, pinned

RENDERED, WRITTEN, DOT = ("svg", "png", "pdf"), ("txt", "html"), ("", "gv", "dot")
"""Suffixes of files rendered by Graphviz, of files written without it, and of DOT files."""


class Drawing(graphviz.Digraph):
    """A `graphviz.Digraph` whose boxes already have positions; ``source`` is its DOT text.

    `save`, `render` and `pipe` use the system's Graphviz, or if there is none the one that pip installs (extra
    ``render``: SVG and PNG). A notebook displays it.

    Attributes:
        picture: the parts with their positions, None if `tg.draw` did not create the drawing.

    Example:
        >>> import tinygraph as tg
        >>> drawing = tg.draw(tg.tanh(tg.constant([0.5]), name="h"))
        >>> drawing.source.splitlines()[0]
        'digraph {'
    """

    picture: Picture | None = None

    def copy(self) -> Drawing:
        """Returns a separate drawing with the same content."""
        other: Drawing = super().copy()
        other.picture = self.picture
        return other

    @refusing
    def text(self) -> str:
        """Returns the picture as plain text for terminals: a column per time step, and arrows for links through time.

        Above T = 6 the first three and the last two steps are shown. The parameters follow as a list.

        Raises:
            GraphError: `tg.draw` did not create this drawing.

        Example:
            >>> import tinygraph as tg
            >>> with tg.step(1):
            ...     h = tg.tanh(tg.constant([0.5, 0.5], name="x"), name="h")
            >>> print(tg.draw(h).text())
            t = 1
            --------
            h = tanh
            x
        """
        if self.picture is None:
            raise GraphError("only a drawing of tg.draw has a plain text", fix="use .source, the DOT text")
        from .write.plain import plain

        return plain(self.picture)

    @refusing
    def save(
        self,
        filename: Any = None,
        directory: Any = None,
        *,
        skip_existing: bool | None = False,
        snapshots: Iterable[Drawing] = (),
    ) -> str:
        """Write a file in the format of its suffix: html, svg, png, pdf, dot or gv, txt.

        ``x.html`` is an interactive page in one file, with zoom, the numbers of each box, foldable time steps, and
        a walk through the ops and their gradient rules. It needs no Graphviz and no network.

        Args:
            filename: the path; a file without a suffix contains DOT text.
            directory, skip_existing: as for `graphviz.Digraph.save`.
            snapshots: for a page, drawings of the same network at earlier times of training, in order; a slider
                replays them, with this drawing last.

        Returns:
            the path of the file.

        Raises:
            GraphError: an unknown suffix; no Graphviz is installed, or it cannot write this format; a snapshot shows
                another network.

        Example:
            >>> import tinygraph as tg
            >>> tg.draw(tg.constant([0.5])).save("x.svg")  # doctest: +SKIP
            'x.svg'
        """
        suffix = _suffix(filename)
        if snapshots and suffix != "html":
            raise GraphError("save: snapshots need a page", expected="a path that ends in .html", got=str(filename))
        if skip_existing is None or suffix in DOT:  # graphviz's own render passes None to get the DOT file
            return super().save(filename, directory=directory, skip_existing=skip_existing)
        if suffix not in (*RENDERED, *WRITTEN):
            raise GraphError(
                f"a drawing cannot be saved as .{suffix}",
                expected="a path that ends in .html, .svg, .png, .pdf, .dot, .gv or .txt",
                got=os.fspath(filename),
            )
        path = Path(directory or self.directory, filename)
        if skip_existing and path.exists():
            return str(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if suffix in WRITTEN:
            path.write_bytes(self._written(suffix, snapshots))
        else:
            self._render_to(path, suffix)
        return str(path)

    def _render_to(self, path: Path, suffix: str) -> None:
        """Render by way of files: through a pipe a drawing of 20,000 boxes takes a quarter longer."""
        with TemporaryDirectory() as folder, engine():
            source = Path(folder, "drawing.dot")
            source.write_text(self.source, encoding="utf-8")
            # Graphviz writes a temporary file, so that a failure does not destroy an existing file.
            rendered = graphviz.render(self.engine, suffix, source, **pinned(self.engine, {}))
            shutil.copyfile(self._with_centred_texts(rendered), path)

    def _written(self, suffix: str, snapshots: Iterable[Drawing]) -> bytes:
        """Returns the content of a file that needs no Graphviz: plain text, or a page."""
        if suffix == "txt":
            return (self.text() + "\n").encode()
        if isinstance(snapshots, Drawing) or not isinstance(snapshots, Iterable):
            raise GraphError(
                "save: snapshots must be drawings in the order of training",
                expected="a list of results of tg.draw",
                got=type(snapshots).__name__,
            )
        from .write.page import page

        *earlier, last = map(_picture, (*snapshots, self))
        return page(last, earlier).encode()

    @refusing
    def render(self, filename: Any = None, *args: Any, **settings: Any) -> str:
        """Write the picture to a file: ``drawing.render("rnn.svg")``.

        Args:
            filename: with a suffix html, svg, png, pdf or txt, the only file that is written, as by `save`. Any
                other name is that of a DOT file, and the picture is written beside it, as for
                `graphviz.Digraph.render`.
            args, settings: as for `graphviz.Digraph.render`; the suffix of ``outfile`` sets the format, and
                ``cleanup`` removes the DOT file beside it.

        Returns:
            the path of the picture.

        Raises:
            GraphError: no Graphviz is installed, or it cannot write this format.

        Example:
            >>> import tinygraph as tg
            >>> drawing = tg.draw(tg.tanh(tg.constant([0.5]), name="h"))
            >>> drawing.render("h.svg")  # doctest: +SKIP
            'h.svg'
        """
        if not args and not settings and _suffix(filename) in (*RENDERED, *WRITTEN):
            return self.save(filename)
        if settings.get("outfile") is not None and not Path(settings["outfile"]).suffix:
            # graphviz would warn about a path without a suffix.
            settings["outfile"] = f"{os.fspath(settings['outfile'])}.{self.format}"
        with engine():
            return self._with_centred_texts(
                super().render(filename, *args, **pinned(settings.get("engine") or self.engine, settings))
            )

    @refusing
    def pipe(self, *args: Any, **settings: Any) -> Any:
        """Returns the picture as bytes, or as text if ``encoding`` is passed: ``drawing.pipe(format="svg")``.

        Args:
            args, settings: as for `graphviz.Digraph.pipe`.

        Raises:
            GraphError: no Graphviz is installed, or it cannot write this format.

        Example:
            >>> import tinygraph as tg
            >>> tg.draw(tg.constant([0.5])).pipe(format="svg")[:5]  # doctest: +SKIP
            b'<?xml'
        """
        with engine():
            rendered = super().pipe(*args, **pinned(settings.get("engine") or self.engine, settings))
        if (args[0] if args else settings.get("format") or self.format) != "svg" or self._is_large():
            return rendered
        return centred(rendered) if isinstance(rendered, str) else centred(rendered.decode()).encode()

    def _is_large(self) -> bool:
        return self.picture is not None and len(self.picture.boxes) > MANY

    def _with_centred_texts(self, path: str) -> str:
        """Centre the texts of an SVG file; other files stay as they are."""
        if path.endswith(".svg") and not self._is_large():
            Path(path).write_text(centred(Path(path).read_text(encoding="utf-8")), encoding="utf-8")
        return path

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, **settings: Any
    ) -> dict[str, Any]:
        """Returns the SVG for a notebook, or plain text if no Graphviz is installed."""
        try:
            return super()._repr_mimebundle_(include, exclude, **settings)
        except GraphError:
            return {"text/plain": self.source if self.picture is None else self.text()}


def _picture(drawing: Any) -> Picture:
    picture = drawing.picture if isinstance(drawing, Drawing) else None
    if picture is None:
        raise GraphError(
            "save: a page needs drawings made by tg.draw",
            got=type(drawing).__name__,
            fix="pass results of tg.draw; for a plain Digraph use .source, or save as .svg",
        )
    return picture


def _suffix(filename: Any) -> str:
    return "" if filename is None else Path(filename).suffix[1:].lower()
