"""Names of cells: encoder and decoder, layers, directions, or scopes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from os.path import commonprefix

from ...core.leaves import Parameter
from ...core.node import Node
from ..labels import clean
from ..options import Options
from .cells import CellGroup, cells
from .depth import depths
from .folding import Folded
from .phases import Phases
from .repetition import Repetition, runs
from .same_names import WAYS, CellPlace, told_apart, two_ways
from .slices import chain, tag_of

MOST = 3
"""The most phases that a title names."""


def name_cells(repetition: Repetition, cell_groups: list[CellGroup], phases: Phases) -> None:
    """Name each cell by its scope, else by its phase, as encoder or decoder, or by its place: ``layer 2``."""
    lasts = [[repetition.groups[g][-1] for g in cell.groups] for cell in cell_groups]
    within = [{phases.of[x] for x in nodes if x in phases.of} for nodes in lasts]
    first: dict[Hashable, frozenset[int]] = {}
    places: dict[int, CellPlace] = {}
    for i, cell in enumerate(cell_groups):
        alone = len(within[i]) == 1 and (not cell.joint or within.count(within[i]) == 1)
        part = phases.part((phases.loop.get(x, -1) for x in lasts[i]), min(within[i])) if alone else ""
        cell.name = "each step"
        if part or not cell.joint:
            turns = returning(repetition, cell)
            nodes = [x for g in turns or cell.groups for x in repetition.groups[g]]
            loops = frozenset(phases.loop[x] for x in nodes if x in phases.loop)
            loops = first.setdefault(_weights(lasts[i]) or i, loops)
            paths = [x.scope.split("/") for x in lasts[i] if x.scope]
            scope = clean("/".join(commonprefix(paths)))  # noqa: RUF071  of paths as lists of their parts
            places[i] = CellPlace(scope, part, loops, WAYS.get(next(iter(turns.values()), 0), ""))
    for i, words in zip(places, told_apart([*places.values()], phases), strict=True):
        cell_groups[i].name = f"{words}/{places[i].scope}".strip("/") or class_of(lasts[i]) or "cell"


def _weights(nodes: list[Node]) -> tuple[tuple[int, str], ...]:
    """Returns the parameters that the ops of a cell read, in order, each with the part of it."""
    read = [chain(x) for node in nodes for x in node.inputs]
    return tuple((id(source), tag_of(views)) for *views, source in read if isinstance(source, Parameter))


def class_of(nodes: Iterable[Node]) -> str:
    """Returns the class of a cell, told by the parameters of its ops; nothing of a function, or of several."""
    sources = {chain(x)[-1] for node in nodes for x in node.inputs}
    homes = {x.home for x in sources if isinstance(x, Parameter)} - {""}
    return homes.pop() if len(homes) == 1 else ""


def names(folded: Folded, options: Options) -> frozenset[str]:
    """Returns the user's names and tokens, which stay in every language, also where they are like words of ours."""
    tokens = options.tokens.values() if isinstance(options.tokens, Mapping) else options.tokens
    return frozenset([*folded.own, *(clean(str(x)) for x in (() if tokens is None else tokens))])


def heading(folded: Folded, options: Options, view: str) -> str:
    """Returns the title as it is shown, by default what is drawn: ``GRU, 2 layers, both directions, 20 steps``."""
    if options.heading is not None:
        return options.heading
    homes = dict.fromkeys(x.home for x in folded.uses if isinstance(x, Parameter) and x.home)
    words = [" and ".join(homes) or ("Recurrent network" if folded.steps else "Network"), *_layers_and_ways(folded)]
    counts = Counter(phase for phase, _ in folded.columns())
    many = len(counts) > MOST
    words += [f"{len(counts)} parts" if many else " and ".join(folded.phases.names)] * (len(counts) > 1)
    long = str(counts.total()) if many else " + ".join(_lengths(folded).get(p, str(counts[p])) for p in sorted(counts))
    words += [f"{long} step{'s' * (long != '1')}"] * bool(counts)
    words += [view] * bool(folded.steps or view != "unrolled")
    return ", ".join(words)


def _layers_and_ways(folded: Folded) -> list[str]:
    """Returns ``2 layers`` and ``both directions``, where all networks that are drawn have them."""
    loop, turns = folded.phases.loop, folded.phases.turns
    places = folded.phases.places(frozenset([i]) for i in turns if i in folded.phases.carrying)
    network = {i: at[0] for (i,), at in places.items()}
    turned = two_ways((at, WAYS.get(turns[i], "")) for (i,), at in places.items())
    said = []
    for n in {*network.values()} or {1}:
        scopes = {x.scope for x in folded.nodes if network.get(loop.get(x, -1), n) == n}
        rooms = {room for scope in scopes for room in scope.split("/")}
        layers = sum(re.fullmatch(r"layer\d+", room) is not None for room in rooms)
        layers = layers or max(depths(folded).values(), default=0)
        both = ["both directions"] * (n in turned or {"forward", "backward"} <= rooms)
        said.append([f"{layers} layers"] * (layers > 1) + both)
    return said[0] if all(x == said[0] for x in said) else []


def _lengths(folded: Folded) -> dict[int, str]:
    """Returns for how many steps the cells of each phase run: ``3 and 5``; nothing of a single loop."""
    steps: dict[tuple[int, frozenset[int]], set[int]] = {}
    for x, loops in runs(folded).items():
        if (column := folded.column(x)) and loops & folded.phases.carrying:
            steps.setdefault((column[0], loops), set()).add(column[1])
    lengths = {p: dict.fromkeys(str(len(at)) for (q, _), at in steps.items() if p == q) for p, _ in steps}
    return {p: " and ".join(x) for p, x in lengths.items()}


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
