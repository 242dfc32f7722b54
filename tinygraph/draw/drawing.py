"""A drawing: DOT text, plain text, and files of either or of the rendered picture."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import graphviz

from ..atomic import place, write
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
            Recurrent network, 1 step, unrolled
            <BLANKLINE>
            t = 1
            -----------
            h = tanh(x)
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

        A file that is there is replaced only by a complete one: whatever stops a save, it stays as it was.
        ``x.html`` is an interactive page in one file, with zoom, the numbers of each box, foldable time steps, and
        a walk through the ops and their gradient rules. It needs no Graphviz and no network.

        Args:
            filename: the path; a file without a suffix contains DOT text. A drawing keeps the name that its DOT text
                was saved under, or that graphviz was told; another one has to be named.
            directory, skip_existing: as for `graphviz.Digraph.save`.
            snapshots: for a page, drawings of the same network at earlier times of training, in order; a slider
                replays them, with this drawing last.

        Returns:
            the path of the file.

        Raises:
            GraphError: no name, or that of a folder; an unknown suffix; no Graphviz is installed, or it cannot write
                this format; a snapshot shows another network.
            OSError: the file cannot be written; nothing was changed.

        Example:
            >>> import tinygraph as tg
            >>> tg.draw(tg.constant([0.5])).save("x.svg")  # doctest: +SKIP
            'x.svg'
        """
        path = self._place(filename, directory)
        suffix = path.suffix[1:].lower()
        if snapshots and suffix != "html":
            raise GraphError("save: snapshots need a page", expected="a path that ends in .html", got=str(filename))
        if skip_existing is None:  # graphviz's own render passes None to get the DOT file
            suffix = ""
        if suffix not in (*RENDERED, *WRITTEN, *DOT):
            raise GraphError(
                f"a drawing cannot be saved as .{suffix}",
                expected="a path that ends in .html, .svg, .png, .pdf, .dot, .gv or .txt",
                got=str(path),
            )
        if not (skip_existing and path.exists()):
            if suffix in RENDERED:
                content = self._rendered(suffix, self.engine, pinned(self.engine, {}))
            else:
                content = self._written(suffix, snapshots)
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, content)
        if suffix in DOT:  # as graphviz does: `render` without a name then writes beside it
            for name, part in (("filename", filename), ("directory", directory)):
                if part is not None:
                    setattr(self, name, os.fspath(part))
        return str(path)

    def _place(self, filename: Any, directory: Any) -> Path:
        """Where to save; a drawing without a name would drop a file of graphviz's naming into the working folder."""
        name = self.filename if filename is None else filename
        if filename is None and name == f"{type(self).__name__}.{self._default_extension}":
            raise GraphError("save: a drawing needs the name of a file", fix='drawing.save("rnn.svg")')
        folder = self.directory if directory is None else directory
        if not all(isinstance(part, (str, os.PathLike)) for part in (name, folder)):
            got = f"{type(name).__name__} in {type(folder).__name__}"
            raise GraphError("save: no name of a file", expected="a str or a pathlib.Path", got=got)
        return place("save", os.path.join(folder, name) if folder and name else name)

    def _rendered(self, suffix: str, program: str, settings: dict[str, Any]) -> bytes:
        """Render by way of files: through a pipe a drawing of 20,000 boxes takes a quarter longer."""
        with TemporaryDirectory() as folder, engine():
            source = Path(folder, "drawing.dot")
            source.write_bytes(self.source.encode(self.encoding))
            rendered = Path(graphviz.render(program, suffix, source, **settings)).read_bytes()
        return rendered if suffix != "svg" or self._is_large() else centred(rendered.decode()).encode()

    def _written(self, suffix: str, snapshots: Iterable[Drawing]) -> bytes:
        """Returns the content of a file that needs no Graphviz: DOT text, plain text, or a page."""
        if suffix in DOT:
            return self.source.encode(self.encoding)
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
            GraphError: no name; no Graphviz is installed, or it cannot write this format.
            OSError: a file cannot be written; what was there is as it was.

        Example:
            >>> import tinygraph as tg
            >>> drawing = tg.draw(tg.tanh(tg.constant([0.5]), name="h"))
            >>> drawing.render("h.svg")  # doctest: +SKIP
            'h.svg'
        """
        named, outfile = isinstance(filename, (str, os.PathLike)), settings.get("outfile")
        own = settings.get("overwrite_source")
        if named and not args and not settings and Path(filename).suffix[1:].lower() in (*RENDERED, *WRITTEN):
            return self.save(filename)
        if outfile is not None and not Path(outfile).suffix:
            # graphviz would warn about a path without a suffix.
            settings["outfile"] = f"{os.fspath(outfile)}.{self.format}"
        elif named and outfile is not None and not own and os.path.realpath(filename) == os.path.realpath(outfile):
            fix = "another outfile, or drawing.save, which writes no DOT file beside the picture"
            raise GraphError("render: picture and DOT file have one name", got=str(outfile), fix=fix)
        with engine():
            path: str = super().render(filename, *args, **pinned(settings.get("engine") or self.engine, settings))
        return path

    def _render(self, program: str, suffix: str, source: str, **settings: Any) -> str:
        """What graphviz calls when it has saved the DOT file; its own way would write into an old picture."""
        outfile, fresh, _ = map(settings.pop, ("outfile", "raise_if_result_exists", "overwrite_filepath"))
        kinds = [settings[kind] for kind in ("formatter", "renderer") if settings.get(kind)]
        path = place("render", os.fspath(outfile or ".".join([source, *kinds, suffix])))
        if fresh and path.exists():
            raise graphviz.FileExistsError(f"output file exists: {str(path)!r}")
        write(path, self._rendered(suffix, program, settings))
        return str(path)

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
