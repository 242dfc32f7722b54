"""The order of work: nodes whose inputs are ready, element-wise ones of one shape gathered into groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from .. import ops
from ..core.node import Node
from ..ops.broadcasting import Elementwise

VIEWS = frozenset((ops.reshape, ops.transpose, ops.getitem, ops.broadcast_to))
"""Ops whose result is a view of their input wherever strides can say it."""

FUSABLE = frozenset(op for op in vars(ops).values() if isinstance(op, Elementwise)) | {ops.astype}
"""Element-wise ops that every backend has as an instruction."""

_DTYPES = frozenset((np.dtype(np.float32), np.dtype(np.float64), np.dtype(bool)))


def is_view(node: Node) -> bool:
    return node._op in VIEWS or (node._op is not None and node._op.selects)


def is_light(node: Node) -> bool:
    """Whether a node can be part of a group: an element-wise instruction on real numbers or booleans."""
    return node._op in FUSABLE and node.dtype in _DTYPES and all(x.dtype in _DTYPES for x in node._inputs)


def is_row_reduction(node: Node) -> bool:
    """Whether a node reduces the rows of a value of a group, which then may do it as it goes.

    Rows alone: a longer sum wants partial sums, which a reduction by itself has.
    """
    if node._op not in (ops.sum, ops.max, ops.min) or node.dtype not in _DTYPES or node._attributes.get("keepdims"):
        return False
    x = node._inputs[0]
    return is_light(x) and x.dtype == node.dtype and node._attributes.get("axis") in (x.ndim - 1, (x.ndim - 1,))


def schedule(order: Sequence[Node], kept: set[Node], fuses: bool) -> list[list[Node]]:
    """The nodes of a level, leaves left out, in an order in which they can be done.

    Products and the like come as soon as they are ready, so that as many element-wise nodes as possible
    are ready together; those of one shape form a group, a list of several nodes.

    Args:
        order: inputs before their ops.
        kept: nodes whose values are wanted for themselves.
        fuses: make groups; else each node is alone.
    """
    todo = [n for n in order if n._op is not None]
    if not fuses:
        return [[n] for n in todo]
    gathering = _Gathering(todo)
    return sunk(gathering.groups(), gathering.users, kept)


def sunk(groups: list[list[Node]], users: dict[Node, list[Node]], kept: set[Node]) -> list[list[Node]]:
    """The groups with each node moved to the later group that alone reads it, where that reads no more memory for it.

    A node is done as soon as it can be, which stores it; done where it is used it stays in a register.
    """
    home = {n: k for k, group in enumerate(groups) for n in group}
    for k in range(len(groups) - 1, -1, -1):
        for n in reversed(groups[k]):
            at = {home[u] for u in users[n]}
            if n in kept or not is_light(n) or len(at) != 1 or k in at:
                continue
            to = groups[at.pop()]
            if is_light(to[0]) and to[0].shape == n.shape and _reads_more(n, to) <= n.size:
                home[n] = home[to[0]]
                to.insert(0, n)
                groups[k] = [m for m in groups[k] if m is not n]
    return [group for group in groups if group]


def _reads_more(n: Node, group: list[Node]) -> int:
    """Elements that a group would have to read for ``n`` beside what it reads and makes already."""
    known = {x for m in group for x in m._inputs} | {*group}
    return sum(x.size for x in {*n._inputs} if x not in known)


class _Gathering:
    def __init__(self, todo: list[Node]) -> None:
        self.place = {n: k for k, n in enumerate(todo)}
        self.waits = {n: len({x for x in n._inputs if x in self.place}) for n in todo}
        self.users: defaultdict[Node, list[Node]] = defaultdict(list)
        for n in todo:
            for x in {*n._inputs}:
                self.users[x].append(n)
        self.first: list[Node] = []
        self.light: defaultdict[tuple[int, ...], list[Node]] = defaultdict(list)
        self.left = len(todo)
        for n in todo:
            if not self.waits[n]:
                self._ready(n)

    def _ready(self, n: Node) -> None:
        (self.light[n.shape] if is_light(n) else self.first).append(n)

    def _done(self, n: Node) -> None:
        self.left -= 1
        for user in self.users[n]:
            self.waits[user] -= 1
            if not self.waits[user]:
                self._ready(user)

    def groups(self) -> list[list[Node]]:
        found = []
        while self.left:
            if self.first:
                n = self.first.pop(0)
                self._done(n)
                found.append([n])
            else:
                found.append(self._group())
        return found

    def _group(self) -> list[Node]:
        """All ready nodes of the shape of the oldest one, those of it that become ready by them, and their row sums."""
        shape = min((nodes[0] for nodes in self.light.values() if nodes), key=self.place.__getitem__).shape
        ready, group = self.light[shape], []
        while ready:
            n = ready.pop(0)
            group.append(n)
            self._done(n)
        inside = {*group}
        sums = {n for n in self.first if is_row_reduction(n) and n._inputs[0] in inside}
        self.first = [n for n in self.first if n not in sums]
        for n in sorted(sums, key=self.place.__getitem__):
            group.append(n)
            self._done(n)
        return group
