"""Blame: which operation of a hand-written backward pass is wrong, and what it should have made.

An operation is to blame if all gradients, or the most, become right once it makes another thing of the right graph,
step by step, and nothing before it can be mended so. Then the search goes on with right values in its place, so that
faults which hide behind others come out, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import replace

import numpy as np

from ...core.graph import ancestors
from ...core.node import Node
from .anew import PairThing
from .bindings import Bindings
from .book import same
from .candidates import Candidates, but_for_a_factor, mending_none, turned
from .departures import Departure
from .joins import joined
from .kinds import NAMEABLE, PLAIN, is_among
from .lines import lines_of
from .pairs import FaultPairs
from .present import Present
from .prospects import Prospect, Prospects
from .statement import runs_of
from .written import Operation, Written

SOME = 2000
"""How many assignments one search may try."""

FAR_UP = 9
"""So many operations are between what an LSTM joins and the cell's adjoint."""

Helps = Callable[[frozenset[str]], bool]


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
        self._cleared: set[Node] = set()  # with which a line that was blamed has a plain fault
        self._places = {o: _place(o) for o in written.operations}
        self._trials: list[Departure] = []  # of this round, which mend a gradient
        self._looked_at: dict[Operation, Prospects] = {}
        self._candidates = Candidates(self._present)
        self._pairs = FaultPairs(self._present, self._candidates)
        self._bindings = Bindings(self._present, self._candidates)

    def departures(self, most: int = 8) -> list[Departure]:
        """The operations to blame, in the order in which they were found."""
        while len(self.departed) < most > len(self._acquitted):
            wrong = self.written.wrong(self._present.values)
            trial = self._next(wrong)
            if trial is None and not self._acquit():
                break
            if trial is not None:
                self._keep(self._pairs.explained(trial, self._trials, wrong))
        for departure in self._acquitted:
            wrong = self.written.wrong(self._present.values)
            if wrong and self._present.left_wrong(departure.right) < wrong:
                self._keep(departure)
        return [replace(departure, values=self._present.values) for departure in self.departed]

    def _next(self, wrong: frozenset[str]) -> Departure | None:
        self._trials.clear()
        open_ones = [o for o in self.written.operations if not self._is_out(o)] if wrong else []
        bound = self._bindings.misbound(open_ones, wrong)
        if bound is not None:
            return bound
        trial = self._pairs.undone(open_ones, wrong, 2) or (self._within(self._best, wrong) if wrong else None)
        sums = trial is not None and isinstance(trial.due, PairThing) and trial.due.kind == "sum"
        if trial is None or sums or not self._present.reads_right(trial.node):
            # What reads wrong things may be right itself.
            trial = self._within(self._hidden, wrong) or trial or self._within(self._anywhere, wrong)
        return trial or self._pairs.undone(open_ones, wrong, 1)

    def _keep(self, departure: Departure) -> None:
        self._present.mend(departure.right)
        after = replace(departure, values=self._present.values)
        if is_among(PLAIN, self.written, after):
            self._cleared |= {x for run in runs_of(self.written, after) for x in run.reads}
        self._look_again()
        self.departed.append(departure)

    def _look_again(self) -> None:
        for looked in self._looked_at.values():
            looked.forget()

    def _acquit(self) -> bool:
        """Takes back what comes right by itself now that others are mended; whether there was such a thing."""
        for departure in self.departed:
            others = {x: a for d in self.departed if d is not departure for x, a in d.right.items()}
            without = Present(self.written)
            without.mend(others)
            right = departure.right.items()
            if others.keys().isdisjoint(departure.right) and all(same(without.value(x), due) for x, due in right):
                self.departed.remove(departure)
                self._acquitted.append(departure)
                self._present.become(without)
                self._cleared.clear()
                self._look_again()
                return True
        return False

    def _is_acquitted(self, operation: Operation) -> bool:
        return any(operation is d.operation for d in self._acquitted)

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
        frontier = [x for x in open_ones if self._present.departs(x)]
        shared = [o for o in self._shared(frontier) if not behind.isdisjoint(o.nodes)]
        best = self._of([*shared, *frontier], wrong, None)
        if best is not None:
            return joined(self._present, self._of(self._above(best), wrong, best) or best)
        return self._of(self.written.upstream([x for o in frontier for x in o.nodes], 1), wrong, None)

    def _above(self, departure: Departure) -> list[Operation]:
        """What it may depart for; further up of zeros, which nobody can tell from others, and of what joins several."""
        zeros = not any(np.any(self._present.value(x)) for x in departure.right)
        joins = departure.node.op is not None and departure.node.op.name == "concatenate"
        return self.written.upstream([*departure.right], FAR_UP if zeros or joins else 3)

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
        results = self.written.results.items()
        near = self.written.upstream([x for name, x in results if name in wrong and x is not None])
        best = self._of(near, wrong, None)
        if best is not None:
            return self._of(self._above(best), wrong, best) or best
        rest = [x for x in self.written.operations if not behind.isdisjoint(x.nodes)]
        return self._of(rest, wrong, None)

    def _hidden(self, wrong: frozenset[str]) -> Departure | None:
        """A departure that mends nothing as long as others are there: an adjoint but for a factor, or at some steps."""
        behind = self.written.behind(wrong) | {*ancestors([*self._present.overrides])}
        blamed = {self._places[d.operation] for d in (*self.departed, *self._acquitted)}
        operations = [o for o, place in self._places.items() if place not in blamed and not behind.isdisjoint(o.nodes)]
        operations = [o for o in operations if not self._pairs.is_scaled(o)]
        for operation in operations:
            for things in (but_for_a_factor(self._present, operation), self._candidates.but_for_steps(operation)):
                overrides = {x: turned(t.array, self.written.shape(x)) for x, t in things.items()}
                if overrides and (still := self._present.left_wrong(overrides)) <= wrong:
                    return replace(mending_none(self._present, operation, things), mended=wrong - still)
        if not wrong:  # then whole statements alone: a part may be another one on the way to the same
            operations = [o for o in operations if o.is_statement]
        frontier = [o for o in operations if self._present.departs(o)]
        return self._asked_for(frontier, {*operations}, wrong) or self._nameable(frontier if wrong else [], wrong)

    def _asked_for(self, frontier: list[Operation], among: set[Operation], wrong: frozenset[str]) -> Departure | None:
        """What departs, or what that reads, if most of its readers come right with another thing, though no whole
        gradient does; what reads right things first."""
        ties, most = list[Departure](), (False, 0)
        upstream = self.written.upstream([x for o in frontier for x in o.nodes], 1)
        for operation in [o for o in dict.fromkeys([*self._shared(frontier), *frontier, *upstream]) if o in among]:
            for p in self._prospects(operation, wrong, None, wrong.issuperset):
                if self._left <= 0:
                    break
                self._left -= 1
                rank = p.asked > 0 and self._present.reads_right(p.node), p.asked
                ours = rank > most or (rank == most and [d.operation for d in ties[:1]] == [operation])
                if ours and p.still <= wrong and self._is_likely(trial := self._departure(operation, p, wrong)):
                    ties, most = [*(ties if rank == most else ()), trial], rank
        return next(filter(self._pairs.is_told, ties if len(ties) > 1 else ()), next(iter(ties), None))

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
                named = departure.due.kind == "adjoint" and is_among(NAMEABLE, self.written, departure)
                if named and (still := self._present.left_wrong(departure.right)) <= wrong:
                    return replace(departure, mended=wrong - still)
        return None

    def _of(self, operations: list[Operation], wrong: frozenset[str], best: Departure | None) -> Departure | None:
        for operation in operations:
            if not _is_late(best, operation.nodes[0], wrong):
                best = self._tried(operation, self._prospects(operation, wrong, best, wrong.__gt__), wrong, best)
            if self._left <= 0:
                return best
        return best

    def _tried(
        self, operation: Operation, some: Iterable[Prospect], wrong: frozenset[str], best: Departure | None
    ) -> Departure | None:
        """What comes of an assignment that mends a whole gradient and is better than the best so far; or that."""
        for p in some:
            if self._left <= 0:
                break
            if not _is_late(best, p.node, wrong):
                self._left -= 1
                trial = self._departure(operation, p, wrong) if p.asked and p.still < wrong else None
                self._trials += [trial] if trial is not None else []
                best = trial if trial is not None and (best is None or trial.rank > best.rank) else best
        return best

    def _prospects(
        self, operation: Operation, wrong: frozenset[str], best: Departure | None, helps: Helps
    ) -> Iterable[Prospect]:
        """What would come of the things of the right graph in the place of what an operation makes."""
        if self._is_out(operation):
            return ()
        things, looked = self._candidates.of(operation), self._looked_at.get(operation)
        if looked is None or looked.things is not things:
            looked = Prospects(self._present, things)
        if looked.is_small:
            self._looked_at[operation] = looked
        settled = self._settled(operation, operation.nodes, wrong)

        def worth(_: int, first: Node, changed: Collection[Node]) -> bool:
            return not _is_late(best, first, wrong) and settled.isdisjoint(changed)

        return looked.of(worth, helps)

    def _settled(self, operation: Operation, nodes: Iterable[Node], wrong: frozenset[str]) -> set[Node]:
        """The nodes for which no other values are to be tried."""
        is_settled, cleared = (self._present.is_settled, self._cleared) if wrong else (self.written.is_settled, set())
        return {x for x in nodes if x in cleared or (operation not in self._doubted and is_settled(x))}

    def _is_out(self, operation: Operation) -> bool:
        return operation in self._pairs.firsts or self._is_acquitted(operation)

    def _departure(self, operation: Operation, p: Prospect, wrong: frozenset[str]) -> Departure:
        due = self.written.state_like(p.things[p.node]) if self.written.selects(p.node) else p.things[p.node]
        return Departure(operation, p.node, due, p.right, wrong - p.still, self._present.values)


def _is_late(best: Departure | None, node: Node, wrong: frozenset[str]) -> bool:
    """Whether all is mended by the best so far, and before this node."""
    return best is not None and best.mended == wrong and best.node.serial < node.serial + best.is_multiple


def _place(operation: Operation) -> tuple[tuple[str, int], ...]:
    """Its line, and the lines that called its function."""
    return tuple([(line.file, line.number) for line in lines_of(operation.nodes[0])])
