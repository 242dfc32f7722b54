"""Names of cells: encoder and decoder, layers, directions, or scopes."""

from __future__ import annotations

import re
from collections import Counter
from itertools import takewhile

from ...core.leaves import Parameter
from ...core.node import Node
from ..labels import clean
from ..options import Options
from .cells import CellGroup, cells, starts
from .folding import Folded
from .repetition import Repetition
from .slices import RESHAPED

MOST = 3
"""The most phases that a title names."""


def name_cells(repetition: Repetition, cell_groups: list[CellGroup]) -> None:
    """Name each cell by its scope, else as encoder or decoder if one starts from the other's state, else as a layer."""
    home = {g: i for i, cell in enumerate(cell_groups) for g in cell.groups}
    cores = [cell for cell in cell_groups if not cell.joint]
    for cell in cell_groups:
        scope = "" if cell.joint else _common_path([repetition.groups[g][-1].scope for g in cell.groups])
        only = _class(repetition, cell) if len(cores) == 1 else ""
        cell.name = "each step" if cell.joint else clean(scope) if scope else only
    start_edges = starts(repetition, cell_groups)
    for edge in repetition.edges:
        origin = _origin(repetition, home, edge.source) if edge in start_edges else None
        if origin is not None and origin != home[edge.target]:
            for i, name in ((origin, "encoder"), (home[edge.target], "decoder")):
                cell_groups[i].name = cell_groups[i].name or name
    directions = [_direction(repetition, cell) for cell in cores]
    two_ways = len(set(directions) - {0}) > 1
    for k, (cell, direction) in enumerate(zip(cores, directions, strict=True), 1):
        direction_name = {1: "forward", -1: "backward"}.get(direction, "") if two_ways else ""
        cell.name = cell.name or (
            direction_name if len(cores) == 2 and direction_name else f"layer {k} {direction_name}".strip()
        )


def _class(repetition: Repetition, cell: CellGroup) -> str:
    """Returns the class of the cell, told by its parameters; ``cell`` for that of a function, or of several."""
    homes = {home_of(x) for g in cell.groups for x in repetition.groups[g][-1].inputs} - {""}
    return homes.pop() if len(homes) == 1 else "cell"


def home_of(x: Node) -> str:
    """The class of the cell that holds a parameter, or the one that a node is a view of."""
    while x.op is not None and x.op.name in RESHAPED:
        x = x.inputs[0]
    return x.home if isinstance(x, Parameter) else ""


def heading(folded: Folded, options: Options, view: str) -> str:
    """Returns the title as it is shown, by default what is drawn: ``GRU, 2 layers, both directions, 20 steps``."""
    if options.heading is not None:
        return options.heading
    homes = dict.fromkeys(x.home for x in folded.uses if isinstance(x, Parameter) and x.home)
    rooms = {room for x in folded.nodes for room in x.scope.split("/")}
    layers = sum(re.fullmatch(r"layer\d+", room) is not None for room in rooms)
    words = [" and ".join(homes) or ("Recurrent network" if folded.steps else "Network")]
    words += [f"{layers} layers"] * (layers > 1) + ["both directions"] * ({"forward", "backward"} <= rooms)
    counts = Counter(phase for phase, _ in folded.columns())
    many = len(counts) > MOST
    words += [f"{len(counts)} parts" if many else " and ".join(folded.phases.names)] * (len(counts) > 1)
    long = str(counts.total()) if many else " + ".join(str(counts[phase]) for phase in sorted(counts))
    words += [f"{long} step{'s' * (long != '1')}"] * bool(counts)
    words += [view] * bool(folded.steps or view != "unrolled")
    return ", ".join(words)


def _origin(repetition: Repetition, home: dict[int, int], group: int) -> int | None:
    """Returns the cell that a group is in, or is computed from (breadth-first search against the edges)."""
    sources: dict[int, list[int]] = {}
    for edge in repetition.edges:
        sources.setdefault(edge.target, []).append(edge.source)
    queue = [group]
    for g in queue:
        if g in home:
            return home[g]
        queue += [s for s in sources.get(g, ()) if s not in queue]
    return None


def _common_path(scopes: list[str]) -> str:
    """Returns the longest path prefix that all nonempty scopes share."""
    paths = [x.split("/") for x in scopes if x]
    shared = takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False))
    return "/".join(parts[0] for parts in shared)


def named_cells(folded: Folded, repetition: Repetition) -> list[CellGroup]:
    """Returns the cells of a graph with their names."""
    cell_groups = cells(folded, repetition)
    name_cells(repetition, cell_groups)
    return cell_groups


def returning(repetition: Repetition, cell: CellGroup) -> dict[int, int]:
    """Maps the groups of a cell that another step uses to the direction of time: 1 forward, -1 backward."""
    inside = set(cell.groups)
    return {
        e.source: 1 if e.lag > 0 else -1
        for e in repetition.edges
        if e.lag and e.only is None and e.source in inside and e.target in inside
    }


def _direction(repetition: Repetition, cell: CellGroup) -> int:
    """Returns 1 if the cell runs forward in time, -1 if backward, 0 if its state does not cross steps."""
    return next(iter(returning(repetition, cell).values()), 0)
