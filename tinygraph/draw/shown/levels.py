"""Level of detail of a picture: ops, cells, layers or the whole; all time steps, or some of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from itertools import groupby
from typing import Any, NamedTuple

from ...core.node import Node
from ...core.scope import InnerStep
from ..labels import clean, op_words
from ..options import Options
from .depth import Homes, depths, layered
from .ellipsis import chosen, elide, like
from .folding import Folded, When
from .grouping import join
from .letters import known
from .naming import class_of, named_cells
from .regions import regions
from .repetition import Repetition, find_repetition
from .representatives import common_letter, common_name
from .roles import LOOKUPS, looks_up, roles

SHORT, LONG = 8, 25
"""With level "auto": above SHORT steps some are hidden; above LONG steps a cell at one step is one box."""
ENDS = {"op": ((3, 2), (2, 1)), "cell": ((6, 4), (3, 2))}
"""How many steps are shown before and after the dots, per level: as many as there is room for."""
BRIEF = ((3, 2), (2, 1), (1, 1))
"""The same for a picture that has to fit an area."""
SAYS = {
    "cell": "a box is a cell at one step",
    "layer": "a box is a cell at all steps",
    "outline": "a box is a cell at all steps, ops between and after cells are joined",
    "whole": "one box for all cells",
}
TIMELESS = {"layer": "a box is a layer", "outline": "a box is a layer, or several", "whole": "one box for all layers"}


class Detail(NamedTuple):
    """What a picture shows: its level, how many steps, or layers, at both ends (None: all), and how terse boxes are.

    A terse box has its title alone, without shape and norm; 2: a joined one without its parameters, too. ``spare``:
    whether steps of this level can be left out.
    """

    level: str
    ends: tuple[int, int] | None = None
    terse: int = 0
    spare: bool = False


class Levels:
    """A graph at any level of detail."""

    def __init__(self, ops: Folded, roots: list[Node], options: Options) -> None:
        self.ops, self.roots, self.options = ops, roots, options

    @cached_property
    def repetition(self) -> Repetition | None:
        return find_repetition(self.ops)

    @cached_property
    def roles(self) -> dict[Node, str]:
        """The role of each op; `arranged` adds those of joined boxes to a copy."""
        return roles(self.ops, self.roots)

    @cached_property
    def kinds(self) -> dict[Node, int]:
        """Numbers of the boxes with a step: those that do the same at different steps have the same."""
        return like(self.ops, self.repetition)

    @cached_property
    def longest(self) -> int:
        """The number of steps of the longest phase."""
        return max((len(list(run)) for _, run in groupby(self.ops.columns(), lambda c: c[0])), default=0)

    def details(self) -> Iterator[Detail]:
        """Yields what may be shown, from the most to the least."""
        level = self.options.level
        joins = not self.longest and _too_many(self.ops, self.options)
        if level in ("auto", "op") and joins:
            yield Detail("layer")
        elif self.options.fit is not None:
            yield from self._brief()
        elif level != "auto":
            yield Detail(level)
        elif not self.longest or self.options.steps is not None:
            yield from map(Detail, ("op", "cell") if self.longest else ("op",))
        else:
            yield from self._usual()

    def _usual(self) -> Iterator[Detail]:
        for level, most in (("op", SHORT), ("cell", LONG)):
            tries: list[tuple[int, int] | None] = [None] * (self.longest <= most)
            if self.longest <= LONG or level == "cell":
                tries += [ends for ends in ENDS[level] if sum(ends) + 1 < self.longest]
            yield from (Detail(level, ends, spare=ends is not tries[-1]) for ends in tries)

    def _brief(self) -> Iterator[Detail]:
        """All steps, then few; at each level boxes with their shapes first."""
        timed, deep = bool(self.longest), max(depths(self.ops).values(), default=0)
        named = {"auto": ("op", *["cell"] * timed, "layer", "outline", "whole"), "layer": ("layer", "outline")}
        for level in named.get(self.options.level, (self.options.level,)):
            most = self.longest if level in ("op", "cell") and self.options.steps is None else 0
            most = deep if level == "outline" and not timed else most
            few: list[tuple[int, int] | None] = [x for x in BRIEF if sum(x) + 1 < most]
            for ends in few if few and (most > LONG or not timed) else [None, *few]:
                yield from (Detail(level, ends, terse) for terse in ((0, 2) if timed else (0, 1, 2)))

    def arranged(self, role: dict[Node, str], detail: Detail) -> tuple[Folded, str]:
        """Returns the graph as drawn, and a text that says what of it is hidden; adds the roles of joined boxes."""
        folded, notes, says = self.ops, list[str](), SAYS if self.longest else SAYS | TIMELESS
        if detail.level == "layer" and self.options.level in ("auto", "op") and self.options.fit is None:
            notes.append(f"{len(folded.nodes)} boxes are joined, for max_nodes = {self.options.max_nodes}")
        elif detail.level != self.options.level:
            notes.append(says.get(detail.level, ""))
        if detail.level == "op" and any(type(x._place[0]) is InnerStep for x in folded.nodes):
            notes.append("a loop within a step is in its column")
        if detail.terse:
            notes.append("without shapes and norms" if self.options.has_gradients else "without shapes")
        runs = self._hidden(folded, detail)
        kinds = self.kinds if runs or detail.level != "op" else {}
        if detail.level != "op":
            where = regions(folded)
            folded = replace(folded, initial=where.states | where.starts)
            role |= dict.fromkeys(folded.initial or (), "state")
            folded, word = _joined(folded, role, self.repetition, detail)
            notes = [*(x for x in notes if not word or x != says[detail.level]), word]
            runs = self._hidden(folded, detail)
        if runs:
            over = _too_many(folded, self.options)
            why = f", for max_nodes = {self.options.max_nodes} of {len(folded.nodes)} boxes" if over else ""
            count = sum(map(len, runs))
            for run in runs:
                folded = elide(folded, kinds, run, self.roots)
            notes.append(f"the dots are {count} step{'s' * (count > 1)} of {len(self.ops.columns())}{why}")
        return folded, "; ".join(x for x in notes if x)

    def _hidden(self, folded: Folded, detail: Detail) -> list[list[When]]:
        """Returns the columns to hide, in runs; a single one is shown unless asked, because dots take as much room."""
        phases = [list(run) for _, run in groupby(folded.columns(), lambda c: c[0])]
        if self.options.steps is not None:
            parted = (groupby(x, chosen(phases, x, self.options.steps).__contains__) for x in phases)
            return [list(run) for runs in parted for kept, run in runs if not kept]
        ends = detail.ends
        if _too_many(folded, self.options) and self.options.max_nodes:
            count = max(self.options.max_nodes * sum(map(len, phases)) // len(folded.nodes) - 1, 2)
            ends = count - count * 2 // 5, count * 2 // 5
        if ends is None:
            return []
        runs = [phase[ends[0] : len(phase) - ends[1]] for phase in phases]
        return [run for run in runs if len(run) > 1]


def _too_many(folded: Folded, options: Options) -> bool:
    return options.max_nodes is not None and len(folded.nodes) > options.max_nodes


def _joined(folded: Folded, role: dict[Node, str], repetition: Repetition | None, detail: Detail) -> tuple[Folded, str]:
    """Returns the graph with joined boxes, and a note if the level is not possible; adds the roles of the new boxes."""
    level, placed = detail.level, _placed(folded, repetition)
    inner = {x: t.other for _, _, x in placed if type(t := x._place[0]) is InnerStep}
    for x in folded.nodes[::-1] if inner else ():  # what only casts or reshapes data for an inner loop belongs to it
        near = [y.source for y in folded.arrows[x] if x in inner and y.source.step == x.step]
        inner |= {y: inner[x] for y in near if y.op is not None and len(y.inputs) == 1 and y not in inner}
    find: Any = {"cell": _cells, "layer": _by_layer, "outline": _outline, "whole": _whole}[level]
    find = partial(layered, detail.ends) if not folded.steps and level in ("layer", "outline") else find
    for turn in (inner, {}) if inner else ({},):
        homes, names = find(folded, role, _apart(placed, turn), turn)
        if repetition is not None and level != "cell":
            _add_families(folded, repetition, homes, names)
        if not homes:
            return folded, f"op by op, for no {level.replace('outline', 'layer')} is found"
        states = {x for x in homes if role[x] == "state"}
        joined = join(folded, homes, names, states, timeless=level != "cell")
        if joined is not None:
            break
    else:
        return folded, f"op by op, for its {level.replace('outline', 'layer')}s feed each other both ways"
    carrying = {part.name for part in joined.parts.values() if not states.isdisjoint(part.held)}
    for stand, part in joined.parts.items():  # the last step hands its state on to none
        role[stand] = "state" if part.name in carrying else role[part.shown[-1]]
    return joined, ""


PlacedOps = list[tuple[Hashable, str, Node]]
"""Cell, name of the cell, and op."""


def _apart(placed: PlacedOps, turn: dict[Node, int]) -> PlacedOps:
    """Parts from a cell the loops within its steps, of which ``turn`` has the steps."""
    name = class_of(turn) or "inner cell"
    return [((i, "inner"), name, x) if x in turn else (i, word, x) for i, word, x in placed]


def _cells(folded: Folded, role: dict[Node, str], placed: PlacedOps, turn: dict[Node, int]) -> Homes:
    """One group per cell and step; losses and data keep boxes of their own."""
    homes: dict[Node, Hashable] = {}
    names: dict[Hashable, str] = {}
    turns: dict[Hashable, set[int]] = {}
    for i, name, node in placed:
        if node.step is not None and role[node] in ("op", "state"):
            homes[node] = key = (i, node.step)
            names[key] = name
            turns.setdefault(key, set()).update([turn[node]] if node in turn else [])
    return homes, {key: name + _times(len(turns[key])) for key, name in names.items()}


def _placed(folded: Folded, repetition: Repetition | None) -> PlacedOps:
    """Returns (cell, cell name, op) for each op of a cell; if nothing repeats, each scope is a cell."""
    placed: dict[Node, tuple[Hashable, str]] = {}
    cell_groups = named_cells(folded, repetition) if repetition is not None else []
    if repetition is not None:
        for i, cell in enumerate(cell_groups):
            placed |= {x: (i, cell.name) for g in cell.groups for x in repetition.groups[g]}
    single = (0, cell_groups[0].name) if len(cell_groups) == 1 else None
    others = [x for x in folded.nodes if x.op is not None and x not in placed and not looks_up(folded, x)]
    for node in others:
        if node.step is not None or repetition is None:
            placed[node] = single or (node.scope, clean(node.scope, 24) or "cell")
    return [(*placed[x], x) for x in folded.nodes if x in placed]


def _add_families(folded: Folded, repetition: Repetition, homes: dict[Node, Hashable], names: Any) -> None:
    """Join each group of data or losses over all steps, too."""
    for g, members in enumerate(repetition.groups):
        for node in members if len(members) > 1 else ():
            if node not in homes and node in folded.arrows:
                homes[node] = g
                kind = "data" if node.op is None or node.op.name in LOOKUPS else op_words(node.op.name)
                names[g] = common_name(repetition, members) or common_letter(members, folded) or kind


def _whole(folded: Folded, role: dict[Node, str], *_: Any) -> Homes:
    inner = [x for x in folded.nodes if x.op is not None and role[x] in ("op", "state") and not looks_up(folded, x)]
    starts = [x for x in folded.nodes if x.op is None and role[x] == "state"]
    homes: dict[Node, Hashable] = dict.fromkeys(inner, "whole")
    homes |= dict.fromkeys(starts if len(starts) > 1 else [], "starts")
    data = [x for x in folded.nodes if role[x] == "input"]
    homes |= dict.fromkeys(data if len(data) > 1 else [], "data")
    names: dict[Hashable, str] = {"starts": "initial states", "data": common_letter(data, folded) or "data"}
    return homes, names | {"whole": "network" + _times(len(folded.columns()))}


def _by_layer(folded: Folded, role: dict[Node, str], placed: PlacedOps, turn: dict[Node, int]) -> Homes:
    homes: dict[Node, Hashable] = {}
    runs: dict[Hashable, Counter[tuple[int, Any]]] = {}
    words: dict[Hashable, str] = {}
    for i, name, node in placed:
        if role[node] in ("op", "state"):
            homes[node] = key = ("layer", i)
            words[key] = name
            column = folded.column(node)
            at = [] if column is None else [(column[0], (column[1], turn.get(node)))]
            runs.setdefault(key, Counter()).update(at)
    return homes, {key: name + _times(_runs(runs[key])) for key, name in words.items()}


def _outline(folded: Folded, role: dict[Node, str], placed: PlacedOps, turn: dict[Node, int]) -> Homes:
    """Also the ops before, between or after the same cells are one box; what is between has the names of its lines."""
    homes, names = _by_layer(folded, role, placed, turn)
    below: dict[Node, frozenset[Hashable]] = {}
    leading = {*homes}
    for node in folded.nodes if homes else ():
        sources = [x.source for x in folded.arrows[node]]
        below[node] = frozenset(homes[x] for x in sources if x in homes).union(*(below[x] for x in sources))
    for node in reversed(folded.nodes):
        leading.update(x.source for x in folded.arrows[node] if node in leading)
    outside: dict[Hashable, list[Node]] = {}
    for node in below:
        if node not in homes and node.op is not None and role[node] in ("op", "state") and not looks_up(folded, node):
            outside.setdefault((below[node], node in leading), []).append(node)
    homes |= {x: key for key, members in outside.items() for x in members}
    read_by: dict[Hashable, list[Node]] = {key: [] for key in outside}
    for x in [x for x in below if role[x] == "loss"]:
        for key in {homes.get(y.source) for y in folded.arrows[x]} & outside.keys():
            read_by[key].append(x)
    for key, members in outside.items():
        said = ", ".join(dict.fromkeys(word for node in members if (word := clean(known(node, folded.letters)))))
        names[key] = said if 0 < len(said) <= LONG else "between" if leading & {*members} else "after"
        if len(losses := read_by[key]) == 1 and losses[0] not in homes:  # what leads to one loss alone is of it
            homes[losses[0]], names[key] = key, clean(known(losses[0], folded.letters)) or "loss"
    return homes, names


def _runs(ops: Counter[tuple[int, Any]]) -> int:
    """How often a cell is run, given its ops in each column; a phase may only read what it is run on in another one."""
    several = len({phase for phase, _ in ops}) > 1
    return sum(not several or 2 * n >= max(ops.values()) for n in ops.values())


def _times(steps: int) -> str:
    return f" × {steps}" if steps else ""
