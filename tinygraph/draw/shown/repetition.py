"""What repeats over time: like boxes of different steps found by their structure, and the arrows between."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...core.node import Node
from .folding import Chip, Folded, Link

FEW = 4
"""Leaves that enter one op outside of time are drawn as one box from so many on."""


class Edge(NamedTuple):
    """Arrows of one kind, from group to group.

    ``lag``: so many steps lie between, 1 from t-1 to t, -1 from t+1 (in one cell); ``only``: the one step at
    which it is used, where it is one of several; ``cuts``: at so many steps a stop_gradient lies on it.
    """

    source: int
    target: int
    lag: int
    only: int | None
    cuts: int


@dataclass
class Repetition:
    """A graph whose like boxes are one.

    Attributes:
        groups: lists of like boxes in the order of computation, of one box where nothing is like it.
        cells: the groups of ops that repeat; ``data``: the groups of leaves, one a step.
        steps: the time steps in their order.
        when: of each box of a time step the number of its step.
        edges: what leads from group to group, once for each way in which it does.
    """

    groups: list[list[Node]] = field(default_factory=list)
    cells: set[int] = field(default_factory=set)
    data: set[int] = field(default_factory=set)
    steps: list[int] = field(default_factory=list)
    when: dict[Node, int] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)

    def times(self, group: int) -> list[int]:
        """The steps at which a group occurs, in their order."""
        return [self.steps[i] for i in sorted({self.when[x] for x in self.groups[group] if x in self.when})]


def repetition(folded: Folded) -> Repetition | None:
    """Group the boxes, in time linear in boxes and arrows; None where less than half of what has a step repeats."""
    steps = sorted({x.step for x in folded.nodes if x.step is not None})
    found = Repetition(steps=steps, when=_times(folded, {t: i for i, t in enumerate(steps)}))
    alike = _alike(folded, found.when)
    _adopt_odd(folded, found.when, alike)
    repeating = {id(members): members for members in alike.values() if len(members) > 1}
    timed = [x for x in folded.nodes if x.step is not None and x.op is not None]
    if not repeating or 2 * sum(id(alike[x]) in repeating for x in timed) < len(timed):
        return None
    of = {x: members for x, members in alike.items() if id(members) in repeating}
    families = _families(folded, of)
    index: dict[int, int] = {}
    for node in folded.nodes:
        members = of.get(node) or families.get(node) or [node]
        if id(members) not in index:
            index[id(members)] = len(found.groups)
            if node in of or node in families:
                (found.cells if node in of else found.data).add(len(found.groups))
            found.groups.append(members)
    _number_edges(folded, found)
    return found


def _times(folded: Folded, number: dict[int, int]) -> dict[Node, int]:
    """Step of each op: its own, or the last step that it is made from, as of losses added up outside of time."""
    when: dict[Node, int] = {}
    for node in folded.nodes:
        if node.step is not None:
            when[node] = number[node.step]
        elif node.op is not None:
            row = _picked(node)
            below = (
                [when[row]]
                if row in when
                else [when[x.source] for x in folded.arrows[node] if x.source in when and x.source.op is not None]
            )
            if below:
                when[node] = max(below)
    return when


def _picked(node: Node) -> Node | None:
    """Of ``outputs[3]`` outside of time, what was stacked there: the op belongs to that one's step."""
    index, source = node.attributes.get("index"), node.inputs[0] if node.inputs else None
    stacked = source is not None and source.op is not None and source.op.name == "stack"
    index = index[0] if isinstance(index, tuple) and len(index) == 1 else index
    if source is None or not stacked or source.attributes.get("axis", 0) != 0 or type(index) is not int:
        return None
    return source.inputs[index]


def _alike(folded: Folded, when: dict[Node, int]) -> dict[Node, list[Node]]:
    """Of each op of a step the ops with its signature at all steps.

    The signature holds the op, its settings, the identity of its parameters, and the signatures of
    what it is made from at the same step. Everything else (state, data, numbers) only counts as
    entering there, for the first step takes its state from elsewhere. Of several ops with one
    signature the first at a step is like the first at another.
    """
    known: dict[tuple[Any, ...], int] = {}
    marks: dict[Node, int] = {}
    ranks: dict[tuple[int, int], int] = {}
    groups: dict[tuple[int, int], list[Node]] = {}
    found: dict[Node, list[Node]] = {}
    phases = _phases(folded)
    for node in folded.nodes:
        if node.op is None or node not in when:
            continue
        inside = [
            marks[x.source] if type(x) is Link and x.source in marks and when[x.source] == when[node] else None
            for x in folded.operands[node]
            if _picked(node) is None
        ]
        key = (*_plain_sign(node, folded), phases[node], *inside)
        mark = marks[node] = known.setdefault(key, len(known))
        rank = ranks[when[node], mark] = ranks.get((when[node], mark), -1) + 1
        found[node] = groups.setdefault((mark, rank), [])
        found[node].append(node)
    return found


