"""The picture as SVG elements, grouped by column, so that a script can move, fold and hide columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ...picture import Box, Picture, Tile
from .columns import LOOSE, Column, before, columns, lane, owners, within
from .marks import (
    HEAD,
    WIDE_HEAD,
    arrow_mark,
    band_ground,
    box_mark,
    cut_mark,
    note_mark,
    panel,
    stack,
    text,
    tile_mark,
)
from .palette import Palette

_HATCH = (
    '<pattern id="odd" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6"/><path d="M0 0V6"/></pattern>'
)
"""Hatching for NaN and infinity, which is visible without colour."""
FIRST = 12
"""Columns that are laid out while the page loads; the script shows others when they come into view."""
Layers = dict[tuple[str, int], list[str]]
"""Maps groups to their elements: ``("in", c)``, ``("gap", c)``, ``("far", -1)``, and cards under all of them."""


class Drawn(NamedTuple):
    """The picture as markup, its columns, and the column of each box."""

    markup: str
    steps: list[Column]
    owner: list[int]


def drawn(picture: Picture, colours: Palette) -> Drawn:
    """Returns the elements for all parts; here y grows downward."""
    steps = columns(picture)
    owner = owners(steps, picture.boxes)
    layers: Layers = {}
    _grounds(layers, picture, steps, colours)
    for i, box in enumerate(picture.boxes):
        layers.setdefault(("in" if owner[i] != LOOSE else "loose", owner[i]), []).append(box_mark(i, box, colours))
    for tile in picture.tiles:
        c = within(steps, tile.x - tile.width / 2, tile.x + tile.width / 2, tile.y)
        layers.setdefault(("in" if c != LOOSE else "loose", c), []).append(tile_mark(tile, colours))
    for i, arrow in enumerate(picture.arrows):
        layers.setdefault(lane(steps, owner, arrow), []).append(arrow_mark(i, arrow, colours))
    for i, note in enumerate(picture.notes):
        c = within(steps, note.x, note.x, note.y)
        key = ("in", c) if c != LOOSE else ("gap", before(steps, note.x))
        layers.setdefault(key if key[1] != LOOSE else ("far", LOOSE), []).append(note_mark(i, note, colours))
    for cut in picture.cuts:
        c = before(steps, cut.x)
        layers.setdefault(("gap", c) if c != LOOSE else ("far", LOOSE), []).append(cut_mark(cut, colours))
    return Drawn("".join(_grouped(layers, steps, colours)), steps, owner)


def _grouped(layers: Layers, steps: list[Column], colours: Palette) -> Iterator[str]:
    """Yields the cards at the bottom, the columns, elements without a column, and on top the arrows between columns."""
    yield _defs(colours)
    yield f'<g id="cards">{"".join(layers.get(("cards", LOOSE), []))}</g>\n'
    for c, step in enumerate(steps):
        label = f'role="treeitem" aria-expanded="true" aria-label="{text(step.title)}"'
        inside = f'<g role="group">{"".join(layers.get(("in", c), []))}</g>'
        yield f'{_slot(c)}<g class="col" id="c{c}" {label}>{inside}</g></svg>\n'
    yield f'<g id="loose" role="presentation">{"".join(layers.get(("loose", LOOSE), []))}</g>\n'
    for c in range(len(steps)):
        yield f'{_slot(c)}<g class="gap" id="g{c}">{"".join(layers.get(("gap", c), []))}</g></svg>\n'
    yield f'<g id="far">{"".join(layers.get(("far", LOOSE), []))}</g>\n'


def _slot(c: int) -> str:
    """Returns the tag around a column: Chromium lays out texts of a hidden ``g``, but not of a hidden ``svg``."""
    return f'<svg class="slot{" off" if c >= FIRST else ""}" overflow="visible" role="presentation">'


def _defs(colours: Palette) -> str:
    """Returns an arrowhead for each colour, thin and wide, and the hatching."""
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
        if band.times:
            layers.setdefault(("cards", LOOSE), []).append(stack(band))
        elif band.headed:
            layers.setdefault(("cards", LOOSE), []).append(panel(band, band.title))
        else:
            layers.setdefault(("in", column_of[i]), []).append(band_ground(band))


def extent(picture: Picture) -> list[float]:
    """Returns the bounding box (left, top, right, foot) of all that is drawn, with y downward."""
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
