"""The border of a cell while it is traced: gradients that would have to cross it are refused, not cut short."""

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
    """A cell while it is traced.

    Attributes:
        start: a serial number: nodes with smaller ones were made outside.
        carries: the slots of its state.
        slices: of each slot of its inputs, the sequence from which the input is taken.
    """

    start: int
    carries: tuple[Node, ...]
    slices: dict[Node, Node]

    def leads_to(self, x: Node, reached: set[Node]) -> bool:
        """Whether a way from the nodes ``reached`` to ``x``, from outside, may go through the slots."""
        if x.serial > self.start and not isinstance(x, Parameter):
            return False
        sources = [sequence for slot, sequence in self.slices.items() if slot in reached]
        return not reached.isdisjoint(self.carries) or x in {*ancestors(sources)}


class Border:
    """The guard of one traced function: refuses gradients that would differ from those of the uncompiled function.

    A cell that is not compiled is a part of one graph with all steps before it, and its last state is the very node
    of which the last output is made. Compiled, it is a body for itself.

    Attributes:
        cells: those that are being traced, the innermost last.
        ends: of each last state of an unroll, the unroll's other results.
    """

    def __init__(self) -> None:
        self.cells: list[OpenCell] = []
        self.ends: dict[Node, list[Node]] = {}

    def __call__(self, y: Node, reached: Sequence[Node], wrt: Sequence[Node]) -> None:
        """Called by `grad` before it starts.

        Args:
            y, wrt: what is differentiated, and with respect to what.
            reached: the nodes that y was made from, as far as gradients flow.

        Raises:
            GraphError: y and one of ``wrt`` lie on two sides of the border of a cell, and the way between them goes
                through its state or its inputs; or y is made of an unroll's other results too, and one of ``wrt`` is
                its last state.
        """
        known = {*reached}
        for x in wrt:
            if any(cell.leads_to(x, known) for cell in self.cells):
                raise GraphError(
                    f"grad: {x.label()} was made outside of the cell of an unroll, {y.label()} in it",
                    expected="in a function that is compiled, a gradient of this step alone",
                    got=users_line(),
                    fix="call tg.grad after the unroll; or cut the way back in the cell: h = tg.stop_gradient(h)",
                )
            if self._goes_round(y, x, known):
                raise GraphError(
                    f"grad: {x.label()} is the last state of an unroll, {y.label()} is made of its outputs",
                    expected="in a function that is compiled, what is made of the last state alone",
                    got=users_line(),
                    fix="make a node of its own of the last state, h = h * 1.0, and use that",
                )

    def _goes_round(self, y: Node, x: Node, known: set[Node]) -> bool:
        """Whether y is made of other results of the unroll whose last state is x, by a way that leaves x out."""
        beside = known.intersection(self.ends.get(x, ()))
        return bool(beside) and not beside.isdisjoint(ancestors([y], lambda n: n is not x and n in known))


def border() -> Border:
    """The border of the function that is being traced; from now on it is asked before every gradient."""
    for guard in now.guards:
        if isinstance(guard, Border):
            return guard
    guard = Border()
    now.guards = (*now.guards, guard)
    return guard


@contextmanager
def open_cell(start: int, state: Any, slices: dict[Node, Node]) -> Iterator[None]:
    """Inside, a cell is traced.

    Args:
        start, slices: see `OpenCell`.
        state: its slots, in any structure.
    """
    cells = border().cells
    cells.append(OpenCell(start, tuple(leaves(state)), slices))
    try:
        yield
    finally:
        cells.pop()
