"""A graph: the nodes that a result was made from, in the order in which they were computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter

from .node import Node

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
