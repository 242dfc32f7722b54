"""Joins the boxes of the ops of a cell or a layer into one box."""

from __future__ import annotations

import copy
import re
from collections.abc import Hashable
from dataclasses import replace

from ...core.node import Node
from .cells import upwards
from .folding import Chip, Folded, Inline, Joined, Link


def join(
    folded: Folded, home: dict[Node, Hashable], names: dict[Hashable, str], states: set[Node], *, timeless: bool = False
) -> Folded | None:
    """Returns the graph with all boxes of one home joined into one box; None if the joined graph would have a cycle.

    Args:
        home: maps each box that is joined to the key of its group; other boxes stay as they are.
        names: maps each key to the title of its box.
        states: a joined box shows the gradients of the states and data that it holds; if it has none, of its last box.
        timeless: if True, no box has a column: what is joined over all steps stands at none of them.
    """
    members: dict[Hashable, list[Node]] = {}
    for node in folded.nodes:
        if node in home:
            members.setdefault(home[node], []).append(node)
    stands: dict[Node, Node] = {}
    parts: dict[Node, Joined] = {}
    for key, held in members.items():
        shown = [x for x in held if x in states or x.op is None] or held[-1:]
        stand = copy.copy(shown[-1]) if timeless else shown[-1]
        stand._place = (None, *stand._place[1:]) if timeless else stand._place
        stands.update(dict.fromkeys(held, stand))
        seeing = attends(folded, held)
        name = re.sub(r"^(cell|each step)\b", "attention", names[key]) if seeing and not held[-1].scope else names[key]
        parts[stand] = Joined(name, held, shown, seeing)
    joined = replace(folded, nodes=[], operands={}, arrows={}, parts=parts, bundles={})
    if timeless:
        joined.phases = replace(folded.phases, _columns=dict.fromkeys([*folded.nodes, *parts]))
    _link(folded, joined, stands)
    joined.nodes = ordered(joined.arrows)
    return joined if len(joined.nodes) == len(joined.operands) else None


def attends(folded: Folded, held: list[Node]) -> bool:
    """Whether a softmax weighs values here: a product with what is no parameter, no number and no logarithm."""
    name = {x: x.op.name for x in held if x.op is not None}
    products = [x for x in name if name[x] in ("multiply", "matmul", "einsum")] if "softmax" in name.values() else []
    for x in products:
        links = [y for y in folded.operands[x] if not isinstance(y, (Chip, Inline))]
        ops = {name.get(y.source) for y in links if isinstance(y, Link)}
        if len(links) == 2 and "softmax" in ops and not ops & {"log", "log_softmax"}:
            return True
    return False


def _link(folded: Folded, joined: Folded, stands: dict[Node, Node]) -> None:
    """Add operands and arrows of all boxes; to or from a joined box one, cut only if all that it stands for are cut."""
    bundles: dict[tuple[Node, Node], list[Link]] = {}
    for node in folded.nodes:
        box = stands.get(node, node)
        operands = joined.operands.setdefault(box, [])
        known = {x.parameter for x in operands if type(x) is Chip}  # a joined box shows each once, and no numbers
        own = folded.operands[node]
        operands += [x for x in own if type(x) is Chip and x.parameter not in known] if box in joined.parts else own
        arrows = joined.arrows.setdefault(box, [])
        for x in folded.arrows[node]:
            source = stands.get(x.source, x.source)
            if source is box:
                continue
            bundle = bundles.setdefault((source, box), [])
            if not bundle or (box not in joined.parts and source not in joined.parts):
                arrows.append(x._replace(source=source))
            bundle.append(x)
    for box, links in joined.arrows.items():
        for k, x in enumerate(links):
            if box in joined.parts or x.source in joined.parts:
                bundle = bundles[x.source, box]
                links[k] = x._replace(cut=all(y.cut for y in bundle))
                joined.bundles[links[k]] = bundle


def ordered(arrows: dict[Node, list[Link]]) -> list[Node]:
    """Returns the boxes in topological order, that of creation where it is one; boxes on a cycle are left out."""
    if all(x.source.serial < node.serial for node, links in arrows.items() for x in links):
        return sorted(arrows, key=lambda x: x.serial)
    return upwards({x: dict.fromkeys(y.source for y in links) for x, links in arrows.items()})
