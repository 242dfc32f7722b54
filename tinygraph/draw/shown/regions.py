"""Assigns each box to a region: a column, before or after the columns, or a bar over or under them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ...core.node import Node
from .folding import Folded, When
from .letters import DELAYS
from .roles import initial_states

BEFORE, AFTER, OVER, UNDER = "before", "after", "over", "under"
PlaceOf = dict[Node, int | str]
"""Maps each box to the number of its column, or to the name of its region."""


@dataclass
class Regions:
    """The region of each box.

    Attributes:
        steps, place: phase and step of each column, from left to right; the column or region of each box.
        states: the boxes of initial states before and after all columns.
        starts: those of loops that begin at another column, in which they stand.
        leaving: maps each box with an arrow to another column to 1 if that column is later, else to -1.
        rising: the boxes in a column that have an arrow to the bar over the columns.
    """

    steps: list[When]
    place: PlaceOf
    states: set[Node]
    leaving: dict[Node, int] = field(default_factory=dict)
    rising: set[Node] = field(default_factory=set)
    starts: set[Node] = field(default_factory=set)


def regions(folded: Folded) -> Regions:
    """Assign every box to a region.

    A node with a step is in the column of this step. A node without a step that depends on steps is in the bar over
    the columns, or after the columns if it depends on one step only. A node that depends on no step is in the bar
    under the columns if several columns use it. If only one column uses it, it is in this column, or before the
    columns if it is an initial state.
    """
    steps = folded.columns()
    if not steps:
        return Regions([], dict.fromkeys(folded.nodes, 0), set())
    number = {column: i for i, column in enumerate(steps)}
    at = {x: folded.column(x) for x in folded.nodes}
    place: PlaceOf = {x: number[c] for x, c in at.items() if c is not None}
    _place_results(folded, place)
    for node, used in _with_users(folded, place, {x for x in folded.nodes if x not in place}):
        place[node] = next(iter(used)) if len(used) == 1 else UNDER if used else OVER
    known = folded.initial
    starts = initial_states(folded, place, _ends(folded, place)) if known is None else known & place.keys()
    states = {x for x in starts if place[x] in (0, len(steps) - 1)}
    for node in states:
        place[node] = BEFORE if place[node] == 0 else AFTER
    loose = {x for x in folded.nodes if x.step is None and x not in states if any(folded.arrows[y] for y in states)}
    for node, used in _with_users(folded, place, loose):
        if len(used) == 1 and used <= {BEFORE, AFTER}:
            place[node] = next(iter(used))  # only an initial state is computed from it
    result = Regions(steps, place, states, starts=starts - states)
    _mark_leaving(folded, result)
    return result


def later(a: int | str, b: int | str) -> bool:
    """Whether region ``a`` is to the right of region ``b``; each is a column, BEFORE or AFTER."""
    order = {BEFORE: -1.0, AFTER: float("inf")}
    return order.get(a, a) > order.get(b, b)  # type: ignore[arg-type]


def _mark_leaving(folded: Folded, regions: Regions) -> None:
    bars = (OVER, UNDER)
    for node in folded.nodes:
        target = regions.place[node]
        for link in folded.arrows[node]:
            source = regions.place[link.source]
            if source == target or source in bars:
                continue
            if target == OVER:
                regions.rising.add(link.source)
            elif target != UNDER:
                regions.leaving[link.source] = 1 if later(target, source) else -1


def _place_results(folded: Folded, place: PlaceOf) -> None:
    """Place the nodes without a step that depend on steps."""
    results: set[Node] = set()
    columns: set[int | str] = set()
    feeds_back = False
    for node in folded.nodes:
        if node in place:
            feeds_back = feeds_back or (bool(results) and any(x.source in results for x in folded.arrows[node]))
        elif at := [place[x.source] for x in folded.arrows[node] if x.source in place]:
            place[node] = OVER
            results.add(node)
            columns.update(at)
    columns.discard(OVER)
    if len(columns) == 1 and not feeds_back and sum(bool(folded.arrows[x]) for x in results) > 1:
        place.update(dict.fromkeys(results, AFTER))


def _with_users(folded: Folded, place: PlaceOf, nodes: set[Node]) -> Iterator[tuple[Node, set[int | str]]]:
    """Yields each of the nodes with the regions of its users, which come before it and may be placed meanwhile."""
    users: dict[Node, set[int | str]] = {x: set() for x in nodes}
    for node in reversed(folded.nodes) if nodes else ():
        if node in users:
            yield node, users[node]
        for link in folded.arrows[node]:
            if link.source in users:
                users[link.source].add(place[node])


def _ends(folded: Folded, place: PlaceOf) -> list[tuple[int, int, int]]:
    """Returns the first and the last column of each loop, each with its neighbour; a single column is its own.

    Before them the next columns in which a state that is delayed may have starts, and theirs, from the latest.
    """
    loops: dict[int, dict[int, None]] = {}
    for node in folded.nodes:
        if node.step is not None:
            loops.setdefault(folded.phases.loop.get(node, -1), {})[place[node]] = None  # type: ignore[index]
    orders = [[*x] for x in loops.values() if len(x) > 1] or [[0, 0]]
    ends = [(x[k], x[k + 1], x[0]) for x in orders for k in range(min(len(x) - 1, DELAYS) - 1, 0, -1)]
    both = [way for x in map(sorted, orders) for way in (x[:2], x[:-3:-1])]
    return [*dict.fromkeys([*ends, *((a, b, a) for a, b in both)])]
