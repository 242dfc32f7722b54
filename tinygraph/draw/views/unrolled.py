"""The unrolled view: one column per time step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from typing import Any

from ...core.errors import GraphError, shown
from ...core.node import Node
from ..labels import clean, number, shape, width
from ..layout.clearance import clear_headings
from ..layout.hubs import beside, lay_rails, move_beside, place_beside, routes_from_beside, widened, without_beside
from ..layout.place import HEIGHT, Placed, place
from ..layout.routes import routes
from ..norms.ghosts import parted
from ..norms.heat import Heat, heat
from ..norms.untruncated import note_truncation
from ..options import Options, roots_of
from ..picture import Band, Box, Picture, Use
from ..shown.folding import Folded, fold
from ..shown.levels import arranged
from ..shown.naming import heading
from ..shown.params import GHOST, HUB, exposed
from ..shown.regions import AFTER, Regions, regions
from ..shown.roles import BORDERS, roles
from ..shown.truncation import cut_as_asked
from .strokes import draw_arrows, draw_cuts, label_returns
from .tags import tags
from .wording import Words, words

TITLE, BELOW, CHIP = 13.0, 9.0, 10.0
"""Font sizes of a box's title and second line, and the width that a chip adds."""


def unrolled(target: Any, options: Options) -> Picture:
    """Returns the picture with all its parts in place."""
    roots, options = cut_as_asked(roots_of(target), options)
    folded = ops = fold(roots)
    role = roles(folded, roots)
    folded, notes = arranged(folded, role, roots, options)
    folded = exposed(folded, ops, options.params)
    heat_map = heat(folded, roots, options.gradients) if options.has_gradients else None
    folded = parted(folded, role, heat_map, options.params)
    where = regions(folded)
    folded = move_beside(folded, where, role, heat_map)
    aside_boxes = beside(folded, where, role)
    in_layout = without_beside(folded, aside_boxes)
    role |= dict.fromkeys(where.states, "state")
    texts = {x: words(x, folded, role[x], heat_map, values=options.values) for x in folded.nodes}
    sizes = {x: box_width(texts[x]) for x in folded.nodes}
    titles = headings(folded, options.tokens)
    placed = place(in_layout, where, widened(folded, aside_boxes, sizes), head_widths(titles))
    place_beside(folded, aside_boxes, placed, sizes)
    all_routes = routes(in_layout, placed) + routes_from_beside(folded, aside_boxes, placed)
    picture = Picture(title=heading(ops, options, "unrolled"), subtitle=notes)
    picture.boxes = [_box(x, folded, placed, role[x], texts[x], heat_map, set(roots)) for x in folded.nodes]
    draw_bands(picture, placed, where, titles)
    draw_arrows(picture, folded, all_routes, heat_map, {x for x in folded.nodes if role[x] == "state"})
    picture.notes += tags(((x.link, x.points) for x in all_routes), 8.0 if heat_map else 4.0)
    draw_cuts(picture, placed, all_routes)
    label_returns(picture, placed, all_routes, heat_map)
    lay_rails(picture, placed, sizes)
    clear_headings(picture)
    picture.uses = table_of(folded, heat_map)
    picture.scale = None if heat_map is None else (heat_map.low, heat_map.high)
    note_truncation(picture, ops, roots, options)
    return picture


def _box(
    node: Node, folded: Folded, placed: Placed, role: str, text: Words, heat_map: Heat | None, roots: set[Node]
) -> Box:
    spot = placed.spots[node]
    if node in folded.dots:
        return Box(spot.x, spot.y, spot.width, HEIGHT, "dots", BORDERS["dots"], text.title, text.below, text.tip)
    fill = "#ffffff" if heat_map is None else fill_of(node, heat_map, roots)
    if role == "parameter":
        fill = HUB if node in folded.names else GHOST
    norm = None if heat_map is None else heat_map.norms.get(node)
    return Box(spot.x, spot.y, spot.width, HEIGHT, role, fill, text.title, text.below, text.tip, node, norm)


