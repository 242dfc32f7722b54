"""The unrolled view: one column per time step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ...core.node import Node
from ..colours import GOLD
from ..labels import clean, number, shape
from ..layout.clearance import clear_badges, clear_headings, make_openings
from ..layout.place import Layouts, place
from ..layout.routes import routes
from ..layout.spots import CLOSE, TERSE, Placed
from ..norms.heat import Heat, Slopes, add_flows, heat, slopes
from ..norms.over_time import note_truncation
from ..options import Options, roots_of
from ..picture import MANY, Box, Picture, Use, text_width
from ..shown.folding import Folded, fold
from ..shown.joints import within_steps
from ..shown.levels import Detail, Levels
from ..shown.naming import heading, names
from ..shown.regions import Regions, regions
from ..shown.roles import BORDERS
from ..shown.slices import tag_of
from ..shown.truncation import cut_as_asked
from .heads import draw_bands, draw_phases, head_widths, headings
from .strokes import draw_arrows, draw_cuts, label_returns, label_states
from .tags import Taken, tag
from .wording import Words, words

DOT = 28.0
"""Width of a box of dots."""
WIDE, HIGH, SPARE = 2600.0, 1300.0, 2100.0
"""Largest columns with level "auto", in points; above, a cell at one step is one box. Above SPARE steps are hidden."""


@dataclass
class Shown:
    """What a picture shows, before it has places.

    Attributes:
        folded: the graph as it is drawn, with boxes joined and steps hidden.
        notes: what is hidden.
        role, heat: the role of each box, and the norms of gradients if there are any.
        where: the region of each box.
        texts, widths: the words in each box, and the room that they take.
        heads: title and token of each column.
    """

    folded: Folded
    notes: str
    role: dict[Node, str]
    heat: Heat | None
    where: Regions
    texts: dict[Node, Words]
    widths: dict[Node, float]
    heads: list[tuple[str, str]]


@dataclass
class Shared:
    """What all levels and numbers of steps that are tried share: gradients, texts of boxes, and layouts of columns."""

    slopes: Slopes | None
    texts: dict[tuple[object, ...], Words] = field(default_factory=dict)
    layouts: Layouts = field(default_factory=dict)

    def words(self, node: Node, folded: Folded, role: str, level: str, heat_map: Heat | None, values: bool) -> Words:
        """Returns the texts of a box, which are the same whatever steps are hidden."""
        key = (node, role, level, len(folded.nodes) <= MANY, node in folded.dots)
        if key not in self.texts or key[-1]:
            self.texts[key] = words(node, folded, role, heat_map, values=values)
        return self.texts[key]


def unrolled(target: Any, options: Options) -> Picture:
    """Returns the picture with all its parts in place: the most detail for which there is room."""
    for detail, placed, draw in _tries(target, options):
        least = draw
        if _has_room(placed, SPARE if detail.spare else WIDE):
            break
    return least()


def candidates(target: Any, options: Options) -> Iterator[Picture]:
    """Yields the pictures for an area, from the most to the least detail."""
    for detail, _, draw in _tries(target, options):
        yield replace(draw(), level=detail.level)


def _tries(target: Any, options: Options) -> Iterator[tuple[Detail, Placed, Callable[[], Picture]]]:
    roots, options = cut_as_asked(roots_of(target), options)
    levels = Levels(within_steps(fold(roots)), roots, options)
    known = Shared(slopes(levels.ops, roots, options.gradients) if options.has_gradients else None)
    for detail in levels.details():
        shown, placed = _placed(levels, detail, known)
        yield detail, placed, partial(_drawn, levels, shown, placed, known)


def _placed(levels: Levels, detail: Detail, known: Shared) -> tuple[Shown, Placed]:
    shown = _shown(levels, detail, known)
    grid = (TERSE if detail.terse else CLOSE)._replace(past=14.0 if shown.heat is None else 9.0)
    room = head_widths(shown.heads), grid, known.layouts
    placed = place(shown.folded, shown.where, shown.widths, *room)
    if not placed.crowded:
        return shown, placed
    for x in placed.crowded:
        shown.texts[x] = _terse(shown.texts[x], joined=False)
        shown.widths[x] = box_width(shown.texts[x])
    return shown, place(shown.folded, shown.where, shown.widths, *room)


def _has_room(placed: Placed, most: float) -> bool:
    """Whether a picture is small enough to be looked at as a whole."""
    edges = placed.edges.values()
    wide = max((right for _, right in edges), default=0.0) - min((left for left, _ in edges), default=0.0)
    return wide <= most and placed.top - placed.foot <= HIGH


def _shown(levels: Levels, detail: Detail, known: Shared) -> Shown:
    ops, roots, options = levels.ops, levels.roots, levels.options
    role = levels.roles.copy()
    folded, notes = levels.arranged(role, detail)
    heat_map = None if known.slopes is None else heat(folded, roots, known.slopes).within(options.scale)
    where = regions(folded)
    role |= dict.fromkeys((x for x in folded.nodes if x in folded.names), "parameter")
    role |= dict.fromkeys(where.states | where.starts, "state")
    texts = {x: known.words(x, folded, role[x], detail.level, heat_map, options.values) for x in folded.nodes}
    if detail.terse:
        texts = {x: _terse(text, x in folded.parts and detail.terse > 1) for x, text in texts.items()}
    widths = {x: DOT if x in folded.dots else box_width(texts[x]) for x in folded.nodes}
    return Shown(folded, notes, role, heat_map, where, texts, widths, headings(ops, folded, options.tokens))


def _terse(text: Words, joined: bool) -> Words:
    """Returns the title alone; of a ``joined`` box without parameters, which are in the table."""
    kept = text.title[:1] + [part for part in text.title[1:] if part.kind == "value"]
    return Words(kept if joined else text.title, "", lambda: [*text.tip, text.below])


def _drawn(levels: Levels, shown: Shown, placed: Placed, known: Shared) -> Picture:
    folded, heat_map, roots = shown.folded, shown.heat, {*levels.roots}
    roots |= {x for x, part in folded.parts.items() if part.shown[-1] in roots}
    if heat_map is not None and known.slopes is not None:
        add_flows(heat_map, folded, known.slopes)
    ways = routes(folded, placed)
    picture = Picture(title=heading(levels.ops, levels.options, "unrolled"), subtitle=shown.notes)
    picture.boxes = [_box(x, shown, placed, roots) for x in folded.nodes]
    draw_bands(picture, placed, shown.where, shown.heads)
    draw_arrows(picture, folded, ways, heat_map, {x for x in folded.nodes if shown.role[x] == "state"})
    draw_phases(picture, folded, placed, shown.where)
    draw_cuts(picture, placed, folded)
    taken = Taken(picture)
    label_returns(picture, placed, ways, heat_map, folded, taken)
    label_states(picture, placed, ways, folded, taken)
    clear_headings(picture)
    clear_badges(picture)
    make_openings(picture, {i for i, x in enumerate(folded.nodes) if placed.spots[x].column is None})
    if placed.grid.height == CLOSE.height:
        whole = {x for x, links in folded.bundles.items() if len({tag_of(y.views) for y in links}) > 1}
        parts = [x for x in ways if x.link not in whole and not {x.link.source, x.node} <= folded.dots]
        tag(((x.link, x.points) for x in parts), taken)
    add_tables(picture, levels.ops, folded, levels.roots, levels.options, heat_map)
    return picture


def _box(node: Node, shown: Shown, placed: Placed, roots: set[Node]) -> Box:
    spot, high = placed.spots[node], placed.grid.height
    text, role, heat_map = shown.texts[node], shown.role[node], shown.heat
    if node in shown.folded.dots:
        return Box(spot.x, spot.y, spot.width, high, "dots", BORDERS["dots"], text.title, text.below, text.tip)
    fill = GOLD if role == "parameter" else "#ffffff" if heat_map is None else fill_of(node, heat_map, roots)
    norm = None if heat_map is None else heat_map.norms.get(node)
    box = Box(spot.x, spot.y, spot.width, high, role, fill, text.title, text.below, text.tip, node, norm)
    box.core = shown.widths[node] if norm is not None and spot.width > 2 * shown.widths[node] else 0.0
    return box


def box_width(text: Words) -> float:
    """Returns a width that fits the texts, in steps of 4 points so that similar boxes have the same width."""
    return 4 * math.ceil((max(text_width(text.title, text.below), 46) + 12) / 4)


def fill_of(node: Node, heat_map: Heat, roots: set[Node]) -> str:
    """Returns the colour of the heat map; the root stays white, because its gradient is 1 by definition."""
    return "#ffffff" if node in roots or node.dtype.kind != "f" else heat_map.colour(heat_map.norms.get(node))


def add_tables(
    picture: Picture, ops: Folded, folded: Folded, roots: list[Node], options: Options, heat_map: Heat | None
) -> None:
    """Add what stands beside a graph: the table of parameters, the scale of norms, and how the gradient is cut."""
    for x in [x for x in folded.names if x in folded.uses]:
        norm = None if heat_map is None else heat_map.norms.get(x)
        told = None if heat_map is None else "not computed" if norm is None else number(norm)
        picture.uses.append(Use(clean(folded.names[x]), shape(x.shape), folded.uses[x], told, size=x.size))
    if heat_map is not None:
        picture.scale = heat_map.low, heat_map.high
        picture.keys += heat_map.keys
    picture.names = names(ops, options)
    note_truncation(picture, ops, roots, options)
