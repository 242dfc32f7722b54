"""Names of cells: encoder and decoder, layers, directions, or scopes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import takewhile

from ...core.leaves import Parameter
from ...core.node import Node
from ..labels import clean
from ..options import Options
from .cells import CellGroup, cells, starts
from .folding import Chip, Folded
from .phases import Phases
from .repetition import Repetition
from .same_names import WAYS, directions
from .slices import chain, tag_of

MOST = 3
"""The most phases that a title names."""


def name_cells(repetition: Repetition, cell_groups: list[CellGroup], phases: Phases) -> None:
    """Name each cell by its scope, else by its phase, as encoder or decoder, or as a layer."""
    home = {g: i for i, cell in enumerate(cell_groups) for g in cell.groups}
    cores = [cell for cell in cell_groups if not cell.joint]
    for cell in cell_groups:
        scope = "" if cell.joint else _common_path([repetition.groups[g][-1].scope for g in cell.groups])
        only = _class(repetition, cell) if len(cores) == 1 else ""
        cell.name = "each step" if cell.joint else clean(scope) if scope else only
    phase = _by_phase(repetition, cell_groups, phases) or _by_state(repetition, cell_groups, home)
    for i, name in phase.items():
        alike = sorted(k for k, other in phase.items() if other == name)
        ways = [WAYS.get(_direction(repetition, cell_groups[k]), "") for k in alike]
        marks = ways if len(ways) == 2 and {*ways} == {*WAYS.values()} else range(1, len(alike) + 1)
        cell_groups[i].name = name + f" {marks[alike.index(i)]}" * (len(alike) > 1)
    directions = [_direction(repetition, cell) for cell in cores]
    two_ways = len(set(directions) - {0}) > 1
    weights = [_weights(repetition, cell) or cell for cell in cores]
    kinds = [weights.index(x) for x in weights]  # a cell that is run again has the weights of its first run
    layers = sorted(set(kinds))
    for k, (cell, direction) in enumerate(zip(cores, directions, strict=True)):
        words = [WAYS.get(direction, "")] * two_ways
        if len(cores) > 2 or not any(words):
            runs = [f"run {kinds[: k + 1].count(kinds[k])}"] * (len(layers) < len(cores))
            words = [f"layer {layers.index(kinds[k]) + 1}"] * (len(layers) > 1) + runs + words
        cell.name = cell.name or " ".join(words).strip()


def _by_phase(repetition: Repetition, cell_groups: list[CellGroup], phases: Phases) -> dict[int, str]:
    """Returns the names of the phases of cells without a name, if there are several; runs of one cell are runs."""
    names: dict[int, str] = {}
    weights = [_weights(repetition, cell) for cell in cell_groups if not cell.joint]
    if any(x in weights[:k] for k, x in enumerate(weights) if x):
        return names
    for i, cell in enumerate(cell_groups) if len(phases.names) > 1 else ():
        parts = {phases.of.get(repetition.groups[g][-1]) for g in cell.groups} - {None}
        if len(parts) == 1 and not cell.name:
            names[i] = phases.names[next(k for k in parts if k is not None)]
    return names


def _by_state(repetition: Repetition, cell_groups: list[CellGroup], home: dict[int, int]) -> dict[int, str]:
    """Returns encoder for a cell without a name from whose state another one starts, and decoder for that one."""
    names: dict[int, str] = {}
    start_edges = starts(repetition, cell_groups)
    for edge in repetition.edges:
        for origin in _origins(repetition, home, edge.source) if edge in start_edges else ():
            for i, name in ((origin, "encoder"), (home[edge.target], "decoder")) if origin != home[edge.target] else ():
                if not cell_groups[i].name:
                    names.setdefault(i, name)
    return names


def _direction(repetition: Repetition, cell: CellGroup) -> int:
    return next(iter(returning(repetition, cell).values()), 0)


def _weights(repetition: Repetition, cell: CellGroup) -> list[tuple[int, str]]:
    """Returns the parameters that a cell reads, in order, each with the part of it."""
    read = [chain(x) for g in cell.groups for x in repetition.groups[g][-1].inputs]
    return [(id(source), tag_of(views)) for *views, source in read if isinstance(source, Parameter)]


def _class(repetition: Repetition, cell: CellGroup) -> str:
    """Returns the class of the cell, told by its parameters; ``cell`` for that of a function, or of several."""
    homes = {home_of(x) for g in cell.groups for x in repetition.groups[g][-1].inputs} - {""}
    return homes.pop() if len(homes) == 1 else "cell"


def home_of(x: Node) -> str:
    """The class of the cell that holds a parameter, or the one that a node is a view of."""
    source = chain(x)[-1]
    return source.home if isinstance(source, Parameter) else ""


def names(folded: Folded, options: Options) -> frozenset[str]:
    """Returns the user's names and tokens, which stay in every language, also where they are like words of ours."""
    tokens = options.tokens.values() if isinstance(options.tokens, Mapping) else options.tokens
    return frozenset([*folded.own, *(clean(str(x)) for x in (() if tokens is None else tokens))])


