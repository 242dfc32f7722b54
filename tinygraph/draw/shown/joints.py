"""Outputs of all steps that are joined outside of time to be read step by step: drawn within the steps."""

from __future__ import annotations

from dataclasses import replace

from ...core.node import Node
from .folding import Folded, Link, Several
from .slices import picked


def within_steps(folded: Folded) -> Folded:
    """Returns the graph in which a step reads the outputs of layers below from the same step."""
    joined = [x for x in folded.nodes if x.step is None and x.op and x.op.name in ("stack", "concatenate")]
    rows = {x: _rows(folded, x) for x in joined}
    rows = {x: links for x, links in rows.items() if links}
    if not rows:
        return folded
    parted: dict[Link, tuple[slice, ...]] = {}
    arrows = {x: [y for link in links for y in _read(rows, x, link, parted)] for x, links in folded.arrows.items()}
    used = {link.source for links in arrows.values() for link in links}
    gone = {x for x in rows if x not in used and any(link.source is x for ys in folded.arrows.values() for link in ys)}
    nodes = [x for x in folded.nodes if x not in gone]
    return replace(folded, nodes=nodes, arrows={x: arrows[x] for x in nodes}, parted=parted)


def _rows(folded: Folded, node: Node) -> list[list[Link]]:
    """Returns the links of each row of outputs side by side; none if they are not joined along another axis."""
    stacks = folded.operands[node]
    if node.op is not None and node.op.name == "stack":
        links = folded.arrows[node]
        return [[x] for x in links] if len(links) == len(node.inputs) and not node.attributes.get("axis", 0) else []
    if node.attributes.get("axis", 0) in (0, -node.ndim) or not all(type(x) is Several for x in stacks):
        return []
    parts = [x.links for x in stacks if type(x) is Several]
    return [list(row) for row in zip(*parts, strict=True)] if {len(x) for x in parts} == {node.shape[0]} else []


def _read(
    rows: dict[Node, list[list[Link]]], node: Node, link: Link, parted: dict[Link, tuple[slice, ...]]
) -> list[Link]:
    """Returns the links within the step in place of one from a row of joined outputs; each has a part of its gradient.

    ``parted`` gains that part of each.
    """
    read = picked(link.user) if link.source in rows and node.step is not None else None
    if read is None or read[0] is not link.source:
        return [link]
    links = [
        x._replace(slot=k, user=link.user, cut=link.cut or x.cut) for k, x in enumerate(rows[link.source][read[1]])
    ]
    if len(links) == 1:
        parted[links[0]] = ()
        return links
    axis, start = link.source.attributes.get("axis", 0) % link.source.ndim - 1, 0
    for x in links:
        end = start + x.source.shape[axis]
        parted[x] = (*[slice(None)] * axis, slice(start, end))
        start = end
    return links
