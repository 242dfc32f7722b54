"""The states of a recurrent graph: what goes round in a cell from step to step, with a name for each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ...core.graph import ancestors
from ...core.node import Node
from ..labels import clean
from ..shown.cells import CellGroup, cells
from ..shown.folding import Folded, crosses
from ..shown.naming import name_cells
from ..shown.repetition import Repetition, find_repetition
from ..shown.roles import roles

_NUMBER = re.compile(r"[\s_(\[]*\d+[)\]]*$")


@dataclass
class State:
    """One state through time.

    Attributes:
        cell: the name of its cell, empty where there is but one without a name.
        name: ``h``, ``c``, the user's name without the step's number, or ``state``.
        turn: 1 where time runs forward, -1 where backward.
        at: of each step the nodes that hold it, in time order; cells run again over windows have several.
        cuts: pairs of neighbouring steps between which no gradient passes.
    """

    cell: str
    name: str
    turn: int
    at: dict[int, list[Node]] = field(default_factory=dict)
    cuts: list[tuple[int, int]] = field(default_factory=list)

    @property
    def heading(self) -> str:
        return " · ".join(x for x in (self.cell, self.name) if x and (x != "state" or not self.cell))


def states(folded: Folded, roots: list[Node]) -> list[State]:
    """All states, cell by cell; in an LSTM h stands before c. Sums of losses that go round are none."""
    found = find_repetition(folded)
    role = roles(folded, roots)
    made = _of_cells(folded, found, role) if found is not None else []
    made = made or _carried(folded, role)
    for state in made:
        members = [x for nodes in state.at.values() for x in nodes]
        state.cuts = _cuts(folded, members)
    return made


def _of_cells(folded: Folded, found: Repetition, role: dict[Node, str]) -> list[State]:
    parts = cells(folded, found)
    name_cells(found, parts)
    made = []
    for cell in parts:
        turns = _returning(found, cell)
        groups = [g for g in reversed(cell.groups) if g in turns and _counts(found.groups[g], role)]
        merged = _windows([found.groups[g] for g in groups])
        label = "" if cell.name == "cell" else cell.name
        for nodes, name in zip(merged, _names(merged), strict=True):
            made.append(State(label, name, turns[groups[0]], _by_step(nodes)))
    return made


def _windows(groups: list[list[Node]]) -> list[list[Node]]:
    """States of a cell that runs again over each sliding window are one state.

    They are known by their ranges, T steps, T - 1, T - 2, ..., by being of one op and shape, and by not being made of
    each other within a step, as what is fed back is made of the state.
    """
    lengths = [len(x) for x in groups]
    kinds = {(x[-1].op.name, x[-1].shape) for x in groups if x[-1].op is not None}
    if len(groups) > 1 and len(kinds) == 1 and len(set(lengths)) == len(groups) and _are_apart(groups):
        return [[x for nodes in groups for x in nodes]]
    return groups


def _are_apart(groups: list[list[Node]]) -> bool:
    members = {x for nodes in groups for x in nodes}
    for *_, last in groups:
        within = {n for n in ancestors([last], lambda n: n.step == last.step) if n.step == last.step}  # noqa: B023
        if len(within & members) > 1:
            return False
    return True


def _returning(found: Repetition, cell: CellGroup) -> dict[int, int]:
    """The groups of a cell that it takes from another step, and the direction in which time runs."""
    inside = set(cell.groups)
    return {
        e.source: 1 if e.lag > 0 else -1
        for e in found.edges
        if e.lag and e.only is None and e.source in inside and e.target in inside
    }


def _counts(nodes: list[Node], role: dict[Node, str]) -> bool:
    return nodes[-1].dtype.kind == "f" and nodes[-1].op is not None and all(role[x] != "loss" for x in nodes)


def _by_step(nodes: list[Node]) -> dict[int, list[Node]]:
    at: dict[int, list[Node]] = {}
    for node in nodes:
        if node.step is not None:
            at.setdefault(node.step, []).append(node)
    return dict(sorted(at.items()))


def _names(groups: list[list[Node]]) -> list[str]:
    """Names of a cell's states: those given, ``h`` and ``c`` of an LSTM."""
    given = [_given(nodes) for nodes in groups]
    if len(groups) == 2 and not any(given) and _is_gated(groups[0][-1], groups[1][-1]):
        return ["h", "c"]
    plain = [x or "state" for x in given]
    return [x if plain.count(x) == 1 else f"{x} {i}" for i, x in enumerate(plain, 1)]


def _given(nodes: list[Node]) -> str:
    """The name that all nodes of a state share but for the step's number."""
    names = {_NUMBER.sub("", x.name or "") for x in nodes}
    return clean(names.pop(), 16) if len(names) == 1 else ""


def _is_gated(h: Node, c: Node) -> bool:
    """Whether h = o * tanh(c), as an LSTM has it."""
    return h.op is not None and h.op.name == "multiply" and any(y is c for x in h.inputs for y in x.inputs)


def _carried(folded: Folded, role: dict[Node, str]) -> list[State]:
    """Where no cell repeats: what crosses from one step to another, the first of each step, the second, ..."""
    links = [x for node in folded.nodes for x in folded.arrows[node] if crosses(x)]
    sources = dict.fromkeys(x.source for x in links if _counts([x.source], role))
    made: list[State] = []
    ranks: dict[int, int] = {}
    for node in sources:
        assert node.step is not None
        rank = ranks[node.step] = ranks.get(node.step, -1) + 1
        if rank == len(made):
            made.append(State("", "state" if not rank else f"state {rank + 1}", 1))
        made[rank].at[node.step] = [node]
    for state in made:
        state.at = dict(sorted(state.at.items()))
        mine = {x for nodes in state.at.values() for x in nodes}
        ahead = [(x.user.step or 0) > (x.source.step or 0) for x in links if x.source in mine]
        state.turn = 1 if 2 * sum(ahead) >= len(ahead) else -1
    return made


def _cuts(folded: Folded, members: list[Node]) -> list[tuple[int, int]]:
    """Between which steps all arrows of a state are cut."""
    mine = set(members)
    found: dict[tuple[int, int], bool] = {}
    for node in folded.nodes:
        for link in folded.arrows[node]:
            if link.source in mine and crosses(link):
                assert link.source.step is not None and link.user.step is not None
                pair = (min(link.source.step, link.user.step), max(link.source.step, link.user.step))
                found[pair] = found.get(pair, True) and link.cut
    return sorted(pair for pair, cut in found.items() if cut)
