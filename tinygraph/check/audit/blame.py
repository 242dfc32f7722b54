"""Blame: which operation of a hand-written backward pass is wrong, and what it should have made.

An operation is to blame if all gradients, or the most, become right once it makes another thing of the right graph,
step by step, and nothing before it can be mended so. Then the search goes on with right values in its place, so that
faults which hide behind others come out, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...core.graph import ancestors
from ...core.node import Node
from .book import same
from .candidates import Candidates, but_for_a_factor, fits, turned
from .departures import Departure
from .kinds import is_nameable
from .present import Present
from .right import Thing
from .written import Operation, Written

DEPTH, MOST_READERS = 5, 4
"""How far, and over how many readers, a right result is looked for that speaks for what an operation should make."""


class Blame:
    """Finds the departures of a written backward pass, one after the other.

    Args:
        written: the pass.
        most: how many assignments are tried; a number, not a time, so that a report is the same on any machine.

    Attributes:
        departed: what was found so far.
    """

    def __init__(self, written: Written, most: int = 3000) -> None:
        self.written, self._left = written, most
        self.departed: list[Departure] = []
        self._present = Present(written)
        self._candidates = Candidates(self._present)

    def departures(self, most: int = 8) -> list[Departure]:
        """The operations to blame, in the order in which they were found."""
        departures: list[Departure] = []
        while len(departures) < most:
            wrong = self.written.wrong(self._present.values)
            trial = self._best(wrong) if wrong else None
            if trial is None or not self._present.reads_right(trial.node):
                trial = self._hidden(wrong) or trial  # what reads wrong things may be right itself
            if trial is None:
                break
            self._present.mend(trial.right)
            departures.append(replace(trial, values=self._present.values))
            self.departed.append(departures[-1])
        return departures

    @property
    def overrides(self) -> Mapping[Node, np.ndarray]:
        """The values with which all that was blamed would be right."""
        return self._present.overrides

    def _best(self, wrong: frozenset[str]) -> Departure | None:
        """The operation whose mending makes most gradients right; of equals the one that departs first.

        An operation that makes an unknown thing of right ones comes first; then what it reads, which may be the wrong
        thing; then what is near the wrong gradients; then all.
        """
        behind = self.written.behind(wrong)
        open_ones = [x for x in self.written.operations if not behind.isdisjoint(x.nodes)]
        frontier = [x for x in open_ones if self._departs(x)]
        best = self._of(frontier, wrong, self._bound(open_ones, wrong))
        if best is not None:
            return self._of(self._upstream([*best.right]), wrong, best)
        near = self._upstream([x for name in wrong if (x := self.written.results.get(name)) is not None])
        best = self._of(near, wrong, None)
        return best if best is not None else self._of(open_ones, wrong, None)

    def _hidden(self, wrong: frozenset[str]) -> Departure | None:
        """A departure that mends nothing as long as others are there: an adjoint but for a factor, or at some steps."""
        behind = self.written.behind(wrong) | {*ancestors([*self._present.overrides])}
        for operation in self.written.operations:
            if behind.isdisjoint(operation.nodes) or not self._present.overrides.keys().isdisjoint(operation.nodes):
                continue
            for things in (but_for_a_factor(self._present, operation), self._candidates.but_for_steps(operation)):
                overrides = {x: turned(t.array, x) for x, t in things.items()}
                if overrides and self._left_wrong(overrides) <= wrong:
                    return self._departure(operation, things, overrides)
        return self._asked_for(behind, wrong)

    def _asked_for(self, behind: set[Node], wrong: frozenset[str]) -> Departure | None:
        """What departs, if its readers come right with another thing, though no whole gradient does; or if what it made
        is another by a fault that has a name."""
        for operation in self.written.operations:
            if behind.isdisjoint(operation.nodes) or not self._present.overrides.keys().isdisjoint(operation.nodes):
                continue
            for things in self._candidates.of(operation) if self._departs(operation) else ():
                trial = self._tried(operation, things, wrong, None, whole=False)
                if trial is not None or self._left <= 0:
                    return trial
        return self._nameable(behind)

    def _nameable(self, behind: set[Node]) -> Departure | None:
        for operation in self.written.operations:
            done = not self._present.overrides.keys().isdisjoint(operation.nodes)
            if behind.isdisjoint(operation.nodes) or done or not self._departs(operation):
                continue
            for things in self._candidates.of(operation):
                departure = self._departure(operation, things, {x: turned(t.array, x) for x, t in things.items()})
                if departure.due.kind == "adjoint" and is_nameable(self.written, departure):
                    return departure
        return None

    def _departure(
        self, operation: Operation, things: Mapping[Node, Thing], right: Mapping[Node, np.ndarray]
    ) -> Departure:
        """One that mends no gradient by itself."""
        node = min(right, key=lambda x: x.serial)
        return Departure(operation, node, things[node], right, frozenset(), self._present.values)

    def _departs(self, operation: Operation) -> bool:
        """Whether it makes, of right things, what the right graph does not hold, and its readers make wrong ones.

        A reader speaks only if all else that it reads is right.
        """
        for x in operation.nodes:
            if x.size == 1 or self._present.is_known(x) or not self._present.reads_right(x):
                continue
            readers = [r for r in self.written.readers(x) if all(y is x or self._present.is_known(y) for y in r.inputs)]
            if self.written.is_result(x) or any(not self._comes_right(r) for r in readers):
                return True
        return False

    def _comes_right(self, node: Node, depth: int = 4) -> bool:
        """Whether it is right, or a part of a sum of right things that is."""
        if self._present.is_known(node):
            return True
        if depth == 0 or node.op is None or node.op.name != "add":
            return False
        readers = self.written.readers(node)
        right = [r for r in readers if all(y is node or self._present.is_known(y) for y in r.inputs)]
        return any(self._comes_right(r, depth - 1) for r in right)

    def _upstream(self, nodes: list[Node], depth: int = 3) -> list[Operation]:
        """The operations whose results these nodes are or read, over a few operations."""
        operations: dict[int, Operation] = {}
        front = dict.fromkeys(nodes)
        for _ in range(depth + 1):
            operations |= {id(o): o for x in front if (o := self.written.operation_of.get(x)) is not None}
            front = dict.fromkeys(y for x in front for y in x.inputs)
        return [*operations.values()]

    def _bound(self, operations: list[Operation], wrong: frozenset[str]) -> Departure | None:
        """The line at which two names are bound the wrong way round."""
        best: Departure | None = None
        for operation in operations:
            for things in self._candidates.of_bindings(operation):
                best = self._tried(operation, things, wrong, best) or best
        return best

    def _of(self, operations: list[Operation], wrong: frozenset[str], best: Departure | None) -> Departure | None:
        for operation in operations:
            for things in self._candidates.of(operation):
                trial = self._tried(operation, things, wrong, best)
                best = trial if trial is not None else best
                if self._left <= 0:
                    return best
        return best

    def _tried(
        self,
        operation: Operation,
        things: Mapping[Node, Thing],
        wrong: frozenset[str],
        best: Departure | None,
        whole: bool = True,
    ) -> Departure | None:
        """What comes of an assignment, if it mends a whole gradient and is better than the best so far."""
        overrides = {x: turned(t.array, x) for x, t in things.items() if fits(t.array, x)}
        changed = {x: a for x, a in overrides.items() if not same(self._present.value(x), a)}
        node = min(changed, key=lambda x: x.serial, default=None)
        if node is None or any(map(self.written.is_settled, changed)):
            return None
        if best is not None and best.mended == wrong and best.node.serial <= node.serial:
            return None
        self._left -= 1
        if not self._is_asked_for(changed):
            return None
        still = self._left_wrong(overrides)
        due = self.written.state_like(things[node]) if self.written.selects(node) else things[node]
        trial = Departure(operation, node, due, overrides, wrong - still, self._present.values)
        better = still < wrong if whole else still <= wrong
        return trial if better and (best is None or trial.rank > best.rank) else None

    def _left_wrong(self, overrides: Mapping[Node, np.ndarray]) -> frozenset[str]:
        """The gradients that are wrong although these nodes, and all that was blamed, are right."""
        return self.written.wrong(self.written.replay({**self._present.overrides, **overrides}))

    def _is_asked_for(self, overrides: Mapping[Node, np.ndarray]) -> bool:
        """Whether a reader, or one after it, makes another thing with these values, and a right one."""
        if any(self.written.is_result(x) and self.written.holds(v) for x, v in overrides.items()):
            return True
        nodes = [*overrides]
        for node in dict.fromkeys((nodes[0], nodes[-1])):  # of a sum all but the last may be read by nobody else
            values, front = {node: overrides[node]}, [node]
            for _ in range(DEPTH):
                readers = list(dict.fromkeys(r for x in front for r in self.written.readers(x) if r not in overrides))
                front = []
                for r in readers[:MOST_READERS]:
                    new = self.written.run(r, self._present.values | values)
                    if self.written.holds(new) and not same(new, self._present.value(r)):
                        return True
                    values[r] = new
                    front.append(r)
        return False
