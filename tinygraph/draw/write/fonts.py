"""Fonts for pictures made of points of light: those of this machine, by pillow."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.util import find_spec
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
def measured(words: str, bold: bool, size: float) -> tuple[Any, float]:
    """Returns the first font that has all letters of a text, and how long the text is.

    Raises:
        GraphError: none of the fonts here has.
    """
    face = _at_size(_with_letters(frozenset(words), bold), max(1, round(size)))
    return face, face.getlength(words)


@cache
def _with_letters(letters: frozenset[str], bold: bool) -> str:
    for path in _paths(bold):
        if all(_has(path, letter) for letter in letters):
            return path
    short = "".join(sorted(x for x in letters if not any(_has(path, x) for path in _paths(bold))))[:20]
    raise GraphError(
        "a drawing as gif: no font here has all its letters",
        expected=f"a font that has {short or 'all of ' + ''.join(sorted(letters))[:60]}",
        fix="apt install fonts-dejavu fonts-noto-cjk (or another font that has them); or .svg, .html",
    )


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
