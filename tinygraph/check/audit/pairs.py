"""Pairs of faults: one operation may make up for both, but then nothing that people do by mistake explains it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from ...core.node import Node
from ...ops import negative
from ...ops.writing import copy
from .book import ratio, same
from .candidates import Candidates, but_for_a_factor, mending_none, turned
from .departures import Departure
from .kinds import NAMEABLE, PLAIN, is_among, is_told, operand_of
from .present import Present
from .prospects import Outlook
from .rewrites import LESS
from .statement import runs_of
from .written import Operation


class FaultPairs:
    """Looks whether a departure is two.

    Args:
        present: the values as they are now.
        candidates: what operations may have had to make.

    Attributes:
        firsts: the operations of which a first fault was told; what is wrong yet is the fault of others.
    """

    def __init__(self, present: Present, candidates: Candidates) -> None:
        self._present, self._written, self._candidates = present, present.written, candidates
        self.firsts: set[Operation] = set()

    def explained(self, departure: Departure, others: Iterable[Departure], wrong: frozenset[str]) -> Departure:
        """The departure that mends most, or what explains it, where it has no name; others mend gradients, too."""
        whole = self.what_is_read(self.what_is_scaled(departure, wrong), wrong)
        other = self._surer(whole, others)
        if other is not whole or self.is_told(whole):
            return self.where_scaled(other, wrong)
        first = self.first_of_two(whole, wrong)
        return self.what_is_read(first, wrong) if first else whole

    def is_told(self, departure: Departure) -> bool:
        """Whether it has a fault with a name."""
        return is_told(self._written, replace(departure, values=self._present.replayed(departure.right)))

    def _surer(self, whole: Departure, others: Iterable[Departure]) -> Departure:
        """In the place of what reads wrong things: what mends less, but reads right ones and has a named fault."""
        after = replace(whole, values=self._present.replayed(whole.right))
        sure = any(run.reads_right for run in runs_of(self._written, after))
        for d in () if sure else sorted(others, key=lambda d: d.rank, reverse=True):
            apart = d.operation is not whole.operation and not _is_zeros([self._present.value(d.node)])
            if apart and self._present.reads_right(d.node) and self.is_told(d):
                return d
        return whole

    def first_of_two(self, whole: Departure, wrong: frozenset[str]) -> Departure | None:
        """The first of two faults that have names, if the departure that mends what both do has none."""
        above = self._written.upstream([y for x in whole.right for y in x.inputs], 1)
        readers = map(self._written.operation_of.get, self._written.readers(whole.node))
        below = [o for o in dict.fromkeys(readers) if o is not None]
        firsts = [d for o in dict.fromkeys([whole.operation, *above]) for d in self._adjoints_for(o)]
        others = [(d, below if d.operation is whole.operation else [whole.operation]) for d in firsts]
        pairs = [(d, o) for d, several in others for o in several if _shapes_fit(o, whole)]
        dues = [{**d.right, **dict(zip(o.nodes, whole.right.values(), strict=False))} for d, o in pairs]
        still = Outlook(self._present, dues).left_wrong(range(len(dues)))
        for (first, other), both, names in zip(pairs, dues, still, strict=True):
            if names <= wrong - whole.mended and self._are_two(first, other, whole, both):
                self.firsts.add(first.operation)
                return first
        return None

    def _adjoints_for(self, operation: Operation) -> Iterator[Departure]:
        """The adjoints that it may have been meant to make, and does not; of what makes zeros parts of them, too."""
        zeros = _is_zeros(map(self._present.value, operation.nodes))
        for things in self._candidates.of(operation):
            if zeros or all(t.kind == "adjoint" and t.own for t in things.values()):
                departure = mending_none(self._present, operation, things)
                if any(not same(self._present.value(x), due) for x, due in departure.right.items()):
                    yield departure

    def _are_two(self, first: Departure, other: Operation, whole: Departure, both: Mapping[Node, np.ndarray]) -> bool:
        """Whether a fault and one of another operation, which mended do what the whole would, both have names."""
        right = {x: both[x] for x in other.nodes[: len(whole.right)]}
        values = self._present.replayed(both)
        second = Departure(other, min(right, key=lambda x: x.serial), whole.due, right, frozenset(), values)
        first = replace(first, values=values)
        if _is_zeros(map(self._present.value, first.right)):
            return is_among(PLAIN, self._written, second)
        if is_among(PLAIN, self._written, first):
            return is_told(self._written, second)
        return is_among(PLAIN, self._written, second) and is_among(NAMEABLE, self._written, first)

    def what_is_read(self, whole: Departure, wrong: frozenset[str]) -> Departure:
        """Of a line that has no fault with a name, or lacks a term where it reads zeros: the one that makes what it
        reads wrong, if that has one."""
        after = replace(whole, values=self._present.replayed(whole.right))
        reads = [*operand_of(self._written, after)] if whole.due.family else []
        zeros = _is_zeros(run.made[x] for run, x, _ in reads)
        if not reads or (is_told(self._written, after) and not (zeros and is_among({LESS}, self._written, after))):
            return whole
        right = {x: turned(due, x.shape) for _, x, due in reads}
        node = min(right, key=lambda x: x.serial)
        operation = self._written.operation_of.get(node)
        exact = [m.thing for m in self._written.look(node, right[node]) if m.is_exact and m.thing.kind != "value"]
        still = self._present.left_wrong(right)
        if operation in (None, whole.operation) or not exact or not still <= wrong - whole.mended:
            return whole
        other = Departure(operation, node, exact[0], right, wrong - still, self._present.values)
        return other if right.keys() <= {*operation.nodes} and (zeros or self.is_told(other)) else whole

    def undone(self, operations: Iterable[Operation], wrong: frozenset[str], least: int) -> Departure | None:
        """What makes a multiple of an adjoint: with that, so many gradients come right, and one that another fault
        makes right becomes a multiple of what is due."""
        for operation in operations if len(wrong) >= least else ():
            things = but_for_a_factor(self._present, operation)
            whole = mending_none(self._present, operation, things) if things else None
            values = self._present.replayed(whole.right) if whole else {}
            still = self._written.wrong(values)
            spoilt = [(self._written.results[name], self._written.right.gradients[name]) for name in still - wrong]
            several = len(wrong - still) >= least and len(spoilt) == 1
            if whole and several and all(x is not None and ratio(values[x].ravel(), due.ravel()) for x, due in spoilt):
                return replace(whole, mended=wrong - still)
        return None

    def where_scaled(self, departure: Departure, wrong: frozenset[str]) -> Departure:
        """Of a multiple of what is due: its only reader, if that does nothing but scale, as ``dy /= n``."""
        readers = {r for x in departure.right for r in self._written.readers(x)}
        others = {self._written.operation_of.get(r) for r in readers}
        other = others.pop() if len(others) == 1 else None
        if (
            other is None
            or other.line[:3] == departure.operation.line[:3]
            or not departure.is_multiple
            or departure.due.kind != "adjoint"
        ):
            return departure
        if any(map(_scales, departure.operation.nodes)) or not all(x in readers and _scales(x) for x in other.nodes):
            return departure
        right = dict(zip(other.nodes, departure.right.values(), strict=False))
        still = self._present.left_wrong(right)
        if len(right) < len(departure.right) or not still <= wrong - departure.mended:
            return departure
        node = min(right, key=lambda x: x.serial)
        return replace(departure, operation=other, node=node, right=right, mended=wrong - still)

    def is_scaled(self, operation: Operation) -> bool:
        """Whether it is right but for a factor, and scaled by who reads it: the last one is blamed for all factors."""
        readers = {r for x in operation.nodes for r in self._written.readers(x)}
        scaled = bool(readers) and all(_scales(r) or r.op in (copy, negative) for r in readers)
        return scaled and bool(but_for_a_factor(self._present, operation))

    def what_is_scaled(self, departure: Departure, wrong: frozenset[str]) -> Departure:
        """Of no multiple of what is due, made by a line that does nothing but scale: what it scales."""
        due, right = departure.due, dict[Node, np.ndarray]()
        for x, array in departure.right.items():
            y = next((y for y in x.inputs if y.size > 1), x)
            number = next((self._present.value(n) for n in x.inputs if n.size == 1), np.ones(()))
            alone = array.shape == y.shape and len(self._written.readers(y)) == 1
            if not alone or not _scales(x) or self._present.is_known(y):
                return departure
            right[y] = array / number if x.op and x.op.name == "multiply" else array * number
        node = min(right, key=lambda y: y.serial)
        operation = self._written.operation_of.get(node)
        still = self._present.left_wrong(right)
        if operation is None or departure.is_multiple or not still <= wrong - departure.mended:
            return departure
        scale = np.abs(right[node]).max() / np.abs(due.array).max()
        due = replace(due, kind="value", of=f"{scale:.6g} times {replace(due, step=None)}", array=right[node])
        other = replace(departure, operation=operation, node=node, due=due, right=right, mended=wrong - still)
        return other if is_told(self._written, replace(other, values=self._present.replayed(right))) else departure


def _shapes_fit(other: Operation, whole: Departure) -> bool:
    """Whether the operation has a node for each value that is due."""
    pairs = [(x.shape, due.shape) for x, due in zip(other.nodes, whole.right.values(), strict=False)]
    return len(pairs) == len(whole.right) and all(a == b for a, b in pairs)


def _is_zeros(arrays: Iterable[np.ndarray]) -> bool:
    return not any(map(np.any, arrays))


def _scales(node: Node) -> bool:
    """Whether it is a multiple of one thing by a number."""
    name = node.op.name if node.op else ""
    return name in ("multiply", "divide") and sum(x.size == 1 for x in node.inputs) == 1
