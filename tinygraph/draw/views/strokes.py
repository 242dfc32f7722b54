"""Draws what lies between boxes: forward and backward arrows, cuts through time, norms of states."""

from __future__ import annotations

import math
from itertools import pairwise

from ...core.node import Node
from ..colours import DEAD, FORWARD, STATE
from ..labels import clean, number
from ..layout.routes import Route
from ..layout.spots import Placed
from ..norms.heat import ODD, Heat, ramp
from ..picture import SMALL, Arrow, Cut, Note, Picture, Point
from ..shown.folding import Folded
from ..shown.letters import known
from ..shown.loops import window
from ..shown.roles import BORDERS
from ..shown.truncation import cut_pairs
from .tags import Taken

BESIDE = 5.0
"""How far an arrow and its gradient's are beside their common way."""
TURN = 9.0
"""How much wider the turn of such an arrow is at the top or the foot of a box, and how high one is for a head."""

CUT = "stop_gradient: nothing comes back"

ASIDE = sorted(range(-70, 71, 2), key=abs)
"""How far a note stands beside its place, if something is there."""


def draw_arrows(
    picture: Picture, folded: Folded, routes: list[Route], heat_map: Heat | None, states: set[Node]
) -> None:
    """Draw the forward arrows and, beside them, the red backward arrows; between two boxes of dots there are none."""
    number_of = {x: i for i, x in enumerate(folded.nodes)}
    offset = BESIDE if heat_map else 0.0
    for route in routes:
        a, b = number_of[route.link.source], number_of[route.node]
        if route.link.source in folded.dots and route.node in folded.dots:
            picture.unseen.append((a, b))
            continue
        carried = route.through and route.link.source in states
        colour, width = (BORDERS["state"], 1.9) if carried else (FORWARD, 1.1)
        tip = CUT if route.link.cut else ""
        picture.arrows.append(Arrow(a, b, _shifted(route, -offset), colour, width, tip=tip))
        flow = heat_map.flows.get(route.link) if heat_map else None
        if heat_map and (flow is not None or route.link.cut):
            back = _shifted(route, offset)[::-1]
            picture.arrows.append(cut_off(b, a, back) if flow is None else returning(b, a, back, flow, heat_map))


def cut_off(tail: int, head: int, points: list[Point]) -> Arrow:
    """Returns a backward arrow along which no gradient comes."""
    return Arrow(tail, head, points, DEAD, 1.2, dashed=True, pointed=False, tip=CUT)


def returning(tail: int, head: int, points: list[Point], flow: float, heat_map: Heat) -> Arrow:
    """Returns a backward arrow whose colour and width show the norm of the gradient along it."""
    tip = f"‖∂‖ {number(flow, 4)}"
    if not math.isfinite(flow):
        return Arrow(tail, head, points, ODD, 4.0, tip=tip)
    if not flow:
        return Arrow(tail, head, points, "#c3c8d0", 0.8, tip=tip)
    level = heat_map.level(flow)
    return Arrow(tail, head, points, ramp(0.45 + 0.5 * level), 0.9 + 2.8 * level, tip=tip)


