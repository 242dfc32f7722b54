"""What a plan holds besides its arrays: the traced graphs and all objects that were made from them."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.leaves import Constant
from ..core.node import Node
from ..loops.loop import Body

PLAN_BYTES, NODE_BYTES = 5 << 10, 880
"""Measured memory of a plan: so much, and so much for each node. Nodes, buffers, views, instructions, the text and its
names grow together: for graphs of 5 to 2,200 nodes on both backends this was within a sixth of what was held."""


def graph_bytes(roots: Sequence[Node]) -> int:
    """Bytes of the nodes that ``roots`` depend on, loops' bodies among them, of their constants and of a plan of them.

    Example:
        >>> import tinygraph as tg
        >>> from tinygraph.plan.held import graph_bytes
        >>> graph_bytes([tg.constant(1.0) + tg.constant([1.0, 2.0])])
        7784
    """
    visited = set(roots)
    stack = list(visited)
    while stack:
        node = stack.pop()
        for x in (*node._inputs, *_within(node)) if node._attributes else node._inputs:
            if x not in visited:
                visited.add(x)
                stack.append(x)
    constants = {id(n._value): n._value.nbytes for n in visited if isinstance(n, Constant)}
    return PLAN_BYTES + NODE_BYTES * len(visited) + sum(constants.values())


def _within(node: Node) -> Sequence[Node]:
    """The nodes among a node's settings: of a loop's body those that it begins and ends with."""
    nodes: list[Node] = []
    for setting in node._attributes.values():
        if isinstance(setting, Node):
            nodes.append(setting)
        elif isinstance(setting, Body):
            nodes += setting.slots + setting.nexts
    return nodes
