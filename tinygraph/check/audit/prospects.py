"""Prospects: what would come of many assignments to an operation, all of them computed at once along a leading axis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.leaves import Constant
from ...core.node import Node
from ...loops.lifting import lift
from ...ops import matmul
from ...ops.broadcasting import Elementwise
from .book import NEAR, same
from .candidates import fits, turned
from .present import Present
from .right import Thing

DEPTH, MOST_READERS = 5, 4
"""How far, and over how many readers, a right result is looked for that speaks for what an operation should make."""

NodeValues = Mapping[Node, np.ndarray]
"""By node its value; of several assignments, one after the other along the first axis."""


@dataclass(frozen=True)
class Prospect:
    """What would come of an assignment.

    Attributes:
        things: the assignment.
        right: the values of the nodes.
        node: the first of the nodes to which it gives another value.
        asked: how many readers, or what comes after them, make another thing with these values, and a right one.
        still: the gradients that are wrong yet; nobody looks where no reader asks for it.
    """

    things: Mapping[Node, Thing]
    right: NodeValues
    node: Node
    asked: int
    still: frozenset[str]


def prospects(
    present: Present, assignments: Iterable[Mapping[Node, Thing]], worth: Callable[[Sequence[Node]], bool]
) -> list[Prospect]:
    """What would come of each of some assignments, in their order.

    Args:
        present: the values as they are now.
        assignments: things by node.
        worth: whether to look at an assignment that gives other values to these nodes.
    """
    shape, chosen, changed = present.written.shape, [], []
    for things in assignments:
        right = {x: turned(t.array, shape(x)) for x, t in things.items() if fits(t.array, shape(x))}
        changes = [x for x, due in right.items() if not same(present.value(x), due)]
        if changes and worth(changes):
            chosen.append((things, right))
            changed.append(changes)
    if not chosen:
        return []
    outlook = Outlook(present, [right for _, right in chosen])
    asked = outlook.asking(changed)
    still = iter(outlook.left_wrong(np.flatnonzero(asked)))
    return [
        Prospect(things, right, min(changes, key=lambda x: x.serial), n, next(still) if n else frozenset())
        for (things, right), changes, n in zip(chosen, changed, asked.tolist(), strict=True)
    ]


class Outlook:
    """The hand-written graph with each of some assignments.

    Args:
        present: the values as they are now.
        rights: for each assignment the values of the nodes that it sets.
    """

    def __init__(self, present: Present, rights: Sequence[NodeValues]) -> None:
        self._present, self._written, self._count = present, present.written, len(rights)
        self._sets = {x: np.array([x in right for right in rights]) for right in rights for x in right}
        self._dues: dict[Node, np.ndarray] = {}
        for x in self._sets:
            shape = next(right[x].shape for right in rights if x in right)
            now = np.broadcast_to(present.value(x), shape) if not self._sets[x].all() else None
            self._dues[x] = np.array([right.get(x, now) for right in rights])

    def asking(self, changed: Sequence[Sequence[Node]]) -> np.ndarray:
        """For each assignment how many readers make another thing, and a right one, with the values of these nodes."""
        own = [{*some} for some in changed]
        changes = {x: np.array([x in some for some in own]) for x in self._sets}
        asked = np.zeros(self._count, int)
        for x, due in self._dues.items():
            # Of a sum all but the last may be read by nobody else.
            rows = np.flatnonzero([x is some[0] or x is some[-1] for some in changed])
            for r, on in self.over_readers(x, rows, changes):
                asked[rows[on]] += self.asks(r, {x: due[rows[on]]}, rows[on], changes, DEPTH)
        results = [
            self._written.holding(due) & changes[x] for x, due in self._dues.items() if self._written.is_result(x)
        ]
        return np.where(np.any(results, axis=0), 2 * MOST_READERS, asked) if results else asked

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
            asks &= ~_same(new, self._present.value(reader))
        for r, on in self.over_readers(reader, rows, changes) if depth > 1 and not asks.all() else ():
            on &= ~asks
            if on.any():
                some = {x: v[on] for x, v in {**values, reader: new}.items()}
                asks[on] = self.asks(r, some, rows[on], changes, depth - 1)
        return asks

    def left_wrong(self, rows: np.ndarray) -> list[frozenset[str]]:
        """For each of these rows the gradients that are wrong with what it sets, and with all that was blamed right."""
        if not rows.size:
            return []
        values: dict[Node, np.ndarray] = {}
        for node in self._written.after(self._sets):
            if not values.keys().isdisjoint(node._inputs) and node not in self._present.overrides:
                values[node] = self._run(node, values)
            if node in self._sets:
                values[node] = self._set(node, rows, values.get(node))
        before, results = self._written.wrong(self._present.values), self._written.results
        wrong = {
            name: ~_same(values[x], due) if (x := results.get(name)) in values else np.full(len(rows), name in before)
            for name, due in self._written.right.gradients.items()
        }
        return [frozenset(name for name, off in wrong.items() if off[k]) for k in range(len(rows))]

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


def _same(stack: np.ndarray, array: np.ndarray) -> np.ndarray:
    """For each row whether it is this array, up to rounding."""
    if stack.shape[1:] != array.shape:
        return np.zeros(len(stack), bool)
    off = np.abs(stack - array).reshape(len(stack), -1).max(axis=1, initial=0)
    return off <= NEAR * max(float(np.abs(array).max(initial=0)), 1e-300)
