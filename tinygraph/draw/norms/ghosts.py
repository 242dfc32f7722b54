"""One box per use of a parameter, with the gradient of this use alone."""

from __future__ import annotations

import copy
from dataclasses import replace

from ...core.node import Node
from ..labels import clean
from ..shown.folding import Folded, Link, Operand
from ..shown.params import Uses
from .heat import Heat


def parted(folded: Folded, role: dict[Node, str], heat_map: Heat | None, params: str) -> Folded:
    """Give parameters their role; with ``"ghost"``, each use gets a box: a twin of the parameter in the user's step.

    The gradient of such a box is the contribution of its use alone.
    """
    if params == "ghost":
        folded = _with_ghosts(folded, role, heat_map)
    role.update((x, "parameter") for x in folded.nodes if x in folded.names)
    return folded


def _with_ghosts(folded: Folded, role: dict[Node, str], heat_map: Heat | None) -> Folded:
    ghosts: list[Node] = []
    arrows: Uses = {}
    for node, links in folded.arrows.items():
        twins: dict[Node, Node] = {}
        arrows[node] = []
        for link in links:
            if link.source in folded.names:
                known = twins.get(link.source)
                twin = twins[link.source] = twin_of(folded, link.source, node) if known is None else known
                arrows[node].append(moved(link, twin, heat_map))
            else:
                arrows[node].append(link)
        ghosts += twins.values()
    role.update(dict.fromkeys(ghosts, "parameter"))
    arrows.update((x, []) for x in ghosts)
    operands: dict[Node, list[Operand]] = {x: [] for x in ghosts}
    return replace(folded, nodes=[*ghosts, *folded.nodes], operands=folded.operands | operands, arrows=arrows)


def moved(link: Link, twin: Node, heat_map: Heat | None) -> Link:
    """Returns the link with the twin as source.

    The norm of the twin is that of the gradient along this link, if it is the twin's only link.
    """
    moved = link._replace(source=twin)
    if heat_map is not None:
        flow = heat_map.flows.get(link)
        heat_map.flows[moved] = flow
        heat_map.norms[twin] = None if twin in heat_map.norms else flow
    return moved


def twin_of(folded: Folded, parameter: Node, user: Node) -> Node:
    twin = copy.copy(parameter)
    twin.name = clean(folded.names[parameter])
    twin._place = (user.step, user.scope, None)
    return twin
