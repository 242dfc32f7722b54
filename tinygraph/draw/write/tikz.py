"""Writes a picture as a LaTeX document of its own in TikZ, from its SVG: the same places, and colours with names."""

from __future__ import annotations

from xml.etree import ElementTree

from ..colours import DEAD, FORWARD, GOLD, GREY, INK, hexed
from ..labels import width
from ..norms.heat import ODD, RAMP, ZERO
from ..picture import Picture, Point
from ..shown.roles import BORDERS
from ..words import asset
from .margin import PALE, WARM
from .page.palette import level_of
from .reading import Lettering, Painted, Piece, marks
from .svg import svg
from .tex import UNKNOWN, pairs, tex

LARGEST = 14000.0
"""Most points of a page of TeX."""
NAMES = {colour: f"tg{role.capitalize()}" for role, colour in BORDERS.items()}
_OTHERS = pairs(
    f"""#f8fafc Column #e3e7ee Frame #b9c4d2 Card #d3dae3 Cards {ZERO} Zero {INK} Text {GREY} Small {PALE} Head
    {WARM} Back #5a4300 ChipText #5b6572 Token {GOLD} Chip {FORWARD} Forward {DEAD} Cut #c3c8d0 Nothing {ODD} Odd
    #ffffff Ground #000000 Dark"""
)
NAMES |= {colour: f"tg{name}" for colour, name in _OTHERS.items()}
"""Names of colours in the document."""
HEAT = [f"tgHeat{'ABCDE'[k]}" for k in range(len(RAMP))]
"""Names of the colours of the scale, from light to dark; those between them are mixed."""
WAYS = {"M": "{0}", "L": "-- {0}", "C": ".. controls {0} and {1} .. {2}", "Z": "-- cycle"}
HATCHED = "pattern=north east lines, pattern color=tgOdd!70!black"


def tikz(picture: Picture) -> str:
    """Returns a document that LaTeX compiles by itself, and whose picture is as large as the SVG."""
    root = ElementTree.fromstring(svg(picture))
    left, top, wide, high = map(float, root.attrib["viewBox"].split())
    scale = min(picture.scaled, LARGEST / wide, LARGEST / high)
    pen = _Commands(left, top + high, scale)
    body = [pen.shape(x) if isinstance(x, Painted) else pen.words(x) for x in marks(root)]
    colours = [f"\\definecolor{{{name}}}{{HTML}}{{{colour[1:].upper()}}}" for colour, name in pen.used.items()]
    return asset("write/document.tex") % {
        "wide": scale * wide + 2.2,
        "high": scale * high + 2.2,
        "right": scale * wide,
        "top": scale * high,
        "colours": "\n".join(colours),
        "letters": asset("write/letters.tex") if any(UNKNOWN in line for line in body) else "",
        "body": "\n".join(body),
    }


class _Commands:
    """Writes shapes and words as commands of TikZ; y grows upward there."""

    def __init__(self, left: float, foot: float, scale: float) -> None:
        self.left, self.foot, self.scale = left, foot, scale
        self.used: dict[str, str] = {}

    def at(self, point: Point) -> str:
        return f"({(point[0] - self.left) * self.scale:.2f},{(self.foot - point[1]) * self.scale:.2f})"

    def colour(self, colour: str) -> str:
        """Returns the name of a colour, or a mixture of two of the scale."""
        level = level_of(colour)
        if colour in NAMES or level is None:
            return self.used.setdefault(colour, NAMES.get(colour, f"tgOther{len(self.used)}"))
        level *= len(RAMP) - 1
        i = min(int(level), len(RAMP) - 2)
        for parts, name in zip(RAMP, HEAT, strict=True):
            self.used.setdefault(hexed(parts), name)
        return f"{HEAT[i + 1]}!{100 * (level - i):.1f}!{HEAT[i]}"

    def shape(self, shape: Painted) -> str:
        fill, stroke = shape.style.get("fill", INK), shape.style.get("stroke", "none")
        options = [] if fill == "none" or fill.startswith("url") else [f"fill={self.colour(fill)}"]
        if fill.startswith("url"):
            options = [f"preaction={{fill={self.colour(ODD)}}}", HATCHED]
        if stroke != "none":
            thick = self.scale * float(shape.style.get("stroke-width", 1))
            options += [f"draw={self.colour(stroke)}", f"line width={thick:.2f}bp"]
            dashes = [self.scale * float(x) for x in shape.style.get("stroke-dasharray", "").split()]
            pattern = " ".join(f"{'off' if k % 2 else 'on'} {length:.2f}bp" for k, length in enumerate(dashes))
            options += [f"dash pattern={pattern}"] * bool(dashes)
        if shape.round is None:
            way = " ".join(WAYS[kind].format(*map(self.at, points)) for kind, points in shape.segments)
            return f"\\path[{', '.join(options)}] {way};"
        corners = [p for _, points in shape.segments for p in points]
        ends = [(f(p[0] for p in corners), f(p[1] for p in corners)) for f in (min, max)]
        options += [f"rounded corners={shape.round * self.scale:.2f}bp"] * (shape.round > 0)
        return f"\\path[{', '.join(options)}] {self.at(ends[0])} rectangle {self.at(ends[1])};"

    def words(self, words: Lettering) -> str:
        anchor = {"start": "base west", "middle": "base", "end": "base east"}[words.style["text-anchor"]]
        first, at = words.runs[0], self.at((words.x, words.y))
        room = sum(width(x.text, x.size * self.scale, x.bold) + x.gap * self.scale for x in words.runs)
        text = "".join(self._run(run, run is first) for run in words.runs)
        look, size = f"anchor={anchor}, text={self.colour(first.style['fill'])}", f"{first.size * self.scale:.2f}"
        return f"\\node[{look}] at {at} {{\\tgtext{{{room:.1f}}}{{{size}}}{{{text}}}}};"

    def _run(self, run: Piece, first: bool) -> str:
        look = "\\bfseries\\boldmath " if run.bold else ""
        if not first and not run.bold:
            size = f"{run.size * self.scale:.2f}bp"
            look = f"\\mdseries\\unboldmath\\color{{{self.colour(run.style['fill'])}}}"
            look += f"\\fontsize{{{size}}}{{{size}}}\\selectfont "
        gap = f"\\hspace{{{run.gap * self.scale:.1f}bp}}" if run.gap else ""
        return f"{gap}{{{look}{tex(run.text)}}}"
