"""Inputs that several loops read, two directions or two layers: one box for what is read once, as it is one x."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from ...core.leaves import Constant
from ...core.node import Node
from .phases import phases
from .slices import is_read


def read_twice(roots: list[Node], nodes: list[Node]) -> dict[Node, Node]:
    """Maps what reads the same data at the same step again to the node that reads it first, among all ancestors."""
    if any(x.origin is not None for x in nodes):
        return {}
    timed = [x for x in nodes if x.step is not None]
    reads = [x for x in timed if is_read(x)]
    sources = {x.inputs[0] for x in reads}
    same = _equal([x for x in nodes if x in sources and x.step is None] + timed)
    known: dict[Hashable, list[Node]] = {}
    for x in reads:
        if not x.name:
            key = x.op, x.step, str(x.attributes), *(id(same.get(y, y)) for y in x.inputs)
            known.setdefault(key, []).append(x)
    pairs = [(x, first) for first, *others in known.values() for x in others]
    pairs += [(x, y) for x, y in same.items() if x.step is not None]
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
