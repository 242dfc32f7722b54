"""Graphs: the nodes that a result depends on, in topological order, and copies with some nodes replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter, is_

from .node import Node
from .traced import Traced

_by_serial = attrgetter("serial")


def ancestors(
    roots: Iterable[Node], through: Callable[[Node], bool] | None = None, *, gradients: bool = False
) -> list[Node]:
    """The roots and all nodes that they depend on, in topological order: inputs before results.

    It is a loop, not a recursion, so a graph may have any depth. Serial numbers grow with each new node, so sorting
    by them is a topological order.

    Args:
        roots: nodes; they are part of the result.
        through: if it returns False for a node, that node's inputs are not visited; by default all are.
        gradients: whether the inputs of ops through which no gradient flows are not visited.
    """
    visited = set(roots)
    order = [*visited]
    for node in order:  # which grows meanwhile
        if gradients and node._op is not None and not node._op.differentiable:
            continue
        if through is None or through(node):
            for x in node._inputs:
                if x not in visited:
                    visited.add(x)
                    order.append(x)
    order.sort(key=_by_serial)
    return order


def replace(roots: Sequence[Node], new: dict[Node, Node]) -> list[Node]:
    """Copies the roots with nodes replaced: ``new`` maps old nodes to new ones, and gains the copies made here."""
    for node in ancestors(roots, lambda n: n not in new):
        if node not in new:
            inputs = node._inputs
            mapped = tuple([new[x] for x in inputs])
            new[node] = node if all(map(is_, mapped, inputs)) else copy_onto(node, mapped)
    return [new[root] for root in roots]


def copy_onto(node: Node, inputs: tuple[Node, ...]) -> Traced:
    """A copy of ``node`` with other inputs of the same shapes and dtypes."""
    return Traced(node._op, inputs, node._attributes, (node.shape, node.dtype), node.name).placed_as(node)
