"""Parameters as boxes of their own: one for each use, which tells what that use alone adds to the gradient."""

from __future__ import annotations

import copy
from dataclasses import replace

from ...core.node import Node
from ..labels import clean
from ..shown.folding import Folded, Link, Operand
from ..shown.params import Uses
from .heat import Heat


def parted(folded: Folded, role: dict[Node, str], warmth: Heat | None, params: str) -> Folded:
    """Give parameters their role, and for ``"ghost"`` each use a box: a twin of the parameter, in the user's step.

    The gradient that such a box tells is what its use alone adds.
    """
    if params == "ghost":
        folded = _haunted(folded, role, warmth)
    role.update((x, "parameter") for x in folded.nodes if x in folded.names)
    return folded


def _haunted(folded: Folded, role: dict[Node, str], warmth: Heat | None) -> Folded:
    ghosts: list[Node] = []
    arrows: Uses = {}
    for node, links in folded.arrows.items():
        twins: dict[Node, Node] = {}
        arrows[node] = []
        for link in links:
            if link.source in folded.names:
                known = twins.get(link.source)
                twin = twins[link.source] = twin_of(folded, link.source, node) if known is None else known
                arrows[node].append(moved(link, twin, warmth))
            else:
                arrows[node].append(link)
        ghosts += twins.values()
    role.update(dict.fromkeys(ghosts, "parameter"))
    arrows.update((x, []) for x in ghosts)
    operands: dict[Node, list[Operand]] = {x: [] for x in ghosts}
    return replace(folded, nodes=[*ghosts, *folded.nodes], operands=folded.operands | operands, arrows=arrows)


def moved(link: Link, twin: Node, warmth: Heat | None) -> Link:
    """The link as it starts from the twin; the twin's norm is what comes back along it, if that is one link alone."""
    moved = link._replace(source=twin)
    if warmth is not None:
        flow = warmth.flows.get(link)
        warmth.flows[moved] = flow
        warmth.norms[twin] = None if twin in warmth.norms else flow
    return moved


def twin_of(folded: Folded, parameter: Node, user: Node) -> Node:
    twin = copy.copy(parameter)
    twin.name = clean(folded.names[parameter])
    twin._place = (user.step, user.scope, None)
    return twin