def _phases(folded: Folded) -> dict[Node, int]:
    """How often what a box is made from left time and came back: layers of one cell run after each other differ."""
    phases: dict[Node, int] = {}
    timed: set[Node] = set()
    for node in folded.nodes:
        sources = [x.source for x in folded.arrows[node]]
        back = node.step is not None
        phases[node] = max((phases[x] + (back and x.step is None and x in timed) for x in sources), default=0)
        if back or any(x in timed for x in sources):
            timed.add(node)
    return phases


def _plain_sign(node: Node, folded: Folded) -> tuple[Any, ...]:
    """Op, settings and parameters of a box: its signature as far as it does not depend on other boxes."""
    assert node.op is not None
    settings = tuple((k, _setting(v)) for k, v in sorted(node.attributes.items()))
    entering = tuple((id(x.parameter), x.text) if type(x) is Chip else None for x in folded.operands[node])
    return (node.op.name, settings, entering)


def _setting(value: Any) -> Any:
    """A setting where it is part of the form of an op; an index that moves with time is none."""
    if isinstance(value, tuple):
        return tuple(map(_setting, value))
    fixed = isinstance(value, (bool, str, slice)) or value is None or value is Ellipsis
    return repr(value) if fixed else type(value).__name__


def _adopt_odd(folded: Folded, when: dict[Node, int], alike: dict[Node, list[Node]]) -> None:
    """A box like no other joins a group of its op and parameters that misses one at its step.

    So the first step need not start from a state, and what is computed from it is still found alike.
    """
    groups: dict[tuple[Any, ...], list[list[Node]]] = {}
    for members in {id(x): x for x in alike.values()}.values():
        if len(members) > 1:
            groups.setdefault(_plain_sign(members[0], folded), []).append(members)
    occupied = {id(x): {when[y] for y in x} for many in groups.values() for x in many}
    for node, members in alike.items():
        if len(members) > 1 or node.step is None:
            continue
        for other in groups.get(_plain_sign(node, folded), ()):
            taken = occupied[id(other)]
            # The neighbour test: only the step before a group's first or after its last may be odd.
            if when[node] not in taken and {when[node] - 1, when[node] + 1} & taken:
                taken.add(when[node])
                other.append(node)
                other.sort(key=lambda x: x.serial)
                alike[node] = other
                break


def _families(folded: Folded, of: dict[Node, list[Node]]) -> dict[Node, list[Node]]:
    """Leaves of which each step, or each slot of one op outside of time, takes one of its own."""
    entering: dict[tuple[int, int], dict[Node, None]] = {}
    sizes: dict[tuple[int, int], int] = {}
    for node in folded.nodes:
        members = of.get(node)
        for link in folded.arrows[node]:
            key = (id(members), link.slot) if members else (id(node), -1)
            if link.source.op is None:
                entering.setdefault(key, {})[link.source] = None
            sizes[key] = len(members) if members else 2 * FEW
    found: dict[Node, list[Node]] = {}
    for key, leaves in entering.items():
        fresh = [x for x in leaves if x not in found]
        if len(fresh) > 1 and 2 * len(fresh) >= sizes[key]:
            found.update(dict.fromkeys(fresh, fresh))
    return found


class _Tally:
    """Users of one edge: how many, how many of them cut, and the first."""

    def __init__(self, first: Node) -> None:
        self.first, self.count, self.cuts = first, 0, 0


def _number_edges(folded: Folded, found: Repetition) -> None:
    """Count the arrows between groups, and keep those that come with each step apart from those that come once."""
    of = {x: i for i, members in enumerate(found.groups) for x in members}
    tallies: dict[tuple[int, int, int, int], _Tally] = {}
    for node in folded.nodes:
        for link in folded.arrows[node]:
            a, b = of[link.source], of[node]
            both = a in found.cells and b in found.cells
            lag = found.when[node] - found.when[link.source] if both else 0
            slot = link.slot if b in found.cells else -1
            tally = tallies.setdefault((a, b, slot, lag), _Tally(node if b in found.cells else link.source))
            tally.count += 1
            tally.cuts += link.cut
    edges: dict[tuple[int, int, int, int | None], int] = {}
    for (a, b, _, lag), tally in tallies.items():
        only = _only(found, a, b, tally)
        key = (a, b, lag, only)
        edges[key] = edges.get(key, 0) + tally.cuts
    found.edges = [Edge(*key, cuts) for key, cuts in edges.items()]


def _only(found: Repetition, a: int, b: int, tally: _Tally) -> int | None:
    """The step of an edge that is used at one step of several; of two steps, the first is the odd one."""
    group = found.groups[b] if b in found.cells else found.groups[a] if a in found.cells else []
    if tally.count > 1 or len(group) < 2:
        return None
    if len(group) == 2 and b in found.cells and tally.first is group[1]:
        return None
    return found.steps[found.when[tally.first]]
