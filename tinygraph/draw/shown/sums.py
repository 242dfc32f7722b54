"""Sums and stacks outside of time that fold into one box, or into the op that uses them."""

from __future__ import annotations

from collections.abc import Set

from ...core.node import Node

_PICKS = {"getitem", "take", "stop_gradient"}
"""Ops that take the value of one step out of a stack, or pass it on."""


def chained(nodes: list[Node], kept: set[Node]) -> set[Node]:
    """Returns the sums outside of time that only another such sum uses: ``((l1 + l2) + l3)`` is drawn as one box."""
    sums = _outside(nodes, "add")
    return {x for x, user in _only_users(nodes, sums - kept).items() if user in sums}


def stacked(nodes: list[Node], kept: set[Node]) -> set[Node]:
    """Returns the stacks of steps that are used by one op outside of time as a whole, for example by a mean."""
    users = _only_users(nodes, _outside(nodes, "stack") - kept)
    return {x for x, user in users.items() if user.step is None and user.op and user.op.name not in _PICKS}


def _outside(nodes: list[Node], op: str) -> set[Node]:
    """Returns the results of an op without a step and without a name that the user gave them."""
    return {x for x in nodes if x.step is None and x.op is not None and x.op.name == op and not x.name}


def _only_users(nodes: list[Node], sources: Set[Node]) -> dict[Node, Node]:
    """Maps those of the sources that are read once to the node that reads them."""
    users: dict[Node, list[Node]] = {}
    for node in nodes if sources else ():
        for x in node.inputs:
            if x in sources:
                users.setdefault(x, []).append(node)
    return {x: user for x, (user, *more) in users.items() if not more}
