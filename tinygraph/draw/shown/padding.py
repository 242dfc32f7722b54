"""What a picture says of padding, and which zeros are made within a step: neither is an input."""

from __future__ import annotations

import numpy as np

from ...core.leaves import Constant
from ...core.node import Node
from ...core.traced import Traced
from .phases import Phases
from .slices import ByOp

MASKS = {"real": "real", "reset": "start anew"}
"""Maps the names of the masks that `unroll` makes to what is True of a row: of lengths or a mask, and of resets."""


def is_mask(node: Node, *names: str) -> bool:
    """Whether a node is such a mask, or one of these names."""
    return isinstance(node, Constant) and node.name in (names or MASKS) and node.dtype.kind == "b"


def is_masked(node: Node, *names: str) -> bool:
    """Whether such a mask chooses between a node's two inputs: what padding keeps, or where rows start anew."""
    return node.op is not None and node.op.name == "where" and is_mask(node.inputs[0], *names)


def counted(*masks: Node) -> str:
    """Returns ``1 of 2 real``: of how many of the sequences, or of their steps, masks of one name are true."""
    said = MASKS[masks[0].name or ""]
    return f"{sum(np.count_nonzero(x.value) for x in masks)} of {sum(x.size for x in masks)} {said}"


def computed(node: Node) -> Node:
    """Returns what a step computes of a state, before padding keeps the state before, and before rows start anew."""
    while is_masked(node):
        node = node.inputs[1 if node.inputs[0].name == "real" else 2]
    return node


def real_rows(nodes: list[Node], phases: Phases) -> dict[tuple[int, int], np.ndarray]:
    """Maps columns to which sequences of the batch are real there, (B,); a column without padding may be missing."""
    rows: dict[tuple[int, int], np.ndarray] = {}
    for node in nodes:
        if not is_masked(node, "real"):
            continue
        mask, value = node.inputs[0].value, node.inputs[1]
        steps = value.inputs if value.op is not None and value.op.name == "stack" else ()
        for x, row in [(node, mask)] if node.step is not None else zip(steps, mask, strict=False):
            column = phases.column(x)
            if column is not None:
                rows[column] = row
    return rows


def padded(nodes: list[Node], ops: ByOp, phases: Phases) -> dict[tuple[int, int], str]:
    """Maps columns to what is said under them, ``1 of 2 real`` or ``padding``, and ``1 of 2 start anew``."""
    said: dict[tuple[int, int], list[str]] = {}
    for column, row in real_rows(ops.get("where", []), phases).items():
        said[column] = [] if row.all() else [f"{np.count_nonzero(row)} of {row.size} real" if row.any() else "padding"]
    anew = {x for x in ops.get("where", ()) if is_masked(x, "reset")}
    for node in nodes if anew else ():
        at = phases.column(node)
        for x in node.inputs:
            if x in anew and at is not None and x.step != node.step:
                said[at] = list(dict.fromkeys([*said.get(at, ()), counted(x.inputs[0])]))
    return {column: " · ".join(texts) for column, texts in said.items() if texts}


def is_zero(node: Node) -> bool:
    """Whether a node is a float constant of zeros, as initial states are."""
    return isinstance(node, Constant) and node.dtype.kind == "f" and not np.any(node.value)


def zeros_within(ops: ByOp) -> set[Node]:
    """Returns unnamed zeros that an op reads at several steps; of one step they may be a state, among others data."""
    at: dict[tuple[object, ...], dict[Node, int]] = {}
    timed = [x for x in ops.get("", ()) if x.step is not None and not x.name and not isinstance(x, Traced)]
    plain = {x for x in timed if isinstance(x, Constant) and x.shape and x.dtype.kind == "f"}
    for op, node in ((op, node) for op, nodes in ops.items() for node in nodes) if plain else ():
        for slot, x in enumerate(node.inputs):
            if x in plain:
                at.setdefault((op, slot, x.shape), {})[x] = x.step or 0
    several = [steps for steps in at.values() if len(set(steps.values())) > 1]
    return {x for steps in several if not any(np.any(y.value) for y in steps) for x in steps}
