"""Prospects: what would come of many assignments to an operation, all of them computed at once along a leading axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import compress
from typing import Any, NamedTuple

import numpy as np

from ...core.leaves import Constant
from ...core.node import Node
from ...loops.lifting import lift
from ...ops import matmul
from ...ops.broadcasting import Elementwise
from ...ops.writing import copy
from .book import NEAR
from .candidates import turned
from .present import Present
from .right import Thing

DEPTH, MOST_READERS = 5, 4
"""How far, and over how many readers, a right result is looked for that speaks for what an operation should make."""

AT_ONCE = 1 << 18
"""So many numbers one node may have: a hundred assignments to large arrays do not fit into memory."""

NodeValues = Mapping[Node, np.ndarray]
"""By node its value; of several assignments, one after the other along the first axis."""


class Prospect(NamedTuple):
    """What would come of an assignment.

    Attributes:
        place: of the assignment, among those that were looked at.
        things: the assignment.
        right: the values of the nodes.
        node: the first of the nodes to which it gives another value.
        asked: how many readers, or what comes after them, make another thing with these values, and a right one; 0
            where nobody asked them.
        still: the gradients that are wrong yet.
    """

    place: int
    things: Mapping[Node, Thing]
    right: NodeValues
    node: Node
    asked: int
    still: frozenset[str]


class Prospects:
    """What would come of each of some assignments: computed when somebody asks for it, and kept.

    Args:
        present: the values as they are now.
        assignments: things by node; those that change nothing are left out.
    """

    def __init__(self, present: Present, assignments: Sequence[Mapping[Node, Thing]]) -> None:
        shape, self.things = present.written.shape, assignments
        self._rights = [{x: turned(t.array, shape(x)) for x, t in things.items()} for things in assignments]
        self._outlook = Outlook(present, self._rights)
        self._changes = self._outlook.changed()
        firsts = {k: min(nodes, key=lambda x: x.serial) for k, nodes in enumerate(self._changes) if nodes}
        self._rows, self._firsts = [*firsts], firsts
        self._asked: dict[int, int] = {}
        self._still: dict[int, frozenset[str]] = {}

    @cached_property
    def is_small(self) -> bool:
        """Whether it takes so little memory that one of each operation can be kept."""
        return sum(due.size for right in self._rights for due in right.values()) <= AT_ONCE

    def forget(self) -> None:
        """That other nodes have other values now, on which it depends what comes of an assignment."""
        self._asked, self._still = {}, {}

    def of(
        self, worth: Callable[[int, Node, Sequence[Node]], bool], helps: Callable[[frozenset[str]], bool]
    ) -> Iterator[Prospect]:
        """In their order.

        Args:
            worth: whether to look at the assignment of this place, which gives this node, the first, and perhaps others
                another value.
            helps: whether to ask the readers about one after which these gradients are wrong yet: that takes longer.
        """
        rows = [k for k in self._rows if worth(k, self._firsts[k], self._changes[k])]
        left = [k for k in rows if k not in self._still]
        self._still |= zip(left, self._outlook.left_wrong(left), strict=True) if left else ()
        new = [k for k in rows if k not in self._asked and helps(self._still[k])]
        self._asked |= self._outlook.asking({k: self._changes[k] for k in new})
        for k in rows:
            yield Prospect(k, self.things[k], self._rights[k], self._firsts[k], self._asked.get(k, 0), self._still[k])


class Outlook:
    """The hand-written graph with each of some assignments.

    Args:
        present: the values as they are now.
        rights: for each assignment the values of the nodes that it sets.
    """

    def __init__(self, present: Present, rights: Sequence[NodeValues]) -> None:
        self._present, self._written, self._rights = present, present.written, rights
        nodes = dict.fromkeys(x for right in rights for x in right)
        self._sets = {x: np.array([x in right for right in rights]) for x in nodes}
        self._dues: dict[Node, np.ndarray] = {}
        for x in self._sets:
            shape = next(right[x].shape for right in rights if x in right)
            now = np.broadcast_to(present.value(x), shape) if not self._sets[x].all() else None
            self._dues[x] = np.array([right.get(x, now) for right in rights])

    @cached_property
    def _changes(self) -> NodeValues:
        """By node the assignments that give it another value."""
        return {x: sets & ~alike(self._dues[x], self._present.value(x)) for x, sets in self._sets.items()}

    def changed(self) -> list[list[Node]]:
        """For each assignment the nodes to which it gives another value."""
        changes = {x: on.tolist() for x, on in self._changes.items()}
        return [[x for x in right if changes[x][k]] for k, right in enumerate(self._rights)]

    def asking(self, changed: Mapping[int, Sequence[Node]]) -> dict[int, int]:
        """How many readers make another thing, and a right one, with the values that some assignments change."""
        own = [*changed]
        asked = np.zeros(len(self._rights), int)
        for x, due in self._dues.items() if own else ():
            # Of a sum all but the last may be read by nobody else.
            rows = np.array([k for k, some in changed.items() if x is some[0] or x is some[-1]], int)
            for r, on in self.over_readers(x, rows, self._changes):
                asked[rows[on]] += self.asks(r, {x: due[rows[on]]}, rows[on], self._changes, DEPTH)
        for x in filter(self._written.is_result, self._dues if own else ()):
            asked[own] = np.where(
                self._written.holding(self._dues[x][own]) & self._changes[x][own], 2 * MOST_READERS, asked[own]
            )
        return dict(zip(own, asked[own].tolist(), strict=True))

    def over_readers(self, node: Node, rows: np.ndarray, changes: NodeValues) -> Iterator[tuple[Node, np.ndarray]]:
        """The first few readers that are not changed themselves, each with the rows in which it is such a one."""
        left = np.full(len(rows), MOST_READERS)
        for r in self._written.readers(node):
            on = (left > 0) & ~changes[r][rows] if r in changes else left > 0
            left -= on
            if on.any():
                yield r, on

    def asks(self, reader: Node, values: NodeValues, rows: np.ndarray, changes: NodeValues, depth: int) -> np.ndarray:
        """Whether a reader, or one after it, makes another thing with these values, and a right one."""
        new = self._run(reader, values)
        asks = self._written.holding(new)
        if asks.any():
            asks &= ~alike(new, self._present.value(reader))
        for r, on in self.over_readers(reader, rows, changes) if depth > 1 and not asks.all() else ():
            on &= ~asks
            if on.any():
                some = {x: v[on] for x, v in {**values, reader: new}.items()}
                asks[on] = self.asks(r, some, rows[on], changes, depth - 1)
        return asks

    def left_wrong(self, rows: Sequence[int]) -> list[frozenset[str]]:
        """For some assignments the gradients that are wrong with what they set, and with all that was blamed right."""
        return [names for some in self.parts(rows) for names in self._left_wrong(some)]

    def parts(self, rows: Sequence[int]) -> list[np.ndarray]:
        """The rows, so many at once as fit into memory."""
        size = max((x._value.size for x in self._written.after(self._sets)), default=1)
        parts = np.array_split(np.array(rows), -(-len(rows) * size // AT_ONCE)) if rows else []
        return [some for some in parts if some.size]

    def values(self, rows: np.ndarray) -> dict[Node, np.ndarray]:
        """What is set, and what depends on it, with each of some assignments."""
        values: dict[Node, np.ndarray] = {}
        for node in self._written.after(self._sets):
            if not values.keys().isdisjoint(node._inputs) and node not in self._present.overrides:
                values[node] = self._run(node, values)
            if node in self._sets:
                values[node] = self._set(node, rows, values.get(node))
        return values

    def _left_wrong(self, rows: np.ndarray) -> list[frozenset[str]]:
        values = self.values(rows)
        before, results = self._written.wrong(self._present.values), self._written.results
        wrong = {
            name: ~alike(values[x], due) if (x := results.get(name)) in values else np.full(len(rows), name in before)
            for name, due in self._written.right.gradients.items()
        }
        every = [*zip(*(off.tolist() for off in wrong.values()), strict=True)]
        answers = {off: frozenset(compress(wrong, off)) for off in {*every}}  # few, of many rows
        return [answers[off] for off in every]

    def _set(self, node: Node, rows: np.ndarray, computed: np.ndarray | None) -> np.ndarray:
        """The values of a node that some of the assignments set, and that is computed in the others."""
        sets, due = self._sets[node][rows], self._dues[node][rows]
        if computed is None or sets.all():
            return due
        return np.where(sets.reshape(-1, *(1,) * (due.ndim - 1)), due, _aligned(computed, due.ndim - 1))

    def _run(self, node: Node, values: NodeValues) -> np.ndarray:
        """The values of a node if some of its inputs had these."""
        op: Any = node._op
        pairs = [(values[x], True) if x in values else (self._present.value(x), False) for x in node._inputs]
        if isinstance(op, Elementwise) and not op.leads:  # as `lift` does it, without nodes
            rank = max(v.ndim - varies for v, varies in pairs)
            return op.forward(*[_aligned(v, rank) if varies else v for v, varies in pairs], **node._attributes)
        if op is copy:
            return pairs[0][0]
        if op is matmul and all(v.ndim == 2 + varies for v, varies in pairs):
            return np.matmul(pairs[0][0], pairs[1][0])
        count = next(len(v) for v, varies in pairs if varies)
        lifted = lift(op, [Constant(v) for v, _ in pairs], node._attributes, [varies for _, varies in pairs], count)
        if lifted is not None:
            return lifted._value
        rows = ([v[k] if varies else v for v, varies in pairs] for k in range(count))
        return np.array([op.forward(*row, **node._attributes) for row in rows])


def _aligned(stack: np.ndarray, rank: int) -> np.ndarray:
    """The stack with axes of size 1, so that its rows broadcast with arrays of so many axes."""
    lost = rank + 1 - stack.ndim
    return stack.reshape(len(stack), *(1,) * lost, *stack.shape[1:]) if lost else stack


def alike(stack: np.ndarray, array: np.ndarray) -> np.ndarray:
    """For each row whether it is this array, up to rounding."""
    if stack.shape[1:] != array.shape:
        return np.zeros(len(stack), bool)
    off = np.abs(stack - array).reshape(len(stack), -1).max(axis=1, initial=0)
    return off <= NEAR * max(float(np.abs(array).max(initial=0)), 1e-300)
