"""Boxes that stand for several: the ops of a cell or a layer drawn as one."""

from __future__ import annotations

import copy
from collections.abc import Hashable
from dataclasses import replace

from ...core.node import Node
from .folding import Chip, Folded, Joined, Link, Operand


def join(
    folded: Folded, home: dict[Node, Hashable], names: dict[Hashable, str], states: set[Node], *, timeless: bool = False
) -> Folded | None:
    """The same graph with one box for all boxes of one home; None if the boxes would feed each other in a circle.

    Args:
        home: of boxes that are to be joined with others, where to; the rest stay as they are.
        names: of each home.
        states: boxes whose gradient a joined box tells, where it holds some; else that of its last.
        timeless: joined boxes belong to no time step.
    """
    members: dict[Hashable, list[Node]] = {}
    for node in folded.nodes:
        if node in home:
            members.setdefault(home[node], []).append(node)
    stands: dict[Node, Node] = {}
    parts: dict[Node, Joined] = {}
    for key, held in members.items():
        told = [x for x in held if x in states] or held[-1:]
        stand = _outside_time(told[-1]) if timeless else told[-1]
        stands.update(dict.fromkeys(held, stand))
        parts[stand] = Joined(names[key], held, told)
    found = replace(folded, nodes=[], operands={}, arrows={}, parts=parts, bundles={})
    known: dict[tuple[Node, Node], int] = {}
    for node in folded.nodes:
        _join(folded, found, node, stands, known)
    found.nodes = _ordered(found)
    return found if len(found.nodes) == len(found.operands) else None


def _outside_time(node: Node) -> Node:
    twin = copy.copy(node)
    twin._place = (None, *twin._place[1:])
    return twin


def _join(
    folded: Folded, found: Folded, node: Node, stands: dict[Node, Node], known: dict[tuple[Node, Node], int]
) -> None:
    """Add the operands of one box to those of the box that it is in; ``known``: where the link between two stands."""
    here = stands.get(node, node)
    operands = found.operands.setdefault(here, [])
    arrows = found.arrows.setdefault(here, [])
    operands += [x for x in folded.operands[node] if here not in found.parts or _new_chip(x, operands)]
    for x in folded.arrows[node]:
        source = stands.get(x.source, x.source)
        if source is here:
            continue
        link = x._replace(source=source)
        if here not in found.parts and source not in found.parts:
            arrows.append(link)
        elif (source, here) not in known:
            known[source, here] = len(arrows)
            arrows.append(link)
            found.bundles[link] = [x]
        else:
            _bundle(found, arrows, known[source, here], x)


def _new_chip(x: Operand, operands: list[Operand]) -> bool:
    """Whether it is a parameter that the box does not show yet; numbers within a joined box are not shown."""
    return type(x) is Chip and not any(type(y) is Chip and y.parameter is x.parameter for y in operands)


def _bundle(found: Folded, arrows: list[Link], at: int, x: Link) -> None:
    """One link more under the arrow at a place; the arrow is cut where all of them are."""
    old = arrows[at]
    new = old._replace(cut=old.cut and x.cut)
    found.bundles[new] = [*found.bundles.pop(old), x]
    arrows[at] = new


def _ordered(found: Folded) -> list[Node]:
    """Boxes with their sources first (Kahn 1962), near the order of computation; those in a circle are left out."""
    waiting = {x: len({y.source for y in links}) for x, links in found.arrows.items()}
    users: dict[Node, dict[Node, None]] = {}
    for node, links in found.arrows.items():
        for link in links:
            users.setdefault(link.source, {})[node] = None
    order = [x for x, n in waiting.items() if not n]
    for node in order:
        for user in users.get(node, ()):
            waiting[user] -= 1
            if not waiting[user]:
                order.append(user)
    return sorted(order, key=lambda x: x.serial) if _by_serial(found) else order


def _by_serial(found: Folded) -> bool:
    """Whether the order of creation still has sources before their users."""
    return all(x.source.serial < node.serial for node, links in found.arrows.items() for x in links)
