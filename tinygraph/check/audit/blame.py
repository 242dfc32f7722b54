"""Blame: which operation of a hand-written backward pass is wrong, and what it should have made.

An operation is to blame if all gradients, or the most, become right once it makes another thing of the right graph,
step by step, and nothing before it can be mended so. Then the search goes on with right values in its place, so that
faults which hide behind others come out, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping

import numpy as np

from ...core.graph import ancestors
from ...core.node import Node
from .book import same
from .departures import Attempt, Departure
from .kinds import is_nameable
from .lines import binds_many
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
        self._families = _families(written)
        self._values: dict[Node, np.ndarray] = {}
        self._overrides: dict[Node, np.ndarray] = {}
        self._operation_of = {x: operation for operation in written.operations for x in operation.nodes}

    def departures(self, most: int = 8) -> list[Departure]:
        """The operations to blame, in the order in which they were found."""
        departures: list[Departure] = []
        while len(departures) < most:
            wrong = self.written.wrong(self._values)
            trial = self._best(wrong) if wrong else None
            if trial is None or not all(map(self._is_known, trial.departure.node.inputs)):
                trial = self._hidden(wrong) or trial  # what reads wrong things may be right itself
            if trial is None:
                break
            departures.append(trial.departure)
            self.departed.append(trial.departure)
            self._overrides |= trial.overrides
            self._values = self.written.replay(self._overrides)
        return departures

    @property
    def overrides(self) -> Mapping[Node, np.ndarray]:
        """The values with which all that was blamed would be right."""
        return self._overrides

    def _best(self, wrong: frozenset[str]) -> Attempt | None:
        """The operation whose mending makes most gradients right; of equals the one that departs first.

        An operation that makes an unknown thing of right ones comes first; then what it reads, which may be the wrong
        thing; then what is near the wrong gradients; then all.
        """
        behind = self.written.behind(wrong)
        open_ones = [x for x in self.written.operations if not behind.isdisjoint(x.nodes)]
        frontier = [x for x in open_ones if self._departs(x)]
        best = self._of(frontier, wrong, self._bound(open_ones, wrong))
        if best is not None:
            return self._of(self._upstream([*best.overrides]), wrong, best)
        near = self._upstream([x for name in wrong if (x := self.written.results.get(name)) is not None])
        best = self._of(near, wrong, None)
        return best if best is not None else self._of(open_ones, wrong, None)

    def _hidden(self, wrong: frozenset[str]) -> Attempt | None:
        """A departure that mends nothing as long as others are there: an adjoint but for a factor, or at some steps."""
        behind = self.written.behind(wrong) | {*ancestors([*self._overrides])}
        for operation in self.written.operations:
            if behind.isdisjoint(operation.nodes) or not self._overrides.keys().isdisjoint(operation.nodes):
                continue
            for things in (self._but_for_a_factor(operation), self._but_for_steps(operation)):
                overrides = {x: _as(t.array, x) for x, t in things.items()}
                if overrides and self.written.wrong(self.written.replay({**self._overrides, **overrides})) <= wrong:
                    node = min(overrides, key=lambda x: x.serial)
                    return Attempt(Departure(operation, node, things[node], frozenset()), overrides)
        return self._asked_for(behind, wrong)

    def _asked_for(self, behind: set[Node], wrong: frozenset[str]) -> Attempt | None:
        """What departs, if its readers come right with another thing, though no whole gradient does; or if what it made
        is another by a fault that has a name."""
        for operation in self.written.operations:
            if behind.isdisjoint(operation.nodes) or not self._overrides.keys().isdisjoint(operation.nodes):
                continue
            for things in self._candidates(operation) if self._departs(operation) else ():
                trial = self._tried(operation, things, wrong, None, whole=False)
                if trial is not None or self._left <= 0:
                    return trial
        return self._nameable(behind)

    def _nameable(self, behind: set[Node]) -> Attempt | None:
        for operation in self.written.operations:
            done = not self._overrides.keys().isdisjoint(operation.nodes)
            if behind.isdisjoint(operation.nodes) or done or not self._departs(operation):
                continue
            for things in self._candidates(operation):
                node = min(things, key=lambda x: x.serial)
                departure = Departure(operation, node, things[node], frozenset())
                if things[node].kind == "adjoint" and is_nameable(self.written, departure):
                    return Attempt(departure, {x: _as(t.array, x) for x, t in things.items()})
        return None

    def _but_for_a_factor(self, operation: Operation) -> dict[Node, Thing]:
        things: dict[Node, Thing] = {}
        for x in operation.nodes:
            matches = [m for m in self.written.look(x, self._value(x)) if m.thing.kind != "value"]
            if x.size == 1 or any(abs(m.factor - 1) < 1e-8 for m in matches) or not all(map(self._is_known, x.inputs)):
                return {}
            own = [m.thing for m in matches if m.thing.kind == "adjoint"]
            if own:
                things[x] = own[0]
        return things if len(things) == len(operation.nodes) else {}

    def _but_for_steps(self, operation: Operation) -> dict[Node, Thing]:
        """What an operation should make at its other runs, told from a run in which it made the adjoint of a step."""
        nodes = operation.nodes
        if len(nodes) < 2 or nodes[0].size == 1:
            return {}
        exact = [self._adjoints(x) for x in nodes]
        off = [k for k, x in enumerate(nodes) if not self._is_known(x) and all(map(self._is_known, x.inputs))]
        for k, own in enumerate(exact):
            for thing in own if off else ():
                family = {
                    t.step: t for f in self._families[nodes[0].size] for t in f.values() if t.family == thing.family
                }
                for sign in (-1, 1):
                    due = {nodes[j]: family.get((thing.step or 0) + sign * (j - k)) for j in off}
                    if all(due.values()) and all(fits(t.array, x) for x, t in due.items() if t):
                        return {x: t for x, t in due.items() if t}
        return {}

    def _adjoints(self, node: Node) -> list[Thing]:
        matches = self.written.look(node, self._value(node))
        exact = [m.thing for m in matches if abs(m.factor - 1) < 1e-8 and m.thing.own]
        return [t for t in exact if t.kind == "adjoint" and t.step is not None]

    def _departs(self, operation: Operation) -> bool:
        """Whether it makes, of right things, what the right graph does not hold, and its readers make wrong ones.

        A reader speaks only if all else that it reads is right.
        """
        for x in operation.nodes:
            if x.size == 1 or self._is_known(x) or not all(map(self._is_known, x.inputs)):
                continue
            readers = [r for r in self.written.readers(x) if all(y is x or self._is_known(y) for y in r.inputs)]
            if self.written.is_result(x) or any(not self._is_known(r) for r in readers):
                return True
        return False

    def _is_known(self, node: Node) -> bool:
        if node in self._values:
            return self.written.is_known(node, self._values[node])
        return self.written.is_known(node)

    def _upstream(self, nodes: list[Node], depth: int = 3) -> list[Operation]:
        """The operations whose results these nodes are or read, over a few operations."""
        operations: dict[int, Operation] = {}
        front = dict.fromkeys(nodes)
        for _ in range(depth + 1):
            operations |= {id(o): o for x in front if (o := self._operation_of.get(x)) is not None}
            front = dict.fromkeys(y for x in front for y in x.inputs)
        return [*operations.values()]

    def _bound(self, operations: list[Operation], wrong: frozenset[str]) -> Attempt | None:
        """The line at which two names are bound the wrong way round."""
        best: Attempt | None = None
        for operation in operations:
            for things in (*self._exchanges(operation), *self._other_steps(operation)):
                best = self._tried(operation, things, wrong, best) or best
        return best

    def _other_steps(self, operation: Operation) -> Iterator[dict[Node, Thing]]:
        """What is bound at one line, as in ``i, f = gates[0]``, taken from other steps, all of it."""
        line, runs = operation.line, len(operation.nodes)
        twins = [o for o in self.written.operations if (o.line.file, o.line.number) == (line.file, line.number)]
        twins = [o for o in twins if len(o.nodes) == runs and self.written.selects(o.nodes[0])]
        if len(twins) < 2 or twins[0] is not operation:
            return
        families = [self._values_like(o.nodes[0]) for o in twins]
        steps = sorted({t for family in families for t in family})
        for order in self._orders(runs, steps, True, False) if len(steps) > 1 else ():
            yield {
                x: _of_step(family, t) if t in family or t is None else _of_step(family, None)
                for o, family in zip(twins, families, strict=True) if family
                for x, t in zip(o.nodes, order, strict=False)
            }  # fmt: skip

    def _values_like(self, node: Node) -> Mapping[int, Thing]:
        """The values of all steps of what a node is at one of them."""
        exact = [m.thing for m in self.written.look(node, self._value(node)) if abs(m.factor - 1) < 1e-8]
        kinds = {t.family for t in exact if t.kind == "value" and t.step is not None}
        families = self._families.get(node.size, [])
        return next((f for f in families if next(iter(f.values())).family in kinds and len(f) > 1), {})

    def _of(self, operations: list[Operation], wrong: frozenset[str], best: Attempt | None) -> Attempt | None:
        for operation in operations:
            for things in self._candidates(operation):
                trial = self._tried(operation, things, wrong, best)
                best = trial if trial is not None else best
                if self._left <= 0:
                    return best
        return best

    def _tried(
        self, operation: Operation, things: Mapping[Node, Thing], wrong: frozenset[str], best: Attempt | None,
        whole: bool = True,
    ) -> Attempt | None:  # fmt: skip
        """What comes of an assignment, if it mends a whole gradient and is better than the best so far."""
        overrides = {x: _as(t.array, x) for x, t in things.items() if fits(t.array, x)}
        changed = {x: a for x, a in overrides.items() if not same(self._value(x), a)}
        node = min(changed, key=lambda x: x.serial, default=None)
        if node is None or any(map(self.written.is_settled, changed)):
            return None
        if best is not None and best.departure.mended == wrong and best.departure.node.serial <= node.serial:
            return None
        self._left -= 1
        if not self._is_asked_for(changed):
            return None
        still = self.written.wrong(self.written.replay({**self._overrides, **overrides}))
        due = self.written.state_like(things[node]) if self.written.selects(node) else things[node]
        trial = Attempt(Departure(operation, node, due, wrong - still), overrides)
        better = still < wrong if whole else still <= wrong
        return trial if better and (best is None or trial.rank > best.rank) else None

    def _value(self, node: Node) -> np.ndarray:
        return self._values.get(node, node._value)

    def _is_asked_for(self, overrides: Mapping[Node, np.ndarray]) -> bool:
        """Whether a reader, or one after it, makes another thing with these values, and a right one."""
        if any(self.written.is_result(x) and self.written.is_right(x, v) for x, v in overrides.items()):
            return True
        nodes = [*overrides]
        for node in dict.fromkeys((nodes[0], nodes[-1])):  # of a sum all but the last may be read by nobody else
            values, front = {node: overrides[node]}, [node]
            for _ in range(DEPTH):
                readers = list(dict.fromkeys(r for x in front for r in self.written.readers(x) if r not in overrides))
                front = []
                for r in readers[:MOST_READERS]:
                    new = self.written.run(r, self._values | values if self._values else values)
                    if self.written.is_right(r, new) and not same(new, self._value(r)):
                        return True
                    values[r] = new
                    front.append(r)
        return False

    def _candidates(self, operation: Operation) -> Iterator[dict[Node, Thing]]:
        """Assignments of things of the right graph to the nodes of an operation, step by step."""
        nodes = operation.nodes
        if nodes[0].size == 1 or all(self.written.is_settled(x) for x in nodes):
            return
        selects = self.written.selects(nodes[0])
        unknown = not all(map(self._is_known, nodes))
        families = self._families.get(nodes[0].size, [])
        for family in sorted(families, key=lambda f: next(iter(f.values())).kind != "value") if selects else families:
            if next(iter(family.values())).kind == "value" and not (selects or unknown):
                continue
            first = next(iter(family.values()))
            repeated = self.written.right.is_repeated(first.of)
            for order in self._orders(len(nodes), sorted(family), selects and first.kind == "value", repeated):
                pairs = {x: _of_step(family, t) for x, t in zip(nodes, order, strict=False)}
                pairs = {x: thing for x, thing in pairs.items() if fits(thing.array, x)}
                if pairs:
                    yield pairs

    def _exchanges(self, operation: Operation) -> Iterator[dict[Node, Thing]]:
        """What is bound at one line, as in ``i, f = gates[t]``, with two of the names exchanged."""
        if not self.written.selects(operation.nodes[0]) or not binds_many(operation.line):
            return
        for other in self.written.operations:
            line, twin = operation.line, other.line
            if other is not operation and (line.file, line.number) == (twin.file, twin.number):
                pairs = [*zip(operation.nodes, other.nodes, strict=False)]
                if len(operation.nodes) == len(other.nodes) and all(fits(a._value, b) for a, b in pairs):
                    there = {a: _exchanged(b, other) for a, b in pairs}
                    yield there | {b: _exchanged(a, operation) for a, b in pairs}

    def _orders(self, runs: int, steps: list[int], selects: bool, repeated: bool) -> list[list[int | None]]:
        """The steps that so many runs may stand for: those of a loop over time, forwards or backwards.

        What is selected may be of the step before or after, and so of none at an end.
        """
        if len(steps) == 1:  # of what is outside of time one run makes it, or all of them keep it
            others: list[int | None] = [None] * (runs - 1)
            if repeated:  # the sum over all steps is made by none of them
                return [] if others else [[*steps]]
            return [[*steps, *others], [*others, *steps], [*steps] * runs] if others else [[*steps]]
        beyond: list[int | None] = [None] if selects else []
        padded = [*beyond, *steps, *beyond]
        orders = [padded[k : k + runs] for k in range(len(padded) - runs + 1)]
        if self.written.runs_backwards is None:
            return [*(order[::-1] for order in orders), *orders]
        return [order[::-1] for order in orders[::-1]] if self.written.runs_backwards else orders


def _exchanged(node: Node, operation: Operation) -> Thing:
    return Thing("value", f"what {operation.line.expression} gives", None, (), node._value)


def _of_step(family: Mapping[int, Thing], step: int | None) -> Thing:
    """The thing of a step; beyond the ends it is the state from which a sequence starts."""
    if step is not None:
        return family[step]
    one = next(iter(family.values()))
    return Thing(one.kind, f"the initial {one.of}", None, one.family, np.zeros_like(one.array))


def fits(array: np.ndarray, node: Node) -> bool:
    return array.shape == node.shape or array.T.shape == node.shape


def _as(array: np.ndarray, node: Node) -> np.ndarray:
    return array if array.shape == node.shape else array.T


def _families(written: Written) -> dict[int, list[Mapping[int, Thing]]]:
    """For each size the families of things, each by step; of those with the same numbers the first."""
    families: dict[Hashable, dict[int, Thing]] = defaultdict(dict)
    for thing in written.right.things:
        families[thing.family][thing.step or 0] = thing
    by_size: dict[int, list[Mapping[int, Thing]]] = defaultdict(list)
    order = {"adjoint": 0, "sum": 1, "part": 2, "value": 3}
    seen = set()
    for family in sorted(families.values(), key=lambda f: order[next(iter(f.values())).kind]):
        numbers = tuple((t, np.round(x.array, 9).tobytes()) for t, x in sorted(family.items()))
        if numbers not in seen:
            seen.add(numbers)
            by_size[next(iter(family.values())).array.size].append(family)
    return by_size
