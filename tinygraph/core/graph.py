"""A graph: the nodes that a result was made from, in the order in which they were computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter, is_

from .node import Node
from .traced import Traced

_by_serial = attrgetter("serial")


def ancestors(roots: Iterable[Node], through: Callable[[Node], bool] = lambda node: True) -> list[Node]:
    """All nodes that the roots were made from and the roots, inputs before their ops.

    The walk is a loop, not a recursion, so a graph of any depth will do; a node's serial
    number grows with its creation, so sorting by it is a topological order.

    Args:
        roots: nodes; each is in the answer.
        through: where it says False for a node, that node's inputs are not visited.
    """
    seen = set(roots)
    stack = list(seen)
    while stack:
        node = stack.pop()
        if through(node):
            for x in node._inputs:
                if x not in seen:
                    seen.add(x)
                    stack.append(x)
    return sorted(seen, key=_by_serial)


def replace(roots: Sequence[Node], new: dict[Node, Node]) -> list[Node]:
    """The roots as they would be with the nodes of ``new`` in place of the old ones; ``new`` gains every node made."""
    for node in ancestors(roots, lambda n: n not in new):
        if node not in new:
            inputs = node._inputs
            mapped = tuple([new[x] for x in inputs])
            new[node] = node if all(map(is_, mapped, inputs)) else copy_onto(node, mapped)
    return [new[root] for root in roots]


def copy_onto(node: Node, inputs: tuple[Node, ...]) -> Traced:
    """The same op with the same settings, of other inputs of the same shapes and dtypes."""
    return Traced(node._op, inputs, node._attributes, (node.shape, node.dtype), node.name).placed_as(node)
