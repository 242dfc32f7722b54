"""Role of each box: input, state, op or loss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from ...core.leaves import Constant
from ...core.node import Node
from ...core.op import Op
from ..colours import STATE
from .folding import LOSSES, Chip, Folded
from .padding import is_zero

BORDERS = {"gradient": "#a50f15", "input": "#2b6cb0", "state": STATE, "op": "#5a6270", "loss": "#b83280",
           "parameter": "#b7860b", "dots": "#f8fafc", "moved": "#c05621", "removed": "#a3adba",
           "only": "#111111", "differs": "#111111"}  # fmt: skip
"""Border colours, chosen for colour-blind readers; in grey print, state and loss differ by their position."""
LOOKUPS = {"take", "getitem", "one_hot"}
_SCALE = {"add", "subtract", "multiply", "divide", "negative"}
"""Ops that make one loss of several sums after time: ``ce / n + 0.1 * penalty``."""


def roles(folded: Folded, roots: list[Node]) -> dict[Node, str]:
    """Maps every box to its role.

    A state is a value that crosses from one time step to another. A loss is a loss op, an op computed from a loss, a
    root of one element, or a term of it. An input is data, or a lookup in data.
    """
    role_of: dict[Node, str] = {}
    states = {x for x in folded.crossing if not isinstance(x, Constant)}
    targets = {x for x in roots if x.size == 1 and x.op is not None}
    sums = _running_sums(folded, targets) & states
    terms = _terms(folded, targets | sums, {x.op for x in states - sums})
    for node in folded.nodes:
        links, op = folded.arrows[node], node.op
        if op is None or looks_up(folded, node):
            role_of[node] = "state" if node in states else "input"
        elif node.origin is None and (
            node in terms or op.name in LOSSES or "loss" in [role_of[x.source] for x in links]
        ):
            role_of[node] = "loss"
        else:
            role_of[node] = "state" if node in states and node.origin is None else "op"
    _share(folded, role_of)
    return role_of


def looks_up(folded: Folded, node: Node) -> bool:
    """Whether a box only looks up data, as ``X[t]`` does."""
    return node.op is not None and node.op.name in LOOKUPS and not folded.arrows[node]


def _share(folded: Folded, roles: dict[Node, str]) -> None:
    """Give the role "state" to the matching op of all equal steps: the last step passes its state on to none."""
    alike: dict[tuple[str, ...], list[list[Node]]] = {}
    for nodes in folded.members.values():
        ops = [(op.name, x) for x in nodes if (op := x.op) is not None]
        alike.setdefault(tuple([name for name, _ in ops]), []).append([x for _, x in ops])
    for group in alike.values():
        for peers in zip(*group, strict=True):
            if "state" in [roles[x] for x in peers]:
                roles.update((x, "state") for x in peers if roles[x] == "op")


def _running_sums(folded: Folded, targets: set[Node]) -> set[Node]:
    """Returns the numbers that steps add up until they are a root, or a term of it, and their terms: no states."""
    sums, others = set(targets), set[Node]()
    for node in reversed(folded.nodes):
        op = node.op
        if op is not None and node.size == 1 and node not in others:
            sums.add(node)
            if op.name == "add":
                continue
        if node not in targets and not (node.step is None and op and op.name in _SCALE and node.size == 1):
            others.update([x.source for x in folded.arrows[node]])
    return sums


def _terms(folded: Folded, sums: set[Node], carrying: set[Op | None]) -> set[Node]:
    """Returns the sums, and the numbers that they add up; in steps none made by an op that makes states, too."""
    terms = set(sums)
    for node in reversed(folded.nodes):
        name, sources = node.op and node.op.name, [x.source for x in folded.arrows[node]]
        if node in terms and (name in ("add", "subtract") or (name in _SCALE and len(sources) == 1)):
            terms.update(x for x in sources if x.size == 1 and x.op and (x.step is None or x.op not in carrying))
    return terms


def initial_states(folded: Folded, place: dict[Node, int | str], ends: list[tuple[int, int, int]]) -> set[Node]:
    """Returns the data, or boxes without a step, that enter a column as a state enters its neighbour.

    ``ends`` are such a column, its neighbour, and the first or last column of their loop: the column itself, or one
    before it, of which the neighbour reads a state that is delayed. Compared are the same input slots of the n-th ops
    of a kind with the same parameters in both. A single column is its own neighbour: there is nothing to compare, and
    constants of zeros count as states.
    """
    ops: dict[int, dict[Hashable, Node]] = {c: {} for pair in ends for c in pair[:2]}
    loop, columns = folded.phases.loop, folded.columns()
    for column, its in ops.items():
        ranks = Counter[Hashable]()
        for node in folded.members[columns[column]]:
            if node.op is not None:
                kind = node.op, loop.get(node), *(id(x.parameter) for x in folded.operands[node] if type(x) is Chip)
                its[kind, ranks[kind]] = node
                ranks[kind] += 1
    states: set[Node] = set()
    for end, neighbour, first in ends:
        for key, node in ops[end].items():
            other = ops[neighbour].get(key) if neighbour != end else None
            for link in folded.arrows[node]:
                source = link.source
                here = place[source] == end and (source.step is None or source.op is None)
                if not (here if end == first else isinstance(source, Constant) and source.step != node.step):
                    continue
                read = [] if other is None else [x.source for x in folded.arrows[other] if x.slot == link.slot]
                at = [place[x] for x in read if x.step is not None]
                carried = first in at if end != first else any(c != neighbour for c in at)
                if is_zero(source) if other is None else carried or not states.isdisjoint({*read} - {source}):
                    states.add(source)
    return states
