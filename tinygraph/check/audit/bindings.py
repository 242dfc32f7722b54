"""Lines that bind names to what other names, or another step, are due: what reads these comes right with the others."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...core.node import Node
from .book import Book
from .candidates import Candidates, turned
from .departures import Departure
from .present import Present
from .prospects import NodeValues, Outlook, alike
from .written import Operation

SEVERAL = 2
"""So many lines have to come right: one alone may be wrong itself."""


class Bindings:
    """Looks whether the lines that read some names come right with what these should stand for.

    Each of them would be a fault of its own otherwise. With faults that they have besides none of them may mend a whole
    gradient, so a multiple of what is due is right enough.

    Args:
        present: the values as they are now.
        candidates: what the names may have had to stand for.
    """

    def __init__(self, present: Present, candidates: Candidates) -> None:
        self._present, self._written, self._candidates = present, present.written, candidates
        self._gradients = Book([t for t in self._written.right.things if t.kind != "value"])
        self._lines: dict[Node, set[int]] = {}
        self._now: dict[Node, tuple[np.ndarray, bool]] = {}

    def misbound(self, operations: Iterable[Operation], wrong: frozenset[str]) -> Departure | None:
        """The names of a line that stand for each other's, or for another step's, values."""
        every = [things for o in operations for things in self._candidates.of_bindings(o) if things]
        shape = self._written.shape
        rights = [{x: turned(t.array, shape(x)) for x, t in things.items()} for things in every]
        outlook = Outlook(self._present, rights)
        changed, own = outlook.changed(), self._written.operation_of
        lines: dict[int, int] = {}
        for rows in outlook.parts([k for k, nodes in enumerate(changed) if any(x in own for x in nodes)]):
            lines |= self._come_right(outlook.values(rows), rows.tolist(), changed)
        left = dict(zip(lines, outlook.left_wrong([*lines]), strict=True))
        ranks = {k: (len(wrong - left[k]), lines[k]) for k in lines if left[k] <= wrong}
        best = max(ranks, key=lambda k: ranks[k], default=-1)
        if not any(ranks.get(best, ())):
            return None
        node = min((x for x in changed[best] if x in own), key=lambda x: x.serial)
        due, right, mended = every[best][node], rights[best], wrong - left[best]
        return Departure(own[node], node, due, right, mended, self._present.values)

    def _come_right(self, values: NodeValues, rows: list[int], changed: list[list[Node]]) -> dict[int, int]:
        """How many lines that read what an assignment changes make a right thing then: if several of them did not
        before, or all do; without those assignments with which anything that was right does not stay so."""
        readers = [set[int]().union(*map(self._lines_of_readers, changed[k])) for k in rows]
        every = set[int]().union(*readers)
        right, better = ([set[int]() for _ in rows] for _ in range(2))
        spoilt = np.zeros(len(rows), bool)
        for node, stack in values.items():
            operation = self._written.operation_of.get(node)
            if operation is None or self._written.selects(node) or self._written.is_number(node):
                continue
            own, line = self._present.value(node), operation.line.number
            now = self._is_gradient(node, own)
            if line not in every and not (now and operation.line.whole):
                continue
            then = self._gradients.may_have(stack)
            spoilt |= operation.line.whole & now & ~then
            for k in np.flatnonzero(then & ~spoilt & ~alike(stack, own)):
                right[k] |= {line} & readers[k] if operation.line.whole else set()
                better[k] |= {line} & readers[k] if own.any() and not now else set()
        pairs = zip(better, right, readers, strict=True)
        several = [len(new) >= SEVERAL or (bool(new) and own >= of) for new, own, of in pairs]
        return {k: len(right[n] | better[n]) * several[n] for n, k in enumerate(rows) if not spoilt[n]}

    def _is_gradient(self, node: Node, value: np.ndarray) -> bool:
        if node not in self._now or self._now[node][0] is not value:
            self._now[node] = value, bool(self._gradients.may_have(value[None])[0])
        return self._now[node][1]

    def _lines_of_readers(self, node: Node) -> set[int]:
        """The lines that read it, or what is computed of it alone, as ``np.tanh(c)`` is."""
        if node not in self._lines:
            lines = self._lines[node] = set[int]()
            for r in self._written.readers(node):
                operation = self._written.operation_of.get(r)
                if sum(y.size > 1 for y in r.inputs) == 1:
                    lines |= self._lines_of_readers(r)
                elif operation is not None:
                    lines.add(operation.line.number)
        return self._lines[node]
