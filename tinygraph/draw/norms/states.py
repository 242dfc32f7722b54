"""The states of a recurrent graph: values that a cell passes from step to step, and their names."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from ...core.node import Node
from ..labels import clean
from ..shown.folding import Folded, When, crosses
from ..shown.naming import named_cells, returning
from ..shown.padding import computed
from ..shown.repetition import Repetition, find_repetition
from ..shown.roles import roles
from ..shown.truncation import cut_pairs

_NUMBER = re.compile(r"[\s_(\[]*\d+[)\]]*$")


@dataclass
class State:
    """One state through time.

    Attributes:
        cell: the name of its cell, or "" if the only cell has no name.
        name: ``h``, ``c``, the user's name without the step number, or ``state``.
        turn: 1 if the cell runs forward in time, -1 if backward.
        at: maps each step to the nodes of the state, in ascending order; cells over sliding windows have several.
        cuts: pairs of neighbouring columns between which no gradient passes.
    """

    cell: str
    name: str
    turn: int
    at: dict[int, list[Node]] = field(default_factory=dict)
    cuts: list[tuple[When, When]] = field(default_factory=list)

    @property
    def heading(self) -> str:
        return " · ".join(x for x in (self.cell, self.name) if x and (x != "state" or not self.cell))


def states(folded: Folded, roots: list[Node]) -> list[State]:
    """Returns all states, cell by cell; in an LSTM h comes before c. Running sums of losses are not states."""
    repetition = find_repetition(folded)
    role = roles(folded, roots)
    result = _of_cells(folded, repetition, role) if repetition is not None else []
    result = result or _carried(folded, role)
    for state in result:
        state.cuts = cut_pairs(folded, {x for nodes in state.at.values() for x in nodes})
    return result


def _of_cells(folded: Folded, repetition: Repetition, role: dict[Node, str]) -> list[State]:
    states = []
    for cell in named_cells(folded, repetition):
        turns = returning(repetition, cell)
        groups = [g for g in reversed(cell.groups) if g in turns and _is_state(repetition.groups[g], role)]
        members = [*map(list, dict.fromkeys(tuple(_computed(repetition, repetition.groups[g])) for g in groups))]
        label = "" if cell.name == "cell" else cell.name
        for nodes, name in zip(members, _names(members, folded.letters), strict=True):
            states.append(State(label, name, turns[groups[0]], _by_step(nodes)))
    return states


def _computed(repetition: Repetition, nodes: list[Node]) -> list[Node]:
    """Returns what the steps compute of a state, before padding keeps the state before; of the last step, too."""
    fresh = list(map(computed, nodes))
    alike = next((members for members in repetition.groups if {*fresh} <= {*members}), fresh)
    return nodes if {*fresh} == {*nodes} else alike


def _is_state(nodes: list[Node], role: dict[Node, str]) -> bool:
    last = nodes[-1]  # what repeats along a loop may be outside of time: a history that grows by np.append
    told = last.dtype.kind == "f" and last.op is not None and last.step is not None
    return told and all(role[x] != "loss" for x in nodes)


def _by_step(nodes: list[Node]) -> dict[int, list[Node]]:
    pairs = sorted([(x.step, x) for x in nodes if x.step is not None], key=itemgetter(0))
    return {t: [x for _, x in own] for t, own in groupby(pairs, itemgetter(0))}


def _names(groups: list[list[Node]], letters: dict[Node, str]) -> list[str]:
    """Returns the names of a cell's states: the user's, those of the lines that made them, or ``state``."""
    names = [shared_name(nodes, letters) for nodes in groups]
    if len(groups) == 2 and not any(names):
        h, c = groups[0][-1], groups[1][-1]
        if h.op is not None and h.op.name == "multiply" and any(y is c for x in h.inputs for y in x.inputs):
            return ["h", "c"]  # h = o * tanh(c), as in an LSTM
    labels = [x or "state" for x in names]
    return [x if labels.count(x) == 1 else f"{x} {i}" for i, x in enumerate(labels, 1)]


def shared_name(nodes: list[Node], letters: dict[Node, str]) -> str:
    """Returns the name that all nodes of a state share, without the step number."""
    names = {_NUMBER.sub("", x.name or letters.get(x, "")) for x in nodes}
    return clean(names.pop()) if len(names) == 1 else ""


def _carried(folded: Folded, role: dict[Node, str]) -> list[State]:
    """Returns the states of a graph in which nothing repeats: the n-th carried value of each step."""
    links = [x for node in folded.nodes for x in folded.arrows[node] if crosses(x)]
    sources = dict.fromkeys(x.source for x in links if _is_state([x.source], role))
    ranks: Counter[int | None] = Counter()
    groups: dict[int, list[Node]] = {}
    for node in sources:
        ranks[node.step] += 1
        groups.setdefault(ranks[node.step], []).append(node)
    states = []
    for rank, nodes in groups.items():
        members = {*nodes}
        ahead = [(x.user.step or 0) > (x.source.step or 0) for x in links if x.source in members]
        turn = 1 if 2 * sum(ahead) >= len(ahead) else -1
        states.append(State("", "state" if rank == 1 else f"state {rank}", turn, _by_step(nodes)))
    return states
