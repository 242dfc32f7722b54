"""Level of detail of a picture: ops, cells, layers or the whole; all time steps, or some of them."""

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
from .repetition import Repetition, find_repetition
from .representatives import common_name
from .roles import LOOKUPS

SHORT, LONG = 8, 25
"""With level "auto": above SHORT steps some are hidden; above LONG steps a cell at one step is one box."""
SHOWN = {"op": (3, 2), "cell": (6, 4)}
"""Default number of steps shown before and after the dots, per level."""

Homes = tuple[dict[Node, Hashable], dict[Hashable, str]]
"""Maps each joined box to the key of its group, and each key to the title of the joined box."""


def arranged(folded: Folded, role: dict[Node, str], roots: list[Node], options: Options) -> tuple[Folded, str]:
    """Returns the graph as drawn, and a text that says what of it is hidden."""
    level, notes = _level(folded, options)
    several = level != "op" or _hidden(folded, options, level)
    repetition = find_repetition(folded) if several else None
    numbers = like(folded, repetition) if several else {}
    if level != "op":
        folded.initial = regions(folded).states
        role |= dict.fromkeys(folded.initial, "state")
        folded, word = _joined(folded, role, repetition, level)
        notes.append(word)
    hidden = _hidden(folded, options, level)
    if hidden:
        count, over_limit = len(folded.nodes), _too_many(folded, options)
        folded = elide(folded, numbers, hidden, roots)
        why = f", for max_nodes = {options.max_nodes} of {count} boxes" if over_limit else ""
        notes.append(f"the dots are {len(hidden)} steps of {len(folded.steps)}{why}")
    return folded, "; ".join(x for x in notes if x)


def _level(folded: Folded, options: Options) -> tuple[str, list[str]]:
    """Returns the level to draw at, and a note if it differs from the requested one."""
    if options.level == "auto" and len(folded.steps) > LONG:
        return "cell", []
    if options.level in ("auto", "op") and not folded.steps and _too_many(folded, options):
        return "layer", [f"{len(folded.nodes)} boxes are joined, for max_nodes = {options.max_nodes}"]
    return ("op" if options.level == "auto" else options.level), []


def _too_many(folded: Folded, options: Options) -> bool:
    return options.max_nodes is not None and len(folded.nodes) > options.max_nodes


def _hidden(folded: Folded, options: Options, level: str) -> list[int]:
    """Returns the steps to hide, from the middle of time; a single step is shown, because dots take as much room."""
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


def _joined(folded: Folded, role: dict[Node, str], repetition: Repetition | None, level: str) -> tuple[Folded, str]:
    """Returns the graph with joined boxes, and a note if the level is not possible; adds the roles of the new boxes."""
    homes, names = _cells(folded, role, repetition) if level == "cell" else _layers(folded, role, repetition, level)
    if not homes:
        return folded, f"op by op, for no {level} is found"
    states = {x for x in homes if role[x] == "state"}
    joined = join(folded, homes, names, states, timeless=level != "cell")
    if joined is None:
        return folded, f"op by op, for its {level}s feed each other both ways"
    for stand, part in joined.parts.items():
        role[stand] = "state" if any(x in states for x in part.held) else role[part.shown[-1]]
    return joined, ""


def _cells(folded: Folded, role: dict[Node, str], repetition: Repetition | None) -> Homes:
    """One group per cell and step; losses and data keep boxes of their own."""
    homes: dict[Node, Hashable] = {}
    names: dict[Hashable, str] = {}
    for i, name, node in _placed(folded, repetition):
        if node.step is not None and role[node] in ("op", "state"):
            homes[node] = (i, node.step)
            names[i, node.step] = name
    return homes, names


def _placed(folded: Folded, repetition: Repetition | None) -> list[tuple[Hashable, str, Node]]:
    """Returns (cell, cell name, op) for each op of a cell; if nothing repeats, each scope is a cell."""
    placed: dict[Node, tuple[Hashable, str]] = {}
    cell_groups = cells(folded, repetition) if repetition is not None else []
    if repetition is not None:
        name_cells(repetition, cell_groups)
        for i, cell in enumerate(cell_groups):
            placed |= {x: (i, cell.name) for g in cell.groups for x in repetition.groups[g]}
    single = (0, cell_groups[0].name) if len(cell_groups) == 1 else None
    for node in folded.nodes:
        if (
            node.op is not None
            and node not in placed
            and not _reads(folded, node)
            and (node.step is not None or repetition is None)
        ):
            by_scope = (node.scope, clean(node.scope, 24) or "cell")
            placed[node] = single or by_scope
    return [(*placed[x], x) for x in folded.nodes if x in placed]


def _reads(folded: Folded, node: Node) -> bool:
    """Whether a box only looks up data, as ``X[t]`` does."""
    return node.op is not None and node.op.name in LOOKUPS and not folded.arrows[node]


def _layers(folded: Folded, role: dict[Node, str], repetition: Repetition | None, level: str) -> Homes:
    """One group per layer over all steps, or one for the whole graph; each group of data or losses is joined too."""
    homes, names = _whole(folded, role) if level == "whole" else _by_layer(folded, role, repetition)
    for g, members in enumerate(repetition.groups) if repetition is not None else ():
        for node in members if len(members) > 1 else ():
            if node not in homes and node in folded.arrows:
                homes[node] = g
                names[g] = common_name(repetition, members) or _kind(node)  # type: ignore[arg-type]
    return homes, names


def _whole(folded: Folded, role: dict[Node, str]) -> Homes:
    inner = [x for x in folded.nodes if x.op is not None and role[x] in ("op", "state") and not _reads(folded, x)]
    return dict.fromkeys(inner, "whole"), {"whole": "network" + _times(len(folded.steps))}


def _by_layer(folded: Folded, role: dict[Node, str], repetition: Repetition | None) -> Homes:
    homes: dict[Node, Hashable] = {}
    runs: dict[Hashable, set[int]] = {}
    words: dict[Hashable, str] = {}
    for i, name, node in _placed(folded, repetition):
        if role[node] in ("op", "state") and (node.scope or folded.steps):
            homes[node] = key = ("layer", i)
            words[key] = name
            runs.setdefault(key, set()).update([] if node.step is None else [node.step])
    return homes, {key: name + _times(len(runs[key])) for key, name in words.items()}


def _times(steps: int) -> str:
    return f" × {steps}" if steps else ""


def _kind(node: Node) -> str:
    return "data" if node.op is None or node.op.name in LOOKUPS else op_words(node.op.name)