def heading(folded: Folded, options: Options, view: str) -> str:
    """Returns the title as it is shown, by default what is drawn: ``GRU, 2 layers, both directions, 20 steps``."""
    if options.heading is not None:
        return options.heading
    homes = dict.fromkeys(x.home for x in folded.uses if isinstance(x, Parameter) and x.home)
    rooms = {room for x in folded.nodes for room in x.scope.split("/")}
    layers = sum(re.fullmatch(r"layer\d+", room) is not None for room in rooms) or _depth(folded)
    words = [" and ".join(homes) or ("Recurrent network" if folded.steps else "Network")]
    ways = set(rooms)
    if folded.phases.has_several_loops:
        ways.update(directions(folded.phases, {*folded.phases.loop.values()}).values())
    words += [f"{layers} layers"] * (layers > 1) + ["both directions"] * ({"forward", "backward"} <= ways)
    counts = Counter(phase for phase, _ in folded.columns())
    many = len(counts) > MOST
    words += [f"{len(counts)} parts" if many else " and ".join(folded.phases.names)] * (len(counts) > 1)
    long = str(counts.total()) if many else " + ".join(str(counts[phase]) for phase in sorted(counts))
    words += [f"{long} step{'s' * (long != '1')}"] * bool(counts)
    words += [view] * bool(folded.steps or view != "unrolled")
    return ", ".join(words)


def _depth(folded: Folded) -> int:
    """Returns the most products with parameters that lie one behind the other; 0 in a network of time steps."""
    depth: dict[Node, int] = {}
    for x in folded.nodes if not folded.steps else ():
        weighs = x.op is not None and x.op.name in ("matmul", "einsum") and Chip in map(type, folded.operands[x])
        depth[x] = max((depth[y.source] for y in folded.arrows[x]), default=0) + weighs
    return max(depth.values(), default=0)


def _origins(repetition: Repetition, home: dict[int, int], group: int) -> list[int]:
    """Returns the cell that a group is in, or the nearest that it is computed from (a search against the edges)."""
    sources: dict[int, list[int]] = {}
    for edge in repetition.edges:
        sources.setdefault(edge.target, []).append(edge.source)
    queue = [group]
    for g in queue:
        queue += [s for s in sources.get(g, ()) if s not in queue and g not in home]
    return [*dict.fromkeys(home[g] for g in queue if g in home)]


def _common_path(scopes: list[str]) -> str:
    """Returns the longest path prefix that all nonempty scopes share."""
    paths = [x.split("/") for x in scopes if x]
    shared = takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False))
    return "/".join(parts[0] for parts in shared)


def named_cells(folded: Folded, repetition: Repetition) -> list[CellGroup]:
    """Returns the cells of a graph with their names."""
    cell_groups = cells(folded, repetition)
    name_cells(repetition, cell_groups, folded.phases)
    return cell_groups


def returning(repetition: Repetition, cell: CellGroup) -> dict[int, int]:
    """Maps the groups of a cell that another step uses to the direction of time: 1 forward, -1 backward."""
    inside = set(cell.groups)
    return {
        e.source: 1 if e.lag > 0 else -1
        for e in repetition.edges
        if e.lag and e.only is None and e.source in inside and e.target in inside
    }
