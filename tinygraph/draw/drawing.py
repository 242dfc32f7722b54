"""A drawing: DOT text, plain text, and files of either or of the rendered picture."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import graphviz

from ..core.errors import GraphError
from .picture import MANY, Picture
from .write.centred import centred
from .write.render import engine, pinned

RENDERED, WRITTEN, DOT = ("svg", "png", "pdf"), ("txt", "html"), ("", "gv", "dot")
"""Suffixes of files that a Graphviz makes, of those written without one, and of those that hold DOT text."""


class Drawing(graphviz.Digraph):
    """A `graphviz.Digraph` whose boxes are already placed; ``source`` is its DOT text.

    `save`, `render` and `pipe` use the system's Graphviz, or where there is none the one that pip
    installs (extra ``render``: SVG and PNG). In a notebook it shows itself.

    Attributes:
        picture: the placed parts, None of a drawing that `tg.draw` did not make.

    Example:
        >>> import tinygraph as tg
        >>> drawing = tg.draw(tg.tanh(tg.constant([0.5]), name="h"))
        >>> drawing.source.splitlines()[0]
        'digraph {'
    """

    picture: Picture | None = None

    def copy(self) -> Drawing:
        """A drawing of its own with the same content."""
        other: Drawing = super().copy()
        other.picture = self.picture
        return other

    def text(self) -> str:
        """The picture as plain text, for terminals: a column a time step, what crosses time as arrows.

        Above T = 6 the first three and the last two steps are shown. The parameters follow as a list.

        Raises:
            GraphError: the view has no form as text.

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
            raise GraphError("this view has no form as plain text", fix="the view unrolled has one; or use .source")
        from .write.plain import plain

        return plain(self.picture)

    def save(
        self,
        filename: Any = None,
        directory: Any = None,
        *,
        skip_existing: bool | None = False,
        snapshots: Iterable[Drawing] = (),
    ) -> str:
        """Write a file of the kind that its suffix says: html, svg, png, pdf, dot or gv, txt.

        ``x.html`` is a page to explore, in one file: zoom, the numbers of each box, time steps that fold,
        a walk through the ops and their gradient rules. It needs no Graphviz and no network.

        Args:
            filename: the path; without a suffix it holds DOT text.
            directory, skip_existing: as for `graphviz.Digraph.save`.
            snapshots: of a page, drawings of the same network at earlier times of training, in order:
                a slider replays them, this drawing last.

        Returns:
            the path of the file.

        Raises:
            GraphError: another suffix; no Graphviz is installed, or the one found cannot make this format;
                a snapshot is of another network.

        Example:
            >>> import tinygraph as tg
            >>> tg.draw(tg.constant([0.5])).save("x.svg")  # doctest: +SKIP
            'x.svg'
        """
        kind = _suffix(filename)
        if snapshots and kind != "html":
            raise GraphError(
                "save: snapshots are replayed in a page", expected="a path that ends in .html", got=str(filename)
            )
        if skip_existing is None or kind in DOT:  # None is how graphviz's own render asks for the DOT file
            return super().save(filename, directory=directory, skip_existing=skip_existing)
        if kind not in (*RENDERED, *WRITTEN):
            raise GraphError(
                f"a drawing cannot be saved as .{kind}",
                expected="a path that ends in .html, .svg, .png, .pdf, .dot, .gv or .txt",
                got=os.fspath(filename),
            )
        path = Path(directory or self.directory, filename)
        if skip_existing and path.exists():
            return str(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind in WRITTEN:
            path.write_bytes(self._written(kind, snapshots))
        else:
            self._render_to(path, kind)
        return str(path)

    def _render_to(self, path: Path, kind: str) -> None:
        """By way of files: through a pipe a drawing of 20,000 boxes takes a quarter longer."""
        with TemporaryDirectory() as folder, engine():
            source = Path(folder, "drawing.dot")
            source.write_text(self.source, encoding="utf-8")
            # Not into the file itself, which would be lost if Graphviz failed.
            made = graphviz.render(self.engine, kind, source, **pinned(self.engine, {}))
            shutil.copyfile(self._mended(made), path)

    def _written(self, kind: str, snapshots: Iterable[Drawing]) -> bytes:
        """What needs no Graphviz: plain text, or a page."""
        if kind == "txt":
            return (self.text() + "\n").encode()
        if isinstance(snapshots, Drawing) or not isinstance(snapshots, Iterable):
            raise GraphError(
                "snapshots are drawings in the order of training",
                expected="a list of what tg.draw gave",
                got=type(snapshots).__name__,
            )
        from .write.page import page

        *earlier, last = map(_picture, (*snapshots, self))
        return page(last, earlier).encode()

    def render(self, filename: Any = None, *args: Any, **settings: Any) -> str:
        """Write the picture to a file: ``drawing.render("rnn.svg")``.

        Args:
            filename: with a suffix html, svg, png, pdf or txt the file that is written, and nothing else, as by
                `save`. Any other is the name of a DOT file that the picture is written beside, as for
                `graphviz.Digraph.render`.
            args, settings: as for `graphviz.Digraph.render`; the format follows the suffix of ``outfile``,
                and ``cleanup`` removes the DOT file that is written beside it.

        Returns:
            the path of the picture.

        Raises:
            GraphError: no Graphviz is installed, or the one found cannot make this format.

        Example:
            >>> import tinygraph as tg
            >>> drawing = tg.draw(tg.tanh(tg.constant([0.5]), name="h"))
            >>> drawing.render("h.svg")  # doctest: +SKIP
            'h.svg'
        """
        if not args and not settings and _suffix(filename) in (*RENDERED, *WRITTEN):
            return self.save(filename)
        if settings.get("outfile") is not None and not Path(settings["outfile"]).suffix:
            # Of a path without a suffix graphviz would warn.
            settings["outfile"] = f"{os.fspath(settings['outfile'])}.{self.format}"
        with engine():
            return self._mended(
                super().render(filename, *args, **pinned(settings.get("engine") or self.engine, settings))
            )

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
        with engine():
            made = super().pipe(*args, **pinned(settings.get("engine") or self.engine, settings))
        if (args[0] if args else settings.get("format") or self.format) != "svg" or self._is_large():
            return made
        return centred(made) if isinstance(made, str) else centred(made.decode()).encode()

    def _is_large(self) -> bool:
        return self.picture is not None and len(self.picture.boxes) > MANY

    def _mended(self, path: str) -> str:
        """The file that Graphviz made; of an SVG with its texts in the middle of their boxes."""
        if path.endswith(".svg") and not self._is_large():
            Path(path).write_text(centred(Path(path).read_text(encoding="utf-8")), encoding="utf-8")
        return path

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, **settings: Any
    ) -> dict[str, Any]:
        """What a notebook shows: the SVG, or plain text where no Graphviz is installed."""
        try:
            return super()._repr_mimebundle_(include, exclude, **settings)
        except GraphError:
            return {"text/plain": self.source if self.picture is None else self.text()}


def _picture(drawing: Any) -> Picture:
    picture = drawing.picture if isinstance(drawing, Drawing) else None
    if picture is None:
        raise GraphError(
            "a page is made of what tg.draw gave",
            got=type(drawing).__name__,
            fix="pass drawings; of a plain Digraph use .source, or save as .svg",
        )
    return picture


def _suffix(filename: Any) -> str:
    return "" if filename is None else Path(filename).suffix[1:].lower()
