"""The unrolled view: a graph turned into a picture with one column per time step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ..core.errors import GraphError
from ..core.node import Node
from .folding import Folded, fold
from .heat import ODD, Heat, heat, ramp
from .labels import clean, number, shape, width
from .picture import Arrow, Band, Box, Cut, Note, Picture, Point, Use
from .place import GUTTER, HEIGHT, Placed, place
from .regions import AFTER, Regions, regions
from .roles import BORDERS, roles
from .routes import Way, routes
from .wishes import Wishes, roots_of
from .wording import Words, words

TITLE, BELOW, CHIP = 13.0, 9.0, 10.0
"""Sizes of a box's title and second line, and the room that a chip adds."""
FORWARD, DEAD = "#8b93a0", "#d7191c"


def unrolled(given: Any, wishes: Wishes) -> Picture:
    """All parts of the picture, placed."""
    roots = roots_of(given)
    folded = fold(roots)
    warmth = heat(folded, roots, wishes.gradients) if wishes.has_gradients else None
    role = roles(folded, roots)
    where = regions(folded)
    role |= dict.fromkeys(where.states, "state")
    texts = {x: words(x, folded, role[x], warmth) for x in folded.nodes}
    sizes = {x: box_width(texts[x]) for x in folded.nodes}
    heads = _headings(where, wishes.tokens)
    placed = place(folded, where, sizes, [width(a, 14, True) + width(b, 12) + 16 for a, b in heads])
    picture = Picture(title=None if wishes.title is None else clean(str(wishes.title), 120))
    picture.boxes = [_box(x, placed, role[x], texts[x], warmth, set(roots)) for x in folded.nodes]
    for c, (head, token) in enumerate(heads):
        picture.bands.append(Band(*placed.edges[c], placed.foot, placed.top, head, token))
    _after(picture, placed, where)
    ways = routes(folded, placed)
    _arrows(picture, folded, ways, warmth)
    _cuts(picture, placed, ways)
    _returns(picture, placed, ways, warmth)
    picture.uses = _table(folded, warmth)
    picture.scale = None if warmth is None else (warmth.low, warmth.high)
    return picture


def _box(node: Node, placed: Placed, role: str, text: Words, warmth: Heat | None, roots: set[Node]) -> Box:
    spot = placed.spots[node]
    fill = "#ffffff" if warmth is None else _fill(node, warmth, roots)
    norm = None if warmth is None else warmth.norms.get(node)
    return Box(spot.x, spot.y, spot.width, HEIGHT, role, fill, text.title, text.below, text.tip, node, norm)


def box_width(text: Words) -> float:
    """A box as wide as its texts, in steps of 8 points so that like boxes look alike."""
    chips = sum(CHIP for part in text.title if part.kind == "chip")
    first = sum(width(part.text, TITLE, True) + 7 for part in text.title) + chips
    return 8 * math.ceil((max(first, width(text.below, BELOW), 56) + 14) / 8)


def _fill(node: Node, warmth: Heat, roots: set[Node]) -> str:
    """Heat; the root is left white, for its gradient of 1 is given, not found."""
    return "#ffffff" if node in roots or node.dtype.kind != "f" else warmth.colour(warmth.norms.get(node))


def _headings(where: Regions, tokens: Any) -> list[tuple[str, str]]:
    """Under each column ``t = 3`` and its token."""
    if tokens is None:
        return [(f"t = {t}", "") for t in where.steps]
    if isinstance(tokens, Mapping):
        return [(f"t = {t}", clean(str(tokens.get(t, "")))) for t in where.steps]
    given = [] if isinstance(tokens, str) or not isinstance(tokens, Iterable) else list(tokens)
    if len(given) != len(where.steps):
        raise GraphError(
            "draw: tokens do not fit the time steps",
            expected=f"a list of {len(where.steps)} texts, one per step, or a dict from step to text",
            got=f"{len(given)} of them" if given else type(tokens).__name__,
            fix="" if where.steps else "mark the steps by tg.unroll or with tg.step(t)",
        )
    return [(f"t = {t}", clean(str(token))) for t, token in zip(where.steps, given, strict=True)]


def _after(picture: Picture, placed: Placed, where: Regions) -> None:
    """A band for what is computed once, after the last step."""
    last = len(where.steps)
    results = [x for x, spot in where.place.items() if spot == AFTER and x not in where.states]
    if last and results and last in placed.edges:
        picture.bands.append(Band(*placed.edges[last], placed.foot, placed.top, "after"))


