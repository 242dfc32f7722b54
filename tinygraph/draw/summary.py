"""A table of what a graph costs: ops, parameters, FLOPs and bytes; equal time steps share a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.errors import GraphError
from ..core.graph import ancestors
from ..core.leaves import Parameter
from ..core.markup import table
from ..core.node import Node
from ..core.op import Op, Spec
from ..plan.report import amount
from .labels import cells, clean, filled, shape
from .unmarked.steps import marked

Kind = tuple[str, tuple[int, ...], int, int]
"""Op, shape, FLOPs and bytes: results with the same four share a row."""
_HEAD = ("steps", "op", "shape", "count", "parameters", "FLOPs", "bytes", "total FLOPs", "total bytes")


@dataclass(frozen=True)
class CostRow:
    """Results of one op and shape in a set of equal time steps.

    Attributes:
        where: the steps, ``"t = 0 … 9"``; empty outside of time.
        steps: the number of steps; 1 outside of time.
        op: the name of the op.
        shape: the shape of each result.
        count: the number of results per step.
        parameters: the number of elements of the parameters that these results are the first to use.
        flops, bytes: per step; bytes are those of the results.
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
    """The result of `summary`, which prints as a table.

    Attributes:
        rows: a `CostRow` per op, shape and set of equal steps, in order of computation.
        parameters: the number of elements of all parameters, each counted once.
        flops, bytes: totals over all steps.
    """

    rows: tuple[CostRow, ...]
    parameters: int
    flops: int
    bytes: int

    def _lines(self) -> list[tuple[str, ...]]:
        total = (f"{self.parameters:,}", "", "", amount(self.flops, "FLOP"), amount(self.bytes, "B"))
        return [*(_cells(row) for row in self.rows), ("total", "", "", "", *total)]

    def __str__(self) -> str:
        return aligned([_HEAD, *self._lines()], "<<<>>>>>>")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        *rows, total = self._lines()
        return table(_HEAD, rows, foot=total)


def summary_of(roots: list[Any]) -> Summary:
    """Returns the table of a graph."""
    if not roots or not all(isinstance(x, Node) for x in roots):
        problem, expected = "summary needs a node", "a node, or a list of nodes; or a net and the shapes of its inputs"
        raise GraphError(problem, expected=expected, got=", ".join(type(x).__name__ for x in roots) or "nothing")
    tally = _Counts()
    tally.count([*marked(roots, ancestors(roots)).values()], "", 1)
    rows = tuple(tally.rows())
    total_flops = sum(row.steps * row.flops for row in rows)
    return Summary(rows, sum(x.size for x in tally.seen), total_flops, sum(row.steps * row.bytes for row in rows))


Group = tuple[str, int | None, int]
"""The loop that a node is in, as text, its step, and how often it runs there."""


class _Counts:
    """Counts of each kind of result in each group: a time step, the body of a loop, or all nodes outside of both.

    Attributes:
        groups: group -> kind -> [results, elements of parameters first used here].
        seen: all parameters; ``used``: those that a row has counted.
        stands: maps each slot of a loop's body to the node that fills it.
    """

    def __init__(self) -> None:
        self.groups: dict[Group, dict[Kind, list[int]]] = {}
        self.seen: set[Node] = set()
        self.used: set[Node] = set()
        self.stands: dict[Node, Node] = {}
        self.loops = 0

    def count(self, nodes: list[Node], inside: str, times: int) -> None:
        """Add nodes and the bodies of loops among them, recursively; nesting is no deeper than the user's cells."""
        self.seen.update(x for x in nodes if isinstance(x, Parameter))
        selected = picked(nodes)
        for node in nodes:
            if "body" in node.attributes:
                self._enter(node, selected.get(node, []), times)
            elif node.op is not None and not node.op.selects:
                group = self.groups.setdefault((inside, None if inside else node.step, times), {})
                entry = group.setdefault(kind_of(node, node.op), [0, 0])
                entry[0] += 1
                entry[1] += sum(map(self._first_use, node.inputs))

    def _enter(self, loop: Node, selected: list[Node], times: int) -> None:
        body = loop.attributes["body"]
        self.loops += 1
        self.stands.update(zip(body.slots, loop.inputs, strict=True))
        direction = ", backwards" if body.reverse else ""
        name = f"loop {self.loops}: {times * body.steps} steps{direction}"
        # The selected nodes include values that only the caller uses, and no later step.
        self.count(ancestors([*body.nexts, *selected]), name, times * body.steps)

    def _first_use(self, node: Node) -> int:
        while node in self.stands:
            node = self.stands[node]
        if not isinstance(node, Parameter) or node in self.used:
            return 0
        self.used.add(node)
        return node.size

    def rows(self) -> Iterable[CostRow]:
        """Yields a row per kind and set of equal steps."""
        equal_groups: dict[tuple[object, ...], list[Group]] = {}
        for group, kinds in self.groups.items():
            apart = group if group[1] is None else None  # loops and what is outside of time
            form = (apart, *((kind, n) for kind, (n, _) in sorted(kinds.items())))
            equal_groups.setdefault(form, []).append(group)
        for same in equal_groups.values():
            loop, _, times = same[0]
            where = loop or _span([t for _, t, _ in same if t is not None])
            times = times if loop else len(same)
            for kind, (n, _) in self.groups[same[0]].items():
                numbers = sum(self.groups[group][kind][1] for group in same)
                yield CostRow(where, times, kind[0], kind[1], n, numbers, n * kind[2], n * kind[3])


def picked(nodes: Iterable[Node]) -> dict[Node, list[Node]]:
    """Maps each loop to the nodes of its body that are selected."""
    selected: dict[Node, list[Node]] = {}
    for node in nodes:
        of = node.attributes.get("of")
        if isinstance(of, Node) and node.op is not None and node.op.selects:
            selected.setdefault(node.inputs[0], []).append(of)
    return selected


def kind_of(node: Node, op: Op) -> Kind:
    if type(op).flops is Op.flops:  # the default would run the op to get the size of its result
        flops = node.size
    else:
        flops = op.flops(*(Spec(x.shape, x.dtype) for x in node.inputs), **node.attributes)
    return op.name, node.shape, int(flops), node.size * node.dtype.itemsize


def _span(steps: list[int]) -> str:
    """Returns ``t = 0 … 9``; if the steps are not consecutive also their number."""
    if not steps:
        return ""
    low, high = min(steps), max(steps)
    if low == high:
        return f"t = {low}"
    return f"t = {low} … {high}" if high - low + 1 == len(steps) else f"{len(steps)} of t = {low} … {high}"


def _cells(row: CostRow) -> tuple[str, ...]:
    parameters = f"{row.parameters:,}" if row.parameters else ""
    costs = [amount(n * x, unit) for n in (1, row.steps) for x, unit in ((row.flops, "FLOP"), (row.bytes, "B"))]
    return (row.where, clean(row.op), shape(row.shape), str(row.count), parameters, *costs)


def aligned(lines: Sequence[tuple[str, ...]], sides: str) -> str:
    """Returns a table: its head, a rule, rows, a rule and the last line; ``sides``: ``<`` or ``>`` for each column."""
    widths = [max(map(cells, column)) for column in zip(*lines, strict=True)]
    texts = ["  ".join(map(filled, line, widths, sides)).rstrip() for line in lines]
    rule = "-" * max(map(cells, texts))
    return "\n".join([texts[0], rule, *texts[1:-1], rule, texts[-1]])