def _shifted(route: Route, offset: float) -> list[Point]:
    """Returns the route moved aside: left or right where it runs upward, up or down where it runs sideways."""
    points = route.points
    if not offset:
        return points
    if not route.through:
        moved = [(x + offset, y) for x, y in points]
        for i in range(0, len(points) - 1, 3):
            (x0, y0), (x1, y1), (x2, y2), (x3, y3) = points[i : i + 4]
            wide, high = x3 - x0 + x2 - x1, y3 - y0 + y2 - y1
            if abs(wide) > 2 * abs(high):  # a flat part is beside the other only if it is also moved up or down
                down = math.copysign(min(abs(offset), abs(y1 - y0) / 3), offset * wide * high)
                moved[i + 1 : i + 3] = [(x1 + offset, y1 - down), (x2 + offset, y2 - down)]
        return moved
    right = 1 if points[-1][0] >= points[0][0] else -1
    moves: list[Point] = []
    for i in range(0, len(points), 3):
        (x0, y0), (x1, y1) = points[min(i, len(points) - 2) :][:2]
        is_upright = abs(y1 - y0) > abs(x1 - x0)
        moves.append((offset * right * (1 if y1 > y0 else -1), 0.0) if is_upright else (0.0, -offset))
    moved = [(x + moves[(i + 1) // 3][0], y + moves[(i + 1) // 3][1]) for i, (x, y) in enumerate(points)]
    _widen_turns(moved, [k for k in (0, -1) if moves[k][0]])
    for i in range(0, len(moved) - 1, 3):
        (x0, y0), (_, y1), (_, y2), (x3, y3) = points[i : i + 4]
        if y0 == y1 != y2 == y3:
            # An S-curve is steep in the middle: the two arrows stay apart only if it is also moved sideways.
            sideways = offset * 1.6 * (1 if (y3 > y0) == (x3 > x0) else -1)
            moved[i + 1] = (moved[i + 1][0] + sideways, y0 - offset)
            moved[i + 2] = (moved[i + 2][0] + sideways, y3 - offset)
    return moved


def _widen_turns(points: list[Point], ends: list[int]) -> None:
    """Give a turn from a flat part to the top or foot of a box room for a head, which is askew if the turn is low."""
    for end in ends:
        bow, flat, after = (1, 3, 4) if end == 0 else (-2, -4, -5)
        (x, y), (u, v), (w, z) = points[end], points[flat], points[after % len(points)]
        if v == z:
            side, high = (1 if w > u else -1), points[bow][1]
            points[flat] = (u + side * TURN, v)
            points[bow] = (x + side * abs(high - y) * (abs(v - y) < TURN), high)


def draw_cuts(picture: Picture, placed: Placed, folded: Folded) -> None:
    """Draw a vertical line in every gutter between columns in which all links are cut."""
    cut = set(cut_pairs(folded))
    for c, pair in enumerate(pairwise(folded.columns())):
        if pair in cut and c in placed.edges:
            picture.cuts.append(Cut(placed.edges[c][1] + placed.grid.gutter / 2, placed.foot - 16, placed.top + 10))


def label_states(picture: Picture, placed: Placed, routes: list[Route], folded: Folded, taken: Taken) -> None:
    """Write over an arrow that carries several states between two columns which ones: ``h, c``, or ``2 states``."""
    labelled: set[Node] = set()
    for route in routes:
        node = route.link.source
        sources = dict.fromkeys(x.source for x in folded.bundles.get(route.link, ()))
        ends = [*map(window, sources)] if len(sources) > 1 else []
        end = max(ends, key=ends.count, default=None)  # each sliding window carries them anew
        carried = [x for x in sources if window(x) == end]
        a, b = placed.spots[node].column, placed.spots[route.node].column
        if len(carried) < 2 or node in labelled or a is None or b is None or abs(a - b) != 1:
            continue
        labelled.add(node)
        names = [clean(known(x, folded.letters)) for x in carried]
        text = ", ".join(names) if all(names) else f"{len(carried)} states"
        x = placed.edges[max(a, b)][0] - placed.grid.gutter / 2
        picture.notes.append(_beside(taken, Note(x, route.points[0][1] + 17, text, STATE), 17))


def label_returns(
    picture: Picture, placed: Placed, routes: list[Route], heat_map: Heat | None, folded: Folded, taken: Taken
) -> None:
    """Write beside each state the norm of the gradient that later steps send back to it."""
    number_of = {x: i for i, x in enumerate(folded.nodes)}
    labelled: set[Node] = set()
    for route in routes:
        node = route.link.source
        back = heat_map.back.get(node) if heat_map else None
        a, b = placed.spots[node], placed.spots[route.node]
        if back is None or node in labelled or a.column is None or b.column in (None, a.column):
            continue
        labelled.add(node)
        right = b.column > a.column
        edge = placed.edges[a.column][right]
        exit_y = route.points[3][1] if route.points[0][1] != a.y else a.y
        up = 17 if route.points[-1][1] < exit_y else -17
        # Inside the column if the arrow is long enough, because in the gutter other arrows turn.
        inside = abs(edge - a.x) - a.width / 2 > 46
        x = edge + (18 if right != inside else -18)
        size = SMALL if placed.grid.half > 13 else 12.0
        note = Note(x, exit_y + up, number(back), "#b02a1a", size, number_of[node])
        picture.notes.append(_beside(taken, note, up))


def _beside(taken: Taken, note: Note, up: float) -> Note:
    """Returns a note that stands over its arrow where it is free, or under it; ``up`` is its distance from there."""
    return taken.placed(note, [(note.x + aside, note.y - down) for down in (0.0, 2 * up) for aside in ASIDE], 3.0)
