"""Pictures fitted into an area, such as a slide: the most detail at which no text is too small to read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from xml.etree import ElementTree

from ..core.errors import GraphError
from .options import Area
from .picture import Picture
from .words import told
from .write.beside import edges
from .write.look import FACES
from .write.svg import PAD, svg

MOST = 1.6
"""The most that a picture is enlarged, as a small network would else shout from its slide."""


def fitted(pictures: Iterable[Picture], area: Area, asked: Sequence[str] = ()) -> Picture:
    """Returns the first picture that can be read in an area, with the scale at which its files show it.

    ``asked``: the options that leave less to choose, for the error.

    Raises:
        GraphError: none can.
    """
    best, spare, small = 0.0, None, []
    for picture in pictures:
        if spare is not None and picture.level == "whole":
            break
        if _most(picture, area) < area.least:  # its file, which takes long to write, cannot be better
            small.append(picture)
            continue
        inner = edges(picture)
        for scale, least in _arranged(picture, area):
            best = max(best, scale * least)
            if scale * least >= area.least:
                picture.scaled = scale
                slim = scale * (inner.right - inner.left) < 0.6 * area.width and picture.level != "outline"
                if picture.aside or not (picture.tiles or slim):
                    return picture
                # A heat map says little without its scale, a tall picture leaves room: first smaller ones are tried.
                spare = picture if spare is None or spare.level == "op" != picture.level else spare
    if spare is not None:
        return spare
    best = max([best, *(scale * least for picture in small for scale, least in _arranged(picture, area))])
    more = 1.01 * area.least / max(best, 1e-6)
    raise GraphError(
        f"draw: the picture cannot be read in {area.width:g} × {area.height:g} points",
        expected=f"no text smaller than {area.least:g} points",
        got=f"text of {math.floor(10 * best) / 10:.1f} points, with the least detail",
        fix=f"fit=({area.width * more:.0f}, {area.height * more:.0f})"
        + f", or leave {' and '.join(asked)} to tg.draw" * bool(asked),
    )


def _arranged(picture: Picture, area: Area) -> Iterator[tuple[float, float]]:
    """Yields the scale that fits and the smallest text, with table and legend and without."""
    notes, picture.sheet = picture.subtitle, area.width / area.height
    for aside in ("auto", ""):  # at last without table and legend
        picture.aside = aside
        left_out = "" if aside or not (picture.uses or picture.boxes or picture.tiles) else "without table and legend"
        picture.subtitle = "; ".join(x for x in (notes, told(left_out, picture.lang)) if x)
        wide, high, least = measured(picture)
        yield min(area.width / wide, area.height / high, MOST), least


def _most(picture: Picture, area: Area) -> float:
    """Returns a size that the smallest text in an area cannot exceed, without what stands beside the picture."""
    inner = edges(picture)
    room = area.width / (inner.right - inner.left + 2 * PAD), area.height / (inner.top - inner.foot + 2 * PAD)
    sizes = [FACES["u" if box.below else "t"].size for box in picture.boxes]
    return min(*room, MOST) * min(sizes, default=99.0)


def measured(picture: Picture) -> tuple[float, float, float]:
    """Returns width, height and smallest text of a picture's file before it is scaled, in points."""
    root = ElementTree.fromstring(svg(picture))
    wide, high = map(float, root.attrib["viewBox"].split()[2:])
    return wide, high, min(_sizes(root, 0.0), default=99.0)


def _sizes(element: ElementTree.Element, size: float) -> Iterator[float]:
    """Yields the sizes of all texts in an element of SVG, which inherits ``size``."""
    size = float(element.attrib.get("font-size", size))
    if element.tag.endswith(("}text", "}tspan")) and "".join(element.itertext()).strip():
        yield size
    for child in element:
        yield from _sizes(child, size)
