"""Writes a picture as an SVG file: no program is needed, and nothing in it runs or is fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from html import escape
from typing import Any

from ...core.errors import plain
from ..picture import Arrow, Band, Box, Picture
from . import marks
from .beside import Extent, edges, margin
from .look import DEFAULTS, Paint, text
from .margin import description, title_of

PAD = 16.0
"""Empty space around the picture, in points."""
CELL = 540.0
"""The width of a narrow cell of a notebook."""
HATCH = (
    '<pattern id="tinygraph-odd" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="#c9a7e8"/><path d="M0 0V6" stroke="#b18ad6" stroke-width="1.6"/></pattern>'
)
"""Fill for NaN and infinity, which is told without colour; the same in all files, so that several share a notebook."""

Moving = Callable[[Paint, Extent], Iterable[str]]
"""What stands in place of a picture's parts in a file that plays."""


def svg(picture: Picture, moving: Moving | None = None, style: str = "", fitted: bool = False) -> str:
    """Returns the picture as the text of an SVG file, in which y grows downward.

    ``fitted``: whether it is as wide as what it stands in, if that is narrower than the picture.
    """
    look = Paint(picture.lang)
    inner = edges(picture)
    beside, outer = margin(picture, inner, look)
    wide, high = outer.right - outer.left + 2 * PAD, outer.top - outer.foot + 2 * PAD
    scale = picture.scaled
    left, top = outer.left - PAD, -outer.top - PAD
    opening = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f"{_size(scale * wide, scale * high, fitted)} "
        f'viewBox="{left:.1f} {top:.1f} {wide:.1f} {high:.1f}" {DEFAULTS} xml:space="preserve">\n'
        f"<title>{text(title_of(picture))}</title>\n"
        f"<desc>{text(description(picture), 2000)}</desc>\n"
    )
    ground = f'<rect x="{left:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="#ffffff"/>\n'
    parts = moving(look, outer) if moving else (f"{mark}\n" for _, _, mark in parts_of(picture, look))
    return "".join([opening, style, f"<defs>{HATCH}</defs>\n", ground, *parts, *beside, "</svg>\n"])


def _size(wide: float, high: float, fitted: bool) -> str:
    own = f'width="{wide:.0f}pt" height="{high:.0f}pt"'
    if not fitted:
        return own
    # Some notebooks show an image, for which only the first counts, others the element itself.
    return f'width="100%" style="max-width:{wide:.0f}pt"' if wide > CELL else f'{own} style="max-width:100%"'


def parts_of(picture: Picture, look: Paint) -> Iterator[tuple[str, int, str]]:
    """Yields kind, number and mark of each part, in the order of painting."""
    makers: dict[str, Callable[[Any], str]] = {
        "bands": lambda band: _band(band, look),
        "boxes": lambda box: marks.box_mark(box, look, 'class="box"', _tip(box)),
        "tiles": lambda tile: marks.tile_mark(tile, look, 'class="tile"'),
        "openings": lambda opening: marks.opening_mark(opening, look, 'class="opening"'),
        "rims": lambda rim: marks.rim_mark(rim, look, 'class="rim"'),
        "arrows": _arrow,
        "notes": lambda note: marks.note_mark(note, look, 'class="note"'),
        "cuts": lambda cut: marks.cut_mark(cut, look, 'class="cut"'),
    }
    for kind, mark in makers.items():
        for i, part in enumerate(getattr(picture, kind)):
            yield kind, i, mark(part)


def _band(band: Band, look: Paint) -> str:
    if band.times:
        return marks.stack(band, look)
    if band.headed:
        return marks.panel(band, band.title, look)
    return marks.band_ground(band, look) + marks.band_head(band, look)


def _tip(box: Box) -> str:
    lines = escape("\n".join([plain(line, 500) for line in box.tip]))  # which hardly come twice
    return f"<title>{lines}</title>" if lines else ""


def _arrow(arrow: Arrow) -> str:
    colour, tip = arrow.colour, f"<title>{text(arrow.tip)}</title>" if arrow.tip else ""
    stroke = f'stroke="{colour}" stroke-width="{arrow.width:.2f}"{marks.dashes(arrow)}'
    line = f'<path d="{marks.way(arrow)}" fill="none" {stroke}/>'
    end = f'<path d="{marks.head(arrow)}" fill="{colour}"/>' if arrow.pointed else ""
    return f'<g class="arrow">{tip}{line}{end}</g>'
