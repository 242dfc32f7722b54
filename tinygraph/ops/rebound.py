"""``a += node`` of a plain array that has one name alone: the name gets a node, which nobody can tell from a write."""

from __future__ import annotations

import dis
import sys
from functools import cache, lru_cache
from types import CodeType
from typing import Any

import numpy as np

from ..core.errors import OFFER, GraphError, users_frame, users_line
from ..core.node import Node
from ..core.scope import now
from . import shape
from .numpy_functions import as_node


def by_this_line(target: np.ndarray) -> bool:
    """Whether the user's line is ``target += x`` or the like, and nothing but its left side has the array."""
    count = sys.getrefcount(target)
    if _counts is not None:
        _counts.append(count)
        return True
    if not now.recorder.anywhere or target.base is not None or target.dtype.kind != "f":
        return False
    frame = users_frame()
    return _is_in_place(frame.f_code, frame.f_lasti) and count <= _of_one_name()


def instead_of(target: np.ndarray, z: Any) -> Node:
    """What the name is bound to: the result in the dtype of the array, which must have its shape."""
    z = as_node(z)
    if z.shape != target.shape and _counts is None:
        problem, fix = "the result of an operator like += does not fit into the array", "write a = a + b"
        raise GraphError(problem, expected=str(target.shape), got=f"{z.shape}; {users_line()}", fix=fix)
    return z if z.dtype == target.dtype else shape.astype(z, target.dtype)


_counts: list[int] | None = None
"""Where `_of_one_name` notes what it measures."""


@cache
def _of_one_name() -> int:
    """How many references `by_this_line` counts when one name has the array; Python's versions differ."""
    global _counts
    node = as_node(np.zeros(()))
    before, _counts = _counts, []
    try:
        x: Any = np.zeros(())
        x += node
        (count,) = _counts
        return count
    finally:
        _counts = before


@lru_cache(maxsize=512)
def _is_in_place(code: CodeType, at: int) -> bool:
    """Whether the instruction is one like ``+=``."""
    steps = dis.get_instructions(code)
    return any(i.offset == at and i.argrepr.endswith("=") and i.opname == "BINARY_OP" for i in steps)


def offer() -> str:
    """What to write where a plain array would take a node's numbers."""
    return OFFER if now.recorder is None else "np.copy(a) of that array may hold nodes"
