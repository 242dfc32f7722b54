"""Moves slices before element-wise ops: gates sliced from z = x + y become sums of slices of x and y."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ..core.node import Node
from ..core.scope import now
from ..ops import getitem
from ..ops.broadcasting import Elementwise
from .rewriting import Pass


class PushSlices(Pass):
    """f(x, y)[i] = f(x[i], y[i]) where nothing reads f(x, y) whole and no element is computed twice.

    The ops before and after the slices then have the same shape and fuse into one pass over memory.
    """

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[set[Node]] = []

    def enter(self, order: Sequence[Node], roots: Sequence[Node]) -> None:
        users: defaultdict[Node, list[Node]] = defaultdict(list)
        for n in order:
            for x in n._inputs:
                users[x].append(n)
        self.levels.append(_only_sliced(order, users, {*roots}))

    def leave(self) -> None:
        self.levels.pop()

    def node(self, node: Node, was: Node) -> Node | None:
        if node._op is not getitem or was._inputs[0] not in self.levels[-1]:
            return None
        return self._pushed(node._inputs[0], was._inputs[0], node._attributes["index"])

    def _pushed(self, x: Node, was: Node, index: tuple[Any, ...]) -> Node:
        """``x[index]``, with the slice applied to the inputs of the ops that compute x."""
        parts = []
        for part, before in zip(x._inputs, was._inputs, strict=True):
            own = _for_shape(index, part.shape, x.shape)
            if before in self.levels[-1]:
                parts.append(self._pushed(part, before, own))
            else:
                now.place = x._place  # a slice of a constant is not the slice that the user wrote
                parts.append(getitem(part, index=own) if any(i != slice(None) for i in own) else part)
        now.place = x._place
        sliced: Node = x._op(*parts, **x._attributes)  # type: ignore[misc]
        return sliced


def _only_sliced(order: Sequence[Node], users: dict[Node, list[Node]], roots: set[Node]) -> set[Node]:
    """Element-wise nodes whose readers are all slices, or one element-wise node of this set with the same shape."""
    only_sliced: set[Node] = set()
    for n in reversed(order):
        if not isinstance(n._op, Elementwise) or n in roots or not users[n]:
            continue
        readers = users[n]
        if all(u._op is getitem and {*map(type, u._attributes["index"])} <= {slice} for u in readers):
            if sum(u.size for u in readers) <= n.size:
                only_sliced.add(n)
        elif len(readers) == 1 and readers[0] in only_sliced and readers[0].shape == n.shape:
            only_sliced.add(n)
    return only_sliced


def _for_shape(index: tuple[Any, ...], shape: tuple[int, ...], whole: tuple[int, ...]) -> tuple[Any, ...]:
    """The index for an operand of ``shape`` that is broadcast to ``whole``: a full slice of each broadcast axis."""
    index = (*index, *(slice(None),) * (len(whole) - len(index)))[len(whole) - len(shape) :]
    return tuple(
        slice(None) if n == 1 != m else i
        for i, n, m in zip(index, shape, whole[len(whole) - len(shape) :], strict=True)
    )
