"""Refuses gradients that would have to leave or enter a cell while a compiled function is traced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from ..core.errors import GraphError, users_line
from ..core.graph import ancestors
from ..core.leaves import Parameter
from ..core.node import Node
from ..core.scope import now
from ..core.structure import leaves


class OpenCell(NamedTuple):
    """A cell that is being traced.

    Attributes:
        start: a serial number; nodes with smaller ones were made outside of the cell.
        carries: the slots of the cell's state.
        slices: maps each slot of the cell's inputs to the sequence that it is a slice of.
    """

    start: int
    carries: tuple[Node, ...]
    slices: dict[Node, Node]

    def leads_to(self, x: Node, reached: set[Node]) -> bool:
        """Whether a gradient may flow from the nodes ``reached`` through the cell's slots to the outside node ``x``."""
        if x.serial > self.start and not isinstance(x, Parameter):
            return False
        sources = [sequence for slot, sequence in self.slices.items() if slot in reached]
        return not reached.isdisjoint(self.carries) or x in {*ancestors(sources)}


class Border:
    """A guard of `grad` in one traced function: refuses gradients that would differ from those without compiling.

    Without compiling, all time steps are one graph, and the final state is the very node that the last output is
    made of. When a function is compiled, the cell is traced alone, and slots stand for its state and inputs.

    Attributes:
        cells: the cells that are being traced, the innermost last.
        ends: maps each final state of an unroll to the other results of that unroll.
    """

    def __init__(self) -> None:
        self.cells: list[OpenCell] = []
        self.ends: dict[Node, list[Node]] = {}

    def __call__(self, y: Node, reached: Sequence[Node], wrt: Sequence[Node]) -> None:
        """Called by `grad` before it starts.

        Args:
            y, wrt: the arguments of `grad`.
            reached: the nodes that y depends on, as far as gradients flow.

        Raises:
            GraphError: y is in a cell and one of ``wrt`` outside, and a gradient would flow through the cell's state
                or inputs; or one of ``wrt`` is the final state of an unroll, and y depends on its other results too.
        """
        dependencies = {*reached}
        for x in wrt:
            if any(cell.leads_to(x, dependencies) for cell in self.cells):
                problem = f"grad: {y.label()} is inside the cell of an unroll, {x.label()} is outside"
                expected = "in a compiled function, a gradient within one time step"
                fix = "call tg.grad after the unroll; or cut the gradient in the cell: h = tg.stop_gradient(h)"
                raise GraphError(problem, expected=expected, got=users_line(), fix=fix)
            if self._bypasses(y, x, dependencies):
                raise GraphError(
                    f"grad: {x.label()} is the final state of an unroll, but {y.label()} depends on its outputs too",
                    expected="in a compiled function, a y that depends on the final state alone",
                    got=users_line(),
                    fix="make a new node of the final state, h = h * 1.0, and use that",
                )

    def _bypasses(self, y: Node, x: Node, dependencies: set[Node]) -> bool:
        """Whether y depends on other results of the unroll whose final state is x, by a path that bypasses x."""
        others = dependencies.intersection(self.ends.get(x, ()))
        return bool(others) and not others.isdisjoint(ancestors([y], lambda n: n is not x and n in dependencies))


def border() -> Border:
    """Returns the border of the function that is being traced; the first call registers it as a guard of `grad`."""
    for guard in now.guards:
        if isinstance(guard, Border):
            return guard
    guard = Border()
    now.guards = (*now.guards, guard)
    return guard


@contextmanager
def open_cell(start: int, state: Any, slices: dict[Node, Node]) -> Iterator[None]:
    """A context in which one cell is traced.

    Args:
        start, slices: see `OpenCell`.
        state: the slots of the state, in any structure.
    """
    cells = border().cells
    cells.append(OpenCell(start, tuple(leaves(state)), slices))
    try:
        yield
    finally:
        cells.pop()
