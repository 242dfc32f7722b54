"""Writes a picture as an SVG file: no program is needed, and nothing in it runs or is fetched."""

from __future__ import annotations

from collections.abc import Iterator

from ..norms.heat import ODD
from ..picture import Arrow, Band, Box, Picture
from .beside import edges, margin
from .look import DEFAULTS, Paint, escaped, text
from .marks import (
    band_ground,
    band_head,
    box_mark,
    cut_mark,
    dashes,
    head,
    note_mark,
    panel,
    rim_mark,
    stack,
    tile_mark,
    way,
)
from .telling import description, title_of

PAD = 16.0
"""Empty space around the picture, in points."""
HATCH = (
    '<pattern id="tinygraph-odd" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="#c9a7e8"/><path d="M0 0V6" stroke="#b18ad6" stroke-width="1.6"/></pattern>'
)
"""Fill for NaN and infinity, which is told without colour; the same in all files, so that several share a notebook."""


class _Paint(Paint):
    """How a file looks; NaN and infinity are hatched."""

    def colour(self, colour: str) -> str:
        return "url(#tinygraph-odd)" if colour == ODD else colour


def svg(picture: Picture) -> str:
    """Returns the picture as the text of an SVG file, in which y grows downward."""
    look = _Paint(picture.lang)
    inner = edges(picture)
    beside, outer = margin(picture, inner, look)
    wide, high = outer.right - outer.left + 2 * PAD, outer.top - outer.foot + 2 * PAD
    scale = picture.scaled
    left, top = outer.left - PAD, -outer.top - PAD
    opening = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'width="{scale * wide:.0f}pt" height="{scale * high:.0f}pt" '
        f'viewBox="{left:.1f} {top:.1f} {wide:.1f} {high:.1f}" {DEFAULTS} xml:space="preserve">\n'
        f"<title>{text(title_of(picture))}</title>\n"
        f"<desc>{text(description(picture), 2000)}</desc>\n"
    )
    ground = f'<rect x="{left:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="#ffffff"/>\n'
    return "".join([opening, f"<defs>{HATCH}</defs>\n", ground, *_parts(picture, look), *beside, "</svg>\n"])


def _parts(picture: Picture, look: Paint) -> Iterator[str]:
    for band in picture.bands:
        yield _band(band, look) + "\n"
    for box in picture.boxes:
        yield box_mark(box, look, 'class="box"', _tip(box)) + "\n"
    for tile in picture.tiles:
        yield tile_mark(tile, look, 'class="tile"') + "\n"
    for rim in picture.rims:
        yield rim_mark(rim, look, 'class="rim"') + "\n"
    for arrow in picture.arrows:
        yield _arrow(arrow) + "\n"
    for note in picture.notes:
        yield note_mark(note, look, 'class="note"') + "\n"
    for cut in picture.cuts:
        yield cut_mark(cut, look, 'class="cut"') + "\n"


def _band(band: Band, look: Paint) -> str:
    if band.times:
        return stack(band, look)
    return panel(band, band.title, look) if band.headed else band_ground(band, look) + band_head(band, look)


def _tip(box: Box) -> str:
    lines = "\n".join([escaped(line, 500) for line in box.tip])
    return f"<title>{lines}</title>" if lines else ""


def _arrow(arrow: Arrow) -> str:
    colour, tip = arrow.colour, f"<title>{text(arrow.tip)}</title>" if arrow.tip else ""
    line = f'<path d="{way(arrow)}" fill="none" stroke="{colour}" stroke-width="{arrow.width:.2f}"{dashes(arrow)}/>'
    end = f'<path d="{head(arrow)}" fill="{colour}"/>' if arrow.pointed else ""
    return f'<g class="arrow">{tip}{line}{end}</g>'
