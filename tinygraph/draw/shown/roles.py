"""What each box is: input, state, op or loss."""

from __future__ import annotations

from ...core.leaves import Constant
from ...core.node import Node
from .folding import LOSSES, Folded, Link, is_zero

BORDERS = {"gradient": "#a50f15", "input": "#2b6cb0", "state": "#2f855a", "op": "#5a6270", "loss": "#b83280",
           "parameter": "#b7860b", "dots": "#f8fafc", "moved": "#c05621", "removed": "#a3adba"}  # fmt: skip
"""Border colours: told apart by colour-blind eyes, and state and loss by their place in grey print."""
LOOKUPS = {"take", "getitem", "one_hot"}


def roles(folded: Folded, roots: list[Node]) -> dict[Node, str]:
    """Role of every box.

    State is what one time step hands to another; a loss is a loss op and what is made from
    one, and a root of one element; an input is data, or data looked up.
    """
    found: dict[Node, str] = {}
    carried = _carried(folded)
    targets = {x for x in roots if x.size == 1 and x.op is not None}
    for node in folded.nodes:
        links = folded.arrows[node]
        if node.op is None or (not links and node.op.name in LOOKUPS):
            found[node] = "state" if node in carried else "input"
        elif node.origin is None and (
            node in targets or node.op.name in LOSSES or any(found[x.source] == "loss" for x in links)
        ):
            found[node] = "loss"
        else:
            found[node] = "state" if node in carried and node.origin is None else "op"
    _share(folded, found)
    return found


def _share(folded: Folded, found: dict[Node, str]) -> None:
    """In steps of the same ops, what is state in one is state in all: the last hands on its state to no one."""
    steps: dict[int, list[Node]] = {}
    for node in folded.nodes:
        if node.step is not None and node.op is not None:
            steps.setdefault(node.step, []).append(node)
    alike: dict[tuple[str, ...], list[list[Node]]] = {}
    for nodes in steps.values():
        alike.setdefault(tuple(x.op.name for x in nodes if x.op), []).append(nodes)
    for group in alike.values():
        for peers in zip(*group, strict=True):
            if any(found[x] == "state" for x in peers):
                found.update((x, "state") for x in peers if found[x] == "op")


def _carried(folded: Folded) -> set[Node]:
    """Nodes whose value crosses from their time step to another."""
    return {
        link.source
        for node in folded.nodes
        if node.step is not None
        for link in folded.arrows[node]
        if link.source.step is not None and link.source.step != node.step and not isinstance(link.source, Constant)
    }


def initial_states(folded: Folded, place: dict[Node, int | str], columns: int) -> set[Node]:
    """Data, or boxes of no step, that stand where, one column further, the state of the step before stands.

    Compared is the same input of the op of the same rank in the neighbouring column. With a
    single column nothing can be compared, and constants of zeros are taken for states.
    """
    ops: dict[int | str, list[Node]] = {}
    for node in folded.nodes:
        if node.op is not None and node.step is not None:
            ops.setdefault(place[node], []).append(node)
    found: set[Node] = set()
    for end, beside in ((0, 1), (columns - 1, columns - 2)):
        for i, node in enumerate(ops.get(end, ())):
            others = ops.get(beside, [])
            other = others[i] if columns > 1 and i < len(others) and others[i].op is node.op else None
            for link in folded.arrows[node]:
                source = link.source
                if place[source] != end or not (source.step is None or source.op is None):
                    continue
                if is_zero(source) if other is None else _takes_state(folded, place, other, link):
                    found.add(source)
    return found


def _takes_state(folded: Folded, place: dict[Node, int | str], other: Node, link: Link) -> bool:
    sources = [x.source for x in folded.arrows[other] if x.slot == link.slot]
    return any(x.step is not None and place[x] != place[other] for x in sources)
