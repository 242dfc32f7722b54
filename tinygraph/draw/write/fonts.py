"""Fonts for pictures made of points of light: those of this machine, by pillow."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

from ...core.errors import GraphError

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
        raise GraphError(
            f"a drawing as gif: no font here has the letter {letter!r}",
            expected="a font of this machine that has it",
            fix="apt install fonts-dejavu fonts-noto-cjk (or another font that has it); or .svg, .html",
        )
    return path


@cache
def _paths(bold: bool) -> tuple[str, ...]:
    """Returns the fonts that are here, by path; pillow's own, which has few letters, is the last."""
    return (*dict.fromkeys(_searched([*(BOLD if bold else PLAIN), *WIDE])), "")


def _searched(names: list[str]) -> Iterator[str]:
    plots = find_spec("matplotlib")
    folder = Path(plots.origin or "").parent / "mpl-data" / "fonts" / "ttf" if plots else Path()
    for name in names:
        for file in (f"{name}.ttf", f"{name}.ttc", f"{name}.otf", str(folder / f"{name}.ttf")):
            try:
                yield str(pillow("ImageFont").truetype(file, 12).path)
            except OSError:
                continue


@cache
def _at_size(path: str, size: int) -> Any:
    fonts = pillow("ImageFont")
    return fonts.truetype(path, size) if path else fonts.load_default(size)


@cache
def _has(path: str, letter: str) -> bool:
    """Whether a font has a letter; what it lacks looks as what no font has."""
    face = _at_size(path, 40)
    absent, mask = face.getmask("\U0010fffe"), face.getmask(letter)
    return letter.isspace() or mask.size != absent.size or bytes(mask) != bytes(absent)
