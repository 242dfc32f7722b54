"""Views of arrays: slices, reshapes and the like, which fold into their users."""

from __future__ import annotations

from collections.abc import Iterable
from types import NoneType
from typing import Any

from ...core.leaves import Parameter
from ...core.node import Node

RESHAPED = {"transpose", "swapaxes", "reshape", "broadcast_to", "getitem"}
"""Ops whose result is a view of an array."""
_PASSING = {*RESHAPED, "astype", "stop_gradient"}

ByOp = dict[str, list[Node]]
"""Maps the names of ops to their results, in topological order, and "" to the leaves."""


def by_op(nodes: Iterable[Node]) -> ByOp:
    """Sorts a graph by ops once, for all that look for a few of them."""
    ops: ByOp = {}
    for node, op in [(x, x.op) for x in nodes]:
        ops.setdefault("" if op is None else op.name, []).append(node)
    return ops


def chain(node: Node) -> list[Node]:
    """Returns a node, what it is a view of, and so on down to what is no view."""
    nodes = [node]
    while (op := node.op) is not None and op.name in _PASSING:
        node = node.inputs[0]
        nodes.append(node)
    return nodes


def is_part(node: Node, source: Node) -> bool:
    """Whether a node is no more than a view of an op's result, without a name that the user gave it."""
    return node.op is not None and node.op.name in RESHAPED and not node.name and not _is_pick(node, source)


def _is_pick(node: Node, source: Node) -> bool:
    """Whether it takes the value of one step out of a stack or of data, or rows by an array of numbers."""
    if source.op is None:
        return True
    index = node.attributes.get("index")
    entries = index if isinstance(index, tuple) else (index,)
    if all(x is None or isinstance(x, (slice, type(...))) for x in entries):
        return False
    return source.op.name in ("stack", "concatenate") or not all(
        isinstance(x, (int, slice, type(...), NoneType)) for x in entries
    )


def is_read(x: Node) -> bool:
    """Whether a node only takes a part of data, as ``X[t]`` does."""
    op = x.op
    if op is None or op.name not in ("getitem", "take"):
        return False
    return all(y.op is None and not isinstance(y, Parameter) for y in x.inputs)


def turned(views: Iterable[Node]) -> str:
    """Returns ``.T`` if views reverse the axes of an array, or swap the last two, as of a stack of matrices."""
    return ".T" * (sum(map(_turns, views)) % 2)


def _turns(view: Node) -> bool:
    n, name, told = view.ndim, "" if view.op is None else view.op.name, view.attributes
    if n < 2 or name not in ("transpose", "swapaxes"):
        return False
    if name == "swapaxes":
        return {told["axis1"] % n, told["axis2"] % n} == {n - 1, n - 2}
    axes = tuple([x % n for x in told.get("axes") or range(n)[::-1]])
    return axes in ((*range(n)[::-1],), (*range(n - 2), n - 1, n - 2))


def row_of(node: Node) -> int | None:
    """Returns the number of the row that a node takes out of an array, as ``outputs[3]`` does, else None."""
    index = node.attributes.get("index") if node.op is not None and node.op.name == "getitem" else None
    index = index[0] if isinstance(index, tuple) and len(index) == 1 else index
    return index if type(index) is int else None


def picked(node: Node) -> tuple[Node, int] | None:
    """Returns the array and the row of it that a node takes, through views between: of ``a[::-1][0]`` a's last one."""
    row = row_of(node)
    if row is None:
        return None
    x = node.inputs[0]
    while x.op is not None and x.op.name in RESHAPED:
        array, index = x.inputs[0], x.attributes.get("index", ...)
        rows = index[0] if isinstance(index, tuple) and index else index
        if x.shape[:1] != array.shape[:1] and not isinstance(rows, slice):
            break
        x, row = array, range(array.shape[0])[rows][row] if isinstance(rows, slice) else row
    return x, row


def tag_of(views: Iterable[Node]) -> str:
    """Returns which part of an array its views are, as code: ``4:8``; empty for the whole of it."""
    indexes = [x.attributes.get("index") for x in views if x.op is not None and x.op.name == "getitem"]
    entries = [index_text(i) for index in indexes for i in (index if isinstance(index, tuple) else (index,))]
    return ", ".join(x for x in entries if x not in (":", "None", "…"))


def short_index(node: Node) -> str:
    """Returns the index of a view, as ``[3]``; one of more than ten characters is left out."""
    text = index_text(node.attributes.get("index"))
    return f"[{text}]" if len(text) <= 10 else "[…]"


def index_text(index: Any) -> str:
    """Returns an index as code: ``3``, ``:, 0:128``."""
    if isinstance(index, tuple):
        return ", ".join(map(index_text, index))
    if isinstance(index, slice):
        ends = ["" if x is None else str(x) for x in (index.start, index.stop)]
        return ":".join(ends) + ("" if index.step is None else f":{index.step}")
    return "…" if index is Ellipsis else str(index)
