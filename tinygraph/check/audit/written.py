"""The backward pass written by hand, as a graph: which line made what, what it read, and what if it made another."""

from __future__ import annotations

import ast
import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.graph import ancestors
from ...core.node import Node
from .book import Book, Match, same
from .lines import Line, key_of, line_of, statement_at
from .right import Right, Thing
from .subject import Outcome

if TYPE_CHECKING:
    from .statement import StatementRun


@dataclass(eq=False)
class Operation:
    """One operation of the user's code, and the nodes that it made, in the order in which it ran.

    Attributes:
        line: where it stands.
        nodes: one for each time that it ran.
    """

    line: Line
    nodes: list[Node]

    @property
    def is_statement(self) -> bool:
        """Whether it makes what its statement assigns."""
        sums = isinstance(statement_at(self.line.file, self.line.number), ast.AugAssign)
        return _accumulates(self) if sums else self.line.whole


class Written:
    """The hand-written gradients with all that they depend on.

    Attributes:
        results: the nodes of the gradients; None for a parameter without one.
        order: all nodes, inputs before results.
        operations: those of the user's code, in the order of their first run.
        operation_of: that of each of their nodes.
        book: the right graph's arrays by their numbers.
        matches: what each node is in the right graph.
        statements: those that were looked at last, by one of their nodes.
    """

    def __init__(self, outcome: Outcome, right: Right) -> None:
        self.right = right
        self.clipped: set[Line] = set()
        self.results = {n: self._unclipped(g) if isinstance(g, Node) else None for n, g in outcome.gradients.items()}
        self.constants = {
            name: np.asarray(g, float)
            for name, g in outcome.gradients.items()
            if g is not None and not isinstance(g, Node)
        }
        self.order = ancestors([g for g in self.results.values() if g is not None])
        self._readers: dict[Node, list[Node]] = defaultdict(list)
        for x in self.order:
            for y in dict.fromkeys(x.inputs):
                self._readers[y].append(x)
        self.book = Book(right.things)
        self._shapes: dict[Node, tuple[int, ...]] = {}
        self.statements: dict[Node, StatementRun] = {}
        floats = [x for x in self.order if x.dtype.kind == "f"]
        self.matches: dict[Node, list[Match]] = {x: self.book.look(x._value) for x in floats}
        self.operations = _operations(self.order)
        self._unchanged = {
            x for o in self.operations if _accumulates(o) or all(map(_is_input, o.nodes)) for x in o.nodes
        }
        self.operation_of = {x: operation for operation in self.operations for x in operation.nodes}
        self._index = {x: k for k, x in enumerate(self.order)}

    def _unclipped(self, result: Node) -> Node:
        """The gradient before it was clipped, by value or by a norm that it is part of: clipping is no gradient."""
        node, clips = result, []
        while node.op is not None and (node.op.name in SELECTING or _is_clipping(node)):
            if _is_clipping(node):
                clips.append(node)
                result = node.inputs[0]
            node = node.inputs[0]
        self.clipped |= {line for x in clips if (line := line_of(x)) is not None}
        return result

    def is_settled(self, node: Node, matches: list[Match] | None = None) -> bool:
        """Whether what it computes, which is what the matches say, is right whoever reads it.

        That is a whole adjoint, or a value of the forward pass.

        A value that is an adjoint but for a factor, such as y - t of (y - t)**2, is not.
        """
        if node.op is None or self.is_number(node) or node in self.right.forward:
            return True
        if self.selects(node):
            return False
        matches = self.matches.get(node, []) if matches is None else matches
        if any(m.is_exact and m.thing.family in self.right.of_quotients for m in matches):
            return True
        own = [m for m in matches if m.thing.own]
        if any(m.thing.kind == "adjoint" for m in own):
            return any(m.thing.kind == "adjoint" and m.is_exact for m in own)
        return any(m.thing.kind == "value" and m.is_exact for m in own)

    def shape(self, node: Node) -> tuple[int, ...]:
        """The shape of a node; of a product that all its readers stretch, theirs."""
        if node not in self._shapes:
            readers = self._readers[node] if node.op is not None and node.op.name == "matmul" else []
            shapes = {x.shape for x in readers}
            stretched = len(shapes) == 1 and all(x.op and x.op.name in STRETCHING for x in readers)
            self._shapes[node] = shapes.pop() if stretched else node._value.shape
        return self._shapes[node]

    def is_number(self, node: Node) -> bool:
        """Whether it is one number, and meant to be."""
        return math.prod(self.shape(node)) == 1

    def selects(self, node: Node) -> bool:
        """Whether it gives what is there, and so may pick the wrong thing; ``dh * 1`` does, too."""
        return _picks(node) or node in self._unchanged

    def state_like(self, thing: Thing) -> Thing:
        """The value of the forward pass that is this array, if there is one: what is picked is mostly that."""
        values = [m.thing for m in self.book.look(thing.array) if m.thing.kind == "value" and m.is_exact]
        return next((t for t in values if t.own), thing) if thing.kind == "part" else thing

    def is_missing(self, name: str) -> bool:
        """Whether no line makes anything for the gradient of a parameter: there is none, or zeros."""
        node = self.results.get(name)
        return node is None or self.picked(node).op is None

    @staticmethod
    def picked(node: Node) -> Node:
        """The node that copies and items go back to."""
        while _picks(node):
            node = node.inputs[0]
        return node

    def line_that_keeps(self, name: str) -> Line | None:
        """The line that returns, or keeps, the gradient of a parameter as it is."""
        node = self.results.get(name)
        return line_of(node) if node is not None and _picks(node) and node not in self.right.forward else None

    def line_that_prepares(self, name: str) -> Line | None:
        """The line that makes the adjoint from which the gradient of a parameter is made."""
        every = ((x, m) for x in self.order for m in self.matches.get(x, ()) if not _picks(x))
        return next((line_of(x) for x, m in every if m.is_exact and self.right.is_needed(m.thing, name)), None)

    def last_line(self, node: Node) -> Line | None:
        """The line of the loop, or of the statement, in which a gradient came about."""
        return line_of(self.picked(node))

    def is_data(self, node: Node, value: np.ndarray) -> bool:
        """Whether a node of this value is data, one number, or zeros, which nobody has to know."""
        return node.op is None or node.dtype.kind != "f" or self.is_number(node) or not value.any()

    def look(self, node: Node, value: np.ndarray) -> list[Match]:
        """What a node of this value is in the right graph."""
        return self.matches.get(node, []) if value is node._value else self.book.look(value)

    def holding(self, stack: np.ndarray) -> np.ndarray:
        """Of arrays along the first axis, which the right graph holds as a gradient of something."""
        holds = self.book.may_have(stack)
        for k in np.flatnonzero(holds):
            holds[k] = any(m.thing.kind != "value" and m.is_exact for m in self.book.look(stack[k]))
        return holds

    def is_result(self, node: Node) -> bool:
        return any(node is x for x in self.results.values())

    def readers(self, node: Node) -> list[Node]:
        return self._readers[node]

    def is_part_of(self, x: Node, reader: Node) -> bool:
        """Whether a node is a part of what a reader of the same statement computes, and not of the run before."""
        first, then = self.operation_of.get(x), self.operation_of.get(reader)
        if first is None or then is None or first.nodes[0].serial >= then.nodes[0].serial:
            return False
        return first.line[:3] == then.line[:3]

    def upstream(self, nodes: Iterable[Node], depth: int = 3) -> list[Operation]:
        """The operations whose results these nodes are or read, over a few operations."""
        operations: dict[Operation, None] = {}
        front = dict.fromkeys(nodes)
        for _ in range(depth + 1):
            operations |= {o: None for x in front if (o := self.operation_of.get(x)) is not None}
            front = dict.fromkeys(y for x in front for y in x.inputs)
        return [*operations]

    def behind(self, names: Iterable[str]) -> set[Node]:
        """The nodes on which the gradients of these parameters depend."""
        return {*ancestors([x for name in names if (x := self.results.get(name)) is not None])}

    @cached_property
    def runs_backwards(self) -> bool | None:
        """Whether the loop that makes the adjoints goes from the last step to the first; None where that is unclear."""
        votes, total = 0, 1
        for operation in self.operations:
            if operation.nodes[0] in self.right.forward or self.selects(operation.nodes[0]):
                continue
            steps = [self._step(x) for x in operation.nodes]
            pairs = [(a, b) for a, b in pairwise(steps) if a is not None and b is not None and a != b]
            votes, total = votes + sum(1 if b < a else -1 for a, b in pairs), total + len(pairs)
        return None if abs(votes) < SURE * total else votes > 0

    def _step(self, node: Node) -> int | None:
        exact = [m.thing.step for m in self.matches.get(node, ()) if m.is_exact and m.thing.kind in ("adjoint", "part")]
        return exact[0] if exact else None

    def wrong(self, values: Mapping[Node, np.ndarray] | None = None) -> frozenset[str]:
        """The parameters whose gradient is not right, if the nodes in ``values`` had these values."""
        return frozenset(
            name for name, due in self.right.gradients.items() if not same(self._result(name, values or {}), due)
        )

    def _result(self, name: str, values: Mapping[Node, np.ndarray]) -> np.ndarray | None:
        node = self.results.get(name)
        if node is None:
            return self.constants.get(name)
        return values.get(node, node.value)

    def after(self, nodes: Iterable[Node]) -> list[Node]:
        """The first of these nodes, and all that may depend on some of them."""
        return self.order[min((self._index[x] for x in nodes), default=len(self.order)) :]

    @staticmethod
    def run(node: Node, values: Mapping[Node, np.ndarray]) -> np.ndarray:
        """The value of a node if its inputs had these values."""
        inputs = [values[x] if x in values else x._value for x in node._inputs]  # noqa: SIM401  much faster
        return np.asarray(node._op.forward(*inputs, **node._attributes))  # type: ignore[union-attr]


