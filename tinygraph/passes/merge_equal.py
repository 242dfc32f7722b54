"""Common subexpression elimination: nodes of equal op, inputs and attributes become one node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.leaves import Constant
from ..core.node import Node
from .rewriting import Rule, Rules

PLAIN = (bool, int, float, str, slice, type, np.dtype, np.generic, type(...))
LARGEST = 64
"""Constants of up to so many elements are compared by value; larger ones by identity."""


class MergeEqual(Rules):
    """Merges nodes that compute the same value.

    Args:
        rules: rewrite rules tried on each node before it is compared (see `Rules`), so that one pass does both.
    """

    def __init__(self, *rules: Rule) -> None:
        super().__init__(*rules)
        self.levels: list[dict[Any, Node]] = []

    def enter(self, order: Sequence[Node], roots: Sequence[Node]) -> None:
        self.levels.append({})

    def leave(self) -> None:
        self.levels.pop()

    def node(self, node: Node, was: Node) -> Node | None:
        new = super().node(node, was)
        if new is None or not new._inputs:
            return new
        inputs = tuple([self._input_key(x) for x in new._inputs])
        settings = tuple([(name, _value_key(v)) for name, v in new._attributes.items()])
        return self.levels[-1].setdefault((new._op, inputs, settings), new)

    def _input_key(self, x: Node) -> Any:
        if type(x) is Constant and x._value.size <= LARGEST:
            return (x._value.dtype.str, x._value.shape, x._value.tobytes())
        return id(x)


def _value_key(value: Any) -> Any:
    """A hashable key: plain settings are compared by their ``repr``, others by identity."""
    if isinstance(value, (tuple, list)):
        return tuple([_value_key(v) for v in value])
    # repr abbreviates arrays, and is equal for two slots of the same shape.
    return repr(value) if value is None or isinstance(value, PLAIN) else id(value)
