"""What is drawn between boxes: arrows forward and back, cuts through time, the norms that come back through time."""

from __future__ import annotations

import math

from ...core.node import Node
from ..colours import DEAD, FORWARD
from ..labels import number
from ..layout.place import GUTTER, Placed
from ..layout.routes import Route
from ..norms.heat import ODD, Heat, ramp
from ..picture import Arrow, Cut, Note, Picture, Point
from ..shown.folding import Folded
from ..shown.roles import BORDERS


def draw_arrows(picture: Picture, folded: Folded, ways: list[Route], warmth: Heat | None, states: set[Node]) -> None:
    """Forward arrows, and red ones beside them for what comes back; between dots there are none."""
    number_of = {x: i for i, x in enumerate(folded.nodes)}
    aside = 5.0 if warmth else 0.0
    for way in ways:
        if way.link.source in folded.dots and way.node in folded.dots:
            continue
        a, b = number_of[way.link.source], number_of[way.node]
        carried = way.through and way.link.source in states
        colour, thick = (BORDERS["state"], 1.9) if carried else (FORWARD, 1.1)
        tip = "stop_gradient: nothing comes back" if way.link.cut else ""
        picture.arrows.append(Arrow(a, b, _shifted(way, -aside), colour, thick, tip=tip))
        flow = warmth.flows.get(way.link) if warmth else None
        if warmth and flow is not None:
            back = _shifted(way, aside)[::-1]
            picture.arrows.append(returning(b, a, back, flow, warmth))
        elif way.link.cut and warmth:
            dead = _shifted(way, aside)[::-1]
            picture.arrows.append(Arrow(b, a, dead, DEAD, 1.2, dashed=True, pointed=False, tip=tip))


def returning(tail: int, head: int, points: list[Point], flow: float, warmth: Heat) -> Arrow:
    tip = f"‖∂‖ {number(flow, 4)}"
    if not math.isfinite(flow):
        return Arrow(tail, head, points, ODD, 4.0, tip=tip)
    if not flow:
        return Arrow(tail, head, points, "#c3c8d0", 0.8, tip=tip)
    level = warmth.level(flow)
    return Arrow(tail, head, points, ramp(0.45 + 0.5 * level), 0.9 + 2.8 * level, tip=tip)


def _shifted(way: Route, by: float) -> list[Point]:
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


def draw_cuts(picture: Picture, placed: Placed, ways: list[Route]) -> None:
    """A line in every gutter in which all that crosses is cut."""
    crossing: dict[int, list[bool]] = {}
    for way in ways:
        a, b = placed.spots[way.link.source].column, placed.spots[way.node].column
        if way.through and a is not None and b is not None and min(a, b) >= 0 and abs(a - b) == 1:
            crossing.setdefault(min(a, b), []).append(way.link.cut)
    for c, cut in sorted(crossing.items()):
        if all(cut):
            picture.cuts.append(Cut(placed.edges[c][1] + GUTTER / 2, placed.foot - 16, placed.top + 10))


def tell_returns(picture: Picture, placed: Placed, ways: list[Route], warmth: Heat | None) -> None:
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
