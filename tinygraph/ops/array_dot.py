"""``array.dot(node)`` of a plain array: its method asks the node for an array, and gets one that makes the product."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from ..core.errors import GraphError, users_line
from ..core.node import Node
from .call_site import method_called
from .numpy_products import dot


class _Factor(np.ndarray):
    """A node as the second factor, an array without axes: numpy multiplies by it, which is where np.dot takes over."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        node = np.ndarray.item(self).node
        if ufunc is not np.multiply or method != "__call__" or settings or inputs[1] is not self:
            raise _refused(node, f"it became np.{ufunc.__name__}")
        return dot(_numbers(inputs[0], node.dtype), node)


class _Held:
    """A node that numpy takes for one number and leaves alone."""

    def __init__(self, node: Node) -> None:
        self.node = node


_asked = threading.local()
"""The node for which numpy has asked as the second factor itself, not as a part of a list, and will ask once more."""

LARGEST_LIST = 100
"""The most elements of a node in a list for which ``array.dot(list)`` makes nodes, two for each and each row."""


def _refused(node: Node, got: str) -> GraphError:
    problem = f"array.dot of {node.label()} is not supported in this form"
    fix = "write x @ W, or np.dot(x, np.stack(nodes)) of a list of nodes"
    return GraphError(problem, got=f"{got}; {users_line()}", fix=fix)


def _numbers(left: np.ndarray, dtype: np.dtype) -> Any:
    """The array again, of which numpy has made one of Python's numbers; or the nodes that it held."""
    if left.size and isinstance(left.flat[0], Node):
        return left
    values = left.astype(np.float64)
    narrow = values.astype(dtype)
    return narrow if (narrow == values).all() else values


def factor(node: Node, dtype: Any, copy: Any) -> np.ndarray | None:
    """What numpy gets for the node if the user's line calls the method ``.dot`` of an array with it; else None."""
    before, _asked.node = getattr(_asked, "node", None), None
    if method_called(4) != "dot":
        return None
    if dtype is None and copy:
        _asked.node = node
    elif before is not node:
        if node.size > LARGEST_LIST:
            raise _refused(node, "a list of nodes, each number of which would be a node")
        return None
    array = np.empty((), object)
    array[()] = _Held(node)
    return array.view(_Factor)
