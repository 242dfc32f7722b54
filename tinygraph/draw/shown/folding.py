"""Which nodes get a box, and which fold into the box that uses them: parameters, numbers, cuts, chains of sums."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ...core.graph import ancestors
from ...core.leaves import Constant, Parameter
from ...core.node import Node
from ...core.traced import Traced
from ..labels import shape


class Chip(NamedTuple):
    """A parameter inside the op that uses it; ``text`` is its name and what was done to it, ``W.T``."""

    parameter: Node
    text: str


class Inline(NamedTuple):
    """A small constant written into its op: ``0.5``, or ``2``, ``whole`` as indices, labels and masks are."""

    text: str
    whole: bool


class Link(NamedTuple):
    """An arrow from the box of ``source``; ``cut`` where a stop_gradient lies on it.

    ``user`` and ``slot``: the node and the place among its inputs through which the value is used.
    """

    source: Node
    cut: bool
    user: Node
    slot: int


class Several(NamedTuple):
    """The steps' values that an op outside of time takes together: their stack gets no box of its own."""

    links: tuple[Link, ...]


Operand = Chip | Inline | Link | Several


@dataclass
class Joined:
    """What a box of several stands for: its ``name``, what it ``held``, and those whose gradient is ``told``."""

    name: str
    held: list[Node]
    told: list[Node]


@dataclass
class Folded:
    """What a picture of a graph shows.

    Attributes:
        nodes: the nodes that get a box, inputs before their ops.
        operands: of each box what enters it, in the order of the op's inputs.
        uses: of each parameter how many boxes use it.
        names: of each parameter the text that stands for it.
        arrows: of each box the arrows that lead to it.
        parts: of each box that holds several, these.
        bundles: of each arrow from or to such a box, the arrows that run in it.
        dots: the boxes that stand for time steps left out, from ``dotted[0]`` to ``dotted[1]``.
        steps: all time steps, also those left out.
        initial: the initial states, where they were found before boxes were joined.
        fans: of each box how many arrows leave it, those that are not drawn included.
    """

    nodes: list[Node] = field(default_factory=list)
    operands: dict[Node, list[Operand]] = field(default_factory=dict)
    uses: dict[Node, int] = field(default_factory=dict)
    names: dict[Node, str] = field(default_factory=dict)
    arrows: dict[Node, list[Link]] = field(default_factory=dict)
    parts: dict[Node, Joined] = field(default_factory=dict)
    bundles: dict[Link, list[Link]] = field(default_factory=dict)
    dots: set[Node] = field(default_factory=set)
    dotted: tuple[int, int] = (0, 0)
    steps: list[int] = field(default_factory=list)
    initial: set[Node] | None = None
    fans: Counter[Node] = field(default_factory=Counter)


_VIEWS = {"transpose": ".T", "swapaxes": ".T", "reshape": "", "broadcast_to": "", "getitem": "[…]", "astype": ""}
_PICKS = {"getitem", "take", "stop_gradient"}
"""Ops that take one step's value out of a stack, or stand for it."""
LOSSES = {"softmax_cross_entropy", "sigmoid_cross_entropy", "squared_error"}
"""Ops of an output and its target."""
_SMALL = 4
"""A list of so many integers is still written out in a title."""


def fold(roots: list[Node]) -> Folded:
    """Decide for every node behind the roots whether it is a box or part of another box."""
    nodes = ancestors(roots)
    folded = Folded(names=_names(nodes))
    chips, kept = _short(folded.names), set(roots)
    chained, stacks = _chained(nodes, kept), _stacks(nodes, kept)
    stands: dict[Node, Operand] = {}
    sums: dict[Node, list[Operand]] = {}
    for node in nodes:
        if node.op is None:
            stands[node] = _leaf(node, chips, kept)
            continue
        operands = [_used(stands[x], node, slot) for slot, x in enumerate(node.inputs) if x not in sums]
        inner = [sums.pop(x) for x in node.inputs if x in sums]
        for chain in inner:
            # The longer list is handed on, not copied: a sum over T steps stays linear in T.
            chain.extend(operands)
            operands = chain
        if node in chained:
            sums[node] = operands
            continue
        folded.operands[node] = operands
        links = tuple(x for x in operands if type(x) is Link) if node in stacks else ()
        if links and len(links) == len(operands):
            stands[node] = Several(links)
        else:
            stands[node] = (_alias(node, operands) if node not in kept else None) or Link(node, False, node, 0)
    _collect(folded, nodes, kept, stands)
    return folded


def _names(nodes: list[Node]) -> dict[Node, str]:
    """Every parameter's name; those without one are numbered in the order of their creation."""
    parameters = [x for x in nodes if isinstance(x, Parameter)]
    return {x: (x.name or "").strip() or f"θ{i}" for i, x in enumerate(parameters, 1)}


LONGEST = 14
"""Characters of a parameter's name that a box has room for."""