def _picks(node: Node) -> bool:
    return node.op is not None and node.op.name in SELECTING


def _accumulates(operation: Operation) -> bool:
    """Whether it is a whole statement like ``dW += da``, which keeps what others computed."""
    statement = statement_at(operation.line.file, operation.line.number)
    return isinstance(statement, ast.AugAssign) and operation.line.expression == operation.line.source


def _is_input(node: Node) -> bool:
    """Whether a node has the value of one of its inputs."""
    return any(same(x._value, node._value) for x in node.inputs)


def _is_clipping(node: Node) -> bool:
    """Whether it is ``np.clip(g, -c, c)``, or ``g * s`` or ``g / s`` with a number s that is computed from g."""
    if node.op is None:
        return False
    if node.op.name in ("clip", "minimum", "maximum"):
        return True
    if node.op.name not in ("multiply", "divide") or node.inputs[1].size != 1:
        return False
    return node.inputs[0] in {*ancestors([node.inputs[1]])}


SURE = 0.8
"""The share of a majority."""

STRETCHING = frozenset(("add", "subtract", "multiply"))

SELECTING = frozenset(("getitem", "copy", "take", "reshape", "transpose"))
"""Ops that give what is there: of forward values they may pick the wrong ones."""


def _operations(order: list[Node]) -> list[Operation]:
    groups: dict[Hashable, list[Node]] = defaultdict(list)
    for x in order:
        if x.op is not None and x.dtype.kind in "fb":
            groups[key_of(x), x.name].append(x)
    lines: list[tuple[Line | None, list[Node]]] = [(line_of(nodes[0]), nodes) for nodes in groups.values()]
    known = [(line, nodes) for line, nodes in lines if line is not None]
    return [Operation(line, nodes) for line, nodes in known if nodes[0].dtype.kind == "f" or line.whole]


def value_of(x: Any) -> np.ndarray:
    return np.asarray(x.value if isinstance(x, Node) else x, float)
