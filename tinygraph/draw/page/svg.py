"""The picture as SVG elements, one group for each column, so that a script can move, fold and hide columns."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from ..labels import clean, width
from ..picture import Arrow, Band, Box, Cut, Note, Picture, Point, Tile
from ..roles import BORDERS
from .columns import LOOSE, Column, before, columns, lane, owners, within
from .palette import Palette

HEAD, WIDE_HEAD = 8.0, 10.0
"""Lengths of an arrow's head, of one thinner and one wider than WIDE."""
WIDE = 2.2
ROOMY = 44.0
"""Height of a box from which on something else than words may stand at its foot."""
GOLD, INK = "#f6d365", "#5a4300"
_HATCH = (
    '<pattern id="odd" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6"/><path d="M0 0V6"/></pattern>'
)
"""What numbers that are none are filled with: told apart without colour too."""
FIRST = 12
"""Columns that are laid out while the page loads; the script shows others when they are looked at."""
Layers = dict[tuple[str, int], list[str]]
"""Elements by the group that holds them: ``("in", c)``, ``("gap", c)``, ``("far", -1)``, and cards under all."""


class Drawn(NamedTuple):
    """The picture's groups as markup, its columns, and of each box its column."""

    markup: str
    steps: list[Column]
    owner: list[int]


def text(words: str) -> str:
    """A user's words inside of markup."""
    return escape(clean(words, 240), quote=True)


def drawn(picture: Picture, colours: Palette) -> Drawn:
    """Elements for all parts; y grows downwards here."""
    steps = columns(picture)
    owner = owners(steps, picture.boxes)
    layers: Layers = {}
    _grounds(layers, picture, steps, colours)
    for i, box in enumerate(picture.boxes):
        layers.setdefault(("in" if owner[i] != LOOSE else "loose", owner[i]), []).append(_box(i, box, colours))
    for tile in picture.tiles:
        c = within(steps, tile.x - tile.width / 2, tile.x + tile.width / 2, tile.y)
        layers.setdefault(("in" if c != LOOSE else "loose", c), []).append(_tile(tile, colours))
    for i, arrow in enumerate(picture.arrows):
        layers.setdefault(lane(steps, owner, arrow), []).append(_arrow(i, arrow, colours))
    for i, note in enumerate(picture.notes):
        c = within(steps, note.x, note.x, note.y)
        key = ("in", c) if c != LOOSE else ("gap", before(steps, note.x))
        layers.setdefault(key if key[1] != LOOSE else ("far", LOOSE), []).append(_note(i, note, colours))
    for cut in picture.cuts:
        c = before(steps, cut.x)
        layers.setdefault(("gap", c) if c != LOOSE else ("far", LOOSE), []).append(_cut(cut, colours))
    return Drawn("".join(_grouped(layers, steps, colours)), steps, owner)


def _grouped(layers: Layers, steps: list[Column], colours: Palette) -> Iterator[str]:
    """What lies under all, the columns, what belongs to none, and over them the arrows between columns."""
    yield _defs(colours)
    yield f'<g id="cards">{"".join(layers.get(("cards", LOOSE), []))}</g>\n'
    for c, step in enumerate(steps):
        label = f'role="treeitem" aria-expanded="true" aria-label="{text(step.title)}"'
        yield f'{_slot(c)}<g class="col" id="c{c}" {label}>{"".join(layers.get(("in", c), []))}</g></svg>\n'
    yield f'<g id="loose">{"".join(layers.get(("loose", LOOSE), []))}</g>\n'
    for c in range(len(steps)):
        yield f'{_slot(c)}<g class="gap" id="g{c}">{"".join(layers.get(("gap", c), []))}</g></svg>\n'
    yield f'<g id="far">{"".join(layers.get(("far", LOOSE), []))}</g>\n'


def _slot(c: int) -> str:
    """Around a column: of a hidden ``g`` Chromium still lays out every text, of a hidden ``svg`` none."""
    return f'<svg class="slot{" off" if c >= FIRST else ""}" overflow="visible">'


