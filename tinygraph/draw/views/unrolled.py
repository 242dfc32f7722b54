"""The unrolled view: a graph turned into a picture with one column per time step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from typing import Any

from ...core.errors import GraphError
from ...core.node import Node
from ..labels import clean, number, shape, width
from ..layout.clearance import clear_headings
from ..layout.hubs import beside, inner, lay_rails, set_beside, stand_beside, ways_from_beside, with_room
from ..layout.place import HEIGHT, Placed, place
from ..layout.routes import routes
from ..norms.ghosts import parted
from ..norms.heat import Heat, heat
from ..norms.untruncated import tell
from ..options import Options, roots_of
from ..picture import Band, Box, Picture, Use
from ..shown.folding import Folded, fold
from ..shown.levels import arranged
from ..shown.params import GHOST, HUB, exposed
from ..shown.regions import AFTER, Regions, regions
from ..shown.roles import BORDERS, roles
from ..shown.truncation import cut_as_asked
from .strokes import draw_arrows, draw_cuts, tell_returns
from .wording import Words, words

TITLE, BELOW, CHIP = 13.0, 9.0, 10.0
"""Sizes of a box's title and second line, and the room that a chip adds."""


def unrolled(given: Any, options: Options) -> Picture:
    """All parts of the picture, placed."""
    roots, options = cut_as_asked(roots_of(given), options)
    folded = ops = fold(roots)
    role = roles(folded, roots)
    folded, told = arranged(folded, role, roots, options)
    folded = exposed(folded, ops, options.params)
    warmth = heat(folded, roots, options.gradients) if options.has_gradients else None
    folded = parted(folded, role, warmth, options.params)
    where = regions(folded)
    folded = set_beside(folded, where, role, warmth)
    aside = beside(folded, where, role)
    ordered = inner(folded, aside)
    role |= dict.fromkeys(where.states, "state")
    texts = {x: words(x, folded, role[x], warmth, values=options.values) for x in folded.nodes}
    sizes = {x: box_width(texts[x]) for x in folded.nodes}
    heads = headings(folded, options.tokens)
    placed = place(ordered, where, with_room(folded, aside, sizes), head_widths(heads))
    stand_beside(folded, aside, placed, sizes)
    ways = routes(ordered, placed) + ways_from_beside(folded, aside, placed)
    picture = Picture(title=options.heading, subtitle=told)
    picture.boxes = [_box(x, folded, placed, role[x], texts[x], warmth, set(roots)) for x in folded.nodes]
    draw_bands(picture, placed, where, heads)
    draw_arrows(picture, folded, ways, warmth, {x for x in folded.nodes if role[x] == "state"})
    draw_cuts(picture, placed, ways)
    tell_returns(picture, placed, ways, warmth)
    lay_rails(picture, placed, sizes)
    clear_headings(picture)
    picture.uses = table_of(folded, warmth)
    picture.scale = None if warmth is None else (warmth.low, warmth.high)
    tell(picture, ops, roots, options)
    return picture


def _box(
    node: Node, folded: Folded, placed: Placed, role: str, text: Words, warmth: Heat | None, roots: set[Node]
) -> Box:
    spot = placed.spots[node]
    if node in folded.dots:
        return Box(spot.x, spot.y, spot.width, HEIGHT, "dots", BORDERS["dots"], text.title, text.below, text.tip)
    fill = "#ffffff" if warmth is None else fill_of(node, warmth, roots)
    if role == "parameter":
        fill = HUB if node in folded.names else GHOST
    norm = None if warmth is None else warmth.norms.get(node)
    return Box(spot.x, spot.y, spot.width, HEIGHT, role, fill, text.title, text.below, text.tip, node, norm)


def box_width(text: Words) -> float:
    """A box as wide as its texts, in steps of 8 points so that like boxes look alike."""
    chips = sum(CHIP for part in text.title if part.kind == "chip")
    first = sum(width(part.text, TITLE, True) + 7 for part in text.title) + chips
    return 8 * math.ceil((max(first, width(text.below, BELOW), 56) + 14) / 8)


def fill_of(node: Node, warmth: Heat, roots: set[Node]) -> str:
    """Heat; the root is left white, for its gradient of 1 is given, not found."""
    return "#ffffff" if node in roots or node.dtype.kind != "f" else warmth.colour(warmth.norms.get(node))


def headings(folded: Folded, tokens: Any) -> list[tuple[str, str]]:
    """Under each column ``t = 3`` and its token."""
    first, last = folded.dotted
    dotted = {x.step for x in folded.dots if x.step is not None}
    texts = token_texts(folded.steps, tokens)
    shown = sorted({x.step for x in folded.nodes if x.step is not None})
    return [(f"t = {first} … {last}", "") if t in dotted else (f"t = {t}", texts.get(t, "")) for t in shown]


def head_widths(heads: list[tuple[str, str]]) -> list[float]:
    """Room that the texts under the columns take, in points."""
    return [width(title, 14, True) + width(token, 12) + 16 for title, token in heads]


def token_texts(steps: list[int], tokens: Any) -> dict[int, str]:
    """The token of each step."""
    if tokens is None:
        return {}
    if isinstance(tokens, Mapping):
        strangers = [t for t in tokens if t not in set(steps)]
        if strangers:
            raise GraphError(
                f"draw: tokens name a step {strangers[0]!r} that is not drawn",
                got=repr(strangers[0]),
                expected=f"steps from {steps[0]} to {steps[-1]}" if steps else "no step",
                fix="give a dict from step to text, or a list of one text a step",
            )
        return {t: clean(str(tokens.get(t, ""))) for t in steps}
    in_order = isinstance(tokens, Iterable) and not isinstance(tokens, (str, bytes, Set, Node))
    given = list(tokens) if in_order else []
    if len(given) != len(steps):
        raise GraphError(
            "draw: tokens do not fit the time steps",
            expected=f"a list of {len(steps)} texts, one per step, or a dict from step to text",
            got=f"{len(given)} of them" if given else type(tokens).__name__,
            fix="" if steps else "mark the steps by tg.unroll or with tg.step(t)",
        )
    return {t: clean(str(token)) for t, token in zip(steps, given, strict=True)}


def draw_bands(picture: Picture, placed: Placed, where: Regions, heads: list[tuple[str, str]]) -> None:
    """A band for each column, and one for what is computed once, after the last step."""
    for c, (head, token) in enumerate(heads):
        if c in placed.edges:  # all boxes of a step may be initial states, which stand before time
            picture.bands.append(Band(*placed.edges[c], placed.foot, placed.top, head, token))
    last = len(where.steps)
    results = [x for x, spot in where.place.items() if spot == AFTER and x not in where.states]
    if last and results and last in placed.edges:
        picture.bands.append(Band(*placed.edges[last], placed.foot, placed.top, "after"))


def table_of(folded: Folded, warmth: Heat | None) -> list[Use]:
    return [
        Use(clean(folded.names[x]), shape(x.shape), folded.uses[x], _table_norm(x, warmth))
        for x in folded.names
        if x in folded.uses
    ]


def _table_norm(parameter: Node, warmth: Heat | None) -> str | None:
    if warmth is None:
        return None
    norm = warmth.norms.get(parameter)
    return "not computed" if norm is None else number(norm)
