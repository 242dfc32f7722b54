"""Parameters of the same name: two cells each have a ``weight_ih``, so pictures say of which cell each one is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from ...core.leaves import Parameter
from ...core.node import Node
from .phases import Phases

WAYS = {1: "forward", -1: "backward"}
"""Words for the directions of time."""


def full_names(nodes: list[Node], phases: Phases) -> dict[Node, str]:
    """Maps every parameter to its name; unnamed ones are numbered in order of creation.

    Of parameters with the same name each has the scope, phase or layer that uses it before its name, or a number. Of
    an encoder ``forward.weight`` is ``encoder.forward.weight``, if that of the decoder is ``weight``.
    """
    parameters = [x for x in nodes if isinstance(x, Parameter)]
    names: dict[Node, str] = {x: (x.name or "").strip() or f"θ{i}" for i, x in enumerate(parameters, 1)}
    alike: dict[str, list[Node]] = {}
    for x, name in names.items():
        alike.setdefault(name, []).append(x)
    doubled = {x for same in alike.values() if len(same) > 1 for x in same}
    users = _first_users(nodes, {*parameters} if doubled else set())
    words = _cells([x for p, x in users.items() if phases.loop.get(x) in phases.carrying or p in doubled], phases)
    for name, same in alike.items():
        if len(same) > 1:
            names |= _told_apart(name, {x: users.get(x) for x in same}, words)
    bare = {*names.values()} & {x.rpartition(".")[2] for x in names.values() if "." in x}
    for x, user in _first_users(nodes, {*parameters}).items() if bare and len(phases.names) > 1 else ():
        if user in phases.of and names[x].rpartition(".")[2] in bare:
            names[x] = f"{phases.part([phases.loop[user]], phases.of[user])}.{names[x]}"
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


class CellPlace(NamedTuple):
    """What names a cell: its scope, its phase, its loops, of its first run where it is run again, and its direction."""

    scope: str
    part: str
    loops: frozenset[int]
    way: str


def _cells(users: list[Node], phases: Phases) -> dict[Node | None, str]:
    """Maps ops that read parameters to what their cells are called."""
    cells = {
        x: CellPlace(x.scope, phases.part([i], phases.of[x]), frozenset([i]), WAYS.get(phases.turns.get(i, 0), ""))
        for x, i in ((x, phases.loop[x]) for x in users if x in phases.loop)
    }
    several = [*dict.fromkeys(cells.values())]
    words = dict(zip(several, told_apart(several, phases), strict=True))
    return {x: words[cell] for x, cell in cells.items()}


def _told_apart(name: str, users: dict[Node, Node | None], words: dict[Node | None, str]) -> dict[Node, str]:
    scopes = ["" if x is None else x.scope for x in users.values()]
    called = [words.get(x, "") for x in users.values()]
    both = [f"{a}/{b}".strip("/") for a, b in zip(called, scopes, strict=True)]
    for prefixes in (scopes, called, both):
        if all(prefixes) and len(set(prefixes)) == len(prefixes):
            return {x: f"{prefix}.{name}" for x, prefix in zip(users, prefixes, strict=True)}
    return {x: f"{name} #{k}" for k, x in enumerate(users, 1)}


def told_apart(cells: list[CellPlace], phases: Phases) -> list[str]:
    """Returns words for cells: the phase of one without a scope of its own, and what tells it from others called so."""
    scopes = Counter(x.scope for x in cells)
    told = [[x.part] * (not x.scope or scopes[x.scope] > 1) for x in cells]
    for scope, part in {x[:2] for x in cells}:
        room = scope.partition("/")[0]
        near = [x.loops for x in cells if x.part == part and bool(x.scope) == bool(scope)]
        places = phases.places(dict.fromkeys(sorted(near, key=lambda loops: min(loops, default=0))))
        rivals = {places[x.loops][0] for x in cells if x.part == part and x.scope.partition("/")[0] == room}
        alike = [k for k, x in enumerate(cells) if x[:2] == (scope, part)]
        alike.sort(key=lambda k: min(cells[k].loops, default=0))
        turned = two_ways((places[cells[k].loops], cells[k].way) for k in alike)
        nouns = ("", "") if part else ("network ", "branch ")
        noun = "cell" if not scope and any(x.scope[:5] == "layer" for x in cells if x.part == part) else "layer"
        for k in alike:
            network, layer = place = places[cells[k].loops]
            layers = {places[cells[i].loops][1] for i in alike if places[cells[i].loops][0] == network}
            runs = [i for i in alike if cells[i] == cells[k]]
            same = dict.fromkeys(cells[i].loops for i in alike if cells[i].way == cells[k].way)
            beside = [x for x in same if places[x] == place]
            told[k] += [f"{nouns[0]}{network}"] * (len(rivals) > 1)
            told[k] += [f"{noun} {layer}"] * (len(layers) > 1)
            told[k] += [f"{nouns[1]}{beside.index(cells[k].loops) + 1}"] * (len(beside) > 1)
            told[k] += [f"run {runs.index(k) + 1}"] * (len(runs) > 1)
            told[k] += [cells[k].way] * (network in turned)
    return [" ".join(filter(None, words)) for words in told]


def numbered(parts: list[str]) -> list[str]:
    """The parts, with a number where a part occurs again: ``encoder 1``, ``encoder 2``, ``decoder``."""
    return [f"{part} {parts[: k + 1].count(part)}" if parts.count(part) > 1 else part for k, part in enumerate(parts)]


def two_ways(halves: Iterable[tuple[tuple[int, int], str]]) -> set[int]:
    """Returns the networks of which a layer runs both ways; of each loop there are its network, layer and direction."""
    seen = {*halves}
    return {place[0] for place, way in seen if way == "forward" and (place, "backward") in seen}


LONGEST = 14
"""The longest parameter name, in characters, that a box has room for."""


def short_names(names: dict[Node, str]) -> dict[Node, str]:
    """Maps parameters to chip texts: their names, or the last part of dotted names if a dotted name is too long."""
    if not any("." in name and len(name) > LONGEST for name in names.values()):
        return names
    return {x: name.rpartition(".")[2] for x, name in names.items()}
