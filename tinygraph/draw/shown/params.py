"""Parameters as boxes of their own: one under all columns, or a pale one beside each use, instead of chips."""

from __future__ import annotations

from dataclasses import replace

from ...core.leaves import Parameter
from ...core.node import Node
from ..colours import GOLD
from .folding import Chip, Folded, Link, Operand

HUB, GHOST = GOLD, "#fdf3d3"
"""Fill of the one box of a parameter, and of a box for one use of it."""

Uses = dict[Node, list[Link]]


class Pointed(Chip):
    """A parameter in a title whose box stands elsewhere, with an arrow from it."""

    __slots__ = ()


def exposed(folded: Folded, ops: Folded, params: str) -> Folded:
    """The same picture with an arrow from a parameter in place of each chip.

    Args:
        folded: what is drawn, which may hold several ops in one box.
        ops: the same, each op for itself.
        params: ``"chip"`` to leave all as it is, ``"hub"`` to give each parameter a box as well, ``"ghost"`` to leave
            the boxes to `parted`.
    """
    if params == "chip":
        return folded
    boxes = set(ops.nodes)
    uses = {x: _uses(x, boxes) for x in ops.nodes}
    found = replace(
        folded,
        operands=dict(folded.operands),
        arrows=dict(folded.arrows),
        bundles=dict(folded.bundles),
        fans=folded.fans.copy(),
    )
    found.fans.update(link.source for links in uses.values() for link in links)
    for node in folded.nodes:
        if node not in folded.dots:
            found.operands[node] = _pointed(folded.operands[node], joined=node in folded.parts)
            found.arrows[node] = [*folded.arrows[node], *_entering(found, node, uses)]
    return _with_hubs(found) if params == "hub" else found


def _uses(node: Node, boxes: set[Node]) -> list[Link]:
    """Arrows from parameters to an op, and to the sums that fold into it."""
    found: list[Link] = []
    waiting = [node]
    while waiting:
        user = waiting.pop()
        for slot, x in enumerate(user.inputs):
            source, cut = _behind(x, boxes)
            if isinstance(source, Parameter):
                found.append(Link(source, cut, user, slot))
            elif source not in boxes and source.op is not None and source.op.name == "add":
                waiting.append(source)
    return found


def _behind(x: Node, boxes: set[Node]) -> tuple[Node, bool]:
    """What is seen through views that get no box, and whether a stop_gradient is among them."""
    cut = False
    while x not in boxes and len(x.inputs) == 1:
        cut |= x.op is not None and x.op.name == "stop_gradient"
        x = x.inputs[0]
    return x, cut


def _pointed(operands: list[Operand], *, joined: bool) -> list[Operand]:
    """Chips as plain text; a box that holds several ops is not called by them at all."""
    return [Pointed(*x) if isinstance(x, Chip) else x for x in operands if not (joined and isinstance(x, Chip))]


def _entering(found: Folded, node: Node, uses: Uses) -> list[Link]:
    """Of a box the arrows from parameters; into one that holds several ops, one for each parameter."""
    if node not in found.parts:
        return uses.get(node, [])
    inside: Uses = {}
    for held in found.parts[node].held:
        for link in uses.get(held, ()):
            inside.setdefault(link.source, []).append(link)
    arrows = []
    for links in inside.values():
        arrow = links[0]._replace(cut=all(x.cut for x in links))
        found.bundles[arrow] = links
        arrows.append(arrow)
    return arrows


def _with_hubs(found: Folded) -> Folded:
    """A box for each parameter that an arrow starts from, before all others."""
    used = {link.source for links in found.arrows.values() for link in links}
    hubs = [x for x in found.names if x in used and x not in found.operands]
    found.nodes = [*hubs, *found.nodes]
    found.operands |= {x: [] for x in hubs}
    found.arrows |= {x: [] for x in hubs}
    return found
