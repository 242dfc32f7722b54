"""Two traces of one function at unlike sizes, node by node: what is equal in both is fixed, the rest is free sizes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ...core.errors import GraphError
from ...core.graph import ancestors
from ...core.node import Node


def paired(first: Sequence[Node], second: Sequence[Node], slots: dict[Node, Node]) -> dict[Node, Node]:
    """Maps each node of the first trace, also within loops, to that of the second.

    Args:
        first, second: the results.
        slots: maps the arguments of the first trace to those of the second.

    Raises:
        GraphError: the traces do other things.
    """
    twins = dict(slots)
    _pair(first, second, twins)
    return twins


def _pair(first: Sequence[Node], second: Sequence[Node], twins: dict[Node, Node]) -> None:
    ours = [n for n in ancestors(first) if n not in twins]
    known = set(twins.values())
    others = [n for n in ancestors(second) if n not in known]
    if len(ours) != len(others) or len(first) != len(second):
        raise _unlike(f"{len(ours)} ops in one and {len(others)} in the other")
    picked, picked_there = _picks(ours), _picks(others)
    for a, b in zip(ours, others, strict=True):
        if a._op is not b._op or len(a._inputs) != len(b._inputs) or len(a.shape) != len(b.shape):
            raise _unlike(f"{a.label()} in one and {b.label()} in the other")
        if any(twins[x] is not y for x, y in zip(a._inputs, b._inputs, strict=True)):
            raise _unlike(f"other inputs of {a.label()}")
        twins[a] = b
        body = a._attributes.get("body")
        if body is not None:
            there = b._attributes["body"]
            twins |= zip(body.slots, there.slots, strict=True)
            _pair([*body.nexts, *picked[a]], [*there.nexts, *picked_there[b]], twins)


def _picks(nodes: Sequence[Node]) -> dict[Node, list[Node]]:
    """For each loop the nodes of its body that are picked, in the order of the picks."""
    picks: defaultdict[Node, list[Node]] = defaultdict(list)
    for node in nodes:
        if node._op is not None and node._op.selects and isinstance(node._attributes["of"], Node):
            picks[node._inputs[0]].append(node._attributes["of"])
    return picks


def _unlike(got: Any) -> GraphError:
    return GraphError(
        "export: the function does other things at other sizes",
        expected="the same ops whatever T and B are",
        got=str(got),
        fix="decide by values with tg.where, or export with dynamic=() for the example's sizes",
    )
