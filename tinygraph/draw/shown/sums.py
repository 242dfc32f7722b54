"""Sums and stacks outside of time that fold into one box, or into the op that uses them."""

from __future__ import annotations

from collections.abc import Set

from ...core.node import Node
from .slices import ByOp

_PICKS = {"getitem", "take", "stop_gradient"}
"""Ops that take the value of one step out of a stack, or pass it on."""


def chained(ops: ByOp, kept: set[Node]) -> set[Node]:
    """Returns the sums outside of time that only another such sum uses: ``((l1 + l2) + l3)`` is drawn as one box."""
    sums = _outside(ops, "add")
    return {x for x, user in _only_users(ops, sums - kept).items() if user in sums}


def stacked(ops: ByOp, kept: set[Node]) -> set[Node]:
    """Returns the stacks of steps that are used by one op outside of time as a whole, for example by a mean."""
    users = _only_users(ops, _outside(ops, "stack") - kept)
    return {x for x, user in users.items() if user.step is None and user.op and user.op.name not in _PICKS}


def _outside(ops: ByOp, op: str) -> set[Node]:
    """Returns the results of an op without a step and without a name that the user gave them."""
    return {x for x in ops.get(op, ()) if x.step is None and not x.name}


def _only_users(ops: ByOp, sources: Set[Node]) -> dict[Node, Node]:
    """Maps those of the sources that are read once to the node that reads them."""
    users: dict[Node, list[Node]] = {}
    reads = ((x, node) for nodes in ops.values() for node in nodes for x in node.inputs if x in sources)
    for x, user in reads if sources else ():
        users.setdefault(x, []).append(user)
    return {x: user for x, (user, *more) in users.items() if not more}