def _defs(colours: Palette) -> str:
    """A head for each colour of arrow, thin and wide, and the hatching of numbers that are none."""
    heads = [
        f'<marker id="{size}{k}" markerUnits="userSpaceOnUse" markerWidth="{long:g}" markerHeight="{long:g}" '
        f'refX="0" refY="{long / 2:g}" orient="auto"><path d="M0 {long * 0.14:.1f}L{long:g} {long / 2:g}'
        f'L0 {long * 0.86:.1f}z" fill="var(--{k})"/></marker>'
        for k in [*(f"h{i}" for i in range(33)), *colours.names.values()]
        for size, long in (("t", HEAD), ("w", WIDE_HEAD))
    ]
    return f"<defs>{''.join(heads)}{_HATCH}</defs>\n"


def _grounds(layers: Layers, picture: Picture, steps: list[Column], colours: Palette) -> None:
    column_of = {i: c for c, step in enumerate(steps) for i in step.bands}
    for i, band in enumerate(picture.bands):
        if band.times or band.headed:
            layers.setdefault(("cards", LOOSE), []).append(_stack(band))
        elif band.headed:
            layers.setdefault(("cards", LOOSE), []).append(_panel(band, band.title))
        else:
            layers.setdefault(("in", column_of[i]), []).append(_band(band))


