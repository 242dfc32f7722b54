"""What is made of constants alone is computed once, when the function is compiled."""

from __future__ import annotations

from ..core.leaves import Constant
from ..core.node import Node

LARGEST = 1 << 16
"""Elements of a result above which it is computed at each call rather than kept."""


def fold_constants(node: Node) -> Node | None:
    """A constant in place of an op whose inputs are all constants."""
    op = node._op
    if op is None or node.size > LARGEST:
        return None
    values = []
    for x in node._inputs:
        if type(x) is not Constant:
            return None
        values.append(x._value)
    if not values or node.size > max(v.size for v in values):
        return None  # a repetition is cheaper read as such
    return Constant(op.forward(*values, **node._attributes), node.name)
