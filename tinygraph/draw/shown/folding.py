"""Which nodes get a box, and which fold into a box: parameters, numbers, cuts, chains of sums."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ...core.graph import ancestors
from ...core.leaves import Constant
from ...core.node import Node
from ...core.traced import Traced
from ..labels import shape
from .by_use import by_use
from .letters import entrances, known, letters
from .padding import counted, is_mask, is_masked, is_zero, padded, zeros_within
from .phases import Phases, phases, steps_of
from .same_names import full_names, short_names
from .slices import RESHAPED, by_op, is_part, short_index
from .sums import chained, stacked


class Chip(NamedTuple):
    """A parameter shown inside the op that uses it; ``text`` is its name with the views applied to it, as ``W.T``."""

    parameter: Node
    text: str


class Inline(NamedTuple):
    """A small constant written into its op: ``0.5``, or ``2``; ``whole`` for integers: indices, labels, masks."""

    text: str
    whole: bool


class Padding(Inline):
    """The mask of the real steps, or of rows that start anew: its text says how many."""

    __slots__ = ()


class Link(NamedTuple):
    """An arrow from the box of ``source``; ``cut`` if a stop_gradient lies on it.

    ``user`` and ``slot``: the node that uses the value, and the position among its inputs; ``views``: the slices and
    other views without a box that lie between, from the source on.
    """

    source: Node
    cut: bool
    user: Node
    slot: int
    views: tuple[Node, ...] = ()

    @property
    def entry(self) -> tuple[Node, int]:
        """The node that reads the source itself, and the position there."""
        return (self.views[0], 0) if self.views else (self.user, self.slot)


class Several(NamedTuple):
    """The values of all steps that an op outside of time uses together; the stack between them gets no box."""

    links: tuple[Link, ...]


Operand = Chip | Inline | Link | Several
When = tuple[int, int]
"""Phase and step."""


@dataclass
class Joined:
    """A joined box: its ``name``, the nodes that it ``held``, those whose gradient is ``shown``; if it ``attends``."""

    name: str
    held: list[Node]
    shown: list[Node]
    attends: bool = False


@dataclass
class Folded:
    """What a picture of a graph shows.

    Attributes:
        nodes: the nodes with a box, in topological order.
        operands: maps each box to its operands, in the order of the op's inputs.
        uses: maps each parameter to the number of boxes that use it.
        names: maps each parameter to its name in the picture.
        arrows: maps each box to the links that lead to it.
        parts: maps each joined box to its content.
        bundles: maps each link from or to a joined box to the original links.
        dots: the boxes that stand for hidden steps.
        dotted: maps each column that is drawn as dots to the first and the last of the steps for which it stands.
        padding: maps columns to what is said of padding in them.
        parted: maps each link from a row of joined outputs to the part of the row that it carries.
        phases: the loops over time of which one starts from another's result; each has columns of its own.
        steps: all time steps, hidden ones included.
        initial: the initial states, if they were computed before boxes were joined.
        fans: maps each box to the number of links that start there, including those that are not drawn.
        letters: maps nodes to the names in the lines that made them.
        own: the names that the user gave, in these lines, to nodes and to classes of cells.
        carried: the names of states, which cross from one step to another.
        inputs: the boxes that are called x₀, x₁, ..., for what each step reads of unnamed data.
        spoken: the names of operands that were told, which are the same whatever is joined or hidden.
    """

    nodes: list[Node] = field(default_factory=list)
    operands: dict[Node, list[Operand]] = field(default_factory=dict)
    uses: dict[Node, int] = field(default_factory=dict)
    names: dict[Node, str] = field(default_factory=dict)
    arrows: dict[Node, list[Link]] = field(default_factory=dict)
    parts: dict[Node, Joined] = field(default_factory=dict)
    bundles: dict[Link, list[Link]] = field(default_factory=dict)
    dots: set[Node] = field(default_factory=set)
    dotted: dict[When, tuple[int, int]] = field(default_factory=dict)
    padding: dict[When, str] = field(default_factory=dict)
    parted: dict[Link, tuple[slice, ...]] = field(default_factory=dict)
    phases: Phases = field(default_factory=Phases)
    steps: list[int] = field(default_factory=list)
    initial: set[Node] | None = None
    fans: Counter[Node] = field(default_factory=Counter)
    letters: dict[Node, str] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    carried: set[str] = field(default_factory=set)
    inputs: set[Node] = field(default_factory=set)
    spoken: dict[Link, str] = field(default_factory=dict)

    def column(self, node: Node) -> When | None:
        """Returns phase and step of a box; None outside of time."""
        return self.phases.column(node)

    @cached_property
    def members(self) -> dict[When, list[Node]]:
        """The boxes of each column, in topological order; columns from left to right."""
        members: dict[When, list[Node]] = {}
        for node in self.nodes:
            column = self.phases.column(node)
            if column is not None:
                members.setdefault(column, []).append(node)
        return dict(sorted(members.items(), key=lambda item: item[0]))

    @cached_property
    def crossing(self) -> set[Node]:
        """The values that cross from one time step to another."""
        timed = [(t, self.arrows[x]) for x in self.nodes if (t := x.step) is not None]
        return {x.source for t, links in timed for x in links if x.source.step not in (None, t)}

    def columns(self) -> list[When]:
        """Returns phase and step of each column, from left to right."""
        return [*self.members]

    def span(self, node: Node) -> tuple[int, int]:
        """Returns the first and the last step for which a box of dots stands."""
        first, last = self.dotted.get(self.column(node) or (0, 0)) or next(iter(self.dotted.values()))
        return first, last if node.step is None else min(last, node.step)


_VIEWS = {"transpose": ".T", "swapaxes": ".T", "reshape": "", "broadcast_to": "", "getitem": "", "astype": ""}
LOSSES = {"softmax_cross_entropy", "sigmoid_cross_entropy", "squared_error"}
"""Loss ops, which take an output and a target."""
_FOLDING = {"add", "stop_gradient", "where", *_VIEWS, *RESHAPED}
"""Ops that may have no box."""
_SMALL = 4
"""The longest list of integers that a title writes out."""


def fold(roots: list[Node], *, alike: bool = False) -> Folded:
    """Decide which ancestors of the roots get a box; ``alike``: so does ``0 + a`` of a step, where a sum starts."""
    nodes = ancestors(roots)
    ops, times = by_op(nodes), phases(roots, nodes)
    folded = Folded(names=full_names(nodes, times), phases=times, letters=letters(nodes, times.loop))
    chips, kept = short_names(folded.names), set(roots)
    in_sums, stacks, zeros = chained(ops, kept), stacked(ops, kept), zeros_within(ops)
    folded.padding = padded(nodes, ops, folded.phases)
    stands: dict[Node, Operand] = {}
    sums: dict[Node, list[Operand]] = {}
    for node in nodes:
        if node.op is None or (node not in kept and _counts(node, stands)):
            stands[node] = Inline(f"zeros {shape(node.shape)}", False) if node in zeros else _leaf(node, chips, kept)
            continue
        operands = [_used(stands[x], node, slot) for slot, x in enumerate(node.inputs) if x not in sums]
        inner = [sums.pop(x) for x in node.inputs if x in sums] if sums else []
        for chain in inner:
            # Extend the longer list in place: a sum over T steps then takes time linear in T.
            chain.extend(operands)
            operands = chain
        if node in in_sums:
            sums[node] = operands
            continue
        folded.operands[node] = operands
        links = tuple(x for x in operands if type(x) is Link) if node in stacks else ()
        if links and len(links) == len(operands):
            stands[node] = Several(links)
        else:
            has_box = node in kept or (alike and node.op.name == "add" and node.step is not None)
            alias = None if has_box else _alias(node, operands, folded.letters)
            stands[node] = alias or Link(node, False, node, 0)
    _collect(folded, nodes, kept, stands)
    homes = (getattr(x, "home", "") for x in folded.names)
    folded.own = {*folded.letters.values(), *(x.name or "" for x in folded.nodes), *homes}
    folded.letters |= by_use(nodes, ops, folded.letters)
    entering = entrances(folded.nodes, folded.letters, times.loop)
    folded.inputs = {x for x in entering if not entering[x].endswith("h₀")}
    folded.letters |= entering
    folded.carried = {name for x in folded.crossing if not (name := known(x, folded.letters)).endswith("]")}
    return folded


def _leaf(node: Node, chips: dict[Node, str], kept: set[Node]) -> Operand:
    link = Link(node, False, node, 0)
    if node in kept:
        return link
    if node in chips:
        return Chip(node, chips[node])
    if is_mask(node):
        return Padding(counted(node), True)
    if node.name or isinstance(node, Traced):
        return link
    if not node.shape:
        x = node.item()
        return Inline(str(x) if isinstance(x, (bool, int)) else f"{x:.3g}", node.dtype.kind != "f")
    if node.dtype.kind == "f":
        return link
    few = node.size <= _SMALL and node.ndim == 1
    return Inline(", ".join(str(x) for x in node.value.tolist()) if few else f"ids {shape(node.shape)}", True)


def _counts(node: Node, stands: dict[Node, Operand]) -> bool:
    """Whether it is computed of whole numbers and masks alone, as the order in which sequences of lengths are read."""
    return node.dtype.kind in "iub" and not node.name and all(isinstance(stands.get(x), Inline) for x in node.inputs)


def _used(stand: Operand, user: Node, slot: int) -> Operand:
    """Returns the operand for an input of ``user``; slices of data and unnamed targets of a loss become inline text."""
    if type(stand) is not Link:
        return stand
    source, op = stand.source, user.op
    if isinstance(source, Constant) and op is not None:
        if op.name in ("getitem", "take") and source.step is None and user.step is not None:
            return Inline(source.name or "data", False)
        if slot == 1 and is_masked(user, "reset") and is_zero(source):
            return Inline("0", False)
        if op.name in LOSSES and not source.name and slot:
            return Inline(f"{'zeros' if is_zero(source) else 'data'} {shape(source.shape)}", True)
    return Link(source, stand.cut, user, slot, stand.views)


def _alias(node: Node, operands: list[Operand], letters: dict[Node, str]) -> Operand | None:
    """Returns the operand that replaces a node without a box (a cut, or a view of a parameter), else None."""
    op, first = node.op, operands[0] if operands else None
    if op is None or op.name not in _FOLDING:
        return None
    if op.name == "add" and len(operands) == 2 and [x.text for x in operands if type(x) is Inline] == ["0"]:
        start = next((x for x in operands if type(x) is Link), None)  # a sum starts from it
        if start and node.step not in (None, start.source.step):
            return None  # what a step reads of an earlier one has its place there
        if start and node in letters and start.source.step == node.step:
            letters.setdefault(start.source, letters[node])
        return start
    if is_masked(node, "reset") and type(operands[1]) is Inline and not np.all(node.inputs[0].value):
        return operands[2]  # the rows are told under their column
    if op.name == "stop_gradient":
        return first._replace(cut=True) if type(first) is Link else first
    if type(first) is Chip and op.name in _VIEWS and not node.name:
        return Chip(first.parameter, first.text + (short_index(node) if op.name == "getitem" else _VIEWS[op.name]))
    if type(first) is Link and is_part(node, first.source):
        return first._replace(views=(*first.views, node))
    return None


def _collect(folded: Folded, nodes: list[Node], kept: set[Node], stands: dict[Node, Operand]) -> None:
    """Keep only the boxes that a root depends on, and count the uses of parameters."""
    shown, arrows = set(kept), dict[Node, list[Link]]()
    for box, operands in folded.operands.items():
        arrows[box] = [
            y for x in operands for y in ((x,) if type(x) is Link else x.links if type(x) is Several else ())
        ]
    for node in reversed(nodes):
        if node in shown and node in arrows:
            shown.update([x.source for x in arrows[node]])
    folded.nodes = [x for x in nodes if x in shown]
    folded.steps = steps_of(folded.nodes)
    folded.operands = {x: folded.operands.get(x, []) for x in folded.nodes}
    folded.arrows = {x: arrows.get(x, []) for x in folded.nodes}
    folded.fans = Counter(y.source for ys in folded.arrows.values() for y in ys)
    chips = ({x.parameter for x in operands if type(x) is Chip} for operands in folded.operands.values())
    uses = Counter(parameter for own in chips for parameter in own)
    folded.uses = dict(uses) | {x: uses[x] for x in kept & folded.names.keys()}


def crosses(link: Link) -> bool:
    """Whether an arrow leads from one time step to another."""
    before, after = link.source.step, link.user.step
    return before != after and before is not None and after is not None
