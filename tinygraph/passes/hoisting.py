"""Tools for hoisting: which nodes depend on the state, which are worth moving, how a node is moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from ..core.graph import ancestors, copy_onto
from ..core.leaves import Constant
from ..core.node import Node
from ..core.scope import now
from ..loops.lifting import lift
from ..loops.loop import Body
from ..ops import add, broadcast_to, getitem, reshape, transpose
from ..ops.broadcasting import Elementwise

VIEWS = frozenset((reshape, transpose, getitem, broadcast_to))
"""Ops that return views."""


def is_heavy(node: Node) -> bool:
    """Whether an op is worth hoisting by itself; element-wise ones are not, because they fuse inside the loop."""
    return node._op not in VIEWS and not isinstance(node._op, Elementwise)


class Lifting:
    """Copies nodes of a loop's body to nodes outside of the loop that compute all steps at once.

    Attributes:
        outer: maps each moved node to its node outside.
        varying: the moved nodes whose outer node has a leading axis T; the others are loop-invariant.
    """

    def __init__(self, over: Node) -> None:
        self.body: Body = over._attributes["body"]
        self.outer: dict[Node, Node] = dict(zip(self.body.slots, over._inputs, strict=True))
        for carry in self.body.carries:
            del self.outer[carry]
        self.varying: set[Node] = {*self.body.slices}

    def set_outer(self, node: Node, outer: Node) -> None:
        """Record that ``outer`` holds the values of ``node`` at all steps."""
        self.outer[node] = outer
        self.varying.add(node)

    def move(self, node: Node) -> bool:
        """Moves a node whose inputs are outside; False if its op has no lifting rule for all steps at once."""
        op = node._op
        assert op is not None
        inputs = []
        for x in node._inputs:
            if x not in self.outer and type(x) is not Constant:
                return False
            inputs.append(self.outer.get(x, x))
        now.place = node._place  # what is made here is made for it
        varying = [x in self.varying for x in node._inputs]
        if not any(varying):
            self.outer[node] = copy_onto(node, tuple(inputs))
            return True
        lifted = None if op.selects else lift(op, inputs, node._attributes, varying, self.body.steps)
        if lifted is None:
            return False
        self.set_outer(node, lifted)
        return True


def waiting(body: Body, order: Iterable[Node]) -> set[Node]:
    """The nodes that depend on the state, and therefore on the step before."""
    return made_from(body.carries, order)


def made_from(slots: Iterable[Node], order: Iterable[Node]) -> set[Node]:
    """The slots, and the nodes of ``order`` that depend on one of them."""
    dependent = {*slots}
    for node in order:
        if not dependent.isdisjoint(node._inputs):
            dependent.add(node)
    return dependent


def with_ancestors(nodes: Collection[Node], within: set[Node]) -> set[Node]:
    """The nodes and their ancestors, as far as they belong to ``within``."""
    return {n for n in ancestors(nodes, within.__contains__) if n in within}


class Ranks:
    """The rank of each node in a body, which tells when its value is known, and the additions that form one sum."""

    def __init__(self, body: Body, order: Sequence[Node], roots: Sequence[Node]) -> None:
        self.waits, self.varies = waiting(body, order), made_from(body.slices, order)
        self.roots = {*roots}
        self.users: Counter[Node] = Counter(x for n in order for x in n._inputs)
        self.inner = {x for n in order if n._op is add for x in n._inputs if self._is_inner(x)}

    def rank(self, node: Node) -> int:
        """0: loop-invariant; 1: varies with the step, known before the loop; 2: depends on the state."""
        return 2 if node in self.waits else 1 if node in self.varies else 0

    def _is_inner(self, x: Node) -> bool:
        return x._op is add and self.users[x] == 1 and x not in self.roots

    def is_part_of_sum(self, node: Node) -> bool:
        """Whether the node is an addition whose only reader is another addition."""
        return node in self.inner

    def additions(self, total: Node) -> list[Node]:
        """The nodes that add up a sum: itself, and the additions that are parts of it."""
        nodes = [total]
        for n in nodes:
            nodes += [x for x in n._inputs if x in self.inner]
        return nodes

    def terms(self, total: Node) -> list[Node]:
        """The terms of a sum, from left to right."""
        terms: list[Node] = []
        stack = [total]
        while stack:
            n = stack.pop()
            if n is total or n in self.inner:
                stack += reversed(n._inputs)
            else:
                terms.append(n)
        return terms
