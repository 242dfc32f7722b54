"""Reads a picture's SVG as shapes and words with absolute places, for the writers of other formats."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from xml.etree.ElementTree import Element

from ..picture import Point

Style = Mapping[str, str]
"""Attributes of an element and those that it inherits."""
Segments = list[tuple[str, list[Point]]]
"""Parts of an outline: ``M`` and ``L`` with a point, ``C`` with three, ``Z`` with none."""
_TOKENS = re.compile(r"[A-Za-z]|-?[\d.]+(?:e-?\d+)?")
_TAKES = {"M": 2, "L": 2, "C": 6, "V": 1, "Z": 0}
CORNER = 0.5523
"""Where the control points of a quarter of a circle lie."""


class Painted(NamedTuple):
    """An outline, y downward; ``round``: the radius of a rectangle's corners, else None."""

    segments: Segments
    style: Style
    round: float | None = None


class Piece(NamedTuple):
    """A run of text in one style; ``gap``: the space before it."""

    text: str
    style: Style
    gap: float = 0.0

    @property
    def bold(self) -> bool:
        return self.style.get("font-weight") == "700"

    @property
    def size(self) -> float:
        return float(self.style["font-size"])


class Lettering(NamedTuple):
    """Runs of text side by side on one line."""

    x: float
    y: float
    runs: list[Piece]
    style: Style


Mark = Painted | Lettering


def marks(element: Element, outer: Style | None = None, x: float = 0.0, y: float = 0.0) -> Iterator[Mark]:
    """Yields all that is seen of an SVG of ours, in the order of painting; ``outer``: what it inherits."""
    tag = element.tag.rpartition("}")[2]
    style = {**(outer or {}), **element.attrib}
    moved = "transform" in style and re.match(r"translate\((\S+) (\S+)\)", style.pop("transform"))
    if moved:
        x, y = x + float(moved[1]), y + float(moved[2])
    if tag == "rect":
        yield _rectangle(style, x, y)
    elif tag == "path":
        yield Painted(_path(style["d"], x, y), style)
    elif tag == "text":
        at = x + float(style.get("x", 0)), y + float(style.get("y", 0))
        if runs := [run for run in _runs(element, style) if run.text]:
            yield Lettering(*at, runs, style)
    elif tag in ("svg", "g"):
        for child in element:
            yield from marks(child, style, x, y)


def _runs(element: Element, style: Style) -> Iterator[Piece]:
    yield Piece(element.text or "", style)
    for child in element:
        yield Piece(child.text or "", {**style, **child.attrib}, float(child.get("dx", 0)))
        yield Piece(child.tail or "", style)


def _rectangle(style: Style, x: float, y: float) -> Painted:
    left, top = x + float(style.get("x", 0)), y + float(style.get("y", 0))
    wide, high = float(style["width"]), float(style["height"])
    corner = min(float(style.get("rx", 0)), wide / 2, high / 2)
    return Painted(_rounded(left, top, left + wide, top + high, corner), style, corner)


def _rounded(left: float, top: float, right: float, foot: float, corner: float) -> Segments:
    """Returns the outline of a rectangle, clockwise from the upper left."""
    k = corner * (1 - CORNER)
    sides = (
        ((left + corner, top), (right - corner, top), (right - k, top), (right, top + k), (right, top + corner)),
        ((right, top + corner), (right, foot - corner), (right, foot - k), (right - k, foot), (right - corner, foot)),
        ((right - corner, foot), (left + corner, foot), (left + k, foot), (left, foot - k), (left, foot - corner)),
        ((left, foot - corner), (left, top + corner), (left, top + k), (left + k, top), (left + corner, top)),
    )
    segments: Segments = [("M", [sides[0][0]])]
    for _, end, *curve in sides:
        segments.append(("L", [end]))
        segments += [("C", curve)] if corner else []
    return [*segments, ("Z", [])]


def _path(d: str, x: float, y: float) -> Segments:
    segments: Segments = []
    tokens, kind, at = _TOKENS.findall(d), "M", (0.0, 0.0)
    k = 0
    while k < len(tokens):
        if tokens[k].isalpha():
            kind, k = tokens[k].upper(), k + 1
        count = _TAKES[kind]
        numbers, k = [float(v) for v in tokens[k : k + count]], k + count
        points = [(x + a, y + b) for a, b in zip(numbers[::2], numbers[1::2], strict=True)] if count != 1 else []
        points = [(at[0], y + numbers[0])] if kind == "V" else points
        segments.append(("L" if kind == "V" else kind, points))
        at = points[-1] if points else at
    return segments
