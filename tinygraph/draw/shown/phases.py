"""Phases of a graph: loops over time of which one starts from another's result, as a decoder from an encoder's state.

Their steps have the same numbers but are not the same time, so a picture gives each phase columns of its own.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from ...core.graph import ancestors
from ...core.leaves import Constant, Parameter
from ...core.node import Node
from ..labels import clean
from .loops import loops
from .slices import chain, is_read

MANY = -(1 << 62)
"""In place of a step: more than one."""
ENOUGH = 500
"""So many nodes of a phase tell its name."""
StepsRead = dict[int, int | list[int]]
"""Maps the numbers of loops to the step of each that a node depends on, or MANY; or to the step of each of its rows."""
Feeds = dict[tuple[int, int], dict[int, set[int]]]
"""Maps pairs of loops (source, user) to a dict from steps of the user to the steps that it reads there."""


@dataclass
class Phases:
    """The phase of each node with a step.

    Attributes:
        of: maps each node with a step to the number of its phase, from 0 in order of computation.
        names: a name for each phase, such as ``encoder``; a single phase has the name "".
        loop: maps each node with a step to the number of its loop.
        entered: maps loops to the steps at which later phases read them, themselves or through loops of their phase;
            MANY stands for several steps that are read together.
        seen_whole: the loops of which another loop of their phase reads all steps at each of its own.
        below: maps each loop to itself and those that it is computed from, a bit each.
        meeting: of each array the loops that it is computed from; losses that are summed up are no arrays. Of data that
            loops of both directions read, too.
        carrying: the loops that pass an array from step to step.
        turns: of several loops the direction of time of each: 1 forward, -1 backward, 0 of a single step.
    """

    of: dict[Node, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=lambda: [""])
    loop: dict[Node, int] = field(default_factory=dict)
    entered: dict[int, set[int]] = field(default_factory=dict)
    seen_whole: set[int] = field(default_factory=set)
    below: dict[int, int] = field(default_factory=dict)
    meeting: set[int] = field(default_factory=set)
    carrying: set[int] = field(default_factory=set)
    turns: dict[int, int] = field(default_factory=dict)
    _columns: dict[Node, tuple[int, int] | None] = field(default_factory=dict)

    def places(self, cells: Iterable[frozenset[int]]) -> dict[frozenset[int], tuple[int, int]]:
        """Maps cells, which are sets of loops in order of computation, to network and layer, from 1.

        A layer is above those that it reads. Cells are of one network if an array is computed from both.
        """
        own = {cell: sum(1 << i for i in cell) for cell in cells}
        network = {cell: k for k, cell in enumerate(own)}
        for bits in self.meeting:
            met = {network[x] for x in own if own[x] & bits}
            network = {x: min(met) if k in met else k for x, k in network.items()}
        order = [*dict.fromkeys(network.values())]
        places: dict[frozenset[int], tuple[int, int]] = {}
        for cell in own:
            under = [layer for x, (_, layer) in places.items() if any(own[x] & self.below.get(i, 0) for i in cell)]
            places[cell] = order.index(network[cell]) + 1, 1 + max(under, default=0)
        return places

    def part(self, loops: Iterable[int], phase: int) -> str:
        """Returns the name of a phase; of loops beside an encoder, from which no decoder starts, ``other``."""
        beside = self.names == ["encoder", "decoder"] and not phase and not any(self.entered.get(i) for i in loops)
        return "other" if beside else self.names[phase]

    def column(self, node: Node) -> tuple[int, int] | None:
        """Returns phase and step, in the order of the columns; None for a node without a step."""
        try:  # it is asked for some twenty times a node
            return self._columns[node]
        except KeyError:
            column = self._columns[node] = None if node.step is None else (self.of.get(node, 0), node.step)
            return column


def phases(roots: list[Node], nodes: list[Node] | None = None) -> Phases:
    """Tell the phases from the order in which nodes were made, their steps, and what reads what; in linear time.

    A loop over time is a run of nodes whose steps rise, or fall. Another loop shares its columns if it reads the same
    step of it at each of its steps (a layer above, a loss), or goes on where it ended; or if neither reads the other
    (two directions). A loop that only starts from it, or looks at all of its steps, is a later phase.
    ``nodes``: the ancestors of the roots, if they are known.
    """
    nodes = nodes or ancestors(roots)
    loop = loops(nodes)
    turns: dict[int, dict[int, None]] = {}
    for node, i in loop.items():
        turns.setdefault(i, {})[node.step or 0] = None
    steps = {i: [*at] for i, at in turns.items()}
    feeds = _feeds(nodes, loop, steps)
    phase = _order(feeds, steps)
    rank = {p: i for i, p in enumerate(sorted(set(phase.values())))}
    of = {x: rank[phase[i]] for x, i in loop.items()}
    of |= {x: of[x.origin] for x in nodes if x.step is not None and x.origin in of}
    later = [[*at.values()] for (a, b), at in feeds.items() if phase[a] != phase[b]]
    layered = all(len(at) == sum(map(len, at)) == len(set().union(*at) - {MANY}) > 1 for at in later)
    times = Phases(of, _names(of, layered) if len(rank) > 1 else [""], loop, *_read_later(feeds, phase, steps))
    if len(steps) > 1:
        times.turns = {i: (at[-1] > at[0]) - (at[-1] < at[0]) for i, at in steps.items()}
        _compute(times, nodes)
    return times


def _feeds(nodes: list[Node], loop: dict[Node, int], steps: dict[int, list[int]]) -> Feeds:
    outside: dict[Node, StepsRead] = {}
    feeds: Feeds = {}
    computing = {i for x, i in loop.items() if x.op is not None and not is_read(x)}
    for node in [x for x in nodes if x.origin is None]:
        own = loop.get(node)
        reads: StepsRead = {}
        for x in node.inputs:
            if x in outside:
                source = _picked(node, outside[x], steps)
            elif x in loop and loop[x] != own and not (loop[x] in computing and is_read(x)):  # data is in no loop
                source = {loop[x]: x.step or 0}
            else:
                continue
            for i, s in source.items():
                reads[i] = s if reads.get(i, s) == s else MANY
        if own is not None:
            for i in reads.keys() - {own}:
                step = MANY if isinstance(at := reads[i], list) else at
                feeds.setdefault((i, own), {}).setdefault(node.step or 0, set()).add(step)
        elif reads:
            outside[node] = reads
    return feeds


def _compute(times: Phases, nodes: list[Node]) -> None:
    """Note from which loops each loop and each array is computed, and which loops have a state."""
    reach: dict[Node, int] = {}
    read: dict[Node, int] = {}
    for node in [x for x in nodes if x.op is not None and x.origin is None]:
        bits = reduce(or_, (reach.get(x, 0) for x in node.inputs))
        own = None if is_read(node) else times.loop.get(node)
        if own is not None:
            bits |= 1 << own
            times.below[own] = times.below.get(own, 0) | bits
            if any(times.loop.get(x) == own and x.step != node.step and x.size > 1 for x in node.inputs):
                times.carrying.add(own)
            rows = [x for x in (node, *node.inputs) if x.op is not None and x.op.name in ("getitem", "take")]
            for x in [x.inputs[0] for x in rows if x.step is not None is x.inputs[0].step]:
                read[x] = read.get(x, 0) | 1 << own
        reach[node] = bits
    times.meeting = {bits for x, bits in reach.items() if x.size > 1}
    if {1, -1} <= {*times.turns.values()}:
        same: dict[Hashable, int] = {}
        for x, bits in read.items():
            key = (x.shape, x.value.tobytes()) if isinstance(x, Constant) and x.value.any() else x
            same[key] = same.get(key, 0) | bits * (not isinstance(x, Parameter))
        times.meeting |= {x for x in same.values() if {1, -1} <= {t for i, t in times.turns.items() if x >> i & 1}}


def _picked(node: Node, source: StepsRead, steps: dict[int, list[int]]) -> StepsRead:
    """Returns what ``outputs[t]`` reads: of an array with a row for each step of a loop, only the steps of its rows."""
    index: Any = node.attributes.get("index")
    index = index[0] if isinstance(index, tuple) and index else index
    forth = isinstance(index, slice) and (index.step or 1) > 0
    if node.op is None or node.op.name != "getitem" or not (forth or type(index) is int):
        return source
    rows = {i: sorted(steps[i]) if s == MANY else s for i, s in source.items()}
    wide = node.inputs[0].shape[0]
    return source | {i: at[index] for i, at in rows.items() if isinstance(at, list) and len(at) == wide}


def _order(feeds: Feeds, steps: dict[int, list[int]]) -> dict[int, int]:
    """Maps each loop to its phase; loops are numbered in order of computation, so a source comes before its users."""
    shared = {(a, b): _shares(at, steps[a], steps[b]) for (a, b), at in feeds.items()}
    phase = dict.fromkeys(steps, 0)
    users: dict[int, list[int]] = {}
    for source, user in sorted(feeds, key=lambda pair: pair[1]):
        phase[user] = max(phase[user], phase[source] + (not shared[source, user]))
        users.setdefault(source, []).append(user)
    for source in sorted(users, reverse=True):  # the data of a decoder may be made before its encoder
        if all(shared[source, user] for user in users[source]):
            phase[source] = max(phase[source], min(phase[user] for user in users[source]))
    return phase


def _read_later(
    feeds: Feeds, phase: dict[int, int], steps: dict[int, list[int]]
) -> tuple[dict[int, set[int]], set[int]]:
    """Returns which steps of loops later phases read, and which loops are seen whole, as `Phases` has them."""
    entered: dict[int, set[int]] = {}
    whole: set[int] = set()
    for source, user in sorted(feeds, key=lambda pair: -pair[1]):
        at = feeds[source, user]
        if phase[source] != phase[user]:
            entered.setdefault(source, set()).update(*at.values())
            continue
        entered.setdefault(source, set()).update(entered.get(user, ()))
        wide = sum(MANY in read or len(read) == len(steps[source]) > 1 for read in at.values())
        if user in whole or wide > max(len(at) // 2, 1):
            whole.add(source)
    return entered, whole


def _shares(at: dict[int, set[int]], source: list[int], user: list[int]) -> bool:
    """Whether two loops run over the same time."""
    known = {t: read - {MANY} for t, read in at.items()}
    wide = [t for t, read in known.items() if len(read) == len(source) > 1]  # such as attention, a step at a time
    level = {t for t, read in known.items() if t in read and (t not in wide or len(wide) == 1 < len(at))}
    if len(level) > 1 or level == set(user):
        return True
    turns = [order[-1] - order[0] for order in (source, user) if len(order) > 1]
    onward = {1 if turns[0] > 0 else -1} if turns else {1, -1}
    apart = {t - s for t, read in at.items() for s in read}
    return apart <= {0, *onward} and bool(apart & onward)


def _names(of: dict[Node, int], layered: bool) -> list[str]:
    """Returns the scope of all ops of a phase but rows of data; else encoder and decoder, unless both are one cell."""
    scopes: list[set[str]] = [set() for _ in range(max(of.values()) + 1)]
    weights: list[set[Node]] = [set() for _ in scopes]
    left = [ENOUGH] * len(scopes)
    for node, p in of.items():
        if left[p]:
            left[p] -= 1
            scopes[p].update([] if node.op is None or is_read(node) else [node.scope.partition("/")[0]])
            weights[p].update(x for y in node.inputs if isinstance(x := chain(y)[-1], Parameter))
    names = [clean(x.copy().pop(), 24) if len(x) == 1 else "" for x in scopes]
    if all(names) and len(set(names)) == len(names):
        return names
    if layered and weights[0] != weights[1]:
        return [f"layer {p}" for p in range(1, len(names) + 1)]
    if len(names) == 2 and weights[0] != weights[1]:
        return ["encoder", "decoder"]
    return [f"part {p}" for p in range(1, len(names) + 1)]


def steps_of(nodes: Iterable[Node]) -> list[int]:
    """Returns the time steps of nodes, in ascending order."""
    return sorted(t for t in {x.step for x in nodes} if t is not None)