def _short(names: dict[Node, str]) -> dict[Node, str]:
    """What chips say: the names; if dotted ones are too long, their last parts, for the cell is told around the box."""
    if not any("." in name and len(name) > LONGEST for name in names.values()):
        return names
    return {x: name.rpartition(".")[2] for x, name in names.items()}


def _chained(nodes: list[Node], kept: set[Node]) -> set[Node]:
    """Sums outside of time that only another such sum uses: ``((l1 + l2) + l3)`` is drawn as one."""
    users: dict[Node, list[Node]] = {}
    sums = [x for x in nodes if x.op is not None and x.op.name == "add" and x.step is None and not x.name]
    inner = {y: x for x in sums for y in x.inputs}
    for node in nodes:
        for x in node.inputs:
            if x in inner:
                users.setdefault(x, []).append(node)
    outer = set(sums)
    return {x for x in sums if x not in kept and len(users.get(x, ())) == 1 and users[x][0] in outer}


def _stacks(nodes: list[Node], kept: set[Node]) -> set[Node]:
    """Stacks of time steps that one op outside of time uses whole, as a mean over them does."""
    users: dict[Node, list[Node]] = {}
    for node in nodes:
        for x in node.inputs:
            if x.op is not None and x.op.name == "stack" and x.step is None and not x.name and x not in kept:
                users.setdefault(x, []).append(node)
    return {
        x
        for x, (user, *more) in users.items()
        if not more and user.step is None and user.op is not None and user.op.name not in _PICKS
    }


def _links(operands: list[Operand]) -> list[Link]:
    """The arrows that lead to a box."""
    found: list[Link] = []
    for x in operands:
        found.extend([x] if type(x) is Link else x.links if type(x) is Several else ())
    return found


def _leaf(node: Node, chips: dict[Node, str], kept: set[Node]) -> Operand:
    link = Link(node, False, node, 0)
    if node in kept:
        return link
    if node in chips:
        return Chip(node, chips[node])
    if node.name or isinstance(node, Traced):
        return link
    if not node.shape:
        return Inline(_plain(node.item()), node.dtype.kind != "f")
    if node.dtype.kind == "f":
        return link
    few = node.size <= _SMALL and node.ndim == 1
    return Inline(", ".join(str(x) for x in node.value.tolist()) if few else f"ids {shape(node.shape)}", True)


def _plain(x: float) -> str:
    return str(x) if isinstance(x, (bool, int)) else f"{x:.3g}"


def _used(stand: Operand, user: Node, slot: int) -> Operand:
    """What an input is to its user: a slice of data given for all steps is named, and so is a loss's target."""
    if type(stand) is not Link:
        return stand
    source = stand.source
    op = user.op
    data = isinstance(source, Constant) and source.step is None and user.step is not None
    if data and op is not None and op.name in ("getitem", "take"):
        return Inline(source.name or "data", False)
    if isinstance(source, Constant) and not source.name and slot and op is not None and op.name in LOSSES:
        return Inline(f"{'zeros' if is_zero(source) else 'data'} {shape(source.shape)}", True)
    return Link(source, stand.cut, user, slot)


def _alias(node: Node, operands: list[Operand]) -> Operand | None:
    """What stands for a node that gets no box of its own: a cut, or a parameter seen another way."""
    op, first = node.op, operands[0] if operands else None
    if op is None:
        return None
    if op.name == "stop_gradient":
        return first._replace(cut=True) if type(first) is Link else first
    if type(first) is Chip and op.name in _VIEWS and not node.name:
        return Chip(first.parameter, first.text + _VIEWS[op.name])
    return None


def _collect(folded: Folded, nodes: list[Node], kept: set[Node], stands: dict[Node, Operand]) -> None:
    """Keep the boxes that a root or another box still shows, and count the uses of parameters."""
    shown = set(kept)
    for node in reversed(nodes):
        if node in shown:
            shown.update(x.source for x in _links(folded.operands.get(node, [])))
    folded.nodes = [x for x in nodes if x in shown]
    folded.steps = sorted({x.step for x in folded.nodes if x.step is not None})
    folded.operands = {x: folded.operands.get(x, []) for x in folded.nodes}
    folded.arrows = {x: _links(ys) for x, ys in folded.operands.items()}
    folded.fans = Counter(y.source for ys in folded.arrows.values() for y in ys)
    for operands in folded.operands.values():
        for parameter in {x.parameter for x in operands if type(x) is Chip}:
            folded.uses[parameter] = folded.uses.get(parameter, 0) + 1
    for root in kept & folded.names.keys():
        folded.uses.setdefault(root, 0)


def is_zero(node: Node) -> bool:
    """Whether a node is a constant of zeros, as initial states are."""
    return isinstance(node, Constant) and node.dtype.kind == "f" and not np.any(node.value)


def crosses(link: Link) -> bool:
    """Whether an arrow leads from one time step to another."""
    return None not in (link.source.step, link.user.step) and link.source.step != link.user.step