def box_width(text: Words) -> float:
    """Returns a width that fits the texts, in steps of 8 points so that similar boxes have the same width."""
    chips = sum(CHIP for part in text.title if part.kind == "chip")
    first = sum(width(part.text, TITLE, True) + 7 for part in text.title) + chips
    return 8 * math.ceil((max(first, width(text.below, BELOW), 56) + 14) / 8)


def fill_of(node: Node, heat_map: Heat, roots: set[Node]) -> str:
    """Returns the colour of the heat map; the root stays white, because its gradient is 1 by definition."""
    return "#ffffff" if node in roots or node.dtype.kind != "f" else heat_map.colour(heat_map.norms.get(node))


def headings(folded: Folded, tokens: Any) -> list[tuple[str, str]]:
    """Returns title and token of each column: ``t = 3``, and the text for this step."""
    first, last = folded.dotted
    dotted = {x.step for x in folded.dots if x.step is not None}
    texts = token_texts(folded.steps, tokens)
    shown = sorted({x.step for x in folded.nodes if x.step is not None})
    return [(f"t = {first} … {last}", "") if t in dotted else (f"t = {t}", texts.get(t, "")) for t in shown]


def head_widths(heads: list[tuple[str, str]]) -> list[float]:
    """Returns the widths that the texts under the columns take, in points."""
    return [width(title, 14, True) + width(token, 12) + 16 for title, token in heads]


def token_texts(steps: list[int], tokens: Any) -> dict[int, str]:
    """Maps each step to its token."""
    if tokens is None:
        return {}
    if isinstance(tokens, Mapping):
        unknown = [t for t in tokens if t not in set(steps)]
        if unknown:
            raise GraphError(
                f"draw: tokens has a key {shown(unknown[0])} that is no time step of the graph",
                got=shown(unknown[0]),
                expected=f"steps from {steps[0]} to {steps[-1]}" if steps else "no step",
                fix="pass a dict from step to text, or a list with one text per step",
            )
        return {t: clean(str(tokens.get(t, ""))) for t in steps}
    in_order = isinstance(tokens, Iterable) and not isinstance(tokens, (str, bytes, Set, Node))
    texts = list(tokens) if in_order else []
    if len(texts) != len(steps):
        raise GraphError(
            "draw: the number of tokens differs from the number of time steps",
            expected=f"a list of {len(steps)} texts, one per step, or a dict from step to text",
            got=f"{len(texts)} texts" if texts else type(tokens).__name__,
            fix="" if steps else "mark the steps by tg.unroll or with tg.step(t)",
        )
    return {t: clean(str(token)) for t, token in zip(steps, texts, strict=True)}


def draw_bands(picture: Picture, placed: Placed, where: Regions, heads: list[tuple[str, str]]) -> None:
    """Draw a band for each column, and one for what is computed once after the last step."""
    for c, (head, token) in enumerate(heads):
        if c in placed.edges:  # all boxes of a step may be initial states, which stand before the columns
            picture.bands.append(Band(*placed.edges[c], placed.foot, placed.top, head, token))
    last = len(where.steps)
    results = [x for x, spot in where.place.items() if spot == AFTER and x not in where.states]
    if last and results and last in placed.edges:
        picture.bands.append(Band(*placed.edges[last], placed.foot, placed.top, "after"))


def table_of(folded: Folded, heat_map: Heat | None) -> list[Use]:
    return [
        Use(clean(folded.names[x]), shape(x.shape), folded.uses[x], _table_norm(x, heat_map))
        for x in folded.names
        if x in folded.uses
    ]


def _table_norm(parameter: Node, heat_map: Heat | None) -> str | None:
    if heat_map is None:
        return None
    norm = heat_map.norms.get(parameter)
    return "not computed" if norm is None else number(norm)
