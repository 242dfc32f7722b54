"""A statement in one of its runs: what it reads, what it makes of that, and what each part should have been."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np

from ...core.node import Node
from .activations import slopes
from .book import same
from .departures import Departure
from .right import gathers
from .written import Written


class Statement:
    """A statement in one of its runs, without what is due: what it reads, and what it makes of that.

    Args:
        written: the hand-written graph.
        node: a part of the statement.
        values: what the graph would be, if all that was blamed so far were right.

    Attributes:
        parts: the nodes that the statement makes, inputs before results.
        reads: what these read, which others made.
        made: the values of all these, if what it reads is right.
    """

    def __init__(self, written: Written, node: Node, values: Mapping[Node, np.ndarray]) -> None:
        self._written = written
        self.parts = self._below(self._root(node))
        self._own, self._squares = {*self.parts}, dict[tuple[int, ...], np.ndarray]()
        self.reads = [*dict.fromkeys(x for part in self.parts for x in part.inputs if not self.computes(x))]
        self.made = {x: values.get(x, x._value) for x in self.reads}
        for part in self.parts:
            self.made[part] = written.run(part, self.made)

    @property
    def root(self) -> Node:
        return self.parts[-1]

    def is_with(self, values: Mapping[Node, np.ndarray]) -> bool:
        """Whether this is what it reads if the graph has these values."""
        return all(values.get(x, x._value) is self.made[x] for x in self.reads)

    @cached_property
    def near(self) -> list[np.ndarray]:
        """The arrays that it reads, or picks of what it reads."""
        return [self.made[x] for x in (*self.reads, *filter(gathers, self.parts)) if x.size > 1]

    @cached_property
    def slopes(self) -> dict[tuple[int, ...], np.ndarray]:
        """By shape the slopes of the arrays near, flat: over the arrays and over the forms."""
        shapes = {v.shape for v in self.near}
        alike = {shape: [v for v in self.near if v.shape == shape] for shape in shapes}
        return {shape: np.array([[f.ravel() for f in slopes(v)] for v in of]) for shape, of in alike.items()}

    def squares(self, shape: tuple[int, ...]) -> np.ndarray:
        """Ones and the squares of the arrays near of a shape, flat, in rows."""
        if shape not in self._squares:
            rows = [np.ones(shape), *(v * v for v in self.near if v.shape == shape)]
            self._squares[shape] = np.array(rows).reshape(len(rows), -1)
        return self._squares[shape]

    def computes(self, x: Node) -> bool:
        """Whether it is a part of the statement, and not read."""
        return x in self._own

    @cached_property
    def shape(self) -> tuple[object, ...]:
        """What is equal for runs whose parts correspond."""
        return tuple(x.op.name for x in self.parts if x.op), len(self.reads)

    def computed(self, others: Mapping[Node, np.ndarray]) -> dict[Node, np.ndarray]:
        """The values with others in the place of some."""
        values, changed = self.made | dict(others), {*others}
        for part in self.parts:
            if part not in others and not changed.isdisjoint(part._inputs):
                values[part] = self._written.run(part, values)
                changed.add(part)
        return values

    def _root(self, node: Node) -> Node:
        while True:
            readers = [x for x in self._written.readers(node) if self._written.is_part_of(node, x)]
            if len(readers) != 1:
                return node
            node = readers[0]

    def _below(self, node: Node) -> list[Node]:
        below = [part for x in node.inputs if self._written.is_part_of(x, node) for part in self._below(x)]
        return [*dict.fromkeys([*below, node])]


class StatementRun:
    """One run of a statement, and what each of its parts should have been.

    Args:
        statement: in this run.
        node: a part of it.
        due: what this part should be.

    Attributes:
        parts, reads, made, root, shape: those of the statement.
        needs: of each of its nodes what it should be, where that can be told.
    """

    def __init__(self, statement: Statement, node: Node, due: np.ndarray) -> None:
        self.statement, self.parts, self.reads = statement, statement.parts, statement.reads
        self.made, self.root, self.shape = statement.made, statement.root, statement.shape
        self._node, self._due = node, due

    @cached_property
    def _whole(self) -> np.ndarray:
        """What the statement should make."""
        root, node = self.root, self._node
        return self._due if root is node else self.statement.computed({node: self._due})[root]

    @cached_property
    def needs(self) -> dict[Node, np.ndarray]:
        needs = {self.root: self._whole}
        with np.errstate(all="ignore"):
            for part in self.parts[::-1]:
                if part in needs:
                    needs |= dict(self._needs_of(part, needs))
        return needs

    @property
    def departs(self) -> bool:
        return not same(self.made[self.root], self._whole)

    def computes(self, x: Node) -> bool:
        """Whether it is a part of the statement, and not read."""
        return self.statement.computes(x)

    def comes_right(self, others: Mapping[Node, np.ndarray]) -> bool:
        """Whether the statement makes what is due with other values in the place of some."""
        try:
            return same(self.statement.computed(others)[self.root], self._whole)
        except Exception:  # shapes that do not fit
            return False

    def _needs_of(self, part: Node, needs: Mapping[Node, np.ndarray]) -> Iterator[tuple[Node, np.ndarray]]:
        due, inputs = needs[part], [self.made[y] for y in part.inputs]
        for k, x in enumerate(part.inputs):
            need = _solved(part, k, inputs, due)
            if need is None or x in needs or not np.isfinite(need).all():
                continue
            others = [need if y is x else value for y, value in zip(part.inputs, inputs, strict=True)]
            again = np.asarray(part._op.forward(*others, **part._attributes))  # type: ignore[union-attr]
            if same(again, due) and need.shape in (x.shape, due.shape):
                yield x, need


def _solved(part: Node, place: int, inputs: list[np.ndarray], due: np.ndarray) -> np.ndarray | None:
    """What an input of an operation has to be for its result to be what is due, if there is one answer."""
    name, x = part.op.name if part.op else "", inputs[place]
    other = inputs[1 - place] if len(inputs) == 2 else None
    if name in ("copy", "reshape", "negative") and due.size == x.size:
        return (-due if name == "negative" else due).reshape(x.shape)
    if name == "transpose" and x.ndim == 2:
        return due.T
    if other is None:
        return None
    if name == "add" or name == "subtract":
        return due - other if name == "add" else (due + other if place == 0 else other - due)
    if name == "divide":
        return due * other if place == 0 else other / due
    if name == "multiply":
        return _quotient(due, other, x.shape)
    if name == "matmul" and other.ndim == 2 and np.argmin(other.shape[:: 1 - 2 * place]) == 0:
        return due @ np.linalg.pinv(other) if place == 0 else np.linalg.pinv(other) @ due
    return None


def _quotient(due: np.ndarray, other: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """x where due = x * other, also of an outer product."""
    if int(np.prod(shape)) == 1 or shape == due.shape:
        return due / other
    axes = tuple(k for k, size in enumerate(shape) if size != due.shape[k]) if len(shape) == due.ndim else ()
    return (due * other).sum(axes, keepdims=True) / np.square(np.broadcast_to(other, due.shape)).sum(
        axes, keepdims=True
    )


def runs_of(written: Written, departure: Departure) -> Iterator[StatementRun]:
    """The runs of a departure's statement whose parts correspond to those of the first that departs."""
    shape = None
    for x, due in departure.right.items():
        if x.op is None:
            continue
        statement = written.statements.get(x)
        if statement is None or not statement.is_with(departure.values):
            statement = written.statements[x] = Statement(written, x, departure.values)
        run = StatementRun(statement, x, due)
        if run.shape == (shape or run.shape) and run.departs:
            shape = run.shape
            yield run
