"""The backward pass written by hand, as a graph: which line made what, what it read, and what if it had made another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.graph import ancestors
from ...core.node import Node
from .book import Book, Match, same
from .lines import Line, key_of, line_of
from .right import Right
from .subject import Outcome


@dataclass
class Operation:
    """One operation of the user's code, and the nodes that it made, in the order in which it ran.

    Attributes:
        line: where it stands.
        nodes: one for each time that it ran.
    """

    line: Line
    nodes: list[Node]


class Written:
    """The hand-written gradients with all that they depend on.

    Attributes:
        results: the nodes of the gradients; None for a parameter without one.
        order: all nodes, inputs before results.
        operations: those of the user's code, in the order of their first run.
        matches: what each node is in the right graph.
    """

    def __init__(self, outcome: Outcome, right: Right) -> None:
        self.right = right
        self.results = {name: g if isinstance(g, Node) else None for name, g in outcome.gradients.items()}
        self.constants = {
            name: np.asarray(g, float)
            for name, g in outcome.gradients.items()
            if g is not None and not isinstance(g, Node)
        }
        self.order = ancestors([g for g in self.results.values() if g is not None])
        book = Book(right.things)
        self.matches: dict[Node, list[Match]] = {x: book.look(x.value) for x in self.order if x.dtype.kind == "f"}
        self.operations = _operations(self.order)
        self._index = {x: k for k, x in enumerate(self.order)}

    def is_forward(self, node: Node) -> bool:
        """Whether it is no gradient: data, or a value of the forward pass."""
        if node.op is None or node.dtype.kind != "f" or node.size == 1:
            return True
        return any(m.thing.kind == "value" and abs(m.factor - 1) < 1e-8 for m in self.matches[node])

    def is_settled(self, node: Node) -> bool:
        """Whether what it computes is right whoever reads it: a value of the forward pass, or a whole adjoint."""
        if node.op is None or node.op.name in SELECTING:
            return False
        whole = any(m.thing.kind == "adjoint" and abs(m.factor - 1) < 1e-8 for m in self.matches.get(node, ()))
        return whole or self.is_forward(node)

    def wrong(self, values: Mapping[Node, np.ndarray] | None = None) -> frozenset[str]:
        """The parameters whose gradient is not right, if the nodes in ``values`` had these values."""
        return frozenset(
            name
            for name, due in self.right.gradients.items()
            if not same(self._result(name, values or {}), due)
        )

    def _result(self, name: str, values: Mapping[Node, np.ndarray]) -> np.ndarray | None:
        node = self.results.get(name)
        if node is None:
            return self.constants.get(name)
        return values.get(node, node.value)

    def replay(self, overrides: Mapping[Node, np.ndarray]) -> dict[Node, np.ndarray]:
        """The values of what depends on the overridden nodes, with these values in their place."""
        values: dict[Node, np.ndarray] = dict(overrides)
        first = min((self._index[x] for x in overrides), default=len(self.order))
        for node in self.order[first + 1 :]:
            if node not in overrides and not values.keys().isdisjoint(node._inputs):
                inputs = [values[x] if x in values else x._value for x in node._inputs]
                values[node] = np.asarray(node._op.forward(*inputs, **node._attributes))  # type: ignore[union-attr]
        return values


SELECTING = frozenset(("getitem", "copy", "take", "reshape", "transpose"))
"""Ops that give what is there: of forward values they may pick the wrong ones."""


def _operations(order: list[Node]) -> list[Operation]:
    groups: dict[Hashable, list[Node]] = defaultdict(list)
    for x in order:
        if x.op is not None and x.dtype.kind == "f":
            groups[key_of(x), x.name].append(x)
    lines: list[tuple[Line | None, list[Node]]] = [(line_of(nodes[0]), nodes) for nodes in groups.values()]
    return [Operation(line, nodes) for line, nodes in lines if line is not None]


def value_of(x: Any) -> np.ndarray:
    return np.asarray(x.value if isinstance(x, Node) else x, float)
