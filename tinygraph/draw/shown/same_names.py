"""Parameters of the same name: two cells each have a ``weight_ih``, so pictures say of which cell each one is."""

from __future__ import annotations

from collections.abc import Container

from ...core.leaves import Parameter
from ...core.node import Node
from .phases import Phases

WAYS = {1: "forward", -1: "backward"}
"""Words for the directions of time."""


def full_names(nodes: list[Node], phases: Phases) -> dict[Node, str]:
    """Maps every parameter to its name; unnamed ones are numbered in order of creation.

    Of parameters with the same name each has the scope, phase or layer that uses it before its name, or a number.
    """
    parameters = [x for x in nodes if isinstance(x, Parameter)]
    names: dict[Node, str] = {x: (x.name or "").strip() or f"θ{i}" for i, x in enumerate(parameters, 1)}
    alike: dict[str, list[Node]] = {}
    for x, name in names.items():
        alike.setdefault(name, []).append(x)
    doubled = {x for same in alike.values() if len(same) > 1 for x in same}
    users = _first_users(nodes, doubled)
    for name, same in alike.items():
        if len(same) > 1:
            names |= _told_apart(name, {x: users.get(x) for x in same}, phases)
    return names


def _first_users(nodes: list[Node], parameters: set[Node]) -> dict[Node, Node]:
    """Maps parameters to the first node with a step that reads each, itself or through views; else to the first."""
    users: dict[Node, Node] = {}
    behind: dict[Node, Node] = {x: x for x in parameters}
    for node in nodes if parameters else ():
        for x in node.inputs:
            parameter = behind.get(x)
            if parameter is not None:
                if parameter not in users or (users[parameter].step is None and node.step is not None):
                    users[parameter] = node
                if len(node.inputs) == 1:
                    behind[node] = parameter
    return users


def _told_apart(name: str, users: dict[Node, Node | None], phases: Phases) -> dict[Node, str]:
    scopes = ["" if x is None else x.scope for x in users.values()]
    parts = [phases.names[phases.of[x]] if x in phases.of else "" for x in users.values()]
    loops = {i: k for k, i in enumerate(sorted({phases.loop[x] for x in users.values() if x in phases.loop}), 1)}
    turns = directions(phases, loops)
    ways = [turns.get(phases.loop[x], "") if x in phases.loop else "" for x in users.values()]
    layers = [f"layer {loops[phases.loop[x]]}" if x in phases.loop else "" for x in users.values()]
    layers = [f"{layer} {way}".strip() for layer, way in zip(layers, ways, strict=True)]
    both = [f"{a}/{b}".strip("/") for a, b in zip(scopes, parts, strict=True)]
    turned = [f"{x} {way}".strip() if parts.count(x) > 1 else x for x, way in zip(parts, ways, strict=True)]
    turned = turned if len(set(turned)) == len(turned) else numbered(parts)
    for prefixes in (scopes, parts, both, ways, turned if all(parts) else parts, layers):
        if all(prefixes) and len(set(prefixes)) == len(prefixes):
            return {x: f"{prefix}.{name}" for x, prefix in zip(users, prefixes, strict=True)}
    return {x: f"{name} #{k}" for k, x in enumerate(users, 1)}


def numbered(parts: list[str]) -> list[str]:
    """The parts, with a number where a part occurs again: ``encoder 1``, ``encoder 2``, ``decoder``."""
    return [f"{part} {parts[: k + 1].count(part)}" if parts.count(part) > 1 else part for k, part in enumerate(parts)]


def directions(phases: Phases, loops: Container[int]) -> dict[int, str]:
    """Maps loops to ``forward`` and ``backward``, as their cells are called; empty if all run one way."""
    steps: dict[int, list[int]] = {}
    for x, i in phases.loop.items():
        if i in loops:
            steps.setdefault(i, []).append(x.step or 0)
    turns = {i: (at[-1] > at[0]) - (at[-1] < at[0]) for i, at in steps.items()}
    two_ways = {1, -1} <= set(turns.values())
    return {i: WAYS.get(turn, "") for i, turn in turns.items()} if two_ways else {}


LONGEST = 14
"""The longest parameter name, in characters, that a box has room for."""


def short_names(names: dict[Node, str]) -> dict[Node, str]:
    """Maps parameters to chip texts: their names, or the last part of dotted names if a dotted name is too long."""
    if not any("." in name and len(name) > LONGEST for name in names.values()):
        return names
    return {x: name.rpartition(".")[2] for x, name in names.items()}
