"""A statement in one of its runs: what it reads, what it makes of that, and what each part should have been."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from functools import cached_property

import numpy as np

from ...core.node import Node
from ...ops.lookup import fill
from .activations import slopes
from .book import same
from .departures import Departure
from .right import gathers
from .written import Written


class StatementRun:
    """One run of the statement that a node is of.

    Args:
        written: the hand-written graph.
        node: a part of the statement.
        values: what the graph would be, if all that was blamed so far were right.

    Attributes:
        parts: the nodes that the statement makes, inputs before results.
        reads: what these read, which others made.
        made: the values of all these, if what it reads is right.
        near: the arrays that it reads, or picks of what it reads.
        slopes: by shape the slopes of the arrays near, flat: over the arrays and over the forms.
        shape: what is equal for runs whose parts correspond.
        whole: what it should make.
    """

    whole: np.ndarray

    def __init__(self, written: Written, node: Node, values: Mapping[Node, np.ndarray]) -> None:
        self._written = written
        self.parts = self._below(self._root(node))
        self.root, self._own = self.parts[-1], {*self.parts}
        self.reads = [*dict.fromkeys(x for part in self.parts for x in part.inputs if not self.computes(x))]
        self.made = {x: values.get(x, x._value) for x in self.reads}
        for part in self.parts:
            self.made[part] = written.run(part, self.made)
        self.near = [self.made[x] for x in (*self.reads, *filter(gathers, self.parts)) if x.size > 1]
        floats = [v for v in self.near if v.dtype.kind == "f"]  # a mask such as h > 0 has no slope
        alike = {shape: [v for v in floats if v.shape == shape] for shape in {v.shape for v in floats}}
        self.slopes = {shape: np.array([[f.ravel() for f in slopes(v)] for v in of]) for shape, of in alike.items()}
        self.shape = tuple(x.op.name for x in self.parts if x.op), len(self.reads)

    def with_due(self, node: Node, due: np.ndarray) -> StatementRun:
        """The same run, of which this part should be what is due."""
        twin = copy(self)
        twin.whole = due if self.root is node else self.computed({node: due})[self.root]
        return twin

    def is_with(self, values: Mapping[Node, np.ndarray]) -> bool:
        """Whether this is what it reads if the graph has these values."""
        return all(values.get(x, x._value) is self.made[x] for x in self.reads)

    @cached_property
    def needs(self) -> dict[Node, np.ndarray]:
        """Of each of its nodes what it should be, where that can be told."""
        needs = {self.root: self.whole}
        with np.errstate(all="ignore"):
            for part in self.parts[::-1]:
                if part in needs:
                    needs |= dict(self._needs_of(part, needs))
        return needs

    def computes(self, x: Node) -> bool:
        """Whether it is a part of the statement, and not read."""
        return x in self._own

    @property
    def departs(self) -> bool:
        return not same(self.made[self.root], self.whole)

    @cached_property
    def reads_right(self) -> bool:
        """Whether the right graph holds all that it reads: faults of others tell nothing of this one."""
        pairs = [(x, self.made[x]) for x in self.reads]
        return all(self._written.is_data(x, v) or any(m.is_exact for m in self._written.look(x, v)) for x, v in pairs)

    def computed(self, others: Mapping[Node, np.ndarray]) -> dict[Node, np.ndarray]:
        """The values with others in the place of some."""
        values = {**self.made, **others}
        for part in self.parts:
            if part not in others:
                values[part] = self._written.run(part, values)
        return values

    def comes_right(self, others: Mapping[Node, np.ndarray]) -> bool:
        """Whether the statement makes what is due with other values in the place of some."""
        try:
            return same(self.computed(others)[self.root], self.whole)
        except Exception:  # shapes that do not fit
            return False

    def _root(self, node: Node) -> Node:
        while True:
            readers = [x for x in self._written.readers(node) if self._written.is_part_of(node, x)]
            if len(readers) != 1:
                return node
            node = readers[0]

    def _below(self, node: Node) -> list[Node]:
        below = [part for x in node.inputs if self._written.is_part_of(x, node) for part in self._below(x)]
        return [*dict.fromkeys([*below, node])]

    def _needs_of(self, part: Node, needs: Mapping[Node, np.ndarray]) -> Iterator[tuple[Node, np.ndarray]]:
        due, inputs = needs[part], [self.made[y] for y in part.inputs]
        for k, x in enumerate(part.inputs):
            need = _solved(part, k, inputs, due)
            if need is None or x in needs or not np.isfinite(need).all():
                continue
            again = self._written.run(part, {**dict(zip(part.inputs, inputs, strict=True)), x: need})
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
    if name in ("write", "write_at") and place == 1:
        return where_written(part, due)
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


def where_written(part: Node, array: np.ndarray) -> np.ndarray:
    """``array[index]`` of a node that is x with ``x[index] = v``."""
    if "index" in part.attributes:
        return array[fill(part.attributes["index"], [y._value for y in part.inputs[2:]])]
    return array[part.attributes["indexes"][0]]


def _quotient(due: np.ndarray, other: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """x where due = x * other, also of an outer product."""
    if int(np.prod(shape)) == 1 or shape == due.shape:
        return due / other
    axes = tuple(k for k, size in enumerate(shape) if size != due.shape[k]) if len(shape) == due.ndim else ()
    return (due * other).sum(axes, keepdims=True) / np.square(np.broadcast_to(other, due.shape)).sum(
        axes, keepdims=True
    )


def runs_of(written: Written, departure: Departure) -> Iterator[StatementRun]:
    """The runs of a departure's statement whose parts correspond to those of the first that departs; those that read
    what is right, if there are such ones."""
    shape, unsure, leaves = None, list[StatementRun](), {x for x in departure.right if x.op is None}
    values = departure.values if not leaves else {x: v for x, v in departure.values.items() if x not in leaves}
    sure = False
    for x, due in ((x, due) for x, due in departure.right.items() if x.op):
        run = written.statements.get(x)
        if run is None or not run.is_with(values):
            run = written.statements[x] = StatementRun(written, x, values)
        run = run.with_due(x, due)
        if run.shape == (shape or run.shape) and run.departs:
            shape = run.shape
            if run.reads_right:
                sure = True
                yield run
            else:
                unsure.append(run)
    yield from () if sure else unsure
