"""Candidates: what an operation may have had to make instead, of all that the right graph holds."""

from __future__ import annotations

import ast
import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain, islice, product
from operator import is_

import numpy as np

from ...core.node import Node
from .anew import PairThing
from .book import same
from .departures import Departure
from .lines import binds_many, statement_at
from .present import Present
from .right import Thing
from .written import Operation

_Steps = Mapping[int, Thing]

MOST_STUCK = 8
"""So many kinds of values are tried where a line picks zeros, which may come before the first step of several."""


class Candidates:
    """Assignments of things of the right graph to the nodes of an operation.

    Args:
        present: the values as they are now.
    """

    def __init__(self, present: Present) -> None:
        self._present, self.written = present, present.written
        things = present.written.right.things
        self._families = _families(things)
        self._values = _families([t for t in things if t.kind == "value"])
        self._known: dict[Operation, tuple[list[np.ndarray], list[dict[Node, Thing]]]] = {}
        self._picked: dict[Node, tuple[np.ndarray, list[tuple[_Steps, int]]]] = {}
        self._by_line: dict[tuple[str, int], list[Operation]] = defaultdict(list)
        for o in self.written.operations:
            self._by_line[o.line.file, o.line.number].append(o)

    def of(self, operation: Operation) -> list[dict[Node, Thing]]:
        """Assignments of things of the right graph to the nodes of an operation; one list for one set of values."""
        nodes = operation.nodes
        if self.written.is_number(nodes[0]) or all(map(self._present.is_settled, nodes)):
            return []
        values = [*map(self._present.value, nodes)]
        known = self._known.get(operation)
        if known is None or not all(map(is_, values, known[0])):
            known = self._known[operation] = values, [*self._of(operation)]
        return known[1]

    def _of(self, operation: Operation) -> Iterator[dict[Node, Thing]]:
        nodes = operation.nodes
        selects, item = self.written.selects(nodes[0]), self._is_item_of_values(operation)
        if item and binds_many(operation.line) and self._is_of_each_step(nodes):
            return  # the line picks the right step; a name that is wrong is so where it is read
        grows = not operation.line.whole and operation.is_statement
        unknown = not all(map(self._present.is_known, nodes))
        shapes, op = [*map(self.written.shape, nodes)], nodes[0].op
        gives = op is not None and op.name in ("copy", "getitem")
        families = self._families.get(math.prod(shapes[0]), [])
        if selects and not grows and (binds_many(operation.line) or not operation.line.whole):
            kinds = {m.thing.kind == "value" for m in self._present.look(nodes[0]) if m.is_exact}
            families = [f for f in families if (next(iter(f.values())).kind == "value") in (kinds or {True, False})]
        for family in sorted(families, key=lambda f: next(iter(f.values())).kind != "value") if selects else families:
            first = next(iter(family.values()))
            if first.kind == "value" and (first.inner if selects else not unknown):
                continue
            if item and first.kind == "part":
                continue
            if isinstance(first, PairThing) and (len(family) != len(nodes) or (first.kind == "sum" and not grows)):
                continue
            repeated = self.written.right.is_repeated(first.of)
            beyond = grows if first.kind == "sum" else selects and first.kind == "value"
            for order in self._orders(len(nodes), sorted(family), beyond, repeated):
                things = [self._of_step(family, t) for t in order]
                triples = zip(nodes, shapes, things, strict=False)
                pairs = {x: thing for x, shape, thing in triples if fits(thing.array, shape)}
                if pairs and not (gives and self._is_turned(*next(iter(pairs.items())))):
                    yield pairs

    def _is_turned(self, node: Node, thing: Thing) -> bool:
        """Whether a name or an item would be its own transpose, which nobody gets by binding it."""
        own, due = self._present.value(node), thing.array
        return same(own.T, due) and not same(own, due)

    def _is_item_of_values(self, operation: Operation) -> bool:
        """Whether it is picked from what the forward pass kept, where nobody finds a part of an adjoint."""
        statement = statement_at(operation.line.file, operation.line.number)
        item = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Subscript)
        return item and self.written.picked(operation.nodes[0]) in self.written.right.forward

    def _is_of_each_step(self, nodes: list[Node]) -> bool:
        """Whether the nodes are values of all steps, one after the other."""
        exact = [{m.thing.step for m in self._present.look(x) if m.is_exact and m.thing.kind == "value"} for x in nodes]
        steps = range(len(nodes))
        return len(nodes) > 1 and any(all(map(set.__contains__, exact, order)) for order in (steps, steps[::-1]))

    def of_bindings(self, operation: Operation) -> Iterator[dict[Node, Thing]]:
        """What names that are bound at one line may stand for: each other's values, or those of another step."""
        return chain(self._exchanges(operation), self._other_steps(operation))

    def _exchanges(self, operation: Operation) -> Iterator[dict[Node, Thing]]:
        """What is bound at one line, as in ``i, f = gates[t]``, with two of the names exchanged."""
        if not self.written.selects(operation.nodes[0]) or not binds_many(operation.line):
            return
        for other in self._at_line(operation):
            told = other.nodes[0].serial <= operation.nodes[0].serial and self.written.selects(other.nodes[0])
            if not told:
                pairs = [*zip(operation.nodes, other.nodes, strict=False)]
                if len(operation.nodes) == len(other.nodes) and all(fits(a._value, b.shape) for a, b in pairs):
                    there = {a: _exchanged(b, other) for a, b in pairs}
                    yield there | {b: _exchanged(a, operation) for a, b in pairs}

    def _other_steps(self, operation: Operation) -> Iterator[dict[Node, Thing]]:
        """What is picked at one line, as in ``i, f = gates[0]``, taken from other steps, all of it; also one thing that
        is picked at the same step each time the line runs, with the data of that step."""
        twins = [o for o in self._twins(operation) if self._is_kept(o.nodes[0])]
        stuck = [o for o in twins if "[" in o.line.expression and self._is_stuck(o.nodes)]
        binds = len(twins) > 1 if binds_many(operation.line) else operation.line.whole
        several = stuck or (twins if binds else [])
        if operation not in several[:1]:
            return
        options = [[(o.nodes, *pick) for pick in self._picks(o.nodes) or [({}, -1)]] for o in several]
        for parts in islice(product(*options), MOST_STUCK):
            last = max(t for *_, t in parts)
            alike = [x for x in self._data if len(x) == len(operation.nodes)] if stuck else []
            data = [(x, *pick) for x in alike for pick in self._picks(x) if pick[1] - last in (0, 1)]
            last = max(t for *_, t in (*parts, *data))  # h[t] and h[t - 1] stay one step apart
            yield from self._in_step([(x, f, t - last) for x, f, t in (*parts, *data)])
            yield from self._in_step([(x, f, 0) for x, f, _ in parts]) if not stuck else ()

    @cached_property
    def _data(self) -> list[tuple[Node, ...]]:
        """Data of one step, which the runs of an operation read where they pick it from what is kept."""
        inputs = [zip(*(x.inputs for x in o.nodes), strict=False) for o in self.written.operations]
        places = dict.fromkeys(nodes for of in inputs for nodes in of if not any(x.op for x in nodes))
        return [nodes for nodes in places if len({*nodes}) == len(nodes) and self._is_stuck(nodes)]

    def _is_kept(self, node: Node) -> bool:
        """Whether it is a value of the forward pass, or data; zeros that the backward pass computes are not."""
        values = (m.thing.kind == "value" and m.is_exact for m in self._present.look(node))
        return self.written.picked(node).op is None or any(values)

    def _twins(self, operation: Operation) -> list[Operation]:
        """What is picked at the line of an operation, each time that it runs."""
        runs = len(operation.nodes)
        return [o for o in self._at_line(operation) if len(o.nodes) == runs and self.written.selects(o.nodes[0])]

    def _at_line(self, operation: Operation) -> list[Operation]:
        return self._by_line[operation.line.file, operation.line.number]

    def _is_stuck(self, nodes: Sequence[Node]) -> bool:
        first, *others = map(self._present.value, nodes)
        return bool(others) and first.size > 1 and all(same(first, x) for x in others)

    def _picks(self, nodes: Sequence[Node]) -> list[tuple[_Steps, int]]:
        """The values of which a step is picked, and which step; -1 for what comes before the first one."""
        node, own = nodes[0], self._present.value(nodes[0])
        if node not in self._picked or self._picked[node][0] is not own:
            self._picked[node] = own, [*self._picks_of(own)]
        return self._picked[node][1]

    def _picks_of(self, own: np.ndarray) -> Iterator[tuple[_Steps, int]]:
        for family in self._values.get(own.size, []):
            one = next(iter(family.values()))
            before = self.written.right.initial.get(one.family)
            arrays = {t: thing.array for t, thing in family.items()} | ({} if before is None else {-1: before})
            fitting = [t for t, a in arrays.items() if fits(a, own.shape) and same(turned(a, own.shape), own)]
            yield from ((family, t) for t in fitting[:1] if len(family) > 1 and not one.inner)

    def _in_step(self, parts: Sequence[tuple[Sequence[Node], _Steps, int]]) -> Iterator[dict[Node, Thing]]:
        """What is picked, with the steps of a loop over time, some of it by so many steps apart."""
        steps = sorted({t for _, family, _ in parts for t in family})
        for order in self._orders(len(parts[0][0]), steps, True, False) if len(steps) > 1 else ():
            things: dict[Node, Thing] = {}
            for nodes, family, by in parts:
                own = [None if t is None or t + by not in family else t + by for t in order]
                things |= {x: self._of_step(family, t) for x, t in zip(nodes, own, strict=False) if family}
            yield {x: thing for x, thing in things.items() if fits(thing.array, self.written.shape(x))}

    def but_for_steps(self, operation: Operation) -> dict[Node, Thing]:
        """What an operation should make at its other runs, told from a run in which it made an adjoint, or a part."""
        nodes = operation.nodes
        if len(nodes) < 2 or (size := nodes[0].size) == 1:
            return {}
        exact = [self._of_steps(x) for x in nodes]
        off = [
            k
            for k, x in enumerate(nodes)
            if not self._present.is_known(x) and all(map(self._present.is_known, x.inputs))
        ]
        for k, own in enumerate(exact):
            for thing in own if off else ():
                family = {t.step: t for f in self._families[size] for t in f.values() if t.family == thing.family}
                for sign in (-1, 1):
                    pairs = [(nodes[j], family.get((thing.step or 0) + sign * (j - k))) for j in off]
                    due = {x: t for x, t in pairs if t and fits(t.array, x.shape)}
                    if len(due) == len(off):
                        return due
        return {}

    def _of_steps(self, node: Node) -> list[Thing]:
        """The adjoints of a step, and the parts of one, that a node is."""
        exact = [m.thing for m in self._present.look(node) if m.is_exact and m.thing.own]
        return [t for kind in ("adjoint", "part") for t in exact if t.kind == kind and t.step is not None]

    def _of_step(self, family: Mapping[int, Thing], step: int | None) -> Thing:
        """The thing of a step; beyond the ends it is the state from which a sequence starts."""
        if step is not None:
            return family[step]
        one = next(iter(family.values()))
        array = self.written.right.initial.get(one.family, np.zeros_like(one.array))
        return Thing(one.kind, f"the initial {one.of}", None, one.family, array)

    def _orders(self, runs: int, steps: list[int], beyond: bool, repeated: bool) -> list[list[int | None]]:
        """The steps that so many runs may stand for: those of a loop over time, forwards or backwards.

        What is selected may be of the step before or after, and so of none at an end; a sum may be that before.
        """
        if len(steps) == 1:  # of what is outside of time one run makes it, or all of them keep it
            others: list[int | None] = [None] * (runs - 1)
            if repeated:  # the sum over all steps is made by none of them
                return [] if others else [[*steps]]
            return [[*steps, *others], [*others, *steps], [*steps] * runs] if others else [[*steps]]
        none: list[int | None] = [None] if beyond else []
        padded = [*none, *steps, *none]
        orders = [padded[k : k + runs] for k in range(len(padded) - runs + 1)]
        if self.written.runs_backwards is None:
            return [*(order[::-1] for order in orders), *orders]
        return [order[::-1] for order in orders[::-1]] if self.written.runs_backwards else orders


