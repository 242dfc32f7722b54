"""Parts of a picture as SVG elements, for files and pages; y grows downward."""

from __future__ import annotations

import math
from functools import cache, lru_cache

from ..colours import DEAD
from ..picture import BADGE, SMALL, Arrow, Band, Box, Cut, Note, Opening, Part, Point, Rim, Tile, lengths
from ..shown.roles import BORDERS
from .look import LINES, Paint, legible, text

HEAD, WIDE_HEAD = 8.0, 10.0
"""Lengths of arrowheads, for arrows thinner and wider than WIDE."""
WIDE = 2.2
ROOMY = 44.0
"""Least height of a box that has space for a bar at its foot."""


def rect(x: float, y: float, wide: float, high: float, more: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" {more}/>'


def run(look: Paint, kind: str, x: float, y: float, words: str, more: str = "") -> str:
    """Returns a run of text of a kind."""
    return f'<text{look.face(kind)} x="{x:.1f}" y="{y:.1f}"{more}>{text(words)}</text>'


def band_ground(band: Band, look: Paint, kind: str = "band", shift: float = 0.0) -> str:
    """Returns the background of a column, or of a card, moved to the right and up."""
    wide, high = band.right - band.left, band.top - band.foot
    return rect(band.left + shift, -band.top - shift, wide, high, f'rx="12" {look.ground(kind)}')


def band_head(band: Band, look: Paint) -> str:
    """Returns the texts at the foot of a column."""
    token = f'<tspan{look.face("token")} font-weight="400" dx="12">{text(band.token)}</tspan>' if band.token else ""
    place = f'x="{band.middle:.1f}" y="{-band.foot - 19:.1f}"'
    return f"<text{look.face('title')} {place}>{text(band.title)}{token}</text>"


def stack(band: Band, look: Paint) -> str:
    cards = [band_ground(band, look, "card", 8.0 * k) for k in range(min(band.times - 1, 3), 0, -1)]
    return "".join(cards) + panel(band, f"{band.title} × {band.times}", look)


def panel(band: Band, title: str, look: Paint) -> str:
    """Returns a background with its title at the upper left."""
    return band_ground(band, look, "band front") + run(look, "title start", band.left + 16, 30 - band.top, title)


def box_mark(box: Box, look: Paint, more: str, tip: str = "") -> str:
    """Returns a box as a group with the attributes ``more``, and a ``tip`` as its first element."""
    role = box.role if box.role in LINES else "op"
    high, stroke = box.height, look.colour(BORDERS[role])
    ground = _ground(box.width, high, look.colour(box.fill), stroke, role, box.dashed, box.core)
    lines = box.below.split("\n") if box.below else []
    # In a box with space at its foot the lines follow the title.
    foot = high / 2 - 7 if high < ROOMY else 32.0 - high / 2 + 12 * (len(lines) - 1)
    face = look.face("u")
    words = [f'<text{face} y="{foot - 12 * k:.1f}">{text(line)}</text>' for k, line in enumerate(lines[::-1])]
    return (
        f'<g {more}{look.ink(box.fill)} transform="translate({box.x:.1f} {-box.y:.1f})">'
        f"{tip}{ground}{_title(box, look)}{''.join(words)}</g>"
    )


@lru_cache(maxsize=512)
def _ground(wide: float, high: float, fill: str, stroke: str, role: str, dashed: bool, core: float) -> str:
    """Returns the outline of a box around 0, 0."""
    line = LINES[role]
    dashes = line.dashes or ("5 3" if dashed else "")
    edge = f'stroke="{stroke}" stroke-width="{line.width:g}"' + (f' stroke-dasharray="{dashes}"' if dashes else "")
    ground = rect(-core / 2, -high / 2, core, high, f'fill="{fill}"') if core else ""
    ground += rect(-wide / 2, -high / 2, wide, high, f'rx="9" fill="{"none" if core else fill}" {edge}')
    twice = f'class="twice" rx="6" fill="none" stroke="{stroke}"'
    return ground + rect(3 - wide / 2, 3 - high / 2, wide - 6, high - 6, twice) * line.double


def _title(box: Box, look: Paint) -> str:
    """Returns one centred run of text, or parts side by side if there are chips."""
    y = -box.height / 2 + (17 if box.below else box.height / 2 + 5)
    kinds = [part.kind for part in box.title]
    if "chip" in kinds:
        return _with_chips(box.title, kinds, y, look)
    words = " ".join([part.text for part in box.title if part.kind != "value"])
    values = [text(part.text) for part in box.title if part.kind == "value"] if "value" in kinds else []
    value = "".join([f'<tspan{look.face("v")} font-weight="400" dx="8">{value}</tspan>' for value in values])
    return f'<text{look.face("t")} y="{y:.1f}">{text(words)}{value}</text>'


def _with_chips(title: list[Part], kinds: list[str], y: float, look: Paint) -> str:
    """Returns the parts side by side; a text beside a chip starts or ends there, so the gap is the same in any font."""
    widths, gaps = lengths(title)
    first, last = kinds.index("chip"), len(kinds) - 1 - kinds[::-1].index("chip")
    x = -(sum(widths) + sum(gaps[:-1])) / 2
    out = []
    for k, (part, wide) in enumerate(zip(title, widths, strict=True)):
        at, anchor = x + wide / 2, ""
        if part.kind == "chip":
            out.append(rect(x, y - 12.5, wide, 16.5, f'rx="3.5" {look.ground("chip")}'))
        elif k > last:
            at, anchor = x, ' text-anchor="start"'
        elif k < first:
            at, anchor = x + wide, ' text-anchor="end"'
        out.append(run(look, {"chip": "t gold", "value": "v"}.get(part.kind, "t"), at, y, part.text, anchor))
        x += wide + gaps[k]
    return "".join(out)


def tile_mark(tile: Tile, look: Paint, more: str) -> str:
    fill = f'fill="{look.colour(tile.fill)}"'
    ground = rect(-tile.width / 2, -tile.height / 2, tile.width, tile.height, fill)
    face = look.face("u") + look.ink(tile.fill)
    words = f'<text{face} y="3.5">{text(tile.text)}</text>' if tile.text else ""
    place = f'transform="translate({tile.x:.1f} {-tile.y:.1f})"'
    return f"<g {more} {place}>{ground}{words}<title>{text(tile.tip)}</title></g>"


def opening_mark(opening: Opening, look: Paint, more: str) -> str:
    """Returns an opening in a bar: it hides the bar there, and closes it at both sides."""
    line, wide, high = LINES[opening.role], opening.width / 2, opening.height / 2
    room = high + line.width / 2
    ground = rect(-wide, -room, opening.width, 2 * room, look.ground("opening"))
    sides = "".join(f"M{x:.1f} {-room:.1f}L{x:.1f} {room:.1f}" for x in (-wide, wide))
    colour = look.colour(BORDERS[opening.role])
    edge = f'<path d="{sides}" fill="none" stroke="{colour}" stroke-width="{line.width:g}"/>'
    return f'<g {more} transform="translate({opening.x:.1f} {-opening.y:.1f})">{ground}{edge}</g>'


def rim_mark(rim: Rim, look: Paint, more: str) -> str:
    """Returns a frame, dashed or of two lines, around what differs."""
    line, stroke = LINES["differs" if rim.dashed else "only"], look.colour(BORDERS["differs"])
    thick = min(line.width if rim.dashed else 1.3, max(min(rim.width, rim.height) / 10, 0.8))
    edge = f'fill="none" stroke="{stroke}" stroke-width="{thick:.2g}"'
    edge += f' stroke-dasharray="{line.dashes}"' * rim.dashed
    out, (x, y) = (0.0,) if rim.dashed else (0.0, 2.5), (rim.width, rim.height)
    frames = [rect(-x / 2 - k, -y / 2 - k, x + 2 * k, y + 2 * k, edge) for k in out]
    return f'<g {more} transform="translate({rim.x:.1f} {-rim.y:.1f})">{"".join(frames)}</g>'


def dashes(arrow: Arrow) -> str:
    return ' stroke-dasharray="5 4"' if arrow.dashed else ""


def way(arrow: Arrow) -> str:
    """Returns the line of an arrow, which ends where its head starts."""
    points = _shortened(arrow) if arrow.pointed else arrow.points
    return _form(len(points)) % tuple([v for x, y in points for v in (x, -y)])


@cache
def _form(count: int) -> str:
    return "M%.1f %.1fC" + " ".join(["%.1f %.1f"] * (count - 1))


def head(arrow: Arrow) -> str:
    """Returns the outline of an arrow's head."""
    x1, y1 = arrow.points[-1]
    dx, dy = _ahead(arrow)
    x, y, u, v = x1 - dx, y1 - dy, -0.36 * dy, 0.36 * dx
    return f"M{x + u:.1f} {-y - v:.1f}L{x1:.1f} {-y1:.1f}L{x - u:.1f} {v - y:.1f}z"


def _ahead(arrow: Arrow) -> Point:
    """Returns the way from the foot of an arrow's head to its tip."""
    long = WIDE_HEAD if arrow.width > WIDE else HEAD
    (x0, y0), (x1, y1) = arrow.points[-2:]
    part = long / (math.hypot(x1 - x0, y1 - y0) or 1.0)
    return part * (x1 - x0), part * (y1 - y0)


def _shortened(arrow: Arrow) -> list[Point]:
    """Returns the route, which ends where the arrowhead starts, with the same final direction."""
    points, (dx, dy) = arrow.points, _ahead(arrow)
    least = (WIDE_HEAD if arrow.width > WIDE else HEAD) + 2
    while len(points) > 4 and math.dist(points[-4], points[-1]) < least:
        # Merge a last curve that is shorter than the head into the one before it.
        (gx, gy), (ex, ey), (cx, cy) = points[-4], points[-1], points[-5]
        points = [*points[:-5], (cx + ex - gx, cy + ey - gy), (ex, ey)]
    (x0, y0), (x1, y1) = points[-2:]
    return [*points[:-2], (x0 - dx, y0 - dy), (x1 - dx, y1 - dy)]


def note_mark(note: Note, look: Paint, more: str) -> str:
    place = f'x="{note.x:.1f}" y="{-note.y + note.size * 0.35:.1f}" font-size="{note.size:g}"'
    return f'<text {more} {place} font-weight="700" fill="{look.colour(legible(note.colour))}">{text(note.text)}</text>'


def cut_mark(cut: Cut, look: Paint, more: str) -> str:
    """Returns the dashed line and its badge."""
    y = -cut.foot + 20
    end = y - 18 if cut.badge else -cut.foot
    colour = look.colour(DEAD)
    line = f'd="M0 {-cut.top:.1f}V{end:.1f}" fill="none" stroke="{colour}" stroke-width="1.8" stroke-dasharray="6 5"'
    group = f'<g {more} transform="translate({cut.x:.1f} 0)" fill="{colour}"><path {line}/>'
    if not cut.badge:
        return f"{group}</g>"
    badge = rect(cut.aside - BADGE / 2, y - 18, BADGE, 38, f'rx="8" {look.ground("badge")}')
    # Sizes as attributes of style sheets would win over these: the words have no face.
    words = ((look.say("BPTT cut"), SMALL, 700, -2), (look.say("gradient stops here"), SMALL, 400, 12))
    at = f' x="{cut.aside:.1f}"' if cut.aside else ""
    texts = [f'<text font-size="{s}" font-weight="{b}"{at} y="{y + d:.1f}">{text(w)}</text>' for w, s, b, d in words]
    return f"{group}{badge}{''.join(texts)}</g>"
