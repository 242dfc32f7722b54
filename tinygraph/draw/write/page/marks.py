"""Parts of a picture as SVG elements: boxes, arrows, bands, notes, tiles, cuts; y grows downward."""

from __future__ import annotations

import math
from html import escape

from ...labels import clean, width
from ...picture import Arrow, Band, Box, Cut, Note, Point, Tile
from ...shown.roles import BORDERS
from .palette import Palette

HEAD, WIDE_HEAD = 8.0, 10.0
"""Lengths of arrowheads, for arrows thinner and wider than WIDE."""
WIDE = 2.2
ROOMY = 44.0
"""Least height of a box that has space for a bar at its foot."""


def text(words: str) -> str:
    """Escape a text for use in markup."""
    return escape(clean(words, 240), quote=True)


def _rect(x: float, y: float, wide: float, high: float, more: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" {more}/>'


def band_ground(band: Band) -> str:
    """Returns the background of a column, and at its foot the heading that folds it."""
    wide, high = band.right - band.left, band.top - band.foot
    ground = _rect(band.left, -band.top, wide, high, 'rx="12" class="band"')
    token = f'<tspan class="token" dx="12">{text(band.token)}</tspan>' if band.token else ""
    words = f'<text class="title" x="{band.middle:.1f}" y="{-band.foot - 17:.1f}">{text(band.title)}{token}</text>'
    grip = _rect(band.left + 6, -band.foot - 38, wide - 12, 32, 'rx="8" class="grip"')
    return f'{ground}<g class="head">{grip}{words}</g>'


def stack(band: Band) -> str:
    wide, high = band.right - band.left, band.top - band.foot
    behind = range(min(band.times - 1, 3), 0, -1)
    cards = [_rect(band.left + 8 * k, -band.top - 8 * k, wide, high, 'rx="12" class="card"') for k in behind]
    return "".join(cards) + panel(band, f"{band.title} × {band.times}")


def panel(band: Band, title: str) -> str:
    """Returns a background with its title at the upper left."""
    front = _rect(band.left, -band.top, band.right - band.left, band.top - band.foot, 'rx="12" class="band front"')
    return f'{front}<text class="title start" x="{band.left + 16:.1f}" y="{30 - band.top:.1f}">{text(title)}</text>'


def box_mark(i: int, box: Box, colours: Palette) -> str:
    fill, border = colours.key(box.fill), colours.key(BORDERS.get(box.role, BORDERS["op"]))
    wide, high = box.width, box.height
    thick = ' stroke-width="2.2"' if box.role not in ("op", "dots") else ""
    thick += ' stroke-dasharray="5 3"' if box.dashed else ""
    ground = _rect(-wide / 2, -high / 2, wide, high, f'rx="9" fill="var(--{fill})" stroke="var(--{border})"{thick}')
    lines = box.below.split("\n") if box.below else []
    # In a box with space at its foot the lines follow the title.
    foot = high / 2 - 7.5 if high < ROOMY else 31.0 - high / 2 + 11 * (len(lines) - 1)
    words = [f'<text class="u" y="{foot - 11 * k:.1f}">{text(line)}</text>' for k, line in enumerate(lines[::-1])]
    name = ", ".join(x for x in (" ".join(part.text for part in box.title), box.below) if x)
    return (
        f'<g class="b" id="n{i}" role="treeitem" tabindex="-1" aria-label="{text(name)}" '
        f'fill="var(--i{fill})" transform="translate({box.x:.1f} {-box.y:.1f})">'
        f"{ground}{_title(box)}{''.join(words)}</g>"
    )


def _title(box: Box) -> str:
    """Returns one centred run of text, or parts side by side if there are chips."""
    y = -box.height / 2 + (18 if box.below else box.height / 2 + 5)
    if not any(part.kind == "chip" for part in box.title):
        words = " ".join(part.text for part in box.title if part.kind != "value")
        value = "".join(f'<tspan class="v" dx="8">{text(p.text)}</tspan>' for p in box.title if p.kind == "value")
        return f'<text class="t" y="{y:.1f}">{text(words)}{value}</text>'
    widths = [0.82 * width(part.text, 14, True) + (9 if part.kind == "chip" else 3) for part in box.title]
    x = -(sum(widths) + 3 * (len(widths) - 1)) / 2
    out = []
    for part, wide in zip(box.title, widths, strict=True):
        if part.kind == "chip":
            out.append(_rect(x, y - 14, wide, 19, 'rx="3.5" class="chip"'))
        kind = {"chip": "t gold", "value": "t v"}.get(part.kind, "t")
        out.append(f'<text class="{kind}" x="{x + wide / 2:.1f}" y="{y:.1f}">{text(part.text)}</text>')
        x += wide + 3
    return "".join(out)


def tile_mark(tile: Tile, colours: Palette) -> str:
    key = colours.key(tile.fill)
    ground = _rect(-tile.width / 2, -tile.height / 2, tile.width, tile.height, f'fill="var(--{key})"')
    words = f'<text class="u" y="3.5" fill="var(--i{key})">{text(tile.text)}</text>' if tile.text else ""
    place = f'data-x="{tile.x:.1f}" data-y="{-tile.y:.1f}" transform="translate({tile.x:.1f} {-tile.y:.1f})"'
    return f'<g class="tile" {place}>{ground}{words}<title>{text(tile.tip)}</title></g>'


def arrow_mark(i: int, arrow: Arrow, colours: Palette) -> str:
    key = colours.key(arrow.colour)
    dashes = ' stroke-dasharray="5 4"' if arrow.dashed else ""
    head = f' marker-end="url(#{"w" if arrow.width > WIDE else "t"}{key})"' if arrow.pointed else ""
    points = _shortened(arrow) if arrow.pointed else arrow.points
    (x, y), *rest = points
    path = f"M{x:.1f} {-y:.1f}C" + " ".join(f"{x:.1f} {-y:.1f}" for x, y in rest)
    return (
        f'<path class="a" id="a{i}" d="{path}" stroke="var(--{key})" stroke-width="{arrow.width:.2f}"{dashes}{head}/>'
    )


def _shortened(arrow: Arrow) -> list[Point]:
    """Returns the route, which ends where the arrowhead starts, with the same final direction."""
    points, long = arrow.points, WIDE_HEAD if arrow.width > WIDE else HEAD
    (x0, y0), (x1, y1) = points[-2], points[-1]
    distance = math.dist(points[-2], points[-1]) or 1.0
    while len(points) > 4 and math.dist(points[-4], points[-1]) < long + 2:
        # Merge a last curve that is shorter than the head into the one before it.
        (gx, gy), (ex, ey), (cx, cy) = points[-4], points[-1], points[-5]
        points = [*points[:-5], (cx + ex - gx, cy + ey - gy), (ex, ey)]
    back = (-long * (x1 - x0) / distance, -long * (y1 - y0) / distance)
    return [*points[:-2], *((x + back[0], y + back[1]) for x, y in points[-2:])]


def note_mark(i: int, note: Note, colours: Palette) -> str:
    place = f'x="{note.x:.1f}" y="{-note.y + note.size * 0.35:.1f}" font-size="{note.size:g}"'
    return f'<text class="note" data-i="{i}" {place} fill="var(--{colours.key(note.colour)})">{text(note.text)}</text>'


def cut_mark(cut: Cut, colours: Palette) -> str:
    """Returns the dashed line and its badge."""
    group = f'<g class="cut" data-x="{cut.x:.1f}" transform="translate({cut.x:.1f} 0)">'
    if not cut.badge:
        return f'{group}<path d="M0 {-cut.top:.1f}V{-cut.foot:.1f}"/></g>'
    y = -cut.foot + 20
    return (
        f'{group}<path d="M0 {-cut.top:.1f}V{y - 18:.1f}"/>'
        f'<rect x="-56" y="{y - 18:.1f}" width="112" height="38" rx="8"/>'
        f'<text class="t" y="{y - 2:.1f}">BPTT cut</text>'
        f'<text class="u" y="{y + 12:.1f}">gradient stops here</text></g>'
    )
