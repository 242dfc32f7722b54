"""How the parts of a picture look: inks that can be read on each colour, faces of texts, borders of roles."""

from __future__ import annotations

from functools import cache, lru_cache
from html import escape
from typing import NamedTuple

from ..colours import INK, hexed
from ..labels import clean
from ..norms.heat import ODD
from ..picture import SMALL, TITLE
from ..words import told

FAMILY = (
    "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Hiragino Sans GB', "
    "'Microsoft YaHei', 'WenQuanYi Micro Hei', sans-serif"
)
"""Fonts of all texts; the last five have Chinese, Japanese and Korean letters."""
READABLE = 4.5
"""Least contrast between a text and its ground (WCAG 2.2, level AA)."""


class Face(NamedTuple):
    """How a kind of text is set."""

    size: float
    bold: bool = False
    anchor: str = "middle"
    colour: str = ""


FACES = {
    "t": Face(TITLE, True),
    "v": Face(TITLE),
    "u": Face(SMALL),
    "t gold": Face(TITLE, True, colour="#5a4300"),
    "title": Face(14, True, colour=INK),
    "title start": Face(14, True, "start", INK),
    "token": Face(12, colour="#5b6572"),
}
"""Title, value and second line of a box; its parameters; titles of columns and cards, and tokens."""


class Outline(NamedTuple):
    """The line around a box, told from others without colour: by its thickness, its dashes, or a second line in it."""

    width: float
    dashes: str = ""
    double: bool = False


LINES = {
    "op": Outline(1.1),
    "dots": Outline(1.1),
    "input": Outline(2.2, "7 2.5"),
    "state": Outline(1.5, double=True),
    "loss": Outline(3.4),
    "parameter": Outline(2.2, "2.2 2.2"),
    "gradient": Outline(2.2, "9 2 2 2"),
    "moved": Outline(2.2),
    "only": Outline(1.8, double=True),
    "differs": Outline(2.8, "3 2"),
    "removed": Outline(1.1, "5 3"),
}


class Paint:
    """How a file shows colours and texts: by attributes, which every reader of SVG knows."""

    def __init__(self, lang: str = "en") -> None:
        self.lang = lang

    def say(self, words: str) -> str:
        """Returns words of ours in the language of the picture."""
        return told(words, self.lang)

    def colour(self, colour: str) -> str:
        """Returns a colour; NaN and infinity are hatched."""
        return "url(#tinygraph-odd)" if colour == ODD else colour

    def ink(self, ground: str) -> str:
        """Returns the attribute for the colour of texts on a ground."""
        return _INKS[ink(ground)]

    def face(self, kind: str) -> str:
        """Returns the attributes of a kind of text, as far as they differ from `DEFAULTS`."""
        return _ATTRIBUTES[kind]

    def ground(self, kind: str) -> str:
        """Returns the attributes of ``band``, ``band front``, ``card``, ``chip``, ``badge`` or ``opening``."""
        return _GROUNDS[kind]


DEFAULTS = f'font-family="{FAMILY}" font-size="{SMALL:g}" text-anchor="middle" fill="{INK}"'
"""Attributes of a whole file."""
_INKS = {INK: "", "#ffffff": ' fill="#ffffff"', "#000000": ' fill="#000000"'}
_GROUNDS = {
    "band": 'fill="#f8fafc" stroke="#e3e7ee"',
    "band front": 'fill="#f8fafc" stroke="#b9c4d2"',
    "card": 'fill="#ffffff" stroke="#d3dae3"',
    "chip": 'fill="#f6d365"',
    "badge": 'fill="#ffffff" stroke="#d7191c"',
    "opening": 'fill="#ffffff"',
}


def _attributes(face: Face) -> str:
    parts = [f' font-size="{face.size:g}"'] * (face.size != FACES["u"].size)
    parts += [' font-weight="700"'] * face.bold + [' text-anchor="start"'] * (face.anchor == "start")
    return "".join(parts + [f' fill="{face.colour}"'] * (face.colour not in ("", INK)))


_ATTRIBUTES = {kind: _attributes(face) for kind, face in FACES.items()}


@lru_cache(maxsize=4096)
def text(words: str, limit: int = 240) -> str:
    """Escape a text for use in markup."""
    return escape(clean(words, limit), quote=True)


def rgb(colour: str) -> tuple[int, ...] | None:
    try:
        return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)) if len(colour) == 7 else None
    except ValueError:
        return None


@cache
def luminance(colour: str) -> float:
    """Returns the relative luminance (WCAG 2.2), 1 for what is no colour of six digits."""
    parts = rgb(colour)
    linear = [x / 255 / 12.92 if x <= 10 else ((x / 255 + 0.055) / 1.055) ** 2.4 for x in parts or (255,) * 3]
    return sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@cache
def legible(colour: str) -> str:
    """Returns a colour for words on white or on a column: the same hue, as much darker as it takes."""
    parts = rgb(colour)
    while parts and contrast(colour, "#f8fafc") < READABLE:
        parts = tuple(int(0.96 * x) for x in parts)
        colour = hexed(parts)
    return colour


@cache
def ink(ground: str, wanted: str = INK) -> str:
    """Returns ``wanted`` if it can be read on the ground, else white or black."""
    return next((c for c in (wanted, "#ffffff") if contrast(c, ground) >= READABLE), "#000000")