def _rect(x: float, y: float, wide: float, high: float, more: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" {more}/>'


def _band(band: Band) -> str:
    """The ground of a column, and at its foot the heading by which it is folded."""
    wide, high = band.right - band.left, band.top - band.foot
    ground = _rect(band.left, -band.top, wide, high, 'rx="12" class="band"')
    token = f'<tspan class="token" dx="12">{text(band.token)}</tspan>' if band.token else ""
    words = f'<text class="title" x="{band.middle:.1f}" y="{-band.foot - 17:.1f}">{text(band.title)}{token}</text>'
    grip = _rect(band.left + 6, -band.foot - 38, wide - 12, 32, 'rx="8" class="grip"')
    return f'{ground}<g class="head">{grip}{words}</g>'


def _stack(band: Band) -> str:
    wide, high = band.right - band.left, band.top - band.foot
    behind = range(min(band.times - 1, 3), 0, -1)
    cards = [_rect(band.left + 8 * k, -band.top - 8 * k, wide, high, 'rx="12" class="card"') for k in behind]
    return "".join(cards) + _panel(band, f"{band.title} × {band.times}")


def _panel(band: Band, title: str) -> str:
    """A ground with its title at the upper left."""
    front = _rect(band.left, -band.top, band.right - band.left, band.top - band.foot, 'rx="12" class="band front"')
    return f'{front}<text class="title start" x="{band.left + 16:.1f}" y="{30 - band.top:.1f}">{text(title)}</text>'


def _box(i: int, box: Box, colours: Palette) -> str:
    fill, border = colours.key(box.fill), colours.key(BORDERS.get(box.role, BORDERS["op"]))
    wide, high = box.width, box.height
    thick = ' stroke-width="2.2"' if box.role not in ("op", "dots") else ""
    thick += ' stroke-dasharray="5 3"' if box.dashed else ""
    ground = _rect(-wide / 2, -high / 2, wide, high, f'rx="9" fill="var(--{fill})" stroke="var(--{border})"{thick}')
    lines = box.below.split("\n") if box.below else []
    # Of a box with room at its foot the lines follow the title.
    foot = high / 2 - 7.5 if high < ROOMY else 31.0 - high / 2 + 11 * (len(lines) - 1)
    words = [f'<text class="u" y="{foot - 11 * k:.1f}">{text(line)}</text>' for k, line in enumerate(lines[::-1])]
    name = ", ".join(x for x in (" ".join(part.text for part in box.title), box.below) if x)
    return (
        f'<g class="b" id="n{i}" role="treeitem" tabindex="-1" aria-label="{text(name)}" '
        f'fill="var(--i{fill})" transform="translate({box.x:.1f} {-box.y:.1f})">'
        f"{ground}{_title(box)}{''.join(words)}</g>"
    )


def _title(box: Box) -> str:
    """One run of text in the middle, or where parameters are used, pieces side by side."""
    y = -box.height / 2 + (18 if box.below else box.height / 2 + 5)
    if not any(part.kind == "chip" for part in box.title):
        words = " ".join(part.text for part in box.title if part.kind != "value")
        value = "".join(f'<tspan class="v" dx="8">{text(p.text)}</tspan>' for p in box.title if p.kind == "value")
        return f'<text class="t" y="{y:.1f}">{text(words)}{value}</text>'
    rooms = [0.82 * width(part.text, 14, True) + (9 if part.kind == "chip" else 3) for part in box.title]
    x = -(sum(rooms) + 3 * (len(rooms) - 1)) / 2
    out = []
    for part, room in zip(box.title, rooms, strict=True):
        if part.kind == "chip":
            out.append(_rect(x, y - 14, room, 19, 'rx="3.5" class="chip"'))
        kind = {"chip": "t gold", "value": "t v"}.get(part.kind, "t")
        out.append(f'<text class="{kind}" x="{x + room / 2:.1f}" y="{y:.1f}">{text(part.text)}</text>')
        x += room + 3
    return "".join(out)


def _tile(tile: Tile, colours: Palette) -> str:
    key = colours.key(tile.fill)
    ground = _rect(-tile.width / 2, -tile.height / 2, tile.width, tile.height, f'fill="var(--{key})"')
    words = f'<text class="u" y="3.5" fill="var(--i{key})">{text(tile.text)}</text>' if tile.text else ""
    place = f'data-x="{tile.x:.1f}" data-y="{-tile.y:.1f}" transform="translate({tile.x:.1f} {-tile.y:.1f})"'
    return f'<g class="tile" {place}>{ground}{words}<title>{text(tile.tip)}</title></g>'


def _arrow(i: int, arrow: Arrow, colours: Palette) -> str:
    key = colours.key(arrow.colour)
    dashes = ' stroke-dasharray="5 4"' if arrow.dashed else ""
    head = f' marker-end="url(#{"w" if arrow.width > WIDE else "t"}{key})"' if arrow.pointed else ""
    points = _shortened(arrow) if arrow.pointed else arrow.points
    (x, y), *rest = points
    way = f"M{x:.1f} {-y:.1f}C" + " ".join(f"{x:.1f} {-y:.1f}" for x, y in rest)
    return f'<path class="a" id="a{i}" d="{way}" stroke="var(--{key})" stroke-width="{arrow.width:.2f}"{dashes}{head}/>'


def _shortened(arrow: Arrow) -> list[Point]:
    """The curve ends where the head begins."""
    long = WIDE_HEAD if arrow.width > WIDE else HEAD
    (x0, y0), (x1, y1) = arrow.points[-2], arrow.points[-1]
    far = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1.0
    return [*arrow.points[:-1], (x1 - long * (x1 - x0) / far, y1 - long * (y1 - y0) / far)]


def _note(i: int, note: Note, colours: Palette) -> str:
    place = f'x="{note.x:.1f}" y="{-note.y + note.size * 0.35:.1f}" font-size="{note.size:g}"'
    return f'<text class="note" data-i="{i}" {place} fill="var(--{colours.key(note.colour)})">{text(note.text)}</text>'


def _cut(cut: Cut, colours: Palette) -> str:
    """The dashed line and its badge."""
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


def extent(picture: Picture) -> list[float]:
    """Left, top, right and foot of all that is drawn, y downwards."""
    boxes: list[Box | Tile] = [*picture.boxes, *picture.tiles]
    cards = [(b, 8.0 * min(max(b.times - 1, 0), 3)) for b in picture.bands]
    left = [b.x - b.width / 2 for b in boxes] + [b.left for b in picture.bands] + [n.x - 20 for n in picture.notes]
    right = [b.x + b.width / 2 for b in boxes] + [b.right + k for b, k in cards] + [n.x + 20 for n in picture.notes]
    foot = [b.y - b.height / 2 for b in boxes] + [b.foot for b in picture.bands] + [c.foot - 42 for c in picture.cuts]
    top = [b.y + b.height / 2 for b in boxes] + [b.top + k for b, k in cards]
    for arrow in picture.arrows:
        left.append(min(x for x, _ in arrow.points))
        right.append(max(x for x, _ in arrow.points))
    ends = [min(left, default=0.0), -max(top, default=0.0), max(right, default=1.0), -min(foot, default=-1.0)]
    return [round(x, 1) for x in ends]
