"""``array.dot(node)``, whose method asks nodes for arrays without saying what for: refused where that is slow."""

from __future__ import annotations

import dis
import sys
from functools import lru_cache
from types import CodeType

from ..core.errors import GraphError, users_line
from ..core.node import Node

LARGEST_DOT = 100
"""The most elements of a node for which ``array.dot(node)`` makes nodes, two for each of them and each row."""


def refuse_array_dot(node: Node) -> None:
    """Raises if numpy asks for the node's array because the user's line calls the method ``.dot`` of an array."""
    if node.size <= LARGEST_DOT:
        return
    frame = sys._getframe(3)  # that of the call, above Node.__array__ and the function around it
    if "dot" in frame.f_code.co_names and _method_called(frame.f_code, frame.f_lasti) == "dot":
        problem = f"array.dot of {node.label()} would multiply and add one node for each number"
        raise GraphError(problem, got=users_line(), fix="write x @ W, or np.dot(x, W), which make one node")


@lru_cache(maxsize=256)
def _method_called(code: CodeType, at: int) -> str:
    """The name of the method that the instruction at ``at`` calls; the empty text where it cannot be told."""
    before = [(i, p) for i in dis.get_instructions(code) if i.offset <= at and (p := i.positions) is not None]
    if not before:
        return ""
    call = before[-1][1]
    names = [(p[1::2], i.argval) for i, p in before if i.opname in ("LOAD_METHOD", "LOAD_ATTR") and p[::2] == call[::2]]
    return str(max(names)[1]) if names else ""
