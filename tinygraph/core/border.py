"""The border of a cell while it is traced: gradients that would have to cross it are refused, not cut short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .errors import GraphError, users_line
from .graph import ancestors
from .leaves import Parameter
from .node import Node
from .scope import now


class OpenCell(NamedTuple):
    """A cell while it is traced.

    Attributes:
        start: a serial number: nodes with smaller ones were made outside.
        carries: the slots of its state.
        slices: of each slot of its inputs, the sequence from which the input is taken.
        drawn: of each slot of numbers that are drawn anew at every step, how.
    """

    start: int
    carries: tuple[Node, ...]
    slices: dict[Node, Node]
    drawn: dict[Node, Callable[[tuple[int, ...]], Any]]

    def leads_to(self, x: Node, reached: set[Node]) -> bool:
        """Whether a way from the nodes ``reached`` to ``x``, from outside, may go through the slots."""
        if x.serial > self.start and not isinstance(x, Parameter):
            return False
        sources = [sequence for slot, sequence in self.slices.items() if slot in reached]
        return not reached.isdisjoint(self.carries) or x in {*ancestors(sources)}


def refuse_crossing(y: Node, reached: Sequence[Node], wrt: Sequence[Node]) -> None:
    """Refuse what another gradient than the uncompiled function's would come of.

    A cell that is not compiled is a part of one graph with all steps before it, and its last state is the very node
    of which the last output is made. Compiled, it is a body for itself.

    Args:
        y, wrt: what is differentiated, and with respect to what.
        reached: the nodes that y was made from, as far as gradients flow.

    Raises:
        GraphError: y and one of ``wrt`` lie on two sides of the border of a cell, and the way between them goes
            through its state or its inputs; or y is made of an unroll's other results too, and one of ``wrt`` is its
            last state.
    """
    known = {*reached}
    for cell in now.cells:
        for x in wrt:
            if cell.leads_to(x, known):
                raise GraphError(f"grad: {x.label()} was made outside of the cell of an unroll, {y.label()} in it",
                                 expected="in a function that is compiled, a gradient of this step alone",
                                 got=users_line(),
                                 fix="call tg.grad after the unroll; or cut the way back in the cell: "
                                 "h = tg.stop_gradient(h)")  # fmt: skip
    for x in wrt:
        beside = known.intersection(now.ends.get(x, ()))
        if beside and not beside.isdisjoint(ancestors([y], lambda n: n is not x and n in known)):  # noqa: B023
            raise GraphError(f"grad: {x.label()} is the last state of an unroll, {y.label()} is made of its outputs",
                             expected="in a function that is compiled, what is made of the last state alone",
                             got=users_line(),
                             fix="make a node of its own of the last state, h = h * 1.0, and use that")  # fmt: skip
