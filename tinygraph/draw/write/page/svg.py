"""The picture as SVG elements, grouped by column, so that a script can move, fold and hide columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from ...picture import Arrow, Band, Box, Opening, Picture, Rectangle, Rim, Tile
from .. import marks
from ..beside import edges
from ..look import FACES, FAMILY, text
from .columns import LOOSE, Columns
from .palette import Palette

_HATCH = (
    '<pattern id="odd" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6"/><path d="M0 0V6"/></pattern>'
)
"""Hatching for NaN and infinity, which is visible without colour."""
FIRST = 12
"""Columns that are laid out while the page loads; the script shows others when they come into view."""
Layers = defaultdict[tuple[str, int], list[str]]
"""Maps groups to their elements: ``("in", c)``, ``("gap", c)``, c LOOSE of no column, and cards under all of them."""


class Drawn(NamedTuple):
    """The picture as markup, its columns, and the column of each box."""

    markup: str
    steps: Columns
    owner: list[int]


def drawn(picture: Picture, colours: Palette) -> Drawn:
    """Returns the elements for all parts; here y grows downward."""
    steps = Columns(picture)
    owner = [steps.within(box) for box in picture.boxes]
    layers: Layers = defaultdict(list)
    _grounds(layers, picture, steps, colours)
    for i, box in enumerate(picture.boxes):
        layers["in", owner[i]].append(_box(i, box, colours))
    tiles: list[tuple[Tile | Opening | Rim, str]]
    tiles = [(x, marks.tile_mark(x, colours, f'id="t{i}" {_tile(x)}')) for i, x in enumerate(picture.tiles)]
    tiles += [(x, marks.opening_mark(x, colours, _tile(x))) for x in picture.openings]
    tiles += [(x, marks.rim_mark(x, colours, _tile(x))) for x in picture.rims]
    for part, mark in tiles:
        layers["in", steps.within(part)].append(mark)
    for i, arrow in enumerate(picture.arrows):
        layers[steps.lane(owner, arrow)].append(_arrow(i, arrow, colours))
    for i, note in enumerate(picture.notes):
        c = steps.within(Rectangle(note.x, note.y, 0, 0))
        key = ("in", c) if c != LOOSE else ("gap", steps.before(note.x, note.y))
        layers[key].append(marks.note_mark(note, colours, f'class="note" data-i="{i}"'))
    for cut in picture.cuts:
        mark = marks.cut_mark(cut, colours, f'class="cut" data-x="{cut.x:.1f}" data-y="{-cut.top:.1f}"')
        layers["gap", steps.before(cut.x, cut.top)].append(mark)
    return Drawn("".join(_grouped(layers, steps, colours)), steps, owner)


def _tile(part: Tile | Opening | Rim) -> str:
    return f'class="tile" data-x="{part.x:.1f}" data-y="{-part.y:.1f}"'


def _box(i: int, box: Box, colours: Palette) -> str:
    name = ", ".join(x for x in (" ".join(part.text for part in box.title), box.below) if x)
    return marks.box_mark(box, colours, f'class="b" id="n{i}" role="treeitem" tabindex="-1" aria-label="{text(name)}"')


def _arrow(i: int, arrow: Arrow, colours: Palette) -> str:
    """Returns one element, which the script can bend: its head is a marker."""
    key = colours.key(arrow.colour)
    head = f' marker-end="url(#{"w" if arrow.width > marks.WIDE else "t"}{key})"' if arrow.pointed else ""
    line = f'stroke="var(--{key})" stroke-width="{arrow.width:.2f}"{marks.dashes(arrow)}{head}'
    return f'<path class="a" id="a{i}" d="{marks.way(arrow)}" {line}/>'


def _grouped(layers: Layers, steps: Columns, colours: Palette) -> Iterator[str]:
    """Yields the cards at the bottom, the columns, elements without a column, and on top the arrows between columns."""
    yield _defs(colours)
    yield f'<g id="cards">{"".join(layers["cards", LOOSE])}</g>\n'
    for c, step in enumerate(steps):
        label = f'role="treeitem" aria-expanded="true" aria-label="{text(step.title)}"'
        inside = f'<g role="group">{"".join(layers["in", c])}</g>'
        yield f'{_slot(c)}<g class="col" id="c{c}" {label}>{inside}</g></svg>\n'
    yield f'<g id="loose" role="presentation">{"".join(layers["in", LOOSE])}</g>\n'
    for c in range(len(steps)):
        yield f'{_slot(c)}<g class="gap" id="g{c}">{"".join(layers["gap", c])}</g></svg>\n'
    yield f'<g id="far">{"".join(layers["gap", LOOSE])}</g>\n'


def _slot(c: int) -> str:
    """Returns the tag around a column: Chromium lays out texts of a hidden ``g``, but not of a hidden ``svg``."""
    return f'<svg class="slot{" off" if c >= FIRST else ""}" overflow="visible" role="presentation">'


def _defs(colours: Palette) -> str:
    """Returns an arrowhead for each colour, thin and wide, and the hatching."""
    heads = [
        f'<marker id="{size}{k}" markerUnits="userSpaceOnUse" markerWidth="{long:g}" markerHeight="{long:g}" '
        f'refX="0" refY="{long / 2:g}" orient="auto"><path d="M0 {long * 0.14:.1f}L{long:g} {long / 2:g}'
        f'L0 {long * 0.86:.1f}z" fill="var(--{k})"/></marker>'
        for k in [*(f"h{i}" for i in range(33)), "odd", *colours.names.values()]
        for size, long in (("t", marks.HEAD), ("w", marks.WIDE_HEAD))
    ]
    return f"<defs>{''.join(heads)}{_HATCH}</defs>\n"


def _grounds(layers: Layers, picture: Picture, steps: Columns, colours: Palette) -> None:
    column_of = {i: c for c, step in enumerate(steps) for i in step.bands}
    for i, band in enumerate(picture.bands):
        if band.times:
            layers["cards", LOOSE].append(marks.stack(band, colours))
        elif band.headed:
            layers["cards", LOOSE].append(marks.panel(band, band.title, colours))
        elif i in column_of:
            layers["in", column_of[i]].append(_band(band, colours))
        else:
            layers["cards", LOOSE].append(marks.band_ground(band, colours) + marks.band_head(band, colours))


def _band(band: Band, colours: Palette) -> str:
    """Returns the background of a column, and at its foot the heading that folds it."""
    grip = marks.rect(band.left + 6, -band.foot - 38, band.right - band.left - 12, 32, 'rx="8" class="grip"')
    return f'{marks.band_ground(band, colours)}<g class="head">{grip}{marks.band_head(band, colours)}</g>'


def faces() -> str:
    """Returns the style of all texts of the picture, whose classes are those of a file's faces."""
    rules = [f"svg text{{font-family:{FAMILY}}}"]
    for kind, face in FACES.items():
        look = f"font-size:{face.size:g}px;font-weight:{700 if face.bold else 400}"
        start = ";text-anchor:start" if face.anchor == "start" else ""
        rules.append(f"svg .{kind.replace(' ', '.')}{{{look}{start}}}")
    return "\n".join(rules) + "\n"


def extent(picture: Picture) -> list[float]:
    """Returns the bounding box (left, top, right, foot) of all that is drawn, with y downward."""
    inner = edges(picture)
    return [round(x, 1) for x in (inner.left, -inner.top, inner.right, -inner.foot)]
