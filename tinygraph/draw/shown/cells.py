"""Which groups make up one cell: what a state runs round through, and the ops before and after it."""

from __future__ import annotations

from dataclasses import dataclass, field

from .folding import Chip, Folded
from .repetition import Edge, Repetition
from .roles import LOOKUPS


@dataclass
class CellGroup:
    """One card of a rolled picture: its groups in the order of computation, and its name."""

    groups: list[int] = field(default_factory=list)
    name: str = "cell"
    joint: bool = False


def cells(folded: Folded, found: Repetition) -> list[CellGroup]:
    """Share the repeating groups out to cells.

    A cell is built around a strongly connected component of the groups, the arrows through time
    included (Tarjan 1972): layers and directions, whose states do not feed each other both ways,
    fall apart. Other groups go to the one core that they lead to, else to the one they come from,
    else to what they are used by, else into a cell of their own.
    """
    inner = [g for g in found.cells if not _looks_up(folded, found, g)]
    order = sorted(inner, key=lambda g: found.groups[g][-1].serial)
    after: dict[int, list[int]] = {g: [] for g in order}
    before: dict[int, list[int]] = {g: [] for g in order}
    for edge in found.edges:
        if edge.only is None and edge.source in after and edge.target in after:
            after[edge.source].append(edge.target)
            before[edge.target].append(edge.source)
    cores = _cores(folded, found, order, after)
    parts = _components(order, after)
    core_of = {g: i for i, core in enumerate(cores) for g in core}
    leads = _reached(parts, core_of, after)
    comes = _reached(parts[::-1], core_of, before)
    home = {g: _home(g, core_of, leads, comes) for g in order}
    for g in reversed(order):
        home[g] = _beside_user(home, g, after)
    made: dict[object, CellGroup] = {i: CellGroup() for i in range(len(cores))}
    for g in order:
        made.setdefault(home[g], CellGroup(joint=not isinstance(home[g], int))).groups.append(g)
    # A cell stands where its last group is computed.
    return sorted((c for c in made.values() if c.groups), key=lambda c: found.groups[c.groups[-1]][-1].serial)


def starts(found: Repetition, made: list[CellGroup]) -> set[Edge]:
    """The edges that run back to the first step of a cell from what another cell, or time, has made."""
    home = {g: i for i, cell in enumerate(made) for g in cell.groups}
    return {
        e
        for e in found.edges
        if e.only is not None
        and e.target in home
        and home.get(e.source) != home[e.target]
        and (e.source in home or found.groups[e.source][0] in found.when)
    }


def _looks_up(folded: Folded, found: Repetition, g: int) -> bool:
    """Whether a group only reads data, ``X[t]``: it stands under the cells as data does."""
    node = found.groups[g][-1]
    plain = not any(type(x) is Chip for x in folded.operands[node])
    return node.op is not None and node.op.name in LOOKUPS and not folded.arrows[node] and plain


def _home(
    g: int, core_of: dict[int, int], leads: dict[int, frozenset[int]], comes: dict[int, frozenset[int]]
) -> object:
    if g in core_of:
        return core_of[g]
    to, of = leads[g], comes[g]
    if len(to) == 1:
        return next(iter(to))
    if not to and len(of) == 1:
        return next(iter(of))
    return ("before", to) if to else ("after", of)


def _beside_user(home: dict[int, object], g: int, after: dict[int, list[int]]) -> object:
    """Where a group belongs that is neither made from a state nor leads to one, as an output gate: by what it gates."""
    users = {home[other] for other in after[g]}
    lonely = home[g] == ("after", frozenset())
    return users.pop() if lonely and len(users) == 1 else home[g]


def _cores(folded: Folded, found: Repetition, order: list[int], after: dict[int, list[int]]) -> list[list[int]]:
    """Components that a state runs round in; running sums, which hold no parameter, only where nothing else does."""
    loops = [c for c in _components(order, after) if len(c) > 1 or c[0] in after[c[0]]]
    weighed = [c for c in loops if any(type(x) is Chip for g in c for x in folded.operands[found.groups[g][-1]])]
    return weighed or loops


def _reached(parts: list[list[int]], core_of: dict[int, int], near: dict[int, list[int]]) -> dict[int, frozenset[int]]:
    """Of each group the cores that are met first on the way; ``parts`` come in an order against the way."""
    found: dict[int, frozenset[int]] = {}
    for part in parts:
        met: set[int] = set()
        for g in part:
            for other in near[g]:
                met |= {core_of[other]} if other in core_of else found.get(other, frozenset())
        found.update(dict.fromkeys(part, frozenset(met)))
    return found


def _components(order: list[int], after: dict[int, list[int]]) -> list[list[int]]:
    """Strongly connected components, those reached last first; without recursion, for cells may be long."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    for root in order:
        work = [] if root in index else [(root, iter(after[root]))]
        while work:
            g, rest = work[-1]
            if g not in index:
                index[g] = low[g] = len(index)
                stack.append(g)
                on_stack.add(g)
            for other in rest:
                if other not in index:
                    work.append((other, iter(after[other])))
                    break
                if other in on_stack:
                    low[g] = min(low[g], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[g])
                if low[g] == index[g]:
                    found.append(_popped(stack, on_stack, g))
    return found


def _popped(stack: list[int], on_stack: set[int], root: int) -> list[int]:
    part: list[int] = []
    while not part or part[-1] != root:
        part.append(stack.pop())
        on_stack.discard(part[-1])
    return sorted(part)
