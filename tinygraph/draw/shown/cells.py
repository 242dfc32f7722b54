"""Which groups of ops form one cell: a strongly connected component and the ops around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from .folding import Chip, Folded
from .repetition import Edge, Repetition
from .roles import looks_up

T = TypeVar("T")


@dataclass
class CellGroup:
    """One cell of a rolled picture: its groups in order of computation, and its name.

    ``joint``: the cell has no loop of its own.
    """

    groups: list[int] = field(default_factory=list)
    name: str = "cell"
    joint: bool = False


def cells(folded: Folded, repetition: Repetition) -> list[CellGroup]:
    """Divide the repeating groups into cells.

    The core of a cell is a strongly connected component of the groups, with the edges through time included
    (Sharir 1981). So layers and directions become separate cells, because their states do not depend on each other
    in both directions; but what one loop over time computes is one cell, unless the user's scopes tell parts of it
    apart. Any other group joins the only core that it leads to, else the only core that it comes from,
    else the cell of its user, else a cell of its own.
    """
    # What only reads data, as ``X[t]`` does, is drawn under the cells, as data is.
    ends = {g: repetition.groups[g][-1] for g in repetition.cells}
    repeating = [g for g, x in ends.items() if not looks_up(folded, x) or Chip in map(type, folded.operands[x])]
    order = sorted(repeating, key=lambda g: repetition.groups[g][-1].serial)
    after: dict[int, list[int]] = {g: [] for g in order}
    before: dict[int, list[int]] = {g: [] for g in order}
    for edge in repetition.edges:
        if edge.only is None and edge.source in after and edge.target in after:
            after[edge.source].append(edge.target)
            before[edge.target].append(edge.source)
    parts = components(order, after)
    cores = _cores(folded, repetition, [c for c in parts if len(c) > 1 or c[0] in after[c[0]]])
    core_of = {g: i for i, core in enumerate(cores) for g in core}
    leads_to = _reached(parts, core_of, after)
    comes_from = _reached(parts[::-1], core_of, before)
    home = {g: core_of[g] if g in core_of else _home(leads_to[g], comes_from[g]) for g in order}
    for g in reversed(order):
        users = {home[other] for other in after[g]}
        if home[g] == ("after", frozenset()) and len(users) == 1:  # no core is near, as of an output gate
            home[g] = users.pop()
    cell_groups: dict[object, CellGroup] = {i: CellGroup() for i in range(len(cores))}
    for g in order:
        cell_groups.setdefault(home[g], CellGroup(joint=not isinstance(home[g], int))).groups.append(g)
    # The position of a cell is that of its last group in order of computation.
    return sorted(
        (c for c in cell_groups.values() if c.groups), key=lambda c: repetition.groups[c.groups[-1]][-1].serial
    )


def starts(repetition: Repetition, cell_groups: list[CellGroup]) -> set[Edge]:
    """Returns the edges that start a cell: used at one step only, and coming from another cell or from a time step."""
    home = {g: i for i, cell in enumerate(cell_groups) for g in cell.groups}
    return {
        e
        for e in repetition.edges
        if e.only is not None
        and e.target in home
        and home.get(e.source) != home[e.target]
        and (e.source in home or repetition.groups[e.source][0] in repetition.when)
    }


def _home(targets: frozenset[int], sources: frozenset[int]) -> object:
    """Returns the core of a group between these cores, by its number, or a key of a cell without a core."""
    if len(targets) == 1:
        return next(iter(targets))
    if not targets and len(sources) == 1:
        return next(iter(sources))
    return ("before", targets) if targets else ("after", sources)


def _cores(folded: Folded, repetition: Repetition, loops: list[list[int]]) -> list[list[int]]:
    """Returns the loops with parameters, else all of them: running sums are no cells beside others.

    Those of one loop over time and one scope are joined: a call of `unroll` with several states is one cell.
    """
    lasts = {g: repetition.groups[g][-1] for loop in loops for g in loop}
    weighted = [c for c in loops if any(type(x) is Chip for g in c for x in folded.operands[lasts[g]])]
    joined: list[list[int]] = []
    at: dict[tuple[int, frozenset[str]], list[int]] = {}
    for core in weighted or loops:
        nodes = [x for g in core for x in repetition.groups[g]]
        scopes = frozenset(x.scope for x in nodes)
        keys = {(folded.phases.loop[x], scopes) for x in nodes if x in folded.phases.loop}
        home = next((at[key] for key in keys if key in at), None)
        if home is None:
            joined.append(home := [])
        home += core
        at.update(dict.fromkeys(keys, home))
    return [sorted(core) for core in joined]


def _reached(parts: list[list[int]], core_of: dict[int, int], near: dict[int, list[int]]) -> dict[int, frozenset[int]]:
    """Maps each group to the cores that are reached first along the edges ``near``.

    ``parts`` must be in an order in which a component comes after those that it leads to.
    """
    reached: dict[int, frozenset[int]] = {}
    for part in parts:
        cores: set[int] = set()
        for g in part:
            for other in near[g]:
                cores |= {core_of[other]} if other in core_of else reached.get(other, frozenset())
        reached.update(dict.fromkeys(part, frozenset(cores)))
    return reached


def upwards(below: Mapping[T, Iterable[T]]) -> list[T]:
    """Returns the keys in topological order (Kahn 1962), without those on or behind a cycle; ``below`` comes first."""
    sorter = TopologicalSorter(dict.fromkeys(below, ()))  # all keys first, as it keeps their order
    for x, sources in below.items():
        sorter.add(x, *sources)
    with suppress(CycleError):
        sorter.prepare()
    order: list[T] = []
    while ready := sorter.get_ready():
        order += ready
        sorter.done(*ready)
    return order


def components(order: list[int], after: dict[int, list[int]]) -> list[list[int]]:
    """Returns the strongly connected components, sinks first."""
    before: dict[int, list[int]] = {g: [] for g in order}
    for g in order:
        for other in after[g]:
            before[other].append(g)
    seen: set[int] = set()
    parts = [sorted(_left([g], before, seen)) for g in reversed(_left(order, after, set()))]
    return [part for part in reversed(parts) if part]


def _left(order: list[int], near: dict[int, list[int]], seen: set[int]) -> list[int]:
    """Returns what is newly seen, in the order in which a depth-first search leaves it; a stack, as it may be deep."""
    left: list[int] = []
    work = [(g, False) for g in reversed(order)]
    while work:
        g, is_left = work.pop()
        if is_left:
            left.append(g)
        elif g not in seen:
            seen.add(g)
            work += [(g, True), *((other, False) for other in reversed(near[g]))]
    return left
