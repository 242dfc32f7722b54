"""A table of what a graph costs: operations, parameters, FLOPs and bytes, equal time steps in one row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..core.errors import GraphError
from ..core.graph import ancestors
from ..core.leaves import Parameter
from ..core.node import Node
from ..core.op import Op, Spec
from ..core.structure import leaves
from ..plan.report import amount
from .labels import clean, shape

Kind = tuple[str, tuple[int, ...], int, int]
"""Alike are results of one op, shape, FLOPs and bytes."""
_HEAD = ("steps", "op", "shape", "count", "parameters", "FLOPs", "bytes", "total FLOPs", "total bytes")


@dataclass(frozen=True)
class CostRow:
    """Results of one op and shape in time steps that are alike.

    Attributes:
        where: the steps, ``"t = 0 … 9"``; empty for what is outside of time.
        steps: how many these are; 1 outside of time.
        op: its name.
        shape: of each result.
        count: results in one step.
        parameters: numbers in the parameters that these are the first to use.
        flops, bytes: of one step; bytes are those of the results.
    """

    where: str
    steps: int
    op: str
    shape: tuple[int, ...]
    count: int
    parameters: int
    flops: int
    bytes: int


@dataclass(frozen=True)
class Summary:
    """What `summary` found; prints as a table.

    Attributes:
        rows: a `CostRow` each op, shape and group of equal steps, in the order of computation.
        parameters: numbers in all parameters, each counted once.
        flops, bytes: in total, every step counted.
    """

    rows: tuple[CostRow, ...]
    parameters: int
    flops: int
    bytes: int

    def __str__(self) -> str:
        lines = [_HEAD, *(_cells(row) for row in self.rows)]
        lines.append(
            ("total", "", "", "", f"{self.parameters:,}", "", "", amount(self.flops, "FLOP"), amount(self.bytes, "B"))
        )
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        texts = [
            "  ".join(_set(i, cell, w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))).rstrip()
            for line in lines
        ]
        rule = "-" * max(map(len, texts))
        return "\n".join([texts[0], rule, *texts[1:-1], rule, texts[-1]])

    __repr__ = __str__


def summary(node: Any) -> Summary:
    """What the graph behind a node is made of and costs: a table for the terminal.

    FLOPs are those that each op counts for one forward call; bytes those of its results, a view counted as a copy.
    A loop of a compiled graph counts the nodes of its body once a time step.

    Args:
        node: a node of any shape, or a structure of nodes; it needs no values, so `tg.compile`'s graphs will do.

    Returns:
        a `Summary`: ``print`` it, or read ``.rows``, ``.parameters``, ``.flops``, ``.bytes``.

    Raises:
        GraphError: not a node.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> W, h = tg.parameter(np.ones((3, 3)), name="W"), tg.constant(np.ones(3))
        >>> for t in range(1000):
        ...     with tg.step(t):
        ...         h = tg.tanh(W @ h)
        >>> [(row.where, row.op, row.flops) for row in tg.summary(h).rows]
        [('t = 0 … 999', 'matmul', 18), ('t = 0 … 999', 'tanh', 3)]
    """
    roots = leaves(node)
    if not roots or not all(isinstance(x, Node) for x in roots):
        raise GraphError(
            "summary needs a node",
            expected="a node, or a list of nodes",
            got=", ".join(type(x).__name__ for x in roots) or "nothing",
        )
    tally = _Counts()
    tally.count(ancestors(roots), "", 1)
    rows = tuple(tally.rows())
    total_flops = sum(row.steps * row.flops for row in rows)
    return Summary(rows, sum(x.size for x in tally.seen), total_flops, sum(row.steps * row.bytes for row in rows))


Group = tuple[str, int | None]
"""The loops that a node is in, as words, and its step."""


class _Counts:
    """Counts of each kind in each group: a time step, a loop's body, or what is outside of both.

    Attributes:
        groups: group -> kind -> [results, numbers in parameters first used here].
        times: of each group how often it is run.
        seen: all parameters; ``used`` those that a row has counted.
        stands: of a slot in a loop's body the node that fills it.
    """

    def __init__(self) -> None:
        self.groups: dict[Group, dict[Kind, list[int]]] = {}
        self.times: dict[Group, int] = {}
        self.seen: set[Node] = set()
        self.used: set[Node] = set()
        self.stands: dict[Node, Node] = {}
        self.loops = 0

    def count(self, nodes: list[Node], inside: str, times: int) -> None:
        """Add nodes and the bodies of loops among them, which lie no deeper in one another than the user's cells."""
        self.seen.update(x for x in nodes if isinstance(x, Parameter))
        picked: dict[Node, list[Node]] = {}
        for node in nodes:
            of = node.attributes.get("of")
            if isinstance(of, Node) and node.op is not None and node.op.selects:
                picked.setdefault(node.inputs[0], []).append(of)
        for node in nodes:
            if "body" in node.attributes:
                self._enter(node, picked.get(node, []), inside, times)
            elif node.op is not None and not node.op.selects:
                group = (inside, None if inside else node.step)
                self.times.setdefault(group, times)
                entry = self.groups.setdefault(group, {}).setdefault(kind_of(node, node.op), [0, 0])
                entry[0] += 1
                entry[1] += sum(map(self._first_use, node.inputs))

    def _enter(self, loop: Node, picked: list[Node], inside: str, times: int) -> None:
        body = loop.attributes["body"]
        self.loops += 1
        self.stands.update(zip(body.slots, loop.inputs, strict=True))
        way = ", backwards" if body.reverse else ""
        name = f"loop {self.loops}: {times * body.steps} steps{way}"
        # Among the results are values that only the caller looks at, which no later step needs.
        self.count(ancestors([*body.nexts, *picked]), name, times * body.steps)

    def _first_use(self, node: Node) -> int:
        while node in self.stands:
            node = self.stands[node]
        if not isinstance(node, Parameter) or node in self.used:
            return 0
        self.used.add(node)
        return node.size

    def rows(self) -> Iterable[CostRow]:
        """A row each kind of each set of steps in which the same is done."""
        alike: dict[tuple[object, ...], list[Group]] = {}
        for group, kinds in self.groups.items():
            # Loops stand for themselves, and so does what is outside of time.
            own = group if group[1] is None else None
            alike.setdefault((own, *((kind, n) for kind, (n, _) in sorted(kinds.items()))), []).append(group)
        for same in alike.values():
            first = same[0]
            where = first[0] or _span([t for _, t in same if t is not None])
            times = self.times[first] if first[0] else len(same)
            for kind, (n, _) in self.groups[first].items():
                numbers = sum(self.groups[group][kind][1] for group in same)
                yield CostRow(where, times, kind[0], kind[1], n, numbers, n * kind[2], n * kind[3])


def kind_of(node: Node, op: Op) -> Kind:
    if type(op).flops is Op.flops:  # which would run the op to learn the size of its result
        flops = node.size
    else:
        flops = op.flops(*(Spec(x.shape, x.dtype) for x in node.inputs), **node.attributes)
    return op.name, node.shape, int(flops), node.size * node.dtype.itemsize


def _span(steps: list[int]) -> str:
    """``t = 0 … 9``; of steps with others between them also how many these are."""
    if not steps:
        return ""
    low, high = min(steps), max(steps)
    if low == high:
        return f"t = {low}"
    return f"t = {low} … {high}" if high - low + 1 == len(steps) else f"{len(steps)} of t = {low} … {high}"


def _cells(row: CostRow) -> tuple[str, ...]:
    return (
        row.where,
        clean(row.op),
        shape(row.shape),
        str(row.count),
        f"{row.parameters:,}" if row.parameters else "",
        amount(row.flops, "FLOP"),
        amount(row.bytes, "B"),
        amount(row.steps * row.flops, "FLOP"),
        amount(row.steps * row.bytes, "B"),
    )


def _set(column: int, cell: str, width: int) -> str:
    return cell.ljust(width) if column < 3 else cell.rjust(width)
