"""What a reader of an SVG file sees: of each text its colour and the colour that it stands on."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import NamedTuple

SVG = "{http://www.w3.org/2000/svg}"
HATCHED = "url(#tinygraph-odd)"


class Seen(NamedTuple):
    text: str
    ink: str
    ground: str


def texts(svg: str) -> list[Seen]:
    """All texts of a file with their inks and grounds; a hatched ground counts as each of its two colours."""
    root = ET.fromstring(svg)
    painted: list[tuple[float, float, float, float, str]] = []
    hatch = [x.get("fill") or x.get("stroke") for x in root.iter() if x in list(next(root.iter(f"{SVG}pattern")))]
    seen: list[Seen] = []
    for element, dx, dy, fill, _anchor in _walked(root, 0.0, 0.0, "#000000", "middle"):
        x, y = float(element.get("x", 0)) + dx, float(element.get("y", 0)) + dy
        if element.tag == f"{SVG}rect" and fill != "none":
            painted.append((x, y, x + float(element.get("width", 0)), y + float(element.get("height", 0)), fill))
        elif element.tag == f"{SVG}text":
            x += {"start": 3.0, "end": -3.0}.get(_anchor, 0.0)
            ground = [f for a, b, c, d, f in painted if a <= x <= c and b <= y - 3 <= d][-1]
            for colour in hatch if ground == HATCHED else [ground]:
                seen += [Seen("".join(element.itertext()), ink, str(colour)) for ink in {fill, *_spans(element)}]
    return seen


def _spans(element: ET.Element) -> list[str]:
    return [x.get("fill", "") for x in element.iter(f"{SVG}tspan") if x.get("fill")]


def _walked(
    element: ET.Element, dx: float, dy: float, fill: str, anchor: str
) -> Iterator[tuple[ET.Element, float, float, str, str]]:
    moved = re.match(r"translate\((\S+) (\S+)\)", element.get("transform", ""))
    if moved:
        dx, dy = dx + float(moved[1]), dy + float(moved[2])
    fill, anchor = element.get("fill", fill), element.get("text-anchor", anchor)
    yield element, dx, dy, fill, anchor
    for child in element if element.tag != f"{SVG}defs" else ():
        yield from _walked(child, dx, dy, fill, anchor)


def contrast(a: str, b: str) -> float:
    """By WCAG 2.2."""

    def light(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05

    low, high = sorted((light(a), light(b)))
    return high / low
