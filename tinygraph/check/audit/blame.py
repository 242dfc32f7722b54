"""Blame: which operation of a hand-written backward pass is wrong, and what it should have made.

An operation is to blame if all gradients, or the most, become right once it makes another thing of the right graph,
step by step, and nothing before it can be mended so. Then the search goes on with right values in its place, so that
faults which hide behind others come out, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ...core.node import Node
from .book import same
from .right import Thing
from .written import Operation, Written

DEPTH = 4
"""How many readings on an operation's reader must come out right to speak for what it should have made."""


@dataclass(frozen=True)
class Departure:
    """An operation that made something else than what is due.

    Attributes:
        operation: where it happens.
        node: the first of its nodes that is wrong.
        due: what it should have made there.
        mended: the parameters whose gradients become right if it does.
    """

    operation: Operation
    node: Node
    due: Thing
    mended: frozenset[str]


class Blame:
    """Finds the departures of a written backward pass, one after the other."""

    def __init__(self, written: Written) -> None:
        self.written = written
        self._families = _families(written)
        self._values: dict[Node, np.ndarray] = {}

    def departures(self, most: int = 8) -> list[Departure]:
        """The operations to blame, in the order in which they were found."""
        departures: list[Departure] = []
        overrides: dict[Node, np.ndarray] = {}
        while len(departures) < most:
            wrong = self.written.wrong(self._values)
            step = self._best(wrong, overrides) if wrong else None
            if step is None:
                break
            departures.append(step[0])
            overrides |= step[1]
            self._values = self.written.replay(overrides)
        return departures

    def _best(
        self, wrong: frozenset[str], before: Mapping[Node, np.ndarray]
    ) -> tuple[Departure, dict[Node, np.ndarray]] | None:
        """The operation whose mending makes most gradients right; of equals the one that departs first."""
        best: tuple[Departure, dict[Node, np.ndarray]] | None = None
        behind = self.written.behind(wrong)
        for operation in self.written.operations:
            if behind.isdisjoint(operation.nodes):
                continue
            for things in (*self._candidates(operation), *self._exchanges(operation)):
                overrides = {x: a for x, t in things.items() if not same(self._value(x), a := _as(t.array, x))}
                node = min(overrides, key=lambda x: x.serial, default=None)
                if node is None or (
                    best is not None and best[0].mended == wrong and best[0].node.serial <= node.serial
                ):
                    continue
                if any(map(self.written.is_settled, overrides)) or not self._is_asked_for(overrides):
                    continue
                still = self.written.wrong(self.written.replay({**before, **overrides}))
                rank = len(wrong - still), -node.serial
                if still <= wrong and (best is None or rank > (len(best[0].mended), -best[0].node.serial)):
                    best = Departure(operation, node, things[node], wrong - still), overrides
        return best

    def _value(self, node: Node) -> np.ndarray:
        return self._values.get(node, node._value)

    def _is_asked_for(self, overrides: Mapping[Node, np.ndarray]) -> bool:
        """Whether a reader, or one after it, makes another thing with these values, and a right one."""
        if any(self.written.is_result(x) and self.written.is_right(x, v) for x, v in overrides.items()):
            return True
        values, front = dict(overrides), [*overrides]
        for _ in range(DEPTH):
            readers = {r: None for x in front for r in self.written.readers(x) if r not in overrides}
            front = []
            for r in sorted(readers, key=lambda x: x.serial):
                new = self.written.run(r, {**self._values, **values})
                if not same(new, self._value(r)):
                    if self.written.is_right(r, new):
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
        families = self._families.get(nodes[0].size, [])
        for family in sorted(families, key=lambda f: next(iter(f.values())).kind != "value") if selects else families:
            if next(iter(family.values())).kind == "value" and not selects:
                continue
            for order in self._orders(len(nodes), sorted(family), selects):
                pairs = {x: family[t] for x, t in zip(nodes, order, strict=False) if t is not None}
                pairs = {x: thing for x, thing in pairs.items() if fits(thing.array, x)}
                if pairs:
                    yield pairs

    def _exchanges(self, operation: Operation) -> Iterator[dict[Node, Thing]]:
        """What is bound at one line, as in ``i, f = gates[t]``, with two of the names exchanged."""
        if not self.written.selects(operation.nodes[0]):
            return
        for other in self.written.operations:
            line, twin = operation.line, other.line
            if other is not operation and (line.file, line.number) == (twin.file, twin.number):
                pairs = [*zip(operation.nodes, other.nodes, strict=False)]
                if len(operation.nodes) == len(other.nodes) and all(fits(a._value, b) for a, b in pairs):
                    there = {a: _exchanged(b, other) for a, b in pairs}
                    yield there | {b: _exchanged(a, operation) for a, b in pairs}

    def _orders(self, runs: int, steps: list[int], selects: bool) -> list[list[int | None]]:
        """The steps that so many runs may stand for: those of a loop over time, forwards or backwards.

        What is selected may be of the step before or after, and so of none at an end.
        """
        if len(steps) == 1:
            return [[*steps] * runs] if runs == 1 else []
        ends: list[int | None] = [None] if selects else []
        padded = [*ends, *steps, *ends]
        orders = [padded[k : k + runs] for k in range(len(padded) - runs + 1)]
        if self.written.runs_backwards is None:
            return [*(order[::-1] for order in orders), *orders]
        return [order[::-1] for order in orders[::-1]] if self.written.runs_backwards else orders


def _exchanged(node: Node, operation: Operation) -> Thing:
    return Thing("value", f"what {operation.line.expression} gives", None, (), node._value)


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
