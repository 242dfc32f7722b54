"""The schedule: nodes in topological order, element-wise nodes of equal shape in groups to be fused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from .. import ops
from ..core.node import Node
from ..ops.broadcasting import Elementwise

VIEWS = frozenset((ops.reshape, ops.transpose, ops.getitem, ops.broadcast_to))
"""Ops whose result is a view of their input wherever strides can express it."""

FUSABLE = frozenset(op for op in vars(ops).values() if isinstance(op, Elementwise)) | {ops.astype}
"""Element-wise ops that every backend implements as an instruction."""

_DTYPES = frozenset((np.dtype(np.float32), np.dtype(np.float64), np.dtype(bool)))


def is_view(node: Node) -> bool:
    return node._op in VIEWS or (node._op is not None and node._op.selects)


def is_light(node: Node) -> bool:
    """Whether a node can be part of a fused group: an element-wise instruction on floats or booleans."""
    return node._op in FUSABLE and node.dtype in _DTYPES and all(x.dtype in _DTYPES for x in node._inputs)


def is_row_reduction(node: Node) -> bool:
    """Whether a node reduces an element-wise value along its last axis, so that the value's group can compute it too.

    Only the last axis: a longer sum needs partial sums for precision, which a separate `Reduction` has.
    """
    if node._op not in (ops.sum, ops.max, ops.min) or node.dtype not in _DTYPES or node._attributes.get("keepdims"):
        return False
    x = node._inputs[0]
    return is_light(x) and x.dtype == node.dtype and node._attributes.get("axis") in (x.ndim - 1, (x.ndim - 1,))


def schedule(order: Sequence[Node], kept: set[Node], fuses: bool) -> list[list[Node]]:
    """Returns the nodes of a level, without leaves, as lists of nodes in topological order.

    Matrix products and other unfused nodes come as soon as their inputs are ready, so that as many element-wise nodes
    as possible are ready at the same time; those of equal shape form a group.

    Args:
        order: the nodes in topological order.
        kept: nodes whose values must be stored in any case.
        fuses: whether to form groups; if not, each list holds a single node.
    """
    nodes = [n for n in order if n._op is not None]
    if not fuses:
        return [[n] for n in nodes]
    scheduler = _Scheduler(nodes)
    return sunk(scheduler.groups(), scheduler.users, kept)


def sunk(groups: list[list[Node]], users: dict[Node, list[Node]], kept: set[Node]) -> list[list[Node]]:
    """Code sinking: each node moves to the later group that is its only reader, if this reads no more memory.

    Computed as early as possible a value is stored; computed where it is used it stays in a register.
    """
    home = {n: k for k, group in enumerate(groups) for n in group}
    for k in range(len(groups) - 1, -1, -1):
        for n in reversed(groups[k]):
            readers = {home[u] for u in users[n]}
            if n in kept or not is_light(n) or len(readers) != 1 or k in readers:
                continue
            reader = groups[readers.pop()]
            if is_light(reader[0]) and reader[0].shape == n.shape and _reads_more(n, reader) <= n.size:
                home[n] = home[reader[0]]
                reader.insert(0, n)
                groups[k] = [m for m in groups[k] if m is not n]
    return [group for group in groups if group]


def _reads_more(n: Node, group: list[Node]) -> int:
    """Number of elements that ``group`` would read for ``n`` in addition to those it reads or computes already.

    A single number is no memory: it is in a register before the first element.
    """
    known = {x for m in group for x in m._inputs} | {*group}
    return sum(x.size for x in {*n._inputs} if x not in known and x.size > 1)


class _Scheduler:
    """A list scheduler.

    Attributes:
        index: maps each node to its index in the topological order.
        pending: maps each node to the number of its inputs that are not scheduled yet.
        heavy: the ready nodes that cannot be fused.
        light: the ready nodes that can be fused, by shape.
        left: number of nodes not scheduled yet.
    """

    def __init__(self, nodes: list[Node]) -> None:
        self.index = {n: k for k, n in enumerate(nodes)}
        self.pending = {n: len({x for x in n._inputs if x in self.index}) for n in nodes}
        self.users: defaultdict[Node, list[Node]] = defaultdict(list)
        for n in nodes:
            for x in {*n._inputs}:
                self.users[x].append(n)
        self.heavy: list[Node] = []
        self.light: defaultdict[tuple[int, ...], list[Node]] = defaultdict(list)
        self.left = len(nodes)
        for n in nodes:
            if not self.pending[n]:
                self._ready(n)

    def _ready(self, n: Node) -> None:
        (self.light[n.shape] if is_light(n) else self.heavy).append(n)

    def _done(self, n: Node) -> None:
        self.left -= 1
        for user in self.users[n]:
            self.pending[user] -= 1
            if not self.pending[user]:
                self._ready(user)

    def groups(self) -> list[list[Node]]:
        groups = []
        while self.left:
            if self.heavy:
                n = self.heavy.pop(0)
                self._done(n)
                groups.append([n])
            else:
                groups.append(self._group())
        return groups

    def _group(self) -> list[Node]:
        """The ready nodes of the oldest one's shape, those that become ready through them, and their row reductions."""
        shape = min((nodes[0] for nodes in self.light.values() if nodes), key=self.index.__getitem__).shape
        ready, group = self.light[shape], []
        while ready:
            n = ready.pop(0)
            group.append(n)
            self._done(n)
        inside = {*group}
        sums = {n for n in self.heavy if is_row_reduction(n) and n._inputs[0] in inside}
        self.heavy = [n for n in self.heavy if n not in sums]
        for n in sorted(sums, key=self.index.__getitem__):
            group.append(n)
            self._done(n)
        return group