def _arrows(picture: Picture, folded: Folded, ways: list[Way], warmth: Heat | None) -> None:
    """Forward arrows, and red ones beside them for what comes back."""
    number_of = {x: i for i, x in enumerate(folded.nodes)}
    aside = 5.0 if warmth else 0.0
    for way in ways:
        a, b = number_of[way.link.source], number_of[way.node]
        carried = way.through and picture.boxes[a].role == "state"
        colour, thick = (BORDERS["state"], 1.9) if carried else (FORWARD, 1.1)
        tip = "stop_gradient: nothing comes back" if way.link.cut else ""
        picture.arrows.append(Arrow(a, b, _shifted(way, -aside), colour, thick, tip=tip))
        flow = warmth.flows.get(way.link) if warmth else None
        if warmth and flow is not None:
            back = _shifted(way, aside)[::-1]
            picture.arrows.append(_backward(b, a, back, flow, warmth))
        elif way.link.cut and warmth:
            dead = _shifted(way, aside)[::-1]
            picture.arrows.append(Arrow(b, a, dead, DEAD, 1.2, dashed=True, pointed=False, tip=tip))


def _backward(tail: int, head: int, points: list[Point], flow: float, warmth: Heat) -> Arrow:
    tip = f"‖∂‖ {number(flow, 4)}"
    if not math.isfinite(flow):
        return Arrow(tail, head, points, ODD, 4.0, tip=tip)
    if not flow:
        return Arrow(tail, head, points, "#c3c8d0", 0.8, tip=tip)
    level = warmth.level(flow)
    return Arrow(tail, head, points, ramp(0.45 + 0.5 * level), 0.9 + 2.8 * level, tip=tip)


def _shifted(way: Way, by: float) -> list[Point]:
    """The way moved aside: left and right where it runs up, up and down where it runs along."""
    if not by:
        return way.points
    if not way.through:
        return [(x + by, y) for x, y in way.points]
    moved = [(x, y - by) for x, y in way.points]
    for i in range(0, len(moved) - 1, 3):
        (x0, y0), (_, y1), (_, y2), (x3, y3) = way.points[i : i + 4]
        if y0 == y1 != y2 == y3:
            # An S-curve falls steeply: there the arrows stay apart only if they are moved sideways too.
            aside = by * 1.6 * (1 if (y3 > y0) == (x3 > x0) else -1)
            moved[i + 1] = (moved[i + 1][0] + aside, y0 - by)
            moved[i + 2] = (moved[i + 2][0] + aside, y3 - by)
    return moved


def _cuts(picture: Picture, placed: Placed, ways: list[Way]) -> None:
    """A line in every gutter in which all that crosses is cut."""
    crossing: dict[int, list[bool]] = {}
    for way in ways:
        a, b = placed.spots[way.link.source].column, placed.spots[way.node].column
        if way.through and a is not None and b is not None and min(a, b) >= 0 and abs(a - b) == 1:
            crossing.setdefault(min(a, b), []).append(way.link.cut)
    for c, cut in sorted(crossing.items()):
        if all(cut):
            picture.cuts.append(Cut(placed.edges[c][1] + GUTTER / 2, placed.foot - 16, placed.top + 10))


def _returns(picture: Picture, placed: Placed, ways: list[Way], warmth: Heat | None) -> None:
    """Beside each state the norm of what later steps send back to it."""
    told: set[Node] = set()
    for way in ways:
        node = way.link.source
        back = warmth.back.get(node) if warmth else None
        if way.through and back is not None and node not in told:
            told.add(node)
            a, b = placed.spots[node], placed.spots[way.node]
            assert a.column is not None and b.column is not None
            right = b.column > a.column
            edge = placed.edges[a.column][right]
            exit_y = way.points[3][1] if len(way.points) > 3 and way.points[0][1] != a.y else a.y
            falls = way.points[-1][1] < exit_y
            y = exit_y + (17 if falls else -17)
            # Inside the column where the arrow is long enough, for in the gutter other arrows turn.
            inside = abs(edge - a.x) - a.width / 2 > 46
            side = 18 if right != inside else -18
            picture.notes.append(Note(edge + side, y, number(back), "#b02a1a"))


def _table(folded: Folded, warmth: Heat | None) -> list[Use]:
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
