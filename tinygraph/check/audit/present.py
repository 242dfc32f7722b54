"""What the hand-written graph would be, if all that was blamed so far made what is due."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...core.node import Node
from .book import Match
from .right import gathers
from .written import Operation, Written


class Present:
    """The values of a hand-written graph, in which some nodes are overridden.

    Attributes:
        overrides: the right values of operations that were blamed.
        values: those, and what depends on them.
    """

    def __init__(self, written: Written) -> None:
        self.written = written
        self.overrides: dict[Node, np.ndarray] = {}
        self.values: dict[Node, np.ndarray] = {}
        self._matches: dict[Node, list[Match]] = {}
        self._known: dict[Node, bool] = {}
        self._settled: dict[Node, bool] = {}

    def mend(self, overrides: Mapping[Node, np.ndarray]) -> None:
        """Gives more nodes their right values."""
        self._set(self.replayed(overrides), {**self.overrides, **overrides})

    def become(self, other: Present) -> None:
        """Takes over what is overridden in another one."""
        self._set(other.values, other.overrides)

    def _set(self, values: dict[Node, np.ndarray], overrides: dict[Node, np.ndarray]) -> None:
        changed = {x for x in self.values.keys() | values if self.values.get(x) is not values.get(x)}
        for known in (self._matches, self._known, self._settled):
            for x in known.keys() & (changed | {*overrides} ^ {*self.overrides}):
                del known[x]
        self.values, self.overrides = values, overrides

    def replayed(self, overrides: Mapping[Node, np.ndarray]) -> dict[Node, np.ndarray]:
        """The values if these nodes, too, had their right values."""
        values, changed = {**self.values, **overrides}, {*overrides}
        for node in self.written.after(overrides):
            if node not in self.overrides and node not in overrides and not changed.isdisjoint(node._inputs):
                values[node] = self.written.run(node, values)
                changed.add(node)
        return values

    def left_wrong(self, overrides: Mapping[Node, np.ndarray]) -> frozenset[str]:
        """The gradients that are wrong although these nodes, and all that was blamed, are right."""
        return self.written.wrong(self.replayed(overrides))

    def value(self, node: Node) -> np.ndarray:
        return self.values.get(node, node._value)

    def is_known(self, node: Node) -> bool:
        """Whether it is data, or the right graph holds it."""
        if node not in self._known:
            data = self.written.is_data(node, self.value(node))
            self._known[node] = data or any(m.is_exact for m in self.look(node))
        return self._known[node]

    def is_settled(self, node: Node) -> bool:
        """Whether what it computes by now is right whoever reads it; what was blamed may be blamed for more."""
        if node not in self._settled:
            now = node in self.values and node not in self.overrides
            self._settled[node] = self.written.is_settled(node, self.look(node) if now else None)
        return self._settled[node]

    def reads_right(self, node: Node) -> bool:
        """Whether the right graph holds all that the statement reads to make this."""
        return all(
            (self.is_known(x) and not self._lacks_a_factor(x))
            or ((gathers(x) or self.written.is_part_of(x, node)) and self.reads_right(x))
            for x in node.inputs
        )

    def _lacks_a_factor(self, node: Node) -> bool:
        """Whether it is known as a value alone, and an adjoint but for a factor, as y - t is of (y - t)**2."""
        if node in self.written.right.forward:
            return False
        own = [m for m in self.look(node) if m.thing.own]
        return any(m.thing.kind == "adjoint" for m in own) and all(m.thing.kind == "value" for m in own if m.is_exact)

    def look(self, node: Node) -> list[Match]:
        """What it is in the right graph."""
        if node not in self._matches:
            self._matches[node] = self.written.look(node, self.value(node))
        return self._matches[node]

    def departs(self, operation: Operation) -> bool:
        """Whether it makes, of right things, what the right graph does not hold, and its readers make wrong ones.

        A reader speaks only if all else that it reads is right.
        """
        for x in operation.nodes:
            if self.is_known(x) or not self.reads_right(x):
                continue
            readers = [r for r in self.written.readers(x) if all(y is x or self.is_known(y) for y in r.inputs)]
            if self.written.is_result(x) or any(not self._comes_right(r) for r in readers):
                return True
        return False

    def _comes_right(self, node: Node, depth: int = 4) -> bool:
        """Whether it is right, or a part of a sum of right things that is."""
        if self.is_known(node):
            return True
        if depth == 0 or node.op is None or node.op.name != "add":
            return False
        readers = [r for r in self.written.readers(node) if r not in self.overrides]
        right = [r for r in readers if all(y is node or self.is_known(y) for y in r.inputs)]
        return any(self._comes_right(r, depth - 1) for r in right)
