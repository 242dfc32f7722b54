"""How much of a graph one picture shows: ops, cells, layers or the whole; all time steps, or the first and the last."""

from __future__ import annotations

from collections.abc import Hashable

from ...core.node import Node
from ..labels import clean, op_words
from ..options import Options
from .cells import cells
from .ellipsis import elide, like
from .folding import Folded
from .grouping import join
from .naming import name_cells
from .regions import regions
from .repetition import Repetition, repetition
from .representatives import common_name
from .roles import LOOKUPS

SHORT, LONG = 8, 25
"""Unless told, of more steps than SHORT some are left out, and of more than LONG a cell at a step is one box."""
SHOWN = {"op": (3, 2), "cell": (6, 4)}
"""Steps that are shown before and after the dots, unless told."""

Homes = tuple[dict[Node, Hashable], dict[Hashable, str]]
"""Of each box that is joined with others the home that they share, and the names of the homes."""


def arranged(folded: Folded, role: dict[Node, str], roots: list[Node], options: Options) -> tuple[Folded, str]:
    """What is drawn of a graph, and in words what of it is not seen."""
    level, told = _level(folded, options)
    several = level != "op" or _hidden(folded, options, level)
    found = repetition(folded) if several else None
    kinds = like(folded, found) if several else {}
    if level != "op":
        folded.initial = regions(folded).states
        role |= dict.fromkeys(folded.initial, "state")
        folded, word = _joined(folded, role, found, level)
        told.append(word)
    hidden = _hidden(folded, options, level)
    if hidden:
        count, many = len(folded.nodes), _too_many(folded, options)
        folded = elide(folded, kinds, hidden, roots)
        why = f", for max_nodes = {options.max_nodes} of {count} boxes" if many else ""
        told.append(f"the dots are {len(hidden)} steps of {len(folded.steps)}{why}")
    return folded, "; ".join(x for x in told if x)


def _level(folded: Folded, options: Options) -> tuple[str, list[str]]:
    """The level to draw at, and why it is not the one asked for."""
    if options.level == "auto" and len(folded.steps) > LONG:
        return "cell", []
    if options.level in ("auto", "op") and not folded.steps and _too_many(folded, options):
        return "layer", [f"{len(folded.nodes)} boxes are joined, for max_nodes = {options.max_nodes}"]
    return ("op" if options.level == "auto" else options.level), []


def _too_many(folded: Folded, options: Options) -> bool:
    return options.max_nodes is not None and len(folded.nodes) > options.max_nodes


def _hidden(folded: Folded, options: Options, level: str) -> list[int]:
    """The steps to leave out, in the middle of time; a single one is not worth its dots."""
    steps = sorted({x.step for x in folded.nodes if x.step is not None})
    if _too_many(folded, options) and options.max_nodes:
        shown = max(options.max_nodes * len(steps) // len(folded.nodes) - 1, 2)
        first, last = shown - shown * 2 // 5, shown * 2 // 5
    elif options.level == "auto" and len(steps) > (SHORT if level == "op" else LONG):
        first, last = SHOWN[level]
    else:
        return []
    hidden = steps[first : len(steps) - last]
    return hidden if len(hidden) > 1 else []


def _joined(folded: Folded, role: dict[Node, str], found: Repetition | None, level: str) -> tuple[Folded, str]:
    """The graph at a higher level, with the roles of its boxes added; and what there is to say of it."""
    homes, names = _cells(folded, role, found) if level == "cell" else _layers(folded, role, found, level)
    if not homes:
        return folded, f"op by op, for no {level} is found"
    states = {x for x in homes if role[x] == "state"}
    made = join(folded, homes, names, states, timeless=level != "cell")
    if made is None:
        return folded, f"op by op, for its {level}s feed each other both ways"
    for stand, part in made.parts.items():
        role[stand] = "state" if any(x in states for x in part.held) else role[part.told[-1]]
    return made, ""


def _cells(folded: Folded, role: dict[Node, str], found: Repetition | None) -> Homes:
    """A home each cell and step; losses and data keep boxes of their own."""
    homes: dict[Node, Hashable] = {}
    names: dict[Hashable, str] = {}
    for i, name, node in _placed(folded, found):
        if node.step is not None and role[node] in ("op", "state"):
            homes[node] = (i, node.step)
            names[i, node.step] = name
    return homes, names


def _placed(folded: Folded, found: Repetition | None) -> list[tuple[Hashable, str, Node]]:
    """Each op of a cell with its cell's number and name; where nothing repeats a scope is a cell."""
    placed: dict[Node, tuple[Hashable, str]] = {}
    made = cells(folded, found) if found is not None else []
    if found is not None:
        name_cells(found, made)
        for i, cell in enumerate(made):
            placed |= {x: (i, cell.name) for g in cell.groups for x in found.groups[g]}
    single = (0, made[0].name) if len(made) == 1 else None
    for node in folded.nodes:
        if (
            node.op is not None
            and node not in placed
            and not _reads(folded, node)
            and (node.step is not None or found is None)
        ):
            by_scope = (node.scope, clean(node.scope, 24) or "cell")
            placed[node] = single or by_scope
    return [(*placed[x], x) for x in folded.nodes if x in placed]


def _reads(folded: Folded, node: Node) -> bool:
    """Whether a box only looks up data, ``X[t]``."""
    return node.op is not None and node.op.name in LOOKUPS and not folded.arrows[node]


def _layers(folded: Folded, role: dict[Node, str], found: Repetition | None, level: str) -> Homes:
    """A home each layer, of all steps, or one for the whole; each kind of data and of loss has its own."""
    homes, names = _whole(folded, role) if level == "whole" else _by_layer(folded, role, found)
    for g, members in enumerate(found.groups) if found is not None else ():
        for node in members if len(members) > 1 else ():
            if node not in homes and node in folded.arrows:
                homes[node] = g
                names[g] = common_name(found, members) or _kind(node)  # type: ignore[arg-type]
    return homes, names


def _whole(folded: Folded, role: dict[Node, str]) -> Homes:
    inner = [x for x in folded.nodes if x.op is not None and role[x] in ("op", "state") and not _reads(folded, x)]
    return dict.fromkeys(inner, "whole"), {"whole": "network" + _times(len(folded.steps))}


def _by_layer(folded: Folded, role: dict[Node, str], found: Repetition | None) -> Homes:
    homes: dict[Node, Hashable] = {}
    runs: dict[Hashable, set[int]] = {}
    words: dict[Hashable, str] = {}
    for i, name, node in _placed(folded, found):
        if role[node] in ("op", "state") and (node.scope or folded.steps):
            homes[node] = key = ("layer", i)
            words[key] = name
            runs.setdefault(key, set()).update([] if node.step is None else [node.step])
    return homes, {key: name + _times(len(runs[key])) for key, name in words.items()}


def _times(steps: int) -> str:
    return f" × {steps}" if steps else ""


def _kind(node: Node) -> str:
    return "data" if node.op is None or node.op.name in LOOKUPS else op_words(node.op.name)
