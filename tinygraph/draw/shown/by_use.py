"""Data by their use: one x for what several loops read, targets of losses by hand, the memory that attention weighs."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from ...core.leaves import Constant, Parameter
from ...core.node import Node
from .letters import is_data
from .phases import phases
from .slices import ByOp, chain, is_read

_LOGS = {"log", "log_softmax"}
_MEETS = {"subtract", "multiply", "matmul", "einsum"}
"""Ops in which a target meets a prediction, or weights what they weigh."""


def by_use(nodes: list[Node], ops: ByOp, named: dict[Node, str]) -> dict[Node, str]:
    """Maps nodes without a name to ``target`` or ``memory``.

    A target is data that is only subtracted, or multiplied with a logarithm: what it meets there comes from parameters,
    and no op with parameters comes after it. A memory is a stack of all steps that a softmax weighs.
    """
    free = [x for op in ("", "getitem", "take", "stack") for x in ops.get(op, ()) if x not in named and not x.name]
    data = [x for x in free if is_data(x) or (is_read(x) and x.dtype.kind == "f")]
    stacks = [x for x in free if x.step is None and _is_called(x, {"stack"})]
    meetings: dict[Node, list[tuple[Node, Node]]] = {x: [] for x in data + stacks}
    for node in [x for op in _MEETS for x in ops.get(op, ())] if meetings else ():
        if len(node.inputs) == 2:
            a, b = map(_source, node.inputs)
            for x, other in ((a, b), (b, a)):
                if x in meetings:
                    meetings[x].append((node, other))
    names = {x: "memory" for x in stacks if any(_is_called(y, {"softmax"}) for _, y in meetings[x])}
    data = [x for x in data if meetings[x] and all(_compares(node, y) for node, y in meetings[x])]
    if data:
        learned, others = _learned(nodes)
        targets = (x for x in data if x not in others and learned.issuperset(y for _, y in meetings[x]))
        names |= dict.fromkeys(targets, "target")
    return names


def _source(x: Node) -> Node:
    """What a node is a view of, down to what is read of data."""
    parts = chain(x)
    return next((y for y in parts if is_read(y)), parts[-1])


def _is_called(x: Node, names: set[str]) -> bool:
    return x.op is not None and x.op.name in names


def _compares(node: Node, other: Node) -> bool:
    return _is_called(node, {"subtract"}) or (_is_called(node, {"multiply"}) and _is_called(other, _LOGS))


def _learned(nodes: list[Node]) -> tuple[set[Node], set[Node]]:
    """Returns what comes from parameters; and what others read, or leads to an op with parameters or another step."""
    reads = {x for x in nodes if any(isinstance(chain(y)[-1], Parameter) for y in x.inputs)}
    learned, early, others = reads.copy(), set[Node](), set[Node]()
    for node in nodes:
        learned.update([] if learned.isdisjoint(node.inputs) else [node])
        others.update(() if _is_called(node, _MEETS) or _source(node) is not node else map(_source, node.inputs))
    for node in reversed(nodes):
        after, t = node in reads or node in early, node.step
        early.update(x for x in node.inputs if after or (x.size > 1 and None is not t != x.step is not None))
    return learned, early | others


def read_twice(roots: list[Node], nodes: list[Node]) -> dict[Node, Node]:
    """Maps data that is the same again, at its step or outside of time, to the first of it, among all ancestors."""
    if any(x.origin is not None for x in nodes):
        return {}
    same, known = _equal(nodes), dict[Hashable, list[Node]]()
    reads = [x for x in nodes if x.step is not None and is_read(x)]
    whole = {x.inputs[0] for x in reads if x.inputs[0].step is None}  # the x of one loop, and the x′ of the next
    for x in reads:
        if not x.name:
            key = x.op, x.step, str(x.attributes), *(id(same.get(y, y)) for y in x.inputs)
            known.setdefault(key, []).append(x)
    pairs = [(x, first) for first, *others in known.values() for x in others]
    pairs += [(x, y) for x, y in same.items() if x not in whole]
    if not pairs:
        return {}
    column = phases(roots, nodes).column
    return {x: y for x, y in pairs if column(x) == column(y)}


def _equal(nodes: list[Node]) -> dict[Node, Node]:
    """Maps arrays to the first with the same numbers and step; of ones or zeros there may be several that are meant."""
    groups: dict[Hashable, list[Node]] = {}
    for x in nodes:
        if isinstance(x, Constant) and not x.name and x.size > 1 and x.dtype.kind == "f":
            groups.setdefault((x.shape, x.dtype, x.step), []).append(x)
    firsts: dict[Hashable, Node] = {}
    same: dict[Node, Node] = {}
    for key, members in groups.items():
        for x in members if len(members) > 1 else ():
            first = firsts.setdefault((key, x.value.tobytes()), x)
            if first is not x and np.ptp(x.value) > 0:
                same[x] = first
    return same
