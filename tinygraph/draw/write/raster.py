"""Frames of a picture that plays, painted by pillow from its SVG, and the GIF that they make."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache, lru_cache
from importlib.util import find_spec
from io import BytesIO
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ...core.errors import GraphError
from ..colours import INK
from ..picture import Picture, Point
from .look import rgb
from .motion import PALE, playing, score_of
from .reading import Lettering, Painted, Segments, Style, marks

WIDEST, FINER = 2000, 2
"""Most points of light in a row, and how many times finer frames are painted: then edges are smooth."""
PAUSE = 4.0
"""Seconds for which the whole picture is shown before it plays again."""
COLOURS = 250
STRIPES = "#c9a7e8"
"""What stands for the hatching of NaN and infinity."""
_Placed = tuple[Painted | Lettering, list[list[Point]]]


def gif(picture: Picture) -> bytes:
    """Returns a GIF that plays again and again, with a pause at its end.

    Raises:
        GraphError: pillow is not installed, no font has the letters, or the picture's view does not play.
    """
    score = score_of(picture)
    root = ElementTree.fromstring(playing(picture))
    left, top, wide, high = map(float, root.attrib["viewBox"].split())
    pen = _Brush(left, top, wide, high, min(picture.scaled * 4 / 3, WIDEST / wide))
    parts = [pen.placed(part) for part in marks(root)]
    frames = [pen.frame(parts, k) for k in range(len(score.said) + 1)]
    first, *others = _indexed(frames)
    times = [round(1000 * score.beat)] * len(score.said) + [round(1000 * PAUSE)]
    out = BytesIO()
    first.save(out, "GIF", save_all=True, append_images=others, duration=times, loop=0, optimize=False)
    return out.getvalue()


def _indexed(frames: list[Any]) -> Iterator[Any]:
    """Yields the frames with one palette: the colours that are most of them, and for others the nearest."""
    packed = [np.array(frame.convert("RGBA")).view("<u4")[..., 0] & 0xFFFFFF for frame in frames]
    colours, counts = np.unique(np.stack([packed[0], packed[-1]]), return_counts=True)
    palette = _bytes(colours[np.argsort(-counts, kind="stable")[:COLOURS]])
    number_of = np.zeros(1 << 24, np.uint8)
    for pixels in packed:
        number_of[pixels] = 1
    for own in np.array_split(np.flatnonzero(number_of), 64):
        number_of[own] = ((_bytes(own)[:, None, :] - palette) ** 2).sum(axis=2).argmin(axis=1)
    for pixels in packed:
        image = pillow("Image").fromarray(number_of[pixels], "P")
        image.putpalette(palette.astype(np.uint8).ravel().tolist())
        yield image


def _bytes(packed: Any) -> Any:
    return np.stack([packed & 255, packed >> 8 & 255, packed >> 16], axis=-1).astype(np.int32)


def _strength(style: Style, stage: int) -> float:
    """Returns how much is seen of a part at a stage: 1 for all of it."""
    if "data-said" in style:
        return int(style["data-said"]) == stage
    if "data-on" in style:
        return int(style["data-on"]) <= stage
    return 1.0 if int(style.get("data-lit", 0)) <= stage else PALE


class _Brush:
    """Paints shapes and words; points of the picture become points of light, ``scale`` of them to each."""

    def __init__(self, left: float, top: float, wide: float, high: float, scale: float) -> None:
        self.left, self.top, self.scale = left, top, scale * FINER
        self.size = round(wide * scale), round(high * scale)

    def placed(self, part: Painted | Lettering) -> _Placed:
        if isinstance(part, Lettering):
            return part, []
        return part, [[self.at(p) for p in line] for line in _flattened(part.segments)]

    def at(self, point: Point) -> Point:
        return (point[0] - self.left) * self.scale, (point[1] - self.top) * self.scale

    def frame(self, parts: Iterable[_Placed], stage: int) -> Any:
        """Returns the picture at a stage, as an image."""
        image = pillow("Image")
        canvas = image.new("RGB", (self.size[0] * FINER, self.size[1] * FINER), "white")
        self.draw = pillow("ImageDraw").Draw(canvas)
        for part, lines in parts:
            shown = _strength(part.style, stage)
            if not shown:
                continue
            if isinstance(part, Painted):
                self.shape(part, lines, shown)
            else:
                self.words(part, shown)
        return canvas.reduce(FINER)

    def shape(self, shape: Painted, lines: list[list[Point]], shown: float) -> None:
        fill, stroke = _colour(shape.style.get("fill", INK), shown), _colour(shape.style.get("stroke", "none"), shown)
        width = max(1, round(float(shape.style.get("stroke-width", 1)) * self.scale))
        dashes = [float(x) * self.scale for x in shape.style.get("stroke-dasharray", "").split()]
        for line in lines:
            if fill and len(line) > 2:
                self.draw.polygon(line, fill=fill)
            if stroke:
                for piece in _dashed(line, dashes) if dashes else [line]:
                    self.draw.line(piece, fill=stroke, width=width, joint="curve")

    def words(self, words: Lettering, shown: float) -> None:
        x, y = self.at((words.x, words.y))
        pieces: list[tuple[float, str, Any, tuple[int, ...] | None]] = []
        wide = 0.0
        for run in words.runs:
            wide += run.gap * self.scale
            colour = _colour(run.style["fill"], shown)
            for text, face, length in measured(run.text, run.bold, self.scale * run.size):
                pieces.append((wide, text, face, colour))
                wide += length
        x -= {"start": 0.0, "middle": wide / 2, "end": wide}[words.style["text-anchor"]]
        for along, text, face, colour in pieces:
            self.draw.text((x + along, y), text, font=face, fill=colour, anchor="ls")


def _colour(colour: str, shown: float) -> tuple[int, ...] | None:
    """Returns a colour as it is seen on white; None for no colour."""
    if colour == "none":
        return None
    parts = rgb(STRIPES if colour.startswith("url") else colour) or (34, 34, 34)
    return tuple(round(255 + (x - 255) * shown) for x in parts)


def _flattened(segments: Segments) -> Iterator[list[Point]]:
    """Yields the lines of an outline, its curves as short straight pieces."""
    line: list[Point] = []
    for kind, points in segments:
        if kind == "M":
            if line:
                yield line
            line = [*points]
        elif kind == "C":
            line += _curve(line[-1], *points)
        else:
            line += points or line[:1]
    yield line


def _curve(a: Point, b: Point, c: Point, d: Point) -> Iterator[Point]:
    pieces = max(4, min(24, round((math.dist(a, b) + math.dist(b, c) + math.dist(c, d)) / 5)))
    for k in range(1, pieces + 1):
        t = k / pieces
        u = 1 - t
        weights = (u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t)
        x, y = (sum(w * p[i] for w, p in zip(weights, (a, b, c, d), strict=True)) for i in (0, 1))
        yield x, y


def _dashed(line: list[Point], dashes: list[float]) -> Iterator[list[Point]]:
    """Yields the drawn pieces of a dashed line."""
    k, left, piece = 0, dashes[0], [line[0]]
    for start, end in pairwise(line):
        at, length = 0.0, math.dist(start, end)
        while length - at > left:
            at += left
            point = (start[0] + (end[0] - start[0]) * at / length, start[1] + (end[1] - start[1]) * at / length)
            if k % 2 == 0:
                yield [*piece, point]
            k += 1
            piece, left = [point], dashes[k % len(dashes)]
        left -= length - at
        piece.append(end)
    if k % 2 == 0:
        yield piece


PLAIN = ("DejaVuSans", "Arial", "LiberationSans-Regular", "NotoSans-Regular", "segoeui")
BOLD = ("DejaVuSans-Bold", "arialbd", "Arial Bold", "LiberationSans-Bold", "NotoSans-Bold", "segoeuib")
WIDE = ("NotoSansCJK-Regular", "PingFang", "msyh", "wqy-microhei", "Hiragino Sans GB", "SourceHanSansSC-Regular")
"""Names of files of fonts, the last with Chinese letters too."""


def pillow(name: str) -> Any:
    """Returns a module of pillow."""
    try:
        return getattr(__import__("PIL", fromlist=[name]), name)
    except ImportError:
        raise GraphError(
            "a drawing as gif needs pillow, which is not installed",
            fix='pip install "tinygraph-rnn[render]"; or save("x.svg", play=True), which needs nothing',
        ) from None


@lru_cache(maxsize=4096)
def measured(words: str, bold: bool, size: float) -> list[tuple[str, Any, float]]:
    """Returns the pieces of a text, each with the first font that has its letters, and how long it is.

    Raises:
        GraphError: none of the fonts here has a letter.
    """
    pieces = []
    for path, letters in groupby(words, lambda letter: _font_of(letter, bold)):
        face, piece = _at_size(path, max(1, round(size))), "".join(letters)
        pieces.append((piece, face, face.getlength(piece)))
    return pieces


@cache
def _font_of(letter: str, bold: bool) -> str:
    path = next((path for path in _paths(bold) if _has(path, letter)), None)
    if path is None:
        problem = f"a drawing as gif: no font here has the letter {letter!r}"
        fix = "apt install fonts-dejavu fonts-noto-cjk (or another font that has it); or .svg, .html"
        raise GraphError(problem, expected="a font of this machine that has it", fix=fix)
    return path


@cache
def _paths(bold: bool) -> tuple[str, ...]:
    """Returns the fonts that are here, by path; pillow's own, which has few letters, is the last."""
    plots, paths = find_spec("matplotlib"), dict[str, None]()
    folder = Path(plots.origin or "").parent / "mpl-data" / "fonts" / "ttf" if plots else Path()
    for name in (*(BOLD if bold else PLAIN), *WIDE):
        for file in (f"{name}.ttf", f"{name}.ttc", f"{name}.otf", str(folder / f"{name}.ttf")):
            with suppress(OSError):
                paths[str(pillow("ImageFont").truetype(file, 12).path)] = None
    return (*paths, "")


@cache
def _at_size(path: str, size: int) -> Any:
    fonts = pillow("ImageFont")
    return fonts.truetype(path, size) if path else fonts.load_default(size)


@cache
def _has(path: str, letter: str) -> bool:
    """Whether a font has a letter; what it lacks looks as what no font has."""
    face = _at_size(path, 40)
    absent, mask = face.getmask("\U0010fffe"), face.getmask(letter)
    return letter.isspace() or bytes(mask) != bytes(absent)
