"""Blame: which operation of a hand-written backward pass is wrong, and what it should have made.

An operation is to blame if all gradients, or the most, become right once it makes another thing of the right graph,
step by step, and nothing before it can be mended so. Then the search goes on with right values in its place, so that
faults which hide behind others come out, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace

import numpy as np

from ...core.graph import ancestors
from ...core.node import Node
from .anew import PairThing
from .book import same
from .candidates import Candidates, but_for_a_factor, fits, mending_none, turned
from .departures import Departure
from .kinds import is_nameable
from .lines import lines_of
from .pairs import FaultPairs
from .present import Present
from .right import Thing, gathers
from .written import Operation, Written

SOME = 2000
"""How many assignments one search may try."""

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

    def __init__(self, written: Written, most: int = 6000) -> None:
        self.written, self._most, self._left = written, most, 0
        self.departed: list[Departure] = []
        self._acquitted: list[Departure] = []
        self._present = Present(written)
        self._doubted: set[Operation] = set()
        self._candidates = Candidates(self._present)
        self._pairs = FaultPairs(self._present, self._candidates)

    def departures(self, most: int = 8) -> list[Departure]:
        """The operations to blame, in the order in which they were found."""
        while len(self.departed) < most:
            wrong = self.written.wrong(self._present.values)
            trial = self._next(wrong)
            if trial is None and not self._acquit():
                break
            if trial is not None:
                self._keep(self._pairs.first_of_two(trial, wrong) or self._pairs.where_scaled(trial, wrong))
        for departure in self._acquitted:
            wrong = self.written.wrong(self._present.values)
            if wrong and self._present.left_wrong(departure.right) < wrong:
                self._keep(departure)
        departures = [replace(departure, values=self._present.values) for departure in self.departed]
        return [replace(d, called_at=self._present.caller(d.operation)) for d in departures]

    def _next(self, wrong: frozenset[str]) -> Departure | None:
        stuck = self._within(self._stuck, wrong)
        if stuck is not None:
            return stuck
        trial = self._within(self._best, wrong) if wrong else None
        sums = trial is not None and isinstance(trial.due, PairThing) and trial.due.kind == "sum"
        if trial is None or sums or not self._present.reads_right(trial.node):
            # What reads wrong things may be right itself.
            trial = self._within(self._hidden, wrong) or trial or self._within(self._anywhere, wrong)
        return trial

    def _keep(self, departure: Departure) -> None:
        self._present.mend(departure.right)
        self.departed.append(departure)

    def _acquit(self) -> bool:
        """Takes back what comes right by itself now that others are mended; whether there was such a thing."""
        for departure in self.departed:
            first = next((x for x, due in departure.right.items() if not same(x._value, due)), departure.node)
            others = {x: a for d in self.departed if d is not departure for x, a in d.right.items()}
            own = self.written.replay(others).get(first, first._value)
            if first not in others and same(own, departure.right[first]):
                self.departed.remove(departure)
                self._acquitted.append(departure)
                self._present.overrides = {}
                self._present.mend(others)
                return True
        return False

    def _is_acquitted(self, operation: Operation) -> bool:
        return any(operation is d.operation for d in self._acquitted)

    def _stuck(self, wrong: frozenset[str]) -> Departure | None:
        """A line that picks the values of one step each time it runs, where its readers want those of their own."""
        best, most = None, (0, 0, False)
        for operation in self.written.operations if wrong else ():
            for things in filter(None, self._candidates.of_stuck(operation)):
                trial = mending_none(self._present, operation, things)
                left = self._present.left_wrong(trial.right)
                rank = (len(wrong - left), *self._speaking_for(trial))
                if left <= wrong and rank > most and not self._is_acquitted(operation):
                    best, most = replace(trial, mended=wrong - left), rank
        return best

    def _speaking_for(self, trial: Departure) -> tuple[int, bool]:
        """How many readers want what else is picked, and whether several things are, and were right the first time."""
        right, nodes = trial.right, trial.operation.nodes
        changed = [x for x, due in right.items() if not same(self._present.value(x), due)]
        pairs = [(x, r) for x in changed if np.any(right[x]) for r in self._other_readers(x, right) if not gathers(r)]
        asking = sum(self._asks(r, {x: right[x]}, right, DEPTH) for x, r in pairs)
        return asking, len(right) > len(nodes) and not {nodes[0], nodes[-1]} <= {*changed} and bool(changed)

    def _within(self, search: Callable[[frozenset[str]], Departure | None], wrong: frozenset[str]) -> Departure | None:
        """What a search finds with a part of the trials that are left."""
        self._left = start = min(SOME, self._most)
        departure = search(wrong)
        self._most -= start - self._left
        return departure

    @property
    def overrides(self) -> Mapping[Node, np.ndarray]:
        """The values with which all that was blamed would be right."""
        return self._present.overrides

    def _best(self, wrong: frozenset[str]) -> Departure | None:
        """The operation whose mending makes most gradients right; of equals the one that departs first.

        An operation that makes an unknown thing of right ones comes first; then what it reads, which may be the wrong
        thing.
        """
        behind = self.written.behind(wrong)
        open_ones = [x for x in self.written.operations if not behind.isdisjoint(x.nodes)]
        frontier = [x for x in open_ones if self._departs(x)]
        shared = [o for o in self._shared(frontier) if not behind.isdisjoint(o.nodes)]
        best = self._of([*shared, *frontier], wrong, self._bound(open_ones, wrong))
        if best is not None:
            return self._joined(self._of(self.written.upstream([*best.right]), wrong, best) or best)
        return self._of(self.written.upstream([x for o in frontier for x in o.nodes], 1), wrong, None)

    def _joined(self, departure: Departure) -> Departure:
        """The one thing that is wrong in what only joins others, if nobody else reads it."""
        pieces = {node: _pieces(node, due) for node, due in departure.right.items()}
        first, of = departure.node, pieces[departure.node]
        places = [k for k, piece in enumerate(of) if not same(self._present.value(first.inputs[k]), piece)]
        picked = self.written.picked
        right = {picked(node.inputs[k]): of[k] for node, of in pieces.items() for k in places if of}
        node = picked(first.inputs[places[0]]) if places else first
        operation = self.written.operation_of.get(node)
        if len(places) != 1 or operation is None or any(len(self.written.readers(x)) > 1 for x in right):
            return departure
        if any(x.shape != piece.shape for x, piece in right.items()):
            return departure
        exact = [m.thing for m in self.written.look(node, right[node]) if m.is_exact]
        due = next((t for t in exact if t.kind == "adjoint"), replace(departure.due, array=right[node]))
        return replace(departure, operation=operation, node=node, due=due, right=right)

    def _shared(self, frontier: list[Operation]) -> list[Operation]:
        """What several departing statements read, and so may all depart for, the most read first."""
        readers: dict[Operation, set[Hashable]] = defaultdict(set)
        for o in frontier:
            for x in dict.fromkeys(y for node in o.nodes for y in node.inputs):
                source = self.written.operation_of.get(x)
                if source is not None and source.line[:3] != o.line[:3]:
                    readers[source].add(o.line[:3])
        several = [source for source, lines in readers.items() if len(lines) > 1]
        self._doubted |= {source for source in several if source.nodes[0] not in self.written.right.forward}
        return sorted(several, key=lambda source: -len(readers[source]))

    def _anywhere(self, wrong: frozenset[str]) -> Departure | None:
        """The operation near the wrong gradients, or any, whose mending makes most of them right."""
        behind = self.written.behind(wrong)
        near = self.written.upstream([x for name in wrong if (x := self.written.results.get(name)) is not None])
        best = self._of(near, wrong, None)
        if best is not None:
            return self._of(self.written.upstream([*best.right]), wrong, best) or best
        rest = [x for x in self.written.operations if not behind.isdisjoint(x.nodes)]
        return self._of(rest, wrong, None)

    def _hidden(self, wrong: frozenset[str]) -> Departure | None:
        """A departure that mends nothing as long as others are there: an adjoint but for a factor, or at some steps."""
        behind = self.written.behind(wrong) | {*ancestors([*self._present.overrides])}
        blamed = {_place(d.operation) for d in (*self.departed, *self._acquitted)}
        operations = [o for o in self.written.operations if _place(o) not in blamed and not behind.isdisjoint(o.nodes)]
        for operation in operations:
            for things in (but_for_a_factor(self._present, operation), self._candidates.but_for_steps(operation)):
                overrides = {x: turned(t.array, self.written.shape(x)) for x, t in things.items()}
                if overrides and self._present.left_wrong(overrides) <= wrong:
                    return mending_none(self._present, operation, things)
        if not wrong:  # then whole statements alone: a part may be another one on the way to the same
            operations = [o for o in operations if o.is_statement]
        frontier = [o for o in operations if self._departs(o)]
        return self._asked_for(frontier, {*operations}, wrong) or self._nameable(frontier if wrong else [], wrong)

    def _asked_for(self, frontier: list[Operation], among: set[Operation], wrong: frozenset[str]) -> Departure | None:
        """What departs, or what that reads, if most of its readers come right with another thing, though no whole
        gradient does."""
        best, most = None, 0
        upstream = self.written.upstream([x for o in frontier for x in o.nodes], 1)
        for operation in dict.fromkeys([*self._shared(frontier), *frontier, *upstream]):
            for things in self._candidates.of(operation) if operation in among else ():
                trial = self._tried(operation, things, wrong, None, whole=False)
                asked = self._asking(trial.right) if trial is not None and self._is_likely(trial) else 0
                if asked > most:
                    best, most = trial, asked
                if self._left <= 0:
                    return best
        return best

    def _is_likely(self, trial: Departure) -> bool:
        """Whether what is due is no zero, and of what is only selected a value."""
        picked = self.written.picked(trial.node) is not trial.node and trial.due.kind != "value"
        some = any if isinstance(trial.due, PairThing) else all  # before the first step there is nothing
        return not picked and some(map(np.any, trial.right.values()))

    def _nameable(self, frontier: list[Operation], wrong: frozenset[str]) -> Departure | None:
        """What departs, if what it made is another thing by a fault that has a name."""
        for operation in frontier:
            for things in self._candidates.of(operation):
                departure = mending_none(self._present, operation, things)
                named = departure.due.kind == "adjoint" and is_nameable(self.written, departure)
                if named and self._present.left_wrong(departure.right) <= wrong:
                    return departure
        return None

    def _departs(self, operation: Operation) -> bool:
        """Whether it makes, of right things, what the right graph does not hold, and its readers make wrong ones.

        A reader speaks only if all else that it reads is right.
        """
        for x in operation.nodes:
            if self.written.is_number(x) or self._present.is_known(x) or not self._present.reads_right(x):
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
        readers = [r for r in self.written.readers(node) if r not in self._present.overrides]
        right = [r for r in readers if all(y is node or self._present.is_known(y) for y in r.inputs)]
        return any(self._comes_right(r, depth - 1) for r in right)

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
        overrides = {
            x: turned(t.array, self.written.shape(x)) for x, t in things.items() if fits(t.array, self.written.shape(x))
        }
        changed = {x: a for x, a in overrides.items() if not same(self._present.value(x), a)}
        node = min(changed, key=lambda x: x.serial, default=None)
        settled = self._present.is_settled if wrong else self.written.is_settled
        if (
            node is None
            or operation in self._pairs.firsts
            or self._is_acquitted(operation)
            or (operation not in self._doubted and any(map(settled, changed)))
        ):
            return None
        if best is not None and best.mended == wrong and best.node.serial < node.serial + best.is_multiple:
            return None
        self._left -= 1
        if not self._asking(changed):
            return None
        still = self._present.left_wrong(overrides)
        due = self.written.state_like(things[node]) if self.written.selects(node) else things[node]
        trial = Departure(operation, node, due, overrides, wrong - still, self._present.values)
        better = still < wrong if whole else still <= wrong
        return trial if better and (best is None or trial.rank > best.rank) else None

    def _asking(self, overrides: Mapping[Node, np.ndarray]) -> int:
        """How many readers, or what comes after them, make another thing with these values, and a right one."""
        if any(self.written.is_result(x) and self.written.holds(v) for x, v in overrides.items()):
            return 2 * MOST_READERS
        nodes = [*overrides]
        ends = dict.fromkeys((nodes[0], nodes[-1]))  # of a sum all but the last may be read by nobody else
        pairs = [(x, r) for x in ends for r in self._other_readers(x, overrides)]
        return sum(self._asks(r, {x: overrides[x]}, overrides, DEPTH) for x, r in pairs)

    def _other_readers(self, node: Node, overrides: Mapping[Node, np.ndarray]) -> list[Node]:
        return [r for r in self.written.readers(node) if r not in overrides][:MOST_READERS]

    def _asks(
        self, reader: Node, values: Mapping[Node, np.ndarray], overrides: Mapping[Node, np.ndarray], depth: int
    ) -> bool:
        """Whether a reader, or one after it, makes another thing with these values, and a right one."""
        new = self.written.run(reader, {**self._present.values, **values})
        if self.written.holds(new) and not same(new, self._present.value(reader)):
            return True
        readers = self._other_readers(reader, overrides) if depth > 1 else []
        return any(self._asks(r, {**values, reader: new}, overrides, depth - 1) for r in readers)


def _place(operation: Operation) -> tuple[tuple[str, int], ...]:
    """Its line, and the lines that called its function."""
    return tuple([(line.file, line.number) for line in lines_of(operation.nodes[0])])


def _pieces(node: Node, due: np.ndarray) -> list[np.ndarray]:
    """What each input of a concatenation should be for its result to be what is due."""
    if node.op is None or node.op.name != "concatenate" or due.shape != node.shape:
        return []
    axis = node.attributes["axis"]
    return np.split(due, np.cumsum([x.shape[axis] for x in node.inputs])[:-1], axis)
