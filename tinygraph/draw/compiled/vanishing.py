"""Ops that the passes drop: those that change nothing, repeated ones, and those of constants only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...core.leaves import Constant
from ...core.node import Node
from ...passes.simplify import simplify


class Vanishing:
    """Finds why ops vanish; visit inputs first, and only while tracing, because the rules create nodes.

    Attributes:
        same: maps each op that vanishes to the node that replaces it.
        first: maps an op with its inputs and attributes to the first node that computes it.
        constants: ops of constants only, which are computed once.
    """

    def __init__(self) -> None:
        self.same: dict[Node, Node] = {}
        self.first: dict[object, Node] = {}
        self.constants: set[Node] = set()

    def why(self, node: Node) -> str:
        """Returns the reason in words, or ""."""
        sources = [self.same.get(x, x) for x in node.inputs]
        if not sources:
            return ""
        if all(type(x) is Constant or x in self.constants for x in sources):
            if node.size <= max(x.size for x in sources):
                self.constants.add(node)
                return "made of constants alone: computed once, when compiled"
            return ""
        simpler = simplify(node)
        if simpler is not None and simpler in {*node.inputs}:
            self.same[node] = self.same.get(simpler, simpler)
            return "changes nothing: its input is used in its place"
        return self._again(node, sources)

    def _again(self, node: Node, sources: Sequence[Node]) -> str:
        written = all(not isinstance(v, np.ndarray) for v in node.attributes.values())
        # repr abbreviates arrays, so different arrays may have the same text.
        settings = repr(sorted(node.attributes.items())) if written else id(node.attributes)
        first = self.first.setdefault((node.op, tuple(map(id, sources)), settings), node)
        if first is node:
            return ""
        self.same[node] = first
        return "equal to another op: done once"
