"""Where in time each box belongs: a column per step, beside the first or last, or a bar over or under all."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...core.node import Node
from .folding import Folded
from .roles import initial_states

BEFORE, AFTER, OVER, UNDER = "before", "after", "over", "under"


@dataclass
class Regions:
    """Where each box belongs.

    Attributes:
        steps: the time steps in their order.
        place: of each box the number of its column, or its region.
        states: the boxes of the initial state.
        leaving: of each box with an arrow to another column, 1 if that is a later one, else -1.
        rising: the boxes of a column with an arrow to a bar over the columns.
    """

    steps: list[int]
    place: dict[Node, int | str]
    states: set[Node]
    leaving: dict[Node, int] = field(default_factory=dict)
    rising: set[Node] = field(default_factory=set)


def regions(folded: Folded) -> Regions:
    """Give every box its place.

    A node of a step is in that step's column. Of the others, what is made from steps is a bar over
    the columns, or in a column after them if it uses one step alone; what serves several
    columns is a bar under them; what serves one is in that one, or beside it if it is the initial state.
    """
    steps = sorted({x.step for x in folded.nodes if x.step is not None})
    if not steps:
        return Regions([], dict.fromkeys(folded.nodes, 0), set())
    number = {t: i for i, t in enumerate(steps)}
    place: dict[Node, int | str] = {x: number[x.step] for x in folded.nodes if x.step is not None}
    _place_results(folded, place)
    _place_sources(folded, place)
    found_before = folded.initial
    states = initial_states(folded, place, len(steps)) if found_before is None else found_before & place.keys()
    for node in states:
        place[node] = BEFORE if place[node] == 0 else AFTER
    _follow_states(folded, place, states)
    found = Regions(steps, place, states)
    _leave(folded, found)
    return found


def later(a: int | str, b: int | str) -> bool:
    """Whether a column, or the one before or after time, stands to the right of another."""
    order = {BEFORE: -1.0, AFTER: float("inf")}
    return order.get(a, a) > order.get(b, b)  # type: ignore[arg-type]


def _leave(folded: Folded, found: Regions) -> None:
    bars = (OVER, UNDER)
    for node in folded.nodes:
        to = found.place[node]
        for link in folded.arrows[node]:
            at = found.place[link.source]
            if to == OVER and at not in bars:
                found.rising.add(link.source)
            elif at != to and at not in bars and to not in bars:
                found.leaving[link.source] = 1 if later(to, at) else -1


def _place_results(folded: Folded, place: dict[Node, int | str]) -> None:
    """Nodes without a step that depend on steps."""
    late: list[Node] = []
    entered: set[int | str] = set()
    feeds_back = False
    for node in folded.nodes:
        sources = [x.source for x in folded.arrows[node]]
        if node.step is not None:
            feeds_back = feeds_back or any(place.get(x) == OVER for x in sources)
        elif any(x in place for x in sources):
            place[node] = OVER
            late.append(node)
            entered.update(p for p in (place.get(x) for x in sources) if p is not None and p != OVER)
    if len(entered) == 1 and not feeds_back and sum(bool(folded.arrows[x]) for x in late) > 1:
        place.update(dict.fromkeys(late, AFTER))


def _place_sources(folded: Folded, place: dict[Node, int | str]) -> None:
    """Nodes that depend on no step: users come later in the order, so they are placed first."""
    users: dict[Node, set[int | str]] = {}
    for node in reversed(folded.nodes):
        if node not in place:
            used = users.get(node, set())
            place[node] = next(iter(used)) if len(used) == 1 else UNDER if used else OVER
        for link in folded.arrows[node]:
            users.setdefault(link.source, set()).add(place[node])


def _follow_states(folded: Folded, place: dict[Node, int | str], states: set[Node]) -> None:
    """What only an initial state is made from stands beside it."""
    users: dict[Node, set[int | str]] = {}
    for node in reversed(folded.nodes):
        used = users.get(node, set())
        if node.step is None and node not in states and len(used) == 1 and used <= {BEFORE, AFTER}:
            place[node] = next(iter(used))
        for link in folded.arrows[node]:
            users.setdefault(link.source, set()).add(place[node])
