"""Parameters as boxes of their own, instead of chips, as the backward view needs them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ...core.leaves import Parameter
from ...core.node import Node
from .folding import Folded, Link

Uses = dict[Node, list[Link]]


def exposed(folded: Folded, ops: Folded) -> Folded:
    """Returns a copy of the picture in which arrows from parameters replace the chips.

    Args:
        folded: the graph as drawn; a box may hold several ops.
        ops: the same graph with one box per op.
    """
    boxes = set(ops.nodes)
    uses = {x: _uses(x, boxes) for x in ops.nodes}
    bundles = dict(folded.bundles)
    arrows = dict(folded.arrows)
    for node in folded.nodes:
        if node not in folded.dots:
            arrows[node] = [*arrows[node], *_entering(folded, node, uses, bundles)]
    used = {link.source for links in arrows.values() for link in links}
    hubs = [x for x in folded.names if x in used and x not in folded.operands]
    return replace(
        folded,
        nodes=[*hubs, *folded.nodes],
        operands=folded.operands | {x: [] for x in hubs},
        arrows=arrows | {x: [] for x in hubs},
        bundles=bundles,
        fans=folded.fans + Counter(link.source for links in uses.values() for link in links),
    )


def _uses(node: Node, boxes: set[Node]) -> list[Link]:
    """Returns the links from parameters to an op, also those to sums that are folded into the op."""
    links: list[Link] = []
    queue = [node]
    while queue:
        user = queue.pop()
        for slot, x in enumerate(user.inputs):
            source, cut = _behind(x, boxes)
            if isinstance(source, Parameter):
                links.append(Link(source, cut, user, slot))
            elif source not in boxes and source.op is not None and source.op.name == "add":
                queue.append(source)
    return links


def _behind(x: Node, boxes: set[Node]) -> tuple[Node, bool]:
    """Follow views without a box back to their source; also returns whether a stop_gradient is among them."""
    cut = False
    while x not in boxes and len(x.inputs) == 1:
        cut |= x.op is not None and x.op.name == "stop_gradient"
        x = x.inputs[0]
    return x, cut


def _entering(folded: Folded, node: Node, uses: Uses, bundles: dict[Link, list[Link]]) -> list[Link]:
    """Returns the links from parameters to a box; a box of several ops gets one link, a bundle, per parameter."""
    if node not in folded.parts:
        return uses.get(node, [])
    links_by_parameter: Uses = {}
    for held in folded.parts[node].held:
        for link in uses.get(held, ()):
            links_by_parameter.setdefault(link.source, []).append(link)
    arrows = []
    for links in links_by_parameter.values():
        arrow = links[0]._replace(cut=all(x.cut for x in links))
        bundles[arrow] = links
        arrows.append(arrow)
    return arrows
