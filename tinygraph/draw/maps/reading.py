"""What heat maps read from a graph: one sequence of the batch, columns with their tokens, cells and their names."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import cached_property
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...core.graph import ancestors
from ...core.leaves import Parameter
from ...core.node import Node
from ...ops import matmul
from ..norms.states import State, states
from ..options import Options, refuse_traced, roots_of
from ..shown.ellipsis import like
from ..shown.folding import Folded, When, fold
from ..shown.letters import starts, stepped
from ..shown.loops import window
from ..shown.naming import named_cells
from ..shown.padding import real_rows
from ..shown.repetition import Repetition, find_repetition
from ..shown.roles import LOOKUPS
from ..shown.slices import chain, is_read, row_of
from ..shown.truncation import cut_as_asked, cuts_in_words
from ..views.heads import by_column
from .sheets import Sheet, Ticks, Told, plain_ticks
from .trials import changes

Entrances = dict[When, tuple[Node, int | None]]
"""Maps columns to the node that is read there, and to its row if the node holds those of all steps."""


class Reading:
    """A graph as heat maps read it.

    Attributes:
        roots, nodes, folded: the graph, all of its nodes, and the graph as it is drawn.
        options: the options of `tg.draw`.
        batch: the sizes of the batches that were met; ``remarks``: what the subtitle says besides.
    """

    def __init__(self, target: Any, options: Options, view: str) -> None:
        self.roots, self.options = cut_as_asked(roots_of(target), options)
        self.nodes, self.view = ancestors(self.roots), view
        for root in self.roots:
            refuse_traced(root, view)
        self.folded: Folded = fold(self.roots)
        self.batch: set[int] = set()
        windows = any(window(x) not in (None, x.step) for x in self.folded.nodes)
        self.remarks = [cuts_in_words(0, self.folded)] * windows
        self.tokens = by_column(self.folded, self.options.tokens)

    @cached_property
    def repetition(self) -> Repetition | None:
        return find_repetition(self.folded)

    @cached_property
    def states(self) -> list[State]:
        return states(self.folded, self.roots)

    def nothing(self, problem: str, expected: str) -> GraphError:
        """Returns the error of a view that has nothing to show; it says what the network has."""
        names = ", ".join(state.heading for state in self.states)
        got = f"states {names}" if names else f"{len(self.folded.steps)} time steps and no state"
        return GraphError(problem, expected=expected, got=got, fix=self.way_out)

    @property
    def way_out(self) -> str:
        """What to do where a view has nothing to show."""
        if any(x.op is not None and x.op.name == "scan" for x in self.nodes):
            return "unroll the cell itself: tg.cells.Parallel computes all steps at once"
        return 'view="states" shows its states' if self.states else "mark the steps by tg.unroll or with tg.step(t)"

    @cached_property
    def real(self) -> dict[When, np.ndarray]:
        return real_rows(self.nodes, self.folded.phases)

    @cached_property
    def cells(self) -> dict[Node, tuple[int, str]]:
        """Maps each box of a cell to the number of the cell, in order of computation, and its name."""
        if self.repetition is None:
            return {x: (0, "") for x in self.folded.nodes if x.step is not None and x.op is not None}
        groups = named_cells(self.folded, self.repetition)
        lone = "" if len(groups) == 1 and groups[0].name == "cell" else None
        return {
            x: (i, cell.name if lone is None else lone)
            for i, cell in enumerate(groups)
            for g in cell.groups
            for x in self.repetition.groups[g]
        }

    @cached_property
    def group_of(self) -> dict[Node, int]:
        """Maps each box to a number that it shares with the boxes of other steps that compute the same."""
        return like(self.folded, self.repetition)

    @cached_property
    def upright(self) -> bool:
        """Whether features run down columns, as in ``W @ h``; else along rows, as in ``h @ W.T``."""
        products = [x.inputs for x in self.nodes if x.step is not None and x.op is matmul]
        return sum(is_parameter(a) - is_parameter(b) for a, b in products) > 0

    @cached_property
    def inputs(self) -> list[Entrances]:
        """Returns the inputs of each phase; targets, with which all outputs are compared, are none."""
        folded, nodes = self.folded, self.nodes
        before = set(ancestors([x for x in nodes if x.step is not None]))
        reached = {x for x in ancestors(self.roots, gradients=True) if x in before}
        begun = starts({}, stepped(nodes), self.folded.phases.loop)
        looked_up = [x for x in folded.nodes if x.op is not None and x.op.name in LOOKUPS and not folded.arrows[x]]
        free = [x for x in looked_up if x.step is None or not isinstance(x.inputs[0], Parameter)]
        leaves = [x for x in folded.nodes if x.op is None]
        data = {*leaves, *free, *(x for x in nodes if x.step is None and is_read(x)), *_rows_of_tables(nodes)}
        whole = set[Node]()
        for x in reversed(nodes):
            if x in whole or (x.step is not None and row_of(x) is None):
                whole.update(y for y in x.inputs if y.step is None)  # such as a memory that each step looks at
        groups: dict[tuple[int, int], Entrances] = {}
        ranks: dict[When, int] = {}
        for x in sorted(data & reached, key=lambda x: x.serial):
            leaf = chain(x)[-1]
            if x.dtype.kind != "f" or leaf in begun or leaf.name == "real" or leaf.attributes.get("drawn"):
                continue
            column = folded.column(x)
            at: Entrances = {column: (x, None)} if column is not None else {} if x in whole else self._rows(x)
            for when, read in at.items():
                rank = ranks[when] = ranks.get(when, -1) + 1
                groups.setdefault((when[0], rank), {})[when] = read
        # Zeros of one step are a start that it made for itself.
        several = [at for at in groups.values() if len(at) > 1 or any(np.any(x.value) for x, _ in at.values())]
        return [at for at in several if not _stays(at)] or several

    def _rows(self, x: Node) -> Entrances:
        """Returns the rows of an array that is read whole, outside of time, with a row for each step."""
        phases = {c[0] for c in self.folded.columns()}
        columns = next((c for p in sorted(phases) if x.ndim > 1 and len(c := self.columns(p)) == x.shape[0]), [])
        return {c: (x, t) for t, c in enumerate(columns)}

    @cached_property
    def has_batch(self) -> bool:
        """Whether a step reads more than one row of features, or no numbers."""
        return not self.inputs or any(x.ndim > 1 + (row is not None) for at in self.inputs for x, row in at.values())

    @cached_property
    def spread(self) -> dict[Node, np.ndarray]:
        """Maps nodes to booleans of their shape: what depends on the last sequence of the inputs."""
        other: dict[Node, np.ndarray] = {}
        for x, row in (read for at in self.inputs for read in at.values()):
            value, time = x.value.copy(), int(row is not None)
            last = np.moveaxis(value, self._usual(x.ndim - time) + time, 0)[-1:]
            last += np.random.default_rng(x.serial).normal(size=last.shape).astype(x.dtype)
            other[x] = value
        return changes(self.nodes, other)

    def _usual(self, ndim: int) -> int:
        return 1 if self.upright and ndim == 2 else 0

    def batch_axis(self, nodes: Iterable[Node]) -> int | None:
        """Returns the axis of the batch: where all that depends on the last sequence is at the last place.

        ``nodes`` are those of several steps. None if there is no such axis, or nothing depends on inputs.
        """
        known = [self.spread[x] for x in nodes if x in self.spread and self.spread[x].any()]
        ndim = known[-1].ndim if known else 0
        axes = range(ndim if ndim > 1 or self.has_batch else 0)
        fit = [a for a in axes if not any(x.take(range(x.shape[a] - 1), axis=a).any() for x in known if x.ndim == ndim)]
        return max(fit, key=lambda a: known[-1].shape[a], default=None)

    def chosen(self, value: np.ndarray, axis: int | None) -> np.ndarray:
        """Returns the features of one sequence of the batch, in one row."""
        if axis is None and (value.ndim < 2 or not self.has_batch):
            return self.item(value.reshape(1, -1), 0).ravel()
        return self.item(value, self._usual(value.ndim) if axis is None else axis).ravel()

    def item(self, value: np.ndarray, axis: int) -> np.ndarray:
        """Returns what one sequence of the batch has, whose place along an axis is the option ``item``.

        Raises:
            GraphError: the batch has no such item.
        """
        size, item = value.shape[axis], self.options.item
        self.batch.add(size)
        if item >= size:
            problem = f"draw: item is {item}, but the batch has {size} sequence{'s' * (size != 1)}"
            expected = f"item from 0 to {size - 1}" if size else "a batch with sequences"
            raise GraphError(problem, expected=expected, got=f"item={item}")
        return value.take(item, axis=axis)

    def sheet(
        self, heading: str, parts: dict[When, np.ndarray], caption: str, told: Told, axis: int | None = None
    ) -> Sheet:
        """Returns what one sequence has in each column, one column beside the other, without padding.

        ``axis``: that of the batch, if it is not the usual one.
        """
        phase = next(iter(parts))[0]
        columns, rows = self.columns(phase), {c: self.chosen(part, axis) for c, part in parts.items()}
        count = max(map(len, rows.values()))
        values, absent = np.zeros((count, len(columns))), np.ones((count, len(columns)), bool)
        is_padding = [self.is_padding(c) for c in columns]
        for j, column in enumerate(columns):
            if column in rows and not is_padding[j]:
                own = slice(len(rows[column])), j
                values[own], absent[own] = rows[column], False
        across, down, padding = self.ticks(columns, "t →"), plain_ticks(count, caption), np.tile(is_padding, (count, 1))
        return Sheet(heading, values, absent, across, down, phase, told, padding=padding)

    def is_padding(self, column: When) -> bool:
        row = self.real.get(column)
        return row is not None and not row.ravel()[min(self.options.item, row.size - 1)]

    def columns(self, phase: int) -> list[When]:
        return [c for c in self.folded.columns() if c[0] == phase]

    def ticks(self, columns: list[When], caption: str) -> Ticks:
        return Ticks([str(t) for _, t in columns], caption, [self.tokens.get(c, "") for c in columns])


def _stays(at: Entrances) -> bool:
    """Whether the same data are there anew at each step, as an array that a cell looks at."""
    first, *rest = [x for x, _ in at.values()]
    plain = bool(rest) and all(x.op is None and row is None for x, row in at.values())
    return plain and all(np.array_equal(x.value, first.value) for x in rest)


def is_parameter(node: Node) -> bool:
    """Whether a node is a parameter or a view of one."""
    return isinstance(chain(node)[-1], Parameter)


def _rows_of_tables(nodes: list[Node]) -> list[Node]:
    """Returns what steps read of a parameter by numbers, as ``E[3]`` or ``E[ids]``; not if all read the same."""
    read: dict[Node, dict[Node, Hashable]] = {}
    for x in nodes:
        if x.step is not None and x.op is not None and x.op.name in ("getitem", "take"):
            table, *ids = x.inputs
            row = row_of(x) if not ids else ids[0] if ids[0].op is not None else ids[0].value.tobytes()
            if isinstance(table, Parameter) and row is not None:
                read.setdefault(table, {})[x] = row
    return [x for rows in read.values() if len({*rows.values()}) > 1 for x in rows]
