"""What heat maps read from a graph: one sequence of the batch, columns with their tokens, cells and their names."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...core.graph import ancestors
from ...core.leaves import Parameter
from ...core.node import Node
from ..norms.states import State, states
from ..options import Options, refuse_traced, roots_of
from ..shown.ellipsis import like
from ..shown.folding import Folded, When, fold
from ..shown.naming import named_cells
from ..shown.padding import real_rows
from ..shown.repetition import Repetition, find_repetition
from ..shown.slices import chain
from ..shown.truncation import cut_as_asked
from ..views.heads import by_column
from .sheets import Sheet, Ticks, Told, plain_ticks


class Reading:
    """A graph as heat maps read it.

    Attributes:
        roots, nodes, folded: the graph, all of its nodes, and the graph as it is drawn.
        options: the options of `tg.draw`.
        batch: the sizes of the batches that were met.
    """

    def __init__(self, target: Any, options: Options, view: str) -> None:
        self.roots, self.options = cut_as_asked(roots_of(target), options)
        self.nodes, self.view = ancestors(self.roots), view
        for root in self.roots:
            refuse_traced(root, view)
        self.folded: Folded = fold(self.roots)
        self.batch: set[int] = set()
        self.tokens = by_column(self.folded, self.options.tokens)

    @cached_property
    def repetition(self) -> Repetition | None:
        return find_repetition(self.folded)

    @cached_property
    def states(self) -> list[State]:
        return states(self.folded, self.roots)

    @property
    def told(self) -> str:
        """What the network has, for errors."""
        names = ", ".join(state.heading for state in self.states)
        return f"states {names}" if names else f"{len(self.folded.steps)} time steps and no state"

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
        left = right = 0
        for node in self.nodes:
            if node.step is not None and node.op is not None and node.op.name == "matmul" and len(node.inputs) == 2:
                left += is_parameter(node.inputs[0])
                right += is_parameter(node.inputs[1])
        return left > right

    def chosen(self, value: np.ndarray) -> np.ndarray:
        """Returns the features of one sequence of the batch, in one row."""
        if value.ndim < 2:
            return self.item(value.reshape(1, -1), 0).ravel()
        return self.item(value, 1 if self.upright and value.ndim == 2 else 0).ravel()

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

    def sheet(self, heading: str, parts: dict[When, np.ndarray], caption: str, told: Told) -> Sheet:
        """Returns what one sequence has in each column, one column beside the other, without padding."""
        phase = next(iter(parts))[0]
        columns, rows = self.columns(phase), {c: self.chosen(part) for c, part in parts.items()}
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


def is_parameter(node: Node) -> bool:
    """Whether a node is a parameter or a view of one."""
    return isinstance(chain(node)[-1], Parameter)
