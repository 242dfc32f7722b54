"""What repeats over time: ops of equal structure at different steps, and the edges between them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from ...core.node import Node
from .folding import Chip, Folded, Inline, Link
from .loops import window
from .padding import is_masked
from .regions import Regions, regions
from .slices import picked

_INDEX = re.compile(r"\[[^\]]*\]")
"""In the name of a parameter as it is shown: which part of it is read."""
FEW = 4
"""Least number of leaves of one op outside of time that are drawn as one box."""


class Edge(NamedTuple):
    """All arrows of the same form from one group to another.

    ``lag``: number of steps between source and target in one cell, 1 from t-1 to t, -1 from t+1; ``only``: the step,
    if the edge is used at one of several steps; ``cuts``: number of steps at which a stop_gradient lies on it.
    """

    source: int
    target: int
    lag: int
    only: int | None
    cuts: int


@dataclass
class Repetition:
    """A graph in which boxes of equal structure form groups.

    Attributes:
        groups: equivalence classes of boxes, in order of computation; a box with no equal is a group of one.
        cells: the numbers of the repeating groups of ops; ``data``: those of the groups of leaves, one leaf per step.
        steps: the time steps in ascending order.
        when: maps each box to the number of its time step.
        folded: the graph.
    """

    groups: list[list[Node]] = field(default_factory=list)
    cells: set[int] = field(default_factory=set)
    data: set[int] = field(default_factory=set)
    steps: list[int] = field(default_factory=list)
    when: dict[Node, int] = field(default_factory=dict)
    folded: Folded = field(default_factory=Folded)

    @cached_property
    def edges(self) -> list[Edge]:
        """The edges between groups; those that are used at every step are kept apart from those at one step only."""
        group_of = {x: i for i, members in enumerate(self.groups) for x in members}
        cells, when = self.cells, self.when
        uses: dict[tuple[int, int, int, int], list[tuple[Node, bool]]] = {}
        for node in self.folded.nodes:
            b = group_of[node]
            for link in self.folded.arrows[node]:
                a = group_of[link.source]
                if b in cells:
                    key = (a, b, link.slot, when[node] - when[link.source] if a in cells else 0)
                else:
                    key = (a, b, -1, 0)
                uses.setdefault(key, []).append((node if b in cells else link.source, link.cut))
        edges: Counter[tuple[int, int, int, int | None]] = Counter()
        for (a, b, _, lag), using in uses.items():
            only = _only(self, a, b, using[0][0]) if len({when.get(x) for x, _ in using}) == 1 else None
            edges[a, b, lag, only] += sum(cut for _, cut in using)
        return [Edge(*key, cuts) for key, cuts in edges.items()]

    def times(self, group: int) -> list[int]:
        """Returns the steps at which a group occurs, in ascending order."""
        return [self.steps[i] for i in sorted({self.when[x] for x in self.groups[group] if x in self.when})]


def find_repetition(folded: Folded) -> Repetition | None:
    """Group the boxes, in time linear in boxes and arrows; None if less than half of the ops with a step repeat."""
    repetition = Repetition(steps=folded.steps, when=_times(folded), folded=folded)
    alike = _alike(folded, repetition.when)
    _adopt_odd(folded, repetition.when, alike)
    repeating = {id(x): x for node, x in alike.items() if len(x) > 1 or is_masked(node, "reset")}
    timed = [id(members) in repeating for x, members in alike.items() if x.step is not None]
    if not repeating or 2 * sum(timed) < len(timed):
        return None
    repeated = {x: members for x, members in alike.items() if id(members) in repeating}
    families = _families(folded, repeated)
    index: dict[int, int] = {}
    for node in folded.nodes:
        members = repeated.get(node) or families.get(node) or [node]
        if id(members) not in index:
            index[id(members)] = len(repetition.groups)
            if node in repeated or node in families:
                (repetition.cells if node in repeated else repetition.data).add(len(repetition.groups))
            repetition.groups.append(members)
    return repetition


def _times(folded: Folded) -> dict[Node, int]:
    """Maps each op to the number of its step; for an op outside of time (a running loss), the last it depends on."""
    number = {t: i for i, t in enumerate(folded.steps)}
    when: dict[Node, int] = {}
    for node in folded.nodes:
        if (t := node.step) is not None:
            when[node] = number[t]
        elif node.op is not None:
            row = _picked(node)
            sources = [x.source for x in folded.arrows[node] if x.source.op is not None] if row not in when else [row]
            steps = [when[x] for x in sources if x in when]
            if steps:
                when[node] = max(steps)
    return when


def _picked(node: Node) -> Node | None:
    """Returns the stacked node that ``outputs[3]`` selects outside of time: the op belongs to the step of this node."""
    source, row = picked(node) or (node, 0)
    stacks = source.op is not None and source.op.name == "stack" and source is not node
    return source.inputs[row] if stacks and not source.attributes.get("axis", 0) else None


def _alike(folded: Folded, when: dict[Node, int]) -> dict[Node, list[Node]]:
    """Maps each op to its equivalence class: the ops with the same signature at all steps.

    The signature holds the op, its attributes, the identity of its parameters, and the signatures of its inputs of
    the same step. Of other inputs (state, data, numbers) only the position counts, because the first step takes its
    state from elsewhere. If several ops of a step have the same signature, the n-th op at one step corresponds to
    the n-th op at another. Runs of unequal length do not change this, as each loop over time has its own classes.
    A step that sliding windows run again has one op of a class in each of them.
    """
    known: dict[tuple[Any, ...], int] = {}
    signatures: dict[Node, int] = {}
    ranks: dict[tuple[int, int, int | None], int] = {}
    groups: dict[tuple[int, int], list[Node]] = {}
    classes: dict[Node, list[Node]] = {}
    loops, timed = runs(folded), {x: i for x, i in when.items() if x.step is not None}
    for node in folded.nodes:
        if node.op is None or node not in when:
            continue
        now, operands = when[node], () if _picked(node) is not None else folded.operands[node]
        at = when if node.step is None else timed
        inner = [signatures.get(x.source) if type(x) is Link and at.get(x.source) == now else None for x in operands]
        key = (*_local_signature(node, folded), loops[node], *inner)
        signature = signatures[node] = known.setdefault(key, len(known))
        place = now, signature, window(node)
        rank = ranks[place] = ranks.get(place, -1) + 1
        classes[node] = members = groups.setdefault((signature, rank), [])
        members.append(node)
    return classes


def runs(folded: Folded) -> dict[Node, frozenset[int]]:
    """Maps each box to its loop over time; outside of time, to the loops that it depends on. One loop is not told."""
    if not folded.phases.turns:
        return dict.fromkeys(folded.nodes, frozenset())
    loops: dict[Node, frozenset[int]] = {}
    for node in folded.nodes:
        own = folded.phases.loop.get(node if node.origin is None else node.origin)
        before = {loops[x.source] for x in folded.arrows[node]} if own is None else {frozenset([own])}
        loops[node] = frozenset().union(*before) if len(before) != 1 else before.pop()
    return loops


def _local_signature(node: Node, folded: Folded) -> tuple[Any, ...]:
    """Returns op, attributes and parameters: the part of the signature that does not depend on other boxes."""
    op, operands = node.op, folded.operands[node]
    assert op is not None
    reads_data = op.name == "getitem" and type(operands[0]) is Inline
    settings = tuple([(k, _setting(v, reads_data)) for k, v in sorted(node.attributes.items())])
    entering = tuple([(id(x.parameter), _INDEX.sub("[]", x.text)) if type(x) is Chip else None for x in operands])
    return (op.name, settings, entering)


def _setting(value: Any, reads_data: bool = False) -> Any:
    """Returns an attribute for comparison; of an index that moves with time only the type counts.

    So does of a slice of data only the length, as of ``X[t:t+2]``.
    """
    if isinstance(value, tuple):
        return tuple(_setting(x, reads_data) for x in value)
    if reads_data and isinstance(value, slice) and type(value.start) is type(value.stop) is int:
        return ("slice", value.stop - value.start, value.step)
    fixed = isinstance(value, (bool, str, slice)) or value is None or value is Ellipsis
    return repr(value) if fixed else type(value).__name__


def _adopt_odd(folded: Folded, when: dict[Node, int], classes: dict[Node, list[Node]]) -> None:
    """Put an op without an equal at another step into a group of its op and parameters that has no member at its step.

    Of a step that sliding windows run again there are several such ops.
    """
    groups: dict[tuple[Any, ...], list[list[Node]]] = {}
    distinct = {id(x): x for x in classes.values()}
    occupied = {i: {when[y] for y in members} for i, members in distinct.items()}
    for i, members in distinct.items():
        if len(occupied[i]) > 1:
            groups.setdefault(_local_signature(members[0], folded), []).append(members)
    for node, members in classes.items():
        if len(occupied[id(members)]) > 1 or node.step is None:
            continue
        for other in groups.get(_local_signature(node, folded), ()):
            group_steps = occupied[id(other)]
            # Only a neighbouring step of the group may differ, as the first or the last step does.
            if when[node] not in group_steps and {when[node] - 1, when[node] + 1} & group_steps:
                group_steps.add(when[node])
                other += members
                other.sort(key=lambda x: x.serial)
                classes.update(dict.fromkeys(members, other))
                break


def _families(folded: Folded, repeated: dict[Node, list[Node]]) -> dict[Node, list[Node]]:
    """Maps leaves to their group: one leaf per step, or per input of an op outside of time; no start of a state."""
    entering: dict[tuple[int, int], dict[Node, None]] = {}
    sizes: dict[tuple[int, int], int] = {}
    for node in folded.nodes:
        members = repeated.get(node)
        for link in folded.arrows[node]:
            if link.source.op is None:
                key = (id(members), link.slot) if members else (id(node), -1)
                entering.setdefault(key, {})[link.source] = None
                sizes[key] = len(members) if members else 2 * FEW
    families: dict[Node, list[Node]] = {}
    several = {key: leaves for key, leaves in entering.items() if len(leaves) > 1 and 2 * len(leaves) >= sizes[key]}
    where = regions(folded) if several else Regions([], {}, set())
    starts = where.states | where.starts
    for key, leaves in several.items():
        fresh = [x for x in leaves if x not in families and x not in starts]
        if len(fresh) > 1 and 2 * len(fresh) >= sizes[key]:
            families.update(dict.fromkeys(fresh, fresh))
    return families


def _only(repetition: Repetition, a: int, b: int, at: Node) -> int | None:
    """Returns the step of an edge that is used at one of several alone; of two steps, the first is the exception."""
    group = repetition.groups[b] if b in repetition.cells else repetition.groups[a] if a in repetition.cells else []
    if len(group) < 2 or (len(group) == 2 and b in repetition.cells and at is group[1]):
        return None
    return repetition.steps[repetition.when[at]]