def but_for_a_factor(present: Present, operation: Operation) -> dict[Node, Thing]:
    """The adjoints of which an operation made a multiple, of right things."""
    things: dict[Node, Thing] = {}
    for x in operation.nodes:
        matches = [m for m in present.look(x) if m.thing.kind != "value"]
        if x.size == 1 or any(m.is_exact for m in matches) or not all(map(present.is_known, x.inputs)):
            return {}
        own = [m.thing for m in matches if m.thing.kind == "adjoint"]
        if own:
            things[x] = own[0]
    return things if len(things) == len(operation.nodes) else {}


def mending_none(present: Present, operation: Operation, things: Mapping[Node, Thing]) -> Departure:
    """The departure from things that are due, which mends no gradient by itself."""
    right = {x: turned(t.array, present.written.shape(x)) for x, t in things.items()}
    node = min(right, key=lambda x: x.serial)
    return Departure(operation, node, things[node], right, frozenset(), present.values)


def _exchanged(node: Node, operation: Operation) -> Thing:
    return Thing("value", f"what {operation.line.expression} gives", None, (), node._value)


def fits(array: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Whether an array, or its transpose, has this shape but for axes of length 1."""
    return array.shape == shape or _fit(array.shape, shape)


@lru_cache(maxsize=1024)
def _fit(own: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return _long(shape) in (_long(own), _long(own[::-1]))


def turned(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if array.shape == shape:
        return array
    return (array if _long(array.shape) == _long(shape) else array.T).reshape(shape)


@lru_cache(maxsize=1024)
def _long(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple([size for size in shape if size != 1])


def _families(things: Iterable[Thing]) -> dict[int, list[_Steps]]:
    """For each size the families of things, each by step; of those with the same numbers the first."""
    families: dict[Hashable, dict[int, Thing]] = defaultdict(dict)
    for thing in things:
        families[thing.family][thing.step or 0] = thing
    by_size: dict[int, list[_Steps]] = defaultdict(list)
    order = {"adjoint": 0, "sum": 1, "part": 2, "value": 3}
    seen = set()
    for family in sorted(families.values(), key=lambda f: order[next(iter(f.values())).kind]):
        numbers = tuple((t, np.round(x.array, 9).tobytes()) for t, x in sorted(family.items()))
        if numbers not in seen:
            seen.add(numbers)
            by_size[next(iter(family.values())).array.size].append(family)
    return by_size
