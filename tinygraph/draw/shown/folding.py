"""Which nodes get a box, and which fold into a box: parameters, numbers, cuts, chains of sums."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from types import NoneType
from typing import NamedTuple

import numpy as np

from ...core.graph import ancestors
from ...core.leaves import Constant, Parameter
from ...core.node import Node
from ...core.traced import Traced
from ..labels import shape
from .letters import entrances, letters


class Chip(NamedTuple):
    """A parameter shown inside the op that uses it; ``text`` is its name with the views applied to it, as ``W.T``."""

    parameter: Node
    text: str


class Inline(NamedTuple):
    """A small constant written into its op: ``0.5``, or ``2``; ``whole`` for integers: indices, labels, masks."""

    text: str
    whole: bool


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


@dataclass
class Joined:
    """A joined box: its ``name``, the nodes that it ``held``, and the nodes whose gradient is ``shown``."""

    name: str
    held: list[Node]
    shown: list[Node]


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
        dots: the boxes that stand for the hidden steps ``dotted[0]`` to ``dotted[1]``.
        steps: all time steps, hidden ones included.
        initial: the initial states, if they were computed before boxes were joined.
        fans: maps each box to the number of links that start there, including those that are not drawn.
        letters: maps nodes to the names in the lines that made them.
        inputs: the boxes that are called x₀, x₁, ..., for what each step reads of unnamed data.
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
    letters: dict[Node, str] = field(default_factory=dict)
    inputs: set[Node] = field(default_factory=set)


RESHAPED = {"transpose", "swapaxes", "moveaxis", "reshape", "broadcast_to", "expand_dims", "squeeze", "getitem"}
"""Ops whose result is a view of an array."""
_VIEWS = {"transpose": ".T", "swapaxes": ".T", "reshape": "", "broadcast_to": "", "getitem": "[…]", "astype": ""}
_PICKS = {"getitem", "take", "stop_gradient"}
"""Ops that take the value of one step out of a stack, or pass it on."""
LOSSES = {"softmax_cross_entropy", "sigmoid_cross_entropy", "squared_error"}
"""Loss ops, which take an output and a target."""
_SMALL = 4
"""The longest list of integers that a title writes out."""


def fold(roots: list[Node]) -> Folded:
    """Decide for every ancestor of the roots whether it gets a box or folds into another box."""
    nodes = ancestors(roots)
    folded = Folded(names=_names(nodes), letters=letters(nodes))
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
            # Extend the longer list in place: a sum over T steps then takes time linear in T.
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
            alias = None if node in kept else _alias(node, operands)
            stands[node] = alias or Link(node, False, node, 0)
    _collect(folded, nodes, kept, stands)
    entering = entrances(folded.nodes, folded.letters)
    folded.inputs = {x for x in entering if not entering[x].endswith("h₀")}
    folded.letters |= entering
    return folded


def _names(nodes: list[Node]) -> dict[Node, str]:
    """Maps every parameter to its name; unnamed ones are numbered in order of creation."""
    parameters = [x for x in nodes if isinstance(x, Parameter)]
    return {x: (x.name or "").strip() or f"θ{i}" for i, x in enumerate(parameters, 1)}


LONGEST = 14
"""The longest parameter name, in characters, that a box has room for."""


def _short(names: dict[Node, str]) -> dict[Node, str]:
    """Maps parameters to chip texts: their names, or the last part of dotted names if a dotted name is too long."""
    if not any("." in name and len(name) > LONGEST for name in names.values()):
        return names
    return {x: name.rpartition(".")[2] for x, name in names.items()}


def _chained(nodes: list[Node], kept: set[Node]) -> set[Node]:
    """Returns the sums outside of time that only another such sum uses: ``((l1 + l2) + l3)`` is drawn as one box."""
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
    """Returns the stacks of steps that are used by one op outside of time as a whole, for example by a mean."""
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
    """Returns the links among the operands of a box."""
    links: list[Link] = []
    for x in operands:
        links.extend([x] if type(x) is Link else x.links if type(x) is Several else ())
    return links


def _leaf(node: Node, chips: dict[Node, str], kept: set[Node]) -> Operand:
    link = Link(node, False, node, 0)
    if node in kept:
        return link
    if node in chips:
        return Chip(node, chips[node])
    if node.name or isinstance(node, Traced):
        return link
    if not node.shape:
        return Inline(_number(node.item()), node.dtype.kind != "f")
    if node.dtype.kind == "f":
        return link
    few = node.size <= _SMALL and node.ndim == 1
    return Inline(", ".join(str(x) for x in node.value.tolist()) if few else f"ids {shape(node.shape)}", True)


def _number(x: float) -> str:
    return str(x) if isinstance(x, (bool, int)) else f"{x:.3g}"


def _used(stand: Operand, user: Node, slot: int) -> Operand:
    """Returns the operand for an input of ``user``; slices of data and unnamed targets of a loss become inline text."""
    if type(stand) is not Link:
        return stand
    source = stand.source
    op = user.op
    data = isinstance(source, Constant) and source.step is None and user.step is not None
    if data and op is not None and op.name in ("getitem", "take"):
        return Inline(source.name or "data", False)
    if isinstance(source, Constant) and not source.name and slot and op is not None and op.name in LOSSES:
        return Inline(f"{'zeros' if is_zero(source) else 'data'} {shape(source.shape)}", True)
    return Link(source, stand.cut, user, slot, stand.views)


def _alias(node: Node, operands: list[Operand]) -> Operand | None:
    """Returns the operand that replaces a node without a box (a cut, or a view of a parameter), else None."""
    op, first = node.op, operands[0] if operands else None
    if op is None:
        return None
    if op.name == "add" and node.step is None and [x.text for x in operands if type(x) is Inline] == ["0"]:
        return next((x for x in operands if type(x) is Link and len(operands) == 2), None)  # the start of a sum
    if op.name == "stop_gradient":
        return first._replace(cut=True) if type(first) is Link else first
    if type(first) is Chip and op.name in _VIEWS and not node.name:
        return Chip(first.parameter, first.text + _VIEWS[op.name])
    if type(first) is Link and op.name in RESHAPED and not node.name and not _is_pick(node, first.source):
        return first._replace(views=(*first.views, node))
    return None


def _is_pick(node: Node, source: Node) -> bool:
    """Whether it takes the value of one step out of a stack or of data, or rows by an array of numbers."""
    op, index = node.op, node.attributes.get("index")
    entries = index if isinstance(index, tuple) else (index,)
    if source.op is None or op is None or op.name != "getitem":
        return source.op is None
    if all(x is None or isinstance(x, (slice, type(...))) for x in entries):
        return False
    return source.op.name == "stack" or not all(isinstance(x, (int, slice, type(...), NoneType)) for x in entries)


def _collect(folded: Folded, nodes: list[Node], kept: set[Node], stands: dict[Node, Operand]) -> None:
    """Keep only the boxes that a root depends on, and count the uses of parameters."""
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
    """Whether a node is a float constant of zeros, as initial states are."""
    return isinstance(node, Constant) and node.dtype.kind == "f" and not np.any(node.value)


def crosses(link: Link) -> bool:
    """Whether an arrow leads from one time step to another."""
    return None not in (link.source.step, link.user.step) and link.source.step != link.user.step
